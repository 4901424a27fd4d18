//! Quota and largest remainder.
//!
//! What comes in: groups with votes, a quota. What goes out: their seats, and the tie at the last
//! seats if there is one. docs/rules.md, 3.2, says step by step what is done. The quota is of the
//! groups that still take part: a list that has fewer names than whole quotas gets one seat per
//! name and leaves with its votes.
//!
//! Products: votes < 2^64 x seats < 2^15, below 2^80.

use crate::contenders::Contender;
use crate::count::{Count, Open};
use crate::race::position;
use crate::{Article, Fact, LeftoverBy, Majority, SeatsError};

/// A quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quota {
    /// votes / (seats + `seats_plus`); 0 is Hare.
    Exact { seats_plus: u32 },
    /// ⌊votes / (seats + 1)⌋ + 1.
    Droop,
}

/// The whole seats of a group and what remains of its votes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) contender: usize,
    /// Whole quotas.
    pub(crate) whole: u32,
    /// The rest, in units of 1 / denominator of a seat.
    pub(crate) remainder: u64,
}

/// votes x multiplier / denominator, whole and remainder.
pub(crate) fn share(contender: usize, votes: u64, multiplier: u32, denominator: u64) -> Share {
    let product = u128::from(votes) * u128::from(multiplier);
    let divisor = u128::from(denominator);
    Share {
        contender,
        // More than u32 only where votes exceed 2^32 times the valid ballots.
        whole: u32::try_from(product / divisor).unwrap_or(u32::MAX),
        remainder: u64::try_from(product % divisor).expect("a remainder is below its divisor"),
    }
}

/// A quota as a fraction: a group with V votes has V x multiplier / denominator quotas.
#[derive(Debug, Clone, Copy)]
struct QuotaOf {
    multiplier: u32,
    denominator: u64,
}

impl Quota {
    fn of(self, votes: u64, seats: u32) -> (QuotaOf, Fact) {
        match self {
            Quota::Exact { seats_plus } => {
                let seats = seats + seats_plus;
                let quota = QuotaOf { multiplier: seats, denominator: votes };
                (quota, Fact::Quota { votes, seats })
            }
            Quota::Droop => {
                let quota = votes / u64::from(seats + 1) + 1;
                let fact = Fact::WholeQuota { votes, seats: seats + 1, quota };
                (QuotaOf { multiplier: 1, denominator: quota }, fact)
            }
        }
    }
}

/// Gives `seats` to the groups in play, beside the `held` seats that each has beforehand. Returns
/// the seats that nobody can take, and what waits for a lot.
pub(crate) fn distribute(
    count: &mut Count<'_>,
    all: &mut [Contender],
    seats: u32,
    held: u32,
    quota: Quota,
) -> Result<(u32, Open), SeatsError> {
    let article = count.cites.seats;
    let min_seats = count.options().min_seats;
    let mut active: Vec<usize> = (0..all.len()).filter(|index| all[*index].in_play).collect();
    let in_play_votes: u64 = active.iter().map(|index| all[*index].votes).sum();
    let mut left = seats;
    loop {
        if active.is_empty() || left == 0 {
            return Ok((left, Open::default()));
        }
        let votes: u64 = active.iter().map(|index| all[*index].votes).sum();
        let (QuotaOf { multiplier, denominator }, fact) = quota.of(votes, left);
        count.step(article, fact);
        let shares: Vec<Share> = active
            .iter()
            .map(|index| share(*index, all[*index].votes, multiplier, denominator))
            .collect();
        let leaving = leaving(all, &shares, left, held, min_seats);
        if !leaving.is_empty() {
            for (share, fixed) in &leaving {
                let too_many = SeatsError::MinSeatsTooMany { min_seats, seats: count.race.seats };
                left = left.checked_sub(*fixed).ok_or(too_many)?;
                settle_alone(count, all, *share, *fixed);
            }
            active.retain(|index| leaving.iter().all(|(share, _)| share.contender != *index));
            continue;
        }
        let mut whole = 0u32;
        let mut order = Vec::with_capacity(shares.len());
        for share in &shares {
            let entry = &mut all[share.contender];
            let gets =
                entry.capacity.map_or(share.whole, |most| share.whole.min(most - held.min(most)));
            entry.seats += gets;
            whole += gets;
            push_share(count, article, entry, multiplier, denominator, *share);
            let rest = i128::from(share.whole - gets) * i128::from(denominator);
            order.push((share.contender, rest + i128::from(share.remainder)));
        }
        if whole > left {
            let excess = whole - left;
            count.step(article, Fact::Excess { seats: excess });
            let fewest = |entry: &Contender| entry.at_most(min_seats).max(held);
            return Ok((0, take_in_rounds(count, all, order, excess, fewest, article)?));
        }
        left -= whole;
        let first = majority_seat(count, all, &active, left, held, [in_play_votes, seats.into()]);
        if let Some(group) = first {
            left -= 1;
            all[group].award();
        }
        return remainders(count, all, &shares, left, denominator, article, first);
    }
}

