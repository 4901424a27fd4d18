//! Names of places and contests, and what an officer decided, in the words of a page or a paper.
//!
//! In: an election, indices and ids, control records. Out: text in one language. Never: HTML; a
//! name that the election does not have, except of contests, which have ids alone.

use shomar_engine::checks::Alarm;
use shomar_engine::inapplicable::{Inapplicable, annulment_codes};
use shomar_format::bytes::{Digest32, hex};
use shomar_format::control::{Action, Subject};
use shomar_seats::{Language, VoidReason};

use crate::alarm::not_kept;
use crate::setting::Setting;
use crate::words::Words;

/// Digits of a hash that are enough to find it.
const HASH_DIGITS: usize = 16;

/// An election told in one language.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// The election.
    pub setting: &'a Setting,
    /// The language.
    pub words: Words,
}

impl<'a> Telling<'a> {
    /// Name of the election.
    pub fn election_title(self) -> &'a str {
        let head = &self.setting.subject.election.head;
        self.words.name(&head.title_en, &head.title_fa)
    }

    /// Name of a province.
    pub fn province_name(self, province: u32) -> &'a str {
        let own = &self.setting.places.provinces[province as usize];
        self.words.name(own.name_en(), &own.name_fa)
    }

    /// The name of a contest, from its id: elections name none.
    pub fn contest_name(self, contest: usize) -> String {
        let id = &self.setting.subject.election.head.contests[contest].id;
        let known = match id.as_str() {
            "tehran" => Some(("Council of Tehran", "شورای شهر تهران")),
            "city" => Some(("City councils", "شوراهای شهر")),
            "village" => Some(("Village councils", "شوراهای روستا")),
            "majlis" => Some(("Majlis by-elections", "میان‌دوره‌ای مجلس")),
            "experts" => Some(("Assembly of Experts by-elections", "میان‌دوره‌ای خبرگان رهبری")),
            _ => None,
        };
        known.map_or_else(|| id.clone(), |(en, fa)| self.words.say(en, fa).to_owned())
    }

    /// Name of a district, by index.
    pub fn district_name(self, district: u32) -> &'a str {
        let own = self.setting.district(district);
        self.words.name(&own.name_en, &own.name_fa)
    }

    /// Name of a district by its id; the id where there is none.
    pub fn district_called(self, id: &str) -> String {
        match self.setting.counting.find_district(id) {
            Some(at) => self.district_name(at).to_owned(),
            None => id.to_owned(),
        }
    }

    /// A station by its id, with its name.
    pub fn station_called(self, id: &str) -> String {
        let station = self.setting.counting.find_station(id);
        let stations = &self.setting.subject.election.stations;
        let name = station.map_or("", |at| stations[at as usize].name_fa.as_str());
        format!("{} {name} ({id})", self.words.say("station", "شعبهٔ"))
    }

    /// Name of an officer, by index; the id where there is none.
    pub fn officer_name(self, officer: u32) -> &'a str {
        let officers = &self.setting.subject.election.head.officers;
        officers.get(officer as usize).map_or("–", |officer| {
            let name = self.words.name(&officer.name_en, &officer.name_fa);
            if name.is_empty() { officer.id.as_str() } else { name }
        })
    }

    /// What a decision does, in a word or two.
    pub fn action_name(self, action: &Action) -> &'static str {
        let (english, persian) = match action {
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
        self.words.say(english, persian)
    }

    /// What a decision is about.
    pub fn about(self, action: &Action) -> String {
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
                words.joined(&[self.district_called(&lot.district), words.digits(&lot.winner)])
            }
            Action::Declare { district, elected } => {
                let elected =
                    format!("{} {}", words.number(elected.len()), words.say("elected", "منتخب"));
                words.joined(&[self.district_called(district), elected])
            }
        }
    }

    /// What is annulled or brought back.
    pub fn subject(self, subject: &Subject) -> String {
        match subject {
            Subject::Station(station) => self.station_called(station),
            Subject::Pair(station, district) => self.pair(station, district),
            Subject::Batch(hash) => self.batch(hash),
        }
    }

    fn pair(self, station: &str, district: &str) -> String {
        self.words.joined(&[self.station_called(station), self.district_called(district)])
    }

    fn batch(self, hash: &Digest32) -> String {
        format!("{} {}…", self.words.say("batch", "بستهٔ"), &hex(hash)[..HASH_DIGITS])
    }

    /// Why a decision cannot be applied.
    pub fn why_not(self, why: &Inapplicable) -> String {
        if self.words.language == Language::English {
            return why.to_string();
        }
        match why {
            Inapplicable::NotOpened => "هنوز کسی رأی‌گیری را آغاز نکرده است.".to_owned(),
            Inapplicable::SameAddress { position } => {
                let position = self.words.number(*position);
                format!("رکورد {position} همین نشانی را دارد.")
            }
            Inapplicable::OpenedAlready => "رأی‌گیری پیش‌تر آغاز شده است.".to_owned(),
            Inapplicable::ClosedUnopened => "رأی‌گیری هنوز آغاز نشده است و پایانی ندارد.".to_owned(),
            Inapplicable::ClosedAlready => "رأی‌گیری پیش‌تر پایان یافته است.".to_owned(),
            Inapplicable::UnknownReason(code) => {
                let codes = annulment_codes().join("، ");
                format!("«{code}» از دلیل‌های ابطال نیست. دلیل‌ها: {codes}")
            }
            Inapplicable::AnnulledAlready(subject) => {
                format!("{} پیش‌تر ابطال شده است.", self.subject(subject))
            }
            Inapplicable::NotAnnulled(subject) => {
                format!("{} با همین نام ابطال نشده است تا بازگردانده شود.", self.subject(subject))
            }
            Inapplicable::UnknownLotKind(kind) => format!("«{kind}» از گونه‌های قرعه نیست."),
            Inapplicable::UnknownLotParty { party, district, .. } => {
                let (party, district) = (self.words.digits(party), self.district_called(district));
                format!("«{party}» در {district} در قرعه جایی ندارد.")
            }
            Inapplicable::WinnerNotAmong { winner, between } => {
                let (winner, between) = (self.words.digits(winner), self.words.digits(between));
                format!("برندهٔ قرعه، «{winner}»، یکی از «{between}» نیست.")
            }
            Inapplicable::UnknownCode { code, district } => {
                let (code, district) =
                    (self.words.digits(&code.to_string()), self.district_called(district));
                format!("کد {code} از نامزدهای {district} نیست.")
            }
            Inapplicable::OtherOldBatches { standing, .. } => {
                let standing: Vec<String> = standing.iter().map(|hash| self.batch(hash)).collect();
                let standing =
                    if standing.is_empty() { "هیچ".to_owned() } else { standing.join("، ") };
                format!("بسته‌های پیشین آن‌هایی نیستند که اکنون شمرده می‌شوند: {standing}")
            }
            Inapplicable::NoWaitingRecount(batch) => {
                format!("{} بازشماری این شعبه و حوزه نیست که در انتظار باشد.", self.batch(batch))
            }
            Inapplicable::UnknownBatch(batch) => format!("{} در دفتر نیست.", self.batch(batch)),
            Inapplicable::UnknownStation(id) => format!("شعبه‌ای با شناسهٔ «{id}» نیست."),
            Inapplicable::UnknownDistrict(id) => format!("حوزه‌ای با شناسهٔ «{id}» نیست."),
            Inapplicable::NotServed { station, district } => {
                let (station, district) =
                    (self.station_called(station), self.district_called(district));
                format!("{station} برای {district} رأی نمی‌گیرد.")
            }
        }
    }

    /// What a check found, with the numbers that do not keep to it.
    pub fn alarm(self, alarm: &Alarm) -> String {
        format!(
            "{} ({})",
            self.check_name(alarm.method.name()),
            not_kept(self.words, &alarm.formula)
        )
    }

    /// What a check compares, in words.
    pub fn check_name(self, method: &str) -> String {
        let (english, persian) = match method {
            "ballots-authenticated" => {
                ("more ballots than voters authenticated", "برگ رأی بیش از احراز هویت‌شدگان")
            }
            "authenticated-registered" => {
                ("more voters authenticated than registered", "احراز هویت‌شدگان بیش از واجدان")
            }
            "ballots-registered" => {
                ("more ballots than voters registered", "برگ رأی بیش از واجدان شرایط")
            }
            "taken-valid-void" => ("ballots do not add up", "جمع برگ‌ها نمی‌خواند"),
            "void-share" => (
                "void share is far from that of the other stations",
                "سهم باطله دور از شعبه‌های دیگر",
            ),
            "duplicate-content" => ("the same ballots as another batch", "همان برگ‌های بستهٔ دیگر"),
            "jump" => {
                ("far more ballots than the other stations", "برگ رأی بسیار بیش از شعبه‌های دیگر")
            }
            other => return other.to_owned(),
        };
        self.words.say(english, persian).to_owned()
    }
}
