//! What a rule is: a method, a threshold and options, each a known name.
//!
//! What comes in: names and values as text (election.toml, command line). What goes out: a
//! [`Rule`] in which everything unknown or not yet computed has been refused. A new divisor or
//! quota method is one variant of [`Method`] and one line of [`METHODS`].

use crate::divisor::DivisorSeries;
use crate::options::{Article24Options, ZeroVotes};
use crate::quota::QuotaSeries;
use crate::{Article, Percent, SeatsError, Threshold};

/// The methods of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Most votes, at any level (Majlis by-elections, Assembly of Experts).
    RelativePlurality,
    /// Most votes, as many names per ballot as seats (city and village councils).
    BlockPlurality,
    /// Lists and the pool of independents (council of Tehran), councils law arts. 24 and 25.
    Article24,
    /// Highest averages, divisors 1, 2, 3, ...
    DHondt,
    /// Highest averages, divisors 1, 3, 5, ...
    SainteLague,
    /// Largest remainder of the quota votes / seats.
    Hare,
}

/// How a method works, and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Persons with most votes.
    Plurality,
    /// Highest averages.
    Divisor(DivisorSeries),
    /// Quota and largest remainder.
    Quota(QuotaSeries),
    /// Councils law, article 24.
    Article24,
}

struct MethodSpec {
    method: Method,
    name: &'static str,
    family: Family,
    article: Article,
}

const METHODS: [MethodSpec; 6] = [
    spec(
        Method::RelativePlurality,
        "relative-plurality",
        Family::Plurality,
        Article::RelativeMajority,
    ),
    spec(Method::BlockPlurality, "block-plurality", Family::Plurality, Article::Councils17),
    spec(Method::Article24, "article-24", Family::Article24, Article::Councils24Item2),
    spec(Method::DHondt, "dhondt", divisors(1, 1, 1), Article::DHondt),
    spec(Method::SainteLague, "sainte-lague", divisors(1, 1, 2), Article::SainteLague),
    spec(Method::Hare, "hare", quota(0), Article::Hare),
];

/// Named by the contract (docs/commands.md), computed by a later version.
const METHODS_LATER: [&str; 9] = [
    "two-round",
    "modified-sainte-lague",
    "huntington-hill",
    "adams",
    "danish",
    "imperiali",
    "droop",
    "hagenbach-bischoff",
    "imperiali-quota",
];

const fn spec(method: Method, name: &'static str, family: Family, article: Article) -> MethodSpec {
    MethodSpec { method, name, family, article }
}

const fn divisors(first: u64, base: u64, step: u64) -> Family {
    Family::Divisor(DivisorSeries { first, base, step })
}

const fn quota(seats_plus: u32) -> Family {
    Family::Quota(QuotaSeries { seats_plus })
}

impl Method {
    /// Every method of this version.
    pub fn all() -> impl Iterator<Item = Method> {
        METHODS.iter().map(|spec| spec.method)
    }

    /// The method of this name.
    ///
    /// # Errors
    /// [`SeatsError::UnknownMethod`] or [`SeatsError::MethodNotSupportedYet`], with all names.
    pub fn parse(name: &str) -> Result<Method, SeatsError> {
        if let Some(spec) = METHODS.iter().find(|spec| spec.name == name) {
            return Ok(spec.method);
        }
        let found = name.to_owned();
        let known = METHODS.map(|spec| spec.name).join(", ");
        Err(if METHODS_LATER.contains(&name) {
            SeatsError::MethodNotSupportedYet { found, known }
        } else {
            SeatsError::UnknownMethod { found, known }
        })
    }

    /// Its name, as in docs/commands.md.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Whether seats go to persons by their own votes, lists or not.
    pub fn is_plurality(self) -> bool {
        self.family() == Family::Plurality
    }

    pub(crate) fn family(self) -> Family {
        self.spec().family
    }

    pub(crate) fn article(self) -> Article {
        self.spec().article
    }

    fn spec(self) -> &'static MethodSpec {
        METHODS
            .iter()
            .find(|spec| spec.method == self)
            .expect("METHODS has every method: tested by every_method_has_its_line")
    }
}

/// A method with its threshold and options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    method: Method,
    threshold: Threshold,
    zero_votes: ZeroVotes,
    article_24: Article24Options,
}

impl Rule {
    /// The method with default options and no threshold.
    pub fn new(method: Method) -> Rule {
        Rule {
            method,
            threshold: Threshold::default(),
            zero_votes: ZeroVotes::default(),
            article_24: Article24Options::default(),
        }
    }

