//! The steps of a count, as data.
//!
//! What comes in: facts pushed by the rules, with exact numbers and positions. What goes out: the
//! same, for rendering when somebody asks (`text.rs`). Nothing here builds a string while seats
//! are counted: a nation has 31,000 districts and few of them are ever read.

use crate::{GroupKey, LotKind, Party, Percent};

/// One step: what was found, and by which article of which law or method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The article.
    pub article: Article,
    /// What was found.
    pub fact: Fact,
}

/// The source of a step. Where the law is open, the reading is named (docs/law.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Article {
    /// Most votes at any level.
    RelativeMajority,
    /// Most votes, city and village councils.
    Councils17,
    /// Votes of a person and total of a list.
    Councils24Item1,
    /// Shares.
    Councils24Item2,
    /// Rounding.
    Councils24Item3,
    /// Seats left, one by one.
    InterpretiveItem2,
    /// Equal remainders.
    Councils24TieSeats,
    /// A list with fewer names than seats.
    Councils24ListTooShort,
    /// Persons inside a list or the pool.
    Councils24Persons,
    /// Number and order of alternates.
    Councils25Item2,
    /// Highest averages 1, 2, 3, ...
    DHondt,
    /// Highest averages 1, 3, 5, ...
    SainteLague,
    /// Largest remainder.
    Hare,
    /// A percentage to reach.
    Threshold,
    /// A list cannot take more seats than it has names.
    Capacity,
    /// Persons inside a list, in methods that are about lists only.
    PersonsOfList,
    /// Nobody has a vote.
    NoVotes,
    /// Nobody can take a seat.
    Vacant,
}

impl Article {
    /// The citation.
    pub fn text(self) -> &'static str {
        match self {
            Article::RelativeMajority => {
                "relative majority (Majlis elections law art. 9; Experts elections law art. 8, old)"
            }
            Article::Councils17 => "councils law art. 17 (old): relative majority",
            Article::Councils24Item1 => "councils law art. 24 item 1",
            Article::Councils24Item2 => "councils law art. 24 item 2; reading A1 vote_sum",
            Article::Councils24Item3 => {
                "councils law art. 24 item 3; reading A2 floor_then_remainder"
            }
            Article::InterpretiveItem2 => {
                "interpretive bill on art. 24, item 2; reading A3 largest_remainder"
            }
            Article::Councils24TieSeats => "councils law art. 24; reading A9 lot_required",
            Article::Councils24ListTooShort => {
                "councils law art. 24; reading A6 overflow_to_leftover"
            }
            Article::Councils24Persons => "councils law art. 24; reading A8 lot_required",
            Article::Councils25Item2 => "councils law art. 25 item 2; reading A7 half_up",
            Article::DHondt => "D'Hondt, divisors 1, 2, 3, ...",
            Article::SainteLague => "Sainte-Laguë, divisors 1, 3, 5, ...",
            Article::Hare => "Hare quota, largest remainder",
            Article::Threshold => "threshold: at least",
            Article::Capacity => "no more seats than names",
            Article::PersonsOfList => "own votes inside the list",
            Article::NoVotes => "no valid vote",
            Article::Vacant => "vacant seats",
        }
    }
}

