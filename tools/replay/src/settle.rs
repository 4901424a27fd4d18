//! The end of a run: the server's frontier, its tally and its metrics against what is known.
//!
//! In: what was acknowledged, the known answer. Out: what is lost, what is doubled, every
//! difference named. Never: a difference passed over because the sum is right.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use shomar_format::document::{BallotCounts, DistrictTally, TallyDocument};

use crate::link::Link;
use crate::run::Shared;
use crate::target::Target;

/// The first wait between two looks at the frontier.
const LOOK_FIRST: Duration = Duration::from_millis(5);
/// No wait between two looks is longer.
const LOOK_LONGEST: Duration = Duration::from_millis(200);
/// A server that says nothing to this is as good as one without metrics.
const METRICS_PATIENCE: Duration = Duration::from_secs(10);
/// Differences that the report shows.
pub(crate) const DIFFERENCES_SHOWN: usize = 20;

/// Whether the server's totals are those that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Totals {
    /// To the last vote.
    Equal,
    /// Not.
    Different {
        /// How many numbers, or districts, differ.
        count: u64,
        /// The first ones.
        first: Vec<String>,
    },
    /// Of an official election before its close, no total is given.
    Withheld,
    /// The server gave none.
    #[default]
    Unknown,
}

/// What the server says at the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    pub(crate) totals: Totals,
    pub(crate) frontier: Option<Frontier>,
    /// How long after the last acknowledgement the frontier covered everything.
    pub(crate) frontier_lag: Option<Duration>,
    pub(crate) lost: Lost,
    pub(crate) metrics: Option<MetricsReport>,
}

/// What is missing, or there twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Batches acknowledged at a position that another one has, or that the server does not count.
    pub lost_batches: u64,
    /// Batches at two positions, or counted beyond those acknowledged.
    pub doubled_batches: u64,
    /// Ballots of the known answer that the totals do not have.
    pub lost_ballots: u64,
    /// Ballots of the totals that the known answer does not have.
    pub doubled_ballots: u64,
}

/// `GET /v1/frontier`, as far as it matters here.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Frontier {
    /// Election id.
    #[serde(default)]
    pub election: String,
    /// Records durable and counted.
    #[serde(default)]
    pub position: u64,
    /// Records durable.
    #[serde(default)]
    pub durable: u64,
    /// Batches counted.
    #[serde(default)]
    pub batches: u64,
    /// The digest of what was counted.
    #[serde(default)]
    pub digest: Option<String>,
}

/// Waits for the frontier, then compares everything.
pub(crate) async fn settle(shared: &Shared, before: &Option<Metrics>) -> Settled {
    let mut settled = Settled::default();
    let positions = check_positions(shared, &mut settled.lost);
    // A server that nobody reached would only be waited for once more.
    let reached = !positions.is_empty() || shared.plan.batch_count() == 0;
    if reached {
        let needed = positions.iter().max().map_or(0, |last| last.saturating_add(1));
        let began = Instant::now();
        settled.frontier = await_frontier(shared, needed).await;
        settled.frontier_lag = settled.frontier.as_ref().map(|_| began.elapsed());
        settled.totals = compare_totals(shared, &mut settled.lost).await;
    } else {
        let last = shared.ledger.books().last_error.clone();
        let example = format!("{}: {}", shared.target, last.as_deref().unwrap_or("no answer"));
        finding(shared, "server not reached", example);
    }
    if let Some(frontier) = &settled.frontier {
        check_frontier(shared, frontier, &mut settled.lost);
    }
    let after = if reached { Metrics::get(&shared.target).await } else { None };
    settled.metrics = after.map(|after| after.since(before.as_ref()));
    settled
}

fn finding(shared: &Shared, kind: &str, example: impl Into<String>) {
    shared.ledger.books().findings.add(kind, example);
}

/// Every batch has a position, and no two have the same.
fn check_positions(shared: &Shared, lost: &mut Lost) -> Vec<u64> {
    let known = shared.ledger.positions();
    let mut holders: HashMap<u64, usize> = HashMap::new();
    for &(batch, position) in &known {
        if let Some(other) = holders.insert(position, batch) {
            lost.lost_batches += 1;
            let example = format!("position {position}: batches {other} and {batch}");
            finding(shared, "two batches at one position", example);
        }
    }
    lost.doubled_batches += shared.ledger.books().doubled;
    let missing = (shared.plan.batch_count() - known.len()) as u64;
    if missing > 0 {
        let example = format!("{missing} of {}", shared.plan.batch_count());
        finding(shared, "batches not acknowledged", example);
    }
    known.into_iter().map(|(_, position)| position).collect()
}

