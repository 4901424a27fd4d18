//! `shomar night`: one command that shows it all, on a synthetic nation.
//!
//! In: a number of ballots, a language. Out: what headquarters would read first: turnout, contests,
//! Tehran's council seat by seat, ties that wait for a lot, time and throughput. Never: a number
//! that was not counted from sealed ballots here and now, and compared with the generator's own
//! answer.

mod page;
mod roll_up;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::{Args, ValueEnum};
use shomar_bench_data::{Nation, Profile};
use shomar_engine::outcome::{OutcomeInput, contest_rules, missing_districts, outcomes};
use shomar_seats::Language;
use shomar_store::Written;

use crate::commands::generate::seal_nation;
use crate::commands::result::refused;
use crate::count::{CountInput, Counted, count, open_definition, with_threads};
use crate::failure::CheckFailed;
use crate::folder::fill_folder;
use crate::output::{grouped, to_stdout};

/// Arguments of `shomar night`.
#[derive(Args)]
pub(crate) struct NightArguments {
    /// Ballots of all contests together.
    #[arg(long, value_name = "N", default_value = "2000000")]
    ballots: u64,
    /// Equal seeds give equal nations.
    #[arg(long, value_name = "S", default_value = "1405")]
    seed: u64,
    /// Serve the night on this port; this version cannot yet, and says so.
    #[arg(long, value_name = "P")]
    port: Option<u16>,
    /// Do not serve; this version never does.
    #[arg(long)]
    no_serve: bool,
    /// Language of the page.
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Keep the sealed nation in this folder, new or empty, in place of a temporary one.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    Fa,
    En,
}

/// Times and sizes of a night.
struct Measured {
    batches: u64,
    evidence_bytes: u64,
    threads: usize,
    seal: Duration,
    open: Duration,
    tally: Duration,
    merge: Duration,
    outcome: Duration,
}

/// Runs the command. Ties do not make it fail: a night with ties is a night as usual.
pub(crate) fn run(arguments: &NightArguments) -> anyhow::Result<ExitCode> {
    if let (Some(port), false) = (arguments.port, arguments.no_serve) {
        bail!("found --port {port}, expected none: this version does not serve a page yet");
    }
    let nation = Nation::plan(Profile::Nation, arguments.ballots, arguments.seed)?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    with_threads(None, || night(arguments, &nation, folder))
}

fn night(arguments: &NightArguments, nation: &Nation, folder: &Path) -> anyhow::Result<ExitCode> {
    eprintln!("sealing {} ballots as the stations would ...", grouped(arguments.ballots));
    let began = Instant::now();
    let (expected, written) =
        fill_folder(folder, || seal_nation(nation, folder, |expected| expected.document()))?;
    let seal = began.elapsed();
    eprintln!("counting ...");
    let election_folder = folder.join("election");
    let open = || open_definition(&election_folder);
    let input =
        CountInput { directory: folder, election: &election_folder, as_of: None, repeat: 1 };
    let counted = count(input, open, |definition| Ok(definition.readings()))?;
    let definition = counted.definition.counting();
    let mut document = counted.snapshot.document(&definition, &counted.definition.head, None);
    document.frontier = None;
    if document != expected {
        return Err(CheckFailed("the count differs from the generator's own answer".into()).into());
    }
    let began = Instant::now();
    let election = nation.election();
    let rules = contest_rules(&election.head, &[])
        .map_err(|problems| anyhow::anyhow!("{}", problems.join("\n")))?;
    let missing =
        missing_districts(&definition, counted.snapshot.batches().map(|batch| batch.address));
    let input = OutcomeInput {
        election,
        definition,
        snapshot: &counted.snapshot,
        rules: &rules,
        lots: &[],
        missing: &missing,
        without_forbidding: None,
    };
    let outcomes = outcomes(input, None).map_err(|errors| refused(&errors, None))?;
    let measured = measured(&counted, written, seal, began.elapsed());
    let page = page::Page {
        language: match arguments.lang {
            Lang::Fa => Language::Persian,
            Lang::En => Language::English,
        },
        election,
        counted: &counted,
        outcomes: &outcomes,
        provinces: roll_up::by_province(election, &rules, counted.snapshot.batches()),
        measured,
        kept: arguments.keep.as_deref(),
    };
    to_stdout(|out| page.write(out))?;
    Ok(ExitCode::SUCCESS)
}

fn measured(counted: &Counted, written: Written, seal: Duration, outcome: Duration) -> Measured {
    let timing = &counted.timing;
    assert_eq!(written.bytes, counted.evidence_bytes, "what was sealed is what was counted");
    Measured {
        batches: written.records,
        evidence_bytes: counted.evidence_bytes,
        threads: rayon::current_num_threads(),
        seal,
        open: timing.open,
        tally: timing.counts.iter().sum(),
        merge: timing.merge,
        outcome,
    }
}
