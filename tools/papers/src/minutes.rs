//! The minutes of a district: what was received and counted, who is elected and why, and room for
//! those who sign.
//!
//! In: a board that has numbers per option, a district. Out: its paper. Never: a name in a place
//! that is not certain; such places stay open. Never minutes of an official election before its
//! close: there is nothing to write into them.

mod decisions;
mod reconciliation;
mod seats;
mod votes;

use std::collections::HashMap;

use shomar_board::board::Board;
use shomar_board::file_names::file_part;
use shomar_board::words::Words;
use shomar_engine::completeness::{PairStanding, PairState};
use shomar_engine::decision::{Decision, Effects};
use shomar_engine::explanation::{Note, NoteOf, Section, explain};
use shomar_engine::lots::OutcomeError;
use shomar_engine::outcome::DistrictOutcome;
use shomar_seats::{LotKind, Status, Verdict};

use crate::about::{NamedBatches, Place};
use crate::maker::Maker;
use crate::paper::{Block, Figure, MarkKind, Paper, Signatures, Tone};

/// Why a district has no minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoMinutes {
    /// An official election before its close: no number per option exists.
    BeforeClose,
    /// The rules refuse its outcome.
    Refused(OutcomeError),
}

impl std::fmt::Display for NoMinutes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BeforeClose => formatter.write_str(
                "found no signed close, expected one: before it an official election has no number \
                 per option, so there are no minutes (turnout can be reported)",
            ),
            Self::Refused(error) => {
                write!(formatter, "district {}: {}", error.district, error.message)
            }
        }
    }
}

impl std::error::Error for NoMinutes {}

/// How a result stands, as far as names are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Everything is in, and every place has its name.
    Final,
    /// Something is held, missing or waits for a decision, and may change who is elected.
    Open,
    /// Something is held, missing or waits for a decision, and cannot change who is elected.
    Decided,
    /// A lot decides who is elected.
    SeatLot,
    /// A lot decides the order of the alternates, and nothing else.
    AlternateLot,
    /// Seats go to a second round.
    Runoff,
    /// Nobody has a vote.
    NoVotes,
}

impl Stand {
    fn of(outcome: &DistrictOutcome<'_>) -> Result<Self, OutcomeError> {
        let of_seat = outcome.outcome.lots.iter().any(|lot| lot.kind != LotKind::Alternate);
        if outcome.provisional {
            let finality = outcome.finality()?;
            let is_decided = finality.is_some_and(|own| own.finality.verdict == Verdict::Decided);
            return Ok(if is_decided && !of_seat { Self::Decided } else { Self::Open });
        }
        Ok(match outcome.outcome.status {
            Status::Final => Self::Final,
            Status::LotRequired if of_seat => Self::SeatLot,
            Status::LotRequired => Self::AlternateLot,
            Status::RunoffRequired => Self::Runoff,
            Status::NoVotes => Self::NoVotes,
        })
    }

    /// Whether names that the outcome calls elected are.
    fn has_names(self) -> bool {
        self != Self::Open
    }

    /// Whether the alternates are those of the end.
    fn has_alternates(self) -> bool {
        !matches!(self, Self::Open | Self::Decided)
    }
}

/// Makes the minutes of districts.
pub struct Minutes<'a> {
    board: &'a Board,
    /// Per district, its pairs.
    pairs: Vec<Vec<PairStanding>>,
    /// Per district, ballots of every batch received, whatever became of it.
    received: Vec<u64>,
    /// Decisions that touch a district, in the order of the journal.
    decisions: HashMap<u32, Vec<&'a Decision>>,
}

/// A district whose minutes are being written.
struct Sheet<'a> {
    maker: Maker<'a>,
    district: u32,
    outcome: &'a DistrictOutcome<'a>,
    note: &'a Note,
    pairs: &'a [PairStanding],
    /// Ballots of every batch received, whatever became of it.
    received: u64,
    decisions: &'a [&'a Decision],
    stand: Stand,
}

impl<'a> Minutes<'a> {
    /// Looks through the board once.
    ///
    /// # Errors
    /// If the election is official and not closed.
    pub fn of(board: &'a Board) -> Result<Self, NoMinutes> {
        if board.snapshot.totals.is_none() || board.public().is_none() {
            return Err(NoMinutes::BeforeClose);
        }
        let mut pairs = vec![Vec::new(); board.setting.counting.district_count() as usize];
        for pair in board.completeness.pairs() {
            pairs[pair.district as usize].push(*pair);
        }
        let mut received = vec![0; pairs.len()];
        for batch in board.snapshot.received.iter() {
            received[batch.address.district as usize] += u64::from(batch.taken);
        }
        let batches = NamedBatches::of(board);
        let mut decisions: HashMap<u32, Vec<&Decision>> = HashMap::new();
        for decision in board.snapshot.decisions.iter() {
            for district in touched(board, &batches, decision) {
                decisions.entry(district).or_default().push(&**decision);
            }
        }
        Ok(Self { board, pairs, received, decisions })
    }

