//! Who is how popular: drawing an option in proportion to whole-number weights, in constant time.
//!
//! In: weights. Out: options, drawn. Never: floating point; two machines would round differently,
//! and the expected totals of a seed would not be the same everywhere.
//!
//! This is the alias method (Walker 1977; Vose 1991): each of the n slots holds its own option and
//! one other, and a threshold between them, so that one random number decides everything.

use std::hint::select_unpredictable;

use shomar_format::{OptionIndex, UNKNOWN_OPTION};

use crate::random::Random;

/// The table to draw from.
#[derive(Clone, Debug)]
pub(crate) struct Popularity {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// In parts of 2^32: below it, the slot's own option is drawn.
    threshold: u32,
    own: OptionIndex,
    other: OptionIndex,
}

impl Popularity {
    /// Builds the table of the options from `first` on.
    ///
    /// # Panics
    /// If there is no weight above zero, or more weights than a district may have options.
    pub(crate) fn new(first: OptionIndex, weights: &[u32]) -> Self {
        let count = weights.len() as u64;
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        assert!(sum > 0, "somebody must be able to win");
        // A slot has room for `sum`; option i has `weight * count` to put into slots.
        let mut rest: Vec<u64> = weights.iter().map(|&w| u64::from(w) * count).collect();
        let last = usize::from(first) + weights.len() - 1;
        assert!(u16::try_from(last).is_ok_and(|last| last < UNKNOWN_OPTION), "too many options");
        let mut slots: Vec<Slot> = (first..)
            .zip(weights)
            .map(|(option, _)| Slot { threshold: u32::MAX, own: option, other: option })
            .collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..weights.len()).partition(|&place| rest[place] < sum);
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            let threshold = (u128::from(rest[poor]) << 32) / u128::from(sum);
            slots[poor].threshold = u32::try_from(threshold).expect("the rest is below the sum");
            slots[poor].other = slots[rich].own;
            rest[rich] -= sum - rest[poor];
            if rest[rich] < sum {
                large.pop();
                small.push(rich);
            }
        }
        // What is left is full: below its threshold or not, it is its own option.
        Self { slots }
    }

    /// Options to draw from.
    pub(crate) fn options(&self) -> impl ExactSizeIterator<Item = OptionIndex> + Clone {
        self.slots.iter().map(|slot| slot.own)
    }

    /// Draws an option.
    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> OptionIndex {
        let bits = random.next();
        // 32 bits times 16 bits: a district has at most 65,535 options.
        let place = ((bits >> 32) * (self.slots.len() as u64 & 0xffff)) >> 32;
        let slot = self.slots[place as usize];
        let own = bits & u64::from(u32::MAX) < u64::from(slot.threshold);
        // Which of the two is a matter of chance, and no processor would foresee the branch.
        select_unpredictable(own, slot.own, slot.other)
    }
}

/// Weights of ranks 0, 1, ...: Zipf's law with its head flattened by `offset` (a council elects
/// several persons of similar fame, not one star).
pub(crate) fn zipf_weights(count: usize, offset: u32) -> impl Iterator<Item = u32> {
    let first = offset.max(1);
    (first..).take(count).map(|rank| 1_000_000 / rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Domain;

    #[test]
    fn options_are_drawn_in_proportion() {
        let weights = [50, 0, 30, 15, 5];
        let table = Popularity::new(0, &weights);
        let mut random = Random::new(1, Domain::Habits, 0, 0);
        let mut drawn = [0_u32; 5];
        for _ in 0..100_000 {
            drawn[usize::from(table.draw(&mut random))] += 1;
        }
        for (weight, drawn) in weights.iter().zip(drawn) {
            let expected = weight * 1_000;
            assert!(drawn.abs_diff(expected) < 700, "{drawn} for {expected}");
        }
        assert_eq!(drawn[1], 0);
    }

    #[test]
    fn options_are_counted_from_the_first() {
        let (names, lists) = (Popularity::new(9, &[1, 5, 2]), Popularity::new(0, &[1, 5, 2]));
        assert!(names.options().eq([9, 10, 11]));
        let mut random = Random::new(1, Domain::Habits, 0, 0);
        for _ in 0..1_000 {
            let mut same = random.clone();
            assert_eq!(names.draw(&mut random), 9 + lists.draw(&mut same));
        }
    }

    #[test]
    fn a_single_option_is_always_drawn() {
        let table = Popularity::new(0, &[3]);
        let mut random = Random::new(1, Domain::Habits, 0, 0);
        assert!((0..1_000).all(|_| table.draw(&mut random) == 0));
    }
}
