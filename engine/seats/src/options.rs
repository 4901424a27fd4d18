//! The options of the rules: named readings of the law, typed.
//!
//! What comes in: a name and a value (docs/law.md and docs/rules.md, same names). What goes out: a
//! typed choice, or a refusal that lists what is known. How ballots are read (A10, A11, the limit
//! of names) is decided before there are votes; those options are not here.

use crate::numerals::parse_digits;
use crate::{Percent, SEATS_MAX, SeatsError};

/// A value that an option can have.
trait OptionValue: Sized + Default {
    /// Every value, or the form of one in angle brackets; the default first.
    const VALUES: &'static [&'static str];

    /// `None`: no such value.
    fn read(text: &str) -> Option<Self>;

    /// The value as it is written.
    fn text(&self) -> String;
}

/// Defines an option with a fixed set of values.
macro_rules! choice {
    (
        $(#[$document:meta])* $name:ident {
            $($(#[$variant_document:meta])* $variant:ident = $value:literal),+ $(,)?
        }
    ) => {
        $(#[$document])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name { $($(#[$variant_document])* $variant),+ }

        impl $name {
            /// The value as it is written in options.
            pub fn value(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }
        }

        impl OptionValue for $name {
            const VALUES: &'static [&'static str] = &[$($value),+];

            fn read(text: &str) -> Option<Self> {
                match text { $($value => Some(Self::$variant),)+ _ => None }
            }

            fn text(&self) -> String {
                self.value().to_owned()
            }
        }
    };
}

choice! {
    /// Candidates without a single vote.
    ZeroVotes {
        /// Never elected and never an alternate: a seat nobody else can take stays vacant.
        #[default]
        NotElected = "not_elected",
        /// As everybody else, after those who have votes. A *group* without a vote still gets no
        /// seat by proportion: a share of nothing is nothing.
        Elected = "elected",
    }
}

choice! {
    /// A8: persons with equal votes.
    TiePersons {
        /// A lot.
        #[default]
        LotRequired = "lot_required",
        /// Veterans first, then the higher degree, then a lot (note to the old art. 17).
        OldOrder = "old_order",
    }
}

choice! {
    /// A9: groups with an equal claim to a seat.
    TieSeats {
        /// A lot.
        #[default]
        LotRequired = "lot_required",
        /// The larger total first; a lot if the totals are equal too.
        LargerVoteTotal = "larger_vote_total",
    }
}

choice! {
    /// In which order the persons of a list get its seats.
    PersonOrder {
        /// Most votes first.
        #[default]
        OwnVotes = "own_votes",
        /// As they stand on the list.
        ListOrder = "list_order",
        /// Who has 10 % more than the list's average first, by votes; then as they stand on it.
        Czech = "czech",
    }
}

choice! {
    /// What a short list has to reach of the threshold's base.
    ShortLists {
        /// As much as every other.
        #[default]
        Whole = "whole",
        /// The base times its names / seats.
        Prorated = "prorated",
    }
}

choice! {
    /// Whom the threshold of article 24 concerns.
    ThresholdScope {
        /// The lists, and the pool of independents.
        #[default]
        ListsAndPool = "lists_and_pool",
        /// The lists alone.
        Lists = "lists",
    }
}

choice! {
    /// Whether votes of groups below the threshold of article 24 are part of the denominator.
    BelowThreshold {
        /// They are not.
        #[default]
        LeftOut = "left_out",
        /// They are.
        InDenominator = "in_denominator",
    }
}

choice! {
    /// A group with more than half the votes.
    Majority {
        /// Gets what the method gives.
        #[default]
        Off = "off",
        /// Gets more than half the seats.
        MoreThanHalf = "more_than_half",
    }
}

choice! {
    /// Which round of a two-round election is counted.
    Round {
        /// The first, with its bar.
        #[default]
        First = "first",
        /// The second: relative plurality.
        Second = "second",
    }
}

choice! {
    /// A1: what "all valid votes taken" is (councils law art. 24 item 2).
    Denominator {
        /// The sum of the votes of all lists and independents.
        #[default]
        VoteSum = "vote_sum",
        /// The valid ballots, so that a share is read directly as a number of seats.
        ValidBallots = "valid_ballots",
    }
}

choice! {
    /// A2: what "rounded" means (art. 24 item 3).
    Rounding {
        /// Whole numbers first, decimals decide the seats left.
        #[default]
        FloorThenRemainder = "floor_then_remainder",
        /// To the nearest whole number, halves upwards.
        HalfUp = "half_up",
        /// To the nearest whole number, halves to the even one.
        HalfEven = "half_even",
    }
}

choice! {
    /// A3: who gets the seats left, one by one (interpretive bill, item 2).
    Leftover {
        /// The largest remainder first.
        #[default]
        LargestRemainder = "largest_remainder",
        /// The largest group first, then the next, in rounds.
        LargestShare = "largest_share",
        /// The largest average of votes by seats held and one more.
        HighestAverage = "highest_average",
    }
}

choice! {
    /// A3: whether the pool of independents takes part in the seats left.
    PoolGetsLeftover {
        /// It does.
        #[default]
        Yes = "yes",
        /// The lists alone do.
        No = "no",
    }
}

choice! {
    /// A4: rounding gave more seats than there are.
    Excess {
        /// From whoever was rounded up by the smallest fraction.
        #[default]
        RemoveSmallestRoundedUpFraction = "remove_smallest_rounded_up_fraction",
        /// From the smallest group, then the next, in rounds.
        RemoveFromSmallestShare = "remove_from_smallest_share",
        /// From the largest group, then the next, in rounds.
        RemoveFromLargest = "remove_from_largest",
        /// No outcome.
        Error = "error",
    }
}

choice! {
    /// A6: a list wins more seats than it has names.
    ListTooShort {
        /// The seats it cannot fill join the seats left.
        #[default]
        OverflowToLeftover = "overflow_to_leftover",
        /// They stay vacant.
        Vacant = "vacant",
    }
}

choice! {
    /// A7: how 52 % of the seats of a list becomes a whole number of alternates (art. 25 item 2).
    AlternateRounding {
        /// Halves upwards.
        #[default]
        HalfUp = "half_up",
        /// Down.
        Floor = "floor",
        /// Up.
        Ceil = "ceil",
        /// 52 % of all seats are shared out by the largest remainders.
        LargestRemainderTo11 = "largest_remainder_to_11",
    }
}

choice! {
    /// A13: votes of a member who no longer stands.
    WithdrawnMember {
        /// They are not counted for the list.
        #[default]
        Exclude = "exclude",
        /// They stay in the total of the list.
        Keep = "keep",
    }
}

choice! {
    /// A14: lists against independents first (draft of 1402).
    TwoStage {
        /// One stage.
        #[default]
        Off = "off",
        /// First all lists together against the pool, then the lists among themselves.
        On = "on",
    }
}

choice! {
    /// Which table of council sizes is in force.
    SizesTable {
        /// As amended in 1395, in force since the election of 1396.
        #[default]
        Of1396 = "1396",
        /// As in the election of 1392.
        Of1392 = "1392",
    }
}

choice! {
    /// What kind of place a council is for, where sizes differ by it.
    Place {
        /// Not said: a size of either kind is accepted.
        #[default]
        Any = "any",
        /// A city.
        City = "city",
        /// A village, or a clan of nomads.
        Village = "village",
    }
}

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