/// Asks until the frontier covers everything that was acknowledged.
async fn await_frontier(shared: &Shared, needed: u64) -> Option<Frontier> {
    let (mut wait, mut moved, mut last) = (LOOK_FIRST, Instant::now(), None);
    loop {
        let found = get(&shared.target, "/v1/frontier", shared.answer_timeout).await;
        let frontier = found
            .filter(|(status, _)| *status == 200)
            .and_then(|(_, body)| serde_json::from_slice::<Frontier>(&body).ok());
        if let Some(frontier) = frontier {
            if frontier.position >= needed {
                return Some(frontier);
            }
            if last.as_ref().is_none_or(|last: &Frontier| last.position != frontier.position) {
                moved = Instant::now();
            }
            last = Some(frontier);
        }
        if moved.elapsed() >= shared.give_up {
            let found =
                last.as_ref().map_or("no answer".to_owned(), |last| last.position.to_string());
            finding(
                shared,
                "the frontier does not cover what was acknowledged",
                format!("found {found}, expected at least {needed}"),
            );
            return last;
        }
        tokio::time::sleep(wait).await;
        wait = LOOK_LONGEST.min(wait * 2);
    }
}

/// The frontier counts each acknowledged batch once.
fn check_frontier(shared: &Shared, frontier: &Frontier, lost: &mut Lost) {
    let acknowledged = shared.ledger.acknowledged();
    lost.lost_batches += acknowledged.saturating_sub(frontier.batches);
    // Batches that this run did not get acknowledged may be durable all the same.
    let most = acknowledged.max(shared.plan.batch_count() as u64);
    lost.doubled_batches += frontier.batches.saturating_sub(most);
    if frontier.batches < acknowledged || frontier.batches > most {
        let example = format!("found {}, expected {acknowledged}", frontier.batches);
        finding(shared, "batches counted", example);
    }
    if frontier.election != shared.plan.election() {
        let (found, expected) = (&frontier.election, shared.plan.election());
        finding(shared, "another election", format!("found '{found}', expected '{expected}'"));
    }
}

async fn compare_totals(shared: &Shared, lost: &mut Lost) -> Totals {
    let found = match get_patiently(shared, "/v1/tally").await {
        Some((200, body)) => body,
        Some((403, _)) => return Totals::Withheld,
        Some((status, _)) => {
            finding(shared, "no tally", format!("HTTP status {status}"));
            return Totals::Unknown;
        }
        None => {
            finding(shared, "no tally", "no answer");
            return Totals::Unknown;
        }
    };
    let found: TallyDocument = match serde_json::from_slice(&found) {
        Ok(found) => found,
        Err(error) => {
            finding(shared, "no tally", format!("found {error}, expected the JSON of a tally"));
            return Totals::Unknown;
        }
    };
    let expected = shared.plan.expected();
    lost.lost_ballots = expected.ballots.taken.saturating_sub(found.ballots.taken);
    lost.doubled_ballots = found.ballots.taken.saturating_sub(expected.ballots.taken);
    let mut differences = Differences::default();
    differences.document(expected, &found);
    if differences.count == 0 {
        return Totals::Equal;
    }
    let Differences { count, first } = differences;
    let kind = "totals differ from the known answer";
    for difference in &first {
        finding(shared, kind, difference);
    }
    Totals::Different { count, first }
}

/// Differences between two tallies, counted, and the first ones in words.
#[derive(Debug, Default)]
struct Differences {
    count: u64,
    first: Vec<String>,
}

impl Differences {
    fn add(&mut self, what: impl Into<String>) {
        self.count += 1;
        if self.first.len() < DIFFERENCES_SHOWN {
            self.first.push(what.into());
        }
    }

    /// All fields but the frontier.
    fn document(&mut self, expected: &TallyDocument, found: &TallyDocument) {
        let TallyDocument { election, mode, reading, ballots, districts, .. } = expected;
        for (what, wanted, is) in
            [("election", election, &found.election), ("mode", mode, &found.mode)]
        {
            if wanted != is {
                self.add(format!("{what}: found '{is}', expected '{wanted}'"));
            }
        }
        if *reading != found.reading {
            self.add(format!("reading: found {:?}, expected {reading:?}", found.reading));
        }
        self.ballots("all districts", ballots, &found.ballots);
        if districts.len() != found.districts.len() {
            let (is, wanted) = (found.districts.len(), districts.len());
            self.add(format!("districts: found {is}, expected {wanted}"));
        }
        for (wanted, is) in districts.iter().zip(&found.districts) {
            if wanted != is {
                self.district(wanted, is);
            }
        }
    }

    fn ballots(&mut self, place: &str, expected: &BallotCounts, found: &BallotCounts) {
        let pairs = [
            ("taken", expected.taken, found.taken),
            ("valid", expected.valid, found.valid),
            ("void", expected.void, found.void),
            ("blank", expected.blank, found.blank),
        ];
        for (what, wanted, is) in pairs {
            if wanted != is {
                self.add(format!("{place}: ballots {what}: found {is}, expected {wanted}"));
            }
        }
    }

