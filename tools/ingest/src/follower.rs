//! The live count beside the writer: follows the durable frontier, publishes snapshots, and has
//! everything counted again from the segments at an interval.
//!
//! In: the frontier after each group. Out: an immutable snapshot, swapped in one step; readers pull
//! it and hold nobody up. Never: a snapshot that the counters disagree about, or that comes after a
//! full count has contradicted one: then publishing ends, and receiving goes on.

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use serde::Serialize;
use shomar_engine::evidence::JournalSegment;
use shomar_engine::live::{Digests, JournalFrontier, Live, LiveError, LiveSnapshot, Segments};
use shomar_engine::recount::{NoCount, RecountInput, recount};
use shomar_engine::{EngineError, Evidence, Kernel, Snapshot};
use shomar_format::bytes::hex;
use shomar_format::election::Mode;
use shomar_store::journal::{Durable, JournalError, open_for_reading};
use tracing::{error, info, warn};

use crate::gate::now_ms;
use crate::metrics::Metrics;
use crate::start::{Election, open_segment};

/// Arrivals that are remembered until they are published; more are counted all the same.
const ARRIVALS_MAX: usize = 1 << 20;

/// Between two tries to open a segment for which there is no file handle.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// A record that was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) position: u64,
    pub(crate) received: Instant,
}

#[derive(Debug)]
struct Reached {
    segment: u64,
    length: u64,
    position: u64,
    arrivals: VecDeque<Arrival>,
    is_over: bool,
}

/// How far the journal is durable; the follower waits here.
#[derive(Debug)]
pub(crate) struct Frontier {
    reached: Mutex<Reached>,
    changed: Condvar,
}

impl Frontier {
    pub(crate) fn new(durable: &Durable) -> Self {
        let reached = Reached {
            segment: durable.segment,
            length: durable.length,
            position: durable.next_position,
            arrivals: VecDeque::new(),
            is_over: false,
        };
        Self { reached: Mutex::new(reached), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Reached> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// More is durable.
    pub(crate) fn advance(&self, durable: &Durable, arrivals: impl Iterator<Item = Arrival>) {
        let mut reached = self.lock();
        reached.segment = durable.segment;
        reached.length = durable.length;
        reached.position = durable.next_position;
        reached.arrivals.extend(arrivals);
        let surplus = reached.arrivals.len().saturating_sub(ARRIVALS_MAX);
        reached.arrivals.drain(..surplus);
        drop(reached);
        self.changed.notify_all();
    }

    /// Records that are durable.
    pub(crate) fn durable_position(&self) -> u64 {
        self.lock().position
    }

    /// Number of the segment in which it ends.
    #[cfg(test)]
    pub(crate) fn segment(&self) -> u64 {
        self.lock().segment
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    /// Waits until more than `position` records are durable, or nothing more will come, or `most`
    /// has passed: how far it is, and whether it is over.
    fn wait(&self, position: u64, most: Duration) -> (JournalFrontier, u64, bool) {
        let waits = |reached: &mut Reached| reached.position <= position && !reached.is_over;
        let guard = self.changed.wait_timeout_while(self.lock(), most, waits);
        let reached = guard.unwrap_or_else(PoisonError::into_inner).0;
        let segment = usize::try_from(reached.segment).expect("a number of files");
        let frontier = JournalFrontier { segment, length: reached.length };
        (frontier, reached.position, reached.is_over)
    }

    /// The arrivals of all records below `position`.
    fn take_arrivals(&self, position: u64) -> Vec<Arrival> {
        let mut reached = self.lock();
        let end = reached.arrivals.partition_point(|arrival| arrival.position < position);
        reached.arrivals.drain(..end).collect()
    }
}

/// A full count of the segments, by another kernel.
#[derive(Clone, Debug, Serialize)]
pub struct RecountReport {
    /// Records of the journal that were counted.
    pub position: u64,
    /// Digest of the totals, which is that of the live count.
    pub digest: String,
    /// When it ended, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What readers see.
pub struct Published {
    /// The last snapshot.
    pub snapshot: ArcSwap<LiveSnapshot>,
    /// The last full count that agreed.
    pub recount: ArcSwapOption<RecountReport>,
    /// Why nothing is published any more, as far as everybody may know.
    pub failure: ArcSwapOption<String>,
    /// Whether the count is behind for want of file handles or memory, and is tried again.
    pub waits: AtomicBool,
    pub(crate) mode: Mode,
}

impl Published {
    pub(crate) fn fail(&self, metrics: &Metrics, message: String) {
        error!(message, "publishing has ended; batches are received all the same");
        metrics.publishing.set(0);
        // Two counters that differ are votes of somebody, and small cells are in them.
        let told = match self.mode {
            Mode::Test => message,
            Mode::Official => "the count failed; the log of the server says how".to_owned(),
        };
        self.failure.store(Some(Arc::new(told)));
        // Nothing is tried again.
        self.waits.store(false, Ordering::Relaxed);
    }
}

struct InFolder<'a>(&'a Path);

impl Segments for InFolder<'_> {
    fn open(&mut self, segment: usize) -> std::io::Result<(PathBuf, File)> {
        open_segment(self.0, segment as u64)
    }
}

/// The live count of a server.
pub(crate) struct Follower {
    pub(crate) data: PathBuf,
    pub(crate) frontier: Arc<Frontier>,
    pub(crate) published: Arc<Published>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) snapshot_pause: Duration,
}

impl Follower {
    /// The count before the first record.
    pub(crate) fn begin(
        election: &'static Election,
        small_cell_ballots: u64,
    ) -> (Live<'static>, LiveSnapshot) {
        let definition = &election.definition;
        let readings = definition.readings();
        let live = Live::new(definition, readings, election.registers.clone());
        let mut live = live.disclosing(&election.election, small_cell_ballots);
        let empty = live.snapshot().expect("equal counters of zeros");
        (live, empty)
    }

