//! `shomar replay`: sends a sealed nation to a server, and holds it to the known answer.
//!
//! In: a folder as `shomar generate` writes it, a server, a schedule, perhaps a script of faults.
//! Out: what was acknowledged, how long it took, what the server said to each fault, whether its
//! totals are the known ones; exit code 1 where anything is otherwise than it should be. Never: a
//! word on stdout but the report.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use shomar_replay::{
    Decimal, FaultScript, Options, Phase, Plan, Progress, Report, Schedule, Target, TlsFiles,
    parse_rate,
};

use crate::descriptors::raise_limit;
use crate::output::{Format, print_json, to_stdout};
use crate::progress::batches_bar;

/// Arguments of `shomar replay`.
#[derive(Args)]
pub(crate) struct ReplayArguments {
    /// Folder of segments, with election/ and expected.json.
    directory: PathBuf,
    /// The server: http://HOST:PORT or https://HOST:PORT.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Batches per second, whatever the server does [default: as fast as acknowledged].
    #[arg(long, value_name = "N/s", value_parser = parse_rate)]
    rate: Option<Decimal>,
    /// Divides all times of the schedule; may be a decimal like 0.5.
    #[arg(long, value_name = "X", default_value = "1")]
    speed: Decimal,
    /// constant; surge: most arrive in the first tenth of the time; retry-storm: a surge in which
    /// every fifth request is sent again before its answer arrives.
    #[arg(long, value_name = "NAME", default_value = "constant")]
    schedule: Schedule,
    /// Keep-alive connections at most [default: 256]; never more than stations.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: Option<u32>,
    /// Batches in one request at most: of different stations, and due.
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    per_request: u32,
    /// So many look at the live page meanwhile; the report says how far it was behind.
    #[arg(long, value_name = "N", default_value = "0",
          value_parser = clap::value_parser!(u32).range(..=100_000))]
    readers: u32,
    /// At which view [default: /fa/].
    #[arg(long, value_name = "PATH", requires = "readers")]
    view: Option<String>,
    /// What goes wrong besides (TOML; docs/commands.md).
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Where the report goes: FILE as .json, .txt, .hgrm and .svg.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Equal seeds give equal faults.
    #[arg(long, value_name = "S", default_value = "1405")]
    seed: u64,
    /// Certificates (PEM) by which an https server is vouched for.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Our own certificate (PEM), for a server that asks for one.
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,
    /// Its secret key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
    /// Give up after so many seconds without any answer.
    #[arg(long, value_name = "SECONDS", default_value = "120",
          value_parser = clap::value_parser!(u32).range(1..))]
    give_up: u32,
    /// What to print.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Runs the command.
pub(crate) fn run(arguments: &ReplayArguments) -> anyhow::Result<ExitCode> {
    if let Some(path) = &arguments.report {
        Report::check_place(path)?;
    }
    let own = arguments.certificate.as_deref().zip(arguments.certificate_key.as_deref());
    let files = TlsFiles { authorities: arguments.ca.as_deref(), own };
    let target = Target::new(&arguments.to, files)?;
    let faults = match &arguments.faults {
        Some(path) => FaultScript::read(path)?,
        None => FaultScript::default(),
    };
    raise_limit();
    let plan = Arc::new(Plan::read(&arguments.directory)?);
    let mut options = Options::new(target);
    options.rate = arguments.rate;
    options.speed = arguments.speed;
    options.schedule = arguments.schedule;
    options.connections = arguments.connections.map(|connections| connections as usize);
    options.per_request = arguments.per_request as usize;
    options.readers = arguments.readers as usize;
    if let Some(view) = &arguments.view {
        options.view.clone_from(view);
    }
    options.faults = faults;
    options.seed = arguments.seed;
    options.give_up = Duration::from_secs(u64::from(arguments.give_up));
    let bar = batches_bar("sending", plan.batch_count() as u64);
    let report = shomar_replay::run(&plan, &options, &|progress: Progress| {
        bar.set_position(progress.acknowledged);
        if progress.phase == Phase::Settling {
            bar.set_message("comparing");
        }
    });
    bar.finish_and_clear();
    let report = report?;
    match arguments.format {
        Format::Json => print_json(&report)?,
        Format::Table => to_stdout(|out| out.write_all(report.text().as_bytes()))?,
    }
    if let Some(path) = &arguments.report {
        report.save(path)?;
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
