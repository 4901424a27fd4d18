//! `shomar key`: a new secret key for a device or an officer.
//!
//! In: a place for it. Out: the secret in a file that only its owner can read, the public key on
//! stdout, as `devices.csv`, `stations.csv` and `election.toml` take it. Never: a secret printed, a
//! file written over, a key that anything but the system's random source chose.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use shomar_format::bytes::hex;
use shomar_format::record::SecretKey;

use crate::output::to_stdout;

/// Arguments of `shomar key`.
#[derive(Args)]
pub(crate) struct KeyArguments {
    /// New file for the secret key.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the command.
pub(crate) fn run(arguments: &KeyArguments) -> anyhow::Result<ExitCode> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("the system gives no random bytes")?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let path = &arguments.out;
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    writeln!(file, "{}", hex(&seed))
        .and_then(|()| file.sync_all())
        .with_context(|| path.display().to_string())?;
    to_stdout(|out| writeln!(out, "{}", hex(&SecretKey::from_seed(&seed).public())))?;
    Ok(ExitCode::SUCCESS)
}
