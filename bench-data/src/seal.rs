//! Sealing the nation: every batch as its station would seal it, in parallel, handed over in the
//! order of arrival.
//!
//! In: a planned nation, the definition digest. Out: sealed batches in a random order that follows
//! from the seed (`arrival.rs`), to a sink; then the totals to expect. Never: more in memory than
//! two windows of ballots, an order that depends on threads.

use rayon::prelude::*;
use shomar_format::bytes::Digest32;
use shomar_format::{BatchAddress, Canonicaliser, SealedBatch};

use crate::Expected;
use crate::plan::{Nation, Pair};
use crate::random::{Domain, Random};
use crate::work::{WINDOW_BALLOTS, WINDOW_PAIRS, Worker, Workers, work_ahead};

impl Nation {
    /// Seals every batch and gives it to `sink` in a random order of arrival, with the number of
    /// ballots so far. The order follows from the seed alone; in it the batches of one station
    /// stand by sequence. A pair without a ballot gives a batch without a ballot, as its station
    /// would send it. Works ahead by one window while `sink` writes.
    ///
    /// # Errors
    /// The first error of `sink`; nothing is given to it after that.
    ///
    /// # Panics
    /// If a ballot were lost or doubled.
    pub fn seal_all<E>(
        &self,
        definition: &Digest32,
        mut sink: impl FnMut(&SealedBatch, u64) -> Result<(), E>,
    ) -> Result<Expected, E> {
        let workers = Workers::new(&self.election);
        let seal = |&place: &u32| {
            let pair = self.pair(place);
            let batch = workers.with(|worker| self.seal_pair(definition, pair, worker));
            (batch, u64::from(pair.ballots))
        };
        let make = |window: &[u32]| -> Vec<_> { window.par_iter().map(seal).collect() };
        let arrival = self.arrival();
        let mut ballots = 0;
        work_ahead(self.arrival_windows(&arrival), make, |(batch, taken)| {
            ballots += taken;
            sink(&batch, ballots)
        })?;
        assert_eq!(ballots, self.ballots, "every planned ballot is sealed once");
        let expected = workers.expected();
        assert_eq!(expected.ballots().taken, self.ballots);
        Ok(expected)
    }

    /// The random numbers of the ballots of a pair: of it alone.
    pub(crate) fn ballots_of(&self, pair: &Pair) -> Random {
        Random::new(self.seed, Domain::Ballots, pair.station, pair.district)
    }

    fn seal_pair(&self, definition: &Digest32, pair: &Pair, worker: &mut Worker) -> SealedBatch {
        let mut canonicaliser = Canonicaliser::new(self.habits[pair.district as usize].shape);
        worker.vote(self, pair, |ballot| canonicaliser.add(ballot, 1));
        let batches = canonicaliser.finish();
        let [batch] = batches.as_slice() else {
            unreachable!("a station has fewer ballots than a batch may have");
        };
        assert_eq!(batch.taken(), pair.ballots, "every ballot is in the batch");
        let address = BatchAddress {
            district: pair.district,
            station: pair.station,
            device: 0,
            sequence: u64::from(pair.sequence),
        };
        SealedBatch::seal(definition, address, batch)
    }

    /// The order of arrival in runs of about [`WINDOW_BALLOTS`].
    pub(crate) fn arrival_windows<'a>(
        &self,
        arrival: &'a [u32],
    ) -> impl Iterator<Item = &'a [u32]> {
        let mut rest = arrival;
        std::iter::from_fn(move || {
            let (mut ballots, mut end) = (0, 0);
            while end < rest.len() && ballots < WINDOW_BALLOTS && end < WINDOW_PAIRS {
                ballots += u64::from(self.pair(rest[end]).ballots);
                end += 1;
            }
            let (window, after) = rest.split_at(end);
            rest = after;
            (!window.is_empty()).then_some(window)
        })
    }
}
