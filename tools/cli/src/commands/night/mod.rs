//! `shomar night`: one command that shows it all, on a synthetic nation. Its stations seal and sign
//! their batches and send them to a server, which receives them durably and counts them live.
//!
//! In: a number of ballots, a language. Out: what headquarters would read first: turnout, contests,
//! Tehran's council seat by seat, ties that wait for a lot, time and throughput. Never: a number
//! that was not counted from sealed ballots here and now, and compared with the generator's own
//! answer.

mod page;
mod reception;
mod roll_up;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use shomar_bench_data::{Expected, Nation, Profile};
use shomar_engine::outcome::{OutcomeInput, contest_rules, missing_districts, outcomes};
use shomar_format::document::TallyDocument;
use shomar_seats::Language;
use shomar_store::create_empty;

use crate::commands::generate::{seal_nation, write_expected};
use crate::commands::night::reception::Reception;
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
    /// Port of the night's server on this machine [default: a free one].
    #[arg(long, value_name = "P", conflicts_with = "no_serve")]
    port: Option<u16>,
    /// Seal and count without a server.
    #[arg(long)]
    no_serve: bool,
    /// Language of the page.
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Keep the journal of the night in this folder, new or empty, in place of a temporary one.
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
    /// `None` without a server.
    reception: Option<Reception>,
    open: Duration,
    tally: Duration,
    merge: Duration,
    outcome: Duration,
}

/// Runs the command. Ties do not make it fail: a night with ties is a night as usual.
pub(crate) fn run(arguments: &NightArguments) -> anyhow::Result<ExitCode> {
    let mut nation = Nation::plan(Profile::Nation, arguments.ballots, arguments.seed)?;
    if !arguments.no_serve {
        nation = nation.signed();
    }
    let temporary = tempfile::tempdir()?;
    let own = temporary.path().join("night");
    let folder = arguments.keep.as_deref().unwrap_or(&own);
    with_threads(None, || night(arguments, &nation, folder, temporary.path()))
}

/// What the stations have sealed, and where it lies to be counted.
struct Sealed {
    expected: TallyDocument,
    batches: u64,
    seal: Duration,
    reception: Option<Reception>,
}

/// The nation seals into the folder that is counted.
fn seal_here(nation: &Nation, folder: &Path) -> anyhow::Result<Sealed> {
    let began = Instant::now();
    let (expected, written) =
        fill_folder(folder, || seal_nation(nation, folder, |expected| expected.document()))?;
    Ok(Sealed { expected, batches: written.records, seal: began.elapsed(), reception: None })
}

/// Every station seals for itself, and sends what it has to the server that keeps the folder.
fn seal_and_send(
    nation: &Nation,
    folder: &Path,
    temporary: &Path,
    port: u16,
) -> anyhow::Result<Sealed> {
    create_empty(folder)?;
    let stations = temporary.join("stations");
    let began = Instant::now();
    let answer = stations.join("expected.json");
    let (expected, written) = fill_folder(&stations, || {
        let make =
            |expected: &Expected| write_expected(expected, &answer).map(|()| expected.document());
        let (made, written) = seal_nation(nation, &stations, make)?;
        Ok((made?, written))
    })?;
    let seal = began.elapsed();
    let reception = reception::receive(&stations, folder, port)?;
    Ok(Sealed { expected, batches: written.records, seal, reception: Some(reception) })
}

fn night(
    arguments: &NightArguments,
    nation: &Nation,
    folder: &Path,
    temporary: &Path,
) -> anyhow::Result<ExitCode> {
    eprintln!("sealing {} ballots as the stations would ...", grouped(arguments.ballots));
    let sealed = match arguments.no_serve {
        true => seal_here(nation, folder)?,
        false => seal_and_send(nation, folder, temporary, arguments.port.unwrap_or(0))?,
    };
    eprintln!("counting everything again ...");
    let election_folder = folder.join("election");
    let open = || open_definition(&election_folder);
    let input =
        CountInput { directory: folder, election: &election_folder, as_of: None, repeat: 1 };
    let counted = count(input, open, |definition| Ok(definition.readings()))?;
    let definition = counted.definition.counting();
    let mut document = counted.snapshot.document(&definition, &counted.definition.head, None);
    document.frontier = None;
    if document != sealed.expected {
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
    let measured = measured(&counted, sealed, began.elapsed());
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

fn measured(counted: &Counted, sealed: Sealed, outcome: Duration) -> Measured {
    let timing = &counted.timing;
    let batches = counted.frontier().batches;
    assert_eq!(sealed.batches, batches, "what was sealed is what was counted");
    Measured {
        batches,
        evidence_bytes: counted.evidence_bytes,
        threads: rayon::current_num_threads(),
        seal: sealed.seal,
        reception: sealed.reception,
        open: timing.open,
        tally: timing.counts.iter().sum(),
        merge: timing.merge,
        outcome,
    }
}
