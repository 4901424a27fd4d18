//! `cargo xtask measure`: the figures of README, measured.
//!
//! In: a number of ballots. Out: for each command its time, and its memory while it ran: the peak
//! resident set (mapped evidence included) and the peak without mapped files. Never: a verdict;
//! other machines give other figures.

use std::process::Stdio;

use anyhow::Result;

use crate::machine::Machine;
use crate::programs::{Programs, Scratch, Watched, watch};
use crate::workspace::Workspace;

/// Generates, seals and counts this many ballots, and prints the table.
pub(crate) fn run(workspace: &Workspace, ballots: u64) -> Result<bool> {
    let programs = Programs::build(workspace, &["shomar"])?;
    let threads = Machine::read()?.cores;
    let work = Scratch::new(workspace.target()?.join("measure"), false)?;
    let (text, sealed) = (work.at("text"), work.at("sealed"));
    let (election, csv) = (work.at("text/election"), work.at("text/ballots.csv"));
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
        let mut command = programs.command("shomar", threads);
        // 3: `result` waits for lots, which is how a synthetic nation ends.
        let Watched { time, peak_kib, anonymous_kib } =
            watch(command.args(arguments).stdout(Stdio::null()), &[0, 3])?;
        let (peak, anonymous) = (peak_kib / 1024, anonymous_kib / 1024);
        println!("| {name} | {:.2} | {peak} | {anonymous} |", time.as_secs_f64());
    }
    Ok(true)
}
