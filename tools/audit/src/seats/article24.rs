//! Article 24: shares of the seats by votes, for the lists and the pool of all independents.
//!
//! In: all groups, those in play, the seats, and the options that the law leaves open. Out: seats
//! of each group in play; what nobody can take is left over. A negative remainder stays negative,
//! and an excess that the chosen rule cannot remove is refused.

use std::cmp::Reverse;

use super::divisors::{hand_out, quotient};
use super::exact::{Exact, divide, half, whole, whole_part};
use super::groups::{Contender, sum_of_votes};
use super::lots::Lots;
use super::options::Options;
use super::race::Party;
use super::rounds::{classes, give, take};

/// More seats than this by rounding are refused: they are taken back one by one.
const ROUNDED_SEATS_MAX: u128 = 1_000_000;

#[derive(Clone, Copy)]
enum Rounding {
    Down,
    HalfUp,
    HalfEven,
}

#[derive(Clone, Copy)]
enum Excess {
    SmallestRoundedUpFraction,
    SmallestShare,
    Largest,
    Refused,
}

#[derive(Clone, Copy)]
enum Leftover {
    LargestRemainder,
    LargestShare,
    HighestAverage,
}

/// The readings of the article.
struct Reading {
    by_ballots: bool,
    rounding: Rounding,
    excess: Excess,
    leaves_vacant: bool,
    leftover: Leftover,
    pool_gets_leftover: bool,
    is_two_stage: bool,
    counts_below_threshold: bool,
}

impl Reading {
    fn new(options: &Options) -> Result<Self, String> {
        let pick = |name: &str, off: &str, on: &str| {
            options.choice(name, false, &[(off, false), (on, true)])
        };
        Ok(Reading {
            by_ballots: pick("denominator", "vote_sum", "valid_ballots")?,
            leaves_vacant: pick("list_too_short", "overflow_to_leftover", "vacant")?,
            is_two_stage: pick("two_stage", "off", "on")?,
            pool_gets_leftover: !pick("pool_gets_leftover", "yes", "no")?,
            counts_below_threshold: options.choice(
                "below_threshold",
                false,
                &[("left_out", false), ("in_denominator", true)],
            )?,
            rounding: options.choice(
                "rounding",
                Rounding::Down,
                &[
                    ("floor_then_remainder", Rounding::Down),
                    ("half_up", Rounding::HalfUp),
                    ("half_even", Rounding::HalfEven),
                ],
            )?,
            excess: options.choice(
                "excess",
                Excess::SmallestRoundedUpFraction,
                &[
                    ("remove_smallest_rounded_up_fraction", Excess::SmallestRoundedUpFraction),
                    ("remove_from_smallest_share", Excess::SmallestShare),
                    ("remove_from_largest", Excess::Largest),
                    ("error", Excess::Refused),
                ],
            )?,
            leftover: options.choice(
                "leftover",
                Leftover::LargestRemainder,
                &[
                    ("largest_remainder", Leftover::LargestRemainder),
                    ("largest_share", Leftover::LargestShare),
                    ("highest_average", Leftover::HighestAverage),
                ],
            )?,
        })
    }

    /// The sum that shares are taken of: of those in play, or of all.
    fn total(&self, in_play: &[Contender], all: &[Contender]) -> u128 {
        sum_of_votes(if self.counts_below_threshold { all } else { in_play })
    }
}

