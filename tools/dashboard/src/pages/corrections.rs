//! Corrections: every decision of an officer, with who, when, why, and old and new numbers.

use maud::{Markup, html};
use shomar_engine::decision::{Decision, DistrictEffect, Effects};
use shomar_format::bytes::hex;
use shomar_format::control::{Action, Subject};
use shomar_seats::VoidReason;

use super::{Content, Sheet, rfc3339};
use crate::view::{DECISIONS_SHOWN, Kind};

impl Sheet<'_> {
    /// A page of decisions, the last one first; `None` beyond the first one.
    pub(super) fn corrections(&self, page: u32) -> Option<Content> {
        let words = self.words;
        let all = &self.board.snapshot.decisions;
        let pages = u32::try_from(all.len().div_ceil(DECISIONS_SHOWN)).unwrap_or(u32::MAX).max(1);
        if page > pages {
            return None;
        }
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
                    words.say(
                        "Votes before and after are for officers (shomar log): of a small station they would tell how people voted. Those shown of a district move with its next chunk.",
                        "رأی‌ها پیش و پس از تصمیم برای مسئولان است (shomar log): از یک شعبهٔ کوچک، رأی افراد را فاش می‌کند. رأی‌های نمایش‌داده‌شدهٔ حوزه با بخش بعدی آن جابه‌جا می‌شود.",
                    )
                })
            }
            (self.parts.block("decisions", list))
            @if pages > 1 { (self.page_links(page, pages, |page| Kind::Corrections { page })) }
        };
        Some(Content { title, main })
    }

    fn decision(&self, decision: &Decision) -> Markup {
        let words = self.words;
        let election = self.board.setting.subject.election;
        let officer = election.head.officers.get(decision.officer as usize);
        let officer = officer.map_or("–", |officer| {
            let name = words.name(&officer.name_en, &officer.name_fa);
            if name.is_empty() { officer.id.as_str() } else { name }
        });
        let control = &decision.control;
        html! {
            article class="decision" id=(format!("r{}", decision.position)) {
                h2 { (self.decision_title(&control.action)) }
                p class="under" {
                    (words.say("record ", "رکورد "))
                    (words.number(decision.position))
                    " · "
                    (officer)
                    " · "
                    time datetime=[rfc3339(control.at_ms)] { (words.moment(control.at_ms)) }
                    " · "
                    code { (&hex(&decision.hash)[..16]) "…" }
                }
                p {
                    (words.say("Why: ", "علت: "))
                    q { (control.why) }
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
                tbody { (row(words.say("ballots taken", "برگ‌های مأخوذه"), before, after)) }
            }
        }
    }

    /// What a decision is, and about what.
    pub(super) fn decision_title(&self, action: &Action) -> String {
        let (name, about) = (self.action_name(action), self.about(action));
        if about.is_empty() { name.to_owned() } else { format!("{name}: {about}") }
    }

    fn action_name(&self, action: &Action) -> &'static str {
        let text = match action {
            Action::Open => ("The vote is opened", "آغاز رأی‌گیری"),
            Action::Close => ("The vote is closed", "پایان رأی‌گیری"),
            Action::Annul { .. } => ("Annulled", "ابطال"),
            Action::Reinstate { .. } => ("Brought back", "بازگرداندن"),
            Action::Supersede { .. } => ("A recount stands in place", "جایگزینی با بازشماری"),
            Action::Release { .. } => ("Released", "رفع توقف"),
            Action::Reject { .. } => ("Rejected", "رد"),
            Action::Lot(_) => ("A lot was drawn", "قرعه"),
            Action::Declare { .. } => ("Declared", "اعلام نتیجه"),
        };
        self.words.say(text.0, text.1)
    }

    fn about(&self, action: &Action) -> String {
        let words = self.words;
        match action {
            Action::Open | Action::Close => String::new(),
            Action::Annul { reason, subject } => {
                let reason = VoidReason::with_code(reason)
                    .map_or(reason.as_str(), |own| words.say(own.english(), own.persian()));
                format!("{}{}{reason}", self.subject(subject), words.say("; ", "؛ "))
            }
            Action::Reinstate { subject } => self.subject(subject),
            Action::Supersede { station, district, .. } => self.pair(station, district),
            Action::Release { batch } | Action::Reject { batch } => self.batch(batch),
            Action::Lot(lot) => {
                words.joined(&[self.district_name(&lot.district), words.digits(&lot.winner)])
            }
            Action::Declare { district, elected } => {
                let elected =
                    format!("{} {}", words.number(elected.len()), words.say("elected", "منتخب"));
                words.joined(&[self.district_name(district), elected])
            }
        }
    }

    /// What is annulled or brought back.
    pub(super) fn subject(&self, subject: &Subject) -> String {
        match subject {
            Subject::Station(station) => self.station_name(station),
            Subject::Pair(station, district) => self.pair(station, district),
            Subject::Batch(hash) => self.batch(hash),
        }
    }

    fn pair(&self, station: &str, district: &str) -> String {
        self.words.joined(&[self.station_name(station), self.district_name(district)])
    }

    fn batch(&self, hash: &shomar_format::bytes::Digest32) -> String {
        format!("{} {}…", self.words.say("batch", "بستهٔ"), &hex(hash)[..16])
    }

    fn station_name(&self, id: &str) -> String {
        let setting = &self.board.setting;
        let station = setting.counting.find_station(id);
        let name = station
            .map_or("", |at| setting.subject.election.stations[at as usize].name_fa.as_str());
        format!("{} {name} ({id})", self.words.say("station", "شعبهٔ"))
    }

    fn district_name(&self, id: &str) -> String {
        let setting = &self.board.setting;
        match setting.counting.find_district(id) {
            Some(at) => {
                let own = setting.district(at);
                self.words.name(&own.name_en, &own.name_fa).to_owned()
            }
            None => id.to_owned(),
        }
    }
}
