//! What waits at the desk: proposals for a second person, held batches, results to declare.

use maud::{Markup, html};
use shomar_desk::{Proposal, State};
use shomar_engine::recount::HeldBatch;
use shomar_format::bytes::hex;

use super::{At, DeskSheet, content};
use crate::desk::{DecisionKind, Whole};

/// Held batches, and districts to declare, that are shown at one time.
const SHOWN: usize = 100;
/// Settled proposals that are shown.
const SETTLED_SHOWN: usize = 20;

/// What waits.
pub(crate) fn overview(whole: &Whole, at: At<'_>, proposals: &[Proposal]) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let title = sheet.say("The desk", "میز تصمیم");
    let (waiting, settled): (Vec<&Proposal>, Vec<&Proposal>) = proposals
        .iter()
        .rev()
        .partition(|own| own.is_open(at.now_ms) || own.state == State::Approved);
    let main = html! {
        h1 { (title) }
        section aria-labelledby="waiting" {
            h2 id="waiting" { (sheet.say("For a second person", "در انتظار نفر دوم")) }
            (sheet.proposals(&waiting))
        }
        section aria-labelledby="held" {
            h2 id="held" { (sheet.say("Held batches", "بسته‌های نگه‌داشته")) }
            (sheet.held())
        }
        section aria-labelledby="decide" {
            h2 id="decide" { (sheet.say("Propose a decision", "پیشنهاد تصمیم")) }
            ul class="kinds" {
                @for kind in DecisionKind::ALL {
                    li {
                        a href=(sheet.path(&format!("decide/{}", kind.name()))) {
                            (sheet.kind_name(kind))
                        }
                    }
                }
            }
        }
        section aria-labelledby="declare" {
            h2 id="declare" {
                ({
                    sheet
                        .say(
                            "Districts with every vote",
                            "حوزه‌ها با همهٔ رأی‌ها",
                        )
                })
            }
            (sheet.district_form())
            (sheet.to_declare())
        }
        section aria-labelledby="settled" {
            h2 id="settled" { (sheet.say("Settled lately", "تصمیم‌های اخیر")) }
            (sheet.proposals(&settled[..settled.len().min(SETTLED_SHOWN)]))
        }
    };
    sheet.frame(&content(title, main))
}

