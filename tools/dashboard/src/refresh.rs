//! The thread that makes boards: one after another, while there is news.
//!
//! In: the last snapshot, pulled. Out: the board of it, swapped in one step, and frames for whoever
//! looks, or a beat while there is none. Never: a board for every snapshot: a page that moves four
//! times a second is live enough, and batches come first; another moment beside the same numbers: a
//! reader who has them would load them again.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shomar_engine::ledger::Ledger;
use shomar_engine::live::LiveSnapshot;
use tracing::warn;

use crate::board_pages::BoardPages;
use crate::http::Room;
use shomar_board::board::{Board, BoardInput};
use shomar_board::setting::Setting;
use shomar_board::source::{Reception, Source};

/// Least time between two boards.
const PAUSE: Duration = Duration::from_millis(250);
/// A board is made anew after so long even without news: rates fall.
const IDLE: Duration = Duration::from_secs(5);
/// How far back a rate looks.
const RATE_WINDOW_MS: u64 = 10_000;
/// How much every thread of pages yields to those that receive and count (`nice`).
const NICENESS: i32 = 10;

/// Makes this thread yield to others. Where the system does not let us, pages are as urgent as
/// everything else.
pub fn yield_to_others() {
    // On Linux a priority is that of a thread, and none named is this one.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        warn!(%error, "threads of pages keep their priority");
    }
}

/// Makes boards.
pub(crate) struct Refresher {
    setting: Arc<Setting>,
    source: Arc<dyn Source>,
    ledger: Ledger,
    /// Durable records at moments of the last seconds.
    durable: VecDeque<(u64, u64)>,
    made: Option<Instant>,
    moment: Moment,
    /// When the first board was made.
    began_ms: Option<u64>,
}

/// When the last record came.
struct Moment {
    at_ms: u64,
    /// Batches and decisions that it was looked up in.
    seen: (usize, usize),
}

impl Moment {
    fn of(&mut self, snapshot: &LiveSnapshot) -> u64 {
        let (batches, decisions) = self.seen;
        let batches = snapshot.received.iter_from(batches).map(|own| own.received_at_ms);
        let decisions = snapshot.decisions.iter_from(decisions).map(|own| own.received_at_ms);
        self.at_ms = batches.chain(decisions).fold(self.at_ms, u64::max);
        self.seen = (snapshot.received.len(), snapshot.decisions.len());
        self.at_ms
    }
}

impl Refresher {
    pub(crate) fn new(setting: Arc<Setting>, source: Arc<dyn Source>) -> Self {
        let ledger = Ledger::new(setting.subject.election.head.mode);
        let moment = Moment { at_ms: 0, seen: (0, 0) };
        let durable = VecDeque::new();
        Self { setting, source, ledger, durable, made: None, moment, began_ms: None }
    }

    /// The board of the last snapshot; `None` if it has no news.
    pub(crate) fn next(&mut self, before: Option<&Board>) -> Option<Board> {
        let (snapshot, reception) = (self.source.snapshot(), self.source.reception());
        let is_news = before.is_none_or(|before| {
            let is_other = !Arc::ptr_eq(&before.snapshot, &snapshot);
            let told = |own: &Reception| (own.failure.clone(), own.waits);
            is_other || told(&before.reception) != told(&reception)
        });
        let is_old = self.made.is_none_or(|made| made.elapsed() >= IDLE);
        if !is_news && !is_old {
            return None;
        }
        self.made = Some(Instant::now());
        snapshot.read_into(&mut self.ledger, &self.setting.counting);
        let now_ms = self.source.now_ms();
        let records_per_1000_seconds = self.rate(now_ms, reception.durable);
        let at_ms = match self.moment.of(&snapshot) {
            // Nothing has come: the numbers are zero since this was asked first.
            0 => *self.began_ms.get_or_insert(now_ms),
            at_ms => at_ms,
        };
        let setting = Arc::clone(&self.setting);
        let input = BoardInput {
            setting,
            snapshot,
            reception,
            records_per_1000_seconds,
            at_ms,
            grows: true,
            // Nobody counts everything once more for it.
            without_forbidding: None,
        };
        Some(Board::of(input, &self.ledger, before))
    }

    fn rate(&mut self, at_ms: u64, durable: u64) -> u64 {
        self.durable.push_back((at_ms, durable));
        while self.durable.len() > 2 && self.durable[1].0 + RATE_WINDOW_MS < at_ms {
            self.durable.pop_front();
        }
        let (from_ms, from) = self.durable[0];
        let passed_ms = at_ms.saturating_sub(from_ms).max(1);
        durable.saturating_sub(from).saturating_mul(1_000_000) / passed_ms
    }

    /// Makes boards until told to stop, or until one cannot be made: pages with the numbers of
    /// before would look alive.
    pub(crate) fn run(mut self, room: &Room) {
        yield_to_others();
        while !room.is_stopping() {
            let began = Instant::now();
            let Ok(worked) = catch_unwind(AssertUnwindSafe(|| self.step(room))) else {
                room.close();
                self.source.fail("found a bug, no page can be made: see the log".to_owned());
                return;
            };
            // At most a third of a core, whatever a board costs.
            let period = PAUSE.max(worked * 3);
            let left = period.saturating_sub(began.elapsed());
            std::thread::sleep(left.max(Duration::from_millis(20)));
        }
    }

    /// The next board, if there is news, for everybody who looks; how long that took.
    fn step(&mut self, room: &Room) -> Duration {
        let began = Instant::now();
        let before = room.board.load_full();
        if let Some(next) = self.next(Some(&before.board)) {
            let next = Arc::new(BoardPages::new(next));
            room.board.store(Arc::clone(&next));
            drop(before);
            let paused = room.streams.publish(&next);
            began.elapsed().saturating_sub(paused)
        } else {
            room.streams.beat();
            Duration::ZERO
        }
    }
}
