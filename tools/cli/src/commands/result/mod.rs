//! `shomar result`: count, and turn the totals into seats by the rules of the election.
//!
//! In: a folder, options, recorded lots. Out: who is elected in each district and why, as a table
//! or JSON; the note of one district; every council that open readings can bring about; who
//! replaces whom. Exit code 3 while a lot is needed. Never: a tie broken here.

mod compare;
mod decisions;
mod leavers;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use shomar_engine::checks::Registers;
use shomar_engine::explanation::{NoteOf, explain};
use shomar_engine::lots::{LotParty, OutcomeError, RecordedLot};
use shomar_engine::outcome::{DistrictOutcome, OutcomeInput, contest_rules, outcomes};
use shomar_engine::result_document::{ResultDocument, rules_digest};
use shomar_engine::{Definition, Snapshot};
use shomar_format::Election;
use shomar_seats::Language;

use crate::commands::result::decisions::{JOURNAL, completeness, journal_lots};
use crate::count::{
    CountInput, Counted, Folder, count, find_district, read_where_forbidden, with_threads,
};
use crate::failure::CheckFailed;
use crate::lots::{LotRow, read_lots};
use crate::options::{election_folder, parse_option, refuse_repeated};
use crate::output::{Format, grouped, print_json, test_mark, to_stdout};

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
    /// Explain this district: a note with every step, its article, and how close it is.
    #[arg(long, value_name = "ID", conflicts_with_all = ["district", "format"])]
    explain: Option<String>,
    /// Language of the note.
    #[arg(long, value_enum, default_value = "en", requires = "explain")]
    lang: Lang,
    /// Count under every combination of the open readings that matters, side by side: in the
    /// district of --district, else wherever article 24 applies.
    #[arg(long, conflicts_with_all = ["explain", "lots"])]
    compare_readings: bool,
    /// A member of the council who leaves, by code; say who comes in. Several leave in this order.
    #[arg(long, value_name = "CODE", requires = "district", conflicts_with = "compare_readings")]
    leaver: Vec<u32>,
    /// Count the journal as it was when it had N records.
    #[arg(long, value_name = "N")]
    as_of: Option<u64>,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Lang {
    Fa,
    En,
}

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
    let input = CountInput {
        directory: &arguments.directory,
        election: &folder,
        as_of: arguments.as_of,
        repeat: 1,
    };
    let counted = count(input, open, |_| Ok(readings))?;
    let definition = counted.definition.counting();
    let only = match arguments.explain.as_ref().or(arguments.district.as_ref()) {
        Some(id) => Some(find_district(&counted.definition, id)?),
        None => None,
    };
    let in_journal = journal_lots(&counted);
    let (lots, lots_from) = match &arguments.lots {
        Some(path) if !in_journal.is_empty() => bail!(
            "{}: found a file of lots, and {} in the journal, expected one of them",
            path.display(),
            in_journal.len()
        ),
        Some(path) => (recorded_lots(path, read_lots(path)?, &counted)?, Some(path.as_path())),
        None => {
            let is_any = !in_journal.is_empty();
            (in_journal, is_any.then_some(Path::new(JOURNAL)))
        }
    };
    if arguments.compare_readings {
        let compare = compare::Compare { election: &election, rules: &rules, counted: &counted };
        return compare.run(input, only, matches!(arguments.format, Format::Json));
    }
    // Lots about a replacement are drawn after the outcome stands: they are of its members.
    let (lots, replacement_lots) = leavers::split(lots, &arguments.leaver);
    let registers = Registers::of(&election);
    let completeness = completeness(&counted, &registers);
    let missing = completeness.waited_for();
    let without_forbidding = without_forbidding(input, &counted)?;
    let input = OutcomeInput {
        election: &election,
        definition,
        snapshot: &counted.snapshot,
        rules: &rules,
        lots: &lots,
        missing: &missing,
        without_forbidding: without_forbidding.as_ref(),
    };
    let mut outcomes = outcomes(input, only).map_err(|errors| refused(&errors, lots_from))?;
    completeness.tell(&mut outcomes);
    let code = if outcomes.iter().any(DistrictOutcome::needs_lot) { 3 } else { 0 };
    for outcome in &outcomes {
        for finding in outcome.findings() {
            let text = finding.text(Language::English);
            eprintln!("note: district {}: {text}", outcome.district.id);
        }
    }
    if let (Some(_), [outcome]) = (&arguments.explain, &outcomes[..]) {
        let frontier = counted.frontier();
        let rules_digest = rules_digest(&election, &rules);
        let note = NoteOf {
            head: &election.head,
            frontier: Some(&frontier),
            rules_digest: &rules_digest,
            language: match arguments.lang {
                Lang::Fa => Language::Persian,
                Lang::En => Language::English,
            },
        };
        let note = explain(note, outcome).map_err(|error| refused(&[error], None))?;
        to_stdout(|out| out.write_all(note.text().as_bytes()))?;
        return Ok(ExitCode::from(code));
    }
    if let ([_, ..], [outcome]) = (&arguments.leaver[..], &outcomes[..]) {
        let is_json = matches!(arguments.format, Format::Json);
        return leavers::run(outcome, &arguments.leaver, &replacement_lots, lots_from, is_json);
    }
    match arguments.format {
        Format::Json => {
            let (snapshot, frontier) = (&counted.snapshot, counted.frontier());
            let document = ResultDocument::new(&election, &rules, snapshot, frontier, outcomes);
            print_json(&document.map_err(|errors| refused(&errors, None))?)?;
        }
        Format::Table => {
            let lines =
                table::finality_lines(&outcomes).map_err(|error| refused(&[error], None))?;
            to_stdout(|out| {
                write!(out, "{}", test_mark(election.head.mode))?;
                let frontier = counted.frontier();
                writeln!(
                    out,
                    "election {}, {} batches",
                    election.head.id,
                    grouped(frontier.batches)
                )?;
                writeln!(out, "  digest {}", frontier.digest)?;
                table::write(out, &outcomes, &lines, &definition)
            })?;
        }
    }
    Ok(ExitCode::from(code))
}

