//! The seats of groups under ranges of votes: a proof that they stay the same, or none.
//!
//! What comes in: an outcome without a lot, and ranges within which the groups in play stay so.
//! What goes out: whether its seats are proven for all votes in those ranges. It never says that
//! they can be others.
//!
//! Divisors, and quotas with largest remainders, have a rule of two groups: a seat that `from` won
//! has no worse claim than the next seat of any `to` that is not full. What a method gives obeys
//! it, ties going either way. And if seats obey it strictly, nothing else does: of two different
//! distributions of as many seats, x has more in the first and y in the second; x's last seat beats
//! y's next one strictly by the first, y's last beats or equals x's next one by the second, and
//! claims never grow with seats, which is a contradiction. So strict inequalities at the worst
//! corner of the ranges prove the seats, without a lot. Groups that enter compete with no seat.
//!
//! Other readings of article 24 are proven by their comparisons: while no share passes a whole
//! number (or a half) and no two that are ranked can meet, the count takes the same way.

use super::groups::{Range, Ranges};
use crate::divisor::{DivisorSeries, compare_quotients};
use crate::quota::Quota;
use crate::rule::Family;
use crate::{
    BelowThreshold, Denominator, Divisor, Excess, GroupKey, Leftover, ListTooShort, Majority,
    Outcome, PoolGetsLeftover, Race, Rounding, Rule, TwoStage,
};

/// Most seats up to which averages are compared each with each.
const AVERAGES_MAX: u32 = 64;

pub(super) fn are_fixed(race: &Race<'_>, rule: &Rule, now: &Outcome, ranges: &Ranges) -> bool {
    let options = rule.options();
    let by_right = options.initial_seats.max(options.min_seats);
    let enters = ranges.groups.iter().any(|group| group.can_enter);
    let grows = |group: &Range| group.in_play && group.capacity_max != group.capacity;
    // A vacant seat, or one by right, goes to whoever enters or finds another name.
    let changes_room = enters || ranges.groups.iter().any(grows);
    if (now.vacant > 0 || by_right > 0) && changes_room {
        return false;
    }
    match rule.method().family() {
        Family::Divisor(series) => divisors(rule, ranges, series),
        Family::Quota(quota) => quotas(race, rule, ranges, quota),
        Family::Article24 => article_24(race, rule, now, ranges),
        Family::Plurality | Family::TwoRound => unreachable!("no seats of groups"),
    }
}

/// Every group that holds a seat against every other that can take one more.
fn pairs_hold(
    ranges: &Ranges,
    holds_seat: impl Fn(&Range) -> bool,
    has_room: impl Fn(&Range) -> bool,
    is_ahead: impl Fn(&Range, &Range) -> bool,
) -> bool {
    let from = ranges.groups.iter().filter(|group| holds_seat(group));
    from.into_iter().all(|from| {
        let competes = |to: &&Range| to.key != from.key && (to.in_play || to.can_enter);
        let mut others = ranges.groups.iter().filter(competes).filter(|to| has_room(to));
        others.all(|to| is_ahead(from, to))
    })
}

fn has_room(group: &Range) -> bool {
    group.capacity_max.is_none_or(|capacity| group.seats < capacity)
}

/// Quotients: `from` with its fewest votes, `to` with its most.
fn divisors(rule: &Rule, ranges: &Ranges, series: DivisorSeries) -> bool {
    let options = rule.options();
    let held = options.initial_seats;
    let fewest = |group: &Range| {
        let by_right = options.min_seats.max(held);
        group.capacity.map_or(by_right, |capacity| capacity.min(by_right))
    };
    pairs_hold(
        ranges,
        |from| from.seats > fewest(from),
        has_room,
        |from, to| {
            let last = series.divisor((from.seats - 1).saturating_sub(held), options);
            let next = series.divisor(to.seats.saturating_sub(held), options);
            compare_quotients((from.low, last), (to.high, next)).is_gt()
        },
    )
}

/// The votes of which shares are taken, from the fewest to the most.
#[derive(Clone, Copy)]
struct Base {
    low: u64,
    added: u64,
}

