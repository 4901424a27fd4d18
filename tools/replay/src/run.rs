//! A run from the first connection to the report.
//!
//! In: a plan, options, somebody who wants to know how far it is. Out: the report. Never: more
//! connections than the machine gives; a run that waits for ever.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use crate::answer::Verdict;
use crate::error::ReplayError;
use crate::faults::{FaultScript, Faults};
use crate::forge::Forge;
use crate::kill::kill;
use crate::ledger::{FaultCount, Ledger, count, lock};
use crate::link::Link;
use crate::plan::Plan;
use crate::readers::{Acknowledged, Readers};
use crate::report::Report;
use crate::schedule::{Decimal, Schedule, intended_times, is_sent_twice};
use crate::settle::{Metrics, settle};
use crate::target::Target;
use crate::worker::{Worker, backoff};

/// Connections if nobody says how many.
pub const CONNECTIONS_DEFAULT: usize = 256;
/// Connections of faults and second copies at once.
const SIDES_MAX: usize = 64;
/// Connections that are given back when the machine has no more: for faults, and for others.
const SPARE: usize = 16;
/// A server that does not take a connection in this time is tried again later.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How often progress is told, and looked whether there is any.
const TICK: Duration = Duration::from_millis(100);
/// What the system says when a process or the machine has no descriptors or ports left: ENFILE,
/// EMFILE, EADDRNOTAVAIL.
const LIMITS: [i32; 3] = [23, 24, 99];

/// How to send.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// Batches per second; without it, as fast as they are acknowledged.
    pub rate: Option<Decimal>,
    /// Divides all times of the schedule.
    pub speed: Decimal,
    /// The shape of the arrivals.
    pub schedule: Schedule,
    /// Keep-alive connections at most [default: [`CONNECTIONS_DEFAULT`]]; never more than stations.
    pub connections: Option<usize>,
    /// Batches in one request at most: of different stations, and due.
    pub per_request: usize,
    /// What goes wrong besides.
    pub faults: FaultScript,
    /// Equal seeds give equal faults and waits.
    pub seed: u64,
    /// The run is given up after so long without an answer to anything that is being tried.
    pub give_up: Duration,
    /// A request is given up, and repeated, after so long without an answer.
    pub answer_timeout: Duration,
    /// Threads [default: one per core].
    pub threads: Option<usize>,
    /// How many look at the live page meanwhile.
    pub readers: usize,
    /// At which view.
    pub view: String,
}

/// The view that readers look at if nobody says which.
const VIEW_DEFAULT: &str = "/fa/";

impl Options {
    /// As fast as acknowledged, without faults.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            rate: None,
            speed: Decimal::ONE,
            schedule: Schedule::Constant,
            connections: None,
            per_request: 1,
            faults: FaultScript::default(),
            seed: 1405,
            give_up: Duration::from_secs(120),
            answer_timeout: Duration::from_secs(30),
            threads: None,
            readers: 0,
            view: VIEW_DEFAULT.to_owned(),
        }
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Batches are sent.
    Sending,
    /// Everything is acknowledged; the server counts it.
    Settling,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Batches acknowledged.
    pub acknowledged: u64,
    /// Batches of the folder.
    pub batches: u64,
    /// Sends that had to be repeated.
    pub retries: u64,
}

/// What every connection shares.
pub(crate) struct Shared {
    pub(crate) plan: Arc<Plan>,
    pub(crate) target: Target,
    pub(crate) schedule: Schedule,
    /// Intended send times in nanoseconds; `None`: as fast as acknowledged.
    pub(crate) times: Option<Vec<u64>>,
    pub(crate) per_request: usize,
    pub(crate) seed: u64,
    pub(crate) give_up: Duration,
    pub(crate) answer_timeout: Duration,
    pub(crate) faults: Faults,
    pub(crate) forge: Forge,
    pub(crate) ledger: Ledger,
    /// How many side connections may be in use.
    pub(crate) sides: Semaphore,
    idle_sides: Mutex<Vec<Link>>,
    /// Everything was sent.
    pub(crate) finished: AtomicBool,
    /// When, for those who look at the page.
    acknowledged: Arc<Acknowledged>,
}

impl Shared {
    /// The wait before a retry.
    pub(crate) fn backoff(&self, who: u64, attempt: u64) -> Duration {
        backoff(self.seed, who, attempt)
    }

    /// Whether a batch is sent again before its answer arrives.
    pub(crate) fn is_sent_twice(&self, batch: usize) -> bool {
        is_sent_twice(self.schedule, self.seed, batch)
    }

