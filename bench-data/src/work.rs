//! The work on all cores: what each thread keeps from station to station, and windows made ahead.
//!
//! In: windows of a plan, what is made of each. Out: what was made, in order, while the next window
//! is made; and the totals of all threads in one. Never: an order, or a total, that depends on
//! threads: what they keep is either empty between two stations or only ever added to.

use std::sync::{Arc, Mutex, PoisonError};

use shomar_format::{Election, OptionIndex};

use crate::Expected;
use crate::plan::{Nation, Pair};
use crate::reader::Count;
use crate::voter::Booth;

/// Ballots of a window: enough work for every core between two hand-overs, and at 50 bytes a ballot
/// in the worst case some 13 MB.
pub(crate) const WINDOW_BALLOTS: u64 = 1 << 18;

/// A window with many batches is cut as well: stations with few ballots cost by the batch.
pub(crate) const WINDOW_PAIRS: usize = 1 << 12;

/// What a thread needs to cast and read ballots.
#[derive(Debug)]
pub(crate) struct Worker {
    booth: Booth,
    count: Count,
    expected: Expected,
}

impl Worker {
    /// Casts the ballots of a pair, reads each, and gives it to `each`. What was read is added to
    /// the totals to expect.
    pub(crate) fn vote(
        &mut self,
        nation: &Nation,
        pair: &Pair,
        mut each: impl FnMut(&[OptionIndex]),
    ) {
        self.vote_and_read(nation, pair, |ballot, count| {
            count.read(ballot);
            each(ballot);
        });
    }

    /// As [`Self::vote`], with `read` to read each ballot once.
    pub(crate) fn vote_and_read(
        &mut self,
        nation: &Nation,
        pair: &Pair,
        mut read: impl FnMut(&[OptionIndex], &mut Count),
    ) {
        let habits = &nation.habits[pair.district as usize];
        let count = &mut self.count;
        count.begin(habits.shape);
        habits.vote(&mut self.booth, nation.ballots_of(pair), pair.ballots, |ballot| {
            read(ballot, count);
        });
        assert_eq!(count.ballots.taken, u64::from(pair.ballots), "every ballot was read once");
        self.expected.add(pair.district, count);
    }
}

/// As many workers as were ever busy at one time.
#[derive(Debug)]
pub(crate) struct Workers {
    election: Arc<Election>,
    idle: Mutex<Vec<Worker>>,
}

impl Workers {
    /// Begins without a worker.
    pub(crate) fn new(election: &Arc<Election>) -> Self {
        Self { election: Arc::clone(election), idle: Mutex::new(Vec::new()) }
    }

    /// Lets one of the workers work: an idle one, or a new one.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Worker) -> T) -> T {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = idle.unwrap_or_else(|| Worker {
            booth: Booth::new(),
            count: Count::new(),
            expected: Expected::new(&self.election),
        });
        let made = work(&mut worker);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        made
    }

    /// What all of them read.
    pub(crate) fn expected(self) -> Expected {
        let mut expected = Expected::new(&self.election);
        for worker in self.idle.into_inner().unwrap_or_else(PoisonError::into_inner) {
            expected.merge(&worker.expected);
        }
        expected
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
