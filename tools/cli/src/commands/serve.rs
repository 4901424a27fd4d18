//! `shomar serve`: election night. Batches are received durably and counted live.
//!
//! In: an election folder, a data folder, perhaps a configuration. Out: a server until it is told
//! to stop (SIGINT, SIGTERM) or its disk fails; its log on stderr. Never: an exit code 0 after a
//! failure, a journal left open by a stop.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use shomar_engine::outcome::contest_rules;
use shomar_format::election::read_head;
use shomar_ingest::{Config, start_with};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tracing::{info, warn};

use crate::descriptors::{connections_within, raise_limit};
use crate::room::Room;

/// Arguments of `shomar serve`.
#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Election folder.
    #[arg(long, value_name = "DIR")]
    election: PathBuf,
    /// Folder of the journal, new or that of an earlier run.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to listen [default: 127.0.0.1:1405].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Folder in which files with batches are laid by hand.
    #[arg(long, value_name = "DIR")]
    inbox: Option<PathBuf>,
    /// Limits, times, TLS: docs/serve.md.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Form of the log.
    #[arg(long, value_enum, default_value = "text")]
    log: LogForm,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    Text,
    Json,
}

/// Runs the command.
pub(crate) fn run(arguments: &ServeArguments) -> anyhow::Result<ExitCode> {
    let mut config = match &arguments.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    config.listen = arguments.listen.unwrap_or(config.listen);
    config.inbox = arguments.inbox.clone().or(config.inbox);
    let head = read_head(&arguments.election)?;
    contest_rules(&head, &[])
        .map_err(|problems| anyhow!("election.toml: {}", problems.join("\n")))?;
    begin_log(arguments.log);
    // Asked for before anything begins: a stop in the first moment is a stop as well.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The second time at once, whatever is under way: what was acknowledged is on disk.
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop)).context("cannot listen to signals")?;
    }
    let limit = raise_limit();
    let held = connections_within(limit, config.connections_max);
    if held < config.connections_max {
        let (wanted, limit) = (config.connections_max, limit.unwrap_or_default());
        warn!(wanted, held, limit, "fewer connections than connections_max: open files are few");
        config.connections_max = held;
    }
    let room = Room::default();
    let data = &arguments.data;
    let running = start_with(&arguments.election, data, &config, &|window| {
        room.pages(window, data, &config)
    })?;
    eprintln!("listening on {}", running.address);
    while !stop.load(Ordering::Relaxed) {
        if running.wait(Duration::from_millis(100)).is_some() {
            break;
        }
    }
    info!("stopping");
    room.close();
    let published = running.stop()?;
    let snapshot = published.snapshot.load();
    info!(counted = snapshot.position, "journal closed");
    match published.failure.load().as_deref() {
        None => Ok(ExitCode::SUCCESS),
        Some(message) => Err(anyhow!("the live count was found wrong: {message}")),
    }
}

fn begin_log(form: LogForm) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // A log that somebody else has set up before is as good.
    let _ = match form {
        LogForm::Text => builder.try_init(),
        LogForm::Json => builder.json().try_init(),
    };
}
