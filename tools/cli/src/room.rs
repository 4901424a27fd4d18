//! The room at headquarters: the pages that a server carries.
//!
//! In: the window of a server, a file of operators. Out: its pages, the desk, and the dashboard
//! behind them. Never: a number made here; pages, desk and server know each other by this file
//! alone.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use shomar_board::setting::Subject;
use shomar_board::source::{FullCount, Quantiles, Reception, Source};
use shomar_dashboard::{Dashboard, DeskParts, Limits, yield_to_others};
use shomar_desk::{ChainEnd, Desk, DeskError, Facts, Journal, Operators, Sent};
use shomar_engine::live::LiveSnapshot;
use shomar_format::bytes::{Digest32, hex};
use shomar_format::election::Mode;
use shomar_format::record::NO_PREVIOUS;
use shomar_ingest::{Answer, Code, Config, Pages, Window};
use tracing::{info, warn};

/// Longest wait for the count to have everything that is durable, before a record is sealed.
const CATCH_UP: Duration = Duration::from_secs(10);
/// Between two tries to send what was decided before a restart.
const RETRY: Duration = Duration::from_secs(1);

/// A dashboard that is made while its server starts.
#[derive(Default)]
pub(crate) struct Room {
    dashboard: Mutex<Option<Dashboard>>,
    /// Sends what was on its way when the process before this one ended.
    resuming: Mutex<Option<JoinHandle<()>>>,
    is_closing: Arc<AtomicBool>,
}

struct Looking(Window);

impl Room {
    /// The pages of the server behind this window, which keeps its journal in `data`.
    pub(crate) fn pages(
        &self,
        window: &Window,
        data: &Path,
        config: &Config,
    ) -> Result<Pages, String> {
        let subject = Subject {
            election: window.election(),
            definition: window.definition(),
            registers: window.registers(),
        };
        let desk = match &config.operators {
            None => None,
            Some(path) => {
                let mode = window.definition().head.mode;
                if mode == Mode::Official && config.desk_only_decisions == Some(false) {
                    warn!("desk_only_decisions = false: the key of one officer changes totals");
                }
                Some(self.open_desk(window, data, path)?)
            }
        };
        let source = Arc::new(Looking(window.clone()));
        let evidence = window.clone();
        let parts = DeskParts {
            desk,
            evidence: Box::new(move || evidence.evidence()),
            is_encrypted: config.tls.is_some(),
        };
        let limits = Limits {
            requests_per_second: config.page_requests_per_second_max,
            streams: config.streams_per_address_max,
        };
        let dashboard = Dashboard::start(subject, source, parts, limits);
        let dashboard = dashboard.map_err(|error| error.to_string())?;
        let (router, may_see_everything) = (dashboard.router(), dashboard.sees_everything());
        *self.dashboard.lock().unwrap_or_else(PoisonError::into_inner) = Some(dashboard);
        Ok(Pages { router, thread_start: yield_to_others, may_see_everything })
    }

    /// The desk, with what two people have decided so far.
    fn open_desk(&self, window: &Window, data: &Path, file: &Path) -> Result<Arc<Desk>, String> {
        let operators = Operators::read(file).map_err(|error| error.to_string())?;
        let (definition, election) = (window.definition(), window.election());
        let facts = Facts {
            election: definition.head.id.clone(),
            definition: *definition.counting().digest(),
            mode: definition.head.mode,
            officers: election.head.officers.clone(),
        };
        let journal: Arc<dyn Journal> = Arc::new(Looking(window.clone()));
        // A folder of its own: between its segments a journal suffers no other file.
        let folder = data.join("desk");
        // What is told to be written down outlasts a power cut, and so does the folder it is in.
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::File::open(data)?.sync_all())
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let log = folder.join("desk.log");
        let desk = Desk::open(facts, operators, &log, journal, window.now_ms());
        let desk = Arc::new(desk.map_err(|error| error.to_string())?);
        if desk.officers_with_accounts() < 2 {
            let file = file.display();
            warn!(%file, "accounts of fewer than two officers: nothing can be decided at the desk");
        }
        let (resumed, clock) = (Arc::clone(&desk), window.clone());
        let is_closing = Arc::clone(&self.is_closing);
        let resuming = std::thread::Builder::new()
            .name("desk".to_owned())
            .spawn(move || resume(&resumed, &clock, &is_closing));
        let resuming = resuming.map_err(|error| format!("cannot start a thread: {error}"))?;
        *self.resuming.lock().unwrap_or_else(PoisonError::into_inner) = Some(resuming);
        Ok(desk)
    }

    /// Ends all streams: a server that stops waits for its connections.
    pub(crate) fn close(&self) {
        let dashboard = self.dashboard.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut dashboard) = dashboard {
            dashboard.stop();
        }
        self.is_closing.store(true, Ordering::Relaxed);
        let resuming = self.resuming.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(panic)) = resuming.map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Sends what two people have decided and the journal did not take yet, until it has all: after a
