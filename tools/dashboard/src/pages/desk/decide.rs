//! The form of a decision: what is to be decided, and why. Nothing is signed here.

use maud::{Markup, html};
use shomar_format::control::{Action, Subject};

use super::{At, DeskSheet, content};
use shomar_engine::inapplicable::annulment_reasons;

use crate::desk::{DecisionKind, FieldError, Fields, IN_WORDS, Whole, lot_kinds};

/// Annulments that can be taken back, shown at one time.
const SHOWN: usize = 100;
/// Letters of a field.
const LENGTH_MAX: usize = 1_000;
/// Letters of a field with hashes: as many as an address and a form take.
const HASHES_LENGTH_MAX: usize = 60_000;

/// A form, as far as it is filled, with what is wrong.
pub(crate) fn decide(
    whole: &Whole,
    at: At<'_>,
    kind: DecisionKind,
    fields: &Fields,
    errors: &[FieldError],
) -> String {
    let sheet = DeskSheet::new(&whole.board, at);
    let title = sheet.kind_name(kind);
    let form = Form { sheet: &sheet, whole, fields, errors };
    let summary: Vec<(Option<&str>, String)> =
        errors.iter().map(|own| (Some(own.field), own.message.clone())).collect();
    let main = html! {
        h1 { (title) }
        (sheet.error_summary(&summary))
        @if kind == DecisionKind::Reinstate { (form.annulled()) }
        section class="narrow" {
            form class="desk-form" action=(sheet.path("preview")) {
                input type="hidden" name="decision" value=(kind.name());
                @for field in kind.fields() { (form.field(field, kind)) }
                p {
                    button { (sheet.say("Look at what it would change", "دیدن اثر آن")) }
                }
            }
            p class="hint" {
                ({
                    sheet
                        .say(
                            "Nothing is signed yet. The next page shows exactly what would be recorded, and the numbers before and after.",
                            "هنوز چیزی امضا نمی‌شود. صفحهٔ بعد متن دقیق و عددهای پیش و پس را نشان می‌دهد.",
                        )
                })
            }
        }
    };
    sheet.frame(&content(title, main))
}

/// A form while it is written.
struct Form<'a> {
    sheet: &'a DeskSheet<'a>,
    whole: &'a Whole,
    fields: &'a Fields,
    errors: &'a [FieldError],
}

