//! The review after the day: what was late, held, corrected, missing, refused, by province.
//!
//! In: a board, and what the server kept of records that contradict others. Out: a paper that
//! headquarters goes through with each province. Never: a refusal that nobody kept counted as
//! none; a time that the journal does not have.

mod arrival;
mod chapter;

use shomar_board::board::Board;
use shomar_board::words::Words;
use shomar_engine::decision::{Decision, Effects};
use shomar_engine::ledger::{Ledger, Ruling, Standing};
use shomar_engine::live::ReceivedBatch;
use shomar_format::BatchAddress;
use shomar_format::bytes::Digest32;
use shomar_format::control::Action;

use crate::about::{NamedBatches, Place};
use crate::maker::{Maker, per_mille};
use crate::paper::{Block, Column, Figure, MarkKind, Paper, Picture, Row, RowKind, Tone};
use crate::pictures::{CurveTile, Tile, curves, map, shade};
use arrival::Arrivals;

/// A record that the server refused and kept: it contradicts another one of its device.
#[derive(Clone, Copy, Debug)]
pub struct Contradiction {
    /// Whose it is.
    pub address: BatchAddress,
    /// Hash of the record.
    pub hash: Digest32,
    /// When it came, in milliseconds since 1970-01-01 UTC; 0 where nobody said.
    pub received_at_ms: u64,
}

/// What the review is made of.
#[derive(Clone, Copy)]
pub struct ReviewInput<'a> {
    /// The board.
    pub board: &'a Board,
    /// What the server kept; `None` where there is no such journal.
    pub contradictions: Option<&'a [Contradiction]>,
    /// The language.
    pub words: Words,
}

/// The review.
#[must_use]
pub fn review(input: ReviewInput<'_>) -> Paper {
    Review::of(input).paper()
}

/// What happened in a province.
#[derive(Default)]
struct Province<'a> {
    /// First counts: a recount comes when somebody counts again, never late.
    arrivals: Arrivals,
    late: Vec<&'a ReceivedBatch>,
    recounts: Vec<Recount<'a>>,
    /// Batches held now, and those rejected.
    held: u64,
    rejected: u64,
    released: u64,
    gaps: u64,
    missing: u64,
    expected: u64,
    annulled: u64,
    superseded: u64,
    /// Decisions about it, in the order of the journal.
    decisions: Vec<&'a Decision>,
    contradictions: Vec<&'a Contradiction>,
}

/// A batch of a recount.
struct Recount<'a> {
    batch: &'a ReceivedBatch,
    standing: Standing,
    ruling: Option<Ruling>,
}

impl Recount<'_> {
    /// Whether an officer has still to decide about it.
    fn waits(&self) -> bool {
        self.standing == Standing::Waiting && self.ruling != Some(Ruling::Rejected)
    }
}

impl Province<'_> {
    /// Whether there is anything to talk about.
    fn is_quiet(&self) -> bool {
        let numbers = [self.held, self.rejected, self.gaps, self.missing];
        self.late.is_empty()
            && self.recounts.is_empty()
            && numbers == [0; 4]
            && self.decisions.is_empty()
            && self.contradictions.is_empty()
    }
}

struct Review<'a> {
    maker: Maker<'a>,
    contradictions: Option<&'a [Contradiction]>,
    provinces: Vec<Province<'a>>,
    /// The close: its position and moment.
    close: Option<(u64, u64)>,
    /// First and last moment at which a first count came; `None` if nobody said.
    span: Option<(u64, u64)>,
}

impl<'a> Review<'a> {
    fn of(input: ReviewInput<'a>) -> Self {
        let ReviewInput { board, contradictions, words } = input;
        let places = &board.setting.places;
        let count = places.provinces.len();
        let provinces = std::iter::repeat_with(Province::default).take(count).collect();
        let closed = board.snapshot.journal.closed;
        let close = closed.and_then(|position| {
            let own = board.snapshot.decisions.iter();
            let decision = own.into_iter().find(|decision| decision.position == position)?;
            let at = match decision.received_at_ms {
                0 => decision.control.at_ms,
                received => received,
            };
            Some((position, at))
        });
        let first_counts = board.snapshot.received.iter().filter(|batch| !batch.is_recount);
        let times = first_counts.map(|batch| batch.received_at_ms).filter(|at| *at > 0);
        let span = times.fold(None, |span: Option<(u64, u64)>, at| {
            let (first, last) = span.unwrap_or((at, at));
            Some((first.min(at), last.max(at)))
        });
        let maker = Maker { board, words };
        let mut review = Self { maker, contradictions, provinces, close, span };
        review.receive();
        review.complete();
        review.decide();
        for contradiction in contradictions.unwrap_or_default() {
            let province = places.province_of_station(contradiction.address.station);
            review.provinces[province as usize].contradictions.push(contradiction);
        }
        review
    }

