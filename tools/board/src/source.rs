//! Where the numbers come from: whoever receives and counts.
//!
//! In: nothing. Out: what a page asks of the server beside it. Never: a call that waits for a disk,
//! a lock that receiving takes for long.

use std::sync::Arc;

use shomar_engine::live::LiveSnapshot;

/// A server, as far as pages are concerned.
pub trait Source: Send + Sync + 'static {
    /// The last snapshot.
    fn snapshot(&self) -> Arc<LiveSnapshot>;

    /// How receiving goes.
    fn reception(&self) -> Reception;

    /// Milliseconds since 1970-01-01 UTC.
    fn now_ms(&self) -> u64;

    /// Nothing can be shown any more: whoever watches the server must know.
    fn fail(&self, message: String);
}

/// How receiving goes. Times in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    /// Records that are durable.
    pub durable: u64,
    /// Records accepted by this process.
    pub accepted: u64,
    /// Records that came again.
    pub duplicates: u64,
    /// Refused records by code.
    pub refusals: Vec<(String, u64)>,
    /// What is wrong with chains of devices, by kind.
    pub findings: Vec<(String, u64)>,
    /// From the last byte of a record to its acknowledgement.
    pub acknowledge: Quantiles,
    /// From the arrival of a record to the snapshot that has it.
    pub snapshot_delay: Quantiles,
    /// Records that wait for the disk.
    pub waiting_records: u64,
    /// Whether records are taken.
    pub is_open: bool,
    /// The last full count that agreed.
    pub full_count: Option<FullCount>,
    /// Why nothing is published any more.
    pub failure: Option<String>,
    /// Whether the count is behind for want of file handles or memory, and is tried again.
    pub waits: bool,
}

/// Quantiles of a delay, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantiles {
    /// Half of all.
    pub half: u64,
    /// 99 of 100.
    pub p99: u64,
    /// 999 of 1,000.
    pub p999: u64,
    /// The longest.
    pub most: u64,
}

/// A full count of the segments that agreed with the live one.
#[derive(Clone, Debug)]
pub struct FullCount {
    /// Records of the journal that were counted.
    pub position: u64,
    /// Digest of the totals, hexadecimal.
    pub digest: String,
    /// When it ended, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}
