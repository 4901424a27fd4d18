//! What a rule is: a method, options and citations, under a name.
//!
//! What comes in: names and values as text (election.toml, command line). What goes out: a
//! [`Rule`] in which everything unknown has been refused. A new divisor or quota method is one
//! variant of [`Method`] and one line of [`METHODS`]; a new set of rules is one entry of
//! `rule_sets.rs`.

use crate::citations::{Article, Citations};
use crate::divisor::DivisorSeries;
use crate::quota::Quota;
use crate::rule_sets::RuleSet;
use crate::{OptionName, Options, SeatsError};

/// How votes become seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Most votes, at any level (Majlis by-elections, Assembly of Experts).
    RelativePlurality,
    /// Most votes, as many names per ballot as seats (city and village councils).
    BlockPlurality,
    /// A bar in the first round, a runoff for what stays open (Majlis).
    TwoRound,
    /// Lists and the pool of independents (council of Tehran), councils law arts. 24 and 25.
    Article24,
    /// Highest averages, divisors 1, 2, 3, ... (Jefferson).
    DHondt,
    /// Highest averages, divisors 1, 3, 5, ... (Webster).
    SainteLague,
    /// Highest averages, divisors 1.4, 3, 5, ...
    ModifiedSainteLague,
    /// Highest averages, divisors √(0 x 1), √(1 x 2), √(2 x 3), ... (equal proportions).
    HuntingtonHill,
    /// Highest averages, divisors 0, 1, 2, ...
    Adams,
    /// Highest averages, divisors 1, 4, 7, ...
    Danish,
    /// Highest averages, divisors 1, 1.5, 2, ...
    Imperiali,
    /// Largest remainder of the quota votes / seats (Hamilton).
    Hare,
    /// Largest remainder of the quota ⌊votes / (seats + 1)⌋ + 1.
    Droop,
    /// Largest remainder of the quota votes / (seats + 1).
    HagenbachBischoff,
    /// Largest remainder of the quota votes / (seats + 2).
    ImperialiQuota,
}

/// How a method works, and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Persons with most votes.
    Plurality,
    /// Persons with a bar, and a runoff.
    TwoRound,
    /// Highest averages.
    Divisor(DivisorSeries),
    /// Quota and largest remainder.
    Quota(Quota),
    /// Councils law, article 24.
    Article24,
}

struct MethodSpec {
    method: Method,
    name: &'static str,
    family: Family,
    article: Article,
}

const METHODS: [MethodSpec; 15] = {
    use Article as A;
    use Method as M;
    [
        spec(M::RelativePlurality, "relative-plurality", Family::Plurality, A::RelativeMajority),
        spec(M::BlockPlurality, "block-plurality", Family::Plurality, A::Councils17),
        spec(M::TwoRound, "two-round", Family::TwoRound, A::Majlis9),
        spec(M::Article24, "article-24", Family::Article24, A::Councils24Item2),
        spec(M::DHondt, "dhondt", linear(1, 1, 1), A::DHondt),
        spec(M::SainteLague, "sainte-lague", linear(1, 1, 2), A::SainteLague),
        spec(
            M::ModifiedSainteLague,
            "modified-sainte-lague",
            Family::Divisor(DivisorSeries::FirstDivisor),
            A::ModifiedSainteLague,
        ),
        spec(
            M::HuntingtonHill,
            "huntington-hill",
            Family::Divisor(DivisorSeries::GeometricMean),
            A::HuntingtonHill,
        ),
        spec(M::Adams, "adams", linear(0, 0, 1), A::Adams),
        spec(M::Danish, "danish", linear(1, 1, 3), A::Danish),
        spec(M::Imperiali, "imperiali", linear(2, 2, 1), A::Imperiali),
        spec(M::Hare, "hare", Family::Quota(Quota::Exact { seats_plus: 0 }), A::Hare),
        spec(M::Droop, "droop", Family::Quota(Quota::Droop), A::Droop),
        spec(
            M::HagenbachBischoff,
            "hagenbach-bischoff",
            Family::Quota(Quota::Exact { seats_plus: 1 }),
            A::HagenbachBischoff,
        ),
        spec(
            M::ImperialiQuota,
            "imperiali-quota",
            Family::Quota(Quota::Exact { seats_plus: 2 }),
            A::ImperialiQuota,
        ),
    ]
};

const fn spec(method: Method, name: &'static str, family: Family, article: Article) -> MethodSpec {
    MethodSpec { method, name, family, article }
}

const fn linear(first: u64, base: u64, step: u64) -> Family {
    Family::Divisor(DivisorSeries::Linear { first, base, step })
}

use OptionName as O;

const PLURALITY_OPTIONS: &[OptionName] = &[O::TiePersons, O::ZeroVotes];
const TWO_ROUND_OPTIONS: &[OptionName] =
    &[O::Round, O::FirstRoundPercent, O::TiePersons, O::ZeroVotes];
