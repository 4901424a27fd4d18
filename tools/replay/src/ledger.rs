//! The book of a run: what was sent, what the server said to it, how long that took.
//!
//! In: answers, from every connection at once. Out: counts, latencies, findings, and for each
//! honest batch the one position at which the server says it is. Never: an answer forgotten because
//! a connection broke or the run was given up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::latency::Latencies;

/// Histograms that connections share: enough that they seldom wait for each other.
const SHARDS: usize = 8;
/// No position yet.
const NOWHERE: u64 = u64::MAX;
/// Examples of each finding that the report names.
const EXAMPLES_MAX: usize = 20;

/// What went otherwise than the contract or the known answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which kind, in a word or two.
    pub kind: String,
    /// How often.
    pub count: u64,
    /// The first ones.
    pub examples: Vec<String>,
}

/// Findings by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings(BTreeMap<String, Finding>);

impl Findings {
    pub(crate) fn add(&mut self, kind: &str, example: impl Into<String>) {
        let finding = self.0.entry(kind.to_owned()).or_default();
        if finding.count == 0 {
            finding.kind = kind.to_owned();
        }
        finding.count += 1;
        if finding.examples.len() < EXAMPLES_MAX {
            finding.examples.push(example.into());
        }
    }

    pub(crate) fn list(&self) -> Vec<Finding> {
        self.0.values().cloned().collect()
    }
}

/// What became of the sends of one fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FaultCount {
    /// Its kind.
    pub kind: String,
    /// Sends that came to a verdict.
    pub sent: u64,
    /// Verdicts by name.
    pub verdicts: BTreeMap<String, u64>,
    /// Verdicts that were not among those expected.
    pub unexpected: u64,
}

/// Counts that are kept under one lock.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// Honest batches refused, by code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Sends that had to be repeated, by reason.
    pub(crate) retries: BTreeMap<String, u64>,
    pub(crate) findings: Findings,
    /// By the number of the rule.
    pub(crate) faults: Vec<FaultCount>,
    /// Copies of a retry storm, by what became of them.
    pub(crate) storm: BTreeMap<String, u64>,
    /// What is worth telling and no finding.
    pub(crate) notes: Vec<String>,
    /// Batches that were acknowledged at a second position.
    pub(crate) doubled: u64,
    /// Why there was no connection, or no answer on it, the last time that happened.
    pub(crate) last_error: Option<String>,
}

#[derive(Debug, Default)]
struct Shard {
    intended: Latencies,
    service: Latencies,
}

/// The book of a run.
#[derive(Debug)]
pub(crate) struct Ledger {
    start: Instant,
    positions: Vec<AtomicU64>,
    acknowledged: AtomicU64,
    ballots: AtomicU64,
    /// Requests with honest batches.
    pub(crate) requests: AtomicU64,
    /// Answers "accepted" to honest sends.
    pub(crate) accepted: AtomicU64,
    /// Answers "duplicate" to honest sends.
    pub(crate) duplicates: AtomicU64,
    /// Retries so far.
    pub(crate) retries: AtomicU64,
    /// Batches and faults that are being tried right now.
    trying: AtomicUsize,
    /// When the last batch was acknowledged, in nanoseconds after the start.
    last_acknowledged: AtomicU64,
    /// When anything last came to an end, likewise.
    last_progress: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
    books: Mutex<Books>,
}

impl Ledger {
    pub(crate) fn new(batches: usize, faults: Vec<FaultCount>) -> Self {
        Self {
            start: Instant::now(),
            positions: std::iter::repeat_with(|| AtomicU64::new(NOWHERE)).take(batches).collect(),
            acknowledged: AtomicU64::new(0),
            ballots: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            trying: AtomicUsize::new(0),
            last_acknowledged: AtomicU64::new(0),
            last_progress: AtomicU64::new(0),
            shards: Default::default(),
            books: Mutex::new(Books { faults, ..Books::default() }),
        }
    }

    /// When the schedule begins.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    /// Nanoseconds since then.
    pub(crate) fn now(&self) -> u64 {
        nanoseconds(self.start.elapsed())
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }

    /// Something is tried, until [`Self::settled`].
    pub(crate) fn trying(&self) {
        if self.trying.fetch_add(1, Ordering::Relaxed) == 0 {
            self.progress();
        }
    }

    /// Something that was tried came to an end.
    pub(crate) fn settled(&self) {
        self.trying.fetch_sub(1, Ordering::Relaxed);
        self.progress();
    }