    fn district(&mut self, expected: &DistrictTally, found: &DistrictTally) {
        if expected.district != found.district {
            let (is, wanted) = (&found.district, &expected.district);
            return self.add(format!("district: found '{is}', expected '{wanted}'"));
        }
        let before = self.count;
        let place = format!("district {}", expected.district);
        self.ballots(&place, &expected.ballots, &found.ballots);
        let lists = |tally: &DistrictTally| -> BTreeMap<u32, u64> {
            tally.lists.iter().map(|list| (list.code, list.votes)).collect()
        };
        self.votes(&place, "list", &lists(expected), &lists(found));
        let votes = |tally: &DistrictTally| -> BTreeMap<u32, u64> {
            tally.candidates.iter().map(|candidate| (candidate.code, candidate.votes)).collect()
        };
        self.votes(&place, "candidate", &votes(expected), &votes(found));
        if self.count == before {
            self.add(format!("{place}: lists, order, or votes by name and by list differ"));
        }
    }

    fn votes(
        &mut self,
        place: &str,
        what: &str,
        expected: &BTreeMap<u32, u64>,
        found: &BTreeMap<u32, u64>,
    ) {
        for (code, wanted) in expected {
            match found.get(code) {
                Some(is) if is == wanted => {}
                Some(is) => {
                    self.add(format!(
                        "{place}: {what} {code}: found {is} votes, expected {wanted}"
                    ));
                }
                None => self.add(format!("{place}: {what} {code}: found none, expected one")),
            }
        }
        for code in found.keys().filter(|code| !expected.contains_key(code)) {
            self.add(format!("{place}: {what} {code}: found one, expected none"));
        }
    }
}

/// Gets a resource on a connection of its own; `None` if nobody answers in time.
async fn get(target: &Target, resource: &str, patience: Duration) -> Option<(u16, Bytes)> {
    let exchange = async {
        let mut link = Link::connect(target).await.ok()?;
        link.get(target, resource).await.ok()
    };
    tokio::time::timeout(patience, exchange).await.ok()?
}

/// Gets a resource from a server that may still be starting again.
async fn get_patiently(shared: &Shared, resource: &str) -> Option<(u16, Bytes)> {
    let began = Instant::now();
    loop {
        match get(&shared.target, resource, shared.answer_timeout).await {
            Some((503, _)) | None if began.elapsed() < shared.give_up => {
                tokio::time::sleep(LOOK_LONGEST).await;
            }
            answer => return answer,
        }
    }
}

/// What of the server's metrics matters here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    /// Records by result.
    records: BTreeMap<String, u64>,
    /// Seconds from arrival to the published snapshot, by quantile, as the server writes them.
    snapshot_delay: BTreeMap<String, String>,
}

/// The metrics in the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MetricsReport {
    /// Records by result, during the run (since the server's start, if it was started again).
    pub records: BTreeMap<String, u64>,
    /// Seconds from arrival to the published snapshot, by quantile, as the server writes them.
    pub snapshot_delay_s: BTreeMap<String, String>,
}

impl Metrics {
    pub(crate) async fn get(target: &Target) -> Option<Self> {
        let (status, body) = get(target, "/metrics", METRICS_PATIENCE).await?;
        (status == 200).then(|| Self::read(&String::from_utf8_lossy(&body)))
    }

    fn read(text: &str) -> Self {
        let mut metrics = Self::default();
        for line in text.lines() {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let label = |metric: &str, label: &str| {
                let labels = name.strip_prefix(metric)?.strip_prefix('{')?.strip_suffix('}')?;
                let labels = labels.split(',').find_map(|pair| pair.trim().strip_prefix(label));
                Some(labels?.strip_prefix("=\"")?.strip_suffix('"')?.to_owned())
            };
            if let Some(result) = label("shomar_ingest_records_total", "result") {
                let whole = value.split('.').next().unwrap_or_default();
                *metrics.records.entry(result).or_default() += whole.parse::<u64>().unwrap_or(0);
            } else if let Some(quantile) = label("shomar_snapshot_delay_seconds", "quantile") {
                metrics.snapshot_delay.insert(quantile, value.to_owned());
            }
        }
        metrics
    }

    fn since(self, before: Option<&Self>) -> MetricsReport {
        let earlier = |result: &str| {
            before.and_then(|before| before.records.get(result)).copied().unwrap_or(0)
        };
        let difference = |(result, count): (String, u64)| {
            // A server that was started again counts from nothing.
            let since = count.checked_sub(earlier(&result)).unwrap_or(count);
            (result, since)
        };
        MetricsReport {
            records: self.records.into_iter().map(difference).collect(),
            snapshot_delay_s: self.snapshot_delay,
        }
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
