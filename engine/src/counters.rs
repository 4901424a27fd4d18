//! Counters of a nation: per option and per district. No lock, and no line of memory that two
//! workers write to.
//!
//! In: batches, each to the bank of the worker that counts it. Out: sums, after all workers are
//! done. Never: a counter that overflows: a bank counts in 32 bits, as many as fit the caches, and
//! spills into 64 before a sum could reach 2^32.
//!
//! Why not one set of atomic counters: a batch adds to each of its options, 15 million additions
//! for a nation, and each costs as much as all else that is done for an option. Banks are added up
//! once, when the workers meet.

use rayon::prelude::*;
use shomar_format::document::BallotCounts;

use crate::prefetch::prefetch;

/// The counters of one worker, of all districts.
#[derive(Debug)]
pub(crate) struct Bank {
    votes: Vec<u32>,
    ballots: Vec<DistrictBallots>,
    /// Ballots taken since the last spill: no counter is above this.
    taken: u32,
    spilled: Option<Sums>,
}

#[derive(Clone, Copy, Debug, Default)]
struct DistrictBallots {
    taken: u32,
    valid: u32,
    void: u32,
    blank: u32,
}

/// Sums of all districts.
#[derive(Debug)]
pub(crate) struct Sums {
    /// Per option of all districts.
    pub(crate) votes: Vec<u64>,
    /// Per district.
    pub(crate) ballots: Vec<BallotCounts>,
}

impl Sums {
    fn new(options: usize, districts: usize) -> Self {
        Self { votes: vec![0; options], ballots: vec![BallotCounts::default(); districts] }
    }
}

impl Bank {
    pub(crate) fn new(options: usize, districts: usize) -> Self {
        Self {
            votes: vec![0; options],
            ballots: vec![DistrictBallots::default(); districts],
            taken: 0,
            spilled: None,
        }
    }

    /// Makes room for a batch of so many ballots.
    pub(crate) fn begin_batch(&mut self, taken: u32) {
        match self.taken.checked_add(taken) {
            Some(sum) => self.taken = sum,
            None => {
                let (options, districts) = (self.votes.len(), self.ballots.len());
                let mut spilled =
                    self.spilled.take().unwrap_or_else(|| Sums::new(options, districts));
                self.spill_into(&mut spilled);
                *self = Self { taken, spilled: Some(spilled), ..Self::new(options, districts) };
            }
        }
    }

    /// Asks for the counters of a district that comes next: as many as are worth asking for.
    pub(crate) fn prefetch(&self, district: u32, options: std::ops::Range<usize>) {
        prefetch(&self.ballots, district as usize);
        for option in options.step_by(LINE_COUNTERS).take(LINES_AHEAD) {
            prefetch(&self.votes, option);
        }
    }

    /// The counters of the options of a district.
    pub(crate) fn votes(&mut self, options: std::ops::Range<usize>) -> &mut [u32] {
        &mut self.votes[options]
    }

    /// Adds the ballots of a batch, which [`Bank::begin_batch`] has made room for.
    pub(crate) fn add_ballots(&mut self, district: u32, taken: u32, void: u32, blank: u32) {
        let ballots = &mut self.ballots[district as usize];
        ballots.taken += taken;
        ballots.valid += taken - void;
        ballots.void += void;
        ballots.blank += blank;
    }

    fn spill_into(&self, sums: &mut Sums) {
        for (sum, &votes) in sums.votes.iter_mut().zip(&self.votes) {
            *sum += u64::from(votes);
        }
        for (sum, ballots) in sums.ballots.iter_mut().zip(&self.ballots) {
            sum.add(&ballots.wide());
        }
    }
}

impl DistrictBallots {
    fn wide(&self) -> BallotCounts {
        BallotCounts {
            taken: u64::from(self.taken),
            valid: u64::from(self.valid),
            void: u64::from(self.void),
            blank: u64::from(self.blank),
        }
    }
}

/// Counters in a line of the cache.
const LINE_COUNTERS: usize = 16;
/// Lines that are asked for ahead.
const LINES_AHEAD: usize = 5;

/// Options that one worker adds up at a time.
const STRETCH: usize = 1 << 14;

/// Adds up the banks of all workers.
pub(crate) fn add_up(options: usize, districts: usize, banks: &[Bank]) -> Sums {
    let mut sums = Sums::new(options, districts);
    let Sums { votes, ballots } = &mut sums;
    votes.par_chunks_mut(STRETCH).enumerate().for_each(|(stretch, sums)| {
        let range = stretch * STRETCH..stretch * STRETCH + sums.len();
        for bank in banks {
            for (sum, &votes) in sums.iter_mut().zip(&bank.votes[range.clone()]) {
                *sum += u64::from(votes);
            }
            if let Some(spilled) = &bank.spilled {
                for (sum, &votes) in sums.iter_mut().zip(&spilled.votes[range.clone()]) {
                    *sum += votes;
                }
            }
        }
    });
    for bank in banks {
        for (sum, ballots) in ballots.iter_mut().zip(&bank.ballots) {
            sum.add(&ballots.wide());
        }
        if let Some(spilled) = &bank.spilled {
            ballots.iter_mut().zip(&spilled.ballots).for_each(|(sum, ballots)| sum.add(ballots));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_beyond_32_bits_spill_and_none_is_lost() {
        let mut banks = [Bank::new(2, 1), Bank::new(2, 1)];
        let batch = u32::MAX / 2;
        for round in 0..7 {
            for bank in &mut banks {
                bank.begin_batch(batch);
                bank.votes(1..2)[0] += batch;
                bank.add_ballots(0, batch, round, 0);
            }
        }
        assert!(banks.iter().all(|bank| bank.spilled.is_some()));
        let sums = add_up(2, 1, &banks);
        let taken = 14 * u64::from(batch);
        assert_eq!(sums.votes, [0, taken]);
        let void = 2 * (1 + 2 + 3 + 4 + 5 + 6);
        let expected = BallotCounts { taken, valid: taken - void, void, blank: 0 };
        assert_eq!(sums.ballots, [expected]);
    }
}
