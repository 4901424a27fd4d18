//! The server as a whole: starts its threads in order, and stops them in the other.
//!
//! In: an election, a data folder, a configuration. Out: a running server, which is asked to stop
//! or says why it had to. Never: a thread left behind when `Running::stop` has returned; an answer
//! after the writer has failed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use crossbeam::channel::bounded;
use shomar_engine::Snapshot;
use shomar_format::bytes::Digest32;
use tokio::sync::{Semaphore, watch};
use tracing::{error, info};

use crate::config::Config;
use crate::follower::{Follower, Frontier, Published, Recounter};
use crate::gate::Gate;
use crate::http::{COSTLY_AT_ONCE, Room};
use crate::inbox::Inbox;
use crate::metrics::Metrics;
use crate::network::start_network;
use crate::small_cells;
use crate::start::{self, Election, StartError};
use crate::tls;
use crate::window::{Pages, Window};
use crate::writer::{Ended, Writer};

/// Why a server could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What it needs is not there, or not sound.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It cannot listen there.
    #[error("{address}: cannot listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error("tls: {0}")]
    Tls(String),
    /// The pages cannot be made.
    #[error("{0}")]
    Pages(String),
    /// The system gives no threads.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// A write or a sync failed: what is on the disk is not known any more.
    #[error("{0}; nothing was acknowledged that is not on disk")]
    Disk(String),
}

/// A server at work.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The last snapshot, for whoever wants to show it.
    pub published: Arc<Published>,
    election: &'static Election,
    metrics: Arc<Metrics>,
    frontier: Arc<Frontier>,
    gate: Arc<Gate>,
    stop: watch::Sender<bool>,
    is_stopping: Arc<AtomicBool>,
    failed: Arc<Mutex<Option<String>>>,
    network: Option<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
    others: Vec<JoinHandle<()>>,
}

/// Starts a server: when this returns, it answers.
///
/// # Errors
/// If the election, the journal, the address or the certificates cannot be used.
pub fn start(election: &Path, data: &Path, config: &Config) -> Result<Running, ServeError> {
    start_with(election, data, config, &|_| Ok(Pages::default()))
}

/// Starts a server that carries pages.
///
/// # Errors
/// As [`start`], or if the pages cannot be made.
pub fn start_with(
    election: &Path,
    data: &Path,
    config: &Config,
    pages: &dyn Fn(&Window) -> Result<Pages, String>,
) -> Result<Running, ServeError> {
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose().map_err(ServeError::Tls)?;
    // The count borrows the election for as long as the process lives; a server is started once.
    let election: &'static Election = Box::leak(Box::new(Election::open(election, data)?));
    let opened = start::open(election, data, config)?;
    let durable = opened.journal.durable().clone();
    let has_shown = durable.next_position > 0 && opened.state.ledger.shows_numbers();
    small_cells::say(data, election, config.small_cell_ballots, has_shown)?;
    info!(records = durable.next_position, data = %data.display(), "journal opened");
    let metrics = Arc::new(Metrics::new());
    let frontier = Arc::new(Frontier::new(&durable));
    let is_full = Arc::new(AtomicBool::new(false));
    let (queue, jobs) = bounded(config.queue_records_max);
    let bytes = config.waiting_bytes_max;
    let desk_only = config.takes_decisions_from_desk_alone(election.definition.head.mode);
    let gate = Gate::new(election, queue, bytes, Arc::clone(&metrics), Arc::clone(&is_full));
    let gate = Arc::new(gate.with_desk_only(desk_only));
    let (live, empty) = Follower::begin(election, config.small_cell_ballots);
    let published = Arc::new(Published {
        snapshot: ArcSwap::from_pointee(empty),
        recount: ArcSwapOption::empty(),
        failure: ArcSwapOption::empty(),
        waits: AtomicBool::new(false),
        mode: election.definition.head.mode,
    });
    let chains = Arc::clone(&opened.state.chains);
    let writer = Writer {
        journal: opened.journal,
        evidence: opened.evidence,
        state: opened.state,
        election,
        frontier: Arc::clone(&frontier),
        metrics: Arc::clone(&metrics),
        is_full,
        #[cfg(test)]
        planted: crate::tests::Planted::None,
    };
    let failed = Arc::new(Mutex::new(None));
    let (stop, stopped) = watch::channel(false);
    let is_stopping = Arc::new(AtomicBool::new(false));

    let writer = {
        let (failed, stop) = (Arc::clone(&failed), stop.clone());
        thread("writer", move || {
            if let Ended::Fatal(message) = writer.run(&jobs) {
                error!(message, "the disk has failed: stopping");
                let mut failed = failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                *failed = Some(message);
                let _ = stop.send(true);
            }
        })?
    };
    let follower = Follower {
        data: data.to_owned(),
        frontier: Arc::clone(&frontier),
        published: Arc::clone(&published),
        metrics: Arc::clone(&metrics),
        snapshot_pause: Duration::from_millis(config.snapshot_milliseconds),
    };
    let mut others = vec![thread("live count", move || follower.run(live))?];
    let recounter = Recounter {
        election,
        data: data.to_owned(),
        published: Arc::clone(&published),
        metrics: Arc::clone(&metrics),
        pause: Duration::from_secs(config.recount_seconds),
        is_stopping: Arc::clone(&is_stopping),
    };
    others.push(thread("full count", move || recounter.run())?);
    if let Some(folder) = &config.inbox {
        others.push(start_inbox(folder, config, &gate, &is_stopping)?);
    }
    let window = Window {
        election,
        data: data.to_owned(),
        published: Arc::clone(&published),
        frontier: Arc::clone(&frontier),
        gate: Arc::clone(&gate),
        metrics: Arc::clone(&metrics),
    };
    let pages = pages(&window).map_err(ServeError::Pages)?;
    let room = Room {
        election,
        gate: Arc::clone(&gate),
        frontier: Arc::clone(&frontier),
        published: Arc::clone(&published),
        metrics: Arc::clone(&metrics),
        chains,
        record_bytes_max: config.record_bytes_max,
        begins_at: durable.next_position,
        silence: config.silence(),
        costly: Arc::new(Semaphore::new(COSTLY_AT_ONCE)),
        may_see_everything: Arc::clone(&pages.may_see_everything),
    };
    let (address, network) = start_network(room, config, acceptor, pages, stopped)?;
    info!(%address, "listening");
    Ok(Running {
        address,
        published,
        election,
        metrics,
        frontier,
        gate,
        stop,
        is_stopping,
        failed,
        network: Some(network),
        writer: Some(writer),
        others,
    })
}

