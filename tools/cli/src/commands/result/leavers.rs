//! `shomar result --leaver`: who comes in when members leave.
//!
//! In: the outcome of a district, codes of those who leave, lots that were drawn for it. Out: who
//! comes in for whom, with the article; exit code 3 while a lot is needed. Never: a change of the
//! outcome itself, which stays what the ballots say.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use shomar_engine::lots::RecordedLot;
use shomar_engine::outcome::DistrictOutcome;
use shomar_engine::result_document::PartyResult;
use shomar_seats::{Departure, LotKind};

use super::refused;
use super::table::code;
use crate::output::{print_json, table, to_stdout};

/// Lots for the outcome, and lots for replacements: a lot between alternates that names a winner
/// after somebody left. They are told apart by `kind = replacement` in the file of lots.
pub(super) fn split(
    lots: Vec<RecordedLot>,
    leavers: &[u32],
) -> (Vec<RecordedLot>, Vec<RecordedLot>) {
    let (outcome, replacement): (Vec<_>, Vec<_>) =
        lots.into_iter().partition(|lot| !lot.is_replacement);
    if leavers.is_empty() && !replacement.is_empty() {
        eprintln!("note: {} lot(s) of kind replacement; they wait for --leaver", replacement.len());
    }
    (outcome, replacement)
}

#[derive(Serialize)]
struct Document<'a> {
    district: &'a str,
    departures: Vec<DepartureResult>,
    alternates: Vec<u32>,
    lots: Vec<LotResult>,
    steps: Vec<StepResult>,
}

#[derive(Serialize)]
struct DepartureResult {
    leaver: u32,
    /// `replaced`, `vacant` or `was-alternate`.
    outcome: &'static str,
    successor: Option<u32>,
}

#[derive(Serialize)]
struct LotResult {
    kind: &'static str,
    places: u32,
    next_place: u32,
    between: Vec<PartyResult>,
}

#[derive(Serialize)]
struct StepResult {
    article: String,
    text_en: String,
    text_fa: String,
}

/// Prints who comes in.
pub(super) fn run(
    district: &DistrictOutcome<'_>,
    leavers: &[u32],
    lots: &[RecordedLot],
    lots_path: Option<&Path>,
    is_json: bool,
) -> anyhow::Result<ExitCode> {
    let done = district
        .replace(leavers, lots)
        .map_err(|error| refused(std::slice::from_ref(&error), lots_path))?;
    let departures = done.departures.iter().map(|(leaver, departure)| {
        let (outcome, successor) = match departure {
            Departure::ReplacedBy(who) => ("replaced", Some(district.candidate_code(*who))),
            Departure::Vacant => ("vacant", None),
            Departure::WasAlternate => ("was-alternate", None),
        };
        DepartureResult { leaver: district.candidate_code(*leaver), outcome, successor }
    });
    let document = Document {
        district: &district.district.id,
        departures: departures.collect(),
        alternates: done.alternates.iter().map(|who| district.candidate_code(*who)).collect(),
        lots: done
            .lots
            .iter()
            .map(|lot| LotResult {
                kind: LotKind::Alternate.name(),
                places: lot.places,
                next_place: lot.next_place,
                between: lot.between.iter().map(|of| district.party_code(*of).into()).collect(),
            })
            .collect(),
        steps: done
            .steps
            .iter()
            .map(|step| StepResult {
                article: step.source(&district.rule),
                text_en: step.text_en(district),
                text_fa: step.text_fa(district),
            })
            .collect(),
    };
    if is_json {
        print_json(&document)?;
    } else {
        to_stdout(|out| {
            let rows: Vec<Vec<String>> = document
                .departures
                .iter()
                .map(|departure| {
                    let successor =
                        departure.successor.map_or(String::new(), |who| who.to_string());
                    vec![departure.leaver.to_string(), departure.outcome.to_owned(), successor]
                })
                .collect();
            write!(out, "{}", table(&["leaver", "", "comes in"], &rows, 3))?;
            let alternates: Vec<String> = document.alternates.iter().map(u32::to_string).collect();
            writeln!(out, "  alternates left: {}", alternates.join(" "))?;
            for (lot, pending) in document.lots.iter().zip(&done.lots) {
                let between: Vec<String> =
                    pending.between.iter().map(|party| code(district.party_code(*party))).collect();
                writeln!(
                    out,
                    "  LOT NEEDED: kind replacement, {} place(s), between {}; record place {}",
                    lot.places,
                    between.join(", "),
                    lot.next_place
                )?;
            }
            document
                .steps
                .iter()
                .try_for_each(|step| writeln!(out, "  - {} [{}]", step.text_en, step.article))
        })?;
    }
    let is_open = !document.lots.is_empty();
    Ok(ExitCode::from(if is_open { 3 } else { 0 }))
}
