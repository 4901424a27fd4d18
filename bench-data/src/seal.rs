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
use crate::reader::Count;

/// Ballots of a window: enough work for every core between two hand-overs, and at 50 bytes a ballot
/// in the worst case some 13 MB.
pub(crate) const WINDOW_BALLOTS: u64 = 1 << 18;

/// A window with many batches is cut as well: stations with few ballots cost by the batch.
pub(crate) const WINDOW_PAIRS: usize = 1 << 12;

struct Sealed {
    batch: SealedBatch,
    count: Count,
    district: u32,
}

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
        let mut expected = Expected::new(&self.election);
        let mut ballots = 0;
        let make = |window: &[u32]| -> Vec<Sealed> {
            let places = window.par_iter();
            places.map(|&place| self.seal_pair(definition, self.pair(place))).collect()
        };
        let arrival = self.arrival();
        work_ahead(self.arrival_windows(&arrival), make, |sealed: Sealed| {
            expected.add(sealed.district, &sealed.count);
            ballots += sealed.count.ballots.taken;
            sink(&sealed.batch, ballots)
        })?;
        assert_eq!(ballots, self.ballots, "every planned ballot is sealed once");
        assert_eq!(expected.ballots().taken, self.ballots);
        Ok(expected)
    }

    /// The random numbers of the ballots of a pair: of it alone.
    pub(crate) fn ballots_of(&self, pair: &Pair) -> Random {
        Random::new(self.seed, Domain::Ballots, pair.station, pair.district)
    }

    fn seal_pair(&self, definition: &Digest32, pair: &Pair) -> Sealed {
        let habits = &self.habits[pair.district as usize];
        let mut canonicaliser = Canonicaliser::new(habits.shape);
        let mut count = Count::new(habits.shape);
        habits.vote(self.ballots_of(pair), pair.ballots, |ballot| {
            count.read(ballot);
            canonicaliser.add(ballot, 1);
        });
        let batches = canonicaliser.finish();
        let [batch] = batches.as_slice() else {
            unreachable!("a station has fewer ballots than a batch may have");
        };
        assert_eq!(count.ballots.taken, u64::from(pair.ballots));
        assert_eq!(batch.taken(), pair.ballots, "every ballot is in the batch");
        let address = BatchAddress {
            district: pair.district,
            station: pair.station,
            device: 0,
            sequence: u64::from(pair.sequence),
        };
        Sealed {
            batch: SealedBatch::seal(definition, address, batch),
            count,
            district: pair.district,
        }
    }

    /// The order of arrival in runs of about [`WINDOW_BALLOTS`].
    fn arrival_windows<'a>(&self, arrival: &'a [u32]) -> impl Iterator<Item = &'a [u32]> {
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

/// Makes the next window on the pool while this thread delivers the one before, in order.
pub(crate) fn work_ahead<W: Send, T: Send, E>(
    mut windows: impl Iterator<Item = W>,
    make: impl Fn(W) -> Vec<T> + Sync,
    mut deliver: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut ready = windows.next().map(&make);
    while let Some(items) = ready {
        let mut next = None;
        let mut outcome = Ok(());
        let window = windows.next();
        rayon::in_place_scope(|scope| {
            if let Some(window) = window {
                let (next, make) = (&mut next, &make);
                scope.spawn(move |_| *next = Some(make(window)));
            }
            outcome = items.into_iter().try_for_each(&mut deliver);
        });
        outcome?;
        ready = next;
    }
    Ok(())
}
