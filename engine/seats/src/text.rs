//! Steps as sentences, in English and Persian.
//!
//! What comes in: a step and the names of lists and candidates. What goes out: one short sentence
//! that carries the numbers. It decides nothing, and nothing is built before somebody asks.

use crate::numerals::{grouped, localized};
use crate::{Fact, GroupKey, LotKind, Party, Step};

/// A language of the sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, ASCII digits.
    English,
    /// Persian, Persian digits.
    Persian,
}

/// Names, by position in the race.
pub trait Labels {
    /// Name of a list, without the word "list".
    fn list(&self, position: u32, language: Language) -> String;
    /// Name of a candidate.
    fn candidate(&self, position: u32, language: Language) -> String;
}

impl Step {
    /// The sentence in English.
    pub fn text_en(&self, labels: &dyn Labels) -> String {
        let words = Words { labels, language: Language::English };
        words.english(&self.fact).unwrap_or_else(|| words.english_persons(&self.fact))
    }

    /// The sentence in Persian.
    pub fn text_fa(&self, labels: &dyn Labels) -> String {
        let words = Words { labels, language: Language::Persian };
        words.persian(&self.fact).unwrap_or_else(|| words.persian_persons(&self.fact))
    }
}

struct Words<'a> {
    labels: &'a dyn Labels,
    language: Language,
}

