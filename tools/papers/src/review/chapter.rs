//! The chapter of a province: every late, held, missing, corrected and contradicting thing of it.
//!
//! In: what happened in the province. Out: its tables. Never: a long list cut without saying how
//! many more there are.

use std::collections::HashSet;

use shomar_engine::completeness::PairState;
use shomar_engine::decision::{Decision, Effects};
use shomar_engine::ledger::Standing;
use shomar_format::control::Action;
use shomar_seats::{Language, LotKind};

use super::{Province, Review};
use crate::paper::{Block, Column, Holds, Paper, Row, RowKind, Tone};
use crate::review::arrival::duration;

/// Rows of a list; of more, the number is said.
const ROWS_SHOWN: usize = 60;
/// Digits of a hash that are enough to find it.
const HASH_DIGITS: usize = 16;

impl Review<'_> {
    pub(super) fn chapters(&self, paper: &mut Paper) {
        let mut quiet = Vec::new();
        for (at, own) in (0u32..).zip(&self.provinces) {
            if own.is_quiet() {
                quiet.push(self.name(at).to_owned());
                continue;
            }
            let title = format!("{}{}", self.say("Province: ", "استان "), self.name(at));
            paper.heading(1, &title);
            self.late(paper, own);
            self.held(paper, at);
            self.missing(paper, at);
            self.gaps(paper, at);
            self.recounts(paper, own);
            self.corrections(paper, own);
            self.contradictions(paper, own);
        }
        if quiet.is_empty() {
            return;
        }
        paper.heading(1, self.say("Nothing to go through", "بدون مورد"));
        let nothing = match self.knows_missing() {
            true => self.say(
                "Nothing late, held, missing, recounted, corrected or contradicting:",
                "بدون بستهٔ رسیده با تأخیر، نگه‌داشته، نرسیده، بازشماری، اصلاح و ناسازگار:",
            ),
            false => self.say(
                "Nothing late, held, recounted, corrected or contradicting (what is missing is \
                 not known):",
                "بدون بستهٔ رسیده با تأخیر، نگه‌داشته، بازشماری، اصلاح و ناسازگار (نرسیده‌ها معلوم نیست):",
            ),
        };
        let text = format!("{nothing} {}", self.maker.words.joined(&quiet));
        paper.blocks.push(Block::Paragraph { text, tone: Tone::Plain });
    }

    /// A list with its title; what is beyond the rows shown is counted.
    fn list(&self, paper: &mut Paper, title: &str, columns: Vec<Column>, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        paper.heading(2, &format!("{title}: {}", self.number(rows.len())));
        let more = rows.len().saturating_sub(ROWS_SHOWN);
        let shown = rows.into_iter().take(ROWS_SHOWN).collect();
        paper.table("", columns, shown);
        if more > 0 {
            let text = format!(
                "{} {}",
                self.number(more),
                self.say("more of them are not listed here.", "مورد دیگر در این‌جا نیامده است.")
            );
            paper.paragraph(Tone::Note, &text);
        }
    }

    fn text(&self, english: &str, persian: &str, share: u32) -> Column {
        Column::text(self.say(english, persian), share)
    }

    fn numbers(&self, english: &str, persian: &str) -> Column {
        Column::number(self.say(english, persian))
    }

    fn late(&self, paper: &mut Paper, own: &Province<'_>) {
        let Some((_, close)) = self.close else { return };
        let words = self.maker.words;
        let rows = own.late.iter().map(|batch| {
            let at = batch.received_at_ms;
            let (when, after) = match at {
                0 => ("–".to_owned(), "–".to_owned()),
                at => (words.moment(at), duration(at.saturating_sub(close), words)),
            };
            let cells = vec![
                self.maker.station(batch.address.station),
                self.maker.telling().district_name(batch.address.district).to_owned(),
                when,
                after,
                self.number(batch.taken),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.text("station", "شعبه", 3),
            self.text("district", "حوزه", 2),
            self.text("came", "زمان رسیدن", 2),
            self.numbers("after the close", "پس از پایان"),
            self.numbers("ballots", "برگ"),
        ];
        self.list(
            paper,
            self.say("Late batches", "بسته‌های رسیده با تأخیر"),
            columns,
            rows.collect(),
        );
    }

    /// Recounts by themselves: they come when somebody counts again.
    fn recounts(&self, paper: &mut Paper, own: &Province<'_>) {
        let words = self.maker.words;
        let rows = own.recounts.iter().map(|own| {
            let mut held = self.maker.board.snapshot.held.iter();
            let held = held.find(|held| held.hash == own.batch.hash);
            let (english, persian) = match own.standing {
                Standing::Waiting if own.waits() => ("waits for a decision", "در انتظار تصمیم"),
                Standing::Waiting => ("rejected", "ردشده"),
                Standing::Stands => match held {
                    None => ("in place of the first count", "جایگزین شمارش نخست"),
                    Some(held) if held.is_rejected => ("rejected", "ردشده"),
                    Some(_) => ("held by a check", "نگه‌داشته"),
                },
                Standing::Superseded(_) => {
                    ("another recount stands in its place", "بازشماری دیگری جای آن را گرفته")
                }
                Standing::Annulled(_) => ("annulled", "ابطال‌شده"),
            };
            let when = match own.batch.received_at_ms {
                0 => "–".to_owned(),
                at => words.moment(at),
            };
            let cells = vec![
                self.maker.station(own.batch.address.station),
                self.maker.telling().district_name(own.batch.address.district).to_owned(),
                when,
                self.say(english, persian).to_owned(),
                self.number(own.batch.taken),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.text("station", "شعبه", 3),
            self.text("district", "حوزه", 2),
            self.text("came", "زمان رسیدن", 2),
            self.text("what became of it", "سرانجام", 2),
            self.numbers("ballots", "برگ"),
        ];
        self.list(paper, self.say("Recounts", "بازشماری‌ها"), columns, rows.collect());
    }

    fn held(&self, paper: &mut Paper, province: u32) {
        let board = self.maker.board;
        let places = &board.setting.places;
        let held = board.snapshot.held.iter();
        let held = held.filter(|held| places.province_of_station(held.address.station) == province);
        let rows = held.map(|held| {
            let why: Vec<String> =
                held.alarms.iter().map(|alarm| self.maker.telling().alarm(alarm)).collect();
            let became = match held.is_rejected {
                true => self.say("rejected", "ردشده"),
                false => self.say("still held", "همچنان نگه‌داشته"),
            };
            let cells = vec![
                self.maker.station(held.address.station),
                self.maker.telling().district_name(held.address.district).to_owned(),
                self.maker.words.joined(&why),
                became.to_owned(),
                self.number(held.reported.taken),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.text("station", "شعبه", 2),
            self.text("district", "حوزه", 2),
            self.text("why", "سبب", 4),
            self.text("what became of it", "سرانجام", 0),
            self.numbers("ballots", "برگ"),
        ];
        let title = self.say(
            "Batches held by checks (released ones stand with the decisions)",
            "بسته‌های نگه‌داشته (رفع‌توقف‌شده‌ها در تصمیم‌ها آمده است)",
        );
        self.list(paper, title, columns, rows.collect());
    }

    fn missing(&self, paper: &mut Paper, province: u32) {
        let board = self.maker.board;
        let (places, registers) = (&board.setting.places, board.setting.subject.registers);
        let missing = board.completeness.pairs().iter().filter(|pair| {
            pair.state == PairState::Missing && places.province_of_station(pair.station) == province
        });
        let rows = missing.map(|pair| {
            let station = &board.setting.subject.election.stations[pair.station as usize];
            let registered = registers.pair(pair.station, pair.district).registered;
            let cells = vec![
                self.maker.station(pair.station),
                station.county.clone(),
                self.maker.telling().district_name(pair.district).to_owned(),
                registered.map_or_else(|| "–".to_owned(), |own| self.number(own)),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.text("station", "شعبه", 3),
            self.text("county", "شهرستان", 2),
            self.text("district", "حوزه", 2),
            self.numbers("registered", "واجدان شرایط"),
        ];
        let title = self.say("Pairs that are missing", "گزارش‌های نرسیده (شعبه و حوزه)");
        self.list(paper, title, columns, rows.collect());
    }

    fn gaps(&self, paper: &mut Paper, province: u32) {
        let board = self.maker.board;
        let places = &board.setting.places;
        let gaps = board.completeness.gaps().iter();
        let gaps = gaps.filter(|gap| places.province_of_station(gap.station) == province);
        let rows = gaps.map(|gap| {
            let cells = vec![
                self.maker.station(gap.station),
                self.number(gap.device),
                format!("{}–{}", self.number(gap.from), self.number(gap.to)),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.text("station", "شعبه", 3),
            self.numbers("device", "دستگاه"),
            self.numbers("batches that have not come", "بسته‌های نرسیده"),
        ];
        let title = self.say("Gaps in chains of devices", "گسست در زنجیرهٔ دستگاه‌ها");
        self.list(paper, title, columns, rows.collect());
    }

    fn corrections(&self, paper: &mut Paper, own: &Province<'_>) {
        let words = self.maker.words;
        let rows = own.decisions.iter().map(|decision| {
            let change = match &decision.effects {
                Effects::NoNumbers => self.say("before the close", "پیش از پایان").to_owned(),
                Effects::NumbersBegin => String::new(),
                Effects::Districts(effects) if effects.is_empty() => {
                    self.say("no number changed", "عددی تغییر نکرد").to_owned()
                }
                Effects::Districts(effects) => {
                    let before: u64 = effects.iter().map(|own| own.before.ballots.taken).sum();
                    let after: u64 = effects.iter().map(|own| own.after.ballots.taken).sum();
                    let options: usize = effects.iter().map(|own| own.options().count()).sum();
                    let [before, after] = [before, after].map(|ballots| self.number(ballots));
                    let options = self.number(options);
                    match words.language {
                        Language::English => format!(
                            "{before} to {after}; votes of {options} lists and candidates changed"
                        ),
                        Language::Persian => {
                            format!("{before} به {after}؛ رأی {options} فهرست و نامزد تغییر کرد")
                        }
                    }
                }
            };
            let cells = vec![
                self.number(decision.position),
                words.moment(decision.control.at_ms),
                self.maker.telling().officer_name(decision.officer).to_owned(),
                self.what(decision),
                decision.control.why.clone(),
                change,
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.numbers("record", "رکورد"),
            self.text("when", "زمان", 2),
            self.text("who", "تصمیم‌گیرنده", 2),
            self.text("what", "تصمیم", 4),
            self.text("why", "سبب", 3),
            self.text("ballots taken, and votes", "برگ‌های مأخوذه، و رأی‌ها", 3),
        ];
        let title = self.say("Decisions of officers", "تصمیم‌های مقام‌های مسئول");
        self.list(paper, title, columns, rows.collect());
    }

    /// What was decided; who won a lot only where nobody waits for anything: votes that come may
    /// dissolve its tie.
    fn what(&self, decision: &Decision) -> String {
        let board = self.maker.board;
        let action = &decision.control.action;
        let is_open =
            |district: u32| board.snapshot.totals.is_none() || board.is_waited_for(district);
        match action {
            // A lot about who comes in for a member has a kind of its own, and is drawn after all.
            Action::Lot(lot)
                if LotKind::parse(&lot.kind).is_some()
                    && board.setting.counting.find_district(&lot.district).is_some_and(is_open) =>
            {
                self.maker.lot_untold(action, lot)
            }
            _ => self.maker.decision(decision),
        }
    }

    fn contradictions(&self, paper: &mut Paper, own: &Province<'_>) {
        if own.contradictions.is_empty() {
            return;
        }
        let words = self.maker.words;
        let link = |address: &shomar_format::BatchAddress| {
            (address.station, address.device, address.sequence)
        };
        let asked: HashSet<_> = own.contradictions.iter().map(|own| link(&own.address)).collect();
        let taken = self.maker.board.snapshot.received.iter().map(|batch| link(&batch.address));
        let taken: HashSet<_> = taken.filter(|own| asked.contains(own)).collect();
        let rows = own.contradictions.iter().map(|own| {
            let kind = match taken.contains(&link(&own.address)) {
                true => self.say(
                    "another record of the same device and number is in the journal",
                    "رکورد دیگری با همین دستگاه و شماره در دفتر است",
                ),
                false => self.say(
                    "does not follow the record before it, or the one after it does not follow it",
                    "با رکورد پیش یا پس از خود در زنجیره پیوسته نیست",
                ),
            };
            let when = match own.received_at_ms {
                0 => "–".to_owned(),
                at => words.moment(at),
            };
            let cells = vec![
                self.maker.station(own.address.station),
                self.number(own.address.device),
                self.number(own.address.sequence),
                kind.to_owned(),
                when,
                shomar_format::bytes::hex(&own.hash)[..HASH_DIGITS].to_owned(),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            self.text("station", "شعبه", 2),
            self.numbers("device", "دستگاه"),
            self.numbers("batch", "بسته"),
            self.text("what contradicts", "ناسازگاری", 4),
            self.text("came", "زمان رسیدن", 2),
            Column {
                title: self.say("record", "رکورد").to_owned(), holds: Holds::Code, share: 0
            },
        ];
        let title = self.say("Contradicting records, refused", "رکوردهای ناسازگار که رد شد");
        self.list(paper, title, columns, rows.collect());
    }
}