    fn of_station(&mut self, station: u32) -> &mut Province<'a> {
        let province = self.maker.board.setting.places.province_of_station(station);
        &mut self.provinces[province as usize]
    }

    /// Every batch that came, and what became of it.
    fn receive(&mut self) {
        let board = self.maker.board;
        let mut ledger = Ledger::new(board.setting.subject.election.head.mode);
        board.snapshot.read_into(&mut ledger, &board.setting.counting);
        let closed = self.close.map(|(position, _)| position);
        for (number, batch) in (0u32..).zip(board.snapshot.received.iter()) {
            let standing = ledger.standing(number);
            let ruling = ledger.entries()[number as usize].ruling;
            let own = self.of_station(batch.address.station);
            match standing {
                Standing::Annulled(_) => own.annulled += 1,
                Standing::Superseded(_) => own.superseded += 1,
                Standing::Stands | Standing::Waiting => {}
            }
            if batch.is_recount {
                own.recounts.push(Recount { batch, standing, ruling });
                continue;
            }
            own.arrivals.add(batch.received_at_ms);
            if closed.is_some_and(|closed| batch.position > closed) {
                own.late.push(batch);
            }
        }
        self.provinces.iter_mut().for_each(|own| own.arrivals.sort());
    }

    fn complete(&mut self) {
        use shomar_engine::completeness::PairState;
        let board = self.maker.board;
        for held in board.snapshot.held.iter() {
            let own = self.of_station(held.address.station);
            if held.is_rejected { own.rejected += 1 } else { own.held += 1 }
        }
        for gap in board.completeness.gaps() {
            self.of_station(gap.station).gaps += 1;
        }
        for pair in board.completeness.pairs() {
            let own = self.of_station(pair.station);
            own.expected += 1;
            own.missing += u64::from(pair.state == PairState::Missing);
        }
    }

    fn decide(&mut self) {
        let board = self.maker.board;
        let batches = NamedBatches::of(board);
        for decision in board.snapshot.decisions.iter() {
            let is_release = matches!(decision.control.action, Action::Release { .. });
            for province in self.provinces_of(decision, &batches) {
                let own = &mut self.provinces[province as usize];
                own.released += u64::from(is_release);
                own.decisions.push(&**decision);
            }
        }
    }

    /// Provinces that a decision is about: that of its station, else those of its districts.
    fn provinces_of(&self, decision: &Decision, batches: &NamedBatches) -> Vec<u32> {
        let board = self.maker.board;
        let places = &board.setting.places;
        let action = &decision.control.action;
        let place = batches.place(board, action);
        if let Place::Station(station) | Place::Pair(station, _) = place {
            return vec![places.province_of_station(station)];
        }
        if matches!(action, Action::Open | Action::Close) {
            return Vec::new();
        }
        let mut districts: Vec<u32> = match &decision.effects {
            Effects::Districts(effects) => effects.iter().map(|effect| effect.district).collect(),
            Effects::NoNumbers | Effects::NumbersBegin => Vec::new(),
        };
        if let Place::District(district) = place {
            districts.push(district);
        }
        let of = |district: &u32| places.province_of_district[*district as usize];
        let mut provinces: Vec<u32> = districts.iter().map(of).collect();
        provinces.sort_unstable();
        provinces.dedup();
        provinces
    }

    fn say<'t>(&self, english: &'t str, persian: &'t str) -> &'t str {
        self.maker.say(english, persian)
    }

    fn number(&self, number: impl TryInto<u64>) -> String {
        self.maker.number(number)
    }

    fn name(&self, province: u32) -> &'a str {
        self.maker.telling().province_name(province)
    }

    fn paper(&self) -> Paper {
        let title = self.say(
            "Review after the day, province by province",
            "آسیب‌شناسی پس از رأی‌گیری، استان به استان",
        );
        let mut paper = self.maker.begin("review", title, "");
        paper.mark(
            MarkKind::Readers,
            self.say(
                "For headquarters and the provinces: it names stations and what officers decided.",
                "ویژهٔ ستاد و استان‌ها: نام شعبه‌ها و تصمیم‌های مقام‌های مسئول در آن آمده است.",
            ),
        );
        let head = &self.maker.board.setting.subject.election.head;
        paper.fact(self.say("Election", "شناسهٔ انتخابات"), head.id.clone(), true);
        self.maker.as_of(&mut paper);
        let close = match self.close {
            Some((_, 0)) => self.say("signed, without a time", "امضاشده، بدون ثبت زمان").to_owned(),
            Some((_, at)) => self.maker.words.moment(at),
            None => {
                self.say("no close record in the journal", "رکورد پایان در دفتر نیست").to_owned()
            }
        };
        paper.fact(self.say("Close of the vote", "پایان رأی‌گیری"), close, false);
        let first = self.span.map_or_else(
            || self.say("the journal has no times", "دفتر وقایع زمان ندارد").to_owned(),
            |(first, _)| self.maker.words.moment(first),
        );
        paper.fact(self.say("First batch", "نخستین بسته"), first, false);
        self.figures(&mut paper);
        self.overview(&mut paper);
        self.arrival_table(&mut paper);
        self.pictures(&mut paper);
        self.refusals(&mut paper);
        self.chapters(&mut paper);
        paper.heading(1, self.say("What was counted", "آنچه شمرده شده است"));
        paper.blocks.push(Block::Facts { facts: self.maker.frontier() });
        paper
    }

    /// Whether somebody has said who reports; else nobody knows of anything missing.
    fn knows_missing(&self) -> bool {
        self.maker.board.setting.subject.election.serves.is_some()
    }

    fn missing_pairs(&self, pairs: u64) -> String {
        if self.knows_missing() { self.number(pairs) } else { "–".to_owned() }
    }

    fn total(&self, of: impl Fn(&Province<'_>) -> u64) -> u64 {
        self.provinces.iter().map(of).sum()
    }

    fn figures(&self, paper: &mut Paper) {
        let figure = |label: &str, value: u64, note: &str| Figure {
            label: label.to_owned(),
            value: self.number(value),
            note: note.to_owned(),
        };
        let late_note = match self.close {
            Some(_) => self.say("after the close record", "پس از رکورد پایان"),
            None => self.say("no close, so none is", "بدون رکورد پایان، هیچ"),
        };
        let decisions = self.maker.board.snapshot.decisions.len() as u64;
        let figures = vec![
            figure(
                self.say("Batches received", "بسته‌های رسیده"),
                self.total(|own| own.arrivals.len()),
                self.say("without recounts", "بدون بازشماری‌ها"),
            ),
            figure(
                self.say("Late", "رسیده با تأخیر"),
                self.total(|own| own.late.len() as u64),
                late_note,
            ),
            figure(
                self.say("Held by checks now", "اکنون نگه‌داشته"),
                self.total(|own| own.held),
                self.say("outside the totals", "بیرون از جمع‌ها"),
            ),
            Figure {
                value: self.missing_pairs(self.total(|own| own.missing)),
                ..figure(
                    self.say("Pairs missing", "گزارش‌های نرسیده"),
                    0,
                    self.say("of a station and a district", "شعبه و حوزه"),
                )
            },
            figure(
                self.say("Gaps in chains", "گسست زنجیرهٔ دستگاه"),
                self.total(|own| own.gaps),
                "",
            ),
            figure(
                self.say("Batches annulled", "بسته‌های ابطال‌شده"),
                self.total(|own| own.annulled),
                "",
            ),
            figure(
                self.say("Batches recounted", "بسته‌های بازشماری‌شده"),
                self.total(|own| own.superseded),
                self.say("a recount stands in their place", "بازشماری جای آن‌ها را گرفته"),
            ),
            figure(
                self.say("Recounts that wait", "بازشماری‌های در انتظار"),
                self.total(|own| own.recounts.iter().filter(|own| own.waits()).count() as u64),
                self.say("for an officer's decision", "در انتظار تصمیم مقام مسئول"),
            ),
            figure(self.say("Decisions of officers", "تصمیم‌های مسئولان"), decisions, ""),
        ];
        paper.blocks.push(Block::Figures { figures });
    }

    fn overview(&self, paper: &mut Paper) {
        let column = |english, persian| Column::number(self.say(english, persian));
        let columns = vec![
            Column::text(self.say("province", "استان"), 1),
            column("batches", "بسته"),
            column("late", "با تأخیر"),
            column("late share", "سهم تأخیر"),
            column("held", "نگه‌داشته"),
            column("released", "رفع توقف"),
            column("rejected", "ردشده"),
            column("gaps", "گسست"),
            column("missing pairs", "گزارش نرسیده"),
            column("annulled", "ابطال"),
            column("recounted", "بازشماری"),
            column("contradict", "ناسازگار"),
        ];
        let row = |kind, name: &str, own: [u64; 10]| {
            let [batches, late, held, released, rejected, gaps, missing, rest @ ..] = own;
            let mut cells = vec![name.to_owned(), self.number(batches), self.number(late)];
            cells.push(self.maker.words.percent(late, batches));
            cells.extend([held, released, rejected, gaps].map(|number| self.number(number)));
            cells.push(self.missing_pairs(missing));
            cells.extend(rest.map(|number| self.number(number)));
            Row::of(kind, cells)
        };
        let mut sums = [0; 10];
        let mut rows: Vec<Row> = (0u32..)
            .zip(&self.provinces)
            .map(|(at, own)| {
                let numbers = [
                    own.arrivals.len(),
                    own.late.len() as u64,
                    own.held,
                    own.released,
                    own.rejected,
                    own.gaps,
                    own.missing,
                    own.annulled,
                    own.superseded,
                    own.contradictions.len() as u64,
                ];
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
                let kind = if own.is_quiet() { RowKind::Plain } else { RowKind::Marked };
                row(kind, self.name(at), numbers)
            })
            .collect();
        rows.push(row(RowKind::Total, self.say("whole country", "کل کشور"), sums));
        paper.heading(1, self.say("All provinces", "همهٔ استان‌ها"));
        let caption = self.say(
            "Batches of a station stand with its province, recounts apart from them; shares are of \
             the batches received. Bold: there is something to go through.",
            "بسته‌های هر شعبه در استان آن آمده است و بازشماری‌ها جداگانه؛ درصدها از بسته‌های رسیده است. پررنگ: \
             چیزی برای بررسی هست.",
        );
        paper.table(caption, columns, rows);
        if !self.knows_missing() {
            paper.paragraph(
                Tone::Note,
                self.say(
                    "Nobody has said which stations report which district (serves.csv): whether \
                     one is missing is not known.",
                    "تعیین نشده است که هر شعبه برای کدام حوزه گزارش می‌دهد (serves.csv): معلوم نیست \
                     گزارشی نرسیده باشد یا نه.",
                ),
            );
        }
    }

    /// When half, nine in ten, 99 in a hundred and all batches of a province were in.
    fn arrival_table(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Arrival", "زمان رسیدن"));
        let Some((first, _)) = self.span else {
            paper.paragraph(
                Tone::Plain,
                self.say(
                    "The journal has no times of arrival: it was sealed from files, not received by \
                     a server.",
                    "دفتر وقایع زمان رسیدن ندارد: از پرونده‌ها ساخته شده و کارسازی آن را دریافت نکرده است.",
                ),
            );
            return;
        };
        let words = self.maker.words;
        let rows = (0u32..).zip(&self.provinces).map(|(at, own)| {
            let mut cells = vec![self.name(at).to_owned(), self.number(own.arrivals.len())];
            for per_mille in [0, 500, 900, 990, 1_000] {
                let moment = own.arrivals.when(per_mille);
                cells.push(moment.map_or_else(
                    || "–".to_owned(),
                    |at| arrival::duration(at.saturating_sub(first), words),
                ));
            }
            Row::of(RowKind::Plain, cells)
        });
        let part = |percent: &str| words.digits(percent) + self.say("%", "٪");
        let columns = vec![
            Column::text(self.say("province", "استان"), 1),
            Column::number(self.say("batches", "بسته")),
            Column::number(self.say("first one", "نخستین")),
            Column::number(&part("50")),
            Column::number(&part("90")),
            Column::number(&part("99")),
            Column::number(&part("100")),
        ];
        let caption = self.say(
            "Hours, minutes and seconds after the first batch of the country, until so many of the \
             batches that came from the province were in",
            "ساعت و دقیقه و ثانیه پس از نخستین بستهٔ کشور، تا این سهم از بسته‌های رسیدهٔ استان در دست بود",
        );
        paper.table(caption, columns, rows.collect());
    }

    fn pictures(&self, paper: &mut Paper) {
        let words = self.maker.words;
        let places = &self.maker.board.setting.places;
        let short = |at: u32| {
            let row = places.provinces[at as usize].row;
            row.map_or_else(|| self.name(at), |row| words.say(row.short.1, row.short.0)).to_owned()
        };
        let tiles = places.tiles();
        let all = || (0u32..).zip(&self.provinces).zip(&tiles);
        let of_tables = self
            .say("; the same numbers stand in the tables above", "؛ همین عددها در جدول‌های بالا هست");
        if let Some((first, last)) = self.span {
            let close = self.close.filter(|(_, at)| (first..=last).contains(at));
            let close = close.map(|(_, at)| per_mille(at - first, last - first));
            let pieces: Vec<CurveTile> = all()
                .map(|((at, own), tile)| CurveTile {
                    at: *tile,
                    name: short(at),
                    value: own
                        .arrivals
                        .when(990)
                        .map_or_else(String::new, |at| arrival::duration(at - first, words)),
                    shares: own.arrivals.shares(first, last),
                    close,
                })
                .collect();
            let caption = format!(
                "{} {}",
                self.say(
                    "Arrival, a curve for each province where it lies: the share of its batches that \
                     were in, from the first batch of the country (left) to the last one (right), after",
                    "رسیدن بسته‌ها، برای هر استان یک منحنی در جای آن: سهم بسته‌های رسیده، از نخستین بستهٔ کشور \
                     (چپ) تا واپسین آن (راست)، پس از",
                ),
                arrival::duration(last - first, words)
            ) + self.say(
                ". Below: when 99 % were in.",
                ". پایین هر خانه: زمان رسیدن ۹۹٪.",
            );
            let dashed = match close {
                Some(_) => self.say(" Dashed: the close.", " خط‌چین: پایان رأی‌گیری."),
                None => "",
            };
            let caption = caption + dashed;
            paper.blocks.push(Block::Picture(Picture {
                svg: curves(&pieces),
                alternative: format!(
                    "{}{of_tables}",
                    self.say("Curves of arrival by province", "منحنی رسیدن بسته‌ها به تفکیک استان")
                ),
                caption,
            }));
        }
        if self.close.is_none() {
            return;
        }
        let pieces: Vec<Tile> = all()
            .map(|((at, own), tile)| {
                let (late, batches) = (own.late.len() as u64, own.arrivals.len());
                Tile {
                    at: *tile,
                    name: short(at),
                    value: words.percent(late, batches),
                    shade: shade(per_mille(late, batches)),
                }
            })
            .collect();
        let caption = self.say(
            "Late share: batches that came after the close record, of those received. White is none, \
             the darkest is all.",
            "سهم تأخیر: بسته‌هایی که پس از رکورد پایان رسید، از بسته‌های رسیده. سفید یعنی هیچ، تیره‌ترین یعنی همه.",
        );
        paper.blocks.push(Block::Picture(Picture {
            svg: map(&pieces),
            alternative: format!(
                "{}{of_tables}",
                self.say("Map of the late share by province", "نقشهٔ سهم تأخیر به تفکیک استان")
            ),
            caption: caption.to_owned(),
        }));
    }

    fn refusals(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Refused records", "رکوردهای ردشده"));
        let kept = match self.contradictions {
            None => self
                .say(
                    "Beside this journal no folder of kept contradictions was found.",
                    "کنار این دفتر پوشهٔ رکوردهای ناسازگار یافت نشد.",
                )
                .to_owned(),
            Some(own) => format!(
                "{} {}",
                self.say(
                    "Records that contradict another one of their device are kept as evidence; here:",
                    "رکوردی که با رکورد دیگر همان دستگاه ناسازگار باشد به‌عنوان مدرک نگه داشته می‌شود؛ شمار آن‌ها در این‌جا:",
                ),
                self.number(own.len())
            ),
        };
        paper.paragraph(Tone::Plain, &kept);
        paper.paragraph(
            Tone::Note,
            self.say(
                "Every other refusal (wrong bytes, wrong key, wrong election, a pair that is not \
                 served) leaves no record: it is counted in the metrics of the server and told in \
                 its log, and nothing here says how many there were.",
                "هر رد دیگری (بایت نادرست، کلید نادرست، انتخابات دیگر، شعبهٔ ناوابسته به حوزه) رکوردی به جا \
                 نمی‌گذارد: تنها در شمارنده‌ها و گزارش روزانهٔ کارساز آمده است و این برگ شمار آن‌ها را نمی‌گوید.",
            ),
        );
    }
}
