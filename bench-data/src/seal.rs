//! Sealing the nation: every batch as its station would seal it, in parallel, handed over in the
//! order of arrival.
//!
//! In: a planned nation, the definition digest. Out: sealed batches in a random order that follows
//! from the seed (`arrival.rs`), to a sink; then the totals to expect. Never: more in memory than
//! two windows of ballots, an order that depends on threads.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use shomar_format::bytes::Digest32;
use shomar_format::record::NO_PREVIOUS;
use shomar_format::{BatchAddress, Canonicaliser, SealedBatch};

use crate::Expected;
use crate::plan::{Nation, Pair, secret_key};
use crate::random::{Domain, Random};
use crate::work::{WINDOW_BALLOTS, WINDOW_PAIRS, Worker, Workers, work_ahead};

/// The hash of each station's last batch so far.
type Chains = HashMap<u32, Digest32>;

/// Batches of one station with their places in the window, and the hash of the one before them.
type StationPart = (Digest32, Vec<(usize, (SealedBatch, u64))>);

impl Nation {
    /// Seals every batch and gives it to `sink` in a random order of arrival, with the number of
    /// ballots so far. The order follows from the seed alone; in it the batches of one station
    /// stand by sequence, each signed as the one after it if the nation is
    /// [`Nation::signed`]. A pair without a ballot gives a batch without a ballot, as its station
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
        let chains = Mutex::new(Chains::new());
        let make = |window: &[u32]| -> Vec<_> {
            let batches: Vec<(SealedBatch, u64)> = window.par_iter().map(seal).collect();
            if !self.signed {
                return batches;
            }
            // Windows are made one after another, each in the order of arrival.
            let chains = &mut *chains.lock().unwrap_or_else(PoisonError::into_inner);
            self.sign_window(window, batches, chains)
        };
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

    /// Signs the batches of a window, each as the one after the device's one before it.
    fn sign_window(
        &self,
        window: &[u32],
        batches: Vec<(SealedBatch, u64)>,
        chains: &mut Chains,
    ) -> Vec<(SealedBatch, u64)> {
        let mut of_stations: BTreeMap<u32, StationPart> = BTreeMap::new();
        for (at, batch) in batches.into_iter().enumerate() {
            let station = self.pair(window[at]).station;
            let previous = chains.get(&station).copied().unwrap_or(NO_PREVIOUS);
            let part = of_stations.entry(station).or_insert((previous, Vec::new()));
            part.1.push((at, batch));
        }
        of_stations.par_iter_mut().for_each(|(station, (previous, own))| {
            let key = secret_key(self.seed, *station);
            for (_, (batch, _)) in own {
                batch.sign(&key, self.election.head.mode, previous);
                *previous = batch.hash();
            }
        });
        chains.extend(of_stations.iter().map(|(station, (previous, _))| (*station, *previous)));
        let mut signed: Vec<_> = of_stations.into_values().flat_map(|(_, own)| own).collect();
        signed.sort_unstable_by_key(|(at, _)| *at);
        signed.into_iter().map(|(_, batch)| batch).collect()
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
