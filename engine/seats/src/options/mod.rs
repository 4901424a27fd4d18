//! The options of the rules: named readings of the law, typed.
//!
//! What comes in: a name and a value (docs/law.md and docs/rules.md, same names). What goes out: a
//! typed choice, or a refusal that lists what is known. How ballots are read (A10, A11, the limit
//! of names) is decided before there are votes; those options are not here.

mod choices;
mod numbers;

use crate::{Percent, SeatsError};

pub use choices::{
    AlternateRounding, BelowThreshold, Denominator, Excess, Leftover, ListTooShort, Majority,
    PersonOrder, Place, PoolGetsLeftover, Round, Rounding, ShortLists, SizesTable, ThresholdScope,
    TiePersons, TieSeats, TwoStage, WithdrawnMember, ZeroVotes,
};
pub use numbers::{FirstDivisor, FirstRoundBar, MinimumList, SeatLimit, ThresholdBase};

/// A value that an option can have.
pub(crate) trait OptionValue: Sized + Default {
    /// Every value, or the form of one in angle brackets; the default first.
    const VALUES: &'static [&'static str];

    /// `None`: no such value.
    fn read(text: &str) -> Option<Self>;

    /// The value as it is written.
    fn text(&self) -> String;
}

/// Defines [`Options`] with the name, the number in docs/law.md and the question of each.
macro_rules! options {
    ($(
        $variant:ident $field:ident: $type:ty = $text:literal, $law:literal, $question:literal;
    )+) => {
        /// The name of an option.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "`question` says what each is about")]
        pub enum OptionName { $($variant),+ }

        impl OptionName {
            /// Every option of every rule.
            pub const ALL: &'static [OptionName] = &[$(OptionName::$variant),+];

            /// The name as it is written.
            pub fn name(self) -> &'static str {
                match self { $(OptionName::$variant => $text),+ }
            }

            /// Its number in docs/law.md, such as `A1`; empty for those that have none.
            pub fn law_number(self) -> &'static str {
                match self { $(OptionName::$variant => $law),+ }
            }

            /// What it decides.
            pub fn question(self) -> &'static str {
                match self { $(OptionName::$variant => $question),+ }
            }

            /// Every value, the default first; a form in angle brackets stands for all of its kind.
            pub fn values(self) -> &'static [&'static str] {
                match self { $(OptionName::$variant => <$type as OptionValue>::VALUES),+ }
            }
        }

        /// The value of every option; a rule uses those that it has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        #[expect(missing_docs, reason = "each type says what it is about")]
        pub struct Options { $(pub $field: $type),+ }

        impl Options {
            /// Sets one option.
            ///
            /// # Errors
            /// [`SeatsError::UnknownOptionValue`] with the values that exist.
            pub fn set(&mut self, option: OptionName, value: &str) -> Result<(), SeatsError> {
                let refusal = || SeatsError::UnknownOptionValue {
                    option: option.name(),
                    found: value.to_owned(),
                    known: option.values().join(", "),
                };
                match option {
                    $(OptionName::$variant => {
                        self.$field = <$type as OptionValue>::read(value).ok_or_else(refusal)?;
                    })+
                }
                Ok(())
            }

            /// The value in force, as it is written.
            pub fn value(&self, option: OptionName) -> String {
                match option { $(OptionName::$variant => OptionValue::text(&self.$field)),+ }
            }
        }
    };
}

