//! The engine: maps sealed segments, verifies and tallies every ballot, merges, takes a snapshot.
//!
//! In: an election folder and segment files. Out: a [`Snapshot`] (immutable totals at a frontier,
//! with digests) and from it an outcome; or every finding, and then no number at all. Never: bytes
//! counted that were not verified, totals read that somebody stored, a clock, the environment, the
//! network, or a line printed.
//!
//! The way, one direction only: [`Evidence`] (mapped) > [`Index`] (where records stand, repeats
//! named) > [`tally`] (verify, count, flush) > [`Snapshot`].

pub mod chain;
pub mod checks;
pub mod compare_readings;
pub mod completeness;
mod contest_rule;
mod counted_list;
mod counters;
pub mod decision;
pub mod definition;
pub mod disclosure;
#[cfg(test)]
mod disclosure_tests;
pub mod evidence;
pub mod explanation;
mod facts;
mod fates;
mod field;
pub mod finality;
mod finding;
pub mod findings;
pub mod holding;
pub mod inapplicable;
pub mod index;
pub mod kernel;
pub mod ledger;
pub mod live;
mod live_public;
mod live_snapshot;
pub mod lots;
mod map;
mod moves;
pub mod outcome;
mod prefetch;
mod reading;
pub mod receive;
pub mod recount;
pub mod result_document;
pub mod shared_list;
pub mod snapshot;
pub mod standing;
mod tally;
mod walk;
pub mod what_if;

pub use definition::Definition;
pub use evidence::Evidence;
pub use finding::{EngineError, Finding};
pub use index::Index;
pub use kernel::Kernel;
pub use snapshot::Snapshot;
pub use tally::{CountedBatch, Tallied, tally};
