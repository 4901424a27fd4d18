//! The report: for people as text, for programs as JSON, and its files.
//!
//! In: the ledger, what the server said at the end. Out: `report.json`, `report.txt`, `report.hgrm`
//! (from the intended time), `report-service.hgrm`, `report.svg`. Never: a run called clean with a
//! finding.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use shomar_store::write_durably;

use crate::error::ReplayError;
use crate::latency::{Latencies, Percentiles, milliseconds};
use crate::ledger::{FaultCount, Finding};
use crate::picture;
use crate::readers::ReadersReport;
use crate::run::{Options, Shared, shown};
use crate::settle::{Frontier, Lost, MetricsReport, Settled, Totals};

/// What a run found out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Everything is as the contract and the known answer say.
    pub ok: bool,
    /// Election id.
    pub election: String,
    /// `test` or `official`.
    pub mode: &'static str,
    /// The folder.
    pub directory: String,
    /// The server.
    pub server: String,
    /// `closed-loop`, `constant`, `surge` or `retry-storm`.
    pub schedule: &'static str,
    /// Batches per second, if asked for.
    pub rate: Option<String>,
    /// Times are divided by it.
    pub speed: String,
    /// Of faults, second copies and waits.
    pub seed: u64,
    /// Keep-alive connections.
    pub connections: usize,
    /// Batches in one request at most.
    pub per_request: usize,
    /// Stations that had something to send.
    pub stations: usize,
    /// Batches of the folder.
    pub batches: u64,
    /// Requests with honest batches.
    pub requests: u64,
    /// Batches of the folder that are durable.
    pub acknowledged: u64,
    /// Ballots in them.
    pub ballots: u64,
    /// Answers to honest sends that the record was accepted just now.
    pub accepted: u64,
    /// Answers to honest sends that the record was accepted before.
    pub duplicates: u64,
    /// Honest batches refused, by code.
    pub refused: BTreeMap<String, u64>,
    /// Sends repeated, by reason.
    pub retries: BTreeMap<String, u64>,
    /// Second copies of a retry storm, by verdict.
    pub storm: BTreeMap<String, u64>,
    /// Each fault of the script.
    pub faults: Vec<FaultCount>,
    /// From the start of the schedule to the last acknowledgement, in microseconds.
    pub duration_us: u64,
    /// Acknowledged in that time.
    pub batches_per_s: u64,
    /// Acknowledged in that time.
    pub ballots_per_s: u64,
    /// From the intended time to the acknowledgement.
    pub latency: Percentiles,
    /// From the sending that was acknowledged to the acknowledgement.
    pub service: Percentiles,
    /// What is missing, or there twice.
    pub lost: Lost,
    /// Whether the totals are those that are known.
    pub totals: Totals,
    /// The server's frontier at the end.
    pub frontier: Option<Frontier>,
    /// How long it took, at the end, until the frontier covered everything, in microseconds.
    pub frontier_lag_us: Option<u64>,
    /// Those who looked at the page meanwhile, if anybody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers: Option<ReadersReport>,
    /// The server's metrics, if it has some.
    pub metrics: Option<MetricsReport>,
    /// What is worth knowing and nobody's fault.
    pub notes: Vec<String>,
    /// What is otherwise than it should be.
    pub findings: Vec<Finding>,
    #[serde(skip)]
    intended_latencies: Latencies,
    #[serde(skip)]
    service_latencies: Latencies,
}

