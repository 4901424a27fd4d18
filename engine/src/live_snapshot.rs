//! What a live count shows at a position of the journal.
//!
//! In: a live count, at a moment. Out: an immutable value: totals, what was received, decided and
//! held; lists that grow are shared with the snapshots before. Never: anything that changes later.

use std::sync::Arc;

use shomar_format::bytes::{Digest32, sha256};
use shomar_format::document::{BallotCounts, JournalDocument};
use shomar_format::{BatchAddress, CountingDefinition, Reading};

use crate::decision::Decision;
use crate::definition::Definition;
use crate::disclosure::{Disclosure, RestPlace};
use crate::ledger::Ledger;
use crate::recount::HeldBatch;
use crate::shared_list::SharedList;
use crate::snapshot::Snapshot;

/// A batch as it was received, whether it counts or not.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedBatch {
    /// Number of its record in the journal.
    pub position: u64,
    /// When it was received, in milliseconds since 1970-01-01 UTC; 0 where nobody said.
    pub received_at_ms: u64,
    /// Whose it is.
    pub address: BatchAddress,
    /// Hash of its record.
    pub hash: Digest32,
    /// Ballots taken, as its header says.
    pub taken: u32,
    /// Whether it is of a recount.
    pub is_recount: bool,
}

/// Totals at a position of the journal.
#[derive(Debug)]
pub struct LiveSnapshot {
    /// All records with lower numbers are in it.
    pub position: u64,
    /// Batches received, whether they count or not.
    pub batches_received: u64,
    /// Ballots in them, as their headers say.
    pub ballots_received: u64,
    /// The totals; `None` before the close of an official election.
    pub totals: Option<Snapshot>,
    /// What of the totals may be shown to everybody; `None` where there are none, or nobody asked.
    pub public: Option<Arc<PublicTotals>>,
    /// Every batch received, in the order of the journal.
    pub received: SharedList<ReceivedBatch>,
    /// What officers decided, in numbers.
    pub journal: JournalDocument,
    /// What officers decided, and what it changed, in the order of the journal.
    pub decisions: SharedList<Arc<Decision>>,
    /// Batches that checks hold.
    pub held: Arc<Vec<HeldBatch>>,
    /// Districts of which something changed since the snapshot before, ascending.
    pub changed_districts: Vec<u32>,
    /// Per district, number of the last record by which votes came into the totals, or went out: a
    /// batch, a decision, or whatever made a check hold a batch or let it go. 0: by none later.
    pub moved_at: Arc<Vec<u64>>,
}

/// Totals that may be shown to everybody (`disclosure.rs`).
#[derive(Debug)]
pub struct PublicTotals {
    /// Votes and ballots shown, per district; without batches.
    pub totals: Snapshot,
    /// Districts (by index, ascending) whose votes are shown nowhere: too few ballots, or all of
    /// one mind.
    pub withheld: Vec<u32>,
    /// Ballots of withheld districts, by kind, as they are shown together.
    pub rests: Vec<(RestPlace, BallotCounts)>,
    /// Districts (by index, ascending) of which something is shown that counts no longer.
    pub overtaken: Vec<u32>,
    /// Whether nothing is kept back: these are for operators, or small cells are shown as well.
    pub is_everything: bool,
}

impl PublicTotals {
    pub(crate) fn of(
        disclosure: &Disclosure,
        definition: &CountingDefinition<'_>,
        readings: &[Reading],
    ) -> Self {
        let (votes, ballots) = disclosure.totals(definition);
        Self {
            totals: Snapshot::of_live(votes, ballots, Vec::new(), definition, readings),
            withheld: disclosure.withheld(),
            rests: disclosure.rests(),
            overtaken: disclosure.overtaken(),
            is_everything: disclosure.shows_everything(),
        }
    }
}

/// What a live snapshot is compared with: the digests of a full count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Of the totals.
    pub totals: Digest32,
    /// Batches counted.
    pub batches: u64,
}

impl LiveSnapshot {
    /// The same snapshot for whoever may see everything: all of its totals are shown, none is
    /// withheld.
    #[must_use]
    pub fn whole(&self) -> Self {
        self.with_totals(self.totals.clone(), Arc::clone(&self.held))
    }

    /// The same with other totals, all of which are shown, and with other batches held.
    pub(crate) fn with_totals(&self, totals: Option<Snapshot>, held: Arc<Vec<HeldBatch>>) -> Self {
        let whole = |totals| PublicTotals {
            totals,
            withheld: Vec::new(),
            rests: Vec::new(),
            overtaken: Vec::new(),
            is_everything: true,
        };
        Self {
            position: self.position,
            batches_received: self.batches_received,
            ballots_received: self.ballots_received,
            public: totals.clone().map(|totals| Arc::new(whole(totals))),
            totals,
            received: self.received.clone(),
            journal: self.journal.clone(),
            decisions: self.decisions.clone(),
            held,
            changed_districts: self.changed_districts.clone(),
            moved_at: Arc::clone(&self.moved_at),
        }
    }

    /// Brings a ledger up to this snapshot: one that was begun for this election, and has read
    /// nothing but earlier snapshots of the same journal.
    ///
    /// # Panics
    /// If it has read anything else.
    pub fn read_into(&self, ledger: &mut Ledger, definition: &CountingDefinition<'_>) {
        let mut decisions = self.decisions.iter_from(ledger.applied().len()).peekable();
        let mut decide = |ledger: &mut Ledger, below: u64| {
            while let Some(decision) = decisions.next_if(|decision| decision.position < below) {
                let Decision { position, officer, control, .. } = &**decision;
                let applied = ledger.apply(*position, *officer, control.clone(), definition);
                applied.expect("what the journal has was applied before");
            }
        };
        for batch in self.received.iter_from(ledger.entries().len()) {
            decide(ledger, batch.position);
            let ReceivedBatch { position, address, hash, taken, is_recount, .. } = *batch;
            let added = ledger.add(position, address, hash, taken, is_recount);
            added.expect("what the journal has was added before");
        }
        decide(ledger, u64::MAX);
    }

    /// SHA-256 of the journal's records with numbers below this one, each as its number (eight
    /// bytes, little endian) and its hash, in the order of the journal; a record that came again is
    /// left out. Two journals of which one continues the other have the same, and no others.
    #[must_use]
    pub fn records_digest(&self, below: u64) -> Digest32 {
        let received = self.received.iter().map(|own| (own.position, own.hash));
        let decided = self.decisions.iter().map(|own| (own.position, own.hash));
        let mut records: Vec<(u64, Digest32)> =
            received.chain(decided).filter(|(position, _)| *position < below).collect();
        records.sort_unstable();
        let mut bytes = Vec::with_capacity(records.len() * (8 + 32));
        for (position, hash) in records {
            bytes.extend_from_slice(&position.to_le_bytes());
            bytes.extend_from_slice(&hash);
        }
        sha256(&bytes)
    }

    /// Its digests, if it has numbers.
    #[must_use]
    pub fn digests(&self, definition: &Definition) -> Option<Digests> {
        let totals = self.totals.as_ref()?;
        let digest = totals.digest(&definition.counting(), &definition.head);
        Some(Digests { totals: *digest, batches: totals.batches().count() as u64 })
    }
}
