//! Forms: from fields as people fill them to the action of a control record.
//!
//! In: the fields of a form. Out: an action; or what is wrong, by field, in the language of the
//! page. Never: an action that the preview has not shown.

use shomar_board::board::Board;
use shomar_board::telling::Telling;
use shomar_board::words::Words;
use shomar_engine::inapplicable::{Inapplicable, annulment_reasons};
use shomar_engine::ledger::{Entry, Ledger, Ruling, Standing};
use shomar_engine::lots::{REPLACEMENT_LOT, RecordedLot};
use shomar_format::bytes::{Digest32, digest_from_hex, hex};
use shomar_format::control::{Action, Lot, Subject};
use shomar_format::limits::FIELD_BYTES_MAX;
use shomar_seats::LotKind;

/// What can be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecisionKind {
    Release,
    Reject,
    Annul,
    Reinstate,
    Supersede,
    Declare,
    Lot,
    Open,
    Close,
}

impl DecisionKind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Release,
        Self::Reject,
        Self::Annul,
        Self::Reinstate,
        Self::Supersede,
        Self::Declare,
        Self::Lot,
        Self::Open,
        Self::Close,
    ];

    /// As paths and control records have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Reject => "reject",
            Self::Annul => "annul",
            Self::Reinstate => "reinstate",
            Self::Supersede => "supersede",
            Self::Declare => "declare",
            Self::Lot => "lot",
            Self::Open => "open",
            Self::Close => "close",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The fields of its form, in order.
    pub(crate) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Release | Self::Reject => &["batch", "why"],
            Self::Annul => &["station", "district", "batch", "reason", "why"],
            Self::Reinstate => &["station", "district", "batch", "why"],
            Self::Supersede => &["station", "district", "recount", "why"],
            Self::Declare => &["district", "elected", "why"],
            Self::Lot => {
                &["district", "kind", "place", "winner", "between", "drawn_at", "present", "why"]
            }
            Self::Open | Self::Close => &["why"],
        }
    }
}

/// Fields that are no names or numbers, but words, which stand in the record as they are.
pub(crate) const IN_WORDS: [&str; 3] = ["why", "drawn_at", "present"];

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    /// What somebody has written into a field, without the space around it.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.trim())
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug)]
pub(crate) struct FieldError {
    pub(crate) field: &'static str,
    pub(crate) message: String,
}

/// Kinds of lots, as records have them.
pub(crate) fn lot_kinds() -> Vec<&'static str> {
    let kinds = [LotKind::Seat, LotKind::Person, LotKind::Alternate, LotKind::Runoff];
    kinds.into_iter().map(LotKind::name).chain([REPLACEMENT_LOT]).collect()
}

/// Reads a form against what is counted.
pub(crate) struct Reader<'a> {
    pub(crate) words: Words,
    pub(crate) board: &'a Board,
    pub(crate) ledger: &'a Ledger,
    pub(crate) fields: &'a Fields,
}

