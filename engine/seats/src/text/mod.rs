//! Steps as sentences, in English and Persian.
//!
//! What comes in: a step and the names of lists and candidates. What goes out: one short sentence
//! that carries the numbers. It decides nothing, and nothing is built before somebody asks.

mod english;
mod persian;

use crate::numerals::{grouped, localized};
use crate::{Divisor, GroupKey, Party, Step};

/// A language of the sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, ASCII digits.
    English,
    /// Persian, Persian digits.
    Persian,
}

impl Language {
    /// A number grouped by three, in the digits of the language.
    pub fn number(self, number: u64) -> String {
        grouped(number, self)
    }

    /// A formula, which runs from left to right in a line of any direction: without the isolate
    /// (LRI to PDI) a Persian line would set "a ÷ b" with b before a.
    pub fn formula(self, formula: &str) -> String {
        match self {
            Self::English => formula.to_owned(),
            Self::Persian => format!("\u{2066}{formula}\u{2069}"),
        }
    }

    /// Digits, points and commas of a text in the writing of the language.
    pub fn digits(self, text: &str) -> String {
        localized(text, self)
    }
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
        english::sentence(&self.fact, &Words { labels, language: Language::English })
    }

    /// The sentence in Persian.
    pub fn text_fa(&self, labels: &dyn Labels) -> String {
        persian::sentence(&self.fact, &Words { labels, language: Language::Persian })
    }

    /// The sentence in this language.
    pub fn text(&self, labels: &dyn Labels, language: Language) -> String {
        match language {
            Language::English => self.text_en(labels),
            Language::Persian => self.text_fa(labels),
        }
    }
}

/// Numbers and names as one language writes them.
struct Words<'a> {
    labels: &'a dyn Labels,
    language: Language,
}

impl Words<'_> {
    fn number(&self, number: impl Into<u64>) -> String {
        grouped(number.into(), self.language)
    }

    /// A number of steps that may be below zero.
    fn signed(&self, number: i128) -> String {
        let size = u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX);
        if number < 0 {
            self.formula(&format!("−{}", self.number(size)))
        } else {
            self.number(size)
        }
    }

    fn formula(&self, formula: &str) -> String {
        self.language.formula(formula)
    }

    fn decimal(&self, text: &str) -> String {
        localized(text, self.language)
    }

    fn divisor(&self, divisor: Divisor) -> String {
        match divisor {
            Divisor::Ratio { numerator, denominator } => {
                let (whole, rest) = (numerator / denominator, numerator % denominator);
                if rest == 0 {
                    return self.number(whole);
                }
                // Halves, or decimals as they were given: a power of ten or 2 below the line.
                let (rest, scale) =
                    if denominator == 2 { (rest * 5, 10) } else { (rest, denominator) };
                let width = scale.to_string().len() - 1;
                let decimals = format!("{rest:0width$}");
                self.decimal(&format!("{whole}.{}", decimals.trim_end_matches('0')))
            }
            Divisor::Root(square) => format!("√{}", self.number(square)),
        }
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
            (GroupKey::AllLists, Language::English) => "All lists together".to_owned(),
            (GroupKey::AllLists, Language::Persian) => "همهٔ فهرست‌ها با هم".to_owned(),
        }
    }

    fn person(&self, candidate: u32) -> String {
        self.labels.candidate(candidate, self.language)
    }

    fn party(&self, party: Party) -> String {
        match party {
            Party::Group(key) => self.group(key),
            Party::Candidate(candidate) => self.person(candidate),
        }
    }

    fn joined(&self, names: Vec<String>) -> String {
        names.join(match self.language {
            Language::English => ", ",
            Language::Persian => "، ",
        })
    }

    fn parties(&self, parties: &[Party]) -> String {
        self.joined(parties.iter().map(|party| self.party(*party)).collect())
    }

    fn persons(&self, persons: &[u32]) -> String {
        self.joined(persons.iter().map(|person| self.person(*person)).collect())
    }

    /// Who comes one after another; who is still equal stands in brackets.
    fn order(&self, order: &[Vec<u32>]) -> String {
        let class = |class: &Vec<u32>| match class[..] {
            [one] => self.person(one),
            _ => format!("({})", self.persons(class)),
        };
        self.joined(order.iter().map(class).collect())
    }

    /// `List A: ` before a sentence about one group.
    fn prefix(&self, group: Option<GroupKey>) -> String {
        group.map_or_else(String::new, |key| format!("{}: ", self.group(key)))
    }
}
