//! The comparison as Markdown.
//!
//! In: what was measured. Out: one text, the same on the screen and in `benches/results`. Never: a
//! ratio without the two rates that it is of.

use std::fmt::Write as _;
use std::time::Duration;

use crate::machine::Machine;
use crate::peers::stream::layouts::Layout;
use crate::peers::stream::ours::Received;
use crate::peers::stream::runs::{Run, fastest, fastest_of};
use crate::times::{ratio_of, shown};

/// Everything that the tables show.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) ballots: u64,
    pub(crate) seed: u64,
    pub(crate) received: Vec<Received>,
    /// Name and version.
    pub(crate) peer: String,
    pub(crate) peer_batches: u64,
    pub(crate) peer_ballots: u64,
    pub(crate) runs: Vec<Run>,
    pub(crate) settings: Vec<(String, String)>,
}

/// Writes all of it; nothing if there is no run to compare with.
pub(crate) fn markdown(report: &Report) -> Option<String> {
    let best = fastest(&report.runs)?;
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = head(&mut out, report);
    let _ = headline(&mut out, report, best);
    let _ = runs(&mut out, report, best);
    let _ = settings(&mut out, report);
    Some(out)
}

fn head(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { machine, ballots, seed, peer, peer_batches, .. } = report;
    writeln!(out, "# A night's batches, beside {peer}\n")?;
    writeln!(
        out,
        "`cargo xtask peers --stream --stream-ballots {ballots} --stream-peer-batches \
         {peer_batches} --seed {seed}`,\n{machine}."
    )?;
    writeln!(
        out,
        "Both durable before they acknowledge, on the same disk, one after the other, client and \
         server on this machine.\nShomar: signed batches, each verified, fsynced, counted live, \
         with a full recount after each second. {peer}: no signature,\none transaction per batch, raw rows \
         and totals together. All totals of both are right.\nWhat is fair and what favours whom: \
         [README](../README.md).\n"
    )
}

fn headline(out: &mut String, report: &Report, best: &Run) -> std::fmt::Result {
    let Report { peer, peer_batches, peer_ballots, received, runs, .. } = report;
    let rate_of = |run: &Run| rate(*peer_ballots, run.time);
    // Of the layouts, the one that any query can be asked of has a column of its own.
    let plain = fastest_of(runs, Layout::Choice).unwrap_or(best);
    let times = |rate: u128| [best, plain].map(|run| ratio_of(rate, rate_of(run))).join(" | ");
    writeln!(
        out,
        "| | batches | ballots | s | ballots/s | batches/s | ack p99 ms | times {peer} | times its \
         row per choice |\n|---|---|---|---|---|---|---|---|---|"
    )?;
    for one in received {
        writeln!(
            out,
            "| **shomar, {} a request**, {} connections | {} | {} | {} | {} | {} | {} | {} |",
            batches_shown(one.per_request),
            one.connections,
            one.batches,
            one.ballots,
            shown(Duration::from_micros(one.duration_us)),
            one.ballots_per_s,
            one.batches_per_s,
            one.acknowledged_p99_us.div_ceil(1_000),
            times(one.ballots_per_s.into())
        )?;
    }
    for run in Layout::ALL.into_iter().filter_map(|layout| fastest_of(runs, layout)) {
        writeln!(
            out,
            "| {peer}, {}, {} connections | {peer_batches} | {peer_ballots} | {} | {} | {} | | {} |",
            run.layout.name(),
            run.connections,
            shown(run.time),
            rate_of(run),
            rate(*peer_batches, run.time),
            times(rate_of(run))
        )?;
    }
    writeln!(out, "\nRatios are of ballots a second. Floor 5x, goal 20x.\n")
}

fn batches_shown(count: u64) -> String {
    if count == 1 { "1 batch".to_owned() } else { format!("{count} batches") }
}

fn runs(out: &mut String, report: &Report, best: &Run) -> std::fmt::Result {
    let Report { peer, peer_batches, peer_ballots, runs, .. } = report;
    writeln!(out, "## All runs of {peer}\n")?;
    writeln!(
        out,
        "| layout | connections | commit_delay us | s | ballots/s | batches/s |\n\
         |---|---|---|---|---|---|"
    )?;
    for run in runs {
        let Run { layout, connections, commit_delay_us, time } = run;
        let mark = if run == best { "**" } else { "" };
        writeln!(
            out,
            "| {} | {connections} | {commit_delay_us} | {} | {mark}{}{mark} | {} |",
            layout.name(),
            shown(*time),
            rate(*peer_ballots, *time),
            rate(*peer_batches, *time)
        )?;
    }
    writeln!(out)
}

fn settings(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "## Settings of {}\n\n```", report.peer)?;
    for (name, value) in &report.settings {
        writeln!(out, "{name} = {value}")?;
    }
    writeln!(out, "```")
}

/// Whole ones a second.
fn rate(count: u64, time: Duration) -> u128 {
    (u128::from(count) * 1_000_000_000).checked_div(time.as_nanos()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_fastest_run() {
        let run = |layout, connections, millis| Run {
            layout,
            connections,
            commit_delay_us: 0,
            time: Duration::from_millis(millis),
        };
        let mut report = Report {
            machine: Machine::for_tests(2),
            ballots: 9_000,
            seed: 7,
            received: vec![Received {
                per_request: 1,
                connections: 256,
                batches: 30,
                ballots: 9_000,
                duration_us: 3_000,
                batches_per_s: 10_000,
                ballots_per_s: 3_000_000,
                acknowledged_p99_us: 1_001,
            }],
            peer: "Peer 1".to_owned(),
            peer_batches: 10,
            peer_ballots: 2_000,
            runs: vec![run(Layout::Choice, 1, 40), run(Layout::Batch, 8, 10)],
            settings: vec![("fsync".to_owned(), "on".to_owned())],
        };
        let text = markdown(&report).unwrap();
        assert!(text.contains("| 3000000 | 10000 | 2 | 15.0 | 60.0 |"), "{text}");
        assert!(
            text.contains("8 connections | 10 | 2000 | 0.0100 | 200000 | 1000 | | 1.0 | 4.0 |"),
            "{text}"
        );
        assert!(text.contains("fsync = on\n"), "{text}");
        report.runs.clear();
        assert_eq!(markdown(&report), None);
    }
}
