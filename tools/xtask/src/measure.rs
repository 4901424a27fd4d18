//! `cargo xtask measure`: the figures of README, measured.
//!
//! In: a number of ballots. Out: for each command its time, and its memory while it ran: the peak
//! resident set (mapped evidence included) and the peak without mapped files. Never: a verdict;
//! other machines give other figures.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, cargo};

/// How often a running program's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What one command took.
struct Measured {
    seconds: f64,
    /// Peak resident memory in KiB, as the kernel says.
    peak_kib: u64,
    /// Largest anonymous resident memory seen in KiB: everything but mapped files.
    anonymous_kib: u64,
}

/// Generates, seals and counts this many ballots, and prints the table.
pub(crate) fn run(workspace: &Workspace, ballots: u64) -> Result<bool> {
    if !Path::new("/proc/self/status").exists() {
        bail!("found no /proc/self/status, expected Linux: memory cannot be measured here");
    }
    let built = Command::new(cargo())
        .args(["build", "--release", "--package", "shomar"])
        .current_dir(&workspace.root)
        .status()
        .context("cannot run cargo")?;
    if !built.success() {
        bail!("the program does not build");
    }
    let program = workspace.root.join("target/release/shomar");
    let work = workspace.root.join("target/measure");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    let at = |name: &str| work.join(name).to_string_lossy().into_owned();
    let (text, sealed) = (at("text"), at("sealed"));
    let (election, csv) = (at("text/election"), at("text/ballots.csv"));
    let ballots = ballots.to_string();
    let generate = ["generate", "--ballots", &ballots, "--out", &text, "--text"];
    let seal = ["seal", "--election", &election, "--ballots", &csv, "--out", &sealed];
    let tally = ["tally", &sealed, "--format", "summary", "--repeat", "5"];
    let result = ["result", &sealed, "--format", "json"];
    println!("| {ballots} ballots | seconds | peak MB | of it not mapped MB |");
    println!("|---|---|---|---|");
    for (name, arguments) in [
        ("generate --text", &generate[..]),
        ("seal", &seal[..]),
        ("tally --repeat 5", &tally[..]),
        ("result", &result[..]),
    ] {
        let Measured { seconds, peak_kib, anonymous_kib } = measure(&program, arguments)?;
        println!("| {name} | {seconds:.2} | {} | {} |", peak_kib / 1024, anonymous_kib / 1024);
    }
    fs::remove_dir_all(&work)?;
    Ok(true)
}

fn measure(program: &Path, arguments: &[&str]) -> Result<Measured> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let (mut peak_kib, mut anonymous_kib) = (0, 0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if let Some(memory) = memory_of(&child) {
            peak_kib = memory.0.max(peak_kib);
            anonymous_kib = memory.1.max(anonymous_kib);
        }
        std::thread::sleep(LOOK_EVERY);
    };
    // 3: `result` waits for lots, which is how a synthetic nation ends.
    if !matches!(status.code(), Some(0 | 3)) {
        bail!("shomar {}: {status}", arguments.join(" "));
    }
    Ok(Measured { seconds: began.elapsed().as_secs_f64(), peak_kib, anonymous_kib })
}

/// Peak and anonymous resident memory of a running program, in KiB.
fn memory_of(child: &Child) -> Option<(u64, u64)> {
    parse_status(&fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?)
}

fn parse_status(status: &str) -> Option<(u64, u64)> {
    let kib = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((kib("VmHWM:")?, kib("RssAnon:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_status_of_a_process() {
        let status = "Name:\tshomar\nVmHWM:\t  156000 kB\nRssAnon:\t   30000 kB\n";
        assert_eq!(parse_status(status), Some((156_000, 30_000)));
        assert_eq!(parse_status("Name:\tgone\n"), None);
    }
}