/// The totals with lists read beside names, where a contest reads such ballots as void.
fn without_forbidding(
    input: CountInput<'_>,
    counted: &Counted,
) -> anyhow::Result<Option<Snapshot>> {
    let Some(readings) = read_where_forbidden(counted.snapshot.readings()) else {
        return Ok(None);
    };
    Folder::open(input, &counted.definition)?.all(&counted.definition, &readings).map(Some)
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

/// Lots in the terms of the election: districts by id, winners and those tied by code (empty: the
/// independents together).
fn recorded_lots(
    path: &Path,
    rows: Vec<LotRow>,
    counted: &Counted,
) -> anyhow::Result<Vec<RecordedLot>> {
    rows.into_iter()
        .map(|row| {
            let line = row.line;
            let place = || format!("{}:{line}", path.display());
            let district = find_district(&counted.definition, &row.district).with_context(place)?;
            let between = row.between.iter().map(|party| lot_party(party));
            Ok(RecordedLot {
                line,
                district,
                kind: row.kind,
                is_on_record: false,
                is_replacement: row.is_replacement,
                place: row.place,
                winner: lot_party(&row.winner).with_context(place)?,
                between: between.collect::<anyhow::Result<_>>().with_context(place)?,
                drawn_at: row.drawn_at,
                present: row.present,
            })
        })
        .collect()
}

fn lot_party(text: &str) -> anyhow::Result<LotParty> {
    LotParty::parse(text).map_err(|message| anyhow::anyhow!(message))
}

/// The English name, or the Persian one where there is none.
fn english_name(candidate: &shomar_format::election::Candidate) -> &str {
    if candidate.name_en.is_empty() { &candidate.name_fa } else { &candidate.name_en }
}
