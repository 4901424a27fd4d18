//! `cargo xtask check`: everything that CI does, in the order that finds the cheap problems first.
//!
//! In: the workspace. Out: the steps' own output, then what the tests said, then the board. After a
//! failure it goes on, so that one run shows all problems; only tests wait for a build that works.
//! It never builds the same thing twice: one target folder, no `cargo build` besides what clippy
//! (metadata only) and the tests (test profile) need. What makes PDF is left to `soak`: typst alone
//! would take half of the time that there is (decision 0014).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::report::{Board, Ended};
use crate::tools::{self, Missing};
use crate::workspace::{CommandLine, DATA_VARIABLE, Workspace, is_in_path};
use crate::{axe, depcheck, nextest, tidy};

/// Tests append lines here (what they skipped, which real data they read), because the runner
/// hides the output of tests that pass.
const NOTES_VARIABLE: &str = "SHOMAR_TEST_NOTES";
const NOTES_FILE: &str = "test-notes.txt";

/// Runs every step; true when all passed.
pub(crate) fn run(workspace: &Workspace, missing: Missing) -> Result<bool> {
    let mut board = Board::new();
    say_where_real_data_is(workspace);
    let tools_rerun = "cargo xtask check --install";
    board.step("tools", tools_rerun, || tools::provide(workspace, missing));
    board.step("axe-core", axe::INSTALL, || axe::provide(workspace));
    let runner = Runner::found();

    command_step(
        &mut board,
        workspace,
        "rustfmt",
        &CommandLine::new("cargo fmt --all --check -- --color never"),
    );
    board.step("tidy", "cargo xtask tidy", || Ok(tidy::run(workspace)?.print("tidy")));
    board.step("depcheck", "cargo xtask depcheck", || {
        Ok(depcheck::run(workspace)?.print("depcheck"))
    });
    let clippy = CommandLine::new(
        "cargo clippy --workspace --exclude shomar-report --all-targets -- -D warnings",
    );
    command_step(&mut board, workspace, "clippy", &clippy);
    let documentation = CommandLine::new("cargo doc --workspace --exclude shomar-report --no-deps");
    let documentation = documentation.with("RUSTDOCFLAGS", "-D warnings");
    command_step(&mut board, workspace, "documentation", &documentation);

    match command_step(&mut board, workspace, "build of the tests", &runner.build()) {
        Ended::Passed => tests(&mut board, workspace, runner)?,
        Ended::Failed => {
            board.skip("doc tests", "the build failed");
            board.skip("benches, once", "the build failed");
            board.skip("tests", "the build failed");
        }
    }
    Ok(board.finish())
}

/// Doc tests come before the tests, so that the runner's closing line stays near the end.
fn tests(board: &mut Board, workspace: &Workspace, runner: Runner) -> Result<()> {
    let notes = notes_file(workspace)?;
    let doc_tests = with_surroundings(
        "cargo test --workspace --exclude shomar-report --doc",
        workspace,
        &notes,
    );
    command_step(board, workspace, "doc tests", &doc_tests);

    // Each bench once, on a small nation: what it asserts before it times anything must hold.
    // Selected out of the whole workspace: with one package alone, dependencies would be built anew
    // for the features which that package asks for.
    let benches = "cargo test --workspace --exclude shomar-report --bench *";
    let benches = with_surroundings(benches, workspace, &notes);
    command_step(board, workspace, "benches, once", &benches);

    let line = with_surroundings(runner.run(), workspace, &notes);
    let mut times = Vec::new();
    board.step("tests", runner.run(), || run_tests(workspace, &line, &mut times));
    for (name, duration) in &times {
        board.test_time(name, *duration);
    }
    print_notes(&notes);
    Ok(())
}

/// What runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    Nextest,
    CargoTest,
}

impl Runner {
    fn found() -> Self {
        if is_in_path("cargo-nextest") {
            return Self::Nextest;
        }
        println!("cargo-nextest not found, using cargo test");
        Self::CargoTest
    }

    fn build(self) -> CommandLine {
        CommandLine::new(match self {
            Self::Nextest => "cargo nextest run --workspace --exclude shomar-report --no-run",
            Self::CargoTest => {
                "cargo test --workspace --exclude shomar-report --lib --bins --tests --no-run"
            }
        })
    }