/// Claims votes x multiplier / base less seats, base being a sum of votes that the votes are in.
///
/// (F + a - T - b) x m - k (B + a + b + c) > 0 for everything added to `from` (a), to `to` (b) and
/// to others (c), where k is one less than the difference of the seats, |k| <= m. Worst for `from`
/// is a = 0, since m - k >= 0; then b as large as it can be, since -m - k <= 0 and no vote does
/// more; and for k > 0 c too, b + c being at most all that can be added.
fn is_ahead(from: &Range, to: &Range, multiplier: u32, base: Base) -> bool {
    let multiplier = i128::from(multiplier);
    let apart = i128::from(from.seats) - 1 - i128::from(to.seats);
    if apart.abs() > multiplier {
        return false;
    }
    let added = if apart > 0 { base.added } else { to.high - to.low };
    let ahead = (i128::from(from.low) - i128::from(to.high)) * multiplier;
    ahead - apart * (i128::from(base.low) + i128::from(added)) > 0
}

fn quotas(race: &Race<'_>, rule: &Rule, ranges: &Ranges, quota: Quota) -> bool {
    let options = rule.options();
    // Seats by right, and groups that leave the quota, change it: no proof.
    if options.initial_seats > 0 || options.min_seats > 0 {
        return false;
    }
    let low: u64 = ranges.groups.iter().filter(|group| group.in_play).map(|group| group.low).sum();
    let base = Base { low, added: ranges.added };
    let can_have_majority = |group: &Range| {
        let sum = u128::from(base.low) + u128::from(group.high - group.low);
        u128::from(group.high) * 2 > sum
    };
    let in_play = || ranges.groups.iter().filter(|group| group.in_play || group.can_enter);
    if options.majority == Majority::MoreThanHalf && in_play().any(can_have_majority) {
        return false;
    }
    let seats = race.seats;
    let whole_quota = |votes: u64| votes / u64::from(seats + 1) + 1;
    // Whole quotas at the largest share; more than its names, and the group leaves.
    let most = |group: &Range| match quota {
        Quota::Exact { seats_plus } => {
            let sum = u128::from(base.low) + u128::from(group.high - group.low);
            u128::from(group.high) * u128::from(seats + seats_plus) / sum.max(1)
        }
        Quota::Droop => u128::from(group.high / whole_quota(base.low)),
    };
    let leaves =
        |group: &Range| group.capacity.is_some_and(|capacity| most(group) > u128::from(capacity));
    if in_play().filter(|group| !group.can_enter).any(leaves) {
        return false;
    }
    // Who enters with some votes has names with votes, one at least; more is not looked into.
    if in_play().any(|group| group.can_enter && most(group) > 0) {
        return false;
    }
    let ahead = |from: &Range, to: &Range| match quota {
        Quota::Exact { seats_plus } => is_ahead(from, to, seats + seats_plus, base),
        Quota::Droop => [base.low, base.low + base.added].into_iter().all(|votes| {
            let apart = i128::from(from.seats) - 1 - i128::from(to.seats);
            let ahead = i128::from(from.low) - i128::from(to.high);
            ahead - apart * i128::from(whole_quota(votes)) > 0
        }),
    };
    pairs_hold(ranges, |from| from.seats > 0, has_room, ahead)
}

fn article_24(race: &Race<'_>, rule: &Rule, now: &Outcome, ranges: &Ranges) -> bool {
    let options = rule.options();
    let in_sum =
        |group: &&Range| group.in_play || options.below_threshold == BelowThreshold::InDenominator;
    let low: u64 = ranges.groups.iter().filter(in_sum).map(|group| group.low).sum();
    let base = Base { low, added: ranges.added };
    let is_pool = |group: &Range| group.key == GroupKey::Independents;
    let has_pool = ranges.groups.iter().any(is_pool);
    let has_lists = ranges.groups.iter().any(|group| !is_pool(group));
    if options.two_stage == TwoStage::On && has_pool && has_lists {
        return false;
    }
    // Where seats without names stay vacant, names play no part before the end; if none is vacant,
    // not there either.
    let ignores_names = options.list_too_short == ListTooShort::Vacant;
    let is_plain = options.denominator == Denominator::VoteSum
        && options.rounding == Rounding::FloorThenRemainder
        && options.leftover == Leftover::LargestRemainder
        && (options.pool_gets_leftover == PoolGetsLeftover::Yes || !has_pool)
        && !(ignores_names && now.vacant > 0);
    if is_plain {
        let has_room = |group: &Range| ignores_names || has_room(group);
        let ahead = |from: &Range, to: &Range| is_ahead(from, to, race.seats, base);
        return pairs_hold(ranges, |from| from.seats > 0, has_room, ahead);
    }
    comparisons_hold(race, rule, ranges, base)
}

