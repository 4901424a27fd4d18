//! Everything this crate refuses, each with what was found and what was expected.
//!
//! Positions are those of the caller's slices (from 0); the caller, who knows names and lines,
//! puts them into its own message. A tie is never an error.

use crate::lots::{Lot, PendingLot};
use crate::{OptionName, Party};

/// Why a rule, a race or a lot was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeatsError {
    /// No method and no set of rules of this name.
    #[error("unknown rule {found:?}; known: {known}")]
    UnknownMethod {
        /// The name given.
        found: String,
        /// Every known name, separated by ", ".
        known: String,
    },
    /// The rule has no option of this name.
    #[error("unknown option {found:?} of {method}; known: {known}")]
    UnknownOption {
        /// The method.
        method: &'static str,
        /// The option given.
        found: String,
        /// Every option of this method, separated by ", ".
        known: String,
    },
    /// The option has no such value.
    #[error("option {option}: unknown value {found:?}; known: {known}")]
    UnknownOptionValue {
        /// The option.
        option: &'static str,
        /// The value given.
        found: String,
        /// Every value, separated by ", ".
        known: String,
    },
    /// The same option given twice.
    #[error("option {option} is given twice: {first:?} and {second:?}")]
    OptionRepeated {
        /// The option.
        option: String,
        /// The first value.
        first: String,
        /// The second value.
        second: String,
    },
    /// Not an exact decimal from 0 to 100 with at most nine decimals.
    #[error("threshold {found:?}: expected a percentage from 0 to 100, such as 5 or 3.25")]
    PercentInvalid {
        /// The text given.
        found: String,
    },
    /// Seats out of bounds.
    #[error("{found} seats: expected 1 to {limit}")]
    SeatsOutOfRange {
        /// Seats given.
        found: u32,
        /// Largest number accepted.
        limit: u32,
    },
    /// Alternates out of bounds.
    #[error("{found} alternates: expected at most {limit}")]
    AlternatesOutOfRange {
        /// Alternates given.
        found: u32,
        /// Largest number accepted.
        limit: u32,
    },
    /// More lists or candidates than positions.
    #[error("{found} lists or candidates: expected fewer than {limit}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// Largest number accepted.
        limit: u32,
    },
    /// The sum of the votes exceeds `u64`.
    #[error("the sum of the votes exceeds {}", u64::MAX)]
    TooManyVotes,
    /// A candidate points to a list that is not there.
    #[error("candidate at position {candidate} is of list {list}, but there are {lists} lists")]
    ListOutOfRange {
        /// Position of the candidate.
        candidate: u32,
        /// Position of the list it names.
        list: u32,
        /// How many lists there are.
        lists: usize,
    },
    /// A list of [`crate::Members::Unnamed`] has a candidate.
    #[error("candidate at position {candidate} is of list {list}, which is said to have no names")]
    UnnamedListHasCandidate {
        /// Position of the candidate.
        candidate: u32,
        /// Position of the list.
        list: u32,
    },
    /// Persons are elected, but a list has votes and no names.
    #[error("method {method} elects persons: list at position {list} has {votes} votes, no names")]
    PersonsNeeded {
        /// The method.
        method: &'static str,
        /// Position of the list.
        list: u32,
        /// Its votes.
        votes: u64,
    },
    /// Under article 24 the total of a list is at least the sum of its members' votes.
    #[error("list at position {list} has a total of {total} votes, its members have {members}")]
    ListTotalTooSmall {
        /// Position of the list.
        list: u32,
        /// Total given.
        total: u64,
        /// Sum of the votes of its members.
        members: u64,
    },
    /// A voter names a candidate at most once, so nobody has more votes than there are ballots.
    #[error("candidate at position {candidate} has {votes} votes of {ballots} valid ballots")]
    MoreVotesThanBallots {
        /// Position of the candidate.
        candidate: u32,
        /// Votes of the candidate.
        votes: u64,
        /// Valid ballots of the district.
        ballots: u64,
    },
    /// The rule rests on a number of ballots that was not given.
    #[error("{rule} needs the number of {which}, found none")]
    BallotsNeeded {
        /// The rule.
        rule: &'static str,
        /// Which number.
        which: &'static str,
    },
    /// Votes without a valid ballot.
    #[error("{rule} takes shares of the valid ballots: found votes and 0 valid ballots")]
    NoBallots {
        /// The rule.
        rule: &'static str,
    },
    /// The order of the list decides, and the candidate has no place on it.
    #[error("candidate at position {candidate} has no place on the list, expected 1, 2, 3, ...")]
    PositionNeeded {
        /// Position of the candidate.
        candidate: u32,
    },
    /// Two candidates of a list have the same place on it.
    #[error("candidate at position {candidate}: found place {position} of the list again")]
    PositionRepeated {
        /// Position of the candidate.
        candidate: u32,
        /// The place.
        position: u32,
    },
    /// The fewest seats of all groups are more than the seats.
    #[error("min_seats {min_seats}: more than the {seats} seats for all groups in play together")]
    MinSeatsTooMany {
        /// Fewest seats of a group.
        min_seats: u32,
        /// Seats to fill.
        seats: u32,
    },
    /// The seats beforehand of all groups are more than the seats.
    #[error(
        "initial_seats {initial_seats}: more than the {seats} seats for all groups in play together"
    )]
    InitialSeatsTooMany {
        /// Seats of every group beforehand.
        initial_seats: u32,
        /// Seats to fill.
        seats: u32,
    },
    /// Rounding gave too many seats, and the reading of A4 takes none, or not enough, back.
    #[error("rounding gives {found} seats of {seats}, and reading A4 `excess` does not settle it")]
    Excess {
        /// Seats by rounding.
        found: u64,
        /// Seats to fill.
        seats: u32,
        /// The readings on which the refusal rests, as [`crate::Outcome::readings`].
        readings: Vec<OptionName>,
    },
    /// A held batch that is not of this race.
    #[error(
        "held batch {id}: found votes of {} lists and {} candidates, expected {} and {}",
        found[0], found[1], expected[0], expected[1]
    )]
    HeldShape {
        /// The batch.
        id: u64,
        /// Lists and candidates of the batch.
        found: [usize; 2],
        /// Lists and candidates of the race.
        expected: [usize; 2],
    },
    /// A held batch that the rules would refuse, alone or together with all others.
    #[error("held batch {id}: {error}")]
    HeldRefused {
        /// The batch.
        id: u64,
        /// Why.
        error: Box<SeatsError>,
    },
    /// Nobody can be replaced while it is open who sits.
    #[error("the outcome is {status}, expected it final before somebody is replaced")]
    OutcomeOpen {
        /// The status.
        status: &'static str,
    },
    /// Somebody leaves who is neither member nor alternate.
    #[error("candidate at position {candidate} is neither member nor alternate (any more)")]
    NotAMember {
        /// Position of the candidate.
        candidate: u32,
    },
    /// A lot that was drawn between others than those who are tied.
    #[error("lot {lot_index} ({lot:?}) was drawn between others than the tied: {tied:?}")]
    LotBetweenOthers {
        /// Position of the lot among those given.
        lot_index: usize,
        /// The lot.
        lot: Lot,
        /// Those who are tied.
        tied: Vec<Party>,
    },
    /// A lot that decides nothing here.
    #[error("lot {lot_index} ({lot:?}) matches no tie; ties of this race: {ties:?}")]
    LotMismatch {
        /// Position of the lot among those given.
        lot_index: usize,
        /// The lot.
        lot: Lot,
        /// Every tie of this race that asked for a lot, decided or not; empty: there is none.
        ties: Vec<PendingLot>,
    },
    /// The lots of one tie are not numbered 1, 2, 3, ...
    #[error("lot {lot_index}: found place {}, expected {expected}", lot.place)]
    LotPlace {
        /// Position of the lot among those given.
        lot_index: usize,
        /// The lot.
        lot: Lot,
        /// The place that was due.
        expected: u32,
    },
    /// The same party wins two lots of one tie.
    #[error("lot {lot_index} ({lot:?}): this winner already won an earlier place of this tie")]
    LotWinnerRepeated {
        /// Position of the lot among those given.
        lot_index: usize,
        /// The lot.
        lot: Lot,
    },
    /// More lots than the tie has places.
    #[error("lot {lot_index} ({lot:?}) is not needed: the tie has {places} places")]
    LotBeyondPlaces {
        /// Position of the lot among those given.
        lot_index: usize,
        /// The lot.
        lot: Lot,
        /// Places of the tie.
        places: u32,
    },
}