    /// The minutes of a district.
    ///
    /// # Errors
    /// If the rules refuse its outcome.
    pub fn district(&self, district: u32, words: Words) -> Result<Paper, NoMinutes> {
        let made = self.board.counted_outcome(district).ok_or(NoMinutes::BeforeClose)?;
        let outcome = made.map_err(NoMinutes::Refused)?;
        let note = NoteOf {
            head: &self.board.setting.subject.election.head,
            frontier: None,
            rules_digest: &self.board.setting.rules_digest,
            language: words.language,
        };
        let note = explain(note, &outcome).map_err(NoMinutes::Refused)?;
        let sheet = Sheet {
            maker: Maker { board: self.board, words },
            district,
            stand: Stand::of(&outcome).map_err(NoMinutes::Refused)?,
            outcome: &outcome,
            note: &note,
            pairs: &self.pairs[district as usize],
            received: self.received[district as usize],
            decisions: self.decisions.get(&district).map_or(&[], Vec::as_slice),
        };
        Ok(sheet.paper())
    }

    /// What stands above a list of the minutes of all districts.
    #[must_use]
    pub fn cover(&self, words: Words) -> Paper {
        let title = words.say("Minutes of all districts", "صورت‌جلسه‌های همهٔ حوزه‌ها");
        Maker { board: self.board, words }.begin("index", title, "")
    }

    /// What a district is called in a list, with its contest and its id.
    #[must_use]
    pub fn about(&self, district: u32, words: Words) -> String {
        let maker = Maker { board: self.board, words };
        format!("{} ({})", maker.about(district), self.board.setting.district(district).id)
    }

    /// How the result of a district stands, in a few words, for a list of papers.
    ///
    /// # Errors
    /// If the rules refuse its outcome.
    pub fn state(&self, district: u32, words: Words) -> Result<&'static str, NoMinutes> {
        let made = self.board.counted_outcome(district).ok_or(NoMinutes::BeforeClose)?;
        let outcome = made.map_err(NoMinutes::Refused)?;
        let (english, persian) = match Stand::of(&outcome).map_err(NoMinutes::Refused)? {
            Stand::Final => ("complete", "کامل"),
            Stand::Open => ("provisional", "موقت"),
            Stand::Decided => ("provisional; who is elected is certain", "موقت؛ ترکیب قطعی است"),
            Stand::SeatLot => ("needs a lot", "نیازمند قرعه"),
            Stand::AlternateLot => ("complete; lot for alternates", "کامل؛ قرعهٔ علی‌البدل"),
            Stand::Runoff => ("second round", "مرحلهٔ دوم"),
            Stand::NoVotes => ("no valid vote", "بدون رأی صحیح"),
        };
        Ok(words.say(english, persian))
    }
}

/// Districts whose numbers a decision changed, and those that it is about without changing any:
/// what it takes out may be outside the totals already, or not have come yet.
fn touched(board: &Board, batches: &NamedBatches, decision: &Decision) -> Vec<u32> {
    let mut districts: Vec<u32> = match &decision.effects {
        Effects::Districts(effects) => effects.iter().map(|effect| effect.district).collect(),
        Effects::NoNumbers | Effects::NumbersBegin => Vec::new(),
    };
    match batches.place(board, &decision.control.action) {
        Place::Nowhere => {}
        Place::Pair(_, district) | Place::District(district) => districts.push(district),
        Place::Station(station) => {
            // By station: what it reports stands together.
            let pairs = board.completeness.pairs();
            let pairs = &pairs[pairs.partition_point(|pair| pair.station < station)..];
            let own = pairs.iter().take_while(|pair| pair.station == station);
            districts.extend(own.map(|pair| pair.district));
        }
    }
    districts.sort_unstable();
    districts.dedup();
    districts
}

