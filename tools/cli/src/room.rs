//! The room at headquarters: the pages that a server carries.
//!
//! In: the window of a server. Out: its pages, and the dashboard behind them. Never: a number made
//! here; pages and server know each other by this file alone.

use std::sync::{Arc, Mutex, PoisonError};

use shomar_board::setting::Subject;
use shomar_board::source::{FullCount, Quantiles, Reception, Source};
use shomar_dashboard::{Dashboard, yield_to_others};
use shomar_engine::live::LiveSnapshot;
use shomar_ingest::{Pages, Window};

/// A dashboard that is made while its server starts.
#[derive(Default)]
pub(crate) struct Room {
    dashboard: Mutex<Option<Dashboard>>,
}

struct Looking(Window);

impl Room {
    /// The pages of the server behind this window.
    pub(crate) fn pages(&self, window: &Window) -> Result<Pages, String> {
        let subject = Subject {
            election: window.election(),
            definition: window.definition(),
            registers: window.registers(),
        };
        let source = Arc::new(Looking(window.clone()));
        let dashboard = Dashboard::start(subject, source).map_err(|error| error.to_string())?;
        let router = dashboard.router();
        *self.dashboard.lock().unwrap_or_else(PoisonError::into_inner) = Some(dashboard);
        Ok(Pages { router, thread_start: yield_to_others })
    }

    /// Ends all streams: a server that stops waits for its connections.
    pub(crate) fn close(&self) {
        let dashboard = self.dashboard.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut dashboard) = dashboard {
            dashboard.stop();
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
            failure: window.failure().map(|message| message.as_str().to_owned()),
        }
    }

    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }
}
