//! `cargo xtask peers`: the same nation counted by Shomar, DuckDB, Polars, ClickHouse and
//! DataFusion; with `--stream`, batches received one by one, beside PostgreSQL.
//!
//! In: a number of ballots. Out: tables on stdout and in `benches/results`, if every count of every
//! engine is the same; otherwise every difference, and no table. Never: a time of a wrong answer, a
//! peer that has to do what Shomar is spared.

mod answer;
pub(crate) mod engines;
pub(crate) mod ours;
mod stream;
mod table;
mod text;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::machine::Machine;
use crate::peers::answer::Answer;
use crate::peers::engines::{Python, Task};
use crate::peers::ours::{Nation, plain_read};
use crate::peers::table::{Report, markdown};
use crate::programs::{Programs, Scratch, watch};
use crate::workspace::Workspace;

/// Differences that are printed; one mistake may make millions.
const DIFFERENCES_SHOWN: usize = 50;
/// Repeats of a plain read, which is short.
const READ_REPEAT: u32 = 15;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Ballots of the nation
    #[arg(long, default_value = "60000000", value_parser = clap::value_parser!(u64).range(1..))]
    ballots: u64,
    /// Ballots of the nation as text
    #[arg(long, default_value = "10000000", value_parser = clap::value_parser!(u64).range(1..))]
    text_ballots: u64,
    /// Timed runs of each query, after one that is not timed
    #[arg(long, default_value = "7", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Threads of every engine; all cores if not given
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    #[arg(long, default_value = "1405")]
    seed: u64,
    /// Keep the columns, the evidence and the text
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    stream: stream::StreamOptions,
}

/// Compares; true if every count was the same.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let machine = Machine::read()?;
    let threads = options.threads.unwrap_or(machine.cores);
    if options.stream.asked() {
        return stream::run(workspace, &options.stream, options, machine, threads);
    }
    let folder = workspace.target()?.join("peers");
    let python = Python::provide(workspace, &folder.join("venv"))?;
    let programs = Programs::build(workspace, &["shomar", "shomar-benches"])?;
    let scratch = Scratch::new(folder.join("work"), options.keep)?;

    eprintln!("shomar: {} ballots", options.ballots);
    let folder = scratch.at("sealed");
    let nation = Nation { programs: &programs, scratch: &scratch, folder };
    let generate = nation.generate(options.ballots, options.seed, threads)?;
    let mut tallied = nation.measure(generate, threads, options.repeat)?;
    let answer = Answer::read(&nation.answer(threads)?)?;
    let choices = answer.choices();
    let read = |bytes| plain_read(&programs, &scratch, bytes, threads, READ_REPEAT);
    let (read_choices, read_sealed) = (read(choices * 2)?, read(tallied.bytes)?);

    eprintln!("raw columns for the peers");
    let columns = scratch.at("columns");
    let mut command = programs.command("raw_columns", threads);
    let (ballots, seed) = (options.ballots.to_string(), options.seed.to_string());
    watch(command.args([&ballots, &seed, &columns]), &[0])?;
    fs::write(scratch.at("columns/options.u32"), answer.option_counts()?)?;
    let task = Task {
        python: &python,
        scratch: &scratch,
        columns: &columns,
        threads,
        repeat: options.repeat,
    };
    let (counted, differences) = task.run(&answer)?;
    if !differences.is_empty() {
        for difference in differences.iter().take(DIFFERENCES_SHOWN) {
            eprintln!("{difference}");
        }
        eprintln!("{} differences; no table", differences.len());
        return Ok(false);
    }
    fs::remove_dir_all(&columns)?;

    eprintln!("shomar and plain read, once more");
    nation.measure_again(&mut tallied, threads, options.repeat)?;
    let read_choices = read_choices.or_quieter(read(choices * 2)?);
    let read_sealed = read_sealed.or_quieter(read(tallied.bytes)?);
    let texts = text::measure(&programs, &python, &scratch, options, threads)?;
    let report = Report {
        machine,
        ballots: options.ballots,
        seed: options.seed,
        threads,
        repeat: options.repeat,
        choices,
        tallied,
        counted,
        read_choices,
        read_sealed,
        texts,
    };
    let text = markdown(&report);
    print!("{text}");
    let name = format!("benches/results/peers-{}.md", report.machine.date);
    write_result(&workspace.root, &name, &text)?;
    Ok(true)
}

/// Writes a file of results and says so.
pub(crate) fn write_result(root: &Path, name: &str, text: &str) -> Result<()> {
    let path = root.join(name);
    fs::create_dir_all(path.parent().context("a result without a folder")?)?;
    fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
    eprintln!("written: {name}");
    Ok(())
}
