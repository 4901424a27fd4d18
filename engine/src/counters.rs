//! Lock-free counters of a nation: per option and per district.
//!
//! In: what a worker counted in one run. Out: sums, after all workers are done. Never: a lock, or
//! one atomic addition per ballot; a worker flushes once per run.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::utils::CachePadded;
use shomar_format::document::BallotCounts;

/// Counters of all districts.
#[derive(Debug)]
pub(crate) struct Counters {
    options: Box<[AtomicU64]>,
    /// Padded: neighbouring districts are finished by different workers at the same time.
    ballots: Box<[CachePadded<DistrictBallots>]>,
}

#[derive(Debug, Default)]
struct DistrictBallots {
    taken: AtomicU64,
    valid: AtomicU64,
    void: AtomicU64,
    blank: AtomicU64,
}

impl Counters {
    pub(crate) fn new(options: usize, districts: u32) -> Self {
        Self {
            options: (0..options).map(|_| AtomicU64::new(0)).collect(),
            ballots: (0..districts).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Adds a worker's counts of one run to the options that begin at `first_option`.
    pub(crate) fn flush(
        &self,
        district: u32,
        first_option: usize,
        counts: &[u32],
        ballots: &BallotCounts,
    ) {
        // Relaxed: the sums are read only after the workers have been joined.
        for (total, &count) in self.options[first_option..].iter().zip(counts) {
            if count > 0 {
                total.fetch_add(u64::from(count), Ordering::Relaxed);
            }
        }
        let district = &self.ballots[district as usize];
        district.taken.fetch_add(ballots.taken, Ordering::Relaxed);
        district.valid.fetch_add(ballots.valid, Ordering::Relaxed);
        district.void.fetch_add(ballots.void, Ordering::Relaxed);
        district.blank.fetch_add(ballots.blank, Ordering::Relaxed);
    }

    /// The sums: per option, and per district.
    pub(crate) fn into_sums(self) -> (Vec<u64>, Vec<BallotCounts>) {
        let options = self.options.into_iter().map(AtomicU64::into_inner).collect();
        let ballots = self
            .ballots
            .into_iter()
            .map(|padded| {
                let ballots = padded.into_inner();
                BallotCounts {
                    taken: ballots.taken.into_inner(),
                    valid: ballots.valid.into_inner(),
                    void: ballots.void.into_inner(),
                    blank: ballots.blank.into_inner(),
                }
            })
            .collect();
        (options, ballots)
    }
}
