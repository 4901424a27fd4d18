//! A proven bound for counts without a closed form: article 24 under other readings than its
//! default ones, quotas that a group has left.
//!
//! What comes in: the steps of a count, which hold every quota that was used, and the groups. What
//! goes out: a number of changes before which no comparison turns. One change moves a share by at
//! most one `multiplier / denominator`, and two shares towards each other by twice that; votes by
//! one, and two numbers of votes towards each other by two. It never says that the bound is
//! reached.

use crate::contenders::Contender;
use crate::divisor::compare_quotients;
use crate::{Divisor, Fact, Outcome, Rounding, Rule};

/// A share that was compared: remainder of votes x multiplier by denominator.
struct Compared {
    multiplier: u64,
    denominator: u64,
    remainder: u64,
}

pub(super) fn of_steps(rule: &Rule, outcome: &Outcome, groups: &[Contender]) -> u64 {
    let mut votes: Vec<u64> = groups.iter().map(|entry| entry.votes).collect();
    let mut least = u64::MAX;
    // Every quota that was used, as (multiplier, denominator).
    let mut quotas: Vec<(u64, u64)> = Vec::new();
    for step in &outcome.steps {
        match &step.fact {
            Fact::Quota { votes, seats } => quotas.push((u64::from(*seats).max(1), *votes)),
            Fact::WholeQuota { votes, seats, quota } => {
                quotas.push((1, *quota));
                // A vote more or less can change the whole number that is the quota.
                let rest = votes % u64::from(*seats);
                least = least.min((rest + 1).min(u64::from(*seats) - rest));
            }
            Fact::BallotsPerSeat { ballots } => quotas.push((1, *ballots)),
            Fact::FirstStage { lists_votes, .. } => votes.push(*lists_votes),
            _ => {}
        }
    }
    let shares: Vec<Compared> = quotas
        .iter()
        .flat_map(|(multiplier, denominator)| {
            let remainder = |votes: &u64| {
                let product = u128::from(*votes) * u128::from(*multiplier);
                u64::try_from(product % u128::from(*denominator)).unwrap_or(0)
            };
            let (multiplier, denominator) = (*multiplier, *denominator);
            let remainders: Vec<u64> = votes.iter().map(remainder).collect();
            remainders.into_iter().map(move |remainder| Compared {
                multiplier,
                denominator,
                remainder,
            })
        })
        .collect();
    for share in &shares {
        least = least.min(to_a_whole_number(share));
        if rule.options().rounding != Rounding::FloorThenRemainder {
            least = least.min(to_a_half(share));
        }
    }
    // Every two of a stage: whoever is ranked by remainder, among those left or in excess.
    for (index, one) in shares.iter().enumerate() {
        for other in &shares[index + 1..] {
            let is_one_stage =
                (one.multiplier, one.denominator) == (other.multiplier, other.denominator);
            if is_one_stage {
                least =
                    least.min(one.remainder.abs_diff(other.remainder).div_ceil(2 * one.multiplier));
            }
        }
    }
    // Claims that were equal, so that the totals decided: any change may turn them.
    if outcome.steps.iter().any(|step| matches!(step.fact, Fact::LargerTotal { .. })) {
        return 1;
    }
    let moved = |fact: &Fact| matches!(fact, Fact::ShareSeat { .. } | Fact::SeatTaken { .. });
    if outcome.steps.iter().any(|step| moved(&step.fact)) {
        least = least.min(between_votes(groups));
    }
    if outcome.steps.iter().any(|step| matches!(step.fact, Fact::QuotientSeat { .. })) {
        least = least.min(between_averages(outcome, groups));
    }
    // At 0 two are equal: a change of one may turn them, and no change turns none.
    least.max(1)
}

/// Changes before the share can have another whole part.
fn to_a_whole_number(share: &Compared) -> u64 {
    let down = share.remainder / share.multiplier + 1;
    let up = (share.denominator - share.remainder).div_ceil(share.multiplier);
    down.min(up)
}

/// Changes before the share can be on another side of a half.
fn to_a_half(share: &Compared) -> u64 {
    let twice = u128::from(share.remainder) * 2;
    let distance = twice.abs_diff(u128::from(share.denominator));
    let changes = distance.div_ceil(2 * u128::from(share.multiplier));
    u64::try_from(changes).unwrap_or(u64::MAX)
}

/// Changes before two groups can change places by their votes.
fn between_votes(groups: &[Contender]) -> u64 {
    let mut votes: Vec<u64> =
        groups.iter().filter(|entry| entry.in_play).map(|entry| entry.votes).collect();
    votes.sort_unstable();
    let gaps = votes.windows(2).map(|pair| (pair[1] - pair[0]).div_ceil(2));
    gaps.min().unwrap_or(u64::MAX)
}

/// Changes before a seat that went by average can go to somebody else: every seat that was given
/// against the next seat of every other group.
fn between_averages(outcome: &Outcome, groups: &[Contender]) -> u64 {
    let given = outcome.steps.iter().filter_map(|step| match &step.fact {
        Fact::QuotientSeat { group, votes, divisor, .. } => Some((*group, *votes, *divisor)),
        _ => None,
    });
    let mut least = u64::MAX;
    for (group, votes, divisor) in given {
        for other in groups.iter().filter(|entry| entry.in_play && entry.key != group) {
            // Any divisor that the other may have had at the time.
            for held in 0..=other.seats {
                let numerator = u64::from(held) + 1;
                let next = Divisor::Ratio { numerator, denominator: 1 };
                let ahead = compare_quotients((votes, divisor), (other.votes, next));
                let turned = |change: u64| {
                    let (one, two) = if ahead.is_ge() {
                        (votes.saturating_sub(change), other.votes + change)
                    } else {
                        (votes + change, other.votes.saturating_sub(change))
                    };
                    compare_quotients((one, divisor), (two, next)) != ahead
                };
                let (mut low, mut high) = (0, votes.max(other.votes));
                while low < high {
                    let middle = low + (high - low) / 2;
                    if turned(middle) { high = middle } else { low = middle + 1 }
                }
                least = least.min(low);
            }
        }
    }
    least
}
