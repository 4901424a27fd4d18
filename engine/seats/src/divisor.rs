//! Highest averages: each seat to the group with the largest quotient votes / divisor.
//!
//! What comes in: groups with votes, a series of divisors. What goes out: their seats, and the
//! tie at the last seats if there is one. Quotients are compared by cross-multiplication, in whole
//! numbers: votes < 2^64 and divisors < 2^18, so products stay below 2^82. The divisors of
//! Huntington-Hill are square roots, so there the squares of votes are compared, with products
//! below 2^156 as two halves.
//!
//! A list that has as many seats as names drops out; the seats go on to the next quotients.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::contenders::Contender;
use crate::count::{Count, Open};
use crate::{Fact, Options, Percent, SeatsError};

/// Divisors of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DivisorSeries {
    /// `first` for the first seat, then `base` + `step` x seats held.
    Linear { first: u64, base: u64, step: u64 },
    /// A given decimal for the first seat, then 3, 5, 7, ...
    FirstDivisor,
    /// √(s (s + 1)) for s seats held.
    GeometricMean,
}

/// The divisor of a group's next seat: a fraction, or the root of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divisor {
    /// `numerator` / `denominator`; the denominator is the same for all seats of a race.
    Ratio {
        /// Above the line.
        numerator: u64,
        /// Below it, at least 1.
        denominator: u64,
    },
    /// The square root of this number.
    Root(u64),
}

impl DivisorSeries {
    /// The divisor of the next seat of a group that holds so many.
    pub(crate) fn divisor(self, seats: u32, options: &Options) -> Divisor {
        let seats = u64::from(seats);
        match self {
            DivisorSeries::Linear { first, base, step } => {
                let numerator = if seats == 0 { first } else { base + step * seats };
                // Imperiali: 1, 1.5, 2, ... is 2, 3, 4, ... halves.
                let denominator = if (first, base) == (2, 2) { 2 } else { 1 };
                Divisor::Ratio { numerator, denominator }
            }
            DivisorSeries::FirstDivisor => {
                let first: Percent = options.first_divisor.0;
                let denominator = 10u64.pow(first.decimals());
                let numerator =
                    if seats == 0 { first.units() } else { (2 * seats + 1) * denominator };
                Divisor::Ratio { numerator, denominator }
            }
            DivisorSeries::GeometricMean => Divisor::Root(seats * (seats + 1)),
        }
    }
}

/// Votes / divisor of two groups, compared. Divisors of one race are of one kind. A quotient with
/// divisor 0 is larger than every other; among such, more votes are larger (Balinski and Young,
/// Fair Representation, appendix A).
pub(crate) fn compare_quotients(left: (u64, Divisor), right: (u64, Divisor)) -> Ordering {
    let (left_votes, left_divisor) = left;
    let (right_votes, right_divisor) = right;
    let (one, other) = match (left_divisor, right_divisor) {
        (Divisor::Ratio { numerator: one, .. }, Divisor::Ratio { numerator: other, .. })
        | (Divisor::Root(one), Divisor::Root(other)) => (one, other),
        _ => unreachable!("one series has divisors of one kind"),
    };
    match (one, other) {
        (0, 0) => return left_votes.cmp(&right_votes),
        (0, _) => return Ordering::Greater,
        (_, 0) => return Ordering::Less,
        _ => {}
    }
    let [left_votes, right_votes] = [left_votes, right_votes].map(u128::from);
    match left_divisor {
        Divisor::Ratio { .. } => {
            (left_votes * u128::from(other)).cmp(&(right_votes * u128::from(one)))
        }
        Divisor::Root(_) => {
            product(left_votes * left_votes, other).cmp(&product(right_votes * right_votes, one))
        }
    }
}

/// A product of 128 and 64 bits, high part first, so that pairs compare as the numbers do.
fn product(wide: u128, narrow: u64) -> (u128, u128) {
    let narrow = u128::from(narrow);
    let low = (wide & u128::from(u64::MAX)) * narrow;
    let high = (wide >> 64) * narrow + (low >> 64);
    (high, low & u128::from(u64::MAX))
}

/// A group with the quotient of its next seat.
#[derive(Debug)]
struct Claim {
    votes: u64,
    divisor: Divisor,
    contender: usize,
}

impl Claim {
    fn compare(&self, other: &Claim) -> Ordering {
        compare_quotients((self.votes, self.divisor), (other.votes, other.divisor))
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

/// Gives `seats` to the groups in play. `held` are seats that the divisors do not see (those given
/// beforehand); `min_seats` have been given already and are seen. Returns the seats that nobody
/// can take, and what waits for a lot.
pub(crate) fn distribute(
    count: &mut Count<'_>,
    all: &mut [Contender],
    seats: u32,
    held: u32,
    series: DivisorSeries,
) -> Result<(u32, Open), SeatsError> {
    let options = count.options();
    let article = count.cites.seats;
    let claim = |contender: usize, entry: &Contender| {
        let divisor = series.divisor(entry.seats.saturating_sub(held), options);
        Claim { votes: entry.votes, divisor, contender }
    };
    let mut heap: BinaryHeap<Claim> = all
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.in_play && !entry.is_full())
        .map(|(index, entry)| claim(index, entry))
        .collect();
    let mut left = seats;
    let given = count.race.seats - seats;
    while left > 0 {
        let Some(top) = heap.pop() else { break };
        let mut equals = vec![top];
        while heap.peek().is_some_and(|next| next.compare(&equals[0]) == Ordering::Equal) {
            equals.extend(heap.pop());
        }
        if equals.len() > left as usize {
            let tied = equals.into_iter().map(|claim| claim.contender).collect();
            return Ok((0, count.settle_seats(all, left, tied)?));
        }
        for won in equals {
            let entry = &mut all[won.contender];
            entry.award();
            left -= 1;
            let fact = Fact::QuotientSeat {
                group: entry.key,
                seat: given + seats - left,
                votes: won.votes,
                divisor: won.divisor,
            };
            count.step(article, fact);
            if !entry.is_full() {
                heap.push(claim(won.contender, entry));
            }
        }
    }
    Ok((left, Open::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_of_the_largest_votes_are_compared_exactly() {
        let big = u64::MAX;
        let root = |votes, seats: u64| (votes, Divisor::Root(seats * (seats + 1)));
        assert_eq!(compare_quotients(root(big, 9_999), root(big - 1, 9_999)), Ordering::Greater);
        assert_eq!(compare_quotients(root(big, 9_999), root(big, 9_998)), Ordering::Less);
        assert_eq!(compare_quotients(root(big, 9_999), root(big, 9_999)), Ordering::Equal);
        // 3 / √(1 x 2) and 6 / √8: no whole s gives 8, but the comparison does not care.
        let equal = compare_quotients((3, Divisor::Root(2)), (6, Divisor::Root(8)));
        assert_eq!(equal, Ordering::Equal);
        assert_eq!(product(u128::MAX, 2), (u128::from(u64::MAX) * 2 + 1, u128::from(u64::MAX) - 1));
    }

    #[test]
    fn a_first_seat_for_nothing_goes_by_votes() {
        let zero = |votes| (votes, Divisor::Root(0));
        assert_eq!(compare_quotients(zero(5), zero(4)), Ordering::Greater);
        assert_eq!(compare_quotients(zero(1), (u64::MAX, Divisor::Root(2))), Ordering::Greater);
    }
}
