//! What `shomar replay` says of a run, for what is measured.
//!
//! In: its JSON. Out: rates and times. Never: a figure of a run in which anything was lost,
//! doubled, or counted otherwise than known.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How one run of replay went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) per_request: u64,
    pub(crate) connections: u64,
    pub(crate) batches: u64,
    pub(crate) ballots: u64,
    pub(crate) duration_us: u64,
    pub(crate) batches_per_s: u64,
    pub(crate) ballots_per_s: u64,
    /// From the sending of a batch to its acknowledgement.
    pub(crate) acknowledged_p99_us: u64,
    /// From the arrival of a batch to the snapshot that has it.
    pub(crate) snapshot_p99: Duration,
    /// From the acknowledgement of a batch to the page that has it, if anybody looked.
    pub(crate) page_p99_us: Option<u64>,
}

impl Received {
    /// Reads the report of `shomar replay`; an error unless all of it is as it should be.
    pub(crate) fn read(report: &Value, ballots: u64) -> Result<Self> {
        let number = |place: &str| {
            let found = report.pointer(place).and_then(Value::as_u64);
            found.with_context(|| format!("the report of `shomar replay` has no number {place}"))
        };
        let lost: u64 = ["lost_batches", "doubled_batches", "lost_ballots", "doubled_ballots"]
            .iter()
            .map(|field| number(&format!("/lost/{field}")))
            .sum::<Result<_>>()?;
        let delay = report.pointer("/metrics/snapshot_delay_s/0.99").and_then(Value::as_str);
        let delay = delay.context("the server told no delay of its snapshots")?.parse()?;
        let received = Self {
            per_request: number("/per_request")?,
            connections: number("/connections")?,
            batches: number("/batches")?,
            ballots: number("/ballots")?,
            duration_us: number("/duration_us")?,
            batches_per_s: number("/batches_per_s")?,
            ballots_per_s: number("/ballots_per_s")?,
            acknowledged_p99_us: number("/service/p99_us")?,
            snapshot_p99: Duration::try_from_secs_f64(delay)?,
            page_p99_us: match report.get("readers") {
                None => None,
                Some(_) if number("/readers/lost")? > 0 => bail!("replay: readers were lost"),
                Some(_) => Some(number("/readers/behind/p99_us")?),
            },
        };
        let acknowledged = number("/acknowledged")?;
        if report["ok"] != true || report["totals"] != "equal" || lost > 0 {
            bail!("replay: ok {}, totals {}, {lost} lost", report["ok"], report["totals"]);
        }
        if acknowledged != received.batches || received.ballots != ballots {
            bail!(
                "replay: {acknowledged} of {} batches, {} of {ballots} ballots acknowledged",
                received.batches,
                received.ballots
            );
        }
        Ok(received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Value {
        serde_json::json!({
            "ok": true, "totals": "equal", "per_request": 32, "connections": 256,
            "batches": 10, "acknowledged": 10, "ballots": 700, "duration_us": 1000,
            "batches_per_s": 10000, "ballots_per_s": 700_000,
            "service": {"p99_us": 90}, "latency": {"p99_us": 95},
            "metrics": {"snapshot_delay_s": {"0.99": "0.0694"}},
            "lost": {"lost_batches": 0, "doubled_batches": 0, "lost_ballots": 0,
                     "doubled_ballots": 0},
        })
    }

    #[test]
    fn report_of_replay_is_read() {
        let received = Received::read(&report(), 700).unwrap();
        assert_eq!((received.ballots_per_s, received.acknowledged_p99_us), (700_000, 90));
        assert_eq!(received.snapshot_p99, Duration::from_micros(69_400));
        assert_eq!(received.page_p99_us, None);
        let mut read = report();
        read["readers"] = serde_json::json!({"lost": 0, "behind": {"p99_us": 411}});
        assert_eq!(Received::read(&read, 700).unwrap().page_p99_us, Some(411));
        read["readers"]["lost"] = 1.into();
        assert!(Received::read(&read, 700).is_err());
    }

    #[test]
    fn report_of_anything_wrong_is_refused() {
        for (place, value) in [
            ("/ok", Value::from(false)),
            ("/totals", "withheld".into()),
            ("/lost/doubled_ballots", 1.into()),
            ("/acknowledged", 9.into()),
            ("/ballots", 699.into()),
            ("/service/p99_us", Value::Null),
            ("/metrics/snapshot_delay_s/0.99", Value::Null),
        ] {
            let mut report = report();
            *report.pointer_mut(place).unwrap() = value;
            assert!(Received::read(&report, 700).is_err(), "{place}");
        }
    }
}
