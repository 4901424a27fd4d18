//! Who is elected, who is next, lots, how it came about, and by which readings.
//!
//! In: the outcome of a district. Out: tables in which every seat has a row. Never: a name in a
//! place that waits for a lot or for what is outstanding: it stays open, to be written by hand.

use shomar_engine::explanation::Section;
use shomar_engine::lots::{LotParty, RecordedLot};
use shomar_seats::{
    AlternateOrder, Fact, GroupKey, LotKind, Method, OptionName, Party, PendingLot, Status, Step,
};

use super::{Sheet, Stand};
use crate::paper::{Column, Holds, Paper, Row, RowKind, Tone};

/// Where a name is still to be written.
const OPEN_NAME: &str = "........................................";
/// Where none will be.
const NOBODY: &str = "–";

impl Sheet<'_> {
    /// Seats with a name, as far as names are certain.
    fn named(&self) -> &[u32] {
        if self.stand.has_names() { &self.outcome.outcome.elected } else { &[] }
    }

    fn has_lists(&self) -> bool {
        !self.outcome.district.lists.is_empty()
    }

    pub(super) fn elected(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Elected", "منتخبان"));
        let words = self.maker.words;
        let has_lists = self.has_lists();
        let mut rows = Vec::new();
        for (number, position) in (1u64..).zip(self.named()) {
            let person = self.outcome.candidate(*position);
            let votes = self.outcome.candidate_votes(*position);
            let name = words.name(&person.name_en, &person.name_fa);
            let mut cells = vec![self.number(number), self.code(person.code), name.to_owned()];
            if has_lists {
                cells.push(self.list_name(person.list));
            }
            let steps = self.outcome.reasons(*position);
            let steps: Vec<String> = steps.iter().map(|step| self.number(step + 1)).collect();
            cells.extend([
                self.number(votes),
                words.percent(votes, self.outcome.tally.ballots.valid),
                words.joined(&steps),
            ]);
            rows.push(Row::of(RowKind::Marked, cells));
        }
        for (open, name, why) in self.open_seats() {
            for _ in 0..open {
                let number = self.number(rows.len() + 1);
                let mut cells = vec![number, String::new(), name.to_owned()];
                if has_lists {
                    cells.push(String::new());
                }
                cells.extend([String::new(), String::new(), why.to_owned()]);
                rows.push(Row::of(RowKind::Open, cells));
            }
        }
        let mut columns = vec![
            Column::number(self.say("no.", "ردیف")),
            Column::number(self.say("code", "کد")),
            Column::text(self.say("name", "نام"), 3),
        ];
        if has_lists {
            columns.push(Column::text(self.say("list", "فهرست"), 2));
        }
        columns.extend([
            Column::number(self.say("votes", "رأی")),
            Column::number(self.say("share", "سهم")),
            Column::text(self.say("by steps", "بر پایهٔ گام‌های"), 1),
        ]);
        let caption = self.say(
            "Every seat has a row; steps are numbered below. Shares are of valid ballots",
            "هر کرسی یک ردیف دارد؛ گام‌ها پایین‌تر شماره دارند. درصدها از برگ‌های صحیح است",
        );
        paper.table(caption, columns, rows);
        if self.stand == Stand::Open {
            paper.paragraph(
                Tone::Alert,
                self.say(
                    "Nobody is named here: what is held, missing or waits for a decision may change \
                     who is elected.",
                    "نامی در این‌جا نوشته نشده است: آنچه نرسیده، نگه داشته شده یا در انتظار تصمیم \
                     است می‌تواند ترکیب منتخبان را تغییر دهد.",
                ),
            );
        }
    }

    /// Seats without a name, what stands in its place, and why they have none.
    fn open_seats(&self) -> Vec<(u32, &'static str, &'static str)> {
        let outcome = &self.outcome.outcome;
        let own = |english, persian| self.maker.words.say(english, persian);
        if self.stand == Stand::Open {
            return vec![(outcome.seats, OPEN_NAME, own("not certain yet", "هنوز قطعی نیست"))];
        }
        let named = u32::try_from(outcome.elected.len()).unwrap_or(u32::MAX);
        let runoff = outcome.runoff.as_ref().map_or(0, |runoff| runoff.seats);
        let without = outcome.seats.saturating_sub(named);
        let vacant = outcome.vacant.min(without);
        let runoff = runoff.min(without - vacant);
        let rest = without - vacant - runoff;
        let (name, why) = match outcome.status {
            Status::NoVotes => (NOBODY, own("no valid vote", "بدون رأی صحیح")),
            _ => (OPEN_NAME, own("a lot decides", "در انتظار قرعه")),
        };
        vec![
            (rest, name, why),
            (runoff, OPEN_NAME, own("second round", "مرحلهٔ دوم")),
            (vacant, NOBODY, own("vacant", "خالی می‌ماند")),
        ]
    }

    pub(super) fn alternates(&self, paper: &mut Paper) {
        if !self.stand.has_alternates() {
            paper.heading(1, self.say("Alternates, in order", "علی‌البدل‌ها به ترتیب"));
            paper.paragraph(
                Tone::Plain,
                self.say(
                    "Nobody is named here until the count is complete.",
                    "تا پایان شمارش نامی در این‌جا نوشته نمی‌شود.",
                ),
            );
            return;
        }
        let orders = self.outcome.outcome.alternate_orders();
        let rows: Vec<Row> = orders.iter().flat_map(|order| self.alternate_rows(order)).collect();
        paper.heading(1, self.say("Alternates, in order", "علی‌البدل‌ها به ترتیب"));
        let is_unknown = self.alternates_unknown();
        if rows.is_empty() && !is_unknown {
            paper.paragraph(Tone::Plain, self.say("None.", "علی‌البدلی تعیین نشده است."));
        }
        let mut columns = vec![
            Column::number(self.say("no.", "ردیف")),
            Column::number(self.say("code", "کد")),
            Column::text(self.say("name", "نام"), 3),
        ];
        if self.has_lists() {
            columns.push(Column::text(self.say("list", "فهرست"), 2));
        }
        columns.push(Column::number(self.say("votes", "رأی")));
        if self.outcome.outcome.alternates_undecided > 0 {
            columns.push(Column::text("", 1));
        }
        let caption = match orders.iter().any(|order| order.group.is_some()) {
            true => self.say(
                "Each list, and the independents together, has an order of its own",
                "هر فهرست، و نامزدهای منفرد با هم، ترتیب جداگانهٔ خود را دارد",
            ),
            false => "",
        };
        paper.table(caption, columns, rows);
        let waiting = self.outcome.outcome.alternates_undecided;
        if waiting > 0 {
            let text = format!(
                "{} {}",
                self.say("Places that wait for a lot:", "جاهایی که در انتظار قرعه است:"),
                self.number(waiting)
            );
            paper.paragraph(Tone::Note, &text);
        }
        if is_unknown {
            paper.paragraph(
                Tone::Note,
                self.say(
                    "A lot between lists also decides how many alternates each of them has: more \
                     may come here.",
                    "شمار علی‌البدل‌های هر فهرست نیز به قرعهٔ میان فهرست‌ها بستگی دارد: ممکن است به \
                     این‌ها افزوده شود.",
                ),
            );
        }
    }

    /// Whether a lot that is open decides how many alternates a list has: under article 24 so many
    /// of a hundred of its seats.
    fn alternates_unknown(&self) -> bool {
        let of_groups = |lot: &PendingLot| matches!(lot.between.first(), Some(Party::Group(_)));
        self.outcome.rule.method() == Method::Article24
            && self.outcome.outcome.lots.iter().any(of_groups)
    }

    /// A row for each place of an order, with a name or waiting for one.
    fn alternate_rows(&self, order: &AlternateOrder<'_>) -> Vec<Row> {
        let words = self.maker.words;
        // Why a place is open stands in a column that is there only if one is.
        let has_why = self.outcome.outcome.alternates_undecided > 0;
        let mut rows = Vec::new();
        for (number, position) in (1u64..).zip(order.named) {
            let person = self.outcome.candidate(*position);
            let mut cells = vec![
                self.number(number),
                self.code(person.code),
                words.name(&person.name_en, &person.name_fa).to_owned(),
            ];
            cells.extend(self.has_lists().then(|| self.list_name(person.list)));
            cells.push(self.number(self.outcome.candidate_votes(*position)));
            cells.extend(has_why.then(String::new));
            rows.push(Row::of(RowKind::Plain, cells));
        }
        let list = order.group.map_or_else(String::new, |key| match key {
            GroupKey::List(list) => self.list_name(u16::try_from(list).ok()),
            _ => self.list_name(None),
        });
        for _ in 0..order.undecided {
            let number = self.number(rows.len() + 1);
            let mut cells = vec![number, String::new(), OPEN_NAME.to_owned()];
            cells.extend(self.has_lists().then(|| list.clone()));
            let why = self.say("a lot decides", "در انتظار قرعه").to_owned();
            cells.extend([String::new(), why]);
            rows.push(Row::of(RowKind::Open, cells));
        }
        rows
    }

    /// What a lot decides.
    fn lot_kind(&self, kind: LotKind) -> &'static str {
        let (english, persian) = match kind {
            LotKind::Seat => ("which list has a seat", "کدام فهرست کرسی را می‌گیرد"),
            LotKind::Person => ("who is elected", "چه کسی منتخب می‌شود"),
            LotKind::Alternate => ("order of the alternates", "ترتیب علی‌البدل‌ها"),
            LotKind::Runoff => ("who is in the second round", "چه کسی به مرحلهٔ دوم می‌رود"),
        };
        self.maker.words.say(english, persian)
    }

    fn lot_party(&self, party: LotParty) -> String {
        let words = self.maker.words;
        let code = match party {
            LotParty::Independents => {
                return self.say("the independents", "نامزدهای منفرد").to_owned();
            }
            LotParty::AllLists => {
                return self.say("all lists together", "همهٔ فهرست‌ها با هم").to_owned();
            }
            LotParty::Code(code) => code,
        };
        let district = self.outcome.district;
        let lists = district.lists.iter().map(|own| (own.code, &own.name_en, &own.name_fa));
        let persons = district.candidates.iter().map(|own| (own.code, &own.name_en, &own.name_fa));
        let found = lists.chain(persons).find(|(own, ..)| *own == code);
        let name = found.map_or("", |(_, english, persian)| words.name(english, persian));
        format!("{} {name}", self.code(code)).trim_end().to_owned()
    }

    /// Whether a lot of this kind may be told: it names whoever won it.
    pub(super) fn tells_lots(&self, kind: LotKind) -> bool {
        match kind {
            LotKind::Alternate => self.stand.has_alternates(),
            LotKind::Seat | LotKind::Person | LotKind::Runoff => self.stand.has_names(),
        }
    }

    /// Lots that were drawn and are not told yet, by their records.
    fn lots_not_told(&self, paper: &mut Paper, lots: &[&RecordedLot]) {
        if lots.is_empty() {
            return;
        }
        let records: Vec<String> = lots.iter().map(|lot| self.number(lot.line)).collect();
        let text = format!(
            "{} {}.",
            self.say(
                "Lots were drawn that are told once the count is complete: record",
                "قرعه‌هایی انجام شده است که پس از کامل شدن شمارش نوشته می‌شود: رکورد",
            ),
            self.maker.words.joined(&records)
        );
        paper.paragraph(Tone::Plain, &text);
    }

    /// Lots that were drawn, and lots that are needed.
    pub(super) fn lots(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Ties and lots", "تساوی آرا و قرعه"));
        let recorded = self.outcome.recorded.iter();
        let (told, not_told): (Vec<_>, Vec<_>) =
            recorded.partition(|lot| self.tells_lots(lot.kind));
        self.lots_not_told(paper, &not_told);
        // Who is tied for an alternate's place is known once every vote is.
        let waits = self.outcome.outcome.lots.iter();
        let pending: Vec<_> = waits.filter(|_| self.stand.has_alternates()).collect();
        if pending.is_empty() && told.is_empty() {
            let text = match self.stand.has_alternates() {
                true => self.say("No lot was needed.", "به قرعه نیازی نبوده است."),
                false => self.say(
                    "Ties that need a lot are told once the count is complete.",
                    "تساوی‌هایی که به قرعه نیاز دارد پس از کامل شدن شمارش نوشته می‌شود.",
                ),
            };
            paper.paragraph(Tone::Plain, text);
            return;
        }
        let drawn = told.iter().map(|lot| {
            let between: Vec<String> =
                lot.between.iter().map(|party| self.lot_party(*party)).collect();
            let cells = vec![
                self.lot_kind(lot.kind).to_owned(),
                self.number(lot.place),
                self.maker.words.joined(&between),
                self.lot_party(lot.winner),
                self.maker.words.digits(&lot.drawn_at),
                lot.present.clone(),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            Column::text(self.say("what it decided", "موضوع"), 2),
            Column::number(self.say("place", "جای")),
            Column::text(self.say("between", "میان"), 3),
            Column::text(self.say("won by", "برنده"), 2),
            Column::text(self.say("drawn", "زمان"), 1),
            Column::text(self.say("present", "حاضران"), 2),
        ];
        let caption = self.say("Lots that were drawn", "قرعه‌های انجام‌شده");
        paper.table(caption, columns, drawn.collect());
        if pending.is_empty() {
            return;
        }
        let needed = pending.iter().map(|lot| {
            let language = self.maker.words.language;
            let between: Vec<String> = lot
                .between
                .iter()
                .map(|party| match party {
                    Party::Group(key) => self.outcome.group_label(*key, language),
                    Party::Candidate(position) => {
                        let person = self.outcome.candidate(*position);
                        let name = self.maker.words.name(&person.name_en, &person.name_fa);
                        format!("{} {name}", self.code(person.code))
                    }
                })
                .collect();
            let cells = vec![
                self.lot_kind(lot.kind).to_owned(),
                self.number(lot.places),
                self.maker.words.joined(&between),
                String::new(),
            ];
            Row::of(RowKind::Open, cells)
        });
        let columns = vec![
            Column::text(self.say("what it decides", "موضوع"), 2),
            Column::number(self.say("places", "شمار جا")),
            Column::text(self.say("between", "میان"), 3),
            Column::text(self.say("won by, when, who was present", "برنده، زمان، حاضران"), 3),
        ];
        let caption = self.say("Lots that are needed", "قرعه‌هایی که باید انجام شود");
        paper.table(caption, columns, needed.collect());
    }

    /// How the seats came about, with the article of every step.
    pub(super) fn steps(&self, paper: &mut Paper) {
        let title = self.say("How the seats came about", "کرسی‌ها چگونه به دست آمد");
        paper.heading(1, title);
        let note = match self.stand {
            Stand::Open => self.say(
                "The steps on what is counted so far: they name who leads, and elect nobody.",
                "گام‌ها بر پایهٔ آنچه تاکنون شمرده شده: پیشتازان را نام می‌برد و کسی را منتخب نمی‌کند.",
            ),
            Stand::Decided => self.say(
                "The steps on what is counted so far: their numbers may still change.",
                "گام‌ها بر پایهٔ آنچه تاکنون شمرده شده: عددهای آن هنوز ممکن است تغییر کند.",
            ),
            _ => "",
        };
        if !note.is_empty() {
            paper.paragraph(Tone::Note, note);
        }
        let language = self.maker.words.language;
        let steps = (1u64..).zip(&self.outcome.outcome.steps).map(|(number, step)| {
            let cells = vec![
                self.number(number),
                self.step(step),
                step.source_in(&self.outcome.rule, language),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            Column::number(self.say("step", "گام")),
            Column::text(self.say("what was done", "شرح"), 5),
            Column::text(self.say("by", "مستند"), 2),
        ];
        paper.table("", columns, steps.collect());
    }

    /// What was done in a step; ties, who won a lot, and alternates only where they may be told.
    fn step(&self, step: &Step) -> String {
        let untold = match &step.fact {
            Fact::LotDrawn { kind, .. } if !self.tells_lots(*kind) => self.say(
                "A lot was drawn; it is told once the count is complete.",
                "قرعه انجام شده است و پس از کامل شدن شمارش نوشته می‌شود.",
            ),
            Fact::Tie { kind, .. } | Fact::LotNeeded { kind, .. } if !self.tells_lots(*kind) => {
                self.say(
                    "Equal claims; whether a lot is needed is told once the count is complete.",
                    "تساوی است؛ نیاز آن به قرعه پس از کامل شدن شمارش نوشته می‌شود.",
                )
            }
            fact if !self.stand.has_alternates() && self.is_of_alternates(fact) => self.say(
                "About alternates; it is told once the count is complete.",
                "دربارهٔ علی‌البدل‌هاست و پس از کامل شدن شمارش نوشته می‌شود.",
            ),
            _ => return step.text(self.outcome, self.maker.words.language),
        };
        untold.to_owned()
    }

    /// Whether a step is about alternates alone.
    fn is_of_alternates(&self, fact: &Fact) -> bool {
        let elected = &self.outcome.outcome.elected;
        match fact {
            Fact::AlternateCount { .. }
            | Fact::AlternateTotal { .. }
            | Fact::OneMoreAlternate { .. }
            | Fact::Alternates { .. } => true,
            // Where a seat is between equals it says who has it.
            Fact::OldOrder { order } => !order.iter().flatten().any(|who| elected.contains(who)),
            _ => false,
        }
    }

    /// The rule, and every reading in force.
    pub(super) fn rule(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Rule and readings", "قاعده و برداشت‌ها"));
        let paragraph = self.note.section(Section::Rule);
        if let Some(line) = paragraph.and_then(|paragraph| paragraph.lines.first()) {
            paper.paragraph(Tone::Plain, line);
        }
        let used = self.outcome.readings();
        let rule = &self.outcome.rule;
        let mut options: Vec<OptionName> = rule.method().options().to_vec();
        options.sort_by_key(|option| !used.contains(option));
        let mut rows: Vec<Row> = options
            .into_iter()
            .map(|option| {
                let is_used = used.contains(&option);
                let rests = if is_used { self.say("yes", "بلی") } else { "" };
                let kind = if is_used { RowKind::Marked } else { RowKind::Plain };
                let cells = vec![
                    option.law_number().to_owned(),
                    option.name().to_owned(),
                    rule.options().value(option).to_string(),
                    rests.to_owned(),
                ];
                Row::of(kind, cells)
            })
            .collect();
        for own in self.outcome.ballot_readings() {
            let rests = match own.is_used {
                true => self.say("used in reading the ballots", "در خواندن برگ‌ها به کار رفته"),
                false => "",
            };
            let cells = [own.law_number, own.name, own.value, rests].map(str::to_owned);
            rows.push(Row::of(RowKind::Plain, cells.into()));
        }
        let code = |title: &str| Column { title: title.to_owned(), holds: Holds::Code, share: 1 };
        let columns = vec![
            Column { share: 0, ..code(self.say("open question", "پرسش باز")) },
            code(self.say("option", "گزینه")),
            code(self.say("value in force", "مقدار به‌کاررفته")),
            Column::text(self.say("the outcome rests on it", "نتیجه بر آن استوار است"), 1),
        ];
        let caption = self.say(
            "Options by their names in the rules (shomar rules, docs/law.md)",
            "گزینه‌ها با نامشان در قواعد (shomar rules و docs/law.md)",
        );
        paper.table(caption, columns, rows);
    }
}
