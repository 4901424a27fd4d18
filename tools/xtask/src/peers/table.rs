//! The comparison as Markdown.
//!
//! In: what was measured. Out: one text, the same on the screen and in `benches/results`. Never: a
//! ratio without the two times that it is of.

use std::fmt::Write as _;
use std::time::Duration;

use crate::machine::Machine;
use crate::peers::engines::{Counted, fastest};
use crate::peers::ours::Tallied;
use crate::peers::text::Texts;
use crate::programs::Watched;
use crate::times::{Times, millions_a_second, ratio, shown};

/// Everything that the tables show.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) ballots: u64,
    pub(crate) seed: u64,
    pub(crate) threads: u32,
    pub(crate) repeat: u32,
    pub(crate) choices: u64,
    pub(crate) tallied: Tallied,
    pub(crate) counted: Vec<Counted>,
    /// Two bytes for each choice.
    pub(crate) read_choices: Times,
    /// As many bytes as are sealed.
    pub(crate) read_sealed: Times,
    pub(crate) texts: Texts,
}

/// Writes all of it.
pub(crate) fn markdown(report: &Report) -> String {
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = head(&mut out, report);
    let _ = headline(&mut out, report);
    let _ = notes(&mut out, report);
    let _ = layouts(&mut out, report);
    let _ = texts(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { machine, ballots, seed, threads, repeat, choices, .. } = report;
    writeln!(out, "# Shomar beside other engines\n")?;
    writeln!(out, "`cargo xtask peers --ballots {ballots} --seed {seed}`, {machine}.")?;
    writeln!(
        out,
        "A synthetic nation: {ballots} ballots, {choices} choices that are read. {threads} threads \
         each, warm, in process,\n{repeat} repeats. Every count of every engine equals that of \
         `shomar tally`. What is fair and what favours whom:\n[README](../README.md).\n"
    )
}

/// One row of the headline.
fn row(
    out: &mut String,
    report: &Report,
    what: &str,
    times: Times,
    memory: Option<Watched>,
) -> std::fmt::Result {
    let count = report.tallied.count.best;
    let counted = count + report.tallied.merge;
    let memory = memory.map_or("| ".to_owned(), |Watched { peak_kib, anonymous_kib, .. }| {
        format!("{} | {}", peak_kib / 1024, anonymous_kib / 1024)
    });
    writeln!(
        out,
        "| {what} | {} | {} | {} | {} | {} | {memory} |",
        shown(times.best),
        shown(times.median),
        millions_a_second(report.choices, times.best),
        ratio(times.best, count),
        ratio(times.best, counted),
    )
}

fn headline(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { tallied, threads, .. } = report;
    writeln!(out, "## Votes per option\n")?;
    writeln!(
        out,
        "| | best s | median s | million choices/s | times shomar's count | times count and merge \
         | peak MB | not mapped MB |\n|---|---|---|---|---|---|---|---|"
    )?;
    let Times { best, median } = tallied.count;
    let merged = Times { best: best + tallied.merge, median: median + tallied.merge };
    let once = |time: Duration| Times { best: time, median: time };
    let name = |what: &str| format!("shomar: {what}");
    let memory = Some(tallied.memory);
    let verify = name("index, verify and count");
    row(out, report, &format!("**{verify}**"), tallied.count, memory)?;
    row(out, report, &name("the same, merged, with its digest"), merged, None)?;
    row(out, report, &name("index, verify and count, 1 thread"), tallied.alone, None)?;
    row(out, report, &name("first count of a process"), once(tallied.first_touch), None)?;
    row(out, report, &name("a whole process"), once(tallied.whole), None)?;
    for Counted { engine, layout, choices, memory, .. } in fastest(&report.counted) {
        row(out, report, &format!("{engine}: {layout}"), *choices, Some(*memory))?;
    }
    let plain = |bytes: &str| format!("plain read of {bytes}, {threads} threads");
    row(out, report, &plain("2 bytes for each choice"), report.read_choices, None)?;
    row(out, report, &plain("as many bytes as are sealed"), report.read_sealed, None)
}

fn notes(out: &mut String, report: &Report) -> std::fmt::Result {
    let Report { tallied, ballots, read_choices, read_sealed, .. } = report;
    let count = tallied.count.best;
    let hundredths = u128::from(tallied.bytes) * 100 / u128::from((*ballots).max(1));
    let (whole, hundredths) = (hundredths / 100, hundredths % 100);
    writeln!(out)?;
    if let Some(peer) = fastest(&report.counted).first() {
        let (times, engine) = (ratio(peer.choices.best, count), &peer.engine);
        writeln!(out, "* The fastest peer, {engine}, takes {times} times as long as shomar.")?;
    }
    writeln!(
        out,
        "* Shomar takes {} times as long as a plain read of 2 bytes for each choice, {} times as \
         long as one of its own bytes.",
        ratio(count, read_choices.best),
        ratio(count, read_sealed.best)
    )?;
    writeln!(
        out,
        "* Sealed: {} bytes in {} batches, {whole}.{hundredths:02} bytes a ballot. Opening and \
         mapping {} s, merging {} s.",
        tallied.bytes,
        tallied.batches,
        shown(tallied.open),
        shown(tallied.merge)
    )?;
    writeln!(
        out,
        "* Ballots a second: {} million counted, {} million generated, sealed and synced.\n",
        millions_a_second(*ballots, count),
        millions_a_second(*ballots, tallied.generate)
    )
}

fn layouts(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "## All layouts\n")?;
    writeln!(
        out,
        "Options: `GROUP BY` option. Ballots: `GROUP BY` district and kind. Loading and opening \
         are not timed with them.\n"
    )?;
    writeln!(
        out,
        "| engine | layout | options best s | median s | ballots best s | median s | load s |\n\
         |---|---|---|---|---|---|---|"
    )?;
    for Counted { engine, layout, load, choices, ballots, .. } in &report.counted {
        writeln!(
            out,
            "| {engine} | {layout} | {} | {} | {} | {} | {} |",
            shown(choices.best),
            shown(choices.median),
            shown(ballots.best),
            shown(ballots.median),
            shown(*load)
        )?;
    }
    writeln!(out)
}

fn texts(out: &mut String, report: &Report) -> std::fmt::Result {
    let Texts { ballots, bytes, generate, seal, peer, load } = &report.texts;
    writeln!(out, "## Text\n")?;
    writeln!(out, "{ballots} ballots of the same nation as CSV, {} MB.\n", bytes / 1_000_000)?;
    writeln!(out, "| | best s | median s | million ballots/s | times `shomar seal` |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    let once = Times { best: *generate, median: *generate };
    for (what, times) in [
        ("`shomar seal`: read, look up, canonicalise, hash, seal, sync; whole process", seal),
        (&format!("{peer}: `read_csv` into a table of text; in process"), load),
        ("`shomar generate --text`; whole process", &once),
    ] {
        writeln!(
            out,
            "| {what} | {} | {} | {} | {} |",
            shown(times.best),
            shown(times.median),
            millions_a_second(*ballots, times.best),
            ratio(times.best, seal.best)
        )?;
    }
    Ok(())
}