options! {
    Denominator denominator: Denominator = "denominator", "A1", "what all valid votes taken are";
    Rounding rounding: Rounding = "rounding", "A2", "how shares are rounded";
    Leftover leftover: Leftover = "leftover", "A3", "who gets the seats left";
    PoolGetsLeftover pool_gets_leftover: PoolGetsLeftover = "pool_gets_leftover", "A3",
        "whether independents take part in the seats left";
    Excess excess: Excess = "excess", "A4", "who loses a seat when rounding gave too many";
    Threshold threshold: Percent = "threshold", "A5", "the percentage that a group must reach";
    ThresholdBase threshold_base: ThresholdBase = "threshold_base", "A5",
        "what the threshold is a percentage of";
    ThresholdScope threshold_scope: ThresholdScope = "threshold_scope", "A5",
        "whom the threshold concerns";
    BelowThreshold below_threshold: BelowThreshold = "below_threshold", "A5",
        "whether votes below the threshold are in the denominator";
    ShortLists short_lists: ShortLists = "short_lists", "",
        "what a list with fewer names than seats must reach";
    MinGroups min_groups: u32 = "min_groups", "",
        "how many groups must pass before the threshold stops falling";
    ListTooShort list_too_short: ListTooShort = "list_too_short", "A6",
        "what becomes of seats for which a list has no names";
    AltRounding alt_rounding: AlternateRounding = "alt_rounding", "A7",
        "how 52 % becomes a whole number of alternates";
    TiePersons tie_persons: TiePersons = "tie_persons", "A8", "persons with equal votes";
    TieSeats tie_seats: TieSeats = "tie_seats", "A9", "groups with an equal claim to a seat";
    MinList min_list: MinimumList = "min_list", "A12", "how many names a list must have";
    WithdrawnMember withdrawn_member: WithdrawnMember = "withdrawn_member", "A13",
        "votes of a member who no longer stands";
    TwoStage two_stage: TwoStage = "two_stage", "A14", "lists against independents first";
    InitialSeats initial_seats: u32 = "initial_seats", "", "seats of every group beforehand";
    MinSeats min_seats: u32 = "min_seats", "", "fewest seats of a group";
    MaxSeats max_seats: SeatLimit = "max_seats", "", "most seats of a group";
    FirstDivisor first_divisor: FirstDivisor = "first_divisor", "", "the divisor of a first seat";
    Majority majority: Majority = "majority", "", "more than half the votes";
    Persons persons: PersonOrder = "persons", "", "in which order persons get the seats of a list";
    FirstRoundPercent first_round_percent: FirstRoundBar = "first_round_percent", "",
        "the percentage of valid ballots that elects in a first round";
    Round round: Round = "round", "", "which round is counted";
    Sizes sizes: SizesTable = "sizes", "", "the table of council sizes";
    Place place: Place = "place", "", "the kind of place, for the table of sizes";
    ZeroVotes zero_votes: ZeroVotes = "zero_votes", "", "candidates without a vote";
}

impl OptionName {
    /// Options with a fixed set of values that the law leaves open (docs/law.md), those that decide
    /// more first.
    pub const OPEN: [OptionName; 14] = [
        OptionName::Denominator,
        OptionName::TwoStage,
        OptionName::Rounding,
        OptionName::Excess,
        OptionName::ListTooShort,
        OptionName::Leftover,
        OptionName::PoolGetsLeftover,
        OptionName::ThresholdScope,
        OptionName::BelowThreshold,
        OptionName::WithdrawnMember,
        OptionName::TieSeats,
        OptionName::TiePersons,
        OptionName::AltRounding,
        OptionName::ZeroVotes,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_is_named_is_read_and_written_alike() {
        for option in OptionName::ALL {
            let mut options = Options::default();
            assert_eq!(options.value(*option), option.values()[0], "the default stands first");
            for value in option.values().iter().filter(|value| !value.starts_with('<')) {
                options.set(*option, value).unwrap();
                assert_eq!(options.value(*option), *value, "{}", option.name());
            }
            let refused = options.set(*option, "nonsense").unwrap_err().to_string();
            assert!(refused.contains(option.name()) && refused.contains(option.values()[0]));
        }
    }

    #[test]
    fn numbers_are_bounded() {
        let mut options = Options::default();
        for (option, value) in [
            (OptionName::FirstDivisor, "0.9"),
            (OptionName::FirstDivisor, "3"),
            (OptionName::ThresholdBase, "0"),
            (OptionName::MinSeats, "10001"),
            (OptionName::Threshold, "100.1"),
        ] {
            assert!(options.set(option, value).is_err(), "{option:?} {value}");
        }
        options.set(OptionName::FirstDivisor, "1.20").unwrap();
        assert_eq!(options.value(OptionName::FirstDivisor), "1.2");
        assert_eq!(MinimumList::TwoThirds.names(21), 14);
        assert_eq!(MinimumList::TwoThirds.names(4), 3);
    }
}