/// A share at one end of its range: `remainder` / `denominator` beside the whole part.
#[derive(Clone, Copy)]
struct End {
    whole: u128,
    remainder: u128,
    denominator: u128,
}

impl End {
    fn of(votes: u64, multiplier: u32, denominator: u64) -> End {
        let (product, denominator) =
            (u128::from(votes) * u128::from(multiplier), u128::from(denominator.max(1)));
        End { whole: product / denominator, remainder: product % denominator, denominator }
    }

    /// Below 2^64 x 2^64 each.
    fn is_below(self, other: End) -> bool {
        self.remainder * other.denominator < other.remainder * self.denominator
    }

    fn to_half(self) -> std::cmp::Ordering {
        (self.remainder * 2).cmp(&self.denominator)
    }
}

/// Article 24 in one stage under any reading: every comparison that can be made comes out as now.
fn comparisons_hold(race: &Race<'_>, rule: &Rule, ranges: &Ranges, base: Base) -> bool {
    let options = rule.options();
    let groups: Vec<&Range> = ranges.groups.iter().filter(|group| group.in_play).collect();
    // A full group that finds another name goes on.
    let grows = |group: &&Range| {
        group.capacity_max != group.capacity && Some(group.seats) == group.capacity
    };
    if ranges.groups.iter().any(|group| group.can_enter) || groups.iter().any(grows) {
        return false;
    }
    let ends = |group: &Range| match options.denominator {
        Denominator::VoteSum => [
            End::of(group.low, race.seats, base.low + base.added),
            End::of(group.high, race.seats, base.low + (group.high - group.low)),
        ],
        Denominator::ValidBallots => {
            let ballots = race.valid_ballots.expect("checked by Race::check");
            [End::of(group.low, 1, ballots + ranges.valid_added), End::of(group.high, 1, ballots)]
        }
    };
    let shares: Vec<[End; 2]> = groups.iter().map(|group| ends(group)).collect();
    let rounds = options.rounding != Rounding::FloorThenRemainder;
    // On one side of the half at both ends; exactly there at both, the share has no range.
    let stays = |[low, high]: &[End; 2]| {
        low.whole == high.whole && (!rounds || low.to_half() == high.to_half())
    };
    if !shares.iter().all(stays) {
        return false;
    }
    let every_two = |apart: &dyn Fn(usize, usize) -> bool| {
        (0..groups.len()).all(|one| (0..one).all(|two| apart(one, two)))
    };
    let by_votes = |one: usize, two: usize| {
        groups[one].high < groups[two].low || groups[two].high < groups[one].low
    };
    let by_remainder = |one: usize, two: usize| {
        let ([one_low, one_high], [two_low, two_high]) = (shares[one], shares[two]);
        one_high.is_below(two_low) || two_high.is_below(one_low)
    };
    // Only rounding up, or shares that are not of their own sum, can give too many seats.
    let has_excess = rounds || options.denominator == Denominator::ValidBallots;
    let excess_is_fixed = !has_excess
        || match options.excess {
            Excess::RemoveSmallestRoundedUpFraction => every_two(&by_remainder),
            Excess::RemoveFromSmallestShare | Excess::RemoveFromLargest => every_two(&by_votes),
            Excess::Error => true,
        };
    let leftover_is_fixed = match options.leftover {
        Leftover::LargestRemainder => every_two(&by_remainder),
        Leftover::LargestShare => every_two(&by_votes),
        Leftover::HighestAverage => {
            race.seats <= AVERAGES_MAX
                && every_two(&|one, two| averages_are_apart(groups[one], groups[two], race.seats))
        }
    };
    excess_is_fixed && leftover_is_fixed
}

/// Whether no average of the one can meet one of the other, whatever seats they hold.
fn averages_are_apart(one: &Range, two: &Range, seats: u32) -> bool {
    let divisor = |seats: u32| Divisor::Ratio { numerator: u64::from(seats), denominator: 1 };
    let is_above = |high: &Range, by: u32, low: &Range, of: u32| {
        compare_quotients((high.low, divisor(by)), (low.high, divisor(of))).is_gt()
    };
    (1..=seats)
        .all(|by| (1..=seats).all(|of| is_above(one, by, two, of) || is_above(two, of, one, by)))
}
