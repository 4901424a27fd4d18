//! Highest averages: each seat goes to the largest quotient of votes and divisor.
//!
//! In: contenders in play and the seats. Out: seats of each; what nobody can take is left over. It
//! looks at every contender again for every seat.

use num_traits::Zero;

use super::exact::{Exact, count, whole};
use super::groups::{Contender, seats_for_all};
use super::lots::Lots;
use super::options::Options;

/// How the divisors go on.
#[derive(Clone, Copy)]
pub(crate) enum DivisorMethod {
    Dhondt,
    SainteLague,
    ModifiedSainteLague,
    Imperiali,
    Danish,
    Adams,
    HuntingtonHill,
}

/// What a contender puts forward for its next seat; the larger gets it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    Quotient(Exact),
    /// The divisor is 0: larger than every quotient; among such, more votes are larger.
    BeyondAll(u128),
}

/// Seats by one of the divisor methods, of which everybody begins with `least`.
pub(crate) fn distribute(
    contenders: &[Contender],
    seats: u64,
    least: u64,
    method: DivisorMethod,
    options: &Options,
    lots: &mut Lots,
) -> Result<Vec<u64>, String> {
    let first_divisor = options.first_divisor()?;
    let (mut held, left) = seats_for_all(contenders, seats, least, "min_seats")?;
    let everybody: Vec<usize> = (0..contenders.len()).collect();
    let claim = |votes: u128, held: u64| claim(method, &first_divisor, votes, held);
    hand_out(contenders, &everybody, left, &mut held, claim, lots);
    Ok(held)
}

/// Hands out one seat after another to the largest claim among `who`, until none is left or all
/// are full.
pub(crate) fn hand_out(
    contenders: &[Contender],
    who: &[usize],
    seats: u64,
    held: &mut [u64],
    claim: impl Fn(u128, u64) -> Claim,
    lots: &mut Lots,
) {
    let mut left = seats;
    let claim_of = |index: usize, held: &[u64]| claim(contenders[index].votes, held[index]);
    let mut claims: Vec<(usize, Claim)> =
        who.iter().map(|&index| (index, claim_of(index, held))).collect();
    while left > 0 {
        claims.retain(|(index, _)| !contenders[*index].is_full(held[*index]));
        let Some(best) = claims.iter().map(|(_, claim)| claim).max() else { return };
        let mut tied: Vec<usize> =
            claims.iter().filter(|(_, claim)| claim == best).map(|(index, _)| *index).collect();
        // Equal claims need no lot while there are seats for all of them.
        if count(tied.len()) > left {
            tied = lots.seats(contenders, &tied, left);
            left = 0;
        } else {
            left -= count(tied.len());
        }
        tied.iter().for_each(|&index| held[index] += 1);
        for (index, claim) in &mut claims {
            if tied.contains(index) {
                *claim = claim_of(*index, held);
            }
        }
    }
}

/// Votes over a divisor, which may be 0.
pub(crate) fn quotient(votes: u128, divisor: &Exact) -> Claim {
    if divisor.is_zero() {
        Claim::BeyondAll(votes)
    } else {
        Claim::Quotient(whole(votes) / divisor)
    }
}

fn claim(method: DivisorMethod, first_divisor: &Exact, votes: u128, held: u64) -> Claim {
    let s = whole(held);
    let [one, two, three] = [1, 2, 3].map(|number: u32| whole(number));
    let divisor = match method {
        DivisorMethod::Dhondt => s + one,
        DivisorMethod::ModifiedSainteLague if held == 0 => first_divisor.clone(),
        DivisorMethod::SainteLague | DivisorMethod::ModifiedSainteLague => s * two + one,
        DivisorMethod::Imperiali => s / two + one,
        DivisorMethod::Danish => s * three + one,
        DivisorMethod::Adams => s,
        DivisorMethod::HuntingtonHill => {
            // Votes over a root: the squares stand in the same order, and are fractions.
            let squared = &s * (&s + one);
            return match quotient(votes, &squared) {
                Claim::Quotient(quotient) => Claim::Quotient(quotient * whole(votes)),
                beyond @ Claim::BeyondAll(_) => beyond,
            };
        }
    };
    quotient(votes, &divisor)
}