    fn progress(&self) {
        self.last_progress.fetch_max(self.now(), Ordering::Relaxed);
    }

    /// How long something has been tried without anything coming to an end.
    pub(crate) fn stalled(&self) -> Duration {
        if self.trying.load(Ordering::Relaxed) == 0 {
            return Duration::ZERO;
        }
        let last = self.last_progress.load(Ordering::Relaxed);
        Duration::from_nanos(self.now().saturating_sub(last))
    }

    /// An honest batch is durable at this position, says the server. Whether that is the first it
    /// says of it.
    pub(crate) fn acknowledge(&self, batch: usize, ballots: u32, position: u64) -> bool {
        let place = &self.positions[batch];
        let exchanged =
            place.compare_exchange(NOWHERE, position, Ordering::Relaxed, Ordering::Relaxed);
        match exchanged {
            Ok(_) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                self.ballots.fetch_add(u64::from(ballots), Ordering::Relaxed);
                self.last_acknowledged.fetch_max(self.now(), Ordering::Relaxed);
                true
            }
            Err(first) => {
                if first != position {
                    let mut books = self.books();
                    books.doubled += 1;
                    let example = format!("batch {batch}: first {first}, then {position}");
                    books.findings.add("one batch at two positions", example);
                }
                false
            }
        }
    }

    /// Whether a batch is known to be durable.
    pub(crate) fn is_acknowledged(&self, batch: usize) -> bool {
        self.positions[batch].load(Ordering::Relaxed) != NOWHERE
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    pub(crate) fn ballots(&self) -> u64 {
        self.ballots.load(Ordering::Relaxed)
    }

    /// From the start to the last acknowledgement.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_nanos(self.last_acknowledged.load(Ordering::Relaxed))
    }

    /// The position of each acknowledged batch.
    pub(crate) fn positions(&self) -> Vec<(usize, u64)> {
        let known = self.positions.iter().map(|place| place.load(Ordering::Relaxed)).enumerate();
        known.filter(|(_, position)| *position != NOWHERE).collect()
    }

    /// How long a batch took, from the intended time and from the sending that was acknowledged.
    pub(crate) fn measured(&self, connection: usize, intended: Duration, service: Duration) {
        let mut shard = lock(&self.shards[connection % SHARDS]);
        shard.intended.record(intended);
        shard.service.record(service);
    }

    /// All latencies, from the intended time and of the service.
    pub(crate) fn latencies(&self) -> (Latencies, Latencies) {
        let (mut intended, mut service) = (Latencies::default(), Latencies::default());
        for shard in &self.shards {
            let shard = lock(shard);
            intended.merge(&shard.intended);
            service.merge(&shard.service);
        }
        (intended, service)
    }

    /// A send has to be repeated.
    pub(crate) fn retried(&self, reason: &str) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        count(&mut self.books().retries, reason);
    }
}

/// Adds one to a count by name.
pub(crate) fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(number) => *number += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What a panic elsewhere left is still what was counted.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_one_position() {
        let ledger = Ledger::new(3, Vec::new());
        assert!(ledger.acknowledge(1, 10, 7));
        assert!(!ledger.acknowledge(1, 10, 7), "a duplicate counts nothing");
        assert_eq!((ledger.acknowledged(), ledger.ballots()), (1, 10));
        assert!(ledger.books().findings.list().is_empty());
        assert!(!ledger.acknowledge(1, 10, 8));
        let findings = ledger.books().findings.list();
        assert_eq!(findings[0].examples, ["batch 1: first 7, then 8"]);
        assert_eq!((ledger.books().doubled, ledger.positions()), (1, vec![(1, 7)]));
    }

    #[test]
    fn only_what_is_tried_can_stall() {
        let ledger = Ledger::new(1, Vec::new());
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(ledger.stalled(), Duration::ZERO);
        ledger.trying();
        assert!(ledger.stalled() < Duration::from_millis(5), "the time before does not count");
        std::thread::sleep(Duration::from_millis(5));
        assert!(ledger.stalled() >= Duration::from_millis(5));
        ledger.settled();
        assert_eq!(ledger.stalled(), Duration::ZERO);
    }

    #[test]
    fn findings_are_counted_beyond_their_examples() {
        let mut findings = Findings::default();
        for number in 0..50 {
            findings.add("a kind", number.to_string());
        }
        let list = findings.list();
        assert_eq!((list[0].count, list[0].examples.len()), (50, EXAMPLES_MAX));
    }
}
