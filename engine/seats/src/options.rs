//! The options of the rules: named readings of the law, typed.
//!
//! What comes in: a name and a value (docs/law.md, same names). What goes out: a typed choice, or
//! a refusal that lists what is known. A value that the law document names but this version does
//! not compute is refused as *not supported yet*: adding it means adding a variant, and the
//! compiler then shows every place that has to know it. Options that are about reading ballots
//! (A10, A11) or about findings (A12) are accepted here in their default only, so that one set of
//! options serves a whole contest; the caller takes the others out before it asks for seats.

use crate::{Percent, SeatsError};

/// Defines an option: its variants of this version, and the values of later versions.
macro_rules! choice {
    (
        $(#[$document:meta])* $name:ident as $text:literal {
            $($(#[$variant_document:meta])* $variant:ident = $value:literal),+ $(,)?
        } later [$($later:literal),* $(,)?]
    ) => {
        $(#[$document])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name { $($(#[$variant_document])* $variant),+ }

        impl $name {
            pub(crate) const NAME: &'static str = $text;

            pub(crate) fn parse(value: &str) -> Result<Self, SeatsError> {
                match value {
                    $($value => Ok(Self::$variant),)+
                    other => Err(refusal(Self::NAME, other, &[$($value),+], &[$($later),*])),
                }
            }

            /// The value as it is written in options.
            pub fn value(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }
        }
    };
}

choice! {
    /// Candidates (and groups) without a single vote.
    ZeroVotes as "zero_votes" {
        /// Never elected and never an alternate: a seat nobody else can take stays vacant.
        #[default]
        NotElected = "not_elected",
        /// As everybody else, after those who have votes. A *group* without a vote still gets no
        /// seat by proportion: a share of nothing is nothing.
        Elected = "elected",
    } later []
}

choice! {
    /// A1: what "all valid votes taken" is (councils law art. 24 item 2).
    Denominator as "denominator" {
        /// The sum of the votes of all lists and independents.
        #[default]
        VoteSum = "vote_sum",
    } later ["valid_ballots"]
}

choice! {
    /// A2: what "rounded" means (art. 24 item 3).
    Rounding as "rounding" {
        /// Whole numbers first, decimals decide the seats left.
        #[default]
        FloorThenRemainder = "floor_then_remainder",
    } later ["half_up", "half_even"]
}

choice! {
    /// A3: who gets the seats left, one by one (interpretive bill, item 2).
    Leftover as "leftover" {
        /// The largest remainder first.
        #[default]
        LargestRemainder = "largest_remainder",
    } later ["largest_share", "highest_average"]
}

choice! {
    /// A3: whether the pool of independents takes part in the seats left.
    PoolGetsLeftover as "pool_gets_leftover" {
        /// It does.
        #[default]
        Yes = "yes",
    } later ["no"]
}

choice! {
    /// A6: a list wins more seats than it has names.
    ListTooShort as "list_too_short" {
        /// The seats it cannot fill join the seats left.
        #[default]
        OverflowToLeftover = "overflow_to_leftover",
    } later ["vacant"]
}

choice! {
    /// A7: how 52 % of the seats of a list becomes a whole number of alternates (art. 25 item 2).
    AlternateRounding as "alt_rounding" {
        /// Halves upwards.
        #[default]
        HalfUp = "half_up",
    } later ["floor", "ceil", "largest_remainder_to_11"]
}

choice! {
    /// A8: persons with equal votes.
    TiePersons as "tie_persons" {
        /// A lot.
        #[default]
        LotRequired = "lot_required",
    } later ["old_order"]
}

choice! {
    /// A9: groups with equal remainders.
    TieSeats as "tie_seats" {
        /// A lot.
        #[default]
        LotRequired = "lot_required",
    } later ["larger_vote_total"]
}

/// An option of which this version has the default only, and which nothing here computes with.
struct Fixed {
    name: &'static str,
    default: &'static str,
    later: &'static [&'static str],
}

/// A4 cannot happen with floors; A10 to A14 are decided before or after the seats.
const FIXED: [Fixed; 7] = [
    Fixed {
        name: "excess",
        default: "remove_smallest_rounded_up_fraction",
        later: &["remove_from_smallest_share", "remove_from_largest", "error"],
    },
    Fixed { name: "threshold", default: "0", later: &[] },
    Fixed {
        name: "list_plus_names",
        default: "list_wins",
        later: &["device_forbids", "first_entered_wins", "both_up_to_21"],
    },
    Fixed { name: "two_lists", default: "first_list_only", later: &["void"] },
    Fixed { name: "min_list", default: "two_thirds", later: &["none"] },
    Fixed { name: "withdrawn_member", default: "exclude", later: &["keep"] },
    Fixed { name: "two_stage", default: "off", later: &["on"] },
];

/// The readings of articles 24 and 25 that seats depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Article24Options {
    /// A1.
    pub denominator: Denominator,
    /// A2.
    pub rounding: Rounding,
    /// A3.
    pub leftover: Leftover,
    /// A3, for the pool.
    pub pool_gets_leftover: PoolGetsLeftover,
    /// A6.
    pub list_too_short: ListTooShort,
    /// A7.
    pub alternate_rounding: AlternateRounding,
    /// A8.
    pub tie_persons: TiePersons,
    /// A9.
    pub tie_seats: TieSeats,
}

impl Article24Options {
    /// Sets one option; `false` if article 24 has none of this name.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<bool, SeatsError> {
        match name {
            Denominator::NAME => self.denominator = Denominator::parse(value)?,
            Rounding::NAME => self.rounding = Rounding::parse(value)?,
            Leftover::NAME => self.leftover = Leftover::parse(value)?,
            PoolGetsLeftover::NAME => self.pool_gets_leftover = PoolGetsLeftover::parse(value)?,
            ListTooShort::NAME => self.list_too_short = ListTooShort::parse(value)?,
            AlternateRounding::NAME => self.alternate_rounding = AlternateRounding::parse(value)?,
            TiePersons::NAME => self.tie_persons = TiePersons::parse(value)?,
            TieSeats::NAME => self.tie_seats = TieSeats::parse(value)?,
            other => {
                let Some(fixed) = FIXED.iter().find(|fixed| fixed.name == other) else {
                    return Ok(false);
                };
                if !fixed.is_default(value) {
                    return Err(fixed.refusal(value));
                }
            }
        }
        Ok(true)
    }

    /// Every option with the value in force.
    pub(crate) fn values(self) -> Vec<(&'static str, &'static str)> {
        let mut values = vec![
            (Denominator::NAME, self.denominator.value()),
            (Rounding::NAME, self.rounding.value()),
            (Leftover::NAME, self.leftover.value()),
            (PoolGetsLeftover::NAME, self.pool_gets_leftover.value()),
            (ListTooShort::NAME, self.list_too_short.value()),
            (AlternateRounding::NAME, self.alternate_rounding.value()),
            (TiePersons::NAME, self.tie_persons.value()),
            (TieSeats::NAME, self.tie_seats.value()),
        ];
        values.extend(FIXED.iter().map(|fixed| (fixed.name, fixed.default)));
        values
    }
}

impl Fixed {
    fn is_default(&self, value: &str) -> bool {
        value == self.default
            || (self.name == "threshold"
                && Percent::parse(value).is_ok_and(super::threshold::Percent::is_zero))
    }

    /// A5 takes any percentage and A12 any number later; the others take names.
    fn refusal(&self, value: &str) -> SeatsError {
        let is_later = self.later.contains(&value)
            || (self.name == "threshold" && Percent::parse(value).is_ok())
            || (self.name == "min_list" && crate::numerals::parse_digits(value).is_some());
        let later = if is_later { [value].to_vec() } else { self.later.to_vec() };
        refusal(self.name, value, &[self.default], &later)
    }
}

fn refusal(option: &'static str, value: &str, known: &[&str], later: &[&str]) -> SeatsError {
    let found = value.to_owned();
    let known = known.join(", ");
    if later.contains(&value) {
        SeatsError::OptionNotSupportedYet { option, found, known }
    } else {
        SeatsError::UnknownOptionValue { option, found, known }
    }
}
