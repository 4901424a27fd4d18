//! The outcome of one district as a note: what was counted, by which rule and reading, who sits and
//! why, how close it is.
//!
//! In: a district's outcome, a language. Out: numbered paragraphs that a lawyer can check line by
//! line: every step with its article, every person with the steps that gave the seat; as text, or
//! one by one for a page. Never: a number computed here, a reading left unsaid.

use std::fmt::Write as _;

use shomar_format::bytes::hex;
use shomar_format::document::Frontier;
use shomar_format::election::{ElectionHead, Mode};
use shomar_seats::{
    Certainty, Labels, Language, Margin, OptionName, Party, Status, VoidClass, VoidReason,
};

use crate::completeness::DistrictCompleteness;
use crate::finality::DistrictFinality;
use crate::lots::OutcomeError;
use crate::outcome::{BallotReading, DistrictOutcome};

/// What a note says of the whole election.
#[derive(Clone, Copy, Debug)]
pub struct NoteOf<'a> {
    /// The election.
    pub head: &'a ElectionHead,
    /// Up to where was counted; left out where it stands beside the note.
    pub frontier: Option<&'a Frontier>,
    /// SHA-256 of the rules text, hexadecimal.
    pub rules_digest: &'a str,
    /// The language of the note.
    pub language: Language,
}

/// What a paragraph is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Ballots by kind, and what officers took out.
    Ballots,
    /// The rule, and every reading in force.
    Rule,
    /// How the seats came about.
    Steps,
    /// Who is elected, by which steps.
    Elected,
    /// The alternates in order.
    Alternates,
    /// Ties and lots.
    Ties,
    /// How close it is.
    Margins,
    /// What is held or missing.
    Completeness,
    /// What is noticed.
    Findings,
}

/// A paragraph of a note.
#[derive(Clone, Debug)]
pub struct Paragraph {
    /// What it is about.
    pub section: Section,
    /// Its title, in the language of the note.
    pub title: String,
    /// Its lines; one that is long may be broken.
    pub lines: Vec<String>,
}

/// The note of a district.
#[derive(Clone, Debug)]
pub struct Note {
    /// Whose it is, of what, as of when.
    pub head: Vec<String>,
    /// In their order.
    pub paragraphs: Vec<Paragraph>,
    /// Where to sign.
    pub foot: &'static str,
    language: Language,
}

impl Note {
    /// The paragraph about this, if there is something to say.
    #[must_use]
    pub fn section(&self, section: Section) -> Option<&Paragraph> {
        self.paragraphs.iter().find(|paragraph| paragraph.section == section)
    }

    /// The note as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |indent: &str, line: &str| {
            let broken = line.replace('\n', &format!("\n{indent}"));
            let _ = writeln!(text, "{indent}{broken}");
        };
        self.head.iter().for_each(|head| line("", head));
        for (number, paragraph) in (1u32..).zip(&self.paragraphs) {
            let number = self.language.digits(&number.to_string());
            line("", &format!("\n{number}. {}", paragraph.title));
            paragraph.lines.iter().for_each(|own| line("   ", own));
        }
        line("", &format!("\n{}", self.foot));
        text
    }
}

/// Writes the note of a district.
///
/// # Errors
/// If it cannot be said whether what is held or missing can change the outcome.
pub fn explain(note: NoteOf<'_>, district: &DistrictOutcome<'_>) -> Result<Note, OutcomeError> {
    let finality = district.finality()?;
    let mut writer = Writer { note, district, head: Vec::new(), paragraphs: Vec::new() };
    writer.head();
    writer.ballots();
    writer.rule();
    writer.steps();
    writer.elected();
    writer.alternates();
    writer.ties();
    writer.margins();
    if let (Some(own), Some(finality)) = (district.completeness(), &finality) {
        writer.completeness(own, finality);
    }
    writer.findings();
    let foot = writer.say(
        "Name, office, date, signature: ______________________________",
        "نام، سمت، تاریخ، امضا: ______________________________",
    );
    let (head, paragraphs, language) = (writer.head, writer.paragraphs, note.language);
    Ok(Note { head, paragraphs, foot, language })
}

struct Writer<'a> {
    note: NoteOf<'a>,
    district: &'a DistrictOutcome<'a>,
    head: Vec<String>,
    paragraphs: Vec<Paragraph>,
}