pub(crate) fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, ServeError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(ServeError::Thread)
}

fn start_inbox(
    folder: &Path,
    config: &Config,
    gate: &Arc<Gate>,
    is_stopping: &Arc<AtomicBool>,
) -> Result<JoinHandle<()>, ServeError> {
    if !folder.is_dir() {
        let path: PathBuf = folder.to_owned();
        let (found, expected) = ("no folder".to_owned(), "a folder for the inbox".to_owned());
        return Err(StartError::Data { path, found, expected }.into());
    }
    let inbox = Inbox {
        folder: folder.to_owned(),
        gate: Arc::clone(gate),
        record_bytes_max: config.record_bytes_max,
        segment_file_bytes_max: config.segment_file_bytes_max(),
        is_stopping: Arc::clone(is_stopping),
    };
    thread("inbox", move || inbox.run())
}

impl Running {
    /// Waits until the server has to stop by itself; `None` if `most` has passed before.
    #[must_use]
    pub fn wait(&self, most: Duration) -> Option<String> {
        let failed =
            || self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let end = std::time::Instant::now() + most;
        loop {
            match failed() {
                None if std::time::Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                failed => return failed,
            }
        }
    }

    /// The digest of a snapshot's totals.
    #[must_use]
    pub fn digest_of(&self, totals: &Snapshot) -> Digest32 {
        let definition = &self.election.definition;
        *totals.digest(&definition.counting(), &definition.head)
    }

    /// Records that are durable.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.frontier.durable_position()
    }

    /// A quantile of the times from arrival to snapshot, so far.
    #[must_use]
    pub fn delay_at(&self, quantile: f64) -> Duration {
        self.metrics.delay_at(quantile)
    }

    /// Stops: no further connection, what is under way is answered, the journal is closed, and the
    /// last snapshot has everything.
    ///
    /// # Errors
    /// If the disk has failed.
    pub fn stop(mut self) -> Result<Arc<Published>, ServeError> {
        let _ = self.stop.send(true);
        join(self.network.take());
        self.is_stopping.store(true, Ordering::Relaxed);
        self.gate.stop();
        join(self.writer.take());
        self.frontier.end();
        self.others.drain(..).for_each(|other| join(Some(other)));
        let failed = self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        match failed {
            Some(message) => Err(ServeError::Disk(message)),
            None => Ok(Arc::clone(&self.published)),
        }
    }
}

fn join(thread: Option<JoinHandle<()>>) {
    if let Some(Err(panic)) = thread.map(JoinHandle::join) {
        std::panic::resume_unwind(panic);
    }
}
