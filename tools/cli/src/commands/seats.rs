//! `shomar seats`: votes in a CSV file become seats by a named method (docs/commands.md).
//!
//! What comes in: `list,candidate,votes`, a method, its options, recorded lots. What goes out: a
//! table for people or JSON for programs on stdout; what went wrong on stderr. Exit code 0 done,
//! 1 the lots or the votes contradict the count, 2 unreadable, 3 a lot is needed. Seats are
//! computed by `shomar-seats`; here are only names, lines and formats.

mod print;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use shomar_format::Reading;
use shomar_seats::{Method, Race, Rule, SeatsError, Status, allocate, margins};

use crate::lots::{LotRow, read_lots, whole_number};
use crate::options::{parse_option, refuse_repeated};
use crate::output::{Format, print_json, to_stdout};

use crate::slate::Slate;

/// Number of alternates for methods that do not set it themselves; an option of this command,
/// since its votes file has no district to say so.
const ALTERNATES: &str = "alternates";

/// Turns the votes of one race into seats.
#[derive(Debug, clap::Args)]
pub struct SeatsArguments {
    /// Votes: CSV with the columns list,candidate,votes; list or candidate may be empty
    #[arg(long, value_name = "FILE")]
    votes: PathBuf,
    /// Seats to fill
    #[arg(long, value_name = "N")]
    seats: u32,
    /// A method or a named set of rules, such as dhondt or cz-municipal (`shomar rules` lists all)
    #[arg(long, value_name = "M")]
    method: String,
    /// Percentage that a group needs at least, such as 5 or 3.25
    #[arg(long, value_name = "PCT")]
    threshold: Option<String>,
    /// Votes that the threshold is a percentage of [default: all votes in the file]
    #[arg(long, value_name = "N", requires = "threshold")]
    threshold_base: Option<u64>,
    /// Valid ballots, where a reading needs them
    #[arg(long, value_name = "N")]
    valid_ballots: Option<u64>,
    /// Ballots taken, valid and void, where a reading needs them
    #[arg(long, value_name = "N")]
    taken_ballots: Option<u64>,
    /// An option of the method, such as zero_votes=elected or alternates=3; can be repeated
    #[arg(long = "option", value_name = "K=V", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// Recorded lots: CSV with the columns district,kind,place,winner (district empty)
    #[arg(long, value_name = "FILE")]
    lots: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Runs the command: prints to stdout and gives the exit code.
///
/// # Errors
/// Usage and unreadable input (exit code 2), with file, line, found and expected.
pub fn run(arguments: &SeatsArguments) -> anyhow::Result<ExitCode> {
    let Asked { rule, reading, alternates } = Asked::of(arguments)?;
    let slate = Slate::read(&arguments.votes, &rule)?;
    let rows = arguments.lots.as_deref().map(read_lots).transpose()?.unwrap_or_default();
    let lots_path = arguments.lots.as_deref().unwrap_or(Path::new(""));
    let mut lots = Vec::with_capacity(rows.len());
    for row in &rows {
        lots.push(slate.lot(lots_path, row, &rule)?);
    }
    let race = Race {
        seats: arguments.seats,
        alternates,
        lists: &slate.lists,
        candidates: &slate.candidates,
        valid_ballots: arguments.valid_ballots,
        taken_ballots: arguments.taken_ballots,
    };
    let outcome = match allocate(&race, &rule, &lots) {
        Ok(outcome) => outcome,
        Err(error) => return refused(&slate, arguments, &rows, error),
    };
    let margins = margins(&race, &rule, &outcome);
    match arguments.format {
        Format::Table => {
            to_stdout(|out| out.write_all(slate.table(&rule, &outcome, margins).as_bytes()))?;
        }
        Format::Json => print_json(&slate.json(&rule, reading, &outcome, margins))?,
    }
    Ok(match outcome.status {
        Status::Final | Status::NoVotes | Status::RunoffRequired => ExitCode::SUCCESS,
        Status::LotRequired => {
            for lot in &outcome.lots {
                let names = slate.names(&lot.between).join(", ");
                let (kind, places) = (lot.kind.name(), lot.places);
                eprintln!("a lot is needed: kind {kind}, {places} place(s), between {names}");
            }
            ExitCode::from(3)
        }
    })
}

/// What is asked for beside the votes.
struct Asked {
    rule: Rule,
    /// How the ballots were read that gave these votes; said, and nothing is computed with it.
    reading: Option<Reading>,
    alternates: u32,
}

impl Asked {
    fn of(arguments: &SeatsArguments) -> anyhow::Result<Asked> {
        let named = Rule::named(&arguments.method)?.of_district(arguments.seats);
        let (is_plurality, is_article_24) =
            (named.method().is_plurality(), named.method() == Method::Article24);
        let mut options = Vec::new();
        let mut alternates = None;
        let mut reading = is_article_24.then(Reading::default);
        refuse_repeated(&arguments.options)?;
        for (name, value) in &arguments.options {
            if name == ALTERNATES && is_plurality {
                let number = whole_number(value).and_then(|number| u32::try_from(number).ok());
                alternates = Some(number.with_context(|| {
                    format!("--option {ALTERNATES}: found {value:?}, expected a whole number")
                })?);
                continue;
            }
            if let Some(reading) = &mut reading
                && reading.set(name, value).map_err(|error| anyhow!("option {name}: {error}"))?
            {
                eprintln!("note: {name} is about reading ballots; the votes are taken as they are");
                continue;
            }
            options.push((name.as_str(), value.as_str()));
        }
        let base = arguments.threshold_base.map(|base| base.to_string());
        let threshold = arguments.threshold.as_deref().map(|percent| ("threshold", percent));
        options.extend(threshold);
        options.extend(base.as_deref().map(|base| ("threshold_base", base)));
        let rule = Rule::parse(&arguments.method, options).map_err(|error| match error {
            SeatsError::UnknownOption { method, found, known } if is_plurality => {
                let known = format!("{known}, {ALTERNATES}");
                SeatsError::UnknownOption { method, found, known }
            }
            other => other,
        })?;
        let rule = rule.of_district(arguments.seats);
        Ok(Asked { rule, reading, alternates: alternates.unwrap_or(0) })
    }
}

/// A refusal of the rules in the words of the files: exit code 1 if the data contradict each
/// other, an error (2) if the request cannot be computed.
fn refused(
    slate: &Slate,
    arguments: &SeatsArguments,
    rows: &[LotRow],
    error: SeatsError,
) -> anyhow::Result<ExitCode> {
    let lots_path = arguments.lots.as_deref().unwrap_or(Path::new(""));
    let about_lot = |lot_index: usize, expected: String| {
        let LotRow { line, kind, place, winner, .. } = &rows[lot_index];
        let kind = kind.name();
        let found = if winner.is_empty() { "(independents)" } else { winner };
        format!(
            "{}:{line}: found lot of kind {kind}, place {place}, winner {found:?}, \
             expected {expected}",
            lots_path.display()
        )
    };
    if let Some((lot_index, expected)) =
        error.refused_lot(|party| slate.names(std::slice::from_ref(party)).join(""))
    {
        eprintln!("error: {}", about_lot(lot_index, expected));
        return Ok(ExitCode::FAILURE);
    }
    let message = match error {
        SeatsError::MoreVotesThanBallots { candidate, votes, ballots } => format!(
            "{}:{}: found {votes} votes, expected at most the {ballots} valid ballots",
            arguments.votes.display(),
            slate.candidate_lines[candidate as usize]
        ),
        SeatsError::PositionNeeded { candidate } => format!(
            "{}:{}: found no position, expected the place on the list (column position): {} \
             follows its order",
            arguments.votes.display(),
            slate.candidate_lines[candidate as usize],
            arguments.method
        ),
        SeatsError::PositionRepeated { candidate, position } => format!(
            "{}:{}: found position {position} again, expected each place of a list once",
            arguments.votes.display(),
            slate.candidate_lines[candidate as usize]
        ),
        other => {
            return Err(anyhow::Error::new(other).context(format!("{}", arguments.votes.display())));
        }
    };
    eprintln!("error: {message}");
    Ok(ExitCode::FAILURE)
}