/// start the count has the whole journal to read first.
fn resume(desk: &Desk, clock: &Window, is_closing: &AtomicBool) {
    let mut is_told = false;
    loop {
        let mut is_later = false;
        for (hash, became) in desk.resume(clock.now_ms()) {
            let proposal = hex(&hash);
            match became {
                Ok(position) => info!(proposal, position, "sent after a restart"),
                Err(DeskError::Later(why)) => {
                    is_later = true;
                    if !is_told {
                        warn!(proposal, why, "not sent yet after a restart: trying again");
                    }
                }
                Err(error) => warn!(proposal, %error, "not sent after a restart"),
            }
        }
        if !is_later || is_closing.load(Ordering::Relaxed) {
            return;
        }
        is_told = true;
        std::thread::sleep(RETRY);
    }
}

impl Journal for Looking {
    fn chain_end(&self, officer: u32) -> Result<ChainEnd, String> {
        let snapshot = self.0.caught_up(CATCH_UP)?;
        let own = snapshot.decisions.iter().filter(|decision| decision.officer == officer);
        let (sequence, last) = own.fold((0, None), |(count, _), own| (count + 1, Some(own.hash)));
        Ok(ChainEnd { sequence, previous: last.unwrap_or(NO_PREVIOUS) })
    }

    fn find(&self, hash: &Digest32) -> Result<Option<u64>, String> {
        let snapshot = self.0.caught_up(CATCH_UP)?;
        let found = snapshot.decisions.iter().find(|decision| decision.hash == *hash);
        Ok(found.map(|decision| decision.position))
    }

    fn send(&self, record: &[u8]) -> Sent {
        match self.0.decide(record) {
            Answer::Accepted { position, .. } | Answer::Duplicate { position, .. } => {
                Sent::Durable(position)
            }
            Answer::Refused { reason, found, expected, .. } if Code::is_for_now(reason) => {
                Sent::Later(format!("found {found}, expected {expected}"))
            }
            Answer::Refused { found, expected, .. } => Sent::Refused { found, expected },
        }
    }
}

impl Source for Looking {
    fn snapshot(&self) -> Arc<LiveSnapshot> {
        self.0.snapshot()
    }

    fn reception(&self) -> Reception {
        let window = &self.0;
        let numbers = window.numbers();
        let waiting_records = window.waiting();
        let named = |all: Vec<(&'static str, u64)>| {
            all.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
        };
        let quantiles = |[half, p99, p999, most]: [u64; 4]| Quantiles { half, p99, p999, most };
        Reception {
            durable: window.durable(),
            accepted: numbers.accepted,
            duplicates: numbers.duplicates,
            refusals: named(numbers.refusals),
            findings: named(numbers.findings),
            acknowledge: quantiles(numbers.acknowledge_microseconds),
            snapshot_delay: quantiles(numbers.delay_microseconds),
            waiting_records: waiting_records as u64,
            is_open: window.is_open(),
            full_count: window.full_count().map(|report| FullCount {
                position: report.position,
                digest: report.digest.clone(),
                at_ms: report.at_ms,
                took_ms: report.took_ms,
            }),
            waits: window.waits(),
            failure: window.failure().map(|message| message.as_str().to_owned()),
        }
    }

    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    fn fail(&self, message: String) {
        self.0.fail(message);
    }
}