    /// Doc tests are a step of their own under either runner.
    fn run(self) -> &'static str {
        match self {
            Self::Nextest => {
                "cargo nextest run --workspace --exclude shomar-report --no-fail-fast \
                 --status-level pass --color never"
            }
            Self::CargoTest => {
                "cargo test --workspace --exclude shomar-report --lib --bins --tests --no-fail-fast"
            }
        }
    }
}

/// Runs a command as a step of the board.
pub(crate) fn command_step(
    board: &mut Board,
    workspace: &Workspace,
    name: &str,
    line: &CommandLine,
) -> Ended {
    board.step(name, &line.to_string(), || {
        let status = workspace.command(line).status();
        Ok(status.with_context(|| format!("cannot run {line}"))?.success())
    })
}

/// Streams the runner's lines to stdout as they come and picks the tests' times from them.
fn run_tests(
    workspace: &Workspace,
    line: &CommandLine,
    times: &mut Vec<(String, Duration)>,
) -> Result<bool> {
    // nextest reports on stderr; cargo test reports on stdout, which is simply inherited.
    let mut child = workspace
        .command(line)
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {line}"))?;
    let stderr = child.stderr.take().context("the runner has no stderr")?;
    let mut reader = BufReader::new(stderr);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        std::io::stdout().write_all(&bytes)?;
        std::io::stdout().flush()?;
        times.extend(nextest::test_time(&String::from_utf8_lossy(&bytes)));
        bytes.clear();
    }
    Ok(child.wait()?.success())
}

fn say_where_real_data_is(workspace: &Workspace) {
    match workspace.real_data() {
        Ok(found) => println!("real data: {}", found.display()),
        Err(sought) => println!(
            "real data: none at {} (set {DATA_VARIABLE}); tests that need it say what they skip",
            sought.display()
        ),
    }
}

/// Tests run in the folder of their package, so both paths are absolute. A data folder that is not
/// there is not named: tests see what the user set, and nothing if nothing was set.
fn with_surroundings(line: &str, workspace: &Workspace, notes: &Path) -> CommandLine {
    let line = CommandLine::new(line)
        .with(NOTES_VARIABLE, &notes.to_string_lossy())
        .with(axe::VARIABLE, &axe::file(workspace).to_string_lossy());
    match workspace.real_data() {
        Ok(found) => line.with(DATA_VARIABLE, &found.to_string_lossy()),
        Err(_) => line,
    }
}

/// The notes of the last run are emptied: they would vouch for tests that did not run today.
fn notes_file(workspace: &Workspace) -> Result<PathBuf> {
    let metadata = workspace.metadata()?;
    let target = metadata["target_directory"].as_str().context("cargo named no target folder")?;
    let path = Path::new(target).join(NOTES_FILE);
    std::fs::create_dir_all(target).with_context(|| format!("cannot make {target}"))?;
    std::fs::write(&path, "").with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn print_notes(path: &Path) {
    println!("What the tests said:");
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let lines = sorted_notes(&text);
            lines.iter().for_each(|line| println!("  {line}"));
            if lines.is_empty() {
                println!("  nothing");
            }
        }
        Err(error) => println!("  nothing that can be read: {}: {error}", path.display()),
    }
}

/// Tests end in any order and several may skip for the same reason.
fn sorted_notes(text: &str) -> BTreeSet<&str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_sorted_and_said_once() {
        let notes = sorted_notes("real data: b\nSKIPPED a\n\nreal data: b\n");
        assert_eq!(notes.into_iter().collect::<Vec<_>>(), ["SKIPPED a", "real data: b"]);
    }

    #[test]
    fn build_and_run_select_the_same_targets() {
        for runner in [Runner::Nextest, Runner::CargoTest] {
            let build = runner.build().to_string().replace(" --no-run", "");
            assert!(runner.run().starts_with(&build), "{runner:?} would build twice");
        }
    }

    #[test]
    fn nothing_of_the_check_builds_typst() {
        let source = include_str!("check.rs");
        let all = concat!("--work", "space ");
        for (at, _) in source.match_indices(all) {
            let rest = &source[at + all.len()..];
            assert!(rest.starts_with("--exclude shomar-report"), "{}", &rest[..40]);
        }
        assert!(source.matches(all).count() >= 7);
    }
}
