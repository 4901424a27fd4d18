//! Sealing the nation: every batch as its station would seal it, in parallel, handed over in order.
//!
//! In: a planned nation, the definition digest. Out: sealed batches by station, then by district,
//! to a sink; then the totals to expect. Never: more in memory than two windows of ballots, an
//! order that depends on threads.

use rayon::prelude::*;
use shomar_format::bytes::Digest32;
use shomar_format::{BatchAddress, Canonicaliser, SealedBatch};

use crate::Expected;
use crate::plan::{Nation, Pair};
use crate::random::{Domain, Random};
use crate::reader::Count;

/// Ballots of a window: enough work for every core between two hand-overs, and at 50 bytes a ballot
/// in the worst case some 13 MB.
const WINDOW_BALLOTS: u64 = 1 << 18;

/// A window with many batches is cut as well: stations with few ballots cost by the batch.
const WINDOW_PAIRS: usize = 1 << 12;

struct Sealed {
    batch: SealedBatch,
    count: Count,
    district: u32,
}

impl Nation {
    /// Seals every batch and gives it to `sink` in the order of stations, then of districts, with
    /// the number of ballots so far. A pair without a ballot gives a batch without a ballot, as its
    /// station would send it. Works ahead by one window while `sink` writes.
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
        let make = |window: &[Pair]| -> Vec<Sealed> {
            let pairs = window.par_iter();
            pairs.map(|pair| self.seal_pair(definition, pair)).collect()
        };
        work_ahead(self.windows(), make, |sealed: Sealed| {
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

    /// The pairs in runs of whole stations, each run about [`WINDOW_BALLOTS`].
    pub(crate) fn windows(&self) -> impl Iterator<Item = &[Pair]> {
        let mut rest = self.pairs.as_slice();
        std::iter::from_fn(move || {
            let (mut ballots, mut end) = (0, 0);
            while end < rest.len() && ballots < WINDOW_BALLOTS && end < WINDOW_PAIRS {
                let station = rest[end].station;
                while end < rest.len() && rest[end].station == station {
                    ballots += u64::from(rest[end].ballots);
                    end += 1;
                }
            }
            let (window, after) = rest.split_at(end);
            rest = after;
            (!window.is_empty()).then_some(window)
        })
    }
}

/// Makes the next window on the pool while this thread delivers the one before, in order.
pub(crate) fn work_ahead<'a, T: Send, E>(
    mut windows: impl Iterator<Item = &'a [Pair]>,
    make: impl Fn(&[Pair]) -> Vec<T> + Sync,
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