    /// Follows until nothing more will come, and everything is published.
    pub(crate) fn run(self, mut live: Live<'static>) {
        let mut segments = InFolder(&self.data);
        self.metrics.publishing.set(1);
        loop {
            let (frontier, position, is_over) =
                self.frontier.wait(live.position(), Duration::from_secs(1));
            if position > live.position() && self.published.failure.load().is_none() {
                let step = unless_it_panics(|| {
                    let step = live.advance(&frontier, &mut segments);
                    step.and_then(|_| live.snapshot()).map_err(NotCounted::from)
                });
                match step {
                    Ok(snapshot) => self.publish(snapshot),
                    Err(NotCounted::ForNow(message)) => {
                        self.published.waits.store(true, Ordering::Relaxed);
                        warn!(message, "a segment cannot be opened now: tried again");
                        std::thread::sleep(RETRY_PAUSE);
                    }
                    Err(NotCounted::Wrong(message)) => self.published.fail(&self.metrics, message),
                }
                if !is_over {
                    std::thread::sleep(self.snapshot_pause);
                }
            } else if is_over {
                return;
            } else if self.published.failure.load().is_some() {
                std::thread::sleep(self.snapshot_pause);
            }
        }
    }

    fn publish(&self, snapshot: LiveSnapshot) {
        let position = snapshot.position;
        self.published.snapshot.store(Arc::new(snapshot));
        self.published.waits.store(false, Ordering::Relaxed);
        self.metrics.counted.set(i64::try_from(position).unwrap_or(i64::MAX));
        let arrivals = self.frontier.take_arrivals(position);
        self.metrics.published(arrivals.into_iter().map(|arrival| arrival.received.elapsed()));
    }
}

/// What the work gives; what was asserted and does not hold is told like any other failure: a count
/// that has ended must not look like one that has nothing new.
fn unless_it_panics<T, E: From<String>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        let message = message.unwrap_or("no message");
        Err(format!("found a bug, the count has ended: {message}").into())
    })
}