const LIST_OPTIONS: &[OptionName] = &[
    O::Threshold,
    O::ThresholdBase,
    O::ShortLists,
    O::MinGroups,
    O::InitialSeats,
    O::MinSeats,
    O::MaxSeats,
    O::TieSeats,
    O::Persons,
    O::TiePersons,
    O::ZeroVotes,
];
const ARTICLE_24_OPTIONS: &[OptionName] = &[
    O::Denominator,
    O::Rounding,
    O::Leftover,
    O::PoolGetsLeftover,
    O::Excess,
    O::Threshold,
    O::ThresholdBase,
    O::ThresholdScope,
    O::BelowThreshold,
    O::ListTooShort,
    O::AltRounding,
    O::TiePersons,
    O::TieSeats,
    O::MinList,
    O::WithdrawnMember,
    O::TwoStage,
    O::ZeroVotes,
];

impl Method {
    /// Every method.
    pub fn all() -> impl Iterator<Item = Method> {
        METHODS.iter().map(|spec| spec.method)
    }

    /// Its name, as in docs/commands.md.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Whether seats go to persons by their own votes, lists or not.
    pub fn is_plurality(self) -> bool {
        matches!(self.family(), Family::Plurality | Family::TwoRound)
    }

    /// The options it has, in a fixed order.
    pub fn options(self) -> Vec<OptionName> {
        let mut options = match self.family() {
            Family::Plurality => PLURALITY_OPTIONS,
            Family::TwoRound => TWO_ROUND_OPTIONS,
            Family::Divisor(_) | Family::Quota(_) => LIST_OPTIONS,
            Family::Article24 => ARTICLE_24_OPTIONS,
        }
        .to_vec();
        match self.family() {
            Family::Divisor(DivisorSeries::FirstDivisor) => options.insert(0, O::FirstDivisor),
            Family::Quota(_) => options.insert(0, O::Majority),
            _ => {}
        }
        options
    }

    pub(crate) fn family(self) -> Family {
        self.spec().family
    }

    pub(crate) fn article(self) -> Article {
        self.spec().article
    }

    fn named(name: &str) -> Option<Method> {
        METHODS.iter().find(|spec| spec.name == name).map(|spec| spec.method)
    }

    fn spec(self) -> &'static MethodSpec {
        METHODS
            .iter()
            .find(|spec| spec.method == self)
            .expect("METHODS has every method: tested by every_method_has_its_line")
    }
}

/// A method with its options, under its own name or that of a set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    set: Option<RuleSet>,
    method: Method,
    options: Options,
}

impl Rule {
    /// The method with default options.
    pub fn new(method: Method) -> Rule {
        Rule { set: None, method, options: Options::default() }
    }

    /// The set of rules with the options that its law gives.
    pub fn of_set(set: RuleSet) -> Rule {
        let mut rule = Rule { set: Some(set), method: set.method(), options: Options::default() };
        for (option, value) in set.presets() {
            rule.options.set(*option, value).expect("presets are values: tested by rule_sets");
        }
        rule
    }

    /// The method or set of rules of this name.
    ///
    /// # Errors
    /// [`SeatsError::UnknownMethod`] with all names.
    pub fn named(name: &str) -> Result<Rule, SeatsError> {
        let method = Method::named(name).map(Rule::new);
        method.or_else(|| RuleSet::named(name).map(Rule::of_set)).ok_or_else(|| {
            let methods = METHODS.iter().map(|spec| spec.name);
            let known: Vec<&str> =
                methods.chain(RuleSet::ALL.iter().map(|set| set.name())).collect();
            SeatsError::UnknownMethod { found: name.to_owned(), known: known.join(", ") }
        })
    }

