//! `cargo xtask growth`: how the time of a count grows with the ballots.
//!
//! In: the largest number of ballots. Out: a picture and a table in `benches/results`. Never: a
//! size that the disk does not hold, or one left out without saying so; a folder left behind.

mod picture;

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::machine::{Machine, disk_free, memory_available};
use crate::peers::ours::{Nation, plain_read};
use crate::peers::write_result;
use crate::programs::{Programs, Scratch};
use crate::times::{millions_a_second, ratio, shown};
use crate::workspace::Workspace;

/// Sizes in millions of ballots.
const MILLIONS: [u64; 11] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000];
/// Sealed bytes of a ballot are about 12; the rest is the election and room to breathe.
const DISK_BYTES_PER_BALLOT: u64 = 16;
const DISK_BYTES_BESIDES: u64 = 1 << 30;
const REPEAT: u32 = 5;
/// Beyond it, powers of two are enough lines.
const THREADS_ALL: u32 = 4;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The largest nation, in ballots; sizes go on to 2,000,000,000
    #[arg(long, default_value = "500000000")]
    to: u64,
    #[arg(long, default_value = "1405")]
    seed: u64,
}

/// What was measured at one size.
struct Point {
    ballots: u64,
    batches: u64,
    bytes: u64,
    generate: Duration,
    /// Best count with each number of threads.
    counts: Vec<(u32, Duration)>,
    merge: Duration,
    /// As many bytes as are sealed, with all threads; `None` where memory has no room for them.
    read: Option<Duration>,
    /// Whether memory could hold the evidence: otherwise it is the disk that was measured.
    in_memory: bool,
    peak_kib: u64,
    anonymous_kib: u64,
}

/// Measures every size up to the largest, and draws.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<bool> {
    let sizes = MILLIONS.map(|millions| millions * 1_000_000);
    let sizes: Vec<u64> = sizes.into_iter().filter(|&ballots| ballots <= options.to).collect();
    if sizes.len() < 2 {
        bail!("found --to {}, expected at least 2000000: a line has two points", options.to);
    }
    let machine = Machine::read()?;
    let programs = Programs::build(workspace, &["shomar", "shomar-benches"])?;
    let scratch = Scratch::new(workspace.target()?.join("growth"), false)?;
    let (mut points, mut skipped) = (Vec::new(), Vec::new());
    for ballots in sizes {
        let needed = disk_needed(ballots);
        let free = disk_free(&scratch.at(""))?;
        if free < needed {
            let gigabytes = |bytes: u64| bytes / 1_000_000_000;
            let (needed, free) = (gigabytes(needed), gigabytes(free));
            skipped.push(format!("{ballots} ballots: {needed} GB of disk needed, {free} GB free"));
            continue;
        }
        eprintln!("{ballots} ballots");
        points.push(measure(&programs, &scratch, &machine, ballots, options.seed)?);
    }
    for line in &skipped {
        eprintln!("skipped: {line}");
    }
    let table = table(&machine, options, &points, &skipped)?;
    print!("{table}");
    write_result(&workspace.root, "benches/results/growth.md", &table)?;
    let picture = picture::draw(&machine, &points)?;
    write_result(&workspace.root, "benches/results/growth.svg", &picture)?;
    Ok(true)
}

fn disk_needed(ballots: u64) -> u64 {
    ballots * DISK_BYTES_PER_BALLOT + DISK_BYTES_BESIDES
}

/// One thread, all of them, and what lies between.
fn thread_counts(cores: u32) -> Vec<u32> {
    if cores <= THREADS_ALL {
        return (1..=cores).collect();
    }
    let powers = (0..u32::BITS).map(|power| 1 << power);
    powers.take_while(|&threads| threads < cores).chain([cores]).collect()
}

fn measure(
    programs: &Programs,
    scratch: &Scratch,
    machine: &Machine,
    ballots: u64,
    seed: u64,
) -> Result<Point> {
    let nation = Nation { programs, scratch, folder: scratch.at("sealed") };
    let generate = nation.generate(ballots, seed, machine.cores)?;
    let bytes = nation.bytes()?;
    // A third is left to whatever else is in memory.
    let in_memory = bytes < memory_available()? / 3 * 2;
    let mut counts = Vec::new();
    let mut last = None;
    for threads in thread_counts(machine.cores) {
        let (summary, document, watched) = nation.tally(threads, REPEAT)?;
        let best = summary.counts.iter().min().context("no count was timed")?;
        counts.push((threads, *best));
        last = Some((summary, document, watched));
    }
    let (summary, document, watched) = last.context("no count was made")?;
    let batches = document["frontier"]["batches"].as_u64();
    fs::remove_dir_all(&nation.folder)?;
    let room = bytes < memory_available()? / 3 * 2;
    let read = || plain_read(programs, scratch, bytes, machine.cores, REPEAT);
    Ok(Point {
        ballots,
        batches: batches.context("the summary of `shomar tally` has no frontier")?,
        bytes,
        generate,
        counts,
        merge: summary.merge,
        read: if room { Some(read()?.best) } else { None },
        in_memory,
        peak_kib: watched.peak_kib,
        anonymous_kib: watched.anonymous_kib,
    })
}