impl Report {
    pub(crate) fn new(
        shared: &Shared,
        options: &Options,
        connections: usize,
        settled: Settled,
        seen: ReadersReport,
    ) -> Self {
        let Settled { totals, frontier, frontier_lag, lost, metrics } = settled;
        let ledger = &shared.ledger;
        let (intended_latencies, service_latencies) = ledger.latencies();
        let duration = ledger.duration();
        let (acknowledged, ballots) = (ledger.acknowledged(), ledger.ballots());
        let books = ledger.books();
        let findings = books.findings.list();
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            ok: findings.is_empty(),
            election: shared.plan.election().to_owned(),
            mode: shared.plan.mode().name(),
            directory: shown(shared.plan.directory()),
            server: shared.target.to_string(),
            schedule: match shared.times {
                None => "closed-loop",
                Some(_) => shared.schedule.name(),
            },
            rate: options.rate.map(|rate| format!("{rate}/s")),
            speed: options.speed.to_string(),
            seed: options.seed,
            connections,
            per_request: shared.per_request,
            stations: shared.plan.client_count(),
            batches: shared.plan.batch_count() as u64,
            requests: load(&ledger.requests),
            acknowledged,
            ballots,
            accepted: load(&ledger.accepted),
            duplicates: load(&ledger.duplicates),
            refused: books.refused.clone(),
            retries: books.retries.clone(),
            storm: books.storm.clone(),
            faults: books.faults.clone(),
            duration_us: microseconds(duration),
            batches_per_s: per_second(acknowledged, duration),
            ballots_per_s: per_second(ballots, duration),
            latency: intended_latencies.percentiles(),
            service: service_latencies.percentiles(),
            lost,
            totals,
            frontier,
            frontier_lag_us: frontier_lag.map(microseconds),
            readers: (seen.readers > 0).then_some(seen),
            metrics,
            notes: books.notes.clone(),
            findings,
            intended_latencies,
            service_latencies,
        }
    }

    /// Latencies from the intended time, and of the service alone.
    #[must_use]
    pub fn latencies(&self) -> (&Latencies, &Latencies) {
        (&self.intended_latencies, &self.service_latencies)
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Lines::default();
        lines.row("election", format!("{} ({})", self.election, self.mode));
        lines.row("folder", &self.directory);
        lines.row("server", &self.server);
        let rate = self.rate.as_deref().unwrap_or("as fast as acknowledged");
        let rate =
            if self.schedule == "closed-loop" || self.rate.is_some() { rate } else { "in 60 s" };
        lines.row(
            "schedule",
            format!("{}, {rate}, speed {}, seed {}", self.schedule, self.speed, self.seed),
        );
        let (stations, connections) =
            (grouped(self.stations as u64), grouped(self.connections as u64));
        lines.row(
            "clients",
            format!(
                "{stations} stations on {connections} connections, up to {} a request",
                self.per_request
            ),
        );
        lines.row(
            "acknowledged",
            format!(
                "{} of {} batches, {} ballots, in {} requests",
                grouped(self.acknowledged),
                grouped(self.batches),
                grouped(self.ballots),
                grouped(self.requests)
            ),
        );
        lines.row(
            "duration",
            format!(
                "{} ms: {} batches/s, {} ballots/s",
                grouped(self.duration_us / 1_000),
                grouped(self.batches_per_s),
                grouped(self.ballots_per_s)
            ),
        );
        lines.row(
            "answers",
            format!("{} accepted, {} duplicate", grouped(self.accepted), grouped(self.duplicates)),
        );
        lines.counts("refused", &self.refused);
        lines.counts("retries", &self.retries);
        lines.counts("second copies", &self.storm);
        lines.latencies(&[("latency", &self.latency), ("service", &self.service)]);
        for fault in &self.faults {
            let verdicts = verdicts(&fault.verdicts);
            let unexpected = match fault.unexpected {
                0 => "all as expected".to_owned(),
                some => format!("{} NOT AS EXPECTED", grouped(some)),
            };
            lines.row(
                &format!("fault {}", fault.kind),
                format!("{} sent: {verdicts}; {unexpected}", grouped(fault.sent)),
            );
        }
        let Lost { lost_batches, doubled_batches, lost_ballots, doubled_ballots } = self.lost;
        lines.row(
            "lost",
            format!("{} batches, {} ballots", grouped(lost_batches), grouped(lost_ballots)),
        );
        lines.row(
            "doubled",
            format!("{} batches, {} ballots", grouped(doubled_batches), grouped(doubled_ballots)),
        );
        let lag = self.frontier_lag_us.map_or(String::new(), |lag| {
            format!(
                "; the frontier covered everything {} ms after the last answer",
                milliseconds(lag)
            )
        });
        lines.row(
            "totals",
            match &self.totals {
                Totals::Equal => format!("equal to the known answer{lag}"),
                Totals::Different { count, .. } => {
                    format!("DIFFERENT in {} places{lag}", grouped(*count))
                }
                Totals::Withheld => format!("withheld before the close{lag}"),
                Totals::Unknown => "UNKNOWN".to_owned(),
            },
        );
        if let Some(seen) = &self.readers {
            lines.row(
                "readers",
                format!(
                    "{} at the page, {} lost, {} MB; {} of them read {} events",
                    grouped(seen.readers),
                    grouped(seen.lost),
                    grouped(seen.bytes / 1_000_000),
                    grouped(seen.reading),
                    grouped(seen.events)
                ),
            );
            lines.latencies(&[("page behind", &seen.behind)]);
        }
        if let Some(metrics) = &self.metrics {
            lines.counts("server records", &metrics.records);
            let delays: Vec<String> = metrics
                .snapshot_delay_s
                .iter()
                .map(|(quantile, seconds)| format!("q{quantile} {seconds} s"))
                .collect();
            if !delays.is_empty() {
                lines.row("snapshot delay", delays.join(", "));
            }
        }
        for note in &self.notes {
            lines.row("note", note);
        }
        for Finding { kind, count, examples } in &self.findings {
            lines.row("FINDING", format!("{kind}: {}", grouped(*count)));
            for example in examples {
                lines.row("", example);
            }
        }
        lines.row("verdict", if self.ok { "as it should be" } else { "FINDINGS" });
        lines.0
    }

    /// Refuses a place for a report's files before anything is sent: a folder that is not there,
    /// and files that are there and no earlier report.
    ///
    /// # Errors
    /// If the report could not be written, or would replace something else.
    pub fn check_place(asked: &Path) -> Result<(), ReplayError> {
        let parent = asked.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        if asked.file_stem().is_none() || asked.is_dir() {
            return Err(ReplayError::input(asked, 0, "no name of a file", "one for the report"));
        }
        if !parent.is_dir() {
            return Err(ReplayError::input(parent, 0, "no folder", "the folder of the report"));
        }
        let path = beside(asked, "", "json");
        match std::fs::read(&path) {
            Ok(bytes) if !bytes.is_empty() && !bytes.starts_with(HEAD) => {
                let expected = "a new file, or an earlier report";
                Err(ReplayError::input(&path, 0, "a file of something else", expected))
            }
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ReplayError::io(&path, "read")(error))
            }
            _ => Ok(()),
        }
    }

    /// The files of a report with their bytes.
    fn files(&self, asked: &Path) -> Result<[(PathBuf, Vec<u8>); 5], ReplayError> {
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|error| ReplayError::Machine(error.to_string()))?;
        json.push(b'\n');
        let title = format!(
            "Shomar: {} batches of {}, {}",
            grouped(self.acknowledged),
            self.election,
            self.schedule
        );
        let picture = picture::draw(&title, &self.intended_latencies, &self.service_latencies);
        Ok([
            (beside(asked, "", "json"), json),
            (beside(asked, "", "txt"), self.text().into_bytes()),
            (beside(asked, "", "hgrm"), self.intended_latencies.hgrm().into_bytes()),
            (beside(asked, "-service", "hgrm"), self.service_latencies.hgrm().into_bytes()),
            (beside(asked, "", "svg"), picture.into_bytes()),
        ])
    }

    /// Writes the report's files beside each other, under the stem of `asked`.
    ///
    /// # Errors
    /// If the system refuses one.
    pub fn save(&self, asked: &Path) -> Result<(), ReplayError> {
        // A name alone has no folder that could be synced.
        let asked =
            std::path::absolute(asked).map_err(ReplayError::io(asked, "find the folder"))?;
        for (path, bytes) in self.files(&asked)? {
            write_durably(&path, &bytes)?;
        }
        Ok(())
    }
}

