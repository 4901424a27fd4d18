//! The night itself: stations send their sealed batches to a server over loopback, which receives
//! them durably and counts them live.
//!
//! In: a folder that the stations have sealed, a folder for the journal. Out: how it went; the
//! journal, closed. Never: a batch that takes a way round the socket, or a night that goes on when
//! one was lost.

use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use shomar_ingest::{Config, Running, start_with};
use shomar_replay::{Options, Plan, Report, Target, TlsFiles};

use crate::failure::CheckFailed;
use crate::output::grouped;
use crate::progress::batches_bar;
use crate::room::Room;

/// Connections of all stations together: two cores serve no more at once.
const CONNECTIONS: usize = 128;

/// How the night went.
pub(super) struct Reception {
    /// From the first request to the last acknowledgement.
    pub(super) duration: Duration,
    /// Half of the batches were acknowledged so soon, and all but one of a hundred.
    pub(super) acknowledged: [Duration; 2],
    /// All but one of a hundred were in a published snapshot so soon after they had come.
    pub(super) published: Duration,
}

/// Serves a night in `data` while the stations of `sealed` send what they have.
pub(super) fn receive(sealed: &Path, data: &Path, port: u16) -> anyhow::Result<Reception> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let config = Config { listen, recount_seconds: 5, ..Config::default() };
    let room = Room::default();
    let running = start_with(&sealed.join("election"), data, &config, &|window| {
        room.pages(window, data, &config)
    })?;
    eprintln!("receiving on http://{} (a page, live) ...", running.address);
    let sent = send(sealed, &running);
    let delay = running.delay_at(0.99);
    room.close();
    // Stopped whatever has happened: the journal is closed, and nothing goes on behind our back.
    let stopped = running.stop();
    let report = sent?;
    let published = stopped?;
    if let Some(message) = published.failure.load().as_deref() {
        return Err(CheckFailed(message.clone()).into());
    }
    if !report.ok {
        return Err(CheckFailed(format!("the night did not go well\n{}", report.text())).into());
    }
    let micros = Duration::from_micros;
    Ok(Reception {
        duration: micros(report.duration_us),
        acknowledged: [micros(report.service.p50_us), micros(report.service.p99_us)],
        published: delay,
    })
}

fn send(sealed: &Path, running: &Running) -> anyhow::Result<Report> {
    let plan = Arc::new(Plan::read(sealed)?);
    let target = Target::new(&format!("http://{}", running.address), TlsFiles::default())?;
    let mut options = Options::new(target);
    options.connections = Some(CONNECTIONS);
    let lines = MultiProgress::new();
    let bar = lines.add(batches_bar("stations", plan.batch_count() as u64));
    let count = lines.add(ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{wide_msg}").expect("the template is a constant"),
    ));
    let is_over = AtomicBool::new(false);
    let report = std::thread::scope(|scope| {
        scope.spawn(|| show_count(running, &count, &is_over));
        let report = shomar_replay::run(&plan, &options, &|progress| {
            bar.set_position(progress.acknowledged);
        });
        is_over.store(true, Ordering::Relaxed);
        report
    });
    bar.finish_and_clear();
    count.finish_and_clear();
    Ok(report?)
}

/// Shows the live totals as they are published: in place on a terminal, else a line now and then.
fn show_count(running: &Running, line: &ProgressBar, is_over: &AtomicBool) {
    let is_terminal = std::io::stderr().is_terminal();
    let pause = if is_terminal { 100 } else { 1_000 };
    let mut shown = 0;
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(pause));
        let snapshot = running.published.snapshot.load_full();
        let Some(totals) = snapshot.totals.as_ref().filter(|_| snapshot.position != shown) else {
            continue;
        };
        shown = snapshot.position;
        let ballots = totals.ballots();
        let text = format!(
            "counted {} batches: {} ballots, valid {}, void {}; digest {}",
            grouped(shown),
            grouped(ballots.taken),
            grouped(ballots.valid),
            grouped(ballots.void),
            shomar_format::bytes::hex(&running.digest_of(totals)[..4])
        );
        if is_terminal {
            line.set_message(text);
        } else {
            eprintln!("{text}");
        }
    }
}
