//! Shomar's side: `shomar serve` on loopback, and `shomar replay` that sends as fast as it is
//! acknowledged.
//!
//! In: a signed nation. Out: rates and the acknowledgement's 99th percentile, from replay's JSON.
//! Never: a run in which anything was lost, doubled, or counted otherwise than known.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::programs::{Programs, Scratch};
use crate::server::Server;

/// Short runs as well are to have full recounts beside them; the default is half a minute.
pub(crate) const RECOUNT_SECONDS: u32 = 3;

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
}

impl Received {
    /// Reads the report of `shomar replay`; an error unless all of it is as it should be.
    fn read(report: &Value, ballots: u64) -> Result<Self> {
        let number = |place: &str| {
            let found = report.pointer(place).and_then(Value::as_u64);
            found.with_context(|| format!("the report of `shomar replay` has no number {place}"))
        };
        let lost: u64 = ["lost_batches", "doubled_batches", "lost_ballots", "doubled_ballots"]
            .iter()
            .map(|field| number(&format!("/lost/{field}")))
            .sum::<Result<_>>()?;
        let received = Self {
            per_request: number("/per_request")?,
            connections: number("/connections")?,
            batches: number("/batches")?,
            ballots: number("/ballots")?,
            duration_us: number("/duration_us")?,
            batches_per_s: number("/batches_per_s")?,
            ballots_per_s: number("/ballots_per_s")?,
            acknowledged_p99_us: number("/service/p99_us")?,
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

/// What a night needs.
pub(crate) struct Night<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) scratch: &'a Scratch,
    pub(crate) threads: u32,
}

impl Night<'_> {
    /// Serves a new journal in `data`, and has all of `signed` sent to it.
    pub(crate) fn receive(
        &self,
        signed: &str,
        data: &str,
        per_request: u32,
        ballots: u64,
    ) -> Result<Received> {
        let configuration = self.scratch.at("serve.toml");
        fs::write(&configuration, format!("recount_seconds = {RECOUNT_SECONDS}\n"))?;
        let log = format!("{data}.log");
        let mut command = self.programs.command("shomar", self.threads);
        command.args(["serve", "--election", &format!("{signed}/election"), "--data", data]);
        command.args(["--listen", "127.0.0.1:0", "--config", &configuration]);
        let mut server = Server::start(&mut command, Path::new(&log))?;

        let mut command = self.programs.command("shomar", self.threads);
        command.args(["replay", signed, "--to", &format!("http://{}", server.address)]);
        command.args(["--per-request", &per_request.to_string(), "--format", "json"]);
        let (report, _) = self.scratch.json(&mut command)?;
        // Its exit code says whether the live count was ever found wrong.
        server.stop()?;
        fs::remove_dir_all(data)?;
        Received::read(&report, ballots)
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
            "lost": {"lost_batches": 0, "doubled_batches": 0, "lost_ballots": 0,
                     "doubled_ballots": 0},
        })
    }

    #[test]
    fn report_of_replay_is_read() {
        let received = Received::read(&report(), 700).unwrap();
        assert_eq!((received.ballots_per_s, received.acknowledged_p99_us), (700_000, 90));
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
        ] {
            let mut report = report();
            *report.pointer_mut(place).unwrap() = value;
            assert!(Received::read(&report, 700).is_err(), "{place}");
        }
    }
}
