//! Second implementations, naive on purpose: one seat or one person after another, ties broken by
//! a given order of preference. Trying every order gives every outcome that lots could bring
//! about; what the rules call certain must be what all of those have in common.

use crate::Method;

/// All orders of `count` things.
pub(super) fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for order in orders(count - 1) {
        for place in 0..count {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            all.push(longer);
        }
    }
    all
}

/// Seats of groups with votes, at most `caps` each; `order[0]` wins ties.
pub(super) fn seats(
    method: Method,
    votes: &[u64],
    caps: &[u32],
    house: u32,
    order: &[usize],
) -> Vec<u32> {
    match method {
        Method::DHondt => highest_averages(votes, caps, house, order, |seats| seats + 1),
        Method::SainteLague => highest_averages(votes, caps, house, order, |seats| 2 * seats + 1),
        Method::Hare => hare(votes, caps, house, order),
        Method::Article24 => article_24(votes, caps, house, order),
        Method::RelativePlurality | Method::BlockPlurality => unreachable!("persons, not groups"),
    }
}

/// One seat after another to the best quotient.
pub(super) fn highest_averages(
    votes: &[u64],
    caps: &[u32],
    house: u32,
    order: &[usize],
    divisor: impl Fn(u64) -> u64,
) -> Vec<u32> {
    let mut seats = vec![0u32; votes.len()];
    for _ in 0..house {
        let mut best: Option<usize> = None;
        for &group in order.iter().filter(|group| votes[**group] > 0) {
            if seats[group] >= caps[group] {
                continue;
            }
            let is_better = best.is_none_or(|leader| {
                votes[group] * divisor(u64::from(seats[leader]))
                    > votes[leader] * divisor(u64::from(seats[group]))
            });
            if is_better {
                best = Some(group);
            }
        }
        let Some(winner) = best else { break };
        seats[winner] += 1;
    }
    seats
}

fn hare(votes: &[u64], caps: &[u32], house: u32, order: &[usize]) -> Vec<u32> {
    let mut fixed: Vec<Option<u32>> =
        votes.iter().map(|votes| (*votes == 0).then_some(0)).collect();
    loop {
        let rest: Vec<usize> = (0..votes.len()).filter(|group| fixed[*group].is_none()).collect();
        let left = u64::from(house - fixed.iter().flatten().sum::<u32>());
        let total: u64 = rest.iter().map(|group| votes[*group]).sum();
        let over: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|group| votes[*group] * left / total > u64::from(caps[*group]))
            .collect();
        if over.is_empty() {
            let whole = |group: usize| {
                fixed[group].unwrap_or_else(|| u32::try_from(votes[group] * left / total).unwrap())
            };
            let seats: Vec<u32> = (0..votes.len()).map(whole).collect();
            let remainder = |group: usize| votes[group] * left % total.max(1);
            return by_remainder(seats, caps, house, order, &rest, remainder);
        }
        for group in over {
            fixed[group] = Some(caps[group]);
        }
    }
}

fn article_24(votes: &[u64], caps: &[u32], house: u32, order: &[usize]) -> Vec<u32> {
    let total: u64 = votes.iter().sum();
    let product = |group: usize| votes[group] * u64::from(house);
    let whole = |group: usize| u32::try_from(product(group) / total).unwrap().min(caps[group]);
    let seats: Vec<u32> = (0..votes.len()).map(whole).collect();
    let rest: Vec<usize> = (0..votes.len()).filter(|group| votes[*group] > 0).collect();
    by_remainder(seats, caps, house, order, &rest, |group| product(group) % total)
}

/// One seat after another: among those in the running who are not full, the one who had fewest
/// turns, then the largest remainder, then the order of preference.
fn by_remainder(
    mut seats: Vec<u32>,
    caps: &[u32],
    house: u32,
    order: &[usize],
    running: &[usize],
    remainder: impl Fn(usize) -> u64,
) -> Vec<u32> {
    let mut turns = vec![0u32; seats.len()];
    while seats.iter().sum::<u32>() < house {
        let rank = |group: usize| order.iter().position(|other| *other == group).unwrap();
        let next = running.iter().copied().filter(|group| seats[*group] < caps[*group]).min_by_key(
            |group| (turns[*group], std::cmp::Reverse(remainder(*group)), rank(*group)),
        );
        let Some(winner) = next else { break };
        seats[winner] += 1;
        turns[winner] += 1;
    }
    seats
}

/// Persons with a vote, most votes first, ties by the order of preference.
pub(super) fn persons(votes: &[u64], order: &[usize]) -> Vec<usize> {
    let mut ranked: Vec<usize> =
        order.iter().copied().filter(|person| votes[*person] > 0).collect();
    ranked.sort_by_key(|person| std::cmp::Reverse(votes[*person])); // stable
    ranked
}
