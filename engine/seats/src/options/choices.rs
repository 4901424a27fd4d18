//! Options with a fixed set of values; the first variant of each is the default.
//!
//! What comes in: a value as text. What goes out: a variant. What each means is said here in a
//! line; exactly, in docs/rules.md.

use super::OptionValue;

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
