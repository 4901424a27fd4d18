//! Highest averages: each seat to the group with the largest quotient votes / divisor.
//!
//! What comes in: groups with votes, a series of divisors. What goes out: their seats, and the
//! tie at the last seats if there is one. Quotients are compared by cross-multiplication: votes
//! < 2^64 and divisors < 2^16, so products stay below 2^80.
//!
//! A list that has as many seats as names drops out; the seats go on to the next quotients.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::contenders::Contender;
use crate::proportional::Distribution;
use crate::{Article, Fact, Step};

/// Divisors: `first` for the first seat, then `base` + `step` x seats held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DivisorSeries {
    pub(crate) first: u64,
    pub(crate) base: u64,
    pub(crate) step: u64,
}

impl DivisorSeries {
    fn divisor(self, seats: u32) -> u64 {
        if seats == 0 { self.first } else { self.base + self.step * u64::from(seats) }
    }
}

/// A group with the quotient of its next seat.
#[derive(Debug)]
struct Claim {
    votes: u64,
    divisor: u64,
    contender: usize,
}

impl Claim {
    fn compare(&self, other: &Claim) -> Ordering {
        let left = u128::from(self.votes) * u128::from(other.divisor);
        left.cmp(&(u128::from(other.votes) * u128::from(self.divisor)))
    }
}

/// By quotient, then by position: the position only makes the order total for the heap. Equal
/// quotients are always taken out together, so it decides nothing.
impl Ord for Claim {
    fn cmp(&self, other: &Claim) -> Ordering {
        self.compare(other).then_with(|| other.contender.cmp(&self.contender))
    }
}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Claim) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Claim) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Claim {}

/// Gives `seats` to the groups in play.
pub(crate) fn distribute(
    contenders: &mut [Contender],
    seats: u32,
    series: DivisorSeries,
    article: Article,
    steps: &mut Vec<Step>,
) -> Distribution {
    let claim = |contender: usize, entry: &Contender| {
        let divisor = series.divisor(entry.seats);
        Claim { votes: entry.votes, divisor, contender }
    };
    let mut heap: BinaryHeap<Claim> = contenders
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.in_play && !entry.is_full())
        .map(|(index, entry)| claim(index, entry))
        .collect();
    let mut left = seats;
    while left > 0 {
        let Some(top) = heap.pop() else { break };
        let mut equals = vec![top];
        while heap.peek().is_some_and(|next| next.compare(&equals[0]) == Ordering::Equal) {
            equals.extend(heap.pop());
        }
        if equals.len() > left as usize {
            let tied = equals.into_iter().map(|claim| claim.contender).collect();
            return Distribution::tie(left, tied);
        }
        for won in equals {
            let entry = &mut contenders[won.contender];
            entry.award();
            left -= 1;
            let fact = Fact::QuotientSeat {
                group: entry.key,
                seat: seats - left,
                votes: won.votes,
                divisor: won.divisor,
            };
            steps.push(Step { article, fact });
            if !entry.is_full() {
                heap.push(claim(won.contender, entry));
            }
        }
    }
    Distribution::unfilled(left)
}
