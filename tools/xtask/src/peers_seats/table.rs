//! The comparison of seats as Markdown.
//!
//! In: every run with its verdicts. Out: one text, the same on the screen and in `benches/results`.
//! Never: a number of elections without those that were left out, and why.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::peers_seats::runs::{Disagreement, Run};
use crate::peers_seats::verdicts::Compared;

/// Everything that the table shows.
pub(crate) struct Report {
    /// By chance, without those of the literature.
    pub(crate) elections: u32,
    pub(crate) seed: u64,
    pub(crate) date: String,
    pub(crate) rows: Vec<(Run, Compared)>,
    pub(crate) notes: Vec<String>,
    pub(crate) disagreements: Vec<Disagreement>,
}

/// Writes all of it.
pub(crate) fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = head(&mut out, report);
    let _ = left_out(&mut out, report);
    let _ = packages(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { elections, seed, date, rows, .. } = report;
    writeln!(out, "# Seats beside votelib and apportionpy\n")?;
    writeln!(out, "`cargo xtask peers-seats --elections {elections} --seed {seed}`, {date}.")?;
    writeln!(
        out,
        "*Agree*: `shomar check-result` says `matches-by-lot` where the package says that there is \
         a tie,\nand `matches` everywhere else. How: [README](../README.md).\n"
    )?;
    writeln!(out, "| method | package | elections | ties | agree | differ |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    let mut sums = [0; 4];
    for (run, compared) in rows {
        let Compared { districts, ties, agree, .. } = *compared;
        let cells = [districts, ties, agree, districts - agree];
        sums.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
        let [districts, ties, agree, differ] = cells;
        let (method, peer) = (run.method(), run.peer());
        writeln!(out, "| {method} | {peer} | {districts} | {ties} | {agree} | {differ} |")?;
    }
    let [districts, ties, agree, differ] = sums;
    writeln!(out, "| **all** | | {districts} | {ties} | {agree} | {differ} |")
}

fn left_out(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "\n## Left out\n\n| method | package | elections | why |\n|---|---|---|---|")?;
    for (run, _) in &report.rows {
        for (reason, count) in &run.left_out {
            writeln!(out, "| {} | {} | {count} | {reason} |", run.method(), run.peer())?;
        }
    }
    Ok(())
}

/// What the packages cannot do, and where they disagree: the first case of each cause in full.
fn packages(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "\n## The packages themselves\n")?;
    for note in &report.notes {
        writeln!(out, "* {note}")?;
    }
    let mut causes: BTreeMap<(&str, &str), Vec<&Disagreement>> = BTreeMap::new();
    for disagreement in &report.disagreements {
        let key = (disagreement.name.as_str(), disagreement.cause.as_str());
        causes.entry(key).or_default().push(disagreement);
    }
    for cases in causes.values() {
        writeln!(out, "* They disagree in {} elections; the first: {}", cases.len(), cases[0])?;
    }
    if causes.is_empty() {
        writeln!(out, "* They disagree in no election.")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_what_was_compared_and_what_was_not() {
        let compared = Compared { districts: 9, ties: 2, agree: 8, differences: Vec::new() };
        let report = Report {
            elections: 10,
            seed: 1,
            date: "2026-01-01".to_owned(),
            rows: vec![(Run::for_tests("danish", 9, 2), compared)],
            notes: vec!["it cannot".to_owned()],
            disagreements: Vec::new(),
        };
        let text = markdown(&report);
        for line in [
            "| danish first_divisor=1.4 | package 1.0: its method | 9 | 2 | 8 | 1 |",
            "| **all** | | 9 | 2 | 8 | 1 |",
            "| danish first_divisor=1.4 | package 1.0: its method | 7 | raises |",
            "* it cannot",
            "* They disagree in no election.",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
