//! `shomar tally`: verify and count every ballot of a folder of segments.
//!
//! In: a folder. Out: totals as a table, JSON, CSV or a summary with times. Never: a total where
//! any record failed.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;
use shomar_format::document::{BallotCounts, Frontier, TallyDocument};

use crate::count::{
    CountInput, Counted, count, find_district, open_definition, set_readings, with_threads,
};
use crate::options::{election_folder, parse_option, refuse_repeated};
use crate::output::{grouped, percent, print_json, table, test_mark, to_stdout};

/// Arguments of `shomar tally`.
#[derive(Args)]
pub(crate) struct TallyArguments {
    /// Folder of segments.
    directory: PathBuf,
    /// Election folder [default: DIRECTORY/election].
    #[arg(long, value_name = "DIR")]
    election: Option<PathBuf>,
    /// Threads [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print this district alone; everything is verified and counted all the same.
    #[arg(long, value_name = "ID")]
    district: Option<String>,
    /// Read ballots otherwise than election.toml says: list_plus_names, two_lists, limit.
    #[arg(long = "option", value_name = "K=V", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// Count the journal as it was when it had N records.
    #[arg(long, value_name = "N")]
    as_of: Option<u64>,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Verify and count everything this many times.
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
    Summary,
}

/// Districts up to which the table shows every option without being asked for one.
const DISTRICTS_SHOWN: usize = 12;

#[derive(Serialize)]
struct Summary<'a> {
    election: &'a str,
    mode: &'static str,
    frontier: Frontier,
    ballots: BallotCounts,
    timing: TimingSummary,
    machine: Machine,
    evidence_bytes: u64,
    /// Of the fastest count.
    speed: Speed,
}

/// What counted.
#[derive(Serialize)]
struct Machine {
    kernel: &'static str,
    threads: usize,
}

/// How fast it was, over all threads together.
#[derive(Serialize)]
struct Speed {
    ballots_per_s: u64,
    batches_per_s: u64,
    ns_per_batch: u64,
    mb_per_s: u64,
}

#[derive(Serialize)]
struct TimingSummary {
    open_s: f64,
    count_s: Vec<f64>,
    merge_s: f64,
}

