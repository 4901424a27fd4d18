//! `shomar generate`: a synthetic nation that knows its own answer.
//!
//! In: profile, number of ballots, seed. Out: a folder as stations would have filled it (or the
//! same ballots as text), its election, and the totals to expect. Never: the engine asked what the
//! answer is.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;
use std::thread::ScopedJoinHandle;

use anyhow::Context;
use clap::Args;
use shomar_bench_data::{Expected, Nation, Profile};
use shomar_format::bytes::{Digest32, hex};
use shomar_format::election::COMPILED_FILE;
use shomar_format::{CountingDefinition, Election};
use shomar_store::{SegmentWriter, Written, write_durably, write_durably_by};

use crate::folder::{check_side_file, fill_folder};
use crate::output::grouped;
use crate::progress::ballots_bar;

/// Arguments of `shomar generate`.
#[derive(Args)]
pub(crate) struct GenerateArguments {
    /// nation, province-group, tehran or village.
    #[arg(long, value_name = "NAME", default_value = "nation")]
    profile: Profile,
    /// Ballots of all contests together.
    #[arg(long, value_name = "N")]
    ballots: u64,
    /// Equal seeds give equal bytes.
    #[arg(long, value_name = "S", default_value = "1405")]
    seed: u64,
    /// Folder to write, new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Give every device a key and sign its batches; OUT/secret-keys.csv has the keys.
    #[arg(long)]
    signed: bool,
    /// Write ballots.csv, one row per ballot, in place of segments.
    #[arg(long)]
    text: bool,
    /// Where the totals to expect go [default: OUT/expected.json].
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &GenerateArguments) -> anyhow::Result<ExitCode> {
    let mut nation = Nation::plan(arguments.profile, arguments.ballots, arguments.seed)?;
    if arguments.signed {
        nation = nation.signed();
    }
    if let Some(expected) = &arguments.expected {
        check_side_file(expected, &arguments.out, "expected.json", "{\n  \"election\"")?;
    }
    fill_folder(&arguments.out, || generate(arguments, &nation))?;
    Ok(ExitCode::SUCCESS)
}

fn generate(arguments: &GenerateArguments, nation: &Nation) -> anyhow::Result<()> {
    let out = &arguments.out;
    write_secret_keys(nation, out)?;
    let answer = arguments.expected.clone().unwrap_or_else(|| out.join("expected.json"));
    if arguments.text {
        let expected = beside_election(nation, out, |_| write_text(nation, out))?;
        write_expected(&expected, &answer)?;
        eprintln!("wrote {} ballots as text", grouped(nation.ballots()));
    } else {
        let (answered, written) =
            seal_nation(nation, out, |expected| write_expected(expected, &answer))?;
        answered?;
        eprintln!(
            "sealed {} ballots into {} batches, {} segment(s), {} bytes",
            grouped(nation.ballots()),
            grouped(written.records),
            grouped(written.segments),
            grouped(written.bytes)
        );
    }
    Ok(())
}

/// Writes the keys of a signed nation, as `shomar seal --key` reads them: nobody real has one.
fn write_secret_keys(nation: &Nation, out: &Path) -> anyhow::Result<()> {
    let Some(seeds) = nation.secret_seeds() else { return Ok(()) };
    write_durably_by(&out.join("secret-keys.csv"), |file| {
        writeln!(file, "station,device,secret")?;
        for (station, seed) in seeds {
            writeln!(file, "{station},0,{}", hex(&seed))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Writes the totals to expect, without a copy of the text: it has a hundred bytes for every
/// candidate of the nation.
pub(crate) fn write_expected(expected: &Expected, path: &Path) -> anyhow::Result<()> {
    let document = expected.document();
    write_durably_by(path, |out| {
        serde_json::to_writer_pretty(&mut *out, &document)?;
        out.write_all(b"\n")
    })?;
    Ok(())
}

fn write_text(nation: &Nation, out: &Path) -> anyhow::Result<Expected> {
    let path = out.join("ballots.csv");
    let file = File::create_new(&path).with_context(|| path.display().to_string())?;
    let bar = ballots_bar("writing", nation.ballots());
    let expected = nation
        .write_text(BufWriter::with_capacity(1 << 20, &file), |ballots| bar.set_position(ballots))
        .and_then(|expected| file.sync_all().map(|()| expected))
        .with_context(|| path.display().to_string())?;
    bar.finish_and_clear();
    Ok(expected)
}

/// The definition digest of a nation, for whoever needs it first.
type Definition<'a> = LazyLock<Digest32, Box<dyn FnOnce() -> Digest32 + Send + 'a>>;

/// Does `work` while another thread writes the election folder: reading it back takes a second in a
/// nation of sixty million ballots.
fn beside_election<T>(
    nation: &Nation,
    out: &Path,
    work: impl FnOnce(&Definition<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let definition: Definition<'_> =
        LazyLock::new(Box::new(|| nation.election().definition_digest()));
    std::thread::scope(|scope| {
        let election = scope.spawn(|| write_election(nation, out, &definition));
        let done = work(&definition);
        joined(election).and(done)
    })
}

/// Writes the election folder of a nation: text and compiled definition.
fn write_election(nation: &Nation, out: &Path, definition: &Definition<'_>) -> anyhow::Result<()> {
    let folder = out.join("election");
    nation.write_election(&folder).with_context(|| folder.display().to_string())?;
    let (election, sources) = Election::read(&folder)?;
    let compiled = election.compile(&sources);
    let counting = CountingDefinition::open(&compiled).expect("what was compiled can be read");
    assert_eq!(counting.digest(), &**definition, "what was written reads as what was planned");
    write_durably(&folder.join(COMPILED_FILE), &compiled)?;
    Ok(())
}

/// Writes a nation: its election folder, and every ballot sealed into segments. What is to be made
/// of the totals to expect is made while the last segment becomes durable.
pub(crate) fn seal_nation<T: Send>(
    nation: &Nation,
    out: &Path,
    make: impl FnOnce(&Expected) -> T + Send,
) -> anyhow::Result<(T, Written)> {
    beside_election(nation, out, |definition| {
        let definition: &Digest32 = definition;
        let mut writer = SegmentWriter::new(out, *definition);
        let bar = ballots_bar("sealing", nation.ballots());
        let expected = nation.seal_all(definition, |batch, ballots| {
            bar.set_position(ballots);
            writer.append(batch.bytes())
        })?;
        let (made, written) = std::thread::scope(|scope| {
            let made = scope.spawn(|| make(&expected));
            let written = writer.finish();
            (joined(made), written)
        });
        bar.finish_and_clear();
        let written = written?;
        assert_eq!(written.records, nation.batches(), "every batch of the plan is on disk");
        Ok((made, written))
    })
}

/// What a thread made; its panic is ours.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
