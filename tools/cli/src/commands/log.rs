//! `shomar log`: every decision of an officer, and what it did to each district.
//!
//! In: a folder with a journal. Out: who, when, why, and the numbers before and after, as a table
//! or JSON. Never: an effect that was not counted: each is the difference of two counts, just
//! before the record and just after it.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use shomar_engine::checks::Registers;
use shomar_engine::decision::{Decision, DistrictEffect, Effects};
use shomar_engine::live::Live;
use shomar_engine::{Definition, Index};
use shomar_format::Election;
use shomar_format::bytes::hex;
use shomar_format::control::Action;
use shomar_format::document::BallotCounts;

use crate::count::{map_segments, set_readings};
use crate::follow::follow;
use crate::options::{election_folder, parse_option, refuse_repeated};
use crate::output::{Format, grouped, print_json, test_mark, to_stdout};

/// Arguments of `shomar log`.
#[derive(Args)]
pub(crate) struct LogArguments {
    /// Folder of segments.
    directory: PathBuf,
    /// Election folder [default: DIRECTORY/election].
    #[arg(long, value_name = "DIR")]
    election: Option<PathBuf>,
    /// Read ballots otherwise than election.toml says: list_plus_names, two_lists, limit.
    #[arg(long = "option", value_name = "K=V", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct Entry {
    position: u64,
    record: String,
    officer: String,
    at_ms: u64,
    received_at_ms: u64,
    action: &'static str,
    about: String,
    why: String,
    /// Why there is no effect to be told; else empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'static str,
    effect: Vec<Effect>,
}

/// What changed in a district.
#[derive(Serialize)]
struct Effect {
    district: String,
    ballots: Change<BallotCounts>,
    /// Lists and candidates whose votes changed.
    options: Vec<OptionChange>,
}

#[derive(Serialize)]
struct Change<T> {
    from: T,
    to: T,
}

#[derive(Serialize)]
struct OptionChange {
    code: u32,
    votes: Change<u64>,
}

/// Runs the command.
pub(crate) fn run(arguments: &LogArguments) -> anyhow::Result<ExitCode> {
    refuse_repeated(&arguments.options)?;
    let folder = election_folder(&arguments.directory, arguments.election.as_ref());
    let (election, sources) = Election::read(&folder)?;
    let definition = Definition::of(&election, &sources);
    let readings = set_readings(&definition, &arguments.options)?;
    let evidence = map_segments(&arguments.directory)?;
    let live = Live::new(&definition, readings, Registers::of(&election));
    // A folder that a station has sealed has no decisions, and nothing that a journal begins with.
    let has_decisions = Index::build(&evidence, &definition.counting()).has_decisions();
    let decisions =
        if has_decisions { follow(live, &evidence)?.decisions } else { Default::default() };
    let entries: Vec<Entry> = decisions.iter().map(|decision| entry(&election, decision)).collect();
    match arguments.format {
        Format::Json => print_json(&entries)?,
        Format::Table => to_stdout(|out| {
            write!(out, "{}", test_mark(election.head.mode))?;
            write_entries(out, &entries)
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(election: &Election, decision: &Decision) -> Entry {
    let Decision { position, received_at_ms, officer, hash, control, effects } = decision;
    let (note, effect) = match effects {
        Effects::NoNumbers => ("no numbers per option before the close", Vec::new()),
        Effects::NumbersBegin => ("from here on there are numbers", Vec::new()),
        Effects::Districts(effects) => ("", effects.iter().map(effect).collect()),
    };
    let officer = election.head.officers.get(*officer as usize);
    Entry {
        position: *position,
        record: hex(hash),
        officer: officer.map_or_else(String::new, |officer| officer.id.clone()),
        at_ms: control.at_ms,
        received_at_ms: *received_at_ms,
        action: control.action.name(),
        about: about(&control.action),
        why: control.why.clone(),
        note,
        effect,
    }
}

fn effect(effect: &DistrictEffect) -> Effect {
    let options = effect.options();
    Effect {
        district: effect.before.district.clone(),
        ballots: Change { from: effect.before.ballots, to: effect.after.ballots },
        options: options
            .map(|(code, from, to)| OptionChange { code, votes: Change { from, to } })
            .collect(),
    }
}

/// What a decision is about, in a few words.
fn about(action: &Action) -> String {
    match action {
        Action::Open | Action::Close => String::new(),
        Action::Annul { reason, subject } => format!("{subject}, reason {reason}"),
        Action::Reinstate { subject } => subject.to_string(),
        Action::Supersede { station, district, old, new } => format!(
            "station {station}, district {district}: {} batch(es) by {} of a recount",
            old.len(),
            new.len()
        ),
        Action::Release { batch } | Action::Reject { batch } => format!("batch {}", hex(batch)),
        Action::Lot(lot) => {
            format!("district {}, {} {}: {}", lot.district, lot.kind, lot.place, lot.winner)
        }
        Action::Declare { district, elected } => {
            let codes: Vec<String> = elected.iter().map(ToString::to_string).collect();
            format!("district {district}: {}", codes.join(" "))
        }
    }
}

fn write_entries(out: &mut dyn Write, entries: &[Entry]) -> io::Result<()> {
    if entries.is_empty() {
        return writeln!(out, "no control record");
    }
    for entry in entries {
        let at = moment(entry.at_ms).unwrap_or_else(|_| "an impossible time".to_owned());
        let about = if entry.about.is_empty() { "" } else { ": " };
        writeln!(
            out,
            "{}  {at}  {}  {}{about}{}",
            entry.position, entry.officer, entry.action, entry.about
        )?;
        writeln!(out, "    why: {}", entry.why)?;
        if !entry.note.is_empty() {
            writeln!(out, "    {}", entry.note)?;
        }
        for effect in &entry.effect {
            let Change { from, to } = &effect.ballots;
            writeln!(
                out,
                "    district {}: taken {} -> {}, valid {} -> {}, void {} -> {}",
                effect.district,
                grouped(from.taken),
                grouped(to.taken),
                grouped(from.valid),
                grouped(to.valid),
                grouped(from.void),
                grouped(to.void)
            )?;
            for OptionChange { code, votes } in &effect.options {
                let (from, to) = (grouped(votes.from), grouped(votes.to));
                writeln!(out, "      {code}: {from} -> {to}")?;
            }
        }
    }
    Ok(())
}

/// A moment in UTC.
fn moment(milliseconds: u64) -> anyhow::Result<String> {
    let time = UNIX_EPOCH
        .checked_add(Duration::from_millis(milliseconds))
        .context("beyond what the system's clock can say")?;
    // Years of five digits have no form in RFC 3339.
    if milliseconds > 253_402_300_799_999 {
        return Err(anyhow!("beyond the year 9999"));
    }
    Ok(humantime::format_rfc3339_seconds(time).to_string())
}