impl SeatsError {
    /// If a recorded lot is refused: its position among those given, and what was expected in its
    /// place, with the tied named by `name`.
    pub fn refused_lot(&self, name: impl Fn(&Party) -> String) -> Option<(usize, String)> {
        Some(match self {
            Self::LotMismatch { lot_index, ties, .. } if ties.is_empty() => {
                (*lot_index, "no lot: nothing here is tied".to_owned())
            }
            Self::LotMismatch { lot_index, ties, .. } => {
                let ties = ties.iter().map(|tie| {
                    let between: Vec<String> = tie.between.iter().map(&name).collect();
                    format!("{} between {}", tie.kind.name(), between.join(", "))
                });
                let ties: Vec<String> = ties.collect();
                (*lot_index, format!("a lot of a tie that exists: {}", ties.join("; ")))
            }
            Self::LotBetweenOthers { lot_index, tied, .. } => {
                let tied: Vec<String> = tied.iter().map(&name).collect();
                (*lot_index, format!("a lot between exactly {}", tied.join(", ")))
            }
            Self::LotPlace { lot_index, expected, .. } => (*lot_index, format!("place {expected}")),
            Self::LotWinnerRepeated { lot_index, .. } => {
                (*lot_index, "somebody who has not won an earlier place".to_owned())
            }
            Self::LotBeyondPlaces { lot_index, places, .. } => {
                (*lot_index, format!("no more lots than the tie has places ({places})"))
            }
            _ => return None,
        })
    }
}