    /// The rule of this name with these options, in any order.
    ///
    /// # Errors
    /// [`SeatsError`] for an unknown rule, option or value (with those known), or an option given
    /// twice.
    pub fn parse<'o>(
        name: &str,
        options: impl IntoIterator<Item = (&'o str, &'o str)>,
    ) -> Result<Rule, SeatsError> {
        let mut rule = Rule::named(name)?;
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
    /// [`SeatsError`] for an option or value that the rule does not have.
    pub fn with_option(mut self, name: &str, value: &str) -> Result<Rule, SeatsError> {
        let known = self.option_names();
        let Some(option) = known.iter().find(|option| option.name() == name) else {
            let known: Vec<&str> = known.iter().map(|option| option.name()).collect();
            return Err(SeatsError::UnknownOption {
                method: self.name(),
                found: name.to_owned(),
                known: known.join(", "),
            });
        };
        self.options.set(*option, value)?;
        Ok(self)
    }

    /// The rule of a district with so many seats: itself, but for a set of rules that holds several
    /// methods. Under `ir-councils-1405` only the council of Tehran has 21 seats, and it alone is
    /// elected by article 24 (note to art. 25: this term the district of Tehran, Rey and Tajrish).
    #[must_use]
    pub fn of_district(mut self, seats: u32) -> Rule {
        if self.set == Some(RuleSet::IrCouncils1405) {
            let is_tehran = seats == crate::council_sizes::TEHRAN_SEATS;
            self.method = if is_tehran { Method::Article24 } else { Method::BlockPlurality };
        }
        self
    }

    /// The name under which it was asked for.
    pub fn name(&self) -> &'static str {
        self.set.map_or(self.method.name(), RuleSet::name)
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The set of rules, if it is one.
    pub fn set(&self) -> Option<RuleSet> {
        self.set
    }

    /// Every option; those that the rule does not have are at their default.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The options it has, in a fixed order.
    pub fn option_names(&self) -> Vec<OptionName> {
        let mut names = match self.set {
            Some(RuleSet::IrCouncils1405) => vec![O::Sizes, O::Place],
            _ => Vec::new(),
        };
        if self.set == Some(RuleSet::IrCouncils1405) && self.method != Method::Article24 {
            // One set of options for a contest: in a district of another method they rest.
            names.extend(ARTICLE_24_OPTIONS);
        } else {
            names.extend(self.method.options());
        }
        names
    }

    /// Every option it has with the value in force.
    pub fn option_values(&self) -> Vec<(&'static str, String)> {
        let names = self.option_names().into_iter();
        names.map(|option| (option.name(), self.options.value(option))).collect()
    }

    /// Where the seats come from.
    pub fn article(&self) -> Article {
        self.citations().seats
    }

    /// Where its parts come from.
    pub(crate) fn citations(&self) -> Citations {
        match self.set {
            Some(set) => set.citations(self.method),
            None => Citations::of(self.method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_line() {
        use Method as M;
        for method in [
            M::RelativePlurality,
            M::BlockPlurality,
            M::TwoRound,
            M::Article24,
            M::DHondt,
            M::SainteLague,
            M::ModifiedSainteLague,
            M::HuntingtonHill,
            M::Adams,
            M::Danish,
            M::Imperiali,
            M::Hare,
            M::Droop,
            M::HagenbachBischoff,
            M::ImperialiQuota,
        ] {
            assert_eq!(Rule::named(method.name()), Ok(Rule::new(method)));
        }
        assert_eq!(Method::all().count(), METHODS.len());
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let unknown = Rule::named("d'hondt").unwrap_err().to_string();
        assert!(unknown.contains("dhondt, sainte-lague") && unknown.contains("cz-municipal"));
        let option = Rule::parse("dhondt", [("denominator", "vote_sum")]).unwrap_err().to_string();
        assert!(option.contains("unknown option") && option.contains("zero_votes"), "{option}");
        let value = Rule::parse("hare", [("zero_votes", "yes")]).unwrap_err().to_string();
        assert!(value.contains("not_elected, elected"), "{value}");
        assert!(matches!(
            Rule::parse("hare", [("zero_votes", "elected"), ("zero_votes", "elected")]),
            Err(SeatsError::OptionRepeated { .. })
        ));
    }

    #[test]
    fn every_option_of_every_method_takes_every_value_and_nothing_else() {
        for method in Method::all() {
            let rule = Rule::new(method);
            for option in rule.option_names() {
                for value in option.values().iter().filter(|value| !value.starts_with('<')) {
                    let set = rule.with_option(option.name(), value).unwrap();
                    assert!(set.option_values().contains(&(option.name(), (*value).to_owned())));
                }
                assert!(rule.with_option(option.name(), "nonsense").is_err());
            }
        }
    }

    #[test]
    fn article_24_has_all_options_of_the_law_that_are_about_seats() {
        let names: Vec<&str> =
            Rule::new(Method::Article24).option_values().iter().map(|(name, _)| *name).collect();
        // A10 and A11 are about reading ballots, and are not here.
        for name in [
            "denominator",
            "rounding",
            "leftover",
            "pool_gets_leftover",
            "excess",
            "threshold",
            "list_too_short",
            "alt_rounding",
            "tie_persons",
            "tie_seats",
            "min_list",
            "withdrawn_member",
            "two_stage",
        ] {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn plurality_has_no_threshold() {
        assert!(Rule::new(Method::BlockPlurality).with_option("threshold", "5").is_err());
        assert!(Rule::new(Method::Hare).with_option("threshold", "5").is_ok());
    }

    #[test]
    fn councils_are_by_block_vote_and_tehran_by_article_24() {
        let rule = Rule::named("ir-councils-1405").unwrap();
        let rule = rule.with_option("rounding", "half_up").unwrap();
        assert_eq!(rule.of_district(15).method(), Method::BlockPlurality);
        assert_eq!(rule.of_district(21).method(), Method::Article24);
        assert_eq!(rule.of_district(21).of_district(5), rule.of_district(5));
        assert_eq!(rule.of_district(21).name(), "ir-councils-1405");
    }
}