/// Groups that leave with a number of seats of their own: those who would have fewer than they must
/// have; if there are none, those who would have more than they can take. In this order no group is
/// left without its fewest seats. Where what they can take and the fewest of the others are more
/// than the seats left (a quota for more seats than there are), nobody leaves, and the excess is
/// taken back.
fn leaving(
    all: &[Contender],
    shares: &[Share],
    left: u32,
    held: u32,
    min_seats: u32,
) -> Vec<(Share, u32)> {
    let least = |share: &Share| all[share.contender].at_most(min_seats).saturating_sub(held);
    let under = shares.iter().filter_map(|share| {
        (share.whole < min_seats.saturating_sub(held)).then_some((*share, least(share)))
    });
    let under: Vec<(Share, u32)> = under.collect();
    if !under.is_empty() {
        return under;
    }
    let over = shares.iter().filter_map(|share| {
        let room = all[share.contender].capacity?.saturating_sub(held);
        (share.whole > room).then_some((*share, room))
    });
    let over: Vec<(Share, u32)> = over.collect();
    let is_over = |share: &&Share| over.iter().any(|(other, _)| other.contender == share.contender);
    let taken: u64 = over.iter().map(|(_, room)| u64::from(*room)).sum();
    let rest = shares.iter().filter(|share| !is_over(share));
    let least: u64 = rest.map(|share| u64::from(least(share))).sum();
    if taken + least > u64::from(left) { Vec::new() } else { over }
}

/// A group that leaves the quota with so many seats.
fn settle_alone(count: &mut Count<'_>, all: &mut [Contender], share: Share, seats: u32) {
    let entry = &mut all[share.contender];
    entry.seats += seats;
    let group = entry.key;
    if share.whole > seats {
        let fact = Fact::TooShort { group, capacity: seats, over: share.whole - seats };
        count.step(Article::Capacity, fact);
    } else {
        count.step(Article::MinSeats, Fact::MinimumSeats { group, seats });
    }
}

/// The group with more than half the votes, if it needs one of the seats left to have more than
/// half of the seats.
fn majority_seat(
    count: &mut Count<'_>,
    all: &[Contender],
    active: &[usize],
    left: u32,
    held: u32,
    [votes, seats]: [u64; 2],
) -> Option<usize> {
    if count.options().majority == Majority::Off || left == 0 {
        return None;
    }
    let has_majority =
        |entry: &Contender| entry.in_play && u128::from(entry.votes) * 2 > u128::from(votes);
    let group = *active.iter().find(|index| has_majority(&all[**index]))?;
    let entry = &all[group];
    if entry.is_full() || u64::from(entry.seats - held.min(entry.seats)) * 2 > seats {
        return None;
    }
    let fact = Fact::MajoritySeat { group: entry.key, votes: entry.votes, of: votes };
    count.step(count.cites.majority, fact);
    Some(group)
}

