//! Corrections: every decision of an officer, with who, when, why, and old and new numbers.

use maud::{Markup, html};
use shomar_engine::decision::{Decision, DistrictEffect, Effects};
use shomar_format::bytes::hex;
use shomar_format::control::Action;

use super::{Content, Sheet};
use crate::view::{DECISIONS_SHOWN, Kind};
use shomar_board::words::rfc3339;

impl Sheet<'_> {
    /// A page of decisions, the last one first; the last page for whoever asks for more.
    pub(super) fn corrections(&self, page: u32) -> Content {
        let words = self.words;
        let all = &self.board.snapshot.decisions;
        let pages = u32::try_from(all.len().div_ceil(DECISIONS_SHOWN)).unwrap_or(u32::MAX).max(1);
        let page = page.min(pages);
        let shown =
            all.iter().rev().skip((page as usize - 1) * DECISIONS_SHOWN).take(DECISIONS_SHOWN);
        let title = words.say("Corrections and decisions", "اصلاح‌ها و تصمیم‌ها").to_owned();
        let list = html! {
            @if all.is_empty() {
                p class="calm" {
                    ({
                        words
                            .say(
                                "No officer has decided anything yet.",
                                "هنوز هیچ مقام مسئولی تصمیمی نگرفته است.",
                            )
                    })
                }
            }
            @for decision in shown { (self.decision(decision)) }
        };
        let main = html! {
            h1 { (title) }
            p {
                ({
                    words
                        .say(
                            "Nothing is changed in place: a decision is a signed record, and what it changed is the difference of two counts.",
                            "هیچ عددی دست‌کاری نمی‌شود: تصمیم رکوردی امضاشده است و اثر آن تفاوت دو شمارش است.",
                        )
                })
            }
            p class="hint" {
                ({
                    words
                        .say(
                            "Votes before and after are for officers (shomar log): of a small station they would tell how people voted. Those shown of a district move with its next chunk.",
                            "رأی‌ها پیش و پس از تصمیم برای مسئولان است (shomar log): از یک شعبهٔ کوچک، رأی افراد را فاش می‌کند. رأی‌های نمایش‌داده‌شدهٔ حوزه با بخش بعدی آن جابه‌جا می‌شود.",
                        )
                })
            }
            (self.parts.block("decisions", list))
            (self.page_links(page, pages, |page| Kind::Corrections { page }))
        };
        Content { title, main }
    }

    fn decision(&self, decision: &Decision) -> Markup {
        let words = self.words;
        let telling = self.telling();
        let officer = telling.officer_name(decision.officer);
        let control = &decision.control;
        html! {
            article class="decision" id=(format!("r{}", decision.position)) {
                h2 { (self.decision_title(&control.action)) }
                p class="under" {
                    (words.say("record ", "رکورد "))
                    (words.number(decision.position))
                    " · "
                    (self.name(officer))
                    " · "
                    time datetime=[rfc3339(control.at_ms)] { (words.moment(control.at_ms)) }
                    " · "
                    code { (&hex(&decision.hash)[..16]) "…" }
                }
                p {
                    (words.say("Why: ", "علت: "))
                    q dir="auto" { (control.why) }
                }
                (self.effects(&decision.effects))
            }
        }
    }

    fn effects(&self, effects: &Effects) -> Markup {
        let words = self.words;
        match effects {
            Effects::NoNumbers => {
                html! {
                    p class="hint" {
                        ({
                            words
                                .say(
                                    "No numbers per option before the close.",
                                    "پیش از پایان رأی‌گیری عددی به تفکیک نامزد نیست.",
                                )
                        })
                    }
                }
            }
            Effects::NumbersBegin => {
                html! {
                    p class="hint" {
                        ({
                            words
                                .say(
                                    "From here on there are numbers.",
                                    "از این‌جا به بعد عددها در دست است.",
                                )
                        })
                    }
                }
            }
            Effects::Districts(districts) => {
                html! {
                    @for effect in districts { (self.effect(effect)) }
                }
            }
        }
    }

    fn effect(&self, effect: &DistrictEffect) -> Markup {
        let words = self.words;
        let row = |name: &str, before: u64, after: u64| {
            html! {
                tr {
                    th scope="row" { (name) }
                    td class="n" { (words.number(before)) }
                    td class="n" { (words.number(after)) }
                }
            }
        };
        let (before, after) = (effect.before.ballots.taken, effect.after.ballots.taken);
        html! {
            table class="small" {
                caption { (self.district_link(effect.district)) }
                thead {
                    tr {
                        th scope="col" { (words.say("number", "عدد")) }
                        th scope="col" class="n" { (words.say("before", "پیش")) }
                        th scope="col" class="n" { (words.say("after", "پس")) }
                    }
                }
                tbody { ({
                    row(
                        words.say("ballots taken", "برگ‌های مأخوذه"),
                        before,
                        after,
                    )
                }) }
            }
        }
    }

    /// What a decision is, and about what.
    pub(super) fn decision_title(&self, action: &Action) -> String {
        let telling = self.telling();
        let (name, about) = (telling.action_name(action), telling.about(action));
        if about.is_empty() { name.to_owned() } else { format!("{name}: {about}") }
    }
}
