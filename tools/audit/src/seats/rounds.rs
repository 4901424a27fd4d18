//! Turns: seats given or taken one after another, in rounds, to those with the best claim first.
//!
//! In: classes of equal claim in the order in which they have their turn. Out: the seats held
//! afterwards, and how many could not be given or taken. Who is equal when places run out goes to
//! the lots; nothing here prefers one of two equals.

use super::exact::count;
use super::groups::Contender;
use super::lots::Lots;

/// Sorts by key, smallest first, and puts those with equal keys into one class.
pub(crate) fn classes<K: Ord>(who: &[usize], key: impl Fn(usize) -> K) -> Vec<Vec<usize>> {
    let mut keyed: Vec<(K, usize)> = who.iter().map(|&index| (key(index), index)).collect();
    keyed.sort();
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (position, (key, index)) in keyed.iter().enumerate() {
        match classes.last_mut() {
            Some(class) if keyed[position - 1].0 == *key => class.push(*index),
            _ => classes.push(vec![*index]),
        }
    }
    classes
}

/// Classes cut at a number of places.
pub(crate) struct Cut {
    /// Clearly above the cut, best first.
    pub(crate) sure: Vec<usize>,
    /// The class that the cut goes through; empty if it goes between two.
    pub(crate) tied: Vec<usize>,
    /// How many of the tied have a place.
    pub(crate) places: u64,
    /// Clearly below the cut.
    pub(crate) below: Vec<Vec<usize>>,
}

/// Gives the places to the first classes.
pub(crate) fn cut(classes: Vec<Vec<usize>>, places: u64) -> Cut {
    let mut cut = Cut { sure: Vec::new(), tied: Vec::new(), places, below: Vec::new() };
    for class in classes {
        if cut.places == 0 || !cut.tied.is_empty() {
            cut.below.push(class);
        } else if count(class.len()) <= cut.places {
            cut.places -= count(class.len());
            cut.sure.extend(class);
        } else {
            cut.tied = class;
        }
    }
    cut
}

/// Gives one seat to each in a round until none is left or all are full; returns what is left.
///
/// `had_turn` has had its turn in the first round.
pub(crate) fn give(
    seats: u64,
    contenders: &[Contender],
    turns: &[Vec<usize>],
    had_turn: Option<usize>,
    held: &mut [u64],
    lots: &mut Lots,
) -> u64 {
    let mut left = seats;
    let mut had_turn = had_turn;
    loop {
        let before = left;
        for class in turns {
            let can_take =
                |&index: &usize| Some(index) != had_turn && !contenders[index].is_full(held[index]);
            let takers: Vec<usize> = class.iter().copied().filter(can_take).collect();
            if left == 0 {
                return 0;
            }
            if count(takers.len()) <= left {
                left -= count(takers.len());
                takers.iter().for_each(|&index| held[index] += 1);
            } else {
                let winners = lots.seats(contenders, &takers, left);
                winners.iter().for_each(|&index| held[index] += 1);
                return 0;
            }
        }
        // A round in which nobody could take a seat is the last, unless one had to sit it out.
        if had_turn.take().is_none() && left == before {
            return left;
        }
    }
}

/// Takes one seat from each in a round until the excess is gone; returns what could not be taken.
///
/// Of equals of whom not all need to lose, all lose one and compete for the places that stay.
pub(crate) fn take(
    excess: u64,
    contenders: &[Contender],
    turns: &[Vec<usize>],
    may_lose: impl Fn(usize, u64) -> bool,
    one_round: bool,
    held: &mut [u64],
    lots: &mut Lots,
) -> u64 {
    let mut left = excess;
    loop {
        let before = left;
        for class in turns {
            if left == 0 {
                return 0;
            }
            let loses = |&index: &usize| held[index] > 0 && may_lose(index, held[index]);
            let losers: Vec<usize> = class.iter().copied().filter(loses).collect();
            losers.iter().for_each(|&index| held[index] -= 1);
            if count(losers.len()) <= left {
                left -= count(losers.len());
            } else {
                let places = count(losers.len()) - left;
                let winners = lots.seats(contenders, &losers, places);
                winners.iter().for_each(|&index| held[index] += 1);
                left = 0;
            }
        }
        if one_round || left == before {
            return left;
        }
    }
}