/// Why segments were not counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotCounted {
    /// The system lacks file handles or memory now: nothing is said against the count.
    ForNow(String),
    /// Anything else: the count must not be relied on.
    Wrong(String),
}

impl From<String> for NotCounted {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

impl NotCounted {
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = error.to_string();
        let (mut cause, mut is_for_now) = (error.source(), false);
        while let Some(own) = cause {
            message.push_str(&format!(": {own}"));
            is_for_now |= own.downcast_ref().is_some_and(passes);
            cause = own.source();
        }
        if is_for_now { Self::ForNow(message) } else { Self::Wrong(message) }
    }

    /// What is told of it.
    pub(crate) fn message(self) -> String {
        match self {
            Self::ForNow(message) | Self::Wrong(message) => message,
        }
    }
}

impl From<JournalError> for NotCounted {
    fn from(error: JournalError) -> Self {
        match &error {
            JournalError::Io { .. } => Self::of(&error),
            _ => Self::Wrong(error.to_string()),
        }
    }
}

impl From<EngineError> for NotCounted {
    fn from(error: EngineError) -> Self {
        match &error {
            EngineError::Io { .. } => Self::of(&error),
            EngineError::Election(_) => Self::Wrong(error.to_string()),
        }
    }
}

impl From<LiveError> for NotCounted {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Engine(error) => error.into(),
            error => Self::Wrong(error.to_string()),
        }
    }
}

/// Whether the system refused for want of something that it has again when others give it back. A
/// segment that is gone, or a disk that does not read, is no such thing.
fn passes(error: &std::io::Error) -> bool {
    // Of the process (EMFILE) and of the machine (ENFILE): Linux numbers, which std has no kind of.
    let no_handles = matches!(error.raw_os_error(), Some(23 | 24));
    no_handles || matches!(error.kind(), ErrorKind::OutOfMemory | ErrorKind::Interrupted)
}

/// The segments of a journal that is being written, as far as they are durable.
pub(crate) fn evidence_of(data: &Path) -> Result<Evidence, NotCounted> {
    let readable = open_for_reading(data)?;
    let segments: Vec<JournalSegment> = readable
        .into_iter()
        .map(|readable| JournalSegment {
            path: readable.path,
            file: readable.file,
            length: readable.length,
            closed: readable.closed,
        })
        .collect();
    Ok(Evidence::open_journal(&segments)?)
}

/// Counts the segments again at an interval, and compares.
pub(crate) struct Recounter {
    pub(crate) election: &'static Election,
    pub(crate) data: PathBuf,
    pub(crate) published: Arc<Published>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pause: Duration,
    pub(crate) is_stopping: Arc<AtomicBool>,
}

impl Recounter {
    pub(crate) fn run(self) {
        let mut next = Instant::now() + self.pause;
        while !self.is_stopping.load(Ordering::Relaxed) {
            if Instant::now() < next {
                std::thread::sleep(Duration::from_millis(50));
                continue;
            }
            let snapshot = self.published.snapshot.load_full();
            let counted = self.published.recount.load().as_ref().map(|report| report.position);
            if snapshot.totals.is_some() && counted != Some(snapshot.position) {
                self.compare(&snapshot);
            }
            next = Instant::now() + self.pause;
        }
    }

