//! The comparison as Markdown.
//!
//! In: what was measured. Out: one text, the same on the screen and in `benches/results`. Never: a
//! ratio without the two rates that it is of.

use std::fmt::Write as _;
use std::time::Duration;

use crate::machine::Machine;
use crate::peers::stream::layouts::Layout;
use crate::peers::stream::ours::RECOUNT_SECONDS;
use crate::peers::stream::runs::{Run, fastest, median_of};
use crate::received::Received;
use crate::times::{ratio_of, shown};

/// Everything that the tables show.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) ballots: u64,
    pub(crate) seed: u64,
    /// Runs of Shomar, in the order in which they were made.
    pub(crate) received: Vec<Received>,
    /// Name and version.
    pub(crate) peer: String,
    pub(crate) peer_batches: u64,
    pub(crate) peer_ballots: u64,
    /// Runs of the peer between those of Shomar, and those in which its best settings were found.
    pub(crate) rounds: Vec<Run>,
    pub(crate) sweep: Vec<Run>,
    pub(crate) settings: Vec<(String, String)>,
}

/// Writes all of it; nothing if there is no run to compare with.
pub(crate) fn markdown(report: &Report) -> Option<String> {
    let medians: Vec<Run> =
        Layout::ALL.into_iter().filter_map(|of| median_of(&report.rounds, of)).cloned().collect();
    let best = fastest(&medians)?;
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = head(&mut out, report);
    let _ = headline(&mut out, report, &medians, best);
    let _ = turns(&mut out, report);
    let _ = sweep(&mut out, report);
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
        "Both durable before they acknowledge, on the same disk, by turns, client and \
         server on this machine.\nShomar: signed batches, each verified, fsynced, counted live, \
         with a full recount every {RECOUNT_SECONDS} s. {peer}: no \
         signature,\none transaction per batch, raw rows and totals together. All totals of both are right.\nWhat is fair and what favours whom: \
         [README](../README.md).\n"
    )
}

fn headline(out: &mut String, report: &Report, medians: &[Run], best: &Run) -> std::fmt::Result {
    let Report { peer, peer_batches, peer_ballots, received, .. } = report;
    let rate_of = |run: &Run| rate(*peer_ballots, run.time);
    // Of the layouts, the one that any query can be asked of has a column of its own.
    let plain = medians.iter().find(|run| run.layout == Layout::Choice).unwrap_or(best);
    let times = |rate: u128| [best, plain].map(|run| ratio_of(rate, rate_of(run))).join(" | ");
    writeln!(
        out,
        "| | batches | ballots | s | ballots/s | batches/s | ack p99 ms | times {peer} | times its \
         row per choice |\n|---|---|---|---|---|---|---|---|---|"
    )?;
    for one in medians_received(received) {
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
    for run in medians {
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
    writeln!(
        out,
        "\nEach line is the median of the runs below; ratios are of ballots a second. Floor 5x, goal 20x.\n"
    )
}

fn batches_shown(count: u64) -> String {
    if count == 1 { "1 batch".to_owned() } else { format!("{count} batches") }
}

/// The middle run for each number of batches in a request.
fn medians_received(received: &[Received]) -> Vec<&Received> {
    let mut sizes: Vec<u64> = received.iter().map(|one| one.per_request).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let median = |size: &u64| {
        let mut runs: Vec<&Received> =
            received.iter().filter(|one| one.per_request == *size).collect();
        runs.sort_by_key(|one| one.duration_us);
        runs[runs.len() / 2]
    };
    sizes.iter().map(median).collect()
}

fn turns(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { peer, peer_ballots, received, rounds, .. } = report;
    let list = |rates: Vec<u128>| {
        let rates: Vec<String> = rates.iter().map(u128::to_string).collect();
        rates.join(", ")
    };
    writeln!(out, "## Runs by turns, ballots a second\n")?;
    for median in medians_received(received) {
        let size = median.per_request;
        let of_size = received.iter().filter(|one| one.per_request == size);
        let rates = of_size.map(|one| one.ballots_per_s.into()).collect();
        writeln!(out, "* shomar, {} a request: {}", batches_shown(size), list(rates))?;
    }
    for layout in Layout::ALL {
        let of_layout = rounds.iter().filter(|run| run.layout == layout);
        let rates = of_layout.map(|run| rate(*peer_ballots, run.time)).collect();
        writeln!(out, "* {peer}, {}: {}", layout.name(), list(rates))?;
    }
    writeln!(out)
}

fn sweep(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { peer, peer_batches, peer_ballots, sweep, .. } = report;
    writeln!(out, "## How the settings of {peer} were found\n")?;
    writeln!(
        out,
        "| layout | connections | commit_delay us | s | ballots/s | batches/s |\n\
         |---|---|---|---|---|---|"
    )?;
    for Run { layout, connections, commit_delay_us, time } in sweep {
        writeln!(
            out,
            "| {} | {connections} | {commit_delay_us} | {} | {} | {} |",
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
    fn ratios_are_of_medians() {
        let run = |layout, connections, millis| Run {
            layout,
            connections,
            commit_delay_us: 0,
            time: Duration::from_millis(millis),
        };
        let received = |per_request, duration_us, ballots_per_s| Received {
            per_request,
            connections: 256,
            batches: 30,
            ballots: 9_000,
            duration_us,
            batches_per_s: 10_000,
            ballots_per_s,
            acknowledged_p99_us: 1_001,
            page_p99_us: None,
            snapshot_p99: Duration::ZERO,
        };
        let mut report = Report {
            machine: Machine::for_tests(2),
            ballots: 9_000,
            seed: 7,
            received: vec![
                received(1, 9_000, 1_000_000),
                received(1, 3_000, 3_000_000),
                received(1, 1_000, 9_000_000),
                received(32, 1_000, 9_000_000),
            ],
            peer: "Peer 1".to_owned(),
            peer_batches: 10,
            peer_ballots: 2_000,
            rounds: vec![
                run(Layout::Choice, 1, 40),
                run(Layout::Batch, 8, 9),
                run(Layout::Batch, 8, 10),
                run(Layout::Batch, 8, 70),
            ],
            sweep: vec![run(Layout::Ballot, 64, 20)],
            settings: vec![("fsync".to_owned(), "on".to_owned())],
        };
        let text = markdown(&report).unwrap();
        assert!(text.contains("| 3000000 | 10000 | 2 | 15.0 | 60.0 |"), "{text}");
        assert!(
            text.contains("8 connections | 10 | 2000 | 0.0100 | 200000 | 1000 | | 1.0 | 4.0 |"),
            "{text}"
        );
        assert!(text.contains("fsync = on\n"), "{text}");
        assert!(text.contains("1 batch a request: 1000000, 3000000, 9000000\n"), "{text}");
        assert!(text.contains("| a row per ballot, int2[] | 64 | 0 | 0.0200 |"), "{text}");
        report.rounds.clear();
        assert_eq!(markdown(&report), None);
    }
}
