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
    let divisors = |divisor: fn(u64) -> u64| {
        highest_averages(votes, caps, house, order, |seats| divisor(seats).pow(2))
    };
    match method {
        Method::DHondt => divisors(|seats| seats + 1),
        Method::SainteLague => divisors(|seats| 2 * seats + 1),
        Method::ModifiedSainteLague => {
            divisors(|seats| if seats == 0 { 14 } else { 20 * seats + 10 })
        }
        Method::HuntingtonHill => {
            highest_averages(votes, caps, house, order, |seats| seats * (seats + 1))
        }
        Method::Adams => divisors(|seats| seats),
        Method::Danish => divisors(|seats| 3 * seats + 1),
        Method::Imperiali => divisors(|seats| seats + 2),
        Method::Hare => quota(votes, caps, house, order, |votes, seats| (votes, seats)),
        Method::Droop => {
            quota(votes, caps, house, order, |votes, seats| (votes / (seats + 1) + 1, 1))
        }
        Method::HagenbachBischoff => {
            quota(votes, caps, house, order, |votes, seats| (votes, seats + 1))
        }
        Method::ImperialiQuota => {
            quota(votes, caps, house, order, |votes, seats| (votes, seats + 2))
        }
        Method::Article24 => article_24(votes, caps, house, order),
        Method::RelativePlurality | Method::BlockPlurality | Method::TwoRound => {
            unreachable!("persons, not groups")
        }
    }
}

/// One seat after another to the best quotient; `divisor` gives the *square* of the divisor, so
/// that roots need none. What is divided by zero comes first, more votes before fewer.
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
                let [here, there] = [group, leader].map(|who| divisor(u64::from(seats[who])));
                match (here, there) {
                    (0, 0) => votes[group] > votes[leader],
                    (0, _) => true,
                    _ => votes[group].pow(2) * there > votes[leader].pow(2) * here,
                }
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

/// `quota` gives a fraction: votes above, the number below.
fn quota(
    votes: &[u64],
    caps: &[u32],
    house: u32,
    order: &[usize],
    quota: impl Fn(u64, u64) -> (u64, u64),
) -> Vec<u32> {
    let mut fixed: Vec<Option<u32>> =
        votes.iter().map(|votes| (*votes == 0).then_some(0)).collect();
    loop {
        let rest: Vec<usize> = (0..votes.len()).filter(|group| fixed[*group].is_none()).collect();
        let left = u64::from(house - fixed.iter().flatten().sum::<u32>());
        if rest.is_empty() || left == 0 {
            return fixed.into_iter().map(|seats| seats.unwrap_or(0)).collect();
        }
        let (above, below) = quota(rest.iter().map(|group| votes[*group]).sum(), left);
        let over: Vec<usize> = rest
            .iter()
            .copied()
            .filter(|group| votes[*group] * below / above > u64::from(caps[*group]))
            .collect();
        let room: u64 = over.iter().map(|group| u64::from(caps[*group])).sum();
        if over.is_empty() || room > left {
            let whole = |group: usize| {
                let whole = || u32::try_from(votes[group] * below / above).unwrap();
                fixed[group].unwrap_or_else(|| whole().min(caps[group]))
            };
            let mut seats: Vec<u32> = (0..votes.len()).map(whole).collect();
            let given = seats.clone();
            let remainder = |group: usize| votes[group] * below - u64::from(given[group]) * above;
            // Too many: one after another from the smallest remainder, once each; who is preferred
            // keeps the seat.
            let mut lost = vec![false; votes.len()];
            while seats.iter().sum::<u32>() > house {
                if rest.iter().all(|group| lost[*group] || seats[*group] == 0) {
                    lost.fill(false);
                }
                let rank = |group: usize| order.iter().position(|other| *other == group).unwrap();
                let loses = rest
                    .iter()
                    .copied()
                    .filter(|group| seats[*group] > 0 && !lost[*group])
                    .min_by_key(|group| (remainder(*group), std::cmp::Reverse(rank(*group))))
                    .unwrap();
                seats[loses] -= 1;
                lost[loses] = true;
            }
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
