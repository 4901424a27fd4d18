//! Options that are numbers, or a number or a word.
//!
//! What comes in: a value as text. What goes out: an exact number within its bounds.

use super::OptionValue;
use crate::numerals::parse_digits;
use crate::{Percent, SEATS_MAX};

/// A12: how many names a list must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinimumList {
    /// Two thirds of the seats, upwards; a guess of a text that is cut.
    #[default]
    TwoThirds,
    /// Any number.
    None,
    /// So many.
    Names(u32),
}

impl MinimumList {
    /// Names that a list needs for so many seats.
    pub fn names(self, seats: u32) -> u32 {
        match self {
            MinimumList::TwoThirds => (seats * 2).div_ceil(3),
            MinimumList::None => 0,
            MinimumList::Names(names) => names,
        }
    }
}

impl OptionValue for MinimumList {
    const VALUES: &'static [&'static str] = &["two_thirds", "none", "<number of names>"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "two_thirds" => Some(MinimumList::TwoThirds),
            "none" => Some(MinimumList::None),
            number => u32::read(number).map(MinimumList::Names),
        }
    }

    fn text(&self) -> String {
        match self {
            MinimumList::TwoThirds => "two_thirds".to_owned(),
            MinimumList::None => "none".to_owned(),
            MinimumList::Names(names) => names.to_string(),
        }
    }
}

/// What a threshold is a percentage of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThresholdBase {
    /// The sum of the votes of all groups, those below it included.
    #[default]
    Votes,
    /// The valid ballots.
    Valid,
    /// The ballots taken.
    Taken,
    /// This number of votes.
    Number(u64),
}

impl OptionValue for ThresholdBase {
    const VALUES: &'static [&'static str] = &["votes", "valid", "taken", "<number of votes>"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "votes" => Some(ThresholdBase::Votes),
            "valid" => Some(ThresholdBase::Valid),
            "taken" => Some(ThresholdBase::Taken),
            number => parse_digits(number).filter(|base| *base > 0).map(ThresholdBase::Number),
        }
    }

    fn text(&self) -> String {
        match self {
            ThresholdBase::Votes => "votes".to_owned(),
            ThresholdBase::Valid => "valid".to_owned(),
            ThresholdBase::Taken => "taken".to_owned(),
            ThresholdBase::Number(base) => base.to_string(),
        }
    }
}

/// Most seats of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeatLimit {
    /// As many as it wins.
    #[default]
    None,
    /// So many.
    Seats(u32),
}

impl OptionValue for SeatLimit {
    const VALUES: &'static [&'static str] = &["none", "<number of seats>"];

    fn read(text: &str) -> Option<Self> {
        match text {
            "none" => Some(SeatLimit::None),
            number => u32::read(number).map(SeatLimit::Seats),
        }
    }

    fn text(&self) -> String {
        match self {
            SeatLimit::None => "none".to_owned(),
            SeatLimit::Seats(seats) => seats.to_string(),
        }
    }
}

/// A number of seats, names or groups.
impl OptionValue for u32 {
    const VALUES: &'static [&'static str] = &["0", "<number>"];

    fn read(text: &str) -> Option<Self> {
        let number = parse_digits(text).and_then(|number| u32::try_from(number).ok());
        number.filter(|number| *number <= SEATS_MAX)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl OptionValue for Percent {
    const VALUES: &'static [&'static str] = &["0", "<percentage from 0 to 100, such as 3.25>"];

    fn read(text: &str) -> Option<Self> {
        Percent::parse(text).ok()
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// The bar of a first round: 20 % if nothing else is said (Majlis elections law art. 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstRoundBar(pub Percent);

impl Default for FirstRoundBar {
    fn default() -> Self {
        FirstRoundBar(Percent::whole(20))
    }
}

impl OptionValue for FirstRoundBar {
    const VALUES: &'static [&'static str] = &["20", "<percentage from 0 to 100, such as 25>"];

    fn read(text: &str) -> Option<Self> {
        Percent::parse(text).ok().map(FirstRoundBar)
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

/// The first divisor of modified Sainte-Laguë: 1.4 in Norway, 1.2 in Sweden since 2018.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstDivisor(pub Percent);

impl Default for FirstDivisor {
    fn default() -> Self {
        FirstDivisor(Percent::tenths(14))
    }
}

impl OptionValue for FirstDivisor {
    const VALUES: &'static [&'static str] = &["1.4", "<number from 1 to below 3, such as 1.2>"];

    fn read(text: &str) -> Option<Self> {
        let number = Percent::parse(text).ok()?;
        // Below 1 it would favour small groups, from 3 on it would be the second divisor.
        let (units, one) = (number.units(), 10u64.pow(number.decimals()));
        (units >= one && units < 3 * one).then_some(FirstDivisor(number))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}
