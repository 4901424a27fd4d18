//! Random numbers that are the same on every machine and for ever.
//!
//! In: a seed and the coordinates of what is drawn (domain, station, district). Out: 64-bit
//! numbers, numbers below a bound. Never: a number that depends on what was drawn elsewhere, so
//! that any part of the nation can be generated alone and on any thread.
//!
//! Why not the `rand` crate: its default generators may change from version to version, and the
//! expected totals of a seed must not. SplitMix64 (Steele, Lea, Flood, "Fast splittable
//! pseudorandom number generators", 2014) is ten lines, passes BigCrush, and its step is cheap.

/// What a stream of numbers is for: streams of different domains never meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Domain {
    /// Candidates and lists of a district.
    Candidates = 1,
    /// Popularity and habits of a district.
    Habits = 2,
    /// Ballots of a station for a district.
    Ballots = 3,
    /// Sizes of the stations of a place.
    Stations = 4,
    /// Order of rows, and codes that nobody has, in text.
    Text = 5,
    /// Which villages carry a planted case.
    Planted = 6,
    /// Order in which batches arrive.
    Arrival = 7,
}

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

/// The golden ratio in 64 bits: the step of SplitMix64.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The stream of one thing.
    pub(crate) fn new(seed: u64, domain: Domain, first: u32, second: u32) -> Self {
        // Every part passes through the whole mixing before the next one is added: neighbouring
        // coordinates give unrelated streams.
        let mut state = mix(seed.wrapping_add(STEP));
        for part in [domain as u64, u64::from(first), u64::from(second)] {
            state = mix((state ^ part).wrapping_add(STEP));
        }
        Self { state }
    }

    /// 64 random bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `bound`. Its bias is below 2^-32 times the bound: no district sees it.
    #[inline]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let number = ((self.next() >> 32) * u64::from(bound)) >> 32;
        u32::try_from(number).expect("32 bits times 32 bits, shifted by 32 bits")
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u32, most: u32) -> u32 {
        least + self.below(most - least + 1)
    }

    /// Puts a slice into random order (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            let bound =
                u32::try_from(place + 1).expect("pairs, and ballots of a station, are fewer");
            items.swap(place, self.below(bound) as usize);
        }
    }
}

#[inline]
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_splitmix64() {
        // The reference values of SplitMix64 for the state 1234567 (Rosetta Code, "splitmix64").
        let mut random = Random { state: 1_234_567 };
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            first,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn neighbours_draw_different_numbers_and_bounds_hold() {
        let mut seen = std::collections::BTreeSet::new();
        for station in 0..50 {
            for district in 0..50 {
                let mut random = Random::new(1, Domain::Ballots, station, district);
                assert!(seen.insert(random.next()));
                assert!((3..=7).contains(&random.between(3, 7)));
                assert_eq!(random.below(1), 0);
            }
        }
    }

    #[test]
    fn shuffling_keeps_everything() {
        let mut items: Vec<u32> = (0..100).collect();
        Random::new(7, Domain::Text, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
