//! The board of steps: what was run, how it ended, how long it took.
//!
//! In: steps as they end, and the time of single tests. Out: after a failure its name and the
//! command to run that step alone; at the end the ten slowest and the total. It never decides what
//! is run; that is `check`.

use std::time::{Duration, Instant};

use anyhow::Result;

const SLOWEST_SHOWN: usize = 10;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Passed,
    Failed,
}

/// What was run so far.
pub(crate) struct Board {
    started: Instant,
    times: Vec<(String, Duration)>,
    failures: Vec<Failure>,
    skipped: Vec<String>,
}

struct Failure {
    step: String,
    rerun: String,
}

impl Board {
    /// An empty board; the total counts from here.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            times: Vec::new(),
            failures: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Runs one step and keeps its time. A step that could not be run has failed: it has not shown
    /// what it is there to show.
    pub(crate) fn step(
        &mut self,
        name: &str,
        rerun: &str,
        work: impl FnOnce() -> Result<bool>,
    ) -> Ended {
        eprintln!("== {name}");
        let started = Instant::now();
        let ended = match work() {
            Ok(true) => Ended::Passed,
            Ok(false) => Ended::Failed,
            Err(error) => {
                eprintln!("{name}: {error:#}");
                Ended::Failed
            }
        };
        self.times.push((name.to_owned(), started.elapsed()));
        if ended == Ended::Failed {
            eprintln!("FAILED: {name}; run it alone with: {rerun}");
            self.failures.push(Failure { step: name.to_owned(), rerun: rerun.to_owned() });
        }
        ended
    }

    /// Says that a step was not run: silence would read as a pass.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        eprintln!("== {name}: skipped, {why}");
        self.skipped.push(format!("{name}: not run, {why}"));
    }

    /// A single test's time; a test that is named again (in nextest's summary) is kept once.
    pub(crate) fn test_time(&mut self, name: &str, duration: Duration) {
        let row = format!("test {name}");
        if !self.times.iter().any(|(known, _)| *known == row) {
            self.times.push((row, duration));
        }
    }

    /// Prints the summary on stdout; true when no step failed.
    pub(crate) fn finish(mut self) -> bool {
        println!("The slowest steps and tests, in seconds:");
        for row in slowest(&mut self.times) {
            println!("{row}");
        }
        for skipped in &self.skipped {
            println!("{skipped}");
        }
        for failure in &self.failures {
            println!("FAILED: {}; run it alone with: {}", failure.step, failure.rerun);
        }
        let verdict = if self.failures.is_empty() { "passed" } else { "FAILED" };
        println!("check: {verdict}, {:.1} s in total", self.started.elapsed().as_secs_f64());
        self.failures.is_empty()
    }
}

/// The slowest rows, slowest first; equal times by name, so that two runs can be compared.
fn slowest(times: &mut [(String, Duration)]) -> Vec<String> {
    times.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    times
        .iter()
        .take(SLOWEST_SHOWN)
        .map(|(name, duration)| format!("{:>9.2}  {name}", duration.as_secs_f64()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_step_and_step_that_could_not_run_both_fail_the_board() {
        let mut board = Board::new();
        assert_eq!(board.step("good", "x", || Ok(true)), Ended::Passed);
        assert!(board.finish());
        let mut board = Board::new();
        assert_eq!(board.step("bad", "x", || Ok(false)), Ended::Failed);
        assert!(!board.finish());
        let mut board = Board::new();
        assert_eq!(board.step("broken", "x", || anyhow::bail!("no such program")), Ended::Failed);
        assert_eq!(board.step("next", "x", || Ok(true)), Ended::Passed);
        assert!(!board.finish());
    }

    #[test]
    fn ten_slowest_are_shown_slowest_first() {
        let mut times: Vec<(String, Duration)> = (1..=12)
            .map(|second| (format!("step {second}"), Duration::from_secs(second)))
            .collect();
        let rows = slowest(&mut times);
        assert_eq!(rows.len(), 10);
        assert_eq!(rows[0].trim(), "12.00  step 12");
        assert_eq!(rows[9].trim(), "3.00  step 3");
    }

    #[test]
    fn test_named_twice_is_kept_once() {
        let mut board = Board::new();
        board.test_time("a", Duration::from_secs(1));
        board.test_time("a", Duration::from_secs(1));
        assert_eq!(board.times.len(), 1);
    }
}
