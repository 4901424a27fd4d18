//! Quota and largest remainder.
//!
//! What comes in: groups with votes, a quota. What goes out: their seats, and the tie at the last
//! seats if there is one.
//!
//! Exactly what is done:
//! 1. The quota is votes in play / (seats + `seats_plus`); each group gets the whole number of
//!    quotas in its votes, by integer division of votes x seats.
//! 2. If that is more than a list has names, the list gets one seat per name and leaves, and step 1
//!    starts anew with the votes and the seats of the rest (so the quota is of the rest only).
//! 3. Seats left go one by one to the largest remainders among groups that are not full. If all of
//!    them got one and seats are left (possible only with full lists), another round follows in the
//!    same order.
//! 4. If nobody can take a seat, it is vacant.
//!
//! Products: votes < 2^64 x seats < 2^15, below 2^80.

use crate::contenders::Contender;
use crate::proportional::Distribution;
use crate::race::position;
use crate::{Article, Fact, Step};

/// The quota is votes / (seats + `seats_plus`); 0 is Hare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaSeries {
    pub(crate) seats_plus: u32,
}

/// The whole seats of a group and what remains of its votes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Share {
    pub(crate) contender: usize,
    pub(crate) whole: u32,
    /// Remainder of votes x seats, in units of 1 / denominator of a seat.
    pub(crate) remainder: u64,
}

/// votes x seats / denominator, whole and remainder.
pub(crate) fn share(contender: usize, votes: u64, seats: u32, denominator: u64) -> Share {
    assert!(votes <= denominator, "a share is at most everything");
    let product = u128::from(votes) * u128::from(seats);
    let divisor = u128::from(denominator);
    Share {
        contender,
        whole: u32::try_from(product / divisor).expect("a share of the seats is at most all"),
        remainder: u64::try_from(product % divisor).expect("a remainder is below its divisor"),
    }
}

/// Gives `seats` to the groups in play.
pub(crate) fn distribute(
    contenders: &mut [Contender],
    seats: u32,
    series: QuotaSeries,
    article: Article,
    steps: &mut Vec<Step>,
) -> Distribution {
    let mut active: Vec<usize> =
        (0..contenders.len()).filter(|index| contenders[*index].in_play).collect();
    let mut left = seats;
    loop {
        if active.is_empty() {
            return Distribution::unfilled(left);
        }
        let denominator: u64 = active.iter().map(|index| contenders[*index].votes).sum();
        let quotas = left + series.seats_plus;
        steps.push(Step { article, fact: Fact::Quota { votes: denominator, seats: quotas } });
        let shares: Vec<Share> = active
            .iter()
            .map(|index| share(*index, contenders[*index].votes, quotas, denominator))
            .collect();
        let is_over = |share: &Share| {
            contenders[share.contender].capacity.is_some_and(|capacity| share.whole > capacity)
        };
        let over: Vec<Share> = shares.iter().copied().filter(is_over).collect();
        if over.is_empty() {
            for share in &shares {
                let entry = &mut contenders[share.contender];
                entry.seats = share.whole;
                left -= share.whole;
                push_share(steps, article, entry, quotas, denominator, *share);
            }
            return remainders(contenders, &shares, left, denominator, article, steps);
        }
        for share in &over {
            let entry = &mut contenders[share.contender];
            let capacity = entry.capacity.expect("only a list with names is over");
            entry.seats = capacity;
            left -= capacity;
            let over = share.whole - capacity;
            let fact = Fact::TooShort { group: entry.key, capacity, over };
            steps.push(Step { article: Article::Capacity, fact });
        }
        active.retain(|index| over.iter().all(|share| share.contender != *index));
    }
}

/// Records the share of a group.
pub(crate) fn push_share(
    steps: &mut Vec<Step>,
    article: Article,
    entry: &Contender,
    seats: u32,
    denominator: u64,
    share: Share,
) {
    let fact = Fact::Share {
        group: entry.key,
        votes: entry.votes,
        seats,
        denominator,
        whole: share.whole,
        remainder: share.remainder,
    };
    steps.push(Step { article, fact });
}

/// Seats left, one by one by the largest remainder, in rounds; a group that is full is passed by.
/// Only the last round can end inside a tie: in the others everybody gets one.
pub(crate) fn remainders(
    contenders: &mut [Contender],
    shares: &[Share],
    seats: u32,
    denominator: u64,
    article: Article,
    steps: &mut Vec<Step>,
) -> Distribution {
    if seats == 0 {
        return Distribution::unfilled(0);
    }
    steps.push(Step { article, fact: Fact::Leftover { seats } });
    let mut order: Vec<Share> = shares.to_vec();
    order.sort_by_key(|share| std::cmp::Reverse(share.remainder)); // stable: order decides nothing
    let mut left = seats;
    for round in 1.. {
        order.retain(|share| !contenders[share.contender].is_full());
        if left == 0 || order.is_empty() {
            break;
        }
        let takes = order.len().min(left as usize);
        let mut certain = takes;
        if takes < order.len() && order[takes - 1].remainder == order[takes].remainder {
            let cut = order[takes].remainder;
            certain = order.iter().take_while(|share| share.remainder > cut).count();
        }
        for share in &order[..certain] {
            let entry = &mut contenders[share.contender];
            entry.award();
            let remainder = share.remainder;
            let fact = Fact::RemainderSeat { group: entry.key, remainder, denominator, round };
            steps.push(Step { article, fact });
        }
        left -= position(certain);
        if certain < takes {
            let cut = order[takes].remainder;
            let tied = order.iter().filter(|share| share.remainder == cut);
            return Distribution::tie(left, tied.map(|share| share.contender).collect());
        }
    }
    Distribution::unfilled(left)
}
