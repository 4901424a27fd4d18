//! Named sets of rules: a method, the options that its law gives, the articles cited.
//!
//! What comes in: a name. What goes out: what [`crate::Rule`] is made of. Everything in a set is an
//! option of its method, so that a set is never a method of its own; and each option can still be
//! set, since a reading may change before a law does.

use crate::citations::{Article, Citations};
use crate::{Method, OptionName};

/// A set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleSet {
    /// Councils of Iran, election of 1405: block vote, and article 24 in the district of Tehran.
    IrCouncils1405,
    /// By-elections of the Majlis.
    IrMajlisByelection,
    /// By-elections of the Assembly of Experts.
    IrExpertsByelection,
    /// Councils of Czech municipalities.
    CzMunicipal,
    /// County councils of Hesse, 2001 to 2021.
    HesseKreis,
    /// Constituencies of the Norwegian Storting; levelling seats are not among them.
    NoStorting,
    /// States in the House of Representatives of the United States.
    UsHouse,
}

impl RuleSet {
    /// Every set.
    pub const ALL: &'static [RuleSet] = &[
        RuleSet::IrCouncils1405,
        RuleSet::IrMajlisByelection,
        RuleSet::IrExpertsByelection,
        RuleSet::CzMunicipal,
        RuleSet::HesseKreis,
        RuleSet::NoStorting,
        RuleSet::UsHouse,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            RuleSet::IrCouncils1405 => "ir-councils-1405",
            RuleSet::IrMajlisByelection => "ir-majlis-byelection",
            RuleSet::IrExpertsByelection => "ir-experts-byelection",
            RuleSet::CzMunicipal => "cz-municipal",
            RuleSet::HesseKreis => "hesse-kreis",
            RuleSet::NoStorting => "no-storting",
            RuleSet::UsHouse => "us-house",
        }
    }

    /// What it is for, in one line.
    pub fn title(self) -> &'static str {
        match self {
            RuleSet::IrCouncils1405 => {
                "city and village councils of Iran (block vote; article 24 where 21 seats are filled)"
            }
            RuleSet::IrMajlisByelection => "by-elections of the Majlis",
            RuleSet::IrExpertsByelection => "by-elections of the Assembly of Experts",
            RuleSet::CzMunicipal => "councils of Czech municipalities",
            RuleSet::HesseKreis => "county councils of Hesse, 2001 to 2021",
            RuleSet::NoStorting => "constituency seats of the Norwegian Storting, to 2021",
            RuleSet::UsHouse => "seats of the states in the United States House",
        }
    }

    /// The set of this name.
    pub fn named(name: &str) -> Option<RuleSet> {
        RuleSet::ALL.iter().copied().find(|set| set.name() == name)
    }

    /// Its method; of `ir-councils-1405` that of all districts but one.
    pub(crate) fn method(self) -> Method {
        match self {
            RuleSet::IrCouncils1405 => Method::BlockPlurality,
            RuleSet::IrMajlisByelection | RuleSet::IrExpertsByelection => Method::RelativePlurality,
            RuleSet::CzMunicipal => Method::DHondt,
            RuleSet::HesseKreis => Method::Hare,
            RuleSet::NoStorting => Method::ModifiedSainteLague,
            RuleSet::UsHouse => Method::HuntingtonHill,
        }
    }

    /// Options whose value the law gives; all others are at the method's default.
    ///
    /// * `cz-municipal`: act 491/2001 § 45. 5 % of all votes, for a list with c names of s seats of
    ///   c/s of them; falls by one until two lists pass; equal averages: the larger list, then a
    ///   lot; a name without votes can be elected, since the order of the list decides.
    /// * `hesse-kreis`: KWG § 22 (3) largest remainder, no threshold since 2000; (4) more than half
    ///   of the votes, more than half of the seats; equal fractions: a lot.
    /// * `no-storting`: election act of 2002 § 11-4, first divisor 1.4.
    /// * `us-house`: each state has a member at least (constitution art. I § 2), which the divisors
    ///   give by themselves.
    pub(crate) fn presets(self) -> &'static [(OptionName, &'static str)] {
        use OptionName as O;
        match self {
            RuleSet::IrCouncils1405
            | RuleSet::IrMajlisByelection
            | RuleSet::IrExpertsByelection => &[],
            RuleSet::CzMunicipal => &[
                (O::Threshold, "5"),
                (O::ShortLists, "prorated"),
                (O::MinGroups, "2"),
                (O::TieSeats, "larger_vote_total"),
                (O::Persons, "czech"),
                (O::ZeroVotes, "elected"),
            ],
            RuleSet::HesseKreis => &[(O::Majority, "more_than_half")],
            RuleSet::NoStorting => &[(O::FirstDivisor, "1.4")],
            RuleSet::UsHouse => &[(O::MinSeats, "1")],
        }
    }

    pub(crate) fn citations(self, method: Method) -> Citations {
        let of_method = Citations::of(method);
        match self {
            RuleSet::IrCouncils1405 => of_method,
            RuleSet::IrMajlisByelection => Citations {
                seats: Article::Majlis9,
                persons: Article::Majlis9,
                tie_persons: Article::Majlis9Note1,
                alternates: Article::Majlis9,
                ..of_method
            },
            RuleSet::IrExpertsByelection => Citations {
                seats: Article::Experts8,
                persons: Article::Experts8,
                tie_persons: Article::ExpertsTie,
                alternates: Article::Experts8,
                ..of_method
            },
            RuleSet::CzMunicipal => Citations {
                seats: Article::Czech45Seats,
                threshold: Article::Czech45Threshold,
                tie_seats: Article::Czech45Seats,
                persons: Article::Czech45Persons,
                tie_persons: Article::Czech45Persons,
                ..of_method
            },
            RuleSet::HesseKreis => Citations {
                seats: Article::Hesse22Seats,
                tie_seats: Article::Hesse22Seats,
                majority: Article::Hesse22Majority,
                persons: Article::Hesse22Persons,
                tie_persons: Article::Hesse22Persons,
                ..of_method
            },
            RuleSet::NoStorting => Citations {
                seats: Article::Storting11,
                tie_seats: Article::Storting11,
                ..of_method
            },
            RuleSet::UsHouse => Citations {
                seats: Article::UnitedStatesHouse,
                tie_seats: Article::UnitedStatesHouse,
                ..of_method
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rule;

    #[test]
    fn presets_are_options_and_values_of_their_method() {
        for set in RuleSet::ALL {
            let rule = Rule::of_set(*set);
            assert_eq!(Rule::named(set.name()), Ok(rule));
            for (option, value) in set.presets() {
                assert_eq!(rule.options().value(*option), *value);
                assert!(rule.method().options().contains(option), "{option:?} of {}", set.name());
            }
        }
    }
}