    fn compare(&self, snapshot: &LiveSnapshot) {
        let began = Instant::now();
        let live = snapshot.digests(&self.election.definition);
        let result = unless_it_panics(|| self.count(snapshot.position));
        let count = |result| {
            self.metrics.count_recount(result);
        };
        match result {
            Ok(full) if Some(full) == live => {
                count("agrees");
                let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                let digest = hex(&full.totals);
                info!(position = snapshot.position, digest, took_ms, "full count agrees");
                let (position, at_ms) = (snapshot.position, now_ms());
                let report = RecountReport { position, digest, at_ms, took_ms };
                self.published.recount.store(Some(Arc::new(report)));
            }
            Ok(full) => {
                count("differs");
                let message = format!(
                    "at record {}: found the digest {} in the live count, expected {}, that of a \
                     full count",
                    snapshot.position,
                    live.map_or("none".to_owned(), |live| hex(&live.totals)),
                    hex(&full.totals)
                );
                self.published.fail(&self.metrics, message);
            }
            // Looked at again when the pause is over.
            Err(NotCounted::ForNow(message)) => {
                count("postponed");
                warn!(message, "no full count now: tried again");
            }
            Err(NotCounted::Wrong(message)) => {
                count("failed");
                self.published.fail(&self.metrics, message);
            }
        }
    }

    fn count(&self, position: u64) -> Result<Digests, NotCounted> {
        let definition = &self.election.definition;
        let evidence = evidence_of(&self.data)?;
        let readings = definition.readings();
        let input = RecountInput {
            evidence: &evidence,
            definition,
            readings: &readings,
            kernel: Kernel::Portable,
            as_of: Some(position),
            registers: Some(&self.election.registers),
        };
        let full = recount(&input).map_err(|none| match none {
            NoCount::Findings(findings) => {
                let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
                lines.join("\n")
            }
            NoCount::NotClosed { .. } => "an official election that is not closed".to_owned(),
        })?;
        let counting = definition.counting();
        let totals = Snapshot::merge(full.tallied, &counting, &definition.head, &readings);
        Ok(Digests {
            totals: *totals.digest(&counting, &definition.head),
            batches: totals.batches().count() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn whoever_lacks_a_file_handle_waits_and_whoever_lacks_a_segment_has_failed() {
        let refused = |code| JournalError::Io {
            path: PathBuf::from("000000.segment"),
            action: "open",
            source: std::io::Error::from_raw_os_error(code),
        };
        let mapped = |code| {
            LiveError::Engine(EngineError::Io {
                path: PathBuf::from("000000.segment"),
                action: "map",
                source: std::io::Error::from_raw_os_error(code),
            })
        };
        // Too many open files, of the process and of the machine; no memory.
        for code in [24, 23, 12] {
            let journal = NotCounted::from(refused(code));
            assert!(matches!(journal, NotCounted::ForNow(_)), "{journal:?}");
            let live = NotCounted::from(mapped(code));
            assert!(matches!(live, NotCounted::ForNow(_)), "{live:?}");
        }
        // No such file; a disk that does not read; no permission.
        for code in [2, 5, 13] {
            assert!(matches!(NotCounted::from(refused(code)), NotCounted::Wrong(_)));
            assert!(matches!(NotCounted::from(mapped(code)), NotCounted::Wrong(_)));
        }
        let differ = LiveError::CountersDiffer { counter: 1, first: 2, second: 3 };
        assert!(matches!(NotCounted::from(differ), NotCounted::Wrong(_)));
        let folder = JournalError::Folder {
            path: PathBuf::new(),
            found: "1 segment".to_owned(),
            expected: "2".to_owned(),
        };
        assert!(matches!(NotCounted::from(folder), NotCounted::Wrong(_)));
    }

    #[test]
    fn an_assertion_of_the_count_that_fails_ends_publishing_like_any_other_fault() {
        let (one, other) = (1, 2);
        let told = unless_it_panics(|| -> Result<(), String> {
            assert_eq!(one, other, "two kernels count alike");
            Ok(())
        });
        let told = told.unwrap_err();
        assert!(told.contains("found a bug") && told.contains("two kernels count alike"), "{told}");
        assert_eq!(unless_it_panics(|| Ok::<_, String>(7)), Ok(7));
        assert_eq!(
            unless_it_panics(|| Err::<(), String>("a fault".to_owned())).unwrap_err(),
            "a fault"
        );
    }
}
