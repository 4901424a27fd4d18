//! What came, what was counted, and whether the sums agree.
//!
//! In: pairs of station and district, registers, the totals of the district. Out: tables, and a
//! line for every sum that must hold. Never: a sum of which a part is not known.

use shomar_engine::completeness::{BallotFates, PairStanding, PairState};
use shomar_engine::recount::HeldBatch;
use shomar_format::reading::NameLimit;

use super::Sheet;
use crate::paper::{Column, Paper, Row, RowKind, Tone};

/// Stations named that are not in; the others are counted.
const STATIONS_NAMED: usize = 80;

/// A sum that must hold.
struct Sum {
    text: String,
    left: u64,
    right: u64,
    /// Whether the left side may be less.
    is_at_most: bool,
}

impl Sum {
    fn holds(&self) -> bool {
        if self.is_at_most { self.left <= self.right } else { self.left == self.right }
    }
}

impl Sheet<'_> {
    pub(super) fn reconciliation(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Reconciliation", "تطبیق"));
        self.stations(paper);
        self.ballots(paper);
        self.sums(paper);
        self.not_in(paper);
    }

    pub(super) fn count(&self, state: PairState) -> u64 {
        self.pairs.iter().filter(|pair| pair.state == state).count() as u64
    }

    fn stations(&self, paper: &mut Paper) {
        let received = self.maker.board.received(self.district);
        let expected = match received.expected {
            Some(expected) => self.number(expected),
            None => self.say("not said", "تعیین نشده").to_owned(),
        };
        // Where nothing came but a recount that waits, nothing has reported so far.
        let missing = received
            .missing
            .map(|_| self.count(PairState::Missing) + self.count(PairState::Waiting));
        let missing = missing.map_or_else(|| "–".to_owned(), |missing| self.number(missing));
        let column = |english, persian| Column::number(self.say(english, persian));
        paper.table(
            self.say("Stations that report this district", "شعبه‌های این حوزه"),
            vec![
                column("expected", "مورد انتظار"),
                column("in", "رسیده"),
                column("held by a check", "نگه‌داشته"),
                column("with a batch missing", "با بستهٔ نرسیده"),
                column("annulled or rejected", "ابطال یا رد شده"),
                column("missing", "نرسیده"),
                column("of these, a recount waits", "از این‌ها، بازشماری در انتظار"),
            ],
            vec![Row::of(
                RowKind::Plain,
                vec![
                    expected,
                    self.number(self.count(PairState::Received)),
                    self.number(self.count(PairState::Held)),
                    self.number(self.count(PairState::Gap)),
                    self.number(self.pairs.iter().filter(|pair| pair.state.is_out()).count()),
                    missing,
                    self.number(self.pairs.iter().filter(|pair| pair.recount_waits).count()),
                ],
            )],
        );
    }

    /// Sum of a register over pairs; `None` if one is not known.
    fn registered(&self, of: impl Fn(&&PairStanding) -> bool) -> Option<u64> {
        let registers = self.maker.board.setting.subject.registers;
        let pairs = self.pairs.iter().filter(of);
        pairs.map(|pair| registers.pair(pair.station, pair.district).registered).sum()
    }

    /// Ballots of everything received, by what became of it.
    fn fates(&self) -> BallotFates {
        self.maker.board.received(self.district).ballots
    }

    /// Voters authenticated at the stations that are in; `None` if one has not said.
    fn authenticated(&self) -> Option<u64> {
        let registers = self.maker.board.setting.subject.registers;
        let pairs = self.pairs.iter().filter(|pair| pair.state == PairState::Received);
        pairs.map(|pair| registers.pair(pair.station, pair.district).authenticated).sum()
    }

    fn ballots(&self, paper: &mut Paper) {
        let words = self.maker.words;
        let ballots = self.outcome.tally.ballots;
        let is_in = |pair: &&PairStanding| pair.state == PairState::Received;
        let of_taken = |part| words.percent(part, ballots.taken);
        let mut rows = Vec::new();
        let mut row = |kind, label: &str, number: Option<u64>, share: String| {
            let number = number.map_or_else(
                || self.say("not known", "نامعلوم").to_owned(),
                |number| self.number(number),
            );
            rows.push(Row::of(kind, vec![label.to_owned(), number, share]));
        };
        let none = String::new;
        // Where nobody has said who reports, all stations are not known.
        if self.maker.board.setting.subject.election.serves.is_some() {
            row(
                RowKind::Plain,
                self.say("Registered, all stations", "واجدان شرایط، همهٔ شعبه‌ها"),
                self.registered(|_| true),
                none(),
            );
        }
        row(
            RowKind::Plain,
            self.say("Registered, stations in", "واجدان شرایط، شعبه‌های رسیده"),
            self.registered(is_in),
            none(),
        );
        row(
            RowKind::Plain,
            self.say("Authenticated, stations in", "احراز هویت‌شدگان، شعبه‌های رسیده"),
            self.authenticated(),
            none(),
        );
        row(
            RowKind::Total,
            self.say("Ballots taken", "برگ‌های مأخوذه"),
            Some(ballots.taken),
            of_taken(ballots.taken),
        );
        row(
            RowKind::Plain,
            self.say("of these valid", "از این شمار، صحیح"),
            Some(ballots.valid),
            of_taken(ballots.valid),
        );
        row(
            RowKind::Plain,
            self.say("of these void", "از این شمار، باطل"),
            Some(ballots.void),
            of_taken(ballots.void),
        );
        row(
            RowKind::Plain,
            self.say("of the void: blank", "از آرای باطل، سفید"),
            Some(ballots.blank),
            of_taken(ballots.blank),
        );
        // Void ballots of class (b) are none of those taken, and minutes number them.
        let BallotFates { held, out, replaced, recounted, .. } = self.fates();
        row(
            RowKind::Plain,
            self.say(
                "Annulled or rejected, outside the ballots taken",
                "ابطال یا رد شده، بیرون از مأخوذه",
            ),
            Some(out),
            none(),
        );
        for (ballots, label) in [
            (
                held,
                self.say("Held by checks, outside the ballots taken", "نگه‌داشته، بیرون از مأخوذه"),
            ),
            // These are not out: the same ballots stand in another count.
            (
                replaced,
                self.say(
                    "Of counts in whose place a recount stands",
                    "مربوط به شمارش‌هایی که بازشماری جای آن‌ها را گرفته است",
                ),
            ),
            (
                recounted,
                self.say(
                    "Of recounts that wait or were rejected",
                    "مربوط به بازشماری‌های در انتظار تصمیم یا ردشده",
                ),
            ),
        ] {
            if ballots > 0 {
                row(RowKind::Plain, label, Some(ballots), none());
            }
        }
        let taken_in = self.pairs.iter().filter(is_in).map(|pair| pair.taken).sum::<u64>();
        if let Some(difference) =
            self.authenticated().and_then(|authenticated| authenticated.checked_sub(taken_in))
        {
            row(
                RowKind::Plain,
                self.say(
                    "Authenticated and without a ballot here, stations in",
                    "احراز هویت‌شدگان بدون برگ رأی در این حوزه، شعبه‌های رسیده",
                ),
                Some(difference),
                none(),
            );
        }
        paper.table(
            self.say(
                "Voters and ballots; shares are of ballots taken, blank is a kind of void",
                "رأی‌دهندگان و برگ‌ها؛ درصدها از برگ‌های مأخوذه است و سفید نوعی باطل است",
            ),
            vec![
                Column::text("", 1),
                Column::number(self.say("number", "شمار")),
                Column::number(self.say("share", "سهم")),
            ],
            rows,
        );
    }

    fn sums(&self, paper: &mut Paper) {
        let sums = self.all_sums();
        let agrees = sums.iter().all(Sum::holds);
        let rows = sums.iter().map(|sum| {
            let (kind, verdict) = match sum.holds() {
                true => (RowKind::Plain, self.say("agrees", "می‌خواند")),
                false => (RowKind::Marked, self.say("DOES NOT AGREE", "نمی‌خواند")),
            };
            let relation = match sum.is_at_most {
                true => self.say("at most", "حداکثر"),
                false => self.say("equals", "برابر"),
            };
            Row::of(
                kind,
                vec![
                    sum.text.clone(),
                    self.number(sum.left),
                    relation.to_owned(),
                    self.number(sum.right),
                    verdict.to_owned(),
                ],
            )
        });
        let columns = vec![
            Column::text(self.say("What must hold", "آنچه باید برقرار باشد"), 1),
            Column::number(self.say("one side", "یک سو")),
            Column::text("", 0),
            Column::number(self.say("other side", "سوی دیگر")),
            Column::text(self.say("verdict", "نتیجه"), 0),
        ];
        paper.table(self.say("Sums", "جمع‌ها"), columns, rows.collect());
        match agrees {
            true => paper.paragraph(
                Tone::Plain,
                self.say("All sums above agree.", "همهٔ جمع‌های بالا می‌خواند."),
            ),
            false => paper.paragraph(
                Tone::Alert,
                self.say(
                    "Not every sum above agrees: look at the stations before you sign.",
                    "همهٔ جمع‌های بالا نمی‌خواند: پیش از امضا شعبه‌ها بررسی شود.",
                ),
            ),
        }
    }

    fn all_sums(&self) -> Vec<Sum> {
        let tally = &self.outcome.tally;
        let ballots = tally.ballots;
        let text = |english: &'static str, persian: &'static str| {
            self.maker.words.say(english, persian).to_owned()
        };
        let equal = |text, left, right| Sum { text, left, right, is_at_most: false };
        let at_most = |text, left, right| Sum { text, left, right, is_at_most: true };
        let mut sums = vec![
            equal(
                text("Valid and void are the ballots taken", "صحیح و باطل روی هم برابر مأخوذه است"),
                ballots.valid.saturating_add(ballots.void),
                ballots.taken,
            ),
            equal(
                text(
                    "Ballots by the headers of the batches that count are the ballots counted",
                    "برگ‌های بسته‌های شمرده‌شده، به گفتهٔ سرآیند آن‌ها، برابر برگ‌های شمرده‌شده است",
                ),
                self.pairs.iter().map(|pair| pair.taken).sum(),
                ballots.taken,
            ),
        ];
        let fates = BallotFates { counted: ballots.taken, ..self.fates() };
        sums.push(equal(
            text(
                "Ballots taken, annulled or rejected, held, and of other counts of the same ballots \
                 are those of all batches received",
                "برگ‌های مأخوذه، ابطال یا رد شده، نگه‌داشته و شمارش‌های دیگر همان برگ‌ها روی هم برابر \
                 برگ‌های همهٔ بسته‌های رسیده است",
            ),
            fates.received(),
            self.received,
        ));
        let own = self.outcome.district;
        let limit = match self.outcome.contest_rule.reading.limit {
            NameLimit::Seats => own.seats,
            NameLimit::SeatsAndAlternates => own.seats.saturating_add(own.alternates),
        };
        sums.push(at_most(
            format!(
                "{} {}",
                self.say(
                    "Votes by name are at most so many on each valid ballot:",
                    "رأی‌های مستقیم از هر برگ صحیح بیش از این نیست:"
                ),
                self.number(limit)
            ),
            tally.candidates.iter().map(|own| own.direct).sum(),
            ballots.valid.saturating_mul(u64::from(limit)),
        ));
        let is_in = |pair: &&PairStanding| pair.state == PairState::Received;
        let taken_in: u64 = self.pairs.iter().filter(is_in).map(|pair| pair.taken).sum();
        if let Some(authenticated) = self.authenticated() {
            sums.push(at_most(
                text(
                    "Ballots of the stations in are at most their voters authenticated",
                    "برگ‌های شعبه‌های رسیده از احراز هویت‌شدگان همان‌جا بیش نیست",
                ),
                taken_in,
                authenticated,
            ));
        }
        if let Some(registered) = self.registered(is_in) {
            sums.push(at_most(
                text(
                    "Ballots of the stations in are at most their voters registered",
                    "برگ‌های شعبه‌های رسیده از واجدان شرایط همان‌جا بیش نیست",
                ),
                taken_in,
                registered,
            ));
        }
        sums
    }

    /// Stations that are not simply in, and why.
    fn not_in(&self, paper: &mut Paper) {
        let is_open = |pair: &&PairStanding| {
            pair.state != PairState::Received || pair.recount_waits || pair.out > 0
        };
        let open: Vec<&PairStanding> = self.pairs.iter().filter(is_open).collect();
        let rows = open.iter().take(STATIONS_NAMED).map(|pair| {
            Row::of(
                RowKind::Plain,
                vec![
                    self.maker.station(pair.station),
                    self.state(pair),
                    self.why(pair),
                    self.number(pair.taken),
                    self.number(pair.out),
                ],
            )
        });
        let columns = vec![
            Column::text(self.say("station", "شعبه"), 2),
            Column::text(self.say("state", "وضع"), 0),
            Column::text(self.say("why", "سبب"), 3),
            Column::number(self.say("ballots counted", "برگ شمرده‌شده")),
            Column::number(self.say("annulled or rejected", "ابطال یا رد شده")),
        ];
        let caption = self.say("Stations that are not simply in", "شعبه‌هایی که وضع عادی ندارند");
        paper.table(caption, columns, rows.collect());
        let more = open.len().saturating_sub(STATIONS_NAMED);
        if more > 0 {
            let text = format!(
                "{} {}",
                self.number(more),
                self.say("more stations are not simply in.", "شعبهٔ دیگر نیز وضع عادی ندارد.")
            );
            paper.paragraph(Tone::Note, &text);
        }
    }

    fn state(&self, pair: &PairStanding) -> String {
        let waits = self.say("recount waits", "بازشماری در انتظار تصمیم");
        let (english, persian) = match pair.state {
            PairState::Received => ("in", "رسیده"),
            PairState::Missing => ("missing", "نرسیده"),
            PairState::Held => ("held", "نگه‌داشته"),
            PairState::Waiting => return waits.to_owned(),
            PairState::Gap => ("a batch is missing", "با بستهٔ نرسیده"),
            PairState::Annulled => ("annulled", "ابطال‌شده"),
            PairState::Rejected => ("rejected", "ردشده"),
        };
        let state = self.maker.words.say(english, persian).to_owned();
        if pair.recount_waits { self.maker.words.joined(&[state, waits.to_owned()]) } else { state }
    }

    /// Checks that batches of a pair fail: of those that are held, or of those rejected.
    fn alarms(&self, pair: &PairStanding, is_rejected: bool) -> Vec<String> {
        let own = |held: &&HeldBatch| {
            held.is_rejected == is_rejected
                && (held.address.station, held.address.district) == (pair.station, pair.district)
        };
        let held = self.maker.board.snapshot.held.iter().filter(own);
        let alarms = held.flat_map(|held| &held.alarms);
        alarms.map(|alarm| self.maker.telling().alarm(alarm)).collect()
    }

    fn why(&self, pair: &PairStanding) -> String {
        let mut why = match self.why_of_state(pair) {
            why if why.is_empty() => Vec::new(),
            why => vec![why],
        };
        if pair.recount_waits && matches!(pair.state, PairState::Waiting | PairState::Received) {
            let text = self.say(
                "an officer has not decided about its recount",
                "مقام مسئول دربارهٔ بازشماری آن تصمیم نگرفته است",
            );
            why.push(text.to_owned());
        }
        if pair.out > 0 && !pair.state.is_out() {
            let text = self.say(
                "part of it is out by a decision, see below",
                "بخشی از آن به تصمیم مقام مسئول بیرون است، پایین‌تر",
            );
            why.extend(self.alarms(pair, true));
            why.push(text.to_owned());
        }
        self.maker.words.joined(&why)
    }

    fn why_of_state(&self, pair: &PairStanding) -> String {
        let board = self.maker.board;
        match pair.state {
            PairState::Held => self.maker.words.joined(&self.alarms(pair, false)),
            PairState::Gap => {
                let gaps = board.completeness.gaps().iter();
                let gaps: Vec<String> = gaps
                    .filter(|gap| gap.station == pair.station)
                    .map(|gap| {
                        format!(
                            "{} {}: {}–{}",
                            self.say("device", "دستگاه"),
                            self.number(gap.device),
                            self.number(gap.from),
                            self.number(gap.to)
                        )
                    })
                    .collect();
                self.maker.words.joined(&gaps)
            }
            PairState::Missing => {
                let registers = board.setting.subject.registers;
                let registered = registers.pair(pair.station, pair.district).registered;
                registered.map_or_else(String::new, |registered| {
                    format!(
                        "{} {}",
                        self.say("registered:", "واجدان شرایط:"),
                        self.number(registered)
                    )
                })
            }
            PairState::Annulled | PairState::Rejected => {
                let mut why = self.alarms(pair, true);
                let text = self.say("by a decision, see below", "به تصمیم مقام مسئول، پایین‌تر");
                why.push(text.to_owned());
                self.maker.words.joined(&why)
            }
            PairState::Waiting | PairState::Received => String::new(),
        }
    }
}
