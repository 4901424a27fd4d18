//! Quota and largest remainder.
//!
//! In: contenders in play and the seats. Out: seats of each; what nobody can take is left over. A
//! group that leaves with its minimum or its capacity takes its votes and seats with it, and has no
//! part in what follows. If whole quotas give out more seats than there are and nobody who still
//! takes part can lose one without falling below its minimum, the race is refused, not guessed.

use std::cmp::Reverse;

use num_traits::Zero;

use super::exact::{Exact, whole, whole_part};
use super::groups::{Contender, seats_for_all, sum_of_votes};
use super::lots::Lots;
use super::options::Options;
use super::rounds::{classes, give, take};

/// How large a quota is.
#[derive(Clone, Copy)]
pub(crate) enum QuotaMethod {
    Hare,
    HagenbachBischoff,
    Droop,
    Imperiali,
}

/// Steps 1 and 2: whole quotas, with those who have left at their minimum or capacity.
struct Shares {
    held: Vec<u64>,
    remainders: Vec<Exact>,
    /// Who still takes part.
    taking_part: Vec<usize>,
}

/// Seats by one of the quota methods, of which nobody ends with fewer than `least`.
pub(crate) fn distribute(
    contenders: &[Contender],
    seats: u64,
    least: u64,
    method: QuotaMethod,
    options: &Options,
    lots: &mut Lots,
) -> Result<Vec<u64>, String> {
    let needs_majority =
        options.choice("majority", false, &[("off", false), ("more_than_half", true)])?;
    let (minimum, _) = seats_for_all(contenders, seats, least, "min_seats")?;
    let Shares { mut held, remainders, taking_part } =
        whole_quotas(contenders, seats, method, least)?;
    let sum: u64 = held.iter().sum();
    if sum > seats {
        let smallest_first = classes(&taking_part, |index| &remainders[index]);
        // Nobody in play may end below the minimum, so only what is above it can be lost.
        let may_lose = |index: usize, held: u64| held > minimum[index];
        let excess = sum - seats;
        let stuck = take(excess, contenders, &smallest_first, may_lose, false, &mut held, lots);
        if stuck > 0 {
            return Err(format!(
                "whole quotas and capacities give {sum} seats and {stuck} too many cannot be \
                 taken back, expected at most {seats}"
            ));
        }
        return Ok(held);
    }
    let largest_first = classes(&taking_part, |index| Reverse(&remainders[index]));
    let mut left = seats - sum;
    let mut had_turn = None;
    if needs_majority && left > 0 {
        // Only what is certain counts: a majority must not hang on a lot.
        let mut certain = held.clone();
        give(left, contenders, &largest_first, None, &mut certain, &mut lots.that_nobody_wins());
        had_turn = short_of_majority(contenders, &certain, seats)
            .filter(|index| taking_part.contains(index))
            .filter(|&index| !contenders[index].is_full(held[index]));
        if let Some(index) = had_turn {
            held[index] += 1;
            left -= 1;
        }
    }
    give(left, contenders, &largest_first, had_turn, &mut held, lots);
    Ok(held)
}

fn whole_quotas(
    contenders: &[Contender],
    seats: u64,
    method: QuotaMethod,
    least: u64,
) -> Result<Shares, String> {
    let mut held = vec![0; contenders.len()];
    let mut remainders = vec![Exact::zero(); contenders.len()];
    let mut taking_part: Vec<usize> = (0..contenders.len()).collect();
    let mut gone: u64 = 0;
    loop {
        let votes = sum_of_votes(taking_part.iter().map(|&index| &contenders[index]));
        let quota = quota(method, votes, seats, gone);
        for &index in &taking_part {
            let votes = whole(contenders[index].votes);
            held[index] = match &quota {
                Some(quota) => whole_part(&(&votes / quota))?,
                None => 0,
            };
            remainders[index] = match &quota {
                Some(quota) => votes - quota * whole(held[index]),
                None => votes,
            };
        }
        // Below `min_seats` itself, even if the capacity is lower: such a group leaves with that.
        let is_below = |&index: &usize| held[index] < least;
        let mut leaving: Vec<usize> = taking_part.iter().copied().filter(is_below).collect();
        let mut most = least;
        if leaving.is_empty() {
            let is_above = |&index: &usize| contenders[index].at_most(held[index]) < held[index];
            leaving = taking_part.iter().copied().filter(is_above).collect();
            most = u64::MAX;
            // What those who leave would take, and what the others must not fall below.
            let claim = |&index: &usize| {
                contenders[index].at_most(if leaving.contains(&index) { most } else { least })
            };
            let together: u64 = taking_part.iter().map(claim).sum();
            if together > seats.saturating_sub(gone) {
                // They cannot leave with more seats than there are: step 3 takes from them, too.
                for index in leaving {
                    let cut = held[index] - contenders[index].at_most(held[index]);
                    held[index] -= cut;
                    if let Some(quota) = &quota {
                        remainders[index] += quota * whole(cut);
                    }
                }
                return Ok(Shares { held, remainders, taking_part });
            }
        }
        if leaving.is_empty() {
            return Ok(Shares { held, remainders, taking_part });
        }
        for &index in &leaving {
            held[index] = contenders[index].at_most(most);
            gone += held[index];
        }
        taking_part.retain(|index| !leaving.contains(index));
    }
}

/// Votes for a seat; none where those who left have taken every seat that the quota is made of.
fn quota(method: QuotaMethod, votes: u128, seats: u64, gone: u64) -> Option<Exact> {
    let more = match method {
        QuotaMethod::Hare => 0,
        QuotaMethod::HagenbachBischoff | QuotaMethod::Droop => 1,
        QuotaMethod::Imperiali => 2,
    };
    let parts = (seats + more).checked_sub(gone).filter(|parts| *parts > 0)?;
    let quota = whole(votes) / whole(parts);
    match method {
        QuotaMethod::Droop => Some(quota.floor() + whole(1_u32)),
        _ => Some(quota),
    }
}

/// The group with more than half the votes, if it has no more than half the seats.
fn short_of_majority(contenders: &[Contender], held: &[u64], seats: u64) -> Option<usize> {
    let votes = sum_of_votes(contenders);
    let has_majority = |index: &usize| contenders[*index].votes > votes - contenders[*index].votes;
    (0..contenders.len()).find(has_majority).filter(|&index| held[index] * 2 <= seats)
}
