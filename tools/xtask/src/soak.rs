//! `cargo xtask soak`: the slow checks, for a night or a change of a kernel.
//!
//! In: the workspace, how long to go on. Out: the board of steps. Never: part of the ordinary
//! check; nothing here is needed to see that the tree is sound, only to believe it longer.
//!
//! Property tests with many more cases than usual; a nation of many millions counted by every
//! kernel; millions of random elections by both implementations of the seat rules; a server killed
//! ten thousand times; papers as PDF, which the check leaves out since typst is slow to build
//! (decision 0014); and Miri, which sees what no test sees of the code with `unsafe`, where it
//! is installed.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::check::command_step;
use crate::report::Board;
use crate::workspace::{CommandLine, Workspace};

/// How long to go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// Cases of each property.
    pub(crate) cases: u32,
    /// Ballots of the nation.
    pub(crate) ballots: u64,
    /// Random elections that both implementations of the seat rules compute.
    pub(crate) elections: u64,
    /// Times that a server is killed.
    pub(crate) kills: u64,
}

/// Runs every step; true when all passed.
pub(crate) fn run(workspace: &Workspace, amount: Amount) -> Result<bool> {
    let mut board = Board::new();
    let cases = amount.cases.to_string();
    // Some properties pass over cases without a vote: as many more as there are more cases.
    let properties = CommandLine::new("cargo test --workspace --exclude shomar-report --lib")
        .with("PROPTEST_CASES", &cases)
        .with("PROPTEST_MAX_GLOBAL_REJECTS", &cases);
    command_step(&mut board, workspace, "properties", &properties);
    // Of the whole workspace: a package alone would be built once more, with fewer features.
    let slow = |name: &str| {
        CommandLine::new(&format!(
            "cargo test --workspace --exclude shomar-report --test it {name}"
        ))
    };
    let nation =
        slow("every_kernel_counts").with("SHOMAR_SOAK_BALLOTS", &amount.ballots.to_string());
    command_step(&mut board, workspace, "a nation by every kernel", &nation);
    let elections = slow("both_implementations_agree")
        .with("SHOMAR_SOAK_ELECTIONS", &amount.elections.to_string());
    command_step(&mut board, workspace, "seats by both implementations", &elections);
    let kills =
        slow("nothing_acknowledged_is_lost").with("SHOMAR_SOAK_KILLS", &amount.kills.to_string());
    command_step(&mut board, workspace, "a server that is killed", &kills);
    let papers = CommandLine::new("cargo test --package shomar-report");
    command_step(&mut board, workspace, "papers as PDF", &papers);
    let papers =
        CommandLine::new("cargo clippy --package shomar-report --all-targets -- -D warnings");
    command_step(&mut board, workspace, "clippy of what makes PDF", &papers);
    match miri() {
        Some(miri) => {
            command_step(&mut board, workspace, "Miri", &miri);
        }
        None => board.skip("Miri", "not installed: rustup +nightly component add miri"),
    }
    Ok(board.finish())
}

/// How Miri is called here. Its machine has no AVX-512, so it runs the portable kernel and every
/// reader of bytes; a few cases are enough, it is a thousand times slower.
fn miri() -> Option<CommandLine> {
    let is_there = |toolchain: &&&str| {
        let arguments = toolchain.split_whitespace().chain(["miri", "--version"]);
        let found = Command::new("cargo")
            .args(arguments)
            .env_remove("RUSTUP_TOOLCHAIN")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        found.is_ok_and(|status| status.success())
    };
    let toolchain = ["", "+nightly"].iter().find(is_there)?;
    let line = format!(
        "cargo {toolchain} miri test --package shomar-format --package shomar-engine --lib"
    );
    Some(
        CommandLine::new(&line)
            .with("PROPTEST_CASES", "4")
            .with("MIRIFLAGS", "-Zmiri-disable-isolation"),
    )
}
