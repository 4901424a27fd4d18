//! The window: what pages beside the server may look at.
//!
//! In: a server at work. Out: its election, its last snapshot, how receiving goes. Never: a lock
//! that receiving waits for longer than it takes to read a number.

use std::sync::Arc;

use shomar_engine::Definition;
use shomar_engine::checks::Registers;
use shomar_engine::live::LiveSnapshot;

use crate::follower::{Frontier, Published, RecountReport};
use crate::gate::{Gate, now_ms};
use crate::metrics::{Metrics, Numbers};
use crate::start::Election;

/// Pages that a server carries, and how the threads that serve them begin.
pub struct Pages {
    /// Their paths, beside those of the server.
    pub router: axum::Router,
    /// Run at the start of each thread that serves readers.
    pub thread_start: fn(),
}

impl Default for Pages {
    fn default() -> Self {
        Self { router: axum::Router::new(), thread_start: || () }
    }
}

/// What pages beside the server may look at.
#[derive(Clone)]
pub struct Window {
    pub(crate) election: &'static Election,
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

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        now_ms()
    }
}
