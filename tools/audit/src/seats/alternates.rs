//! Alternates under article 25: 52 % of the seats of each group.
//!
//! In: the filled seats of each group and the people it has left, in classes of equals. Out: the
//! alternates, group by group. Nobody who is elected is in it, and no group has more than its
//! people.

use std::cmp::Reverse;

use num_bigint::BigInt;

use super::exact::{Exact, half, whole, whole_part};
use super::lots::Lots;
use super::options::Options;
use super::persons::queue;
use super::race::{Party, TieKind};
use super::rounds::{classes, cut};

#[derive(Clone, Copy)]
enum Rounding {
    HalfUp,
    Floor,
    Ceil,
    LargestRemainder,
}

/// The alternates of all groups, in the order of the groups.
pub(crate) fn alternates(
    parties: &[Party],
    filled_seats: &[u64],
    people_left: &[Vec<Vec<usize>>],
    options: &Options,
    lots: &mut Lots,
) -> Result<Vec<usize>, String> {
    let values = [
        ("half_up", Rounding::HalfUp),
        ("floor", Rounding::Floor),
        ("ceil", Rounding::Ceil),
        ("largest_remainder_to_11", Rounding::LargestRemainder),
    ];
    let rounding = options.choice("alt_rounding", Rounding::HalfUp, &values)?;
    let shares: Vec<Exact> = filled_seats.iter().map(|&seats| share(seats)).collect();
    let round = |share: &Exact| match rounding {
        Rounding::HalfUp => whole_part(&(share + half())),
        Rounding::Ceil => whole_part(&share.ceil()),
        Rounding::Floor | Rounding::LargestRemainder => whole_part(share),
    };
    let mut numbers = shares.iter().map(round).collect::<Result<Vec<u64>, String>>()?;
    if matches!(rounding, Rounding::LargestRemainder) {
        // Only filled seats count, for the number of all together as well.
        let all_together = whole_part(&(share(filled_seats.iter().sum()) + half()))?;
        let rest = all_together - numbers.iter().sum::<u64>();
        let everybody: Vec<usize> = (0..shares.len()).collect();
        let cut = cut(classes(&everybody, |index| Reverse(shares[index].fract())), rest);
        let mut winners = cut.sure;
        if !cut.tied.is_empty() {
            let party_of = |index: usize| parties[index];
            winners.extend(lots.draw(TieKind::Alternate, &cut.tied, party_of, cut.places));
        }
        winners.iter().for_each(|&index| numbers[index] += 1);
    }
    let queues =
        people_left.iter().zip(numbers).map(|(people, number)| queue(people, number, lots));
    Ok(queues.flatten().collect())
}

/// 52 % of the seats.
fn share(seats: u64) -> Exact {
    whole(seats) * Exact::new(BigInt::from(52), BigInt::from(100))
}