    pub(crate) fn take_side_link(&self) -> Option<Link> {
        let mut idle = lock(&self.idle_sides);
        std::iter::from_fn(|| idle.pop()).find(|link| !link.is_closed())
    }

    pub(crate) fn keep_side_link(&self, link: Link) {
        lock(&self.idle_sides).push(link);
    }

    /// An honest send was answered: its record is durable.
    pub(crate) fn acknowledged(&self, batch: usize, verdict: &Verdict, position: u64) {
        let counter = match verdict {
            Verdict::Duplicate(_) => &self.ledger.duplicates,
            _ => &self.ledger.accepted,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.acknowledged.note(position);
        self.ledger.acknowledge(batch, self.plan.batch(batch).ballots, position);
    }

    /// An honest send was refused for good.
    pub(crate) fn refused(&self, batch: usize, verdict: &Verdict) {
        let address = self.plan.batch(batch).address;
        let (name, why) = match verdict {
            Verdict::Refused(code, why) => (code.clone(), format!(": {why}")),
            other => (other.name().into_owned(), String::new()),
        };
        let mut books = self.ledger.books();
        count(&mut books.refused, &name);
        let example = format!(
            "batch {batch} (station {}, device {}, sequence {}): {name}{why}",
            address.station, address.device, address.sequence
        );
        books.findings.add("honest batch refused", example);
    }
}

/// Sends a plan and holds the server to the known answer, on a runtime of its own.
///
/// # Errors
/// If the faults cannot be made of this folder, the schedule has no end, the server's certificate
/// is not vouched for, or this machine gives no runtime. What the server does wrong is in the
/// report.
pub fn run(
    plan: &Arc<Plan>,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Report, ReplayError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads.unwrap_or(cores).max(1))
        .enable_all()
        .build()
        .map_err(|error| ReplayError::Machine(error.to_string()))?;
    let report = runtime.block_on(replay(plan, options, progress));
    // A command of the script that never returns must not hold up the report.
    runtime.shutdown_background();
    report
}

