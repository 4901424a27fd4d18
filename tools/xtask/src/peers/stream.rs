//! `cargo xtask peers --stream`: a night's batches received durably and counted live, by
//! `shomar serve` and by PostgreSQL, on the same disk in one run.
//!
//! In: a number of ballots, a number of batches for PostgreSQL. Out: a table on stdout and in
//! `benches/results`, if all totals of both are right; otherwise an error and no table. Never: a
//! durability that one side is spared, a server left running.

mod batches;
mod layouts;
mod ours;
mod postgres;
mod runs;
mod table;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::machine::Machine;
use crate::peers::stream::batches::Batches;
use crate::peers::stream::layouts::Layout;
use crate::peers::stream::postgres::{Postgres, Tools};
use crate::peers::stream::runs::{Bench, Run, fastest_of};
use crate::peers::stream::table::{Report, markdown};
use crate::peers::write_result;
use crate::programs::{Programs, Scratch, watch};
use crate::workspace::Workspace;

/// Batches in one request: a station alone, and a collector of many.
const PER_REQUEST: [u32; 2] = [1, 32];
/// A machine is faster in one minute than in the next: both sides take turns so often, and the
/// median run of each is compared.
const ROUNDS: usize = 3;

#[derive(clap::Args)]
pub(crate) struct StreamOptions {
    /// In place of all else: batches received one by one, beside PostgreSQL
    #[arg(long)]
    stream: bool,
    /// Ballots that stations send
    #[arg(long, default_value = "60000000", value_parser = clap::value_parser!(u64).range(1..))]
    stream_ballots: u64,
    /// Batches of them that PostgreSQL is given at most: rates are compared
    #[arg(long, default_value = "3000", value_parser = clap::value_parser!(u32).range(1..))]
    stream_peer_batches: u32,
}

impl StreamOptions {
    /// Whether it is this comparison that is wanted.
    pub(crate) fn asked(&self) -> bool {
        self.stream
    }
}

/// Compares; an error if any total of either side is wrong.
pub(crate) fn run(
    workspace: &Workspace,
    options: &StreamOptions,
    common: &crate::peers::Options,
    machine: Machine,
    threads: u32,
) -> Result<bool> {
    // First: a machine without PostgreSQL is told so before anything is built.
    let tools = Tools::find()?;
    let programs = Programs::build(workspace, &["shomar"])?;
    let scratch = Scratch::new(workspace.target()?.join("peers/stream"), common.keep)?;
    let ballots = options.stream_ballots;

    eprintln!("{ballots} ballots, signed and as text");
    let (signed, text) = (scratch.at("signed"), scratch.at("text"));
    for (form, out) in [("--signed", &signed), ("--text", &text)] {
        let mut command = programs.command("shomar", threads);
        command.args(["generate", form, "--ballots", &ballots.to_string(), "--out", out]);
        command.args(["--seed", &common.seed.to_string()]);
        watch(command.stdout(Stdio::null()), &[0])?;
    }

    let mut batches = Batches::read(Path::new(&text))?;
    fs::remove_dir_all(&text)?;
    batches.arrive(common.seed, options.stream_peer_batches as usize);
    let postgres = Postgres::start(&tools, Path::new(&scratch.at("postgres")))?;
    let scripts = scratch.at("scripts");
    let bench = Bench::new(&postgres, &batches, Path::new(&scripts))?;
    let sweep = bench.sweep()?;
    let contenders = Layout::ALL.into_iter().filter_map(|layout| fastest_of(&sweep, layout));
    let contenders: Vec<Run> = contenders.cloned().collect();

    let night = ours::Night { programs: &programs, scratch: &scratch, threads };
    let (mut received, mut rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for per_request in PER_REQUEST {
            eprintln!("shomar: {per_request} batches in a request at most");
            received.push(night.receive(&signed, &scratch.at("journal"), per_request, ballots)?);
        }
        for contender in &contenders {
            rounds.push(bench.again(contender)?);
        }
    }
    let settings = postgres.settings().to_owned();
    postgres.stop()?;

    let report = Report {
        machine,
        ballots,
        seed: common.seed,
        received,
        peer: tools.version()?,
        peer_batches: batches.len() as u64,
        peer_ballots: batches.ballots(),
        rounds,
        sweep,
        settings,
    };
    let text = markdown(&report).context("PostgreSQL was not measured")?;
    print!("{text}");
    let name = format!("benches/results/peers-stream-{}.md", report.machine.date);
    write_result(&workspace.root, &name, &text)?;
    Ok(true)
}
