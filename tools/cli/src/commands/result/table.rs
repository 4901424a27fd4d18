//! The table of a result, for people.
//!
//! In: outcomes. Out: every step of a few districts, or a line for each of many. Never: a number
//! computed here.

use std::io::{self, Write};

use rayon::prelude::*;
use shomar_engine::completeness::DistrictCompleteness;
use shomar_engine::lots::OutcomeError;
use shomar_engine::outcome::{DistrictOutcome, PartyCode};
use shomar_format::CountingDefinition;
use shomar_seats::{Certainty, Language, Margin};

use crate::lots::{ALL_LISTS, INDEPENDENTS};
use crate::output::{grouped, table};

/// Districts up to which the table explains every step without being asked for one.
const DISTRICTS_EXPLAINED: usize = 12;

/// For each outcome a line about what is held or missing; `None` where nothing is. That of a large
/// council may take thousands of counts, so they are made side by side.
pub(super) fn finality_lines(
    outcomes: &[DistrictOutcome<'_>],
) -> Result<Vec<Option<FinalityLine>>, OutcomeError> {
    let line = |outcome: &DistrictOutcome<'_>| {
        if !outcome.completeness().is_some_and(DistrictCompleteness::is_outstanding) {
            return Ok(None);
        }
        let Some(finality) = outcome.finality()? else { return Ok(None) };
        let verdict = finality.finality.verdict.name();
        let text = outcome.finality_line(&finality, Language::English);
        Ok(text.map(|text| FinalityLine { verdict, text }))
    };
    outcomes.par_iter().map(line).collect()
}

/// Whether what is held or missing can change a district.
pub(super) struct FinalityLine {
    verdict: &'static str,
    text: String,
}

pub(super) fn write(
    out: &mut dyn Write,
    outcomes: &[DistrictOutcome<'_>],
    lines: &[Option<FinalityLine>],
    definition: &CountingDefinition<'_>,
) -> io::Result<()> {
    if outcomes.len() <= DISTRICTS_EXPLAINED {
        for (outcome, line) in outcomes.iter().zip(lines) {
            write_district(out, outcome, line.as_ref())?;
        }
        return Ok(());
    }
    let is_any = lines.iter().any(Option::is_some);
    let rows: Vec<Vec<String>> = outcomes
        .iter()
        .zip(lines)
        .map(|(outcome, line)| {
            let elected = outcome.outcome.elected.iter();
            let codes: Vec<String> =
                elected.map(|position| outcome.candidate_code(*position).to_string()).collect();
            let [seats, elected] = [outcome.district.seats as usize, codes.len()];
            let mut row = vec![
                outcome.district.id.clone(),
                outcome.status().to_owned(),
                codes.join(" "),
                grouped(outcome.tally.ballots.valid),
                format!("{elected}/{seats}"),
            ];
            if is_any {
                row.insert(2, line.as_ref().map_or(String::new(), |line| line.text.clone()));
            }
            row
        })
        .collect();
    let mut header = vec!["district", "status", "elected", "valid", "seats"];
    if is_any {
        header.insert(2, "held or missing");
    }
    write!(out, "\n{}", table(&header, &rows, header.len() - 2))?;
    if is_any {
        let count = |verdict| lines.iter().flatten().filter(|line| line.verdict == verdict).count();
        let [decided, open, depends] = ["decided", "open", "depends-on"].map(count);
        writeln!(
            out,
            "\nwhat is held or missing: {open} districts are open, {depends} depend on held \
             batches, {decided} are decided all the same"
        )?;
    }
    let waiting = outcomes.iter().filter(|outcome| outcome.needs_lot()).count();
    writeln!(
        out,
        "\n{} of {} districts; {waiting} wait for a lot; the steps: --district ID",
        outcomes.len(),
        definition.district_count()
    )
}

fn write_district(
    out: &mut dyn Write,
    district: &DistrictOutcome<'_>,
    line: Option<&FinalityLine>,
) -> io::Result<()> {
    let outcome = &district.outcome;
    let options: Vec<String> = district
        .contest_rule
        .options
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    writeln!(
        out,
        "\ndistrict {} ({}): {} seats, {}: {}",
        district.district.id,
        district.district.name_en,
        outcome.seats,
        district.rule.name(),
        district.status()
    )?;
    writeln!(out, "  {}", options.join(" "))?;

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
                vec![
                    role.to_owned(),
                    candidate.code.to_string(),
                    list,
                    super::english_name(candidate).to_owned(),
                    votes,
                ]
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
    if let Some(runoff) = &outcome.runoff {
        let between: Vec<String> =
            runoff.between.iter().map(|who| district.candidate_code(*who).to_string()).collect();
        let (seats, between) = (runoff.seats, between.join(", "));
        writeln!(out, "  SECOND ROUND: {seats} seat(s), between {between}")?;
    }
    if let Some(line) = line {
        writeln!(out, "  {}", line.text)?;
    }
    let margins = district.margins();
    for (what, margin) in [("seat", margins.seat), ("person", margins.person)] {
        if let Some(margin) = margin {
            writeln!(out, "  margin of the last {what}: {}", margin_text(district, margin))?;
        }
    }
    for step in &outcome.steps {
        writeln!(out, "  - {} [{}]", step.text_en(district), step.source(&district.rule))?;
    }
    Ok(())
}

/// A group or a candidate by code.
pub(super) fn code(party: PartyCode) -> String {
    match party {
        PartyCode::List(code) | PartyCode::Candidate(code) => code.to_string(),
        PartyCode::Independents => INDEPENDENTS.to_owned(),
        PartyCode::AllLists => ALL_LISTS.to_owned(),
    }
}

fn margin_text(district: &DistrictOutcome<'_>, margin: Margin) -> String {
    let votes = grouped(margin.votes);
    let of = |party: Option<_>| party.map(|party| code(district.party_code(party)));
    match (margin.certainty, of(margin.from), of(margin.to)) {
        (Certainty::Exact, Some(from), Some(to)) => {
            format!("{votes} votes, exact ({to} against {from})")
        }
        (Certainty::Exact, ..) => format!("{votes} votes, exact"),
        (Certainty::AtLeast, ..) => format!("at least {votes} votes (proven bound)"),
    }
}
