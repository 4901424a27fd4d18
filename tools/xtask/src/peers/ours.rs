//! Shomar itself, on the same nation: generated, counted, timed.
//!
//! In: our programs, a size. Out: times in process and of whole processes, and the JSON answer.
//! Never: a time of the first count among those that are called warm.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::programs::{Programs, Scratch, Watched, watch};
use crate::times::{Summary, Times};

/// What was measured of the tally.
pub(crate) struct Tallied {
    /// Generating, sealing and syncing the nation.
    pub(crate) generate: Duration,
    /// Warm, with all threads.
    pub(crate) count: Times,
    pub(crate) open: Duration,
    pub(crate) merge: Duration,
    /// Warm, with one thread.
    pub(crate) alone: Times,
    /// The first count of a process: no page is mapped yet.
    pub(crate) first_touch: Duration,
    /// That process from its start to its end: open, count once, merge, print.
    pub(crate) whole: Duration,
    /// While counting again and again with all threads.
    pub(crate) memory: Watched,
    /// Of all segments.
    pub(crate) bytes: u64,
    pub(crate) batches: u64,
}

/// A sealed nation that can be counted.
pub(crate) struct Nation<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) scratch: &'a Scratch,
    pub(crate) folder: String,
}

impl Nation<'_> {
    /// Generates it, sealed; how long that took.
    pub(crate) fn generate(&self, ballots: u64, seed: u64, threads: u32) -> Result<Duration> {
        let mut command = self.programs.command("shomar", threads);
        command.args(["generate", "--profile", "nation", "--ballots", &ballots.to_string()]);
        command.args(["--seed", &seed.to_string(), "--out", &self.folder]);
        Ok(watch(command.stdout(Stdio::null()), &[0])?.time)
    }

    /// Counts it in one process, as often as asked.
    pub(crate) fn tally(&self, threads: u32, repeat: u32) -> Result<(Summary, Value, Watched)> {
        let mut command = self.programs.command("shomar", threads);
        command.args(["tally", &self.folder, "--format", "summary"]);
        command.args(["--threads", &threads.to_string(), "--repeat", &repeat.to_string()]);
        let (summary, watched) = self.scratch.json(&mut command)?;
        Ok((Summary::read(&summary)?, summary, watched))
    }

    /// The times of warm counts: one more than asked is made, and the first is left out.
    pub(crate) fn warm(&self, threads: u32, repeat: u32) -> Result<(Times, Summary, Watched)> {
        let (mut summary, _, watched) = self.tally(threads, repeat + 1)?;
        summary.counts.remove(0);
        Ok((Times::of(summary.counts.clone())?, summary, watched))
    }

    /// Bytes of all segments.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let mut bytes = 0;
        let folder = &self.folder;
        for entry in fs::read_dir(folder).with_context(|| format!("cannot read {folder}"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "segment") {
                bytes += path.metadata()?.len();
            }
        }
        Ok(bytes)
    }

    /// Measures the tally in every way that the table shows.
    pub(crate) fn measure(&self, generate: Duration, threads: u32, repeat: u32) -> Result<Tallied> {
        let (first, summary, watched) = self.tally(threads, 1)?;
        let (count, warm, memory) = self.warm(threads, repeat)?;
        let (alone, _, _) = self.warm(1, repeat)?;
        let batches = summary["frontier"]["batches"].as_u64();
        Ok(Tallied {
            generate,
            count,
            open: warm.open,
            merge: warm.merge,
            alone,
            first_touch: first.counts[0],
            whole: watched.time,
            memory,
            bytes: self.bytes()?,
            batches: batches.context("the summary of `shomar tally` has no frontier")?,
        })
    }

    /// Counts once more with all threads and with one: what takes milliseconds one noisy second
    /// spoils, so there are two rounds, far from each other, and the quieter one stands.
    pub(crate) fn measure_again(
        &self,
        tallied: &mut Tallied,
        threads: u32,
        repeat: u32,
    ) -> Result<()> {
        tallied.count = tallied.count.or_quieter(self.warm(threads, repeat)?.0);
        tallied.alone = tallied.alone.or_quieter(self.warm(1, repeat)?.0);
        Ok(())
    }

    /// The answer, as JSON.
    pub(crate) fn answer(&self, threads: u32) -> Result<Value> {
        let mut command = self.programs.command("shomar", threads);
        let arguments = ["tally", &self.folder, "--format", "json"];
        Ok(self.scratch.json(command.args(arguments))?.0)
    }
}

/// How long this machine takes to read so many bytes of memory and nothing else.
pub(crate) fn plain_read(
    programs: &Programs,
    scratch: &Scratch,
    bytes: u64,
    threads: u32,
    repeat: u32,
) -> Result<Times> {
    let mut command = programs.command("plain_read", threads);
    let arguments = [bytes.to_string(), threads.to_string(), repeat.to_string()];
    let (times, _) = scratch.json(command.args(arguments))?;
    let nanoseconds = |field: &str| {
        let found = times[field].as_u64();
        Ok::<_, anyhow::Error>(Duration::from_nanos(found.context("plain_read printed no time")?))
    };
    Ok(Times { best: nanoseconds("best_ns")?, median: nanoseconds("median_ns")? })
}
