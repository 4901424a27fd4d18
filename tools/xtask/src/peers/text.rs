//! Text into the form that is counted: `shomar seal` beside DuckDB's CSV reader.
//!
//! In: a number of ballots. Out: the best time of each. Never: an engine that was given a header to
//! guess types from, or a row less.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::peers::Options;
use crate::peers::engines::Python;
use crate::programs::{Programs, Scratch, watch};
use crate::times::{Times, all_seconds};

/// Loads of each: they are long, and the disk is part of them.
const REPEAT: u32 = 3;

/// What was measured of text.
pub(crate) struct Texts {
    pub(crate) ballots: u64,
    pub(crate) bytes: u64,
    pub(crate) generate: Duration,
    pub(crate) seal: Times,
    pub(crate) peer: String,
    pub(crate) load: Times,
}

/// Writes the text and has it loaded by both.
pub(crate) fn measure(
    programs: &Programs,
    python: &Python,
    scratch: &Scratch,
    options: &Options,
    threads: u32,
) -> Result<Texts> {
    let ballots = options.text_ballots;
    let (text, sealed, place) = (scratch.at("text"), scratch.at("resealed"), scratch.at("peer"));
    eprintln!("{ballots} ballots as text");
    let mut command = programs.command("shomar", threads);
    command.args(["generate", "--profile", "nation", "--ballots", &ballots.to_string(), "--text"]);
    command.args(["--seed", &options.seed.to_string(), "--out", &text]);
    let generate = watch(command.stdout(Stdio::null()), &[0])?.time;
    let (election, csv) = (format!("{text}/election"), format!("{text}/ballots.csv"));
    let bytes = Path::new(&csv).metadata().context("no text was generated")?.len();

    let mut times = Vec::new();
    for _ in 0..REPEAT {
        let mut command = programs.command("shomar", threads);
        command.args(["seal", "--election", &election, "--ballots", &csv, "--out", &sealed]);
        times.push(watch(command.stdout(Stdio::null()), &[0])?.time);
        fs::remove_dir_all(&sealed)?;
    }
    let seal = Times::of(times)?;

    fs::create_dir_all(&place)?;
    let mut command = python.script("duckdb_text");
    command.args([&csv, &place, &threads.to_string(), &REPEAT.to_string()]);
    let (report, _) = scratch.json(&mut command)?;
    fs::remove_dir_all(&place)?;
    if report["rows"].as_u64() != Some(ballots) {
        bail!("DuckDB read {} rows of text, expected {ballots}", report["rows"]);
    }
    let peer = report["version"].as_str().context("duckdb_text names no version")?.to_owned();
    let load = Times::of(all_seconds(&report["load_s"])?)?;
    Ok(Texts { ballots, bytes, generate, seal, peer, load })
}