impl Sheet<'_> {
    fn say<'t>(&self, english: &'t str, persian: &'t str) -> &'t str {
        self.maker.say(english, persian)
    }

    fn number(&self, number: impl TryInto<u64>) -> String {
        self.maker.number(number)
    }

    fn paper(&self) -> Paper {
        let own = self.outcome.district;
        let name = format!("minutes-{}", file_part(&own.id));
        let about = self.maker.about(self.district);
        let mut paper = self.maker.begin(&name, self.title(), &about);
        self.marks(&mut paper);
        self.head(&mut paper);
        self.figures(&mut paper);
        self.reconciliation(&mut paper);
        self.votes(&mut paper);
        self.elected(&mut paper);
        self.declaration(&mut paper);
        self.alternates(&mut paper);
        self.lots(&mut paper);
        self.steps(&mut paper);
        self.told(&mut paper, &[Section::Margins, Section::Completeness, Section::Findings]);
        self.rule(&mut paper);
        self.decisions(&mut paper);
        paper.heading(1, self.say("What was counted", "آنچه شمرده شده است"));
        paper.blocks.push(Block::Facts { facts: self.maker.frontier() });
        let text = self.say(
            "Whoever counts the same evidence under the same rules gets the same digests (shomar tally).",
            "هر کس همین شواهد را با همین قواعد بشمارد به همین چکیده‌ها می‌رسد (shomar tally).",
        );
        paper.paragraph(Tone::Note, text);
        self.signatures(&mut paper);
        paper
    }

    fn title(&self) -> &'static str {
        let (english, persian) = match self.stand {
            Stand::Final | Stand::AlternateLot => {
                ("Minutes of the result", "صورت‌جلسهٔ نتیجهٔ انتخابات")
            }
            Stand::Open | Stand::Decided => {
                ("Provisional minutes: the count is not complete", "صورت‌جلسهٔ موقت: شمارش کامل نیست")
            }
            Stand::SeatLot => {
                ("Minutes of the count: a lot has to be drawn", "صورت‌جلسهٔ شمارش: در انتظار قرعه")
            }
            Stand::Runoff => (
                "Minutes of the first round: seats go to a second one",
                "صورت‌جلسهٔ مرحلهٔ اول: تعیین بخشی از کرسی‌ها در مرحلهٔ دوم",
            ),
            Stand::NoVotes => (
                "Minutes of the count: no valid vote, nobody is elected",
                "صورت‌جلسهٔ شمارش: بدون رأی صحیح و بدون منتخب",
            ),
        };
        self.maker.words.say(english, persian)
    }

    fn marks(&self, paper: &mut Paper) {
        match self.stand {
            Stand::Open => paper.mark(
                MarkKind::Provisional,
                self.say(
                    "PROVISIONAL: something is held, missing or waits for a decision; nobody is \
                     named as elected",
                    "موقت: بخشی از آرا نرسیده، نگه داشته شده یا در انتظار تصمیم است؛ هیچ‌کس منتخب \
                     اعلام نمی‌شود",
                ),
            ),
            Stand::Decided => paper.mark(
                MarkKind::Provisional,
                self.say(
                    "PROVISIONAL: votes may still change, who is elected cannot",
                    "موقت: رأی‌ها هنوز ممکن است تغییر کند، ولی ترکیب منتخبان تغییر نمی‌کند",
                ),
            ),
            Stand::SeatLot => paper.mark(
                MarkKind::Lot,
                self.say(
                    "A LOT IS NEEDED: the places of a tie stay open until it is drawn",
                    "قرعه لازم است: جای نامزدهای هم‌رأی تا انجام قرعه خالی می‌ماند",
                ),
            ),
            Stand::AlternateLot => paper.mark(
                MarkKind::Lot,
                self.say(
                    "A LOT IS NEEDED for the order of the alternates; who is elected is final",
                    "برای ترتیب علی‌البدل‌ها قرعه لازم است؛ منتخبان قطعی‌اند",
                ),
            ),
            Stand::Final | Stand::Runoff | Stand::NoVotes => {}
        }
        paper.mark(
            MarkKind::Readers,
            self.say(
                "For the election boards. Every vote stands here; files for the public obey the \
                 rule of small cells.",
                "ویژهٔ هیأت‌های انتخابات. همهٔ رأی‌ها در این برگ آمده است؛ آنچه برای عموم منتشر \
                 می‌شود تابع قاعدهٔ پوشاندن شمارهای کوچک است.",
            ),
        );
    }

    fn head(&self, paper: &mut Paper) {
        let own = self.outcome.district;
        let head = &self.maker.board.setting.subject.election.head;
        let places = &self.maker.board.setting.places;
        let province = places.province_of_district[self.district as usize];
        let code = |id: &str| self.maker.words.digits(id);
        paper.fact(self.say("Election", "شناسهٔ انتخابات"), head.id.clone(), true);
        if !head.date.is_empty() {
            paper.fact(self.say("Day of the vote", "روز رأی‌گیری"), code(&head.date), false);
        }
        paper.fact(self.say("District", "شناسهٔ حوزه"), own.id.clone(), true);
        let province = self.maker.telling().province_name(province).to_owned();
        paper.fact(self.say("Province", "استان"), province, false);
        if !own.county.is_empty() {
            paper.fact(self.say("County", "شهرستان"), own.county.clone(), false);
        }
        paper.fact(self.say("Seats", "شمار اعضای اصلی"), self.number(own.seats), false);
        paper.fact(
            self.say("Alternates in the definition", "شمار اعضای علی‌البدل در تعریف حوزه"),
            self.number(own.alternates),
            false,
        );
        self.maker.as_of(paper);
    }

    fn figures(&self, paper: &mut Paper) {
        let ballots = self.outcome.tally.ballots;
        let words = self.maker.words;
        let of_taken = |part| {
            let share = words.percent(part, ballots.taken);
            format!("{share} {}", self.say("of ballots taken", "برگ‌های مأخوذه"))
        };
        let figure = |label: &str, value: String, note: String| Figure {
            label: label.to_owned(),
            value,
            note,
        };
        let stations = match self.maker.board.received(self.district).expected {
            Some(expected) => format!("{} {}", self.say("of", "از"), self.number(expected)),
            None => self.say("expected: not said", "مورد انتظار: تعیین نشده").to_owned(),
        };
        let names = self.outcome.outcome.elected.len();
        let names = if self.stand.has_names() { names } else { 0 };
        let seats =
            format!("{} {}", self.say("of", "از"), self.number(self.outcome.district.seats));
        paper.blocks.push(Block::Figures {
            figures: vec![
                figure(
                    self.say("Stations in", "شعبه‌های رسیده"),
                    self.number(self.count(PairState::Received)),
                    stations,
                ),
                figure(
                    self.say("Ballots taken", "برگ‌های مأخوذه"),
                    self.number(ballots.taken),
                    String::new(),
                ),
                figure(
                    self.say("Valid", "آرای صحیح"),
                    self.number(ballots.valid),
                    of_taken(ballots.valid),
                ),
                figure(self.say("Elected for certain", "منتخبان قطعی"), self.number(names), seats),
            ],
        });
    }

    /// Paragraphs of the note as they are.
    fn told(&self, paper: &mut Paper, sections: &[Section]) {
        for section in sections {
            let Some(paragraph) = self.note.section(*section) else { continue };
            paper.heading(1, &paragraph.title);
            let lines = paragraph.lines.iter().map(|line| line.replace('\n', " ")).collect();
            paper.blocks.push(Block::Lines { lines });
        }
    }

    fn signatures(&self, paper: &mut Paper) {
        let text = match self.stand {
            Stand::Final | Stand::AlternateLot | Stand::Runoff | Stand::NoVotes => self.say(
                "These minutes were made in ............ copies, read, and signed by those present. \
                 Place and date: ..............................",
                "این صورت‌جلسه در ............ نسخه تنظیم و پس از قرائت به امضای حاضران رسید. محل و \
                 تاریخ: ..............................",
            ),
            Stand::Open | Stand::Decided | Stand::SeatLot => self.say(
                "Signing these minutes confirms what was counted, and declares no result. Copies: \
                 ............ Place and date: ..............................",
                "امضای این صورت‌جلسه تأیید شمارش است و اعلام نتیجه نیست. شمار نسخه‌ها: ............ محل \
                 و تاریخ: ..............................",
            ),
        };
        let offices = [
            ("Head of the executive board", "رئیس هیأت اجرایی"),
            ("Member of the executive board", "عضو هیأت اجرایی"),
            ("Member of the executive board", "عضو هیأت اجرایی"),
            ("Head of the supervision board", "رئیس هیأت نظارت"),
            ("Member of the supervision board", "عضو هیأت نظارت"),
            ("Governor (county, or its part)", "فرماندار یا بخشدار"),
            ("In charge of the count", "مسئول شمارش در ستاد انتخابات"),
        ];
        let heads = [
            ("Office", "سمت"),
            ("Name", "نام و نام خانوادگی"),
            ("Date", "تاریخ"),
            ("Signature", "امضا و مهر"),
        ];
        let own = |(english, persian): (&'static str, &'static str)| {
            self.maker.words.say(english, persian).to_owned()
        };
        paper.blocks.push(Block::Signatures(Signatures {
            text: text.to_owned(),
            heads: heads.map(own),
            offices: offices.map(own).to_vec(),
        }));
    }
}