    /// The method of this name with these options, in any order.
    ///
    /// # Errors
    /// [`SeatsError`] for an unknown method, option or value (with those known), a value that is
    /// not supported yet, or an option given twice.
    pub fn parse<'o>(
        method: &str,
        options: impl IntoIterator<Item = (&'o str, &'o str)>,
    ) -> Result<Rule, SeatsError> {
        let mut rule = Rule::new(Method::parse(method)?);
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for (name, value) in options {
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
                return Err(SeatsError::OptionRepeated {
                    option: name.to_owned(),
                    first: (*first).to_owned(),
                    second: value.to_owned(),
                });
            }
            seen.push((name, value));
            rule = rule.with_option(name, value)?;
        }
        Ok(rule)
    }

    /// The same rule with one option set.
    ///
    /// # Errors
    /// [`SeatsError`] for an unknown option or value, or one not supported yet.
    pub fn with_option(mut self, name: &str, value: &str) -> Result<Rule, SeatsError> {
        if name == ZeroVotes::NAME {
            self.zero_votes = ZeroVotes::parse(value)?;
            return Ok(self);
        }
        if self.method == Method::Article24 && self.article_24.set(name, value)? {
            return Ok(self);
        }
        let known: Vec<&str> = self.options().into_iter().map(|(name, _)| name).collect();
        Err(SeatsError::UnknownOption {
            method: self.method.name(),
            found: name.to_owned(),
            known: known.join(", "),
        })
    }

    /// The same rule with a threshold for groups.
    ///
    /// # Errors
    /// [`SeatsError`] if the method has no threshold (other than 0), or the base is 0.
    pub fn with_threshold(mut self, threshold: Threshold) -> Result<Rule, SeatsError> {
        if threshold.base == Some(0) {
            return Err(SeatsError::ThresholdBaseZero);
        }
        let percent: Percent = threshold.percent;
        match self.method.family() {
            Family::Plurality if !percent.is_zero() => Err(SeatsError::ThresholdNotForMethod {
                method: self.method.name(),
                percent: percent.to_string(),
            }),
            Family::Article24 if !percent.is_zero() => Err(SeatsError::OptionNotSupportedYet {
                option: "threshold",
                found: percent.to_string(),
                known: "0".to_owned(),
            }),
            _ => {
                self.threshold = threshold;
                Ok(self)
            }
        }
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The threshold.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// What becomes of candidates without a vote.
    pub fn zero_votes(&self) -> ZeroVotes {
        self.zero_votes
    }

    /// The readings of article 24; they matter to that method only.
    pub fn article_24(&self) -> Article24Options {
        self.article_24
    }

    /// Every option of the method with the value in force, in a fixed order.
    pub fn options(&self) -> Vec<(&'static str, &'static str)> {
        let mut options = Vec::new();
        if self.method == Method::Article24 {
            options.extend(self.article_24.values());
        }
        options.push((ZeroVotes::NAME, self.zero_votes.value()));
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_line() {
        for method in [
            Method::RelativePlurality,
            Method::BlockPlurality,
            Method::Article24,
            Method::DHondt,
            Method::SainteLague,
            Method::Hare,
        ] {
            assert_eq!(Method::parse(method.name()), Ok(method));
        }
        assert_eq!(Method::all().count(), METHODS.len());
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let unknown = Method::parse("d'hondt").unwrap_err().to_string();
        assert!(unknown.contains("unknown method") && unknown.contains("dhondt, sainte-lague"));
        let later = Method::parse("droop").unwrap_err().to_string();
        assert!(later.contains("not supported yet") && later.contains("hare"), "{later}");
        let option = Rule::parse("dhondt", [("denominator", "vote_sum")]).unwrap_err().to_string();
        assert!(option.contains("known: zero_votes"), "{option}");
        let value = Rule::parse("hare", [("zero_votes", "yes")]).unwrap_err().to_string();
        assert!(value.contains("not_elected, elected"), "{value}");
        assert!(matches!(
            Rule::parse("hare", [("zero_votes", "elected"), ("zero_votes", "elected")]),
            Err(SeatsError::OptionRepeated { .. })
        ));
    }

    #[test]
    fn every_option_of_article_24_takes_its_default_and_refuses_what_comes_later() {
        let rule = Rule::new(Method::Article24);
        let defaults = rule.options();
        assert_eq!(defaults.len(), 16, "A1 to A14, pool_gets_leftover, zero_votes");
        for (name, value) in defaults {
            assert_eq!(rule.with_option(name, value), Ok(rule), "{name}={value}");
            assert!(matches!(
                rule.with_option(name, "nonsense"),
                Err(SeatsError::UnknownOptionValue { .. })
            ));
        }
        for (name, value) in [
            ("denominator", "valid_ballots"),
            ("rounding", "half_up"),
            ("leftover", "highest_average"),
            ("pool_gets_leftover", "no"),
            ("excess", "error"),
            ("threshold", "5"),
            ("list_too_short", "vacant"),
            ("alt_rounding", "floor"),
            ("tie_persons", "old_order"),
            ("tie_seats", "larger_vote_total"),
            ("list_plus_names", "both_up_to_21"),
            ("two_lists", "void"),
            ("min_list", "12"),
            ("withdrawn_member", "keep"),
            ("two_stage", "on"),
        ] {
            let refused = rule.with_option(name, value).unwrap_err().to_string();
            assert!(refused.contains("not supported yet"), "{name}={value}: {refused}");
        }
    }

    #[test]
    fn a_threshold_is_refused_where_there_is_none() {
        let five = Threshold { percent: Percent::parse("5").unwrap(), base: None };
        assert!(Rule::new(Method::BlockPlurality).with_threshold(five).is_err());
        assert!(Rule::new(Method::Article24).with_threshold(five).is_err());
        assert!(Rule::new(Method::Hare).with_threshold(five).is_ok());
        let empty = Threshold { base: Some(0), ..five };
        assert_eq!(
            Rule::new(Method::Hare).with_threshold(empty),
            Err(SeatsError::ThresholdBaseZero)
        );
    }
}
