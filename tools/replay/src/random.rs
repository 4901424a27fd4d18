//! Random numbers that follow from the seed and from what they are for, never from time or threads.
//!
//! In: a seed, a purpose, coordinates. Out: 64-bit numbers, numbers below a bound, bytes. Never: a
//! number that depends on what was drawn elsewhere; so equal seeds give equal faults, whatever the
//! server answers and whichever connection is faster.
//!
//! SplitMix64 (Steele, Lea, Flood, 2014): ten lines that no version of a crate can change.

/// What a stream of numbers is for: streams of different purposes never meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Which batches a fault hits.
    Choice = 1,
    /// What a faulty record looks like.
    Content = 2,
    /// How long a retry waits.
    Backoff = 3,
    /// Which requests of a retry storm are sent twice.
    Storm = 4,
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
    pub(crate) fn new(seed: u64, purpose: Purpose, first: u64, second: u64) -> Self {
        let mut state = mix(seed.wrapping_add(STEP));
        for part in [purpose as u64, first, second] {
            state = mix((state ^ part).wrapping_add(STEP));
        }
        Self { state }
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `bound`, which is not 0. Its bias is below `bound` in 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound.max(1));
        u64::try_from(wide >> 64).expect("64 bits times 64 bits, shifted by 64 bits")
    }

    /// A place in something of `length` elements, which is not empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a length")
    }

    /// Random bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next().to_le_bytes());
        words.flatten().take(length).collect()
    }
}

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
        // The reference values of SplitMix64 for the state 1234567.
        let mut random = Random { state: 1_234_567 };
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn streams_differ_by_every_coordinate_and_bounds_hold() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..4 {
            for purpose in [Purpose::Choice, Purpose::Content, Purpose::Backoff, Purpose::Storm] {
                for first in 0..8 {
                    for second in 0..8 {
                        let mut random = Random::new(seed, purpose, first, second);
                        assert!(seen.insert(random.next()));
                        assert!(random.below(7) < 7);
                        assert_eq!(random.below(1), 0);
                    }
                }
            }
        }
        assert_eq!(Random::new(1, Purpose::Content, 0, 0).bytes(13).len(), 13);
    }
}
