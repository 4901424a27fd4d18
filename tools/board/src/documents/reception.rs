//! How receiving goes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Head;
use crate::board::Board;
use crate::source::Quantiles;
use crate::words::rfc3339;

#[derive(Serialize)]
pub(super) struct ReceptionDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// Records that are durable.
    durable: u64,
    /// Records accepted by this process.
    accepted: u64,
    duplicates: u64,
    /// Refused records by code.
    refusals: BTreeMap<&'a str, u64>,
    /// What is wrong with chains of devices, by kind.
    findings: BTreeMap<&'a str, u64>,
    /// Records a second that became durable lately, in thousandths.
    records_per_1000_seconds: u64,
    waiting_records: u64,
    /// Whether records are taken.
    open: bool,
    /// From the last byte of a record to its acknowledgement, in microseconds.
    acknowledge_microseconds: QuantilesDocument,
    /// From the arrival of a record to the snapshot that has it, in microseconds.
    snapshot_delay_microseconds: QuantilesDocument,
    full_count: Option<FullCountDocument<'a>>,
    failure: Option<&'a str>,
    /// Whether the count is behind for want of file handles or memory, and is tried again.
    waits: bool,
}

#[derive(Serialize)]
struct QuantilesDocument {
    p50: u64,
    p99: u64,
    p999: u64,
    max: u64,
}

#[derive(Serialize)]
struct FullCountDocument<'a> {
    /// Records of the journal that were counted.
    position: u64,
    /// Of the totals; null unless every vote is shown.
    digest: Option<&'a str>,
    at: Option<String>,
    took_ms: u64,
}

pub(super) fn document(board: &Board) -> ReceptionDocument<'_> {
    let own = &board.reception;
    let quantiles = |own: Quantiles| QuantilesDocument {
        p50: own.half,
        p99: own.p99,
        p999: own.p999,
        max: own.most,
    };
    ReceptionDocument {
        head: board.head(board.status()),
        durable: own.durable,
        accepted: own.accepted,
        duplicates: own.duplicates,
        refusals: named(&own.refusals),
        findings: named(&own.findings),
        records_per_1000_seconds: board.records_per_1000_seconds,
        waiting_records: own.waiting_records,
        open: own.is_open,
        acknowledge_microseconds: quantiles(own.acknowledge),
        snapshot_delay_microseconds: quantiles(own.snapshot_delay),
        full_count: own.full_count.as_ref().map(|count| FullCountDocument {
            position: count.position,
            digest: board.told_digest(),
            at: rfc3339(count.at_ms),
            took_ms: count.took_ms,
        }),
        failure: own.failure.as_deref(),
        waits: own.waits,
    }
}

fn named(all: &[(String, u64)]) -> BTreeMap<&str, u64> {
    all.iter().map(|(name, number)| (name.as_str(), *number)).collect()
}