impl DeskSheet<'_> {
    /// What a kind of decision is called.
    pub(super) fn kind_name(&self, kind: DecisionKind) -> &'static str {
        let (english, persian) = match kind {
            DecisionKind::Release => ("Release a held batch", "رفع توقف یک بسته"),
            DecisionKind::Reject => ("Reject a held batch", "رد یک بستهٔ نگه‌داشته"),
            DecisionKind::Annul => ("Annul", "ابطال"),
            DecisionKind::Reinstate => ("Take an annulment back", "بازگرداندن آنچه باطل شده"),
            DecisionKind::Supersede => ("Put a recount in place", "جایگزینی با نتیجهٔ بازشماری"),
            DecisionKind::Declare => ("Declare a result", "اعلام نتیجهٔ حوزه"),
            DecisionKind::Lot => ("Record a lot", "ثبت قرعه"),
            DecisionKind::Open => ("Open the vote", "آغاز رأی‌گیری"),
            DecisionKind::Close => ("Close the vote", "پایان رأی‌گیری"),
        };
        self.words().say(english, persian)
    }

    fn proposals(&self, proposals: &[&Proposal]) -> Markup {
        let words = self.words();
        html! {
            @if proposals.is_empty() {
                p class="calm" { (self.say("None.", "هیچ.")) }
            } @else {
                div class="scroll"
                    tabindex="0"
                    role="group"
                    aria-label=(self.say("Proposals", "پیشنهادها"))
                {
                    table {
                        thead {
                            tr {
                                th scope="col" { (self.say("decision", "تصمیم")) }
                                th scope="col" { (self.say("proposed by", "پیشنهاددهنده")) }
                                th scope="col" { (self.say("when", "زمان")) }
                                th scope="col" { (self.say("state", "وضع")) }
                            }
                        }
                        tbody {
                            @for own in proposals {
                                tr {
                                    th scope="row" {
                                        a href=(self.proposal_path(own)) {
                                            (self.sheet.decision_title(&own.control.action))
                                        }
                                    }
                                    td { (self.somebody(&own.account, &own.officer)) }
                                    td { (words.moment(own.at_ms)) }
                                    td { (self.state_chip(own)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn proposal_path(&self, proposal: &Proposal) -> String {
        self.path(&format!("proposal/{}", hex(&proposal.hash)))
    }

    fn held(&self) -> Markup {
        let words = self.words();
        let held: Vec<&HeldBatch> =
            self.sheet.board.snapshot.held.iter().filter(|own| !own.is_rejected).collect();
        html! {
            @if held.is_empty() {
                p class="calm" {
                    ({
                        self.say(
                            "No check holds a batch.",
                            "هیچ بسته‌ای نگه داشته نشده است.",
                        )
                    })
                }
            } @else {
                p {
                    (words.number(held.len()))
                    " "
                    ({
                        self.say(
                            "wait for a decision. None of them is in any number until it is released.",
                            "بسته در انتظار تصمیم است. تا رفع توقف در هیچ جمعی نیست.",
                        )
                    })
                }
                div class="scroll"
                    tabindex="0"
                    role="group"
                    aria-label=(self.say("Held batches", "بسته‌های نگه‌داشته"))
                {
                    table {
                        thead {
                            tr {
                                th scope="col" { (self.say("district", "حوزه")) }
                                th scope="col" { (self.say("station", "شعبه")) }
                                th scope="col" class="n" { (self.say("ballots", "برگ‌های بسته")) }
                                th scope="col" class="n" { (self.say("valid", "صحیح")) }
                                th scope="col" class="n" {
                                    ({
                                        self.say(
                                            "the district counts",
                                            "شمرده‌شدهٔ حوزه",
                                        )
                                    })
                                }
                                th scope="col" { (self.say("why", "علت")) }
                                th scope="col" { (self.say("decide", "تصمیم")) }
                            }
                        }
                        tbody {
                            @for own in held.iter().take(SHOWN) { (self.held_row(own)) }
                        }
                    }
                }
                @if held.len() > SHOWN {
                    p class="hint" {
                        ({
                            self.say(
                                "The first are shown: ",
                                "نخستین‌ها نمایش داده شد: ",
                            )
                        })
                        (words.number(SHOWN))
                    }
                }
            }
        }
    }

    fn held_row(&self, own: &HeldBatch) -> Markup {
        let (words, board) = (self.words(), self.sheet.board);
        let station = &board.setting.subject.election.stations[own.address.station as usize];
        let counts = board.districts[own.address.district as usize].taken;
        let decide = |kind: DecisionKind| {
            self.path(&format!("decide/{}?batch={}", kind.name(), hex(&own.hash)))
        };
        html! {
            tr {
                td { (self.district_link(own.address.district)) }
                th scope="row" {
                    (station.name_fa)
                    " "
                    code { (station.id) }
                }
                td class="n" { (words.number(own.reported.taken)) }
                td class="n" { (words.number(own.reported.valid)) }
                td class="n" { (words.number(counts)) }
                td {
                    @for alarm in &own.alarms {
                        span { (self.sheet.telling().alarm(alarm)) }
                        " "
                    }
                }
                td {
                    a href=(decide(DecisionKind::Release)) { (self.say("release", "رفع توقف")) }
                    " · "
                    a href=(decide(DecisionKind::Reject)) { (self.say("reject", "رد")) }
                }
            }
        }
    }

    fn district_form(&self) -> Markup {
        html! {
            form class="filter" action=(self.path("district")) {
                label for="id" { (self.say("Id of a district", "شناسهٔ حوزه")) }
                input id="id" name="id" type="text" dir="ltr" autocomplete="off" required;
                button { (self.say("Show", "نمایش")) }
            }
        }
    }

    /// Districts of which everything is in, which need no lot, and which nobody has declared.
    fn to_declare(&self) -> Markup {
        let (words, board) = (self.words(), self.sheet.board);
        let is_ready = |district: &u32| {
            let standing = &board.districts[*district as usize];
            standing.taken > 0
                && standing.status == Some(shomar_seats::Status::Final)
                && !board.is_waited_for(*district)
                && !board.declared.contains(district)
        };
        let districts = 0..u32::try_from(board.districts.len()).unwrap_or(u32::MAX);
        let ready: Vec<u32> = districts.filter(is_ready).collect();
        html! {
            p {
                ({
                    self.say(
                        "Complete, without an open lot, and not declared: ",
                        "کامل، بدون قرعهٔ باز و اعلام‌نشده: ",
                    )
                })
                (words.number(ready.len()))
            }
            @if !ready.is_empty() {
                details {
                    summary { (self.say("Show them", "نمایش")) }
                    ul {
                        @for district in ready.iter().take(SHOWN) {
                            li { (self.district_link(*district)) }
                        }
                    }
                    @if ready.len() > SHOWN {
                        p class="hint" {
                            ({
                                self.say(
                                    "The first are shown: ",
                                    "نخستین‌ها نمایش داده شد: ",
                                )
                            })
                            (words.number(SHOWN))
                        }
                    }
                }
            }
        }
    }
}