fn table(
    machine: &Machine,
    options: &Options,
    points: &[Point],
    skipped: &[String],
) -> Result<String> {
    let mut out = String::new();
    let threads = thread_counts(machine.cores);
    writeln!(out, "# Time against ballots\n")?;
    writeln!(out, "`cargo xtask growth --to {} --seed {}`, {machine}.", options.to, options.seed)?;
    writeln!(
        out,
        "Index, verify and count, in process; best of {REPEAT}. Generate: sealed and synced, whole \
         process. Plain read: as many\nbytes of memory as are sealed, all threads.\n"
    )?;
    write!(out, "| million ballots | batches | sealed MB | bytes a ballot | generate s |")?;
    for threads in &threads {
        write!(out, " count s, {threads} thread{} |", if *threads == 1 { "" } else { "s" })?;
    }
    writeln!(out, " ns a ballot | merge s | plain read s | times it | peak MB | not mapped MB |")?;
    writeln!(out, "|{}", "---|".repeat(11 + threads.len()))?;
    for point in points {
        let Point { ballots, batches, bytes, peak_kib, anonymous_kib, .. } = point;
        let hundredths = bytes * 100 / ballots;
        write!(
            out,
            "| {}{} | {batches} | {} | {}.{:02} | {} |",
            ballots / 1_000_000,
            if point.in_memory { "" } else { " (beyond memory)" },
            bytes / 1_000_000,
            hundredths / 100,
            hundredths % 100,
            shown(point.generate)
        )?;
        let mut best = Duration::MAX;
        for (_, count) in &point.counts {
            write!(out, " {} |", shown(*count))?;
            best = best.min(*count);
        }
        let tenths = best.as_nanos() * 10 / u128::from(*ballots);
        let read = point.read.map_or("no room".to_owned(), shown);
        let times = point.read.map_or(String::new(), |read| ratio(best, read));
        writeln!(
            out,
            " {}.{} | {} | {read} | {times} | {} | {} |",
            tenths / 10,
            tenths % 10,
            shown(point.merge),
            peak_kib / 1024,
            anonymous_kib / 1024
        )?;
    }
    if let Some(last) = points.last() {
        let best = last.counts.iter().map(|(_, count)| *count).min().unwrap_or_default();
        let rate = millions_a_second(last.ballots, best);
        writeln!(out, "\nThe largest nation: {rate} million ballots a second.")?;
    }
    for line in skipped {
        writeln!(out, "\nSkipped: {line}.")?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cores_are_all_measured_and_many_by_powers_of_two() {
        assert_eq!(thread_counts(1), [1]);
        assert_eq!(thread_counts(3), [1, 2, 3]);
        assert_eq!(thread_counts(8), [1, 2, 4, 8]);
        assert_eq!(thread_counts(12), [1, 2, 4, 8, 12]);
    }

    pub(super) fn points() -> Vec<Point> {
        let point = |millions: u64| Point {
            ballots: millions * 1_000_000,
            batches: millions * 1_400,
            bytes: millions * 12_000_000,
            generate: Duration::from_millis(millions * 250),
            counts: vec![
                (1, Duration::from_micros(millions * 900)),
                (2, Duration::from_micros(millions * 500)),
            ],
            merge: Duration::from_millis(10),
            read: Some(Duration::from_micros(millions * 400)),
            in_memory: millions < 500,
            peak_kib: millions * 12_000,
            anonymous_kib: 50_000,
        };
        MILLIONS.map(point).into_iter().collect()
    }

    #[test]
    fn table_has_a_column_for_every_thread_count_and_says_what_was_skipped() {
        let machine = Machine::for_tests(2);
        let options = Options { to: 2_000_000_000, seed: 1 };
        let text = table(&machine, &options, &points(), &["much: no disk".to_owned()]).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), 2 + MILLIONS.len());
        for row in rows {
            assert_eq!(row.matches('|').count(), 14, "{row}");
        }
        assert!(text.contains("500 (beyond memory)"), "{text}");
        assert!(text.contains("Skipped: much: no disk."), "{text}");
        assert!(text.contains("| 0.0250 | 25.0 |") || text.contains(" 0.5 |"), "{text}");
    }
}
