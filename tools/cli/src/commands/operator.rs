//! `shomar operator`: who may decide at the desk of a server.
//!
//! In: a file of operators, a name, an officer's secret key, a password. Out: the file with one
//! account more or less; names on stdout. Never: a secret printed, or taken from the command line;
//! a key that is not the officer's of election.toml.

use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use shomar_desk::{Account, Operators};
use shomar_format::bytes::{Digest32, digest_from_hex};
use shomar_format::election::{Officer, read_head};
use zeroize::Zeroizing;

use crate::failure::CheckFailed;
use crate::output::to_stdout;

/// Arguments of `shomar operator`.
#[derive(Args)]
pub(crate) struct OperatorArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Add an account: its password is asked for, or read from the first line of stdin.
    Add {
        /// File of operators, new or not.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Name of the account.
        #[arg(long)]
        name: String,
        /// Id of the officer for whom it signs.
        #[arg(long, value_name = "ID")]
        officer: String,
        /// File with the officer's secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Election folder.
        #[arg(long, value_name = "DIR", default_value = "election")]
        election: PathBuf,
    },
    /// List accounts with their officers.
    List {
        /// File of operators.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Whether a password opens an account and its officer's key.
    Check {
        /// File of operators.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Name of the account.
        #[arg(long)]
        name: String,
        /// Election folder.
        #[arg(long, value_name = "DIR", default_value = "election")]
        election: PathBuf,
    },
    /// Take an account away. A running server keeps it until it is started again.
    Remove {
        /// File of operators.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Name of the account.
        #[arg(long)]
        name: String,
    },
}

/// Runs the command.
pub(crate) fn run(arguments: &OperatorArguments) -> anyhow::Result<ExitCode> {
    match &arguments.what {
        What::Add { file, name, officer, key, election } => {
            let mut all = if file.exists() { Operators::read(file)? } else { Operators::default() };
            let officer = find_officer(election, officer)?;
            let seed = read_seed(key)?;
            let password = new_password()?;
            let account = Account::new(name, &officer, &password, &seed)?;
            all.add(account)?;
            all.write(file)?;
            eprintln!("{}: account {name} of officer {}", file.display(), officer.id);
        }
        What::List { file } => {
            let all = Operators::read(file)?;
            to_stdout(|out| {
                let mut accounts = all.accounts().iter();
                accounts.try_for_each(|own| writeln!(out, "{}\t{}", own.name, own.officer))
            })?;
        }
        What::Check { file, name, election } => {
            let all = Operators::read(file)?;
            let password = ask("Password: ")?;
            let Some(account) = all.open(name, &password) else {
                let failed = "found another name or password, expected those of an account";
                return Err(CheckFailed(failed.to_owned()).into());
            };
            let officer = find_officer(election, &account.officer)?;
            if account.open_key(&password, &officer).is_none() {
                let failed = format!(
                    "found another key in the account {name}, expected that of officer {}",
                    officer.id
                );
                return Err(CheckFailed(failed).into());
            }
            eprintln!("the password opens the account {name} of officer {}", officer.id);
        }
        What::Remove { file, name } => {
            let mut all = Operators::read(file)?;
            if !all.remove(name) {
                bail!("{}: found no account {name}, expected one", file.display());
            }
            all.write(file)?;
            eprintln!("{}: the account {name} is gone", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn find_officer(election: &Path, id: &str) -> anyhow::Result<Officer> {
    let head = read_head(election)?;
    let ids: Vec<&str> = head.officers.iter().map(|own| own.id.as_str()).collect();
    let expected = if ids.is_empty() { "an [[officer]]".to_owned() } else { ids.join(", ") };
    let found = head.officers.iter().find(|own| own.id == id).cloned();
    found.with_context(|| {
        format!("{}: found no officer '{id}', expected: {expected}", election.display())
    })
}

/// The seed in a key file.
fn read_seed(path: &Path) -> anyhow::Result<Zeroizing<Digest32>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let text = Zeroizing::new(text);
    let seed = digest_from_hex(text.trim()).with_context(|| {
        format!("{}: found something else, expected 64 hexadecimal digits", path.display())
    })?;
    Ok(Zeroizing::new(seed))
}

/// A password that nobody sees: from the terminal, or from the first line of stdin.
fn ask(prompt: &str) -> anyhow::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        let password = rpassword::prompt_password(prompt).context("cannot read a password")?;
        return Ok(Zeroizing::new(password));
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line).context("cannot read a password from stdin")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

/// A new password: on a terminal asked for twice.
fn new_password() -> anyhow::Result<Zeroizing<String>> {
    let password = ask("New password: ")?;
    if io::stdin().is_terminal() && *ask("The same again: ")? != *password {
        bail!("found two passwords, expected the same twice");
    }
    Ok(password)
}
