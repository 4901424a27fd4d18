//! The steps of a count, as data.
//!
//! What comes in: facts pushed by the rules, with exact numbers and positions. What goes out: the
//! same, for rendering when somebody asks (`text/`). Nothing here builds a string while seats
//! are counted: a nation has 31,000 districts and few of them are ever read.

use crate::citations::Article;
use crate::{Divisor, GroupKey, Language, LotKind, OptionName, Party, Percent, Rule};

/// One step: what was found, by which article of which law or method, under which readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The article.
    pub article: Article,
    /// The options on which the step rests.
    pub readings: &'static [OptionName],
    /// What was found.
    pub fact: Fact,
}

impl Step {
    /// The citation, with the readings in force: `councils law art. 24 item 3; reading A2
    /// half_up`.
    pub fn source(&self, rule: &Rule) -> String {
        self.source_in(rule, Language::English)
    }

    /// The citation in a language; names and values of readings are those of `election.toml`.
    pub fn source_in(&self, rule: &Rule, language: Language) -> String {
        let (first, next) = match language {
            Language::English => ("; reading ", ", "),
            Language::Persian => ("؛ برداشت ", "، "),
        };
        let mut text = self.article.text_in(language).to_owned();
        for (index, option) in self.readings.iter().enumerate() {
            text.push_str(if index == 0 { first } else { next });
            // Several options share a number; those are told apart by name.
            let is_alone = |number: &str| {
                OptionName::ALL.iter().filter(|other| other.law_number() == number).count() == 1
            };
            match option.law_number() {
                "" => text.push_str(option.name()),
                number if is_alone(number) => text.push_str(number),
                number => {
                    text.push_str(number);
                    text.push(' ');
                    text.push_str(option.name());
                }
            }
            text.push(' ');
            text.push_str(&rule.options().value(*option));
        }
        text
    }
}

/// How seats left are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftoverBy {
    /// The largest remainders.
    Remainder,
    /// The largest groups, in rounds.
    Share,
    /// The highest averages.
    Average,
}

/// What a step found. Votes in votes, seats in seats, positions as in the race.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named for what they are; units are said above")]
pub enum Fact {
    /// Nobody has a vote; nobody is elected.
    NoVotes { seats: u32 },
    /// A threshold applies.
    Threshold { percent: Percent, base: u64 },
    /// Too few groups reach it: it falls to this, and so many pass.
    ThresholdLowered { percent: Percent, groups: u32 },
    /// The group does not reach it; its base is `base` x `part` / `whole`.
    BelowThreshold { group: GroupKey, votes: u64, base: u64, part: u32, whole: u32 },
    /// Every group in play has so many seats before the method begins.
    Beforehand { seats: u32, groups: u32 },
    /// The total of a group.
    Total { group: GroupKey, votes: u64 },
    /// Lists and independents share the seats in one stage.
    OneStage,
    /// First all lists together against the pool.
    FirstStage { lists_votes: u64, pool_votes: u64 },
    /// Then the lists among themselves for these seats.
    SecondStage { seats: u32 },
    /// Votes and seats that the quota (votes / seats) is made of.
    Quota { votes: u64, seats: u32 },
    /// A quota that is a whole number: ⌊votes / seats⌋ + 1.
    WholeQuota { votes: u64, seats: u32, quota: u64 },
    /// As many votes as there are valid ballots are a seat.
    BallotsPerSeat { ballots: u64 },
    /// votes x seats = (whole + remainder / denominator) x denominator.
    Share { group: GroupKey, votes: u64, seats: u32, denominator: u64, whole: u32, remainder: u64 },
    /// Rounded up to so many seats.
    RoundedUp { group: GroupKey, seats: u32 },
    /// What the rounded numbers add up to.
    RoundedSum { found: u64, seats: u32 },
    /// More seats than there are.
    Excess { seats: u32 },
    /// The group loses one of them.
    SeatTaken { group: GroupKey },
    /// The group has fewer names than its whole seats; the rest goes on.
    TooShort { group: GroupKey, capacity: u32, over: u32 },
    /// Whether names limit the seats left.
    NamesLimit { ignored: bool },
    /// The group has fewer names than seats; the rest is vacant, as its own.
    OwnVacant { group: GroupKey, seats: u32 },
    /// The group has as few seats as it may have.
    MinimumSeats { group: GroupKey, seats: u32 },
    /// The group has more than half of the votes and gets a seat first.
    MajoritySeat { group: GroupKey, votes: u64, of: u64 },
    /// Seats left after the whole numbers.
    Leftover { seats: u32, by: LeftoverBy },
    /// One of the seats left goes by remainder; rounds from 1.
    RemainderSeat { group: GroupKey, remainder: i128, denominator: u64, round: u32 },
    /// One of the seats left goes by size; rounds from 1.
    ShareSeat { group: GroupKey, votes: u64, round: u32 },
    /// A seat by quotient votes / divisor; seats are numbered from 1.
    QuotientSeat { group: GroupKey, seat: u32, votes: u64, divisor: Divisor },
    /// An equal claim goes to the larger total.
    LargerTotal { group: GroupKey, votes: u64 },
    /// Those tied for places that a lot decides.
    Tie { kind: LotKind, places: u32, between: Vec<Party> },
    /// A recorded lot.
    LotDrawn { kind: LotKind, place: u32, winner: Party },
    /// Places that wait for a lot.
    LotNeeded { kind: LotKind, places: u32, between: Vec<Party> },
    /// Equal votes, in the order of veterans and degrees; equals still share a place in brackets.
    OldOrder { order: Vec<Vec<u32>> },
    /// Persons of a list who stand before its order, as they have enough votes.
    CzechFirst { group: GroupKey, votes: u64, names: u32, first: Vec<u32> },
    /// Persons of a group, or of the race, in their order: the last elected and the next.
    Persons {
        group: Option<GroupKey>,
        seats: u32,
        elected: u32,
        last_votes: u64,
        next_votes: Option<u64>,
    },
    /// The bar of a first round.
    Bar { percent: Percent, ballots: u64, reached: u32 },
    /// Who is in the runoff for the seats that stay open.
    Runoff { seats: u32, between: Vec<u32> },
    /// How many alternates a group has, as a percentage of its seats.
    AlternateCount { group: GroupKey, seats: u32, percent: u32, alternates: u32 },
    /// How many alternates all groups together have.
    AlternateTotal { alternates: u32 },
    /// The group has one more of them, by its remainder.
    OneMoreAlternate { group: GroupKey },
    /// Alternates named, of those wanted.
    Alternates { group: Option<GroupKey>, wanted: u32, named: u32 },
    /// Seats that nobody can take.
    Vacant { seats: u32 },
    /// Somebody left; who comes in, if anybody is left.
    Replaced { leaver: u32, successor: Option<u32>, same_group: bool },
}

