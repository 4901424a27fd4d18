//! The runs of PostgreSQL: each layout with each number of connections, and any of them again.
//!
//! In: a server, batches. Out: the time of every run. Never: a time of totals or raw rows that are
//! not those of the text.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::peers::stream::batches::{Batches, Totals};
use crate::peers::stream::layouts::Layout;
use crate::peers::stream::postgres::Postgres;

const CONNECTIONS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// The fastest run is made again with a wait before each commit, so that more commits share it.
const COMMIT_DELAYS_US: [u32; 2] = [200, 1_000];

/// One run, counted right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) layout: Layout,
    pub(crate) connections: usize,
    pub(crate) commit_delay_us: u32,
    pub(crate) time: Duration,
}

/// The fastest.
pub(crate) fn fastest(runs: &[Run]) -> Option<&Run> {
    runs.iter().min_by_key(|run| run.time)
}

/// The fastest of one layout.
pub(crate) fn fastest_of(runs: &[Run], layout: Layout) -> Option<&Run> {
    runs.iter().filter(|run| run.layout == layout).min_by_key(|run| run.time)
}

/// The middle one of the runs of one layout.
pub(crate) fn median_of(runs: &[Run], layout: Layout) -> Option<&Run> {
    let mut of_layout: Vec<&Run> = runs.iter().filter(|run| run.layout == layout).collect();
    of_layout.sort_by_key(|run| run.time);
    of_layout.get(of_layout.len() / 2).copied()
}

/// A server and the batches that it is given in every run.
pub(crate) struct Bench<'a> {
    postgres: &'a Postgres<'a>,
    batches: &'a Batches,
    folder: &'a Path,
    totals: Totals,
}

impl<'a> Bench<'a> {
    /// Begins with a run that is not timed: the log's files are made in it, and used again
    /// afterwards.
    pub(crate) fn new(
        postgres: &'a Postgres<'a>,
        batches: &'a Batches,
        folder: &'a Path,
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let bench = Self { postgres, batches, folder, totals: batches.totals() };
        bench.run(Layout::Choice, 4, 0)?;
        Ok(bench)
    }

    /// Each layout with each number of connections, and the fastest of them with a delay.
    pub(crate) fn sweep(&self) -> Result<Vec<Run>> {
        let mut runs = Vec::new();
        for layout in Layout::ALL {
            for connections in CONNECTIONS {
                runs.push(self.run(layout, connections, 0)?);
            }
        }
        let fastest = fastest(&runs).context("no run")?.clone();
        for commit_delay_us in COMMIT_DELAYS_US {
            runs.push(self.run(fastest.layout, fastest.connections, commit_delay_us)?);
        }
        Ok(runs)
    }

    /// The same run once more.
    pub(crate) fn again(&self, run: &Run) -> Result<Run> {
        self.run(run.layout, run.connections, run.commit_delay_us)
    }

    fn run(&self, layout: Layout, connections: usize, commit_delay_us: u32) -> Result<Run> {
        let name = layout.name();
        eprintln!("PostgreSQL: {name}, {connections} connections, delay {commit_delay_us} us");
        self.postgres.run(&layout.tables(self.batches))?;
        let mut scripts: Vec<PathBuf> = Vec::new();
        for connection in 0..connections {
            let path = self.folder.join(format!("{connection}.sql"));
            let mut file = BufWriter::new(File::create(&path)?);
            layout.script(&mut file, self.batches, connection, connections, commit_delay_us)?;
            file.flush()?;
            scripts.push(path);
        }
        let time = self.postgres.run_together(&scripts)?;
        self.check(layout).with_context(|| format!("PostgreSQL, {name}"))?;
        Ok(Run { layout, connections, commit_delay_us, time })
    }

    /// Totals and raw rows are those of the text.
    fn check(&self, layout: Layout) -> Result<()> {
        let rows = self.postgres.run("SELECT count(*) FROM raw;\n")?;
        let expected = layout.rows(self.batches);
        if rows.trim() != expected.to_string() {
            bail!("found {} raw rows, expected {expected}", rows.trim());
        }
        for query in layout.queries() {
            let found = totals_in(&self.postgres.run(&query)?)?;
            if found != self.totals {
                let same = found.iter().filter(|(key, votes)| self.totals.get(key) == Some(votes));
                bail!(
                    "{} of {} totals are not those of the text: {query}",
                    self.totals.len().max(found.len()) - same.count(),
                    self.totals.len()
                );
            }
        }
        Ok(())
    }
}

/// Rows `district|option|votes`, as psql prints them.
fn totals_in(text: &str) -> Result<Totals> {
    let row = |line: &str| {
        let mut fields = line.split('|');
        let mut next = || fields.next().unwrap_or_default();
        Ok::<_, anyhow::Error>(((next().parse()?, next().parse()?), next().parse()?))
    };
    let rows = text.lines().map(|line| {
        row(line).with_context(|| format!("found the row {line}, expected three numbers"))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_as_psql_prints_them() {
        let expected = Totals::from([((0, -1), 2), ((7, 12), 900)]);
        assert_eq!(totals_in("7|12|900\n0|-1|2\n").unwrap(), expected);
        assert!(totals_in("7|12\n").is_err());
        assert!(totals_in("|12|1\n").is_err());
    }

    #[test]
    fn fastest_run_is_found() {
        let run = |connections, millis| Run {
            layout: Layout::Batch,
            connections,
            commit_delay_us: 0,
            time: Duration::from_millis(millis),
        };
        let runs = [run(1, 9), run(2, 5), run(4, 7)];
        assert_eq!(fastest(&runs), Some(&runs[1]));
        assert_eq!(fastest(&[]), None);
        assert_eq!(fastest_of(&runs, Layout::Batch), Some(&runs[1]));
        assert_eq!(fastest_of(&runs, Layout::Choice), None);
        assert_eq!(median_of(&runs, Layout::Batch), Some(&runs[2]));
        assert_eq!(median_of(&runs, Layout::Choice), None);
    }
}
