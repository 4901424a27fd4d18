//! Numbers for operators, in the text format of Prometheus.
//!
//! In: what happens. Out: counters and histograms. Never: a number per option, a voter's or a
//! station's name.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram as Quantiles;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::answer::Answer;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CodeLabel {
    code: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FindingLabel {
    finding: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct QuantileLabel {
    quantile: &'static str,
}

/// Longest delay that quantiles tell apart, in microseconds: an hour.
const DELAY_MICROSECONDS_MAX: u64 = 3_600_000_000;
/// Quantiles that are told, as label and as number.
const QUANTILES: [(&str, f64); 4] = [("0.5", 0.5), ("0.99", 0.99), ("0.999", 0.999), ("1", 1.0)];

/// A mebibyte.
const MIB: u64 = 1 << 20;

/// All numbers of a server.
pub(crate) struct Metrics {
    registry: Registry,
    records: Family<ResultLabel, Counter>,
    refusals: Family<CodeLabel, Counter>,
    findings: Family<FindingLabel, Counter>,
    bytes: Counter,
    exact_bytes: AtomicU64,
    acknowledge: Histogram,
    sync: Histogram,
    group_records: Histogram,
    /// In microseconds.
    acknowledged: Mutex<Quantiles<u64>>,
    delays: Mutex<Quantiles<u64>>,
    /// Codes of refusals and kinds of findings so far.
    named: Mutex<BTreeSet<&'static str>>,
    delay_seconds: Family<QuantileLabel, Gauge<f64, AtomicU64>>,
    pub(crate) durable: Gauge,
    pub(crate) counted: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) turned_away: Counter,
    queue: Gauge,
    waiting_bytes: Gauge,
    recounts: Family<ResultLabel, Counter>,
    pub(crate) publishing: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let times = || Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        let mut metrics = Self {
            registry: Registry::with_prefix("shomar"),
            records: Family::default(),
            refusals: Family::default(),
            findings: Family::default(),
            bytes: Counter::default(),
            exact_bytes: AtomicU64::new(0),
            acknowledge: times(),
            sync: times(),
            group_records: Histogram::new(exponential_buckets(1.0, 2.0, 14)),
            acknowledged: quantiles(),
            delays: quantiles(),
            named: Mutex::default(),
            delay_seconds: Family::default(),
            durable: Gauge::default(),
            counted: Gauge::default(),
            connections: Gauge::default(),
            turned_away: Counter::default(),
            queue: Gauge::default(),
            waiting_bytes: Gauge::default(),
            recounts: Family::default(),
            publishing: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let records = self.records.clone();
        registry.register("ingest_records", "Records by what became of them", records);
        let refusals = self.refusals.clone();
        registry.register("ingest_refusals", "Refused records by code", refusals);
        let findings = self.findings.clone();
        registry.register("chain_findings", "Gaps, re-orders, forks, equivocations", findings);
        let help = "Bytes of acknowledged records, in whole MiB";
        registry.register("ingest_bytes", help, self.bytes.clone());
        let unit = |registry: &mut Registry, name: &str, help: &str, histogram: &Histogram| {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        };
        let help = "From the last byte of a record to its acknowledgement";
        unit(registry, "ingest_ack", help, &self.acknowledge);
        unit(registry, "journal_sync", "Writing and syncing a group", &self.sync);
        let groups = self.group_records.clone();
        registry.register("journal_group_records", "Records in a group", groups);
        let help = "From the arrival of a record to the snapshot that has it";
        let delays = self.delay_seconds.clone();
        registry.register_with_unit("snapshot_delay", help, Unit::Seconds, delays);
        registry.register("journal_durable", "Records that are durable", self.durable.clone());
        registry.register("snapshot_records", "Records in the snapshot", self.counted.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register(
            "connections_turned_away",
            "Connections more than their address may hold, or readers without a place",
            self.turned_away.clone(),
        );
        registry.register("queue_records", "Records that wait for the disk", self.queue.clone());
        let help = "Room taken by records in memory, also by those that are half here";
        registry.register_with_unit("waiting", help, Unit::Bytes, self.waiting_bytes.clone());
        let recounts = self.recounts.clone();
        registry.register("full_recounts", "Full counts of the segments", recounts);
        let help = "1 while snapshots are published, 0 after the count was found wrong";
        registry.register("publishing", help, self.publishing.clone());
    }

    /// What waits, as it is now.
    pub(crate) fn waiting(&self, records: usize, bytes: usize) {
        self.queue.set(i64::try_from(records).unwrap_or(i64::MAX));
        self.waiting_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// A record was answered.
    pub(crate) fn answered(&self, answer: &Answer) {
        self.records.get_or_create(&ResultLabel { result: answer.status() }).inc();
        if let Answer::Refused { code, .. } = answer {
            self.named.lock().unwrap_or_else(PoisonError::into_inner).insert(code);
            self.refusals.get_or_create(&CodeLabel { code }).inc();
        }
    }

    /// A record is acknowledged, so long after its last byte had come.
    pub(crate) fn acknowledged(&self, bytes: usize, after: Duration) {
        // How long one record is says something of what is in it.
        let before = self.exact_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let whole = |bytes: u64| bytes / MIB * MIB;
        self.bytes.inc_by(whole(before + bytes as u64) - whole(before));
        self.acknowledge.observe(after.as_secs_f64());
        let mut acknowledged = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        acknowledged.saturating_record(microseconds(after));
    }

    /// A chain is not as it should be.
    pub(crate) fn finding(&self, finding: &'static str) {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).insert(finding);
        self.findings.get_or_create(&FindingLabel { finding }).inc();
    }

    /// A group became durable.
    pub(crate) fn group(&self, records: usize, after: Duration) {
        self.sync.observe(after.as_secs_f64());
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        self.group_records.observe(f64::from(records));
    }

    /// A full count ended so.
    pub(crate) fn count_recount(&self, result: &'static str) {
        self.recounts.get_or_create(&ResultLabel { result }).inc();
    }

    /// Records became part of a snapshot, so long after they had come.
    pub(crate) fn published(&self, delays: impl Iterator<Item = Duration>) {
        let mut quantiles = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        for delay in delays {
            quantiles.saturating_record(microseconds(delay));
        }
    }

    /// Everything, as text.
    pub(crate) fn text(&self) -> String {
        {
            let quantiles = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
            for (quantile, number) in QUANTILES {
                let micros = quantiles.value_at_quantile(number);
                let delay = Duration::from_micros(micros).as_secs_f64();
                self.delay_seconds.get_or_create(&QuantileLabel { quantile }).set(delay);
            }
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes everything");
        text
    }

    /// What became of records so far.
    pub(crate) fn numbers(&self) -> Numbers {
        let of_result =
            |result| self.records.get(&ResultLabel { result }).map_or(0, |own| own.get());
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refusals = named
            .iter()
            .filter_map(|&code| Some((code, self.refusals.get(&CodeLabel { code })?.get())));
        let findings = named.iter().filter_map(|&finding| {
            Some((finding, self.findings.get(&FindingLabel { finding })?.get()))
        });
        Numbers {
            accepted: of_result("accepted"),
            duplicates: of_result("duplicate"),
            refusals: refusals.collect(),
            findings: findings.collect(),
            acknowledge_microseconds: told(&self.acknowledged),
            delay_microseconds: told(&self.delays),
        }
    }

    /// A quantile of the delays of snapshots so far.
    pub(crate) fn delay_at(&self, quantile: f64) -> Duration {
        let quantiles = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(quantiles.value_at_quantile(quantile))
    }
}

/// What became of records so far, for whoever shows it.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Records accepted.
    pub accepted: u64,
    /// Records that came again.
    pub duplicates: u64,
    /// Refused records by code.
    pub refusals: Vec<(&'static str, u64)>,
    /// What is wrong with chains of devices, by kind.
    pub findings: Vec<(&'static str, u64)>,
    /// From the last byte to the acknowledgement: half, 99 of 100, 999 of 1,000, the longest.
    pub acknowledge_microseconds: [u64; 4],
    /// From arrival to the snapshot, likewise.
    pub delay_microseconds: [u64; 4],
}

fn quantiles() -> Mutex<Quantiles<u64>> {
    Mutex::new(Quantiles::new_with_max(DELAY_MICROSECONDS_MAX, 3).expect("the bounds are sound"))
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The quantiles that are told, in microseconds.
fn told(quantiles: &Mutex<Quantiles<u64>>) -> [u64; 4] {
    let quantiles = quantiles.lock().unwrap_or_else(PoisonError::into_inner);
    QUANTILES.map(|(_, number)| quantiles.value_at_quantile(number))
}