impl Reader<'_> {
    /// What the form proposes, and why.
    pub(crate) fn read(&self, kind: DecisionKind) -> Result<(Action, String), Vec<FieldError>> {
        let mut errors = Vec::new();
        let action = self.action(kind).map_err(|mut found| errors.append(&mut found));
        let why = self.fields.get("why").to_owned();
        if why.is_empty() {
            let message = self.words.say("Write why, in words.", "علت را بنویسید.").to_owned();
            errors.push(FieldError { field: "why", message });
        }
        errors.extend(kind.fields().iter().filter_map(|field| self.unfit_words(field)));
        match (action, errors.is_empty()) {
            (Ok(action), true) => Ok((action, why)),
            _ => Err(errors),
        }
    }

    /// What is wrong with words that would stand in the record.
    fn unfit_words(&self, field: &'static str) -> Option<FieldError> {
        let text = self.fields.get(field);
        let said = if text.chars().any(char::is_control) {
            self.words.say("One line, without tabs.", "در یک سطر و بدون جهش (tab) بنویسید.")
        } else if IN_WORDS.contains(&field) && text.len() > FIELD_BYTES_MAX {
            self.words.say(
                "Too long for a record: at most 1,024 bytes; a Persian letter has two.",
                "برای رکورد بلند است: دست بالا ۱۰۲۴ بایت، که هر حرف فارسی دو بایت است.",
            )
        } else {
            return None;
        };
        Some(FieldError { field, message: said.to_owned() })
    }

    fn wrong<T>(&self, field: &'static str, en: &str, fa: &str) -> Result<T, Vec<FieldError>> {
        Err(vec![FieldError { field, message: self.words.say(en, fa).to_owned() }])
    }

    fn no_code<T>(&self, field: &'static str, found: &str) -> Result<T, Vec<FieldError>> {
        let said = self.words.say("No code of this district:", "در این حوزه چنین کدی نیست:");
        Err(vec![FieldError { field, message: format!("{said} {found}") }])
    }

    fn action(&self, kind: DecisionKind) -> Result<Action, Vec<FieldError>> {
        Ok(match kind {
            DecisionKind::Open => Action::Open,
            DecisionKind::Close => Action::Close,
            DecisionKind::Release => Action::Release { batch: self.batch()? },
            DecisionKind::Reject => Action::Reject { batch: self.batch()? },
            DecisionKind::Annul => {
                let (subject, reason) = (self.subject(), self.reason());
                match (subject, reason) {
                    (Ok(subject), Ok(reason)) => Action::Annul { reason, subject },
                    (subject, reason) => {
                        let errors = [subject.err(), reason.err()];
                        return Err(errors.into_iter().flatten().flatten().collect());
                    }
                }
            }
            DecisionKind::Reinstate => Action::Reinstate { subject: self.subject()? },
            DecisionKind::Supersede => self.supersede()?,
            DecisionKind::Declare => self.declare()?,
            DecisionKind::Lot => self.lot()?,
        })
    }

    fn reason(&self) -> Result<String, Vec<FieldError>> {
        let code = self.fields.get("reason");
        match annulment_reasons().any(|own| own.code() == code) {
            true => Ok(code.to_owned()),
            false => self.wrong("reason", "Choose a reason.", "یکی از دلایل را برگزینید."),
        }
    }

    fn batch(&self) -> Result<Digest32, Vec<FieldError>> {
        let hash = digest_from_hex(&self.fields.get("batch").to_lowercase());
        match hash.filter(|hash| self.ledger.find(hash).is_some()) {
            Some(hash) => Ok(hash),
            None => self.wrong(
                "batch",
                "Give the hash of a batch that the journal has: 64 hexadecimal digits.",
                "چکیدهٔ بسته‌ای را بدهید که در دفتر ثبت است: ۶۴ رقم شانزده‌شانزدهی.",
            ),
        }
    }

    fn station(&self) -> Result<String, Vec<FieldError>> {
        let id = self.fields.get("station");
        match self.board.setting.counting.find_station(id) {
            Some(_) => Ok(id.to_owned()),
            None => self.wrong("station", "There is no such station.", "چنین شعبه‌ای نیست."),
        }
    }

    fn district(&self) -> Result<(u32, String), Vec<FieldError>> {
        let id = self.fields.get("district");
        match self.board.setting.counting.find_district(id) {
            Some(at) => Ok((at, id.to_owned())),
            None => self.wrong("district", "There is no such district.", "چنین حوزه‌ای نیست."),
        }
    }

    fn subject(&self) -> Result<Subject, Vec<FieldError>> {
        let [station, district, batch] =
            ["station", "district", "batch"].map(|name| !self.fields.get(name).is_empty());
        match (station, district, batch) {
            (false, false, true) => Ok(Subject::Batch(self.batch()?)),
            (true, false, false) => Ok(Subject::Station(self.station()?)),
            (true, true, false) => Ok(Subject::Pair(self.station()?, self.district()?.1)),
            _ => self.wrong(
                "station",
                "Name a station, or a station and a district, or one batch.",
                "یک شعبه، یا شعبه و حوزه، یا تنها یک بسته را نام ببرید.",
            ),
        }
    }

    /// The recount of a pair in place of all that stands. Where several batches wait, nothing tells
    /// two recounts from two parts of one, and two recounts would both count: so somebody says
    /// which batches are the recount.
    fn supersede(&self) -> Result<Action, Vec<FieldError>> {
        let (station, (district_at, district)) = (self.station()?, self.district()?);
        let counting = &self.board.setting.counting;
        let station_at = counting.find_station(&station);
        let (mut old, mut waiting) = (Vec::new(), Vec::new());
        for (batch, entry) in (0..).zip(self.ledger.entries()) {
            if Some(entry.address.station) != station_at || entry.address.district != district_at {
                continue;
            }
            match self.ledger.standing(batch) {
                Standing::Stands | Standing::Annulled(_) => old.push(entry.hash),
                Standing::Waiting if entry.ruling == Some(Ruling::Rejected) => {}
                Standing::Waiting => waiting.push(entry),
                Standing::Superseded(_) => {}
            }
        }
        old.sort_unstable();
        let mut new = self.recount(&waiting)?;
        new.sort_unstable();
        new.dedup();
        Ok(Action::Supersede { station, district, old, new })
    }

    /// Which of the waiting batches of a pair are its recount.
    fn recount(&self, waiting: &[&Entry]) -> Result<Vec<Digest32>, Vec<FieldError>> {
        // As copied from this page, with the marks that keep a hash in order in Persian text.
        let named = self.fields.get("recount").replace(['\u{2066}', '\u{2069}'], "");
        let named = western(&named).to_lowercase();
        match waiting {
            [] => {
                return self.wrong(
                    "station",
                    "No recount of this pair waits.",
                    "برای این شعبه و حوزه بازشماری‌ای در انتظار نیست.",
                );
            }
            [only] if named.is_empty() => return Ok(vec![only.hash]),
            _ => {}
        }
        let waits = |part| {
            let hash = digest_from_hex(part)?;
            waiting.iter().any(|entry| entry.hash == hash).then_some(hash)
        };
        let hashes: Option<Vec<Digest32>> = listed(&named).map(waits).collect();
        if let Some(hashes) = hashes.filter(|hashes| !hashes.is_empty()) {
            return Ok(hashes);
        }
        let said = self.words.say(
            "Name the batches that are the recount together; all that are named count. These wait:",
            "بسته‌هایی را نام ببرید که با هم بازشماری را می‌سازند؛ هر بستهٔ نام‌برده شمرده می‌شود. در انتظارند:",
        );
        let of = self.words.say("ballots", "برگ رأی");
        let listed = waiting.iter().map(|entry| {
            let taken = self.words.number(entry.taken);
            format!("\u{2066}{}\u{2069} ({taken} {of})", hex(&entry.hash))
        });
        let listed: Vec<String> = listed.collect();
        let message = format!("{said} {}", self.words.joined(&listed));
        Err(vec![FieldError { field: "recount", message }])
    }

    fn declare(&self) -> Result<Action, Vec<FieldError>> {
        let (at, district) = self.district()?;
        match self.board.counted_outcome(at) {
            None => {
                return self.wrong(
                    "district",
                    "Before the close nothing is counted per option.",
                    "پیش از پایان رأی‌گیری رأیی به تفکیک شمرده نمی‌شود.",
                );
            }
            // Also of a partial count: what is declared has all of its seats.
            Some(Ok(outcome)) if outcome.needs_lot() || outcome.needs_seat_lot() => {
                return self.wrong(
                    "district",
                    "A lot is needed in this district: record it first.",
                    "در این حوزه قرعه لازم است؛ نخست قرعه را ثبت کنید.",
                );
            }
            Some(_) => {}
        }
        let codes = self.board.setting.counting.option_codes(at);
        let text = western(self.fields.get("elected"));
        let mut elected = Vec::new();
        for part in listed(&text) {
            let code = part.parse().ok();
            match code.filter(|code| codes.iter().any(|own| own.to_native() == *code)) {
                Some(code) => elected.push(code),
                None => return self.no_code("elected", part),
            }
        }
        elected.sort_unstable();
        elected.dedup();
        Ok(Action::Declare { district, elected })
    }

    fn lot(&self) -> Result<Action, Vec<FieldError>> {
        let (_, district) = self.district()?;
        let kind = self.fields.get("kind");
        if !lot_kinds().contains(&kind) {
            return self.wrong("kind", "Choose a kind of lot.", "نوع قرعه را برگزینید.");
        }
        let place = western(self.fields.get("place")).parse().ok();
        let Some(place) = place.filter(|place: &u32| *place > 0) else {
            let (en, fa) = ("Which lot of its tie: a number from 1.", "چندمین قرعه: عددی از ۱.");
            return self.wrong("place", en, fa);
        };
        let text = |name: &str| self.fields.get(name).to_owned();
        let winner = western(self.fields.get("winner")).trim().to_owned();
        let between = western(self.fields.get("between"));
        let between = listed(&between).collect::<Vec<&str>>().join(";");
        let (drawn_at, present) = (text("drawn_at"), text("present"));
        let kind = kind.to_owned();
        let lot = Lot { district, kind, place, winner, between, drawn_at, present };
        let setting = &self.board.setting;
        let Err(why) = RecordedLot::of_record(0, &lot, &setting.counting) else {
            return Ok(Action::Lot(lot));
        };
        let field = match &why {
            Inapplicable::UnknownLotParty { party, .. } if *party == lot.winner => "winner",
            Inapplicable::UnknownLotParty { .. } | Inapplicable::WinnerNotAmong { .. } => "between",
            _ => "district",
        };
        let message = Telling { setting, words: self.words }.why_not(&why);
        Err(vec![FieldError { field, message }])
    }
}

/// What stands in a list, however it is separated.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|own: char| own.is_whitespace() || ",;،؛".contains(own));
    parts.filter(|part| !part.is_empty())
}

/// Digits as programs have them, whichever were typed.
fn western(text: &str) -> String {
    let digit = |own: char| match own {
        '۰'..='۹' => char::from_digit(u32::from(own) - u32::from('۰'), 10).unwrap_or(own),
        '٠'..='٩' => char::from_digit(u32::from(own) - u32::from('٠'), 10).unwrap_or(own),
        _ => own,
    };
    text.chars().map(digit).collect()
}