impl Writer<'_> {
    fn say(&self, english: &'static str, persian: &'static str) -> &'static str {
        match self.note.language {
            Language::English => english,
            Language::Persian => persian,
        }
    }

    fn number(&self, number: u64) -> String {
        self.note.language.number(number)
    }

    /// A line of the paragraph that was begun last, or of the head.
    fn line(&mut self, text: &str) {
        let lines = self.paragraphs.last_mut().map_or(&mut self.head, |own| &mut own.lines);
        lines.push(text.to_owned());
    }

    fn heading(&mut self, section: Section, english: &'static str, persian: &'static str) {
        let title = self.say(english, persian).to_owned();
        self.paragraphs.push(Paragraph { section, title, lines: Vec::new() });
    }

    fn candidate(&self, position: u32) -> String {
        Labels::candidate(self.district, position, self.note.language)
    }

    fn party(&self, party: Party) -> String {
        match party {
            Party::Candidate(candidate) => self.candidate(candidate),
            Party::Group(key) => self.district.group_label(key, self.note.language),
        }
    }

    fn head(&mut self) {
        let place = self.district.district;
        let (name, title) = match self.note.language {
            Language::English => (&place.name_en, &self.note.head.title_en),
            Language::Persian => (&place.name_fa, &self.note.head.title_fa),
        };
        let name = if name.is_empty() { &place.id } else { name };
        if self.note.head.mode == Mode::Test {
            let mark = self.say("TEST - not an official result", "آزمایشی - نتیجهٔ رسمی نیست");
            self.line(mark);
        }
        let text = match self.note.language {
            Language::English => format!("Note on the outcome in {name} (district {})", place.id),
            Language::Persian => format!("یادداشت نتیجهٔ حوزهٔ {name} ({})", place.id),
        };
        self.line(&text);
        if !title.is_empty() {
            self.line(&title.clone());
        }
        let Some(frontier) = self.note.frontier else { return };
        let Frontier { evidence, digest, .. } = frontier;
        let batches = self.number(frontier.batches);
        let text = match self.note.language {
            Language::English => {
                format!("Counted: {batches} batches\n  evidence {evidence}\n  totals   {digest}")
            }
            Language::Persian => {
                format!("شمرده‌شده: {batches} بسته\n  شواهد {evidence}\n  جمع‌ها {digest}")
            }
        };
        self.line(&text);
    }

    fn ballots(&mut self) {
        self.heading(Section::Ballots, "Ballots", "برگ‌های رأی");
        let ballots = self.district.tally.ballots;
        let [taken, valid, void, blank] =
            [ballots.taken, ballots.valid, ballots.void, ballots.blank].map(|n| self.number(n));
        let not_taken =
            VoidReason::ALL.iter().filter(|reason| reason.class() == VoidClass::NotTaken);
        let not_taken = self.number(not_taken.count() as u64);
        let text = match self.note.language {
            Language::English => format!(
                "Taken {taken} = valid {valid} + void {void}; of the void, {blank} are blank.\n\
                 All void ballots here are of class (a): they count among those taken. Ballots of class\n\
                 (b) ({not_taken} reasons, such as a box without a seal) are not among those taken; they leave\n\
                 the totals by an annulment."
            ),
            Language::Persian => format!(
                "مأخوذه {taken} = صحیح {valid} + باطل {void}؛ از آرای باطل {blank} رأی سفید است.\n\
                 همهٔ آرای باطل این حوزه از دستهٔ (الف) است و جزء آرای مأخوذه به شمار می‌آید. آرای دستهٔ\n\
                 (ب) ({not_taken} سبب، مانند صندوق بی‌لاک‌ومهر) جزء مأخوذه نیست و تنها با ابطال از جمع بیرون\n\
                 می‌رود."
            ),
        };
        self.line(&text);
        self.decisions();
    }

    /// How many batches officers have taken out of the totals.
    fn decisions(&mut self) {
        let Some(own) = self.district.completeness() else { return };
        let text = match (own.annulled, own.superseded) {
            (0, 0) => self
                .say(
                    "No batch of this district is annulled, and none is superseded by a recount.",
                    "هیچ بسته‌ای از این حوزه ابطال نشده و بازشماری جای هیچ بسته‌ای را نگرفته است.",
                )
                .to_owned(),
            (annulled, superseded) => {
                let [annulled, superseded] = [annulled, superseded].map(|n| self.number(n));
                match self.note.language {
                    Language::English => format!(
                        "Batches of this district that are annulled: {annulled}; superseded by a recount: {superseded}."
                    ),
                    Language::Persian => format!(
                        "بسته‌های ابطال‌شدهٔ این حوزه: {annulled}؛ بسته‌هایی که بازشماری جای آن‌ها را گرفته است: {superseded}."
                    ),
                }
            }
        };
        self.line(&text);
        if own.ballots.out > 0 {
            let out = self.number(own.ballots.out);
            let text = match self.note.language {
                Language::English => {
                    format!("Ballots annulled or rejected, outside those taken: {out}.")
                }
                Language::Persian => {
                    format!("برگ‌های ابطال یا رد شده، بیرون از مأخوذه: {out}.")
                }
            };
            self.line(&text);
        }
    }

    fn rule(&mut self) {
        self.heading(Section::Rule, "Rule and readings", "قاعده و برداشت‌ها");
        let rule = &self.district.rule;
        let (name, method) = (rule.name(), rule.method().name());
        let [seats, alternates] = [self.district.district.seats, self.district.district.alternates]
            .map(|n| self.number(u64::from(n)));
        let text = match self.note.language {
            Language::English => {
                format!(
                    "Rule {name}, method {method}; {seats} to fill, {alternates} alternates in the definition."
                )
            }
            Language::Persian => {
                format!(
                    "قاعدهٔ {name}، روش {method}؛ {seats} کرسی، {alternates} علی‌البدل در تعریف حوزه."
                )
            }
        };
        self.line(&text);
        let used = self.district.readings();
        let names = rule.method().options();
        for option in names.iter().filter(|option| used.contains(option)) {
            self.reading(*option, true);
        }
        for option in names.iter().filter(|option| !used.contains(option)) {
            self.reading(*option, false);
        }
        for BallotReading { law_number, name, value, is_used } in self.district.ballot_readings() {
            let mark = match is_used {
                true => self.say("; used in reading the ballots", "؛ در خواندن برگ‌ها به کار رفته"),
                false => "",
            };
            let text = format!("{law_number} {name} = {value}{mark}");
            self.line(text.trim_start());
        }
        let text =
            format!("{} {}", self.say("rules digest", "چکیدهٔ قواعد"), self.note.rules_digest);
        self.line(&text);
    }

    fn reading(&mut self, option: OptionName, is_used: bool) {
        let value = self.district.rule.options().value(option);
        let number = match option.law_number() {
            "" => String::new(),
            number => format!("{number} "),
        };
        let mark = if is_used {
            self.say("; the outcome rests on it", "؛ نتیجه بر آن استوار است")
        } else {
            ""
        };
        let text = format!("{number}{} = {value}{mark}", option.name());
        self.line(&text);
    }

    fn steps(&mut self) {
        self.heading(Section::Steps, "How the seats came about", "کرسی‌ها چگونه به دست آمد");
        let lines: Vec<String> = (1u64..)
            .zip(&self.district.outcome.steps)
            .map(|(number, step)| {
                format!(
                    "({}) {} [{}]",
                    self.number(number),
                    step.text(self.district, self.note.language),
                    step.source_in(&self.district.rule, self.note.language)
                )
            })
            .collect();
        lines.iter().for_each(|line| self.line(line));
    }

    fn elected(&mut self) {
        self.heading(Section::Elected, "Elected", "منتخبان");
        let mut lines = Vec::new();
        for (number, position) in (1u64..).zip(&self.district.outcome.elected) {
            let reasons: Vec<String> = self
                .district
                .reasons(*position)
                .iter()
                .map(|index| format!("({})", self.number(*index as u64 + 1)))
                .collect();
            lines.push(format!(
                "{}. {}: {} {} {}",
                self.number(number),
                self.candidate(*position),
                self.number(self.district.candidate_votes(*position)),
                self.say("votes; by", "رأی؛ بر پایهٔ"),
                reasons.join(" ")
            ));
        }
        let open = u64::from(self.district.outcome.undecided);
        if open > 0 {
            let text = self.say("seats wait for a lot", "کرسی در انتظار قرعه است");
            lines.push(format!("{} {text}", self.number(open)));
        }
        let vacant = u64::from(self.district.outcome.vacant);
        if vacant > 0 {
            let text = self.say("seats stay vacant", "کرسی خالی می‌ماند");
            lines.push(format!("{} {text}", self.number(vacant)));
        }
        if let Some(runoff) = &self.district.outcome.runoff {
            let names: Vec<String> =
                runoff.between.iter().map(|who| self.candidate(*who)).collect();
            let text =
                self.say("seats go to a second round between", "کرسی به مرحلهٔ دوم می‌رود، میان");
            let seats = self.number(u64::from(runoff.seats));
            lines.push(format!("{seats} {text} {}", names.join(self.say("; ", "؛ "))));
        }
        if self.district.provisional {
            let text = self.say(
                "Provisional: stations of this district have not reported yet.",
                "موقت: برخی شعبه‌های این حوزه هنوز گزارش نداده‌اند.",
            );
            lines.push(text.to_owned());
        }
        lines.iter().for_each(|line| self.line(line));
    }

    fn alternates(&mut self) {
        if self.district.outcome.alternates.is_empty() {
            return;
        }
        self.heading(Section::Alternates, "Alternates, in order", "علی‌البدل‌ها به ترتیب");
        let alternates = self.district.outcome.alternates.clone();
        for (number, position) in (1u64..).zip(alternates) {
            let text = format!(
                "{}. {}: {} {}",
                self.number(number),
                self.candidate(position),
                self.number(self.district.candidate_votes(position)),
                self.say("votes", "رأی")
            );
            self.line(&text);
        }
    }

    fn ties(&mut self) {
        let outcome = &self.district.outcome;
        if outcome.lots.is_empty() && self.district.recorded.is_empty() {
            return;
        }
        self.heading(Section::Ties, "Ties and lots", "تساوی و قرعه");
        let mut lines = Vec::new();
        for lot in &self.district.recorded {
            let mut text = format!(
                "{} {}, {} {}: {} {}",
                self.say("lot of kind", "قرعهٔ نوع"),
                lot.kind.name(),
                self.say("place", "جای"),
                self.number(u64::from(lot.place)),
                self.say("won by", "برنده"),
                lot.winner
            );
            if !lot.drawn_at.is_empty() {
                let _ = write!(text, "{} {}", self.say("; drawn", "؛ زمان"), lot.drawn_at);
            }
            if !lot.present.is_empty() {
                let _ = write!(text, "{} {}", self.say("; present:", "؛ حاضران:"), lot.present);
            }
            lines.push(text);
        }
        for lot in &outcome.lots {
            let between: Vec<String> = lot.between.iter().map(|party| self.party(*party)).collect();
            lines.push(format!(
                "{} ({}, {} {}): {}",
                self.say("A LOT IS NEEDED", "قرعه لازم است"),
                lot.kind.name(),
                self.number(u64::from(lot.places)),
                self.say("places", "جا"),
                between.join(self.say("; ", "؛ "))
            ));
        }
        lines.iter().for_each(|line| self.line(line));
    }

    fn margins(&mut self) {
        if self.district.outcome.status == Status::NoVotes {
            return;
        }
        self.heading(Section::Margins, "How close it is", "فاصله تا نتیجهٔ دیگر");
        let margins = self.district.margins();
        let of_seat = self.say("last seat", "آخرین کرسی").to_owned();
        let of_person = self.say("last person", "آخرین نفر").to_owned();
        for (what, margin) in [(of_seat, margins.seat), (of_person, margins.person)] {
            if let Some(margin) = margin {
                let text = self.margin(&what, margin);
                self.line(&text);
            }
        }
        let text = self.say(
            "One change is one vote added, taken away, or moved from one to another.",
            "هر تغییر یعنی یک رأی افزوده، کاسته یا از یکی به دیگری برده شود.",
        );
        self.line(text);
    }

    fn margin(&self, what: &str, margin: Margin) -> String {
        let votes = self.number(margin.votes);
        let label = match margin.certainty {
            Certainty::Exact => self.say("exact", "دقیق"),
            Certainty::AtLeast => self.say("proven bound", "کران اثبات‌شده"),
        };
        if margin.votes == 0 {
            let tie = self.say("a tie: a lot decides", "تساوی است و قرعه تصمیم می‌گیرد");
            return format!("{what}: {tie} ({label})");
        }
        let parties = match (margin.from, margin.to) {
            (Some(from), Some(to)) => match self.note.language {
                Language::English => format!(", from {} to {}", self.party(from), self.party(to)),
                Language::Persian => format!("، از {} به {}", self.party(from), self.party(to)),
            },
            _ => String::new(),
        };
        match (margin.certainty, self.note.language) {
            (Certainty::Exact, Language::English) => {
                format!("{what}: {votes} changed votes would move it{parties} ({label})")
            }
            (Certainty::Exact, Language::Persian) => {
                format!("{what}: با تغییر {votes} رأی جابه‌جا می‌شود{parties} ({label})")
            }
            (Certainty::AtLeast, Language::English) => {
                format!("{what}: fewer than {votes} changed votes cannot move it ({label})")
            }
            (Certainty::AtLeast, Language::Persian) => {
                format!("{what}: با تغییر کمتر از {votes} رأی جابه‌جا نمی‌شود ({label})")
            }
        }
    }

    fn completeness(&mut self, own: &DistrictCompleteness, finality: &DistrictFinality) {
        self.heading(
            Section::Completeness,
            "What is held or missing",
            "آنچه نگه داشته شده یا نرسیده است",
        );
        let [received, held] = [own.received, own.held].map(|n| self.number(n));
        let text = match (own.expected.zip(own.missing), self.note.language) {
            (Some((expected, missing)), language) => {
                let [expected, missing] = [expected, missing].map(|n| self.number(n));
                match language {
                    Language::English => format!(
                        "Stations: {expected} expected = {received} received (with a gap, or out by a \
                         decision, too) + {held} held + {missing} missing."
                    ),
                    Language::Persian => format!(
                        "شعبه‌ها: {expected} مورد انتظار = {received} رسیده (با بستهٔ نرسیده، یا کنار گذاشته‌شده \
                         با تصمیم نیز) + {held} نگه‌داشته + {missing} نرسیده."
                    ),
                }
            }
            (None, Language::English) => format!(
                "Stations: {received} received (with a gap, or out by a decision, too), {held} held; \
                 how many are expected nobody has said."
            ),
            (None, Language::Persian) => format!(
                "شعبه‌ها: {received} رسیده (با بستهٔ نرسیده، یا کنار گذاشته‌شده با تصمیم نیز)، {held} \
                 نگه‌داشته؛ شمار شعبه‌های مورد انتظار تعیین نشده است."
            ),
        };
        self.line(&text);
        let Some(line) = self.district.finality_line(finality, self.note.language) else {
            let text = self.say(
                "Nothing is outstanding that could change the outcome.",
                "چیزی باقی نمانده است که بتواند نتیجه را تغییر دهد.",
            );
            self.line(text);
            return;
        };
        let text = match self.note.language {
            Language::English => format!("Who is elected: {line}."),
            Language::Persian => format!("ترکیب منتخبان {line}."),
        };
        self.line(&text);
        self.critical(finality);
        for hash in &finality.batches {
            let text = format!("{} {}", self.say("held batch", "بستهٔ نگه‌داشته"), hex(hash));
            self.line(&text);
        }
        let text = self.say(
            "Relied on: a missing station brings at most as many ballots as it has registered voters;\n\
             one that has reported, without a gap in the chain of a device, is complete.",
            "فرض: شعبه‌ای که گزارش نداده حداکثر به شمار واجدان ثبت‌شده‌اش برگ رأی می‌آورد؛ شعبه‌ای که\n\
             بی‌گسست در زنجیرهٔ دستگاه‌ها گزارش داده کامل است.",
        );
        self.line(text);
    }

    /// The two between whom the place is that is least safe.
    fn critical(&mut self, finality: &DistrictFinality) {
        let Some(critical) = finality.finality.critical else { return };
        let Some(winner) = critical.winner else { return };
        let [winner, rival] = [winner, critical.rival].map(|who| self.candidate(who));
        let [place, gap, needed] = [u64::from(critical.place), critical.gap, critical.needed]
            .map(|number| self.number(number));
        let text = match self.note.language {
            Language::English => format!(
                "Least safe is place {place}: {winner} is {gap} votes ahead of {rival}, who must gain {needed}."
            ),
            Language::Persian => format!(
                "کم‌اطمینان‌ترین جایگاه {place} است: {winner} با {gap} رأی از {rival} پیش است که باید {needed} رأی به دست آورد."
            ),
        };
        self.line(&text);
    }

    fn findings(&mut self) {
        if self.district.findings().is_empty() {
            return;
        }
        // Not without effect: A10 voids ballots, A13 leaves out the votes of a member who withdrew.
        self.heading(Section::Findings, "Noticed", "نکته‌ها");
        for finding in self.district.findings() {
            self.line(&finding.text(self.note.language));
        }
    }
}