/// Seats by article 24, in one stage or two. `all` are the groups, lists first, `in_play` those
/// that passed the threshold, in the same order.
pub(crate) fn distribute(
    all: &[Contender],
    in_play: &[Contender],
    seats: u64,
    valid_ballots: Option<u64>,
    options: &Options,
    lots: &mut Lots,
) -> Result<Vec<u64>, String> {
    if options.count("min_seats")?.is_some_and(|number| number > 0) {
        return Err("min_seats under article-24, expected none: no step provides for it".into());
    }
    let reading = Reading::new(options)?;
    let total = reading.total(in_play, all);
    let (lists, pool) = parted(in_play);
    let mut held = if reading.is_two_stage && !lists.is_empty() && !pool.is_empty() {
        let mut sides = vec![together(&lists)];
        sides.extend(&pool);
        let mut won = stage(&reading, &sides, seats, total, valid_ballots, lots)?;
        let total = reading.total(&lists, &parted(all).0);
        let of_lists = won.remove(0);
        // Seats that nobody won are not distributed a second time.
        let mut held = vec![0; lists.len()];
        if of_lists > 0 {
            held = stage(&reading, &lists, of_lists, total, valid_ballots, lots)?;
        }
        held.extend(won);
        held
    } else {
        stage(&reading, in_play, seats, total, valid_ballots, lots)?
    };
    // Under `vacant` capacity plays no part before the end, and the rest of a group is nobody's.
    for (contender, held) in in_play.iter().zip(&mut held) {
        *held = contender.at_most(*held);
    }
    Ok(held)
}

fn parted(contenders: &[Contender]) -> (Vec<Contender>, Vec<Contender>) {
    contenders.iter().partition(|contender| contender.party != Party::Pool)
}

/// All lists as one contender; without limit if one of them has none.
fn together(lists: &[Contender]) -> Contender {
    Contender {
        party: Party::AllLists,
        votes: sum_of_votes(lists),
        capacity: lists.iter().map(|list| list.capacity).sum(),
    }
}

/// Steps 1 to 5 among some contenders.
fn stage(
    reading: &Reading,
    contenders: &[Contender],
    seats: u64,
    total: u128,
    valid_ballots: Option<u64>,
    lots: &mut Lots,
) -> Result<Vec<u64>, String> {
    let mut contenders = contenders.to_vec();
    if reading.leaves_vacant {
        contenders.iter_mut().for_each(|contender| contender.capacity = None);
    }
    let raw = raw_seats(reading, &contenders, seats, total, valid_ballots)?;
    let mut held = rounded(reading.rounding, &raw)?;
    let sum: u128 = held.iter().copied().map(u128::from).sum();
    if sum > ROUNDED_SEATS_MAX {
        return Err(format!("rounding gives {sum} seats, expected about {seats}"));
    }
    let sum: u64 = held.iter().sum();
    if let Some(excess) = sum.checked_sub(seats).filter(|excess| *excess > 0) {
        remove(reading.excess, excess, &contenders, &raw, &mut held, lots)?;
    }
    for (contender, held) in contenders.iter().zip(&mut held) {
        *held = contender.at_most(*held);
    }
    let left = seats - held.iter().sum::<u64>();
    hand_out_leftover(reading, left, &contenders, &raw, &mut held, lots);
    Ok(held)
}

/// Step 1.
fn raw_seats(
    reading: &Reading,
    contenders: &[Contender],
    seats: u64,
    total: u128,
    valid_ballots: Option<u64>,
) -> Result<Vec<Exact>, String> {
    let raw = |contender: &Contender| {
        if reading.by_ballots {
            let missing = "denominator is valid_ballots, expected their number to be known";
            divide(contender.votes, valid_ballots.ok_or(missing)?, "valid_ballots")
        } else {
            Ok(divide(contender.votes, total, "the sum of votes")? * whole(seats))
        }
    };
    contenders.iter().map(raw).collect()
}

/// Step 2.
fn rounded(rounding: Rounding, raw: &[Exact]) -> Result<Vec<u64>, String> {
    let round = |raw: &Exact| {
        let down = whole_part(raw)?;
        let fraction = raw.fract();
        let is_up = match rounding {
            Rounding::Down => false,
            Rounding::HalfUp => fraction >= half(),
            Rounding::HalfEven => fraction > half() || (fraction == half() && down % 2 == 1),
        };
        Ok(down.saturating_add(u64::from(is_up)))
    };
    raw.iter().map(round).collect()
}

