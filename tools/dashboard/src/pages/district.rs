//! A district: votes, seats, elected, alternates, how close, decided or open, and every step.

use maud::{Markup, html};
use shomar_engine::explanation::{Note, NoteOf, Section, explain};
use shomar_engine::outcome::DistrictOutcome;
use shomar_seats::{Status, Verdict};

use super::{Content, Sheet};

impl Sheet<'_> {
    pub(super) fn district(&self, at: u32) -> Content {
        let words = self.words;
        let setting = &self.board.setting;
        let own = setting.district(at);
        let places = &setting.places;
        let title = words.name(&own.name_en, &own.name_fa).to_owned();
        let province = places.province_of_district[at as usize];
        let main = html! {
            (self.crumbs(Some(province), places.county_of_district[at as usize]))
            h1 { (self.name(&title)) }
            p class="under" {
                (self.contest_name(own.contest))
                " · "
                (words.number(own.seats))
                " "
                (words.say("seats", "کرسی"))
                " · "
                (words.say("id", "شناسه"))
                " "
                code { (own.id) }
            }
            (self.parts.block("district", self.district_body(at)))
        };
        Content { title, main }
    }

    fn district_body(&self, at: u32) -> Markup {
        let words = self.words;
        let standing = &self.board.districts[at as usize];
        let refused = |message: &str| {
            html! {
                (self.district_line(at))
                p class="bad" { (message) }
            }
        };
        match self.board.outcome(at) {
            None => html! {
                (self.district_line(at))
                p {
                    ({
                        words
                            .say(
                                "An official election has no number per option before officers have signed its close. What has been received is above.",
                                "در انتخابات رسمی پیش از امضای پایان رأی‌گیری، هیچ رأیی به تفکیک نامزد یا فهرست شمرده نمی‌شود. آنچه رسیده در بالا آمده است.",
                            )
                    })
                }
            },
            Some(Err(error)) => refused(&error.message),
            // Zeros beside ballots that count would be a lie.
            Some(Ok(outcome)) if outcome.provisional && !self.board.shows_votes(at) => html! {
                (self.district_line(at))
                (self.hidden_line(at))
            },
            Some(Ok(outcome)) if standing.is_all_shown || outcome.provisional => {
                self.outcome(at, &outcome)
            }
            Some(Ok(outcome)) => match self.board.counted_outcome(at) {
                Some(Ok(counted)) => self.names_alone(at, &counted, &outcome),
                Some(Err(error)) => refused(&error.message),
                None => html! {},
            },
        }
    }

    /// A complete district of which not every ballot may be shown: who is elected, and the votes
    /// that are shown, if any are.
    fn names_alone(
        &self,
        at: u32,
        counted: &DistrictOutcome<'_>,
        shown: &DistrictOutcome<'_>,
    ) -> Markup {
        let words = self.words;
        html! {
            (self.district_line(at))
            section id="why" aria-labelledby="elected" {
                h2 id="elected" { (words.say("Elected, by code", "منتخبان به ترتیب کد")) }
                ul {
                    @for who in self.board.elected_in_order(at, counted) {
                        li data-key=(counted.candidate_code(who)) { (self.person(counted, who)) }
                    }
                }
                (self.open_seats(counted))
                (self.hidden_line(at))
            }
            @if !self.board.is_withheld(at) && shown.tally.ballots.taken > 0 {
                (self.ballots(shown))
                section aria-labelledby="votes" {
                    h2 id="votes" {
                        ({
                            words
                                .say(
                                    "Votes shown",
                                    "رأی‌های نمایش‌داده‌شده",
                                )
                        })
                    }
                    (self.everybody(shown, false))
                }
            }
        }
    }

    /// How many ballots count that are in no number shown, and why.
    pub(super) fn hidden_line(&self, at: u32) -> Markup {
        let words = self.words;
        let standing = &self.board.districts[at as usize];
        let text = match self.board.is_withheld(at) {
            true => words.say(
                "So few ballots, or ballots so much alike, would tell how people voted: votes are for officers alone. By kind they are shown with those of other small districts.",
                "این شمار اندک، یا این یک‌دستی، رأی افراد را فاش می‌کند: رأی‌ها تنها برای مسئولان است و شمار صحیح و باطل با حوزه‌های کوچک دیگر یک‌جا نشان داده می‌شود.",
            ),
            false => words.say(
                "Numbers move in chunks, and the last one waits for the next, so that no difference of two of them tells how somebody voted.",
                "عددها بخش‌بخش جابه‌جا می‌شوند و آخرین بخش در انتظار بخش بعدی است تا تفاوت هیچ دو عددی رأی کسی را فاش نکند.",
            ),
        };
        html! {
            @if !standing.is_all_shown {
                p class="hint" {
                    ({
                        words
                            .say(
                                "Ballots that count: ",
                                "برگ‌های شمرده‌شده: ",
                            )
                    })
                    (words.number(standing.taken))
                    ({
                        words
                            .say(
                                "; in the numbers here: ",
                                "؛ در عددهای این‌جا: ",
                            )
                    })
                    (words.number(standing.ballots.taken))
                    ". "
                    (text)
                }
            }
        }
    }

    fn outcome(&self, at: u32, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        let note = NoteOf {
            head: &self.board.setting.subject.election.head,
            frontier: None,
            rules_digest: &self.board.setting.rules_digest,
            language: words.language,
        };
        let note = match explain(note, outcome) {
            Ok(note) => note,
            Err(error) => {
                return html! {
                    (self.district_line(at))
                    p class="bad" { (error.message) }
                };
            }
        };
        let steps = match outcome.provisional {
            true => words.say(
                "How the seats would come about, on the votes shown so far",
                "کرسی‌ها بر پایهٔ رأی‌هایی که تا این‌جا نمایش داده شده چگونه به دست می‌آید",
            ),
            false => words.say("How the seats came about", "کرسی‌ها چگونه به دست آمد"),
        };
        html! {
            (self.district_line(at))
            section id="why" aria-labelledby="elected" {
                h2 id="elected" { (self.leads_or_elected(outcome.provisional)) }
                @if outcome.provisional {
                    p class="provisional" {
                        ({
                            words
                                .say(
                                    "Provisional: something is outstanding, and nobody is elected yet.",
                                    "موقت: هنوز چیزی مانده است و کسی منتخب نیست.",
                                )
                        })
                    }
                }
                (self.elected_table(outcome))
                (self.hidden_line(at))
            }
            (self.groups(outcome))
            (self.alternates(outcome))
            (paragraph(&note, Section::Ties, "ties"))
            // What may still come is told of everything that is counted, and of nothing less.
            @if self.board.districts[at as usize].is_all_shown {
                (paragraph(&note, Section::Completeness, "open"))
            }
            (paragraph(&note, Section::Margins, "margins"))
            section aria-labelledby="steps" {
                h2 id="steps" { (steps) }
                details id="all-steps" {
                    summary {
                        (words.number(outcome.outcome.steps.len()))
                        " "
                        ({
                            words
                                .say(
                                    "steps, each with its article",
                                    "گام، هر یک با مادهٔ قانون",
                                )
                        })
                    }
                    ol class="steps" {
                        @for step in 0..outcome.outcome.steps.len() {
                            li { (self.step(outcome, step)) }
                        }
                    }
                }
            }
            (self.ballots(outcome))
            section aria-labelledby="votes" {
                h2 id="votes" { (words.say("Votes of everybody", "رأی همهٔ نامزدها")) }
                (self.everybody(outcome, true))
            }
            (paragraph(&note, Section::Findings, "findings"))
            (paragraph(&note, Section::Rule, "rule"))
        }
    }

    /// The state of the district in a line: how it stands, what is in, whether it can change.
    fn district_line(&self, at: u32) -> Markup {
        let words = self.words;
        let standing = &self.board.districts[at as usize];
        let needs_lot =
            !self.board.is_waited_for(at) && standing.status == Some(Status::LotRequired);
        let verdict = self.board.verdict(at).map(|verdict| match verdict {
            // Nothing that comes can change it: a lot still can.
            Verdict::Decided if needs_lot => {
                ("part", words.say("nothing is outstanding", "چیزی باقی نمانده"))
            }
            Verdict::Decided => ("done", words.say("decided", "قطعی")),
            Verdict::Open => ("part", words.say("open", "باز")),
            Verdict::DependsOn(_) => {
                ("lot", words.say("depends on held batches", "وابسته به بسته‌های نگه‌داشته"))
            }
        });
        // The line names votes between two places: only where all of them are shown.
        let counted = self.board.counted_outcome(at).and_then(Result::ok);
        let line = counted.filter(|_| standing.is_all_shown).and_then(|own| {
            let finality = own.finality().ok()??;
            own.finality_line(&finality, words.language)
        });
        html! {
            p class="chips" {
                (self.state_chip(at))
                @if let Some((class, text)) = verdict {
                    " "
                    span class=(format!("chip {class}")) { (text) }
                }
                " "
                (words.say("stations: ", "شعبه‌ها: "))
                (self.stations_of(at))
                @if let Some(line) = line { ": " (line) }
            }
        }
    }

    fn ballots(&self, outcome: &DistrictOutcome<'_>) -> Markup {
        let words = self.words;
        let ballots = outcome.tally.ballots;
        let taken = ballots.taken;
        let row = |name: &str, number: u64| {
            html! {
                tr {
                    th scope="row" { (name) }
                    td class="n" { (words.number(number)) }
                    td class="n" { (words.percent(number, taken)) }
                }
            }
        };
        html! {
            section aria-labelledby="ballots" {
                h2 id="ballots" { (words.say("Ballots", "برگ‌های رأی")) }
                table class="small" {
                    caption {
                        ({
                            words
                                .say(
                                    "Shares are of ballots taken; taken = valid + void, blank is a kind of void",
                                    "درصدها از برگ‌های مأخوذه است؛ مأخوذه = صحیح + باطل، سفید نوعی باطل است",
                                )
                        })
                    }
                    tbody {
                        (row(words.say("taken", "مأخوذه"), taken))
                        (row(words.say("valid", "صحیح"), ballots.valid))
                        (row(words.say("void", "باطل"), ballots.void))
                        ({
                            row(
                                words.say("blank, of the void", "سفید، از باطل"),
                                ballots.blank,
                            )
                        })
                    }
                }
            }
        }
    }
}

/// A paragraph of the note, if there is something to say.
fn paragraph(note: &Note, section: Section, id: &str) -> Markup {
    html! {
        @if let Some(paragraph) = note.section(section) {
            section aria-labelledby=(id) {
                h2 id=(id) { (paragraph.title) }
                ul class="lines" {
                    @for line in &paragraph.lines {
                        li { (line.replace('\n', " ")) }
                    }
                }
            }
        }
    }
}