/// Takes one seat after another from groups that hold more than their fewest, smallest key first,
/// one from each in a round. Where the last ones are equal, all of them lose one and compete for
/// what is left.
pub(crate) fn take_in_rounds<K: Ord + Copy>(
    count: &mut Count<'_>,
    all: &mut [Contender],
    mut order: Vec<(usize, K)>,
    excess: u32,
    fewest: impl Fn(&Contender) -> u32,
    article: Article,
) -> Result<Open, SeatsError> {
    order.sort_by_key(|(_, key)| *key); // stable: order decides nothing
    let mut left = excess as usize;
    while left > 0 {
        order.retain(|(group, _)| all[*group].seats > fewest(&all[*group]));
        let takes = order.len().min(left);
        assert!(takes > 0, "an excess is of seats that somebody holds");
        let mut certain = takes;
        let mut tied = takes..takes;
        if takes < order.len() && order[takes - 1].1 == order[takes].1 {
            let cut = order[takes].1;
            certain = order.iter().take_while(|(_, key)| *key < cut).count();
            tied = certain..order.iter().take_while(|(_, key)| *key <= cut).count();
        }
        for (group, _) in order[..certain].iter().chain(&order[tied.clone()]) {
            all[*group].seats -= 1;
            count.step(article, Fact::SeatTaken { group: all[*group].key });
        }
        left -= certain;
        if !tied.is_empty() {
            let groups: Vec<usize> = order[tied].iter().map(|(group, _)| *group).collect();
            let places = position(groups.len() - left);
            return count.settle_seats(all, places, groups);
        }
    }
    Ok(Open::default())
}

/// Records the share of a group.
pub(crate) fn push_share(
    count: &mut Count<'_>,
    article: Article,
    entry: &Contender,
    multiplier: u32,
    denominator: u64,
    share: Share,
) {
    let fact = Fact::Share {
        group: entry.key,
        votes: entry.votes,
        seats: multiplier,
        denominator,
        whole: share.whole,
        remainder: share.remainder,
    };
    count.step(article, fact);
}

/// Seats left, one by one by the largest remainder, in rounds; a group that is full is passed by.
/// `first` had its turn in the first round.
fn remainders(
    count: &mut Count<'_>,
    all: &mut [Contender],
    shares: &[Share],
    seats: u32,
    denominator: u64,
    article: Article,
    first: Option<usize>,
) -> Result<(u32, Open), SeatsError> {
    if seats == 0 {
        return Ok((0, Open::default()));
    }
    count.step(article, Fact::Leftover { seats, by: LeftoverBy::Remainder });
    let order = shares.iter().map(|share| (share.contender, share.remainder)).collect();
    give_in_rounds(count, all, order, seats, first, |group, remainder, round| {
        let remainder = i128::from(remainder);
        (article, Fact::RemainderSeat { group, remainder, denominator, round })
    })
}

/// Gives one seat after another to groups that are not full, largest key first, one to each in a
/// round. Only the last round can end inside a tie: in the others everybody gets one.
pub(crate) fn give_in_rounds<K: Ord + Copy>(
    count: &mut Count<'_>,
    all: &mut [Contender],
    mut order: Vec<(usize, K)>,
    seats: u32,
    first: Option<usize>,
    fact: impl Fn(crate::GroupKey, K, u32) -> (Article, Fact),
) -> Result<(u32, Open), SeatsError> {
    order.sort_by_key(|(_, key)| std::cmp::Reverse(*key)); // stable: order decides nothing
    let mut left = seats;
    for round in 1.. {
        order.retain(|(group, _)| !all[*group].is_full());
        if left == 0 || order.is_empty() {
            break;
        }
        let has_turn = |(group, _): &&(usize, K)| round > 1 || Some(*group) != first;
        let turns: Vec<(usize, K)> = order.iter().filter(has_turn).copied().collect();
        let takes = turns.len().min(left as usize);
        let mut certain = takes;
        if takes < turns.len() && turns[takes - 1].1 == turns[takes].1 {
            let cut = turns[takes].1;
            certain = turns.iter().take_while(|(_, key)| *key > cut).count();
        }
        for (group, key) in &turns[..certain] {
            all[*group].award();
            let (article, fact) = fact(all[*group].key, *key, round);
            count.step(article, fact);
        }
        left -= position(certain);
        if certain < takes {
            let cut = turns[takes].1;
            let tied = turns.iter().filter(|(_, key)| *key == cut);
            let tied = tied.map(|(group, _)| *group).collect();
            return Ok((0, count.settle_seats(all, left, tied)?));
        }
    }
    Ok((left, Open::default()))
}