impl Fact {
    /// How many seats the step gives to a group, or takes from it; `None` if it is about something
    /// else.
    pub(crate) fn seats_moved(&self) -> Option<(GroupKey, i64)> {
        match self {
            Fact::Share { group, whole, .. } => Some((*group, i64::from(*whole))),
            Fact::RoundedUp { group, .. }
            | Fact::MajoritySeat { group, .. }
            | Fact::RemainderSeat { group, .. }
            | Fact::ShareSeat { group, .. }
            | Fact::QuotientSeat { group, .. }
            | Fact::LargerTotal { group, .. }
            | Fact::LotDrawn { kind: LotKind::Seat, winner: Party::Group(group), .. } => {
                Some((*group, 1))
            }
            Fact::MinimumSeats { group, seats } => Some((*group, i64::from(*seats))),
            Fact::SeatTaken { group } => Some((*group, -1)),
            Fact::TooShort { group, over, .. } => Some((*group, -i64::from(*over))),
            Fact::OwnVacant { group, seats } => Some((*group, -i64::from(*seats))),
            _ => None,
        }
    }

    /// Its numbers by name, for programs.
    pub fn numbers(&self) -> Vec<(&'static str, u64)> {
        let seats = |seats: &u32| ("seats", u64::from(*seats));
        let percentage = |percent: &Percent| {
            [
                ("percent_units", percent.units()),
                ("percent_decimals", u64::from(percent.decimals())),
            ]
        };
        match self {
            Fact::NoVotes { seats: number }
            | Fact::Vacant { seats: number }
            | Fact::Excess { seats: number }
            | Fact::SecondStage { seats: number }
            | Fact::Leftover { seats: number, .. }
            | Fact::RoundedUp { seats: number, .. }
            | Fact::OwnVacant { seats: number, .. }
            | Fact::MinimumSeats { seats: number, .. }
            | Fact::Runoff { seats: number, .. } => vec![seats(number)],
            Fact::Threshold { percent, base } => {
                [&percentage(percent)[..], &[("base", *base)]].concat()
            }
            Fact::ThresholdLowered { percent, groups } => {
                [&percentage(percent)[..], &[("groups", u64::from(*groups))]].concat()
            }
            Fact::BelowThreshold { votes, base, part, whole, .. } => vec![
                ("votes", *votes),
                ("base", *base),
                ("part", u64::from(*part)),
                ("whole", u64::from(*whole)),
            ],
            Fact::Beforehand { seats: number, groups } => {
                vec![seats(number), ("groups", u64::from(*groups))]
            }
            Fact::Total { votes, .. } | Fact::LargerTotal { votes, .. } => vec![("votes", *votes)],
            Fact::OneStage
            | Fact::SeatTaken { .. }
            | Fact::NamesLimit { .. }
            | Fact::OldOrder { .. }
            | Fact::OneMoreAlternate { .. }
            | Fact::Replaced { .. } => Vec::new(),
            Fact::FirstStage { lists_votes, pool_votes } => {
                vec![("lists_votes", *lists_votes), ("pool_votes", *pool_votes)]
            }
            Fact::Quota { votes, seats: number } => vec![("votes", *votes), seats(number)],
            Fact::WholeQuota { votes, seats: number, quota } => {
                vec![("votes", *votes), seats(number), ("quota", *quota)]
            }
            Fact::BallotsPerSeat { ballots } => vec![("ballots", *ballots)],
            Fact::Share { votes, seats: number, denominator, whole, remainder, .. } => vec![
                ("votes", *votes),
                seats(number),
                ("denominator", *denominator),
                ("whole", u64::from(*whole)),
                ("remainder", *remainder),
            ],
            Fact::RoundedSum { found, seats: number } => vec![("found", *found), seats(number)],
            Fact::TooShort { capacity, over, .. } => {
                vec![("capacity", u64::from(*capacity)), ("over", u64::from(*over))]
            }
            Fact::MajoritySeat { votes, of, .. } => vec![("votes", *votes), ("of", *of)],
            Fact::RemainderSeat { remainder, denominator, round, .. } => {
                // After rounding up, a remainder is below zero; numbers here are not.
                let name = if *remainder < 0 { "below_zero" } else { "remainder" };
                let remainder = u64::try_from(remainder.unsigned_abs()).unwrap_or(u64::MAX);
                vec![(name, remainder), ("denominator", *denominator), ("round", u64::from(*round))]
            }
            Fact::ShareSeat { votes, round, .. } => {
                vec![("votes", *votes), ("round", u64::from(*round))]
            }
            Fact::QuotientSeat { seat, votes, divisor, .. } => {
                let mut numbers = vec![("seat", u64::from(*seat)), ("votes", *votes)];
                match divisor {
                    Divisor::Ratio { numerator, denominator: 1 } => {
                        numbers.push(("divisor", *numerator));
                    }
                    Divisor::Ratio { numerator, denominator } => numbers.extend([
                        ("divisor_numerator", *numerator),
                        ("divisor_denominator", *denominator),
                    ]),
                    Divisor::Root(square) => numbers.push(("divisor_squared", *square)),
                }
                numbers
            }
            Fact::Tie { places, .. } | Fact::LotNeeded { places, .. } => {
                vec![("places", u64::from(*places))]
            }
            Fact::LotDrawn { place, .. } => vec![("place", u64::from(*place))],
            Fact::CzechFirst { votes, names, first, .. } => {
                vec![("votes", *votes), ("names", u64::from(*names)), ("first", first.len() as u64)]
            }
            Fact::Persons { seats: number, elected, last_votes, next_votes, .. } => {
                let mut numbers = vec![
                    seats(number),
                    ("elected", u64::from(*elected)),
                    ("last_votes", *last_votes),
                ];
                numbers.extend(next_votes.map(|votes| ("next_votes", votes)));
                numbers
            }
            Fact::Bar { percent, ballots, reached } => [
                &percentage(percent)[..],
                &[("ballots", *ballots), ("reached", u64::from(*reached))],
            ]
            .concat(),
            Fact::AlternateCount { seats: number, percent, alternates, .. } => vec![
                seats(number),
                ("percent", u64::from(*percent)),
                ("alternates", u64::from(*alternates)),
            ],
            Fact::AlternateTotal { alternates } => vec![("alternates", u64::from(*alternates))],
            Fact::Alternates { wanted, named, .. } => {
                vec![("wanted", u64::from(*wanted)), ("named", u64::from(*named))]
            }
        }
    }
}
