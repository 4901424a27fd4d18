//! Councils law, article 24: seats of Tehran's council among lists and the pool of independents.
//!
//! What comes in: groups with their totals (item 1). What goes out: their seats, and the tie at
//! the last seats if there is one; and how many alternates a group has (article 25 item 2).
//!
//! Source: docs/law.md. The gazetted text was seen in part only, so every open question is a
//! named reading, and every step says which one was used:
//! * A1 `vote_sum`: a share is votes of the group / sum of the votes of all groups (item 2).
//! * A2 `floor_then_remainder`: whole numbers first (item 3).
//! * A3 `largest_remainder`: seats left go one by one by the largest remainder (interpretive bill,
//!   item 2), the pool included.
//! * A4: with whole numbers first there is never a seat too many.
//! * A6 `overflow_to_leftover`: a list gets no more seats than it has names; what is over joins the
//!   seats left. Those go by remainder among groups that are not full; when each of them got one
//!   and seats are left, another round follows in the same order.

use crate::contenders::Contender;
use crate::options::{
    AlternateRounding, Article24Options, Denominator, Leftover, ListTooShort, PoolGetsLeftover,
    Rounding,
};
use crate::proportional::Distribution;
use crate::quota::{Share, push_share, remainders, share};
use crate::{Article, Fact, Step};

/// Alternates of a group, per cent of its seats (article 25 item 2).
const ALTERNATES_PERCENT: u32 = 52;

/// Gives `seats` to the groups in play.
pub(crate) fn distribute(
    contenders: &mut [Contender],
    seats: u32,
    options: Article24Options,
    steps: &mut Vec<Step>,
) -> Distribution {
    for entry in contenders.iter() {
        let fact = Fact::Total { group: entry.key, votes: entry.votes };
        steps.push(Step { article: Article::Councils24Item1, fact });
    }
    let in_play = |index: &usize| contenders[*index].in_play;
    let active: Vec<usize> = (0..contenders.len()).filter(in_play).collect();
    let denominator: u64 = match options.denominator {
        Denominator::VoteSum => active.iter().map(|index| contenders[*index].votes).sum(),
    };
    if active.is_empty() {
        return Distribution::unfilled(seats);
    }
    let article = Article::Councils24Item2;
    steps.push(Step { article, fact: Fact::Quota { votes: denominator, seats } });
    let shares: Vec<Share> = active
        .iter()
        .map(|index| share(*index, contenders[*index].votes, seats, denominator))
        .collect();
    let mut left = seats;
    for share in &shares {
        let entry = &mut contenders[share.contender];
        let rounded = match options.rounding {
            Rounding::FloorThenRemainder => share.whole,
        };
        push_share(steps, Article::Councils24Item3, entry, seats, denominator, *share);
        entry.seats = match options.list_too_short {
            ListTooShort::OverflowToLeftover => {
                entry.capacity.map_or(rounded, |capacity| rounded.min(capacity))
            }
        };
        left -= entry.seats;
        if entry.seats < rounded {
            let over = rounded - entry.seats;
            let fact = Fact::TooShort { group: entry.key, capacity: entry.seats, over };
            steps.push(Step { article: Article::Councils24ListTooShort, fact });
        }
    }
    match (options.leftover, options.pool_gets_leftover) {
        (Leftover::LargestRemainder, PoolGetsLeftover::Yes) => {
            let article = Article::InterpretiveItem2;
            remainders(contenders, &shares, left, denominator, article, steps)
        }
    }
}

/// Alternates of a group with this many seats: 52 %, as a whole number.
pub(crate) fn alternates(seats: u32, options: Article24Options) -> u32 {
    match options.alternate_rounding {
        // half up: floor(x + 1/2) with x = 52 x seats / 100; seats <= 10,000, so it fits.
        AlternateRounding::HalfUp => (ALTERNATES_PERCENT * seats * 2 + 100) / 200,
    }
}

/// Records how many alternates a group has.
pub(crate) fn alternate_step(entry: &Contender, alternates: u32) -> Step {
    let (group, seats, percent) = (entry.key, entry.seats, ALTERNATES_PERCENT);
    let fact = Fact::AlternateCount { group, seats, percent, alternates };
    Step { article: Article::Councils25Item2, fact }
}

#[cfg(test)]
mod tests {
    use super::alternates;
    use crate::Article24Options;

    #[test]
    fn fifty_two_per_cent_half_up() {
        let options = Article24Options::default();
        // 0.52, 1.04, 1.56, 2.6, 5.2, 10.92; an exact half would need 52 x seats = 50 mod 100.
        for (seats, expected) in [(0, 0), (1, 1), (2, 1), (3, 2), (5, 3), (10, 5), (21, 11)] {
            assert_eq!(alternates(seats, options), expected, "{seats} seats");
        }
        assert_eq!(alternates(25, options), 13);
        assert_eq!(alternates(10_000, options), 5_200);
    }
}