/// What a step found. Votes in votes, seats in seats, positions as in the race.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named for what they are; units are said above")]
pub enum Fact {
    /// Nobody has a vote; nobody is elected.
    NoVotes { seats: u32 },
    /// A threshold applies.
    Threshold { percent: Percent, base: u64 },
    /// The group does not reach it.
    BelowThreshold { group: GroupKey, votes: u64, base: u64 },
    /// The total of a group.
    Total { group: GroupKey, votes: u64 },
    /// Votes and seats that the quota (votes / seats) is made of.
    Quota { votes: u64, seats: u32 },
    /// votes x seats = (whole + remainder / denominator) x denominator.
    Share { group: GroupKey, votes: u64, seats: u32, denominator: u64, whole: u32, remainder: u64 },
    /// The group has fewer names than its whole seats; the rest goes on.
    TooShort { group: GroupKey, capacity: u32, over: u32 },
    /// Seats left after the whole numbers.
    Leftover { seats: u32 },
    /// One of the seats left goes by remainder; rounds from 1.
    RemainderSeat { group: GroupKey, remainder: u64, denominator: u64, round: u32 },
    /// A seat by quotient votes / divisor; seats are numbered from 1.
    QuotientSeat { group: GroupKey, seat: u32, votes: u64, divisor: u64 },
    /// Those tied for places that a lot decides.
    Tie { kind: LotKind, places: u32, between: Vec<Party> },
    /// A recorded lot.
    LotDrawn { kind: LotKind, place: u32, winner: Party },
    /// Places that wait for a lot.
    LotNeeded { kind: LotKind, places: u32, between: Vec<Party> },
    /// Persons by most votes: the last elected and the first who is not.
    Persons {
        group: Option<GroupKey>,
        seats: u32,
        elected: u32,
        last_votes: u64,
        next_votes: Option<u64>,
    },
    /// How many alternates a group has, as a percentage of its seats.
    AlternateCount { group: GroupKey, seats: u32, percent: u32, alternates: u32 },
    /// Alternates named, of those wanted.
    Alternates { group: Option<GroupKey>, wanted: u32, named: u32 },
    /// Seats that nobody can take.
    Vacant { seats: u32 },
}

impl Fact {
    /// Its numbers by name, for programs.
    pub fn numbers(&self) -> Vec<(&'static str, u64)> {
        match self {
            Fact::NoVotes { seats } | Fact::Leftover { seats } | Fact::Vacant { seats } => {
                vec![("seats", u64::from(*seats))]
            }
            Fact::Threshold { percent, base } => vec![
                ("percent_units", percent.units()),
                ("percent_decimals", u64::from(percent.decimals())),
                ("base", *base),
            ],
            Fact::BelowThreshold { votes, base, .. } => vec![("votes", *votes), ("base", *base)],
            Fact::Total { votes, .. } => vec![("votes", *votes)],
            Fact::Quota { votes, seats } => vec![("votes", *votes), ("seats", u64::from(*seats))],
            Fact::Share { votes, seats, denominator, whole, remainder, .. } => vec![
                ("votes", *votes),
                ("seats", u64::from(*seats)),
                ("denominator", *denominator),
                ("whole", u64::from(*whole)),
                ("remainder", *remainder),
            ],
            Fact::TooShort { capacity, over, .. } => {
                vec![("capacity", u64::from(*capacity)), ("over", u64::from(*over))]
            }
            Fact::RemainderSeat { remainder, denominator, round, .. } => vec![
                ("remainder", *remainder),
                ("denominator", *denominator),
                ("round", u64::from(*round)),
            ],
            Fact::QuotientSeat { seat, votes, divisor, .. } => {
                vec![("seat", u64::from(*seat)), ("votes", *votes), ("divisor", *divisor)]
            }
            Fact::Tie { places, .. } | Fact::LotNeeded { places, .. } => {
                vec![("places", u64::from(*places))]
            }
            Fact::LotDrawn { place, .. } => vec![("place", u64::from(*place))],
            Fact::Persons { seats, elected, last_votes, next_votes, .. } => {
                let mut numbers = vec![
                    ("seats", u64::from(*seats)),
                    ("elected", u64::from(*elected)),
                    ("last_votes", *last_votes),
                ];
                numbers.extend(next_votes.map(|votes| ("next_votes", votes)));
                numbers
            }
            Fact::AlternateCount { seats, percent, alternates, .. } => vec![
                ("seats", u64::from(*seats)),
                ("percent", u64::from(*percent)),
                ("alternates", u64::from(*alternates)),
            ],
            Fact::Alternates { wanted, named, .. } => {
                vec![("wanted", u64::from(*wanted)), ("named", u64::from(*named))]
            }
        }
    }
}
