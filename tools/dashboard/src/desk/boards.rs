//! Boards for operators: one on which nothing is hidden, and one as it would be.
//!
//! In: the last snapshot, a decision that nobody has signed. Out: boards. Never: a board kept for
//! whoever only looks; a decision made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use shomar_board::board::{Board, BoardInput};
use shomar_board::setting::Setting;
use shomar_board::source::Source;
use shomar_board::telling::Telling;
use shomar_board::words::Words;
use shomar_engine::Evidence;
use shomar_engine::decision::DistrictEffect;
use shomar_engine::ledger::Ledger;
use shomar_engine::what_if::{WhatIfError, WhatIfInput, what_if};
use shomar_format::bytes::Digest32;
use shomar_format::control::Control;

/// Reads the segments as far as they are durable.
pub type ReadEvidence = Box<dyn Fn() -> Result<Evidence, String> + Send + Sync>;

/// Makes boards for operators.
pub(crate) struct Boards {
    setting: Arc<Setting>,
    source: Arc<dyn Source>,
    evidence: ReadEvidence,
    last: Mutex<Option<Whole>>,
}

/// A board on which nothing is hidden, and the ledger up to it.
#[derive(Clone)]
pub(crate) struct Whole {
    pub(crate) board: Arc<Board>,
    pub(crate) ledger: Arc<Ledger>,
    /// Records of the snapshot that it was made of.
    pub(crate) position: u64,
}

/// What a decision would change.
pub(crate) struct Would {
    /// The board as it would be.
    pub(crate) board: Board,
    /// Districts whose totals would be others.
    pub(crate) effects: Vec<DistrictEffect>,
    /// Batches that would come into the totals (true), or go out, by hash.
    pub(crate) moved: BTreeMap<Digest32, bool>,
}

impl Boards {
    pub(crate) fn new(
        setting: Arc<Setting>,
        source: Arc<dyn Source>,
        evidence: ReadEvidence,
    ) -> Self {
        Self { setting, source, evidence, last: Mutex::default() }
    }

    /// The last snapshot, whole.
    pub(crate) fn whole(&self) -> Whole {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = self.source.snapshot();
        // A count that fails publishes nothing more: its last board is kept, and looks sound.
        let failure = self.source.reception().failure;
        if let Some(last) = &*last
            && last.position == snapshot.position
            && last.board.reception.failure == failure
        {
            return last.clone();
        }
        let (mut ledger, before) = match last.take() {
            Some(Whole { board, ledger, .. }) => (ledger, Some(board)),
            None => {
                let mode = self.setting.subject.election.head.mode;
                (Arc::new(Ledger::new(mode)), None)
            }
        };
        snapshot.read_into(Arc::make_mut(&mut ledger), &self.setting.counting);
        let input = self.input(Arc::new(snapshot.whole()));
        let board = Arc::new(Board::of(input, &ledger, before.as_deref()));
        let whole = Whole { board, ledger, position: snapshot.position };
        *last = Some(whole.clone());
        whole
    }

    fn input(&self, snapshot: Arc<shomar_engine::live::LiveSnapshot>) -> BoardInput {
        BoardInput {
            setting: Arc::clone(&self.setting),
            snapshot,
            reception: self.source.reception(),
            records_per_1000_seconds: 0,
            at_ms: self.source.now_ms(),
            grows: true,
            // Nobody counts everything once more for it.
            without_forbidding: None,
        }
    }

    /// What a decision would change; or why nobody can say, in the words of the page.
    pub(crate) fn would(
        &self,
        whole: &Whole,
        control: &Control,
        words: Words,
    ) -> Result<Would, String> {
        let definition = self.setting.subject.definition;
        let (snapshot, ledger) = (&whole.board.snapshot, &whole.ledger);
        let input = WhatIfInput { definition, snapshot, ledger };
        let made = what_if(input, control, &self.evidence).map_err(|error| match error {
            WhatIfError::Inapplicable(why) => {
                Telling { setting: &self.setting, words }.why_not(&why)
            }
            WhatIfError::Evidence(why) => {
                let said = words.say("The segments cannot be read", "فایل‌های رأی خوانده نشد");
                format!("{said}: {why}")
            }
        })?;
        let input = self.input(Arc::new(made.snapshot));
        let board = Board::of(input, &made.ledger, Some(&whole.board));
        Ok(Would { board, effects: made.effects, moved: made.moved })
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) fn now_ms(&self) -> u64 {
        self.source.now_ms()
    }
}
