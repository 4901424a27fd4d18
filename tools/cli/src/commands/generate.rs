//! `shomar generate`: a synthetic nation that knows its own answer.
//!
//! In: profile, number of ballots, seed. Out: a folder as stations would have filled it (or the
//! same ballots as text), its election, and the totals to expect. Never: the engine asked what the
//! answer is.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use shomar_bench_data::{Expected, Nation, Profile};
use shomar_format::Election;
use shomar_format::election::COMPILED_FILE;
use shomar_store::{SegmentWriter, Written, write_durably};

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
    /// Write ballots.csv, one row per ballot, in place of segments.
    #[arg(long)]
    text: bool,
    /// Where the totals to expect go [default: OUT/expected.json].
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &GenerateArguments) -> anyhow::Result<ExitCode> {
    let nation = Nation::plan(arguments.profile, arguments.ballots, arguments.seed)?;
    if let Some(expected) = &arguments.expected {
        check_side_file(expected, &arguments.out, "expected.json", "{\n  \"election\"")?;
    }
    fill_folder(&arguments.out, || generate(arguments, &nation))?;
    Ok(ExitCode::SUCCESS)
}

fn generate(arguments: &GenerateArguments, nation: &Nation) -> anyhow::Result<()> {
    let out = &arguments.out;
    write_election(nation, out)?;
    let expected = if arguments.text {
        let path = out.join("ballots.csv");
        let file = File::create_new(&path).with_context(|| path.display().to_string())?;
        let bar = ballots_bar("writing", nation.ballots());
        let expected = nation
            .write_text(BufWriter::with_capacity(1 << 20, &file), |ballots| {
                bar.set_position(ballots);
            })
            .and_then(|expected| file.sync_all().map(|()| expected))
            .with_context(|| path.display().to_string())?;
        bar.finish_and_clear();
        eprintln!("wrote {} ballots as text", grouped(nation.ballots()));
        expected
    } else {
        let (expected, written) = seal_nation(nation, out)?;
        eprintln!(
            "sealed {} ballots into {} batches, {} segment(s), {} bytes",
            grouped(nation.ballots()),
            grouped(written.records),
            grouped(written.segments),
            grouped(written.bytes)
        );
        expected
    };
    let path = arguments.expected.clone().unwrap_or_else(|| out.join("expected.json"));
    let mut document = serde_json::to_vec_pretty(&expected.document())?;
    document.push(b'\n');
    write_durably(&path, &document)?;
    Ok(())
}

/// Writes the election folder of a nation: text and compiled definition.
pub(crate) fn write_election(nation: &Nation, out: &Path) -> anyhow::Result<()> {
    let folder = out.join("election");
    nation.write_election(&folder).with_context(|| folder.display().to_string())?;
    let (election, sources) = Election::read(&folder)?;
    assert_eq!(
        election.definition_digest(),
        nation.election().definition_digest(),
        "what was written reads as what was planned"
    );
    write_durably(&folder.join(COMPILED_FILE), &election.compile(&sources))?;
    Ok(())
}

/// Seals every ballot of a nation into segments.
pub(crate) fn seal_nation(nation: &Nation, out: &Path) -> anyhow::Result<(Expected, Written)> {
    let definition = nation.election().definition_digest();
    let mut writer = SegmentWriter::new(out, definition);
    let bar = ballots_bar("sealing", nation.ballots());
    let expected = nation.seal_all(&definition, |batch, ballots| {
        bar.set_position(ballots);
        writer.append(batch.bytes())
    })?;
    bar.finish_and_clear();
    let written = writer.finish()?;
    assert_eq!(written.records, nation.batches(), "every batch of the plan is on disk");
    Ok((expected, written))
}