/// Step 3.
fn remove(
    rule: Excess,
    excess: u64,
    contenders: &[Contender],
    raw: &[Exact],
    held: &mut [u64],
    lots: &mut Lots,
) -> Result<(), String> {
    let everybody: Vec<usize> = (0..contenders.len()).collect();
    let votes_of = |index: usize| contenders[index].votes;
    let stuck = match rule {
        Excess::Refused => excess,
        Excess::SmallestRoundedUpFraction => {
            let before = held.to_vec();
            let was_rounded_up = |index: usize, _| whole(before[index]) > raw[index];
            let turns = classes(&everybody, |index| raw[index].fract());
            take(excess, contenders, &turns, was_rounded_up, true, held, lots)
        }
        Excess::SmallestShare => {
            let turns = classes(&everybody, votes_of);
            take(excess, contenders, &turns, |_, _| true, false, held, lots)
        }
        Excess::Largest => {
            let turns = classes(&everybody, |index| Reverse(votes_of(index)));
            take(excess, contenders, &turns, |_, _| true, false, held, lots)
        }
    };
    if stuck > 0 {
        return Err(format!(
            "rounding gives {excess} seats too many and the rule for an excess leaves {stuck} of \
             them, expected none"
        ));
    }
    Ok(())
}

/// Step 5.
fn hand_out_leftover(
    reading: &Reading,
    left: u64,
    contenders: &[Contender],
    raw: &[Exact],
    held: &mut [u64],
    lots: &mut Lots,
) {
    let takes_part =
        |&index: &usize| reading.pool_gets_leftover || contenders[index].party != Party::Pool;
    let who: Vec<usize> = (0..contenders.len()).filter(takes_part).collect();
    let turns = match reading.leftover {
        Leftover::LargestRemainder => {
            classes(&who, |index| Reverse(&raw[index] - whole(held[index])))
        }
        Leftover::LargestShare => classes(&who, |index| Reverse(contenders[index].votes)),
        Leftover::HighestAverage => {
            let claim = |votes: u128, held: u64| quotient(votes, &whole(held + 1));
            hand_out(contenders, &who, left, held, claim, lots);
            return;
        }
    };
    give(left, contenders, &turns, None, held, lots);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_UP_IS_NOT_YET_A_SUM: &[(&[u128], &[u64], &[u64])] = &[
        (&[450, 300, 250], &[9_450, 6_300, 5_250], &[9, 6, 5]),
        (&[408, 313, 279], &[8_568, 6_573, 5_859], &[9, 7, 6]),
        (&[490, 300, 130, 80], &[10_290, 6_300, 2_730, 1_680], &[10, 6, 3, 2]),
        (&[495, 304, 116, 85], &[10_395, 6_384, 2_436, 1_785], &[10, 6, 2, 2]),
    ];

    /// The first two columns of the golden cases: raw seats (in thousandths) and half up.
    #[test]
    fn raw_seats_and_half_up_of_the_golden_cases() {
        let none = std::collections::BTreeMap::new();
        let reading = Reading::new(&Options::new(&none).unwrap()).unwrap();
        for (votes, thousandths, half_up) in HALF_UP_IS_NOT_YET_A_SUM {
            let contender = |(index, &votes): (usize, &u128)| Contender {
                party: Party::List(index),
                votes,
                capacity: None,
            };
            let contenders: Vec<Contender> = votes.iter().enumerate().map(contender).collect();
            let raw = raw_seats(&reading, &contenders, 21, 1_000, None).unwrap();
            let written = |number: &u64| divide(*number, 1_000_u32, "").unwrap();
            assert_eq!(raw, thousandths.iter().map(written).collect::<Vec<_>>());
            assert_eq!(rounded(Rounding::HalfUp, &raw).unwrap(), *half_up);
        }
    }
}
