//! What a decision says, letter by letter, and what it would change, vote by vote.

use std::collections::BTreeSet;

use maud::{Markup, html};
use shomar_board::board::Board;
use shomar_engine::decision::DistrictEffect;
use shomar_format::control::{Action, Control};

use super::{At, DeskSheet, content};
use crate::desk::{DecisionKind, Fields, Whole, Would, elected_codes};

/// Districts whose numbers are shown one by one.
const DISTRICTS_SHOWN: usize = 20;

/// A decision that nobody has proposed yet.
pub(crate) struct Preview<'a> {
    pub(crate) kind: DecisionKind,
    pub(crate) fields: &'a Fields,
    pub(crate) control: &'a Control,
    /// The canonical text.
    pub(crate) text: &'a str,
    pub(crate) would: &'a Would,
    /// Why it was not proposed just now.
    pub(crate) message: Option<&'a str>,
}

/// The page that is looked at before anything is signed.
pub(crate) fn preview(whole: &Whole, at: At<'_>, shown: &Preview<'_>) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let title = sheet.kind_name(shown.kind);
    let errors: Vec<(Option<&str>, String)> =
        shown.message.iter().map(|own| (None, (*own).to_owned())).collect();
    let seen = shown.would.seen(shown.control).unwrap_or_default();
    let back: Vec<String> = shown
        .kind
        .fields()
        .iter()
        .map(|name| format!("{name}={}", crate::view::encoded(shown.fields.get(name))))
        .collect();
    let back = sheet.path(&format!("decide/{}?{}", shown.kind.name(), back.join("&")));
    let main = html! {
        h1 { (title) ": " (sheet.say("look before you sign", "پیش از امضا ببینید")) }
        (sheet.error_summary(&errors))
        (sheet.says(&shown.control.action, shown.text))
        (sheet.would_change(&shown.control.action, shown.would))
        section class="narrow" aria-labelledby="sign" {
            h2 id="sign" { (sheet.say("Propose", "پیشنهاد")) }
            form class="desk-form" method="post" action=(sheet.path("propose")) {
                (sheet.form_token())
                input type="hidden" name="decision" value=(shown.kind.name());
                input type="hidden" name="seen" value=(seen);
                @for name in shown.kind.fields() {
                    input type="hidden" name=(name) value=(shown.fields.get(name));
                }
                p {
                    ({
                        sheet
                            .say(
                                "You sign that you propose this. It does nothing until somebody of another officer approves it.",
                                "با امضای شما این تنها یک پیشنهاد است و تا تأیید فردی از مسئولی دیگر اثری ندارد.",
                            )
                    })
                }
                ({
                    sheet
                        .password_field(
                            "password",
                            sheet
                                .say(
                                    "Your password, to sign",
                                    "گذرواژهٔ شما برای امضا",
                                ),
                        )
                })
                p {
                    button { (sheet.say("Sign and propose", "امضا و پیشنهاد")) }
                    " "
                    a href=(back) { (sheet.say("Change it", "ویرایش")) }
                }
            }
        }
    };
    sheet.frame(&content(title, main))
}

