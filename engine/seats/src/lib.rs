//! Pure seat rules in exact integers: votes of one district go in, seats and persons come out.
//!
//! What comes in: a [`Race`] (votes by position, never by name), a [`Rule`] (method, threshold,
//! options) and the [`Lot`]s that have been drawn. What goes out: an [`Outcome`] (seats by group,
//! persons elected, alternates, the lots still needed, and every [`Step`] of the way as data).
//!
//! Invariants, asserted in release builds too:
//! * seats of the groups + vacant + undecided = seats of the district;
//! * persons elected in a group + persons awaiting a lot = seats of the group.
//!
//! What it never does: read a clock, a file, the environment; print; use floats or chance; break
//! a tie by order. A tie that decides something is reported, and a lot is an input.
//!
//! Bounds: votes are `u64` and so is their sum (more is refused), seats are at most
//! [`SEATS_MAX`]. The largest product is votes x 10^11 x seats (threshold of a short list) < 2^64 x
//! 2^37 x 2^14 = 2^115, so no product in `u128` can overflow; squares of votes are compared in two
//! halves (divisor.rs).

mod article24;
mod citations;
mod contenders;
mod council_sizes;
mod count;
mod divisor;
mod error;
mod lots;
mod margin;
mod numerals;
mod options;
mod outcome;
mod persons;
mod plurality;
mod proportional;
mod publication;
mod quota;
mod race;
mod readings;
mod replacement;
mod rule;
mod rule_sets;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod threshold;
mod undecided;
mod void;

pub use citations::Article;
pub use council_sizes::{CouncilSize, SizeRow};
pub use divisor::Divisor;
pub use error::SeatsError;
pub use lots::{Lot, LotKind, PendingLot};
pub use margin::{Certainty, Margin, Margins, margins};
pub use options::{
    AlternateRounding, BelowThreshold, Denominator, Excess, FirstDivisor, FirstRoundBar, Leftover,
    ListTooShort, Majority, MinimumList, OptionName, Options, PersonOrder, Place, PoolGetsLeftover,
    Round, Rounding, SeatLimit, ShortLists, SizesTable, ThresholdBase, ThresholdScope, TiePersons,
    TieSeats, TwoStage, WithdrawnMember, ZeroVotes,
};
pub use outcome::{AlternateOrder, Group, GroupKey, Outcome, Party, Runoff, Status};
pub use publication::{Comparison, Published, compare, methods_that_fit};
pub use race::{Candidate, List, Members, Race};
pub use readings::{Branch, explore};
pub use replacement::{Departure, Replacements, replace};
pub use rule::{Method, Rule};
pub use rule_sets::RuleSet;
pub use steps::{Fact, LeftoverBy, Step};
pub use text::{Labels, Language};
pub use threshold::Percent;
pub use undecided::{Critical, Finality, HELD_MAX, Held, Outstanding, Verdict, finality};
pub use void::{VoidClass, VoidReason};

/// Most seats (and most alternates) of one race: ten times the largest parliament, and small
/// enough that a mistyped number of votes is never taken for it.
pub const SEATS_MAX: u32 = 10_000;

/// Turns the votes of one district into seats.
///
/// `lots` are the lots drawn so far, in any order. Each must match a tie of this very race: one
/// that does not, or is not needed, is refused. `rule` is that of the district
/// ([`Rule::of_district`]).
///
/// # Errors
/// [`SeatsError`] when the race is out of bounds, the rule does not fit it, or a lot does not
/// match. A tie is not an error: see [`Status::LotRequired`].
pub fn allocate(race: &Race<'_>, rule: &Rule, lots: &[Lot]) -> Result<Outcome, SeatsError> {
    race.check(rule)?;
    let outcome = if rule.method().is_plurality() {
        plurality::allocate(race, rule, lots)?
    } else {
        proportional::allocate(race, rule, lots)?
    };
    outcome.assert_conserved(race, rule);
    Ok(outcome)
}
