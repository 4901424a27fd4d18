//! The window: what pages beside the server may look at.
//!
//! In: a server at work. Out: its election, its last snapshot, how receiving goes; the answer to a
//! record that two people have decided. Never: a lock that receiving waits for longer than it takes
//! to read a number.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use shomar_engine::Definition;
use shomar_engine::Evidence;
use shomar_engine::checks::Registers;
use shomar_engine::live::LiveSnapshot;

use shomar_format::record::RecordBytes;

use crate::answer::{Answer, Code};
use crate::follower::{Frontier, NotCounted, Published, RecountReport, evidence_of};
use crate::gate::{Gate, now_ms};
use crate::metrics::{Metrics, Numbers};
use crate::start::Election;

/// Pages that a server carries, and how the threads that serve them begin.
pub struct Pages {
    /// Their paths, beside those of the server.
    pub router: axum::Router,
    /// Run at the start of each thread that serves readers.
    pub thread_start: fn(),
    /// Whether whoever sends these headers may see everything of an official election after its
    /// close.
    pub may_see_everything: SeesEverything,
}

/// Says whether whoever sends these headers may see everything.
pub type SeesEverything = Arc<dyn Fn(&HeaderMap) -> bool + Send + Sync>;

impl Default for Pages {
    fn default() -> Self {
        let nobody = Arc::new(|_: &HeaderMap| false);
        Self { router: axum::Router::new(), thread_start: || (), may_see_everything: nobody }
    }
}

/// What pages beside the server may look at.
#[derive(Clone)]
pub struct Window {
    pub(crate) election: &'static Election,
    pub(crate) data: PathBuf,
    pub(crate) published: Arc<Published>,
    pub(crate) frontier: Arc<Frontier>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Window {
    /// The election with names.
    #[must_use]
    pub fn election(&self) -> &'static shomar_format::Election {
        &self.election.election
    }

    /// The election as it is counted.
    #[must_use]
    pub fn definition(&self) -> &'static Definition {
        &self.election.definition
    }

    /// Who is registered where.
    #[must_use]
    pub fn registers(&self) -> &'static Registers {
        &self.election.registers
    }

    /// The last snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<LiveSnapshot> {
        self.published.snapshot.load_full()
    }

    /// The last full count that agreed.
    #[must_use]
    pub fn full_count(&self) -> Option<Arc<RecountReport>> {
        self.published.recount.load_full()
    }

    /// Why nothing is published any more.
    #[must_use]
    pub fn failure(&self) -> Option<Arc<String>> {
        self.published.failure.load_full()
    }

    /// Whether the count is behind for want of file handles or memory, and is tried again.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.published.waits.load(Ordering::Relaxed)
    }

    /// Nothing is published any more.
    pub fn fail(&self, message: String) {
        self.published.fail(&self.metrics, message);
    }

    /// What became of records so far.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        self.metrics.numbers()
    }

    /// Records that are durable.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.frontier.durable_position()
    }

    /// Records that wait for the disk.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.gate.waiting().0
    }

    /// Whether records are taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// The segments as far as they are durable, for whoever counts a few batches again.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn evidence(&self) -> Result<Evidence, String> {
        evidence_of(&self.data).map_err(NotCounted::message)
    }

    /// The last snapshot, once it has everything that is durable now.
    ///
    /// # Errors
    /// If it does not come within `most`, or nothing is published any more.
    pub fn caught_up(&self, most: Duration) -> Result<Arc<LiveSnapshot>, String> {
        let (durable, end) = (self.durable(), Instant::now() + most);
        loop {
            // Asked first: a snapshot that has everything may be the one that was found wrong.
            if let Some(failure) = self.failure() {
                return Err(format!("nothing is published any more: {failure}"));
            }
            let snapshot = self.snapshot();
            if snapshot.position >= durable {
                return Ok(snapshot);
            }
            if Instant::now() >= end {
                let position = snapshot.position;
                return Err(format!("the count is at record {position} of {durable}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a record that two people have decided through the gate, and waits for its answer. On a
    /// thread that may wait.
    #[must_use]
    pub fn decide(&self, record: &[u8]) -> Answer {
        let mut bytes = RecordBytes::new();
        bytes.extend_from_slice(record);
        let answer = match self.gate.enter_from_desk(bytes) {
            Ok(answer) => answer.blocking_recv().unwrap_or_else(|_| {
                Answer::refused(Code::Stopping, "a server that has stopped", "a retry later", None)
            }),
            Err(refused) => refused,
        };
        self.metrics.answered(&answer);
        answer
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        now_ms()
    }
}