impl Words<'_> {
    fn number(&self, number: impl Into<u64>) -> String {
        grouped(number.into(), self.language)
    }

    /// `1 seat`, `2 seats`.
    fn count(&self, number: u32, noun: &str) -> String {
        let plural = if number == 1 { "" } else { "s" };
        format!("{} {noun}{plural}", self.number(number))
    }

    fn group(&self, key: GroupKey) -> String {
        match (key, self.language) {
            (GroupKey::List(list), Language::English) => {
                format!("List {}", self.labels.list(list, self.language))
            }
            (GroupKey::List(list), Language::Persian) => {
                format!("فهرست {}", self.labels.list(list, self.language))
            }
            (GroupKey::Independent(candidate), _) => {
                self.labels.candidate(candidate, self.language)
            }
            (GroupKey::Independents, Language::English) => "Independents".to_owned(),
            (GroupKey::Independents, Language::Persian) => "نامزدهای منفرد".to_owned(),
        }
    }

    fn party(&self, party: Party) -> String {
        match party {
            Party::Group(key) => self.group(key),
            Party::Candidate(candidate) => self.labels.candidate(candidate, self.language),
        }
    }

    fn parties(&self, parties: &[Party]) -> String {
        let separator = match self.language {
            Language::English => ", ",
            Language::Persian => "، ",
        };
        let names: Vec<String> = parties.iter().map(|party| self.party(*party)).collect();
        names.join(separator)
    }

    /// `List A: ` before a sentence about one group.
    fn prefix(&self, group: Option<GroupKey>) -> String {
        group.map_or_else(String::new, |key| format!("{}: ", self.group(key)))
    }

    fn english(&self, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::NoVotes { seats } => {
                let seats = self.count(*seats, "seat");
                format!("No valid vote: nobody is elected, vacant: {seats}.")
            }
            Fact::Threshold { percent, base } => {
                format!("Threshold: at least {percent} % of {} votes.", self.number(*base))
            }
            Fact::BelowThreshold { group, votes, base } => format!(
                "{} has {} of {} votes, below the threshold: it gets no seat.",
                self.group(*group),
                self.number(*votes),
                self.number(*base)
            ),
            Fact::Total { group, votes } => {
                format!("{}: {} votes in all.", self.group(*group), self.number(*votes))
            }
            Fact::Quota { votes, seats } => {
                format!("{} votes for {}.", self.number(*votes), self.count(*seats, "seat"))
            }
            Fact::Share { group, votes, seats, denominator, whole, remainder } => format!(
                "{}: {} × {} / {} = {}, remainder {} / {}.",
                self.group(*group),
                self.number(*votes),
                self.number(*seats),
                self.number(*denominator),
                self.count(*whole, "seat"),
                self.number(*remainder),
                self.number(*denominator)
            ),
            Fact::TooShort { group, capacity, over } => format!(
                "{} has only {}: {} more that it won go to the others.",
                self.group(*group),
                self.count(*capacity, "candidate"),
                self.count(*over, "seat")
            ),
            Fact::Leftover { seats } => format!(
                "Left over: {}, one by one to the largest remainders.",
                self.count(*seats, "seat")
            ),
            Fact::RemainderSeat { group, remainder, denominator, round } => format!(
                "Round {}: one seat to {}, remainder {} / {}.",
                self.number(*round),
                self.group(*group),
                self.number(*remainder),
                self.number(*denominator)
            ),
            Fact::QuotientSeat { group, seat, votes, divisor } => format!(
                "Seat {} to {}: {} / {}.",
                self.number(*seat),
                self.group(*group),
                self.number(*votes),
                self.number(*divisor)
            ),
            Fact::Vacant { seats } => {
                format!("Vacant, as nobody can take them: {}.", self.count(*seats, "seat"))
            }
            _ => return None,
        })
    }

    fn english_persons(&self, fact: &Fact) -> String {
        let place = |kind: &LotKind, places: &u32| match kind {
            LotKind::Seat | LotKind::Person => self.count(*places, "seat"),
            LotKind::Alternate => self.count(*places, "alternate place"),
        };
        match fact {
            Fact::Tie { kind, places, between } => {
                format!("Equal claim to {}: {}.", place(kind, places), self.parties(between))
            }
            Fact::LotDrawn { place, winner, .. } => {
                format!("Lot {} was won by {}.", self.number(*place), self.party(*winner))
            }
            Fact::LotNeeded { kind, places, between } => format!(
                "A lot is needed for {} between {}.",
                place(kind, places),
                self.parties(between)
            ),
            Fact::Persons { group, seats, elected, last_votes, next_votes } => format!(
                "{}{} by most votes: number {} has {} votes, {}.",
                self.prefix(*group),
                self.count(*seats, "seat"),
                self.number(*elected),
                self.number(*last_votes),
                next_votes.map_or_else(
                    || "nobody is next".to_owned(),
                    |votes| format!("the next has {}", self.number(votes))
                )
            ),
            Fact::AlternateCount { group, seats, percent, alternates } => format!(
                "{}{} % of {} makes {}.",
                self.prefix(Some(*group)),
                self.number(*percent),
                self.count(*seats, "seat"),
                self.count(*alternates, "alternate")
            ),
            Fact::Alternates { group, wanted, named } => format!(
                "{}{} named of {} wanted.",
                self.prefix(*group),
                self.count(*named, "alternate"),
                self.number(*wanted)
            ),
            other => unreachable!("{other:?} is a fact about groups"),
        }
    }

    fn persian(&self, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::NoVotes { seats } => format!(
                "هیچ رأی صحیحی نیست؛ کسی انتخاب نمی‌شود و {} کرسی خالی می‌ماند.",
                self.number(*seats)
            ),
            Fact::Threshold { percent, base } => format!(
                "حد نصاب: دست‌کم {} درصد از {} رأی.",
                localized(&percent.to_string(), self.language),
                self.number(*base)
            ),
            Fact::BelowThreshold { group, votes, base } => format!(
                "{} با {} رأی از {} رأی به حد نصاب نمی‌رسد و کرسی نمی‌گیرد.",
                self.group(*group),
                self.number(*votes),
                self.number(*base)
            ),
            Fact::Total { group, votes } => {
                format!("{}: در مجموع {} رأی.", self.group(*group), self.number(*votes))
            }
            Fact::Quota { votes, seats } => {
                format!("{} رأی برای {} کرسی.", self.number(*votes), self.number(*seats))
            }
            Fact::Share { group, votes, seats, denominator, whole, remainder } => format!(
                "{}: {} × {} ÷ {} = {} کرسی، باقی‌مانده {} از {}.",
                self.group(*group),
                self.number(*votes),
                self.number(*seats),
                self.number(*denominator),
                self.number(*whole),
                self.number(*remainder),
                self.number(*denominator)
            ),
            Fact::TooShort { group, capacity, over } => format!(
                "{} تنها {} نامزد دارد؛ {} کرسی دیگر آن به سایر گروه‌ها می‌رسد.",
                self.group(*group),
                self.number(*capacity),
                self.number(*over)
            ),
            Fact::Leftover { seats } => format!(
                "{} کرسی باقی است که یک به یک به بزرگ‌ترین باقی‌مانده‌ها می‌رسد.",
                self.number(*seats)
            ),
            Fact::RemainderSeat { group, remainder, denominator, round } => format!(
                "دور {}: یک کرسی به {}، باقی‌مانده {} از {}.",
                self.number(*round),
                self.group(*group),
                self.number(*remainder),
                self.number(*denominator)
            ),
            Fact::QuotientSeat { group, seat, votes, divisor } => format!(
                "کرسی {} به {}: {} ÷ {}.",
                self.number(*seat),
                self.group(*group),
                self.number(*votes),
                self.number(*divisor)
            ),
            Fact::Vacant { seats } => format!(
                "{} کرسی خالی می‌ماند، چون کسی برای گرفتن آن نمانده است.",
                self.number(*seats)
            ),
            _ => return None,
        })
    }

    fn persian_persons(&self, fact: &Fact) -> String {
        let place = |kind: &LotKind, places: &u32| match kind {
            LotKind::Seat | LotKind::Person => format!("{} کرسی", self.number(*places)),
            LotKind::Alternate => format!("{} جای علی‌البدل", self.number(*places)),
        };
        match fact {
            Fact::Tie { kind, places, between } => {
                format!("برای {} برابرند: {}.", place(kind, places), self.parties(between))
            }
            Fact::LotDrawn { place, winner, .. } => {
                format!("برندهٔ قرعهٔ {}: {}.", self.number(*place), self.party(*winner))
            }
            Fact::LotNeeded { kind, places, between } => format!(
                "برای {} قرعه لازم است، میان: {}.",
                place(kind, places),
                self.parties(between)
            ),
            Fact::Persons { group, seats, elected, last_votes, next_votes } => format!(
                "{}{} کرسی به ترتیب بیشترین رأی؛ رأی نفر {}: {}، {}.",
                self.prefix(*group),
                self.number(*seats),
                self.number(*elected),
                self.number(*last_votes),
                next_votes.map_or_else(
                    || "نفر بعدی نیست".to_owned(),
                    |votes| format!("رأی نفر بعدی: {}", self.number(votes))
                )
            ),
            Fact::AlternateCount { group, seats, percent, alternates } => format!(
                "{}{} درصد {} کرسی برابر است با {} علی‌البدل.",
                self.prefix(Some(*group)),
                self.number(*percent),
                self.number(*seats),
                self.number(*alternates)
            ),
            Fact::Alternates { group, wanted, named } => format!(
                "{}{} علی‌البدل از {} نفر لازم تعیین شد.",
                self.prefix(*group),
                self.number(*named),
                self.number(*wanted)
            ),
            other => unreachable!("{other:?} is a fact about groups"),
        }
    }
}
