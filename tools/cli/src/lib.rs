//! The commands of Shomar (docs/commands.md).
//!
//! In: arguments. Out: the program's output on stdout, everything else on stderr, an exit code: 0
//! done, 1 the data failed a check, 2 usage or unreadable input, 3 a lot is needed. Never: counting
//! or rules; those are the engine's.

pub mod commands;
mod count;
mod descriptors;
mod failure;
mod folder;
mod follow;
mod lots;
mod options;
mod output;
mod progress;
mod room;
mod slate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Counts an all-electronic election: exactly, and so fast that anyone can recount everything.
#[derive(Parser)]
#[command(name = "shomar", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show it all in one command: a synthetic nation, sealed, counted, every seat allocated.
    Night(commands::night::NightArguments),
    /// Generate a synthetic nation that knows its own answer.
    Generate(commands::generate::GenerateArguments),
    /// Seal ballots given as text into batches.
    Seal(commands::seal::SealArguments),
    /// Make a secret key, and print its public key.
    Key(commands::key::KeyArguments),
    /// Sign a decision: open, close, annul, reinstate, supersede, release, reject, lot, declare.
    Control(commands::control::ControlArguments),
    /// Say who may decide at the desk of a server.
    Operator(commands::operator::OperatorArguments),
    /// Send a sealed nation to a server, and hold it to the known answer.
    Replay(commands::replay::ReplayArguments),
    /// Verify and count every ballot of a folder of segments.
    Tally(commands::tally::TallyArguments),
    /// List every signed decision, with what it did to each district.
    Log(commands::log::LogArguments),
    /// Count, and turn the totals into seats by the rules of the election.
    Result(commands::result::ResultArguments),
    /// Write papers: minutes to sign, turnout, the review after the day.
    Report(commands::report::ReportArguments),
    /// Turn votes in a table into seats by one method.
    Seats(commands::seats::SeatsArguments),
    /// Hold somebody else's published seats against a rule, and say where they depart from it.
    CheckResult(commands::check_result::CheckResultArguments),
    /// Show the rules: methods, sets of rules with their articles, options, tables.
    Rules(commands::rules::RulesArguments),
    /// Write static signed files of the count, for any web server to carry.
    Publish(commands::publish::PublishArguments),
    /// Receive batches durably, and count them live.
    Serve(commands::serve::ServeArguments),
    /// Show what is in a segment, a sealed batch or a compiled definition.
    Inspect(commands::inspect::InspectArguments),
}

/// Runs the program with these arguments, the first of which is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to stdout with 0, usage errors to stderr with 2. A closed pipe is no news.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let result = match &arguments.command {
        Command::Night(arguments) => commands::night::run(arguments),
        Command::Generate(arguments) => commands::generate::run(arguments),
        Command::Seal(arguments) => commands::seal::run(arguments),
        Command::Key(arguments) => commands::key::run(arguments),
        Command::Control(arguments) => commands::control::run(arguments),
        Command::Operator(arguments) => commands::operator::run(arguments),
        Command::Replay(arguments) => commands::replay::run(arguments),
        Command::Tally(arguments) => commands::tally::run(arguments),
        Command::Log(arguments) => commands::log::run(arguments),
        Command::Result(arguments) => commands::result::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Seats(arguments) => commands::seats::run(arguments),
        Command::CheckResult(arguments) => commands::check_result::run(arguments),
        Command::Rules(arguments) => commands::rules::run(arguments),
        Command::Publish(arguments) => commands::publish::run(arguments),
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Inspect(arguments) => commands::inspect::run(arguments),
    };
    result.unwrap_or_else(|error| failure::report(&error))
}