/// Runs the command.
pub(crate) fn run(arguments: &TallyArguments) -> anyhow::Result<ExitCode> {
    refuse_repeated(&arguments.options)?;
    let folder = election_folder(&arguments.directory, arguments.election.as_ref());
    let threads = arguments.threads.map(usize::from);
    let counted = with_threads(threads, || {
        let input = CountInput {
            directory: &arguments.directory,
            election: &folder,
            as_of: arguments.as_of,
            repeat: arguments.repeat,
        };
        count(
            input,
            || open_definition(&folder),
            |definition| {
                // Before everything is counted: a name that does not exist costs nothing then.
                if let Some(id) = &arguments.district {
                    find_district(definition, id)?;
                }
                set_readings(definition, &arguments.options)
            },
        )
    })?;
    let only = match &arguments.district {
        Some(id) => Some(find_district(&counted.definition, id)?),
        None => None,
    };
    let document = || counted.document(only);
    match arguments.format {
        Format::Json => print_json(&document())?,
        Format::Csv => to_stdout(|out| write_csv(out, &document()))?,
        Format::Summary => print_json(&summary(&counted))?,
        Format::Table => to_stdout(|out| write_table(out, &counted, &document()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(counted: &Counted) -> Summary<'_> {
    let timing = &counted.timing;
    let frontier = counted.frontier();
    let ballots = counted.snapshot.ballots();
    let fastest = timing.counts.iter().min().copied().unwrap_or_default().as_nanos().max(1);
    let per_second = |number: u64| {
        u64::try_from(u128::from(number) * 1_000_000_000 / fastest).unwrap_or(u64::MAX)
    };
    let speed = Speed {
        ballots_per_s: per_second(ballots.taken),
        batches_per_s: per_second(frontier.batches),
        ns_per_batch: u64::try_from(fastest / u128::from(frontier.batches.max(1)))
            .unwrap_or(u64::MAX),
        mb_per_s: per_second(counted.evidence_bytes) / 1_000_000,
    };
    Summary {
        election: &counted.definition.head.id,
        mode: counted.definition.head.mode.name(),
        frontier,
        ballots,
        timing: TimingSummary {
            open_s: timing.open.as_secs_f64(),
            count_s: timing.counts.iter().map(std::time::Duration::as_secs_f64).collect(),
            merge_s: timing.merge.as_secs_f64(),
        },
        machine: Machine { kernel: counted.kernel.name(), threads: counted.threads },
        evidence_bytes: counted.evidence_bytes,
        speed,
    }
}

/// One row per number, so that any program can add them up; each row says whether it is a test.
fn write_csv(out: &mut dyn Write, document: &TallyDocument) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let header = ["district", "kind", "code", "list", "direct", "via_list", "votes", "mode"];
    csv.write_record(header)?;
    let mode = document.mode.as_str();
    for district in &document.districts {
        let id = district.district.as_str();
        let BallotCounts { taken, valid, void, blank } = district.ballots;
        let kinds = [("taken", taken), ("valid", valid), ("void", void), ("blank", blank)];
        for (kind, ballots) in kinds {
            csv.write_record([id, kind, "", "", "", "", &ballots.to_string(), mode])?;
        }
        for list in &district.lists {
            let (code, votes) = (list.code.to_string(), list.votes.to_string());
            csv.write_record([id, "list", &code, "", "", "", &votes, mode])?;
        }
        for candidate in &district.candidates {
            csv.write_record([
                id,
                "candidate",
                &candidate.code.to_string(),
                &candidate.list.map_or(String::new(), |list| list.to_string()),
                &candidate.direct.to_string(),
                &candidate.via_list.to_string(),
                &candidate.votes.to_string(),
                mode,
            ])?;
        }
    }
    csv.flush()
}

fn write_table(out: &mut dyn Write, counted: &Counted, document: &TallyDocument) -> io::Result<()> {
    write!(out, "{}", test_mark(counted.definition.head.mode))?;
    let frontier = counted.frontier();
    let ballots = counted.snapshot.ballots();
    writeln!(out, "election {}", document.election)?;
    writeln!(out, "counted up to {} batches", grouped(frontier.batches))?;
    writeln!(out, "  evidence {}\n  digest   {}", frontier.evidence, frontier.digest)?;
    if let Some(journal) = &document.journal {
        writeln!(
            out,
            "journal {} records, {} of them control; superseded {}, waiting recounts {}, annulled {}",
            grouped(journal.records),
            grouped(journal.control_records),
            grouped(journal.superseded),
            grouped(journal.waiting),
            grouped(journal.annulled)
        )?;
    }
    if !document.held.is_empty() {
        let ballots = document.held.iter().map(|held| held.taken).sum();
        let batches = document.held.len() as u64;
        writeln!(
            out,
            "held by checks, in no total: {} batches with {} ballots",
            grouped(batches),
            grouped(ballots)
        )?;
    }
    for (contest, reading) in &document.reading {
        let values: Vec<String> =
            reading.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(out, "reading of {contest}: {}", values.join(" "))?;
    }
    writeln!(
        out,
        "ballots taken {}, valid {}, void {} ({} of those taken), of them blank {}",
        grouped(ballots.taken),
        grouped(ballots.valid),
        grouped(ballots.void),
        percent(ballots.void, ballots.taken),
        grouped(ballots.blank),
    )?;
    if document.districts.len() > DISTRICTS_SHOWN {
        let rows: Vec<Vec<String>> = document
            .districts
            .iter()
            .map(|district| {
                let ballots = district.ballots;
                let mut row = vec![district.district.clone()];
                row.extend(
                    [ballots.taken, ballots.valid, ballots.void, ballots.blank].map(grouped),
                );
                row
            })
            .collect();
        write!(out, "\n{}", table(&["district", "taken", "valid", "void", "blank"], &rows, 1))?;
        return writeln!(out, "\nvotes: --district ID, or --format json or csv");
    }
    for district in &document.districts {
        write_district(out, district)?;
    }
    Ok(())
}

fn write_district(
    out: &mut dyn Write,
    district: &shomar_format::document::DistrictTally,
) -> io::Result<()> {
    let ballots = district.ballots;
    writeln!(
        out,
        "\ndistrict {}: taken {}, valid {}, void {}, blank {}",
        district.district,
        grouped(ballots.taken),
        grouped(ballots.valid),
        grouped(ballots.void),
        grouped(ballots.blank)
    )?;
    if !district.lists.is_empty() {
        let rows: Vec<Vec<String>> = district
            .lists
            .iter()
            .map(|list| vec![list.code.to_string(), grouped(list.votes)])
            .collect();
        write!(out, "{}", table(&["list", "ballots"], &rows, 1))?;
    }
    let mut candidates: Vec<_> = district.candidates.iter().collect();
    // Equal votes stand by code: an order for the eye, which decides nothing.
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.votes), candidate.code));
    let rows: Vec<Vec<String>> = candidates
        .iter()
        .map(|candidate| {
            let list = candidate.list.map_or(String::new(), |list| list.to_string());
            let mut row = vec![candidate.code.to_string(), list];
            row.extend([candidate.direct, candidate.via_list, candidate.votes].map(grouped));
            row
        })
        .collect();
    write!(out, "{}", table(&["candidate", "list", "by name", "via list", "votes"], &rows, 2))
}
