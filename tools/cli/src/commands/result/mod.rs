//! `shomar result`: count, and turn the totals into seats by the rules of the election.
//!
//! In: a folder, options, recorded lots. Out: who is elected in each district and why, as a table
//! or JSON; exit code 3 while a lot is needed. Never: a tie broken here.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use shomar_engine::Definition;
use shomar_engine::lots::{OutcomeError, RecordedLot};
use shomar_engine::outcome::{
    DistrictOutcome, OutcomeInput, PartyCode, contest_rules, missing_districts, outcomes,
};
use shomar_engine::result_document::ResultDocument;
use shomar_format::{CountingDefinition, Election};

use crate::count::{Counted, count, find_district, with_threads};
use crate::failure::CheckFailed;
use crate::lots::read_lots;
use crate::options::{election_folder, parse_option, refuse_repeated};
use crate::output::{grouped, print_json, table, test_mark, to_stdout};

/// Arguments of `shomar result`.
#[derive(Args)]
pub(crate) struct ResultArguments {
    /// Folder of segments.
    directory: PathBuf,
    /// Election folder [default: DIRECTORY/election].
    #[arg(long, value_name = "DIR")]
    election: Option<PathBuf>,
    /// An option of the rules or of the reading of ballots, for every contest that has it.
    #[arg(long = "option", value_name = "K=V", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// Recorded lots: CSV with district,kind,place,winner.
    #[arg(long, value_name = "FILE")]
    lots: Option<PathBuf>,
    /// This district alone; everything is verified and counted all the same.
    #[arg(long, value_name = "ID")]
    district: Option<String>,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Districts up to which the table explains every step without being asked for one.
const DISTRICTS_EXPLAINED: usize = 12;

/// Runs the command.
pub(crate) fn run(arguments: &ResultArguments) -> anyhow::Result<ExitCode> {
    with_threads(None, || result(arguments))
}

fn result(arguments: &ResultArguments) -> anyhow::Result<ExitCode> {
    refuse_repeated(&arguments.options)?;
    let folder = election_folder(&arguments.directory, arguments.election.as_ref());
    let (election, sources) = Election::read(&folder)?;
    let rules = contest_rules(&election.head, &arguments.options)
        .map_err(|problems| anyhow::anyhow!("{}", problems.join("\n")))?;
    let readings = rules.iter().map(|rule| rule.reading).collect();
    // The names are read anyway, so nothing compiled beside them needs to be trusted.
    let open = || Ok(Definition::of(&election, &sources));
    let counted = count(&arguments.directory, open, |_| Ok(readings), 1)?;
    let definition = counted.definition.counting();
    let only = match &arguments.district {
        Some(id) => Some(find_district(&counted.definition, id)?),
        None => None,
    };
    let lots = match &arguments.lots {
        Some(path) => recorded_lots(path, &counted)?,
        None => Vec::new(),
    };
    let missing =
        missing_districts(&definition, counted.snapshot.batches().map(|batch| batch.address));
    let input = OutcomeInput {
        election: &election,
        definition,
        snapshot: &counted.snapshot,
        rules: &rules,
        lots: &lots,
        missing: &missing,
    };
    let outcomes =
        outcomes(input, only).map_err(|errors| refused(&errors, arguments.lots.as_deref()))?;
    let code = if outcomes.iter().any(DistrictOutcome::needs_lot) { 3 } else { 0 };
    for outcome in &outcomes {
        for finding in &outcome.findings {
            eprintln!("note: district {}: {finding}", outcome.district.id);
        }
    }
    match arguments.format {
        Format::Json => {
            print_json(&ResultDocument::new(&election, &rules, &counted.snapshot, outcomes))?;
        }
        Format::Table => to_stdout(|out| {
            write!(out, "{}", test_mark(election.head.mode))?;
            let frontier = counted.snapshot.frontier();
            writeln!(out, "election {}, {} batches", election.head.id, grouped(frontier.batches))?;
            writeln!(out, "  digest {}", frontier.digest)?;
            write_table(out, &outcomes, &definition)
        })?,
    }
    Ok(ExitCode::from(code))
}

/// All refusals, each with its district, and with file and line where it is about a lot.
pub(crate) fn refused(errors: &[OutcomeError], lots: Option<&Path>) -> CheckFailed {
    let lines: Vec<String> = errors
        .iter()
        .map(|OutcomeError { district, lot_line, message }| match (lots, lot_line) {
            (Some(lots), Some(line)) => {
                format!("{}:{line}: district {district}: {message}", lots.display())
            }
            _ => format!("district {district}: {message}"),
        })
        .collect();
    CheckFailed(lines.join("\n"))
}

/// Reads a lots file: districts by id, winners by code (empty: the independents together).
fn recorded_lots(path: &Path, counted: &Counted) -> anyhow::Result<Vec<RecordedLot>> {
    read_lots(path)?
        .into_iter()
        .map(|row| {
            let line = row.line;
            let place = || format!("{}:{line}", path.display());
            let district = find_district(&counted.definition, &row.district).with_context(place)?;
            let winner = match row.winner.as_str() {
                "" => None,
                code => match shomar_format::code::read_token(code.as_bytes()) {
                    shomar_format::code::Token::Code(code) => Some(code),
                    _ => bail!("{}: found winner '{code}', expected a code", place()),
                },
            };
            Ok(RecordedLot { line, district, kind: row.kind, place: row.place, winner })
        })
        .collect()
}

fn write_table(
    out: &mut dyn Write,
    outcomes: &[DistrictOutcome<'_>],
    definition: &CountingDefinition<'_>,
) -> io::Result<()> {
    if outcomes.len() <= DISTRICTS_EXPLAINED {
        for outcome in outcomes {
            write_district(out, outcome)?;
        }
        return Ok(());
    }
    let rows: Vec<Vec<String>> = outcomes
        .iter()
        .map(|outcome| {
            let elected = outcome.outcome.elected.iter();
            let codes: Vec<String> =
                elected.map(|position| outcome.candidate_code(*position).to_string()).collect();
            let [seats, elected] = [outcome.district.seats as usize, codes.len()];
            vec![
                outcome.district.id.clone(),
                outcome.status().to_owned(),
                codes.join(" "),
                grouped(outcome.tally.ballots.valid),
                format!("{elected}/{seats}"),
            ]
        })
        .collect();
    let header = ["district", "status", "elected", "valid", "seats"];
    write!(out, "\n{}", table(&header, &rows, 3))?;
    let waiting = outcomes.iter().filter(|outcome| outcome.needs_lot()).count();
    writeln!(
        out,
        "\n{} of {} districts; {waiting} wait for a lot; the steps: --district ID",
        outcomes.len(),
        definition.district_count()
    )
}

fn write_district(out: &mut dyn Write, district: &DistrictOutcome<'_>) -> io::Result<()> {
    let outcome = &district.outcome;
    let options: Vec<String> =
        district.rule.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    writeln!(
        out,
        "\ndistrict {} ({}): {} seats, {}: {}",
        district.district.id,
        district.district.name_en,
        outcome.seats,
        district.rule.rule.method().name(),
        district.status()
    )?;
    writeln!(out, "  {}", options.join(" "))?;
    let code =
        |party: PartyCode| party.code().map_or("independents".to_owned(), |code| code.to_string());
    let groups: Vec<Vec<String>> = outcome
        .groups
        .iter()
        .map(|group| {
            let seats = [u64::from(group.seats), u64::from(group.vacant)].map(grouped);
            let [seats, vacant] = seats;
            vec![code(district.group_code(group.key)), grouped(group.votes), seats, vacant]
        })
        .collect();
    write!(out, "{}", table(&["group", "votes", "seats", "vacant"], &groups, 1))?;
    let persons = |positions: &[u32], role: &str| -> Vec<Vec<String>> {
        positions
            .iter()
            .map(|&position| {
                let candidate = district.candidate(position);
                let list = candidate.list.map_or(String::new(), |list| {
                    district.district.lists[usize::from(list)].code.to_string()
                });
                let votes = grouped(district.candidate_votes(position));
                vec![role.to_owned(), candidate.code.to_string(), list, name(candidate), votes]
            })
            .collect()
    };
    let mut rows = persons(&outcome.elected, "elected");
    rows.extend(persons(&outcome.alternates, "alternate"));
    write!(out, "{}", table(&["", "code", "list", "name", "votes"], &rows, 4))?;
    for lot in &outcome.lots {
        let between: Vec<String> =
            lot.between.iter().map(|party| code(district.party_code(*party))).collect();
        writeln!(
            out,
            "  LOT NEEDED: kind {}, {} place(s), between {}; record place {}",
            lot.kind.name(),
            lot.places,
            between.join(", "),
            lot.next_place
        )?;
    }
    for step in &outcome.steps {
        writeln!(out, "  - {} [{}]", step.text_en(district), step.article.text())?;
    }
    Ok(())
}

fn name(candidate: &shomar_format::election::Candidate) -> String {
    let name = if candidate.name_en.is_empty() { &candidate.name_fa } else { &candidate.name_en };
    name.clone()
}