impl DeskSheet<'_> {
    /// What a decision says.
    pub(super) fn says(&self, action: &Action, text: &str) -> Markup {
        html! {
            section aria-labelledby="says" {
                h2 id="says" { (self.sheet.decision_title(action)) }
                p class="hint" {
                    ({
                        self.say(
                            "The text of the record, letter by letter; its time is that of the approval, and who proposed it is added to the reason.",
                            "متن دقیق رکورد؛ زمان آن زمان تأیید است و نام پیشنهاددهنده به علت افزوده می‌شود.",
                        )
                    })
                }
                pre class="record"
                    dir="ltr"
                    tabindex="0"
                    role="group"
                    aria-label=(self.say("Text of the record", "متن رکورد"))
                { (text) }
            }
        }
    }

    /// What it would change, if it were carried out now.
    pub(super) fn would_change(&self, action: &Action, would: &Would) -> Markup {
        let words = self.words();
        html! {
            section aria-labelledby="would" {
                h2 id="would" {
                    ({
                        self.say(
                            "What it would change now",
                            "اثر آن در این لحظه",
                        )
                    })
                }
                @if would.board.snapshot.totals.is_none() {
                    p {
                        ({
                            self.say(
                                "There are no numbers per option before the close.",
                                "پیش از پایان رأی‌گیری عددی به تفکیک نیست.",
                            )
                        })
                    }
                    @if !would.moved.is_empty() {
                        p {
                            ({
                                self.say(
                                    "Batches that would move: ",
                                    "بسته‌هایی که جابه‌جا می‌شود: ",
                                )
                            })
                            (words.number(would.moved.len()))
                        }
                    }
                } @else if would.effects.is_empty() {
                    p class="no-change" {
                        ({
                            self.say(
                                "No total changes.",
                                "هیچ جمعی تغییر نمی‌کند.",
                            )
                        })
                    }
                } @else {
                    p {
                        (self.say("Batches: ", "بسته‌ها: "))
                        (words.number(would.moved.len()))
                        " · "
                        (self.say("districts: ", "حوزه‌ها: "))
                        (words.number(would.effects.len()))
                    }
                    @for effect in would.effects.iter().take(DISTRICTS_SHOWN) {
                        (self.effect(effect))
                        (self.elected_change(effect.district, &would.board))
                    }
                    @if would.effects.len() > DISTRICTS_SHOWN {
                        p class="warning" {
                            ({
                                self.say(
                                    "More districts change than are shown here.",
                                    "حوزه‌های بیشتری از آنچه این‌جاست تغییر می‌کند.",
                                )
                            })
                        }
                    }
                }
                @if matches!(action, Action::Reinstate { .. } | Action::Supersede { .. }) {
                    p class="hint" {
                        ({
                            self.say(
                                "A check may hold a batch that comes in; then it is in no total.",
                                "ممکن است وارسی‌ها بستهٔ تازه را نگه دارند؛ در این صورت در هیچ جمعی نیست.",
                            )
                        })
                    }
                }
                @if let Action::Declare { district, elected } = action {
                    (self.declared_against_computed(district, elected))
                }
            }
        }
    }

    /// Old and new numbers of a district.
    pub(super) fn effect(&self, effect: &DistrictEffect) -> Markup {
        let words = self.words();
        let row = |name: Markup, before: u64, after: u64| {
            html! {
                tr {
                    th scope="row" { (name) }
                    td class="n" { (words.number(before)) }
                    td class="n" { (words.number(after)) }
                    td class="n" { (self.difference(before, after)) }
                }
            }
        };
        let text = |english, persian| {
            html! {
                (self.say(english, persian))
            }
        };
        let (before, after) = (effect.before.ballots, effect.after.ballots);
        html! {
            div class="scroll"
                tabindex="0"
                role="group"
                aria-label=(self.say("Numbers before and after", "عددهای پیش و پس"))
            {
                table class="small effect" {
                    caption { (self.district_link(effect.district)) }
                    thead {
                        tr {
                            th scope="col" { (self.say("number", "عدد")) }
                            th scope="col" class="n" { (self.say("before", "پیش")) }
                            th scope="col" class="n" { (self.say("after", "پس")) }
                            th scope="col" class="n" { (self.say("difference", "تفاوت")) }
                        }
                    }
                    tbody {
                        ({
                            row(
                                text("ballots taken", "برگ‌های مأخوذه"),
                                before.taken,
                                after.taken,
                            )
                        })
                        (row(text("valid", "صحیح"), before.valid, after.valid))
                        (row(text("void", "باطل"), before.void, after.void))
                        @for (code, before, after) in effect.options() {
                            (row(self.option_name(effect.district, code), before, after))
                        }
                    }
                }
            }
        }
    }

    fn difference(&self, before: u64, after: u64) -> String {
        let number = self.words().number(before.abs_diff(after));
        match before.cmp(&after) {
            std::cmp::Ordering::Equal => "–".to_owned(),
            std::cmp::Ordering::Less => format!("\u{2066}+{number}\u{2069}"),
            std::cmp::Ordering::Greater => format!("\u{2066}−{number}\u{2069}"),
        }
    }

    /// A list or a candidate by code.
    fn option_name(&self, district: u32, code: u32) -> Markup {
        let words = self.words();
        let own = self.sheet.board.setting.district(district);
        let list = own.lists.iter().find(|own| own.code == code);
        let person = own.candidates.iter().find(|own| own.code == code);
        let name = match (list, person) {
            (Some(list), _) => words.name(&list.name_en, &list.name_fa),
            (None, Some(person)) => words.name(&person.name_en, &person.name_fa),
            (None, None) => "",
        };
        html! {
            bdi { (name) }
            " "
            code { (code) }
        }
    }

    /// Who would be elected, and who no longer.
    fn elected_change(&self, district: u32, after: &Board) -> Markup {
        let board = self.sheet.board;
        let codes = |board: &Board| {
            let outcome = board.counted_outcome(district)?.ok()?;
            Some((elected_codes(&outcome), outcome.outcome.undecided))
        };
        let (Some(before), Some(now)) = (codes(board), codes(after)) else {
            return html! {
                p class="warning" {
                    ({
                        self.say(
                            "The rules give no outcome for this district.",
                            "قواعد برای این حوزه نتیجه‌ای نمی‌دهد.",
                        )
                    })
                }
            };
        };
        let gone: Vec<&u32> = before.0.iter().filter(|code| !now.0.contains(code)).collect();
        let come: Vec<&u32> = now.0.iter().filter(|code| !before.0.contains(code)).collect();
        html! {
            @if gone.is_empty() && come.is_empty() && before.1 == now.1 {
                p {
                    ({
                        self.say(
                            "Who is elected stays the same.",
                            "منتخبان تغییر نمی‌کنند.",
                        )
                    })
                }
            } @else {
                div class="warning" {
                    p {
                        strong {
                            ({
                                self.say(
                                    "Who is elected changes.",
                                    "منتخبان تغییر می‌کنند.",
                                )
                            })
                        }
                    }
                    ul {
                        @for code in come {
                            li {
                                (self.say("would be elected: ", "منتخب می‌شود: "))
                                (self.option_name(district, *code))
                            }
                        }
                        @for code in gone {
                            li {
                                (self.say("no longer: ", "دیگر منتخب نیست: "))
                                (self.option_name(district, *code))
                            }
                        }
                        @if before.1 != now.1 {
                            li {
                                ({
                                    self.say(
                                        "seats that wait for a lot: ",
                                        "کرسی‌های در انتظار قرعه: ",
                                    )
                                })
                                (self.words().number(now.1))
                            }
                        }
                    }
                }
            }
        }
    }

    /// Codes that would be declared beside those that the count gives.
    fn declared_against_computed(&self, id: &str, declared: &[u32]) -> Markup {
        let board = self.sheet.board;
        let Some(district) = board.setting.counting.find_district(id) else { return html! {} };
        let outcome = board.counted_outcome(district).and_then(Result::ok);
        let Some(outcome) = outcome else {
            return html! {
                p class="warning" {
                    ({
                        self.say(
                            "Nothing is counted to compare with.",
                            "شمارشی برای مقایسه نیست.",
                        )
                    })
                }
            };
        };
        let computed = elected_codes(&outcome);
        let all: BTreeSet<u32> = computed.iter().chain(declared).copied().collect();
        let mark = |is: bool| if is { "✓" } else { "✗" };
        html! {
            @if outcome.provisional {
                p class="warning" {
                    strong {
                        ({
                            self.say(
                                "Not everything of this district is in.",
                                "همهٔ آرای این حوزه نرسیده است.",
                            )
                        })
                    }
                }
            }
            @if outcome.needs_lot() {
                p class="warning" {
                    strong {
                        ({
                            self.say(
                                "A lot is needed first.",
                                "نخست قرعه لازم است.",
                            )
                        })
                    }
                }
            }
            @if computed == declared {
                p class="calm" {
                    ({
                        self.say(
                            "The codes are those that the count elects.",
                            "کدها همان منتخبان شمارش است.",
                        )
                    })
                }
            } @else {
                p class="warning" {
                    strong {
                        ({
                            self.say(
                                "The codes are not those that the count elects.",
                                "کدها با منتخبان شمارش یکی نیست.",
                            )
                        })
                    }
                }
            }
            table class="small" {
                caption { (self.district_link(district)) }
                thead {
                    tr {
                        th scope="col" { (self.say("who", "چه کسی")) }
                        th scope="col" { (self.say("the count elects", "منتخب شمارش")) }
                        th scope="col" { (self.say("to be declared", "در اعلام")) }
                    }
                }
                tbody {
                    @for code in all {
                        tr {
                            th scope="row" { (self.option_name(district, code)) }
                            td { (mark(computed.contains(&code))) }
                            td { (mark(declared.contains(&code))) }
                        }
                    }
                }
            }
        }
    }
}
