//! `cargo xtask`: the project's automation, as a program instead of shell scripts.
//!
//! In: a checkout of the workspace. Out: findings, each with its place, and an exit code (0 clean,
//! 1 something was found, 2 a check could not be made). It never changes a tracked file, and it
//! depends on no crate of ours: a broken engine must not keep the checker from saying so.

mod axe;
mod check;
mod depcheck;
mod findings;
mod growth;
mod machine;
mod measure;
mod measure_night;
mod nextest;
mod peers;
mod peers_seats;
mod programs;
mod received;
mod report;
mod server;
mod soak;
mod tidy;
mod times;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks of the workspace; CI runs `check --install`")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that CI does; goes on after a failure, so that all problems are seen
    Check {
        /// Install missing tools from Debian's packages (as root)
        #[arg(long)]
        install: bool,
    },
    /// Quick checks of the text of every file
    Tidy,
    /// The walls between crates, dev-dependencies included
    Depcheck,
    /// The slow checks: many more cases of every property, a large nation, Miri
    Soak {
        /// Cases of each property
        #[arg(long, default_value = "20000")]
        cases: u32,
        /// Ballots of the nation that every kernel counts
        #[arg(long, default_value = "20000000")]
        ballots: u64,
        /// Random elections that both implementations of the seat rules compute
        #[arg(long, default_value = "5000000")]
        elections: u64,
        /// Times that a server is killed while it receives
        #[arg(long, default_value = "10000")]
        kills: u64,
    },
    /// Time and memory of the commands: the figures of README
    Measure {
        /// Ballots to generate, seal and count
        #[arg(long, default_value = "10000000")]
        ballots: u64,
        /// A server on election night, in place of the commands
        #[arg(long)]
        night: bool,
    },
    /// The same nation counted by other engines, compared number by number, timed side by side
    Peers(peers::Options),
    /// The same elections by votelib and apportionpy, compared seat by seat
    PeersSeats(peers_seats::Options),
    /// How the time of a count grows with the ballots: a picture and a table
    Growth(growth::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let clean = Workspace::locate().and_then(|workspace| match arguments.task {
        Task::Check { install } => check::run(
            &workspace,
            if install { tools::Missing::Install } else { tools::Missing::Name },
        ),
        Task::Tidy => tidy::run(&workspace).map(|findings| findings.print("tidy")),
        Task::Soak { cases, ballots, elections, kills } => {
            soak::run(&workspace, soak::Amount { cases, ballots, elections, kills })
        }
        Task::Measure { ballots, night: true } => measure_night::run(&workspace, ballots),
        Task::Measure { ballots, night: false } => measure::run(&workspace, ballots),
        Task::Peers(options) => peers::run(&workspace, &options),
        Task::PeersSeats(options) => peers_seats::run(&workspace, &options),
        Task::Growth(options) => growth::run(&workspace, &options),
        Task::Depcheck => depcheck::run(&workspace).map(|findings| findings.print("depcheck")),
    });
    match clean {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_sound() {
        super::Arguments::command().debug_assert();
    }
}
