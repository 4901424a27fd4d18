//! Who is how popular: drawing an option in proportion to whole-number weights, in constant time.
//!
//! In: weights. Out: indices, drawn. Never: floating point; two machines would round differently,
//! and the expected totals of a seed would not be the same everywhere.
//!
//! This is the alias method (Walker 1977; Vose 1991): each of the n slots holds its own index and
//! one other, and a threshold between them, so that one random number decides everything.

use shomar_format::OptionIndex;

use crate::random::Random;

/// The table to draw from.
#[derive(Clone, Debug)]
pub(crate) struct Popularity {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// In parts of 2^32: below it, the slot's own index is drawn.
    threshold: u32,
    other: OptionIndex,
}

impl Popularity {
    /// Builds the table.
    ///
    /// # Panics
    /// If there is no weight above zero, or more weights than a district may have options.
    pub(crate) fn new(weights: &[u32]) -> Self {
        let count = weights.len() as u64;
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        assert!(sum > 0, "somebody must be able to win");
        // A slot has room for `sum`; option i has `weight * count` to put into slots.
        let mut rest: Vec<u64> = weights.iter().map(|&w| u64::from(w) * count).collect();
        let index =
            |place: usize| OptionIndex::try_from(place).expect("within DISTRICT_OPTIONS_MAX");
        let full = Slot { threshold: u32::MAX, other: 0 };
        let mut slots = vec![full; weights.len()];
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..weights.len()).partition(|&place| rest[place] < sum);
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            let threshold = (u128::from(rest[poor]) << 32) / u128::from(sum);
            slots[poor] = Slot {
                threshold: u32::try_from(threshold).expect("the rest is below the sum"),
                other: index(rich),
            };
            rest[rich] -= sum - rest[poor];
            if rest[rich] < sum {
                large.pop();
                small.push(rich);
            }
        }
        // What is left is full; its threshold misses its own index once in 2^32, for index 0.
        for (place, slot) in slots.iter_mut().enumerate() {
            if slot.threshold == u32::MAX {
                slot.other = index(place);
            }
        }
        Self { slots }
    }

    /// Options to draw from.
    pub(crate) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Draws an index.
    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> OptionIndex {
        let bits = random.next();
        let place = ((bits >> 32) * self.slots.len() as u64) >> 32;
        // A district has at most 65,535 options.
        let place = OptionIndex::try_from(place).expect("below the number of slots");
        let slot = self.slots[usize::from(place)];
        if bits & u64::from(u32::MAX) < u64::from(slot.threshold) { place } else { slot.other }
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
        let table = Popularity::new(&weights);
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
    fn a_single_option_is_always_drawn() {
        let table = Popularity::new(&[3]);
        let mut random = Random::new(1, Domain::Habits, 0, 0);
        assert!((0..1_000).all(|_| table.draw(&mut random) == 0));
    }
}
