//! `cargo xtask peers-seats`: seats of many elections by votelib and apportionpy, beside ours.
//!
//! In: a number of elections, a seed. Out: a table on stdout, and in `benches/results` if nothing
//! differs; otherwise the first differences of each method with votes and both results. Never: an
//! election that is left out without a reason that is printed, a tie that passes for a certain
//! result.

mod runs;
mod table;
mod verdicts;

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::machine::Machine;
use crate::peers::engines::Python;
use crate::peers::write_result;
use crate::peers_seats::runs::{Run, Work};
use crate::peers_seats::table::{Report, markdown};
use crate::peers_seats::verdicts::{Compared, compare};
use crate::programs::{Programs, Scratch};
use crate::workspace::Workspace;

/// Differences of each method that are printed; one mistake may make thousands.
const DIFFERENCES_SHOWN: usize = 5;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Elections by chance, beside those of the literature
    #[arg(long, default_value = "5000", value_parser = clap::value_parser!(u32).range(1..))]
    elections: u32,
    #[arg(long, default_value = "1405")]
    seed: u64,
    /// Keep the votes and the packages' results
    #[arg(long)]
    keep: bool,
}

/// Compares; true if nothing differs.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let folder = workspace.target()?.join("peers");
    let python = Python::provide(workspace, &folder.join("venv"))?;
    let programs = Programs::build(workspace, &["shomar"])?;
    let scratch = Scratch::new(folder.join("seats"), options.keep)?;

    eprintln!("{} elections by votelib and apportionpy", options.elections);
    let (elections, seed) = (options.elections.to_string(), options.seed.to_string());
    let mut command = python.script("seats_peers");
    command.args([&elections, &seed, &scratch.at("")]);
    let work = Work::of(&scratch.json(&mut command)?.0)?;
    let mut rows = Vec::new();
    let mut is_clean = true;
    for run in work.runs {
        let compared = check(&programs, &scratch, &run)?;
        is_clean &= compared.differences.is_empty();
        for difference in compared.differences.iter().take(DIFFERENCES_SHOWN) {
            eprintln!("{}, {}, {difference}", run.method(), run.peer());
        }
        rows.push((run, compared));
    }
    let Options { elections, seed, .. } = *options;
    let (notes, disagreements) = (work.notes, work.disagreements);
    // Every one is a mistake of a package or a convention, and wants a name.
    disagreements.iter().for_each(|disagreement| eprintln!("{disagreement}"));
    let date = Machine::read()?.date;
    let report = Report { elections, seed, date, rows, notes, disagreements };
    let text = markdown(&report);
    print!("{text}");
    if is_clean {
        write_result(
            &workspace.root,
            &format!("benches/results/seats-peers-{}.md", report.date),
            &text,
        )?;
    }
    Ok(is_clean)
}

/// One method of one package by our rule.
fn check(programs: &Programs, scratch: &Scratch, run: &Run) -> Result<Compared> {
    if run.elections == 0 {
        // The literature alone has some for each: a package that raises everywhere is no peer.
        bail!("{}, {}: found nothing to compare: {:?}", run.method(), run.peer(), run.left_out);
    }
    let path = |name: &str| scratch.at(&format!("{}/{name}.csv", run.folder));
    let (votes, official) = (path("votes"), path("official"));
    let mut command = programs.command("shomar", 1);
    command.args(["check-result", "--rule", &run.rule, "--format", "json"]);
    command.args(["--votes", &votes, "--official", &official]);
    for option in &run.options {
        command.args(["--option", option]);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run shomar check-result")?;
    let code = output.status.code();
    if !matches!(code, Some(0 | 1)) {
        bail!("shomar check-result --rule {}: {}", run.rule, output.status);
    }
    let report: Value =
        serde_json::from_slice(&output.stdout).context("check-result printed no JSON")?;
    if (code == Some(0)) != (report["departs"].as_u64() == Some(0)) {
        bail!("check-result: found departs {}, {}", report["departs"], output.status);
    }
    let compared = compare(&fs::read_to_string(votes)?, &fs::read_to_string(official)?, &report)
        .with_context(|| format!("report of check-result, {}", run.method()))?;
    if compared.districts != run.elections || compared.ties != run.ties {
        bail!("{}: the files have other elections than {} says", run.method(), run.peer());
    }
    Ok(compared)
}