impl Form<'_> {
    fn field(&self, name: &'static str, kind: DecisionKind) -> Markup {
        let (label, hint) = self.label(name, kind);
        let error = self.errors.iter().find(|own| own.field == name);
        let hint_id = format!("{name}-hint");
        let error_id = format!("{name}-error");
        let described = match (hint.is_empty(), error) {
            (true, None) => None,
            (true, Some(_)) => Some(error_id.clone()),
            (false, None) => Some(hint_id.clone()),
            (false, Some(_)) => Some(format!("{error_id} {hint_id}")),
        };
        let invalid = error.map(|_| "true");
        let value = self.value(name);
        let is_word = IN_WORDS.contains(&name);
        let most = if name == "recount" { HASHES_LENGTH_MAX } else { LENGTH_MAX };
        let is_needed = name == "why";
        html! {
            p class="field" {
                label for=(name) { (label) }
                @if !hint.is_empty() {
                    span class="hint" id=(hint_id) { (hint) }
                }
                @if let Some(error) = error {
                    span class="bad" id=(error_id) { (error.message) }
                }
                @match name {
                    "reason" => {
                        select
                            id=(name)
                            name=(name)
                            aria-describedby=[described]
                            aria-invalid=[invalid]
                        {
                            option value="" { (self.sheet.say("choose", "برگزینید")) }
                            @for reason in annulment_reasons() {
                                option value=(reason.code()) selected[reason.code() == value] {
                                    (self.sheet.say(reason.english(), reason.persian()))
                                    " ("
                                    (reason.code())
                                    ")"
                                }
                            }
                        }
                    }
                    "kind" => {
                        select
                            id=(name)
                            name=(name)
                            aria-describedby=[described]
                            aria-invalid=[invalid]
                        {
                            @for own in lot_kinds() {
                                option value=(own) selected[own == value] { (self.lot_kind(own)) }
                            }
                        }
                    }
                    _ => {
                        input
                            id=(name)
                            name=(name)
                            type="text"
                            value=(value)
                            dir=(if is_word { "auto" } else { "ltr" })
                            autocomplete="off"
                            spellcheck=(if is_word { "true" } else { "false" })
                            maxlength=(most)
                            required[is_needed]
                            aria-describedby=[described]
                            aria-invalid=[invalid];
                    }
                }
            }
        }
    }

    /// What stands in a field: what was written, or what the count says.
    fn value(&self, name: &str) -> String {
        let written = self.fields.get(name);
        if !written.is_empty() || self.fields.0.iter().any(|(own, _)| own == name) {
            return written.to_owned();
        }
        match name {
            "elected" => self.computed().unwrap_or_default(),
            "place" => "1".to_owned(),
            _ => String::new(),
        }
    }

    /// The codes of those whom the count elects in the district of the form.
    fn computed(&self) -> Option<String> {
        let board = &self.whole.board;
        let district = board.setting.counting.find_district(self.fields.get("district"))?;
        let outcome = board.counted_outcome(district)?.ok()?;
        let codes = crate::desk::elected_codes(&outcome);
        let codes: Vec<String> = codes.iter().map(u32::to_string).collect();
        Some(codes.join(" "))
    }

    fn label(&self, name: &str, kind: DecisionKind) -> (&'static str, &'static str) {
        let words = self.sheet.words();
        let say = |en, fa| words.say(en, fa);
        match (name, kind) {
            ("batch", DecisionKind::Release | DecisionKind::Reject) => (
                say("Batch", "بسته"),
                say("Hash of its record, 64 digits", "چکیدهٔ رکورد آن، ۶۴ رقم"),
            ),
            ("batch", _) => (
                say("Or one batch alone", "یا تنها یک بسته"),
                say(
                    "Hash of its record; then neither station nor district",
                    "چکیدهٔ رکورد آن؛ در این صورت شعبه و حوزه خالی بماند",
                ),
            ),
            ("station", DecisionKind::Supersede) => (
                say("Station", "شعبه"),
                say("Id of the station that was counted again", "شناسهٔ شعبهٔ بازشماری‌شده"),
            ),
            ("station", _) => (
                say("Station", "شعبه"),
                say(
                    "Id; all its batches, unless a district is named",
                    "شناسه؛ همهٔ بسته‌های آن، مگر حوزه نام برده شود",
                ),
            ),
            ("district", DecisionKind::Annul | DecisionKind::Reinstate) => (
                say("District", "حوزه"),
                say(
                    "Id; only what the station reports of it",
                    "شناسه؛ تنها گزارش شعبه از این حوزه",
                ),
            ),
            ("district", _) => (say("District", "حوزه"), say("Its id", "شناسهٔ آن")),
            ("recount", _) => (
                say("Batches of the recount", "بسته‌های بازشماری"),
                say(
                    "Hashes of their records; empty where one alone waits",
                    "چکیدهٔ رکورد آن‌ها؛ اگر تنها یک بسته در انتظار است، خالی بماند",
                ),
            ),
            ("reason", _) => (say("Reason by law", "دلیل قانونی"), ""),
            ("elected", _) => (
                say("Codes of those elected", "کد منتخبان"),
                say(
                    "Filled from the count; separated by spaces",
                    "از شمارش پر شده است؛ با فاصله از هم",
                ),
            ),
            ("kind", _) => (say("Kind of lot", "نوع قرعه"), ""),
            ("place", _) => {
                (say("Which lot of its tie", "چندمین قرعهٔ این تساوی"), say("From 1", "از ۱"))
            }
            ("winner", _) => (
                say("Code of the winner", "کد برندهٔ قرعه"),
                say("Empty for the independents together", "برای مستقل‌ها با هم خالی بماند"),
            ),
            ("between", _) => (
                say("Between", "میان"),
                say(
                    "All codes drawn from; independents: these together",
                    "همهٔ کدهای قرعه؛ independents یعنی مستقل‌ها با هم",
                ),
            ),
            ("drawn_at", _) => (
                say("When it was drawn", "زمان قرعه"),
                say("In the words of the minutes", "به عبارت صورت‌جلسه"),
            ),
            ("present", _) => (
                say("Who was present", "حاضران"),
                say("In the words of the minutes", "به عبارت صورت‌جلسه"),
            ),
            _ => (
                say("Why", "علت"),
                say(
                    "In words; it stands in the record for ever",
                    "به عبارت؛ برای همیشه در رکورد می‌ماند",
                ),
            ),
        }
    }

    fn lot_kind(&self, kind: &'static str) -> &'static str {
        let words = self.sheet.words();
        match kind {
            "seat" => words.say("a seat between groups", "کرسی میان گروه‌ها"),
            "person" => words.say("who is elected", "چه کسی منتخب است"),
            "alternate" => words.say("order of alternates", "ترتیب علی‌البدل‌ها"),
            "runoff" => words.say("who is in the second round", "راه‌یافته به دور دوم"),
            "replacement" => words.say("who comes in for a member", "جانشین عضو"),
            other => other,
        }
    }

    /// What is annulled now: links that fill the form.
    fn annulled(&self) -> Markup {
        let mut standing: Vec<&Subject> = Vec::new();
        for applied in self.whole.ledger.applied() {
            match &applied.control.action {
                Action::Annul { subject, .. } => standing.push(subject),
                Action::Reinstate { subject } => standing.retain(|own| *own != subject),
                _ => {}
            }
        }
        let link = |subject: &Subject| {
            let query = match subject {
                Subject::Station(station) => format!("station={}", crate::view::encoded(station)),
                Subject::Pair(station, district) => format!(
                    "station={}&district={}",
                    crate::view::encoded(station),
                    crate::view::encoded(district)
                ),
                Subject::Batch(hash) => format!("batch={}", shomar_format::bytes::hex(hash)),
            };
            self.sheet.path(&format!("decide/reinstate?{query}"))
        };
        html! {
            section aria-labelledby="annulled" {
                h2 id="annulled" { (self.sheet.say("Annulled now", "اکنون باطل")) }
                @if standing.is_empty() {
                    p class="calm" { (self.sheet.say("None.", "هیچ.")) }
                }
                ul {
                    @for subject in standing.iter().rev().take(SHOWN) {
                        li {
                            a href=(link(subject)) { (self.sheet.sheet.telling().subject(subject)) }
                        }
                    }
                }
            }
        }
    }
}