/// [`run`] inside a runtime that is there already, which needs time and input/output.
///
/// # Errors
/// As [`run`].
pub async fn replay(
    plan: &Arc<Plan>,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Report, ReplayError> {
    let faults = Faults::choose(&options.faults, plan, options.seed)?;
    let forge = Forge::new(plan, &faults, options.seed)?;
    let times = intended_times(plan.batch_count(), options.schedule, options.rate, options.speed)?;
    let wanted = options.connections.unwrap_or(CONNECTIONS_DEFAULT);
    let wanted = wanted.clamp(1, plan.client_count().max(1));
    let Opened { links, limit, error } = open_links(&options.target, wanted).await?;
    let connections = links.len();
    let before = Metrics::get(&options.target).await;
    let counts = faults
        .rules
        .iter()
        .map(|rule| FaultCount { kind: rule.kind.name().to_owned(), ..FaultCount::default() });
    let acknowledged = Arc::new(Acknowledged::new(match options.readers {
        0 => 0,
        _ => plan.batch_count(),
    }));
    // Everybody looks before the schedule begins.
    let readers = Readers::begin(&options.target, &options.view, options.readers, &acknowledged)
        .await
        .map_err(|error| ReplayError::Machine(error.to_string()))?;
    let ledger = Ledger::new(plan.batch_count(), counts.collect());
    ledger.books().notes.extend(limit);
    ledger.books().last_error = error;
    if times.is_none() && options.speed != Decimal::ONE {
        let note = "--speed has no effect: without --rate nothing is scheduled";
        ledger.books().notes.push(note.to_owned());
    }
    let shared = Arc::new(Shared {
        plan: Arc::clone(plan),
        target: options.target.clone(),
        schedule: options.schedule,
        times,
        per_request: options.per_request.max(1),
        seed: options.seed,
        give_up: options.give_up,
        answer_timeout: options.answer_timeout,
        faults,
        forge,
        ledger,
        sides: Semaphore::new(connections.clamp(1, SIDES_MAX)),
        idle_sides: Mutex::new(Vec::new()),
        finished: AtomicBool::new(false),
        acknowledged,
    });
    let mut kills = JoinSet::new();
    for command in &options.faults.kills {
        kills.spawn(kill(Arc::clone(&shared), command.clone()));
    }
    send_all(&shared, links, progress).await;
    shared.finished.store(true, Ordering::Relaxed);
    let told = |phase| progress(progress_of(&shared, phase));
    told(Phase::Settling);
    let all_run = async { while kills.join_next().await.is_some() {} };
    if tokio::time::timeout(options.give_up, all_run).await.is_err() {
        let mut books = shared.ledger.books();
        books.findings.add("command failed", "one did not return".to_owned());
    }
    let seen = readers.end().await;
    let settled = settle(&shared, &before).await;
    told(Phase::Settling);
    Ok(Report::new(&shared, options, connections, settled, seen))
}

/// Sends everything, or until nothing has moved for too long.
async fn send_all(shared: &Arc<Shared>, links: Vec<Option<Link>>, progress: &dyn Fn(Progress)) {
    let connections = links.len();
    let dues: Vec<Arc<Notify>> = links.iter().map(|_| Arc::new(Notify::new())).collect();
    let mut workers = JoinSet::new();
    for (number, link) in links.into_iter().enumerate() {
        let own = (number..shared.plan.client_count()).step_by(connections);
        let due = Arc::clone(&dues[number]);
        workers.spawn(Worker::new(Arc::clone(shared), number, own, link, due).run());
    }
    let stop = Arc::new(AtomicBool::new(false));
    if shared.times.is_some() {
        let (shared, stop) = (Arc::clone(shared), Arc::clone(&stop));
        std::thread::spawn(move || pace(&shared, &dues, &stop));
    }
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            ended = workers.join_next() => match ended {
                None => break,
                Some(Err(error)) if error.is_panic() => {
                    std::panic::resume_unwind(error.into_panic());
                }
                Some(_) => {}
            },
            _ = tick.tick() => {
                progress(progress_of(shared, Phase::Sending));
                let stalled = shared.ledger.stalled();
                if stalled >= shared.give_up {
                    give_up(shared, stalled);
                    workers.shutdown().await;
                    break;
                }
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
}

fn give_up(shared: &Shared, stalled: Duration) {
    let mut books = shared.ledger.books();
    let last = books.last_error.clone().unwrap_or_else(|| "none".to_owned());
    let example = format!("no answer for {} s; last error: {last}", stalled.as_secs());
    books.findings.add("given up", example);
}

fn progress_of(shared: &Shared, phase: Phase) -> Progress {
    Progress {
        phase,
        acknowledged: shared.ledger.acknowledged(),
        batches: shared.plan.batch_count() as u64,
        retries: shared.ledger.retries.load(Ordering::Relaxed),
    }
}

/// Wakes each connection when one of its batches is due. A thread, because the runtime's clock
/// ticks in milliseconds, and a schedule of thousands a second has shorter pauses.
fn pace(shared: &Shared, dues: &[Arc<Notify>], stop: &AtomicBool) {
    for (batch, &time) in shared.times.iter().flatten().enumerate() {
        while !stop.load(Ordering::Relaxed) {
            let now = shared.ledger.now();
            let Some(left) = time.checked_sub(now).filter(|left| *left > 0) else { break };
            std::thread::sleep(Duration::from_nanos(left).min(TICK));
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let client = shared.plan.batch(batch).client as usize;
        dues[client % dues.len()].notify_one();
    }
}

/// What came of connecting before anything is sent.
#[derive(Default)]
struct Opened {
    links: Vec<Option<Link>>,
    /// That there are fewer than wanted.
    limit: Option<String>,
    /// Why there are none yet.
    error: Option<String>,
}

/// Connects as often as wanted, or as the machine allows; what is missing then is said. A server
/// that does not answer yet is tried again when there is something to send; one whose certificate
/// is not vouched for never gets better.
async fn open_links(target: &Target, wanted: usize) -> Result<Opened, ReplayError> {
    let mut opened = Opened::default();
    while opened.links.len() < wanted {
        let error = match tokio::time::timeout(CONNECT_PATIENCE, Link::connect(target)).await {
            Ok(Ok(link)) => {
                opened.links.push(Some(link));
                continue;
            }
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        if error.kind() == io::ErrorKind::InvalidData {
            return Err(ReplayError::Argument {
                what: "the server's TLS",
                found: format!("{target}: {error}"),
                expected: "TLS 1.3 with a certificate that --ca vouches for".to_owned(),
            });
        }
        if !is_limit(&error) {
            opened.links.resize_with(wanted, || None);
            opened.error = Some(error.to_string());
            break;
        }
        let got = opened.links.len();
        opened.links.truncate(got.saturating_sub(SPARE).max(1));
        if opened.links.is_empty() {
            opened.links.push(None);
        }
        let left = opened.links.len();
        opened.limit = Some(format!(
            "{left} connections in place of {wanted}: this machine gave {got} ({error})"
        ));
        break;
    }
    Ok(opened)
}

fn is_limit(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| LIMITS.contains(&code))
}

/// The name under which a report files a folder.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