/// How a report's JSON begins.
const HEAD: &[u8] = b"{\n  \"ok\": ";

/// A file with the stem of another one.
fn beside(asked: &Path, suffix: &str, extension: &str) -> PathBuf {
    let mut name = asked.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    name.push(".");
    name.push(extension);
    asked.with_file_name(name)
}

/// Rows of a name and what is to be said of it.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn row(&mut self, name: &str, text: impl AsRef<str>) {
        let row = format!("{name:<24} {}", text.as_ref());
        self.0.push_str(row.trim_end());
        self.0.push('\n');
    }

    fn counts(&mut self, name: &str, counts: &BTreeMap<String, u64>) {
        if !counts.is_empty() {
            self.row(name, verdicts(counts));
        }
    }

    fn latencies(&mut self, rows: &[(&str, &Percentiles)]) {
        let mut text = String::new();
        for name in ["p50", "p90", "p99", "p99.9", "max"] {
            write!(text, "{name:>12}").expect("a string takes everything");
        }
        self.row("milliseconds", text);
        for (name, percentiles) in rows {
            let Percentiles { count: _, p50_us, p90_us, p99_us, p99_9_us, max_us } = percentiles;
            let mut text = String::new();
            for value in [p50_us, p90_us, p99_us, p99_9_us, max_us] {
                write!(text, "{:>12}", milliseconds(*value)).expect("a string takes everything");
            }
            self.row(name, text);
        }
    }
}

fn verdicts(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> =
        counts.iter().map(|(name, count)| format!("{} {name}", grouped(*count))).collect();
    parts.join(", ")
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn per_second(number: u64, duration: Duration) -> u64 {
    let per_second = u128::from(number) * 1_000_000_000 / duration.as_nanos().max(1);
    u64::try_from(per_second).unwrap_or(u64::MAX)
}

/// A whole number with separators, as people read it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_report_lie_beside_each_other() {
        let asked = Path::new("a/night.of.may.json");
        assert_eq!(beside(asked, "", "hgrm"), Path::new("a/night.of.may.hgrm"));
        assert_eq!(beside(asked, "-service", "hgrm"), Path::new("a/night.of.may-service.hgrm"));
        assert_eq!(beside(Path::new("night"), "", "svg"), Path::new("night.svg"));
        // A name alone is one in the folder where we are.
        Report::check_place(Path::new("no-such-report")).unwrap();
    }

    #[test]
    fn rates_are_whole_numbers_and_nothing_takes_no_time() {
        assert_eq!(per_second(1_000, Duration::from_millis(250)), 4_000);
        assert_eq!(per_second(0, Duration::ZERO), 0);
        assert_eq!(grouped(60_000_000), "60,000,000");
    }
}
