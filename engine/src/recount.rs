//! A whole count of a journal: index, standings, tally, checks.
//!
//! In: evidence, the election, one reading per contest, and perhaps a position. Out: sums of the
//! batches that count, with everything that is outside of them and why; or all findings, and no
//! number. Never: a number per option of an official election before its close.

use shomar_format::bytes::{Digest32, hex};
use shomar_format::document::{AlarmDocument, HeldDocument, JournalDocument};
use shomar_format::election::Mode;
use shomar_format::record::record_hash;
use shomar_format::{BatchAddress, CountingDefinition, Reading};

use crate::checks::{Alarm, Checks, Registers, Reported};
use crate::definition::Definition;
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::holding::{self, Holding};
use crate::index::{Index, RecordPlace};
use crate::kernel::Kernel;
use crate::ledger::Standing;
use crate::standing::Standings;
use crate::tally::{CountedAlone, CountedBatch, Tallied, count_each, tally};

/// What to count, and how.
#[derive(Clone, Copy)]
pub struct RecountInput<'a> {
    /// Mapped segments.
    pub evidence: &'a Evidence,
    /// The election.
    pub definition: &'a Definition,
    /// One per contest.
    pub readings: &'a [Reading],
    /// What counts.
    pub kernel: Kernel,
    /// Count the journal as it was when it had so many records.
    pub as_of: Option<u64>,
    /// What the checks compare with; needed where there are checks.
    pub registers: Option<&'a Registers>,
}

/// A batch outside the totals because a check holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBatch {
    /// Whose it is.
    pub address: BatchAddress,
    /// Hash of its record, by which an officer releases or rejects it.
    pub hash: Digest32,
    /// What it reported.
    pub reported: Reported,
    /// Every alarm.
    pub alarms: Vec<Alarm>,
    /// Whether an officer has rejected it.
    pub is_rejected: bool,
    /// What it adds to the totals if it is released.
    pub(crate) alone: CountedAlone,
}

/// A warning about a batch that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Whose it is.
    pub address: BatchAddress,
    /// Every alarm.
    pub alarms: Vec<Alarm>,
}

/// Why there are no totals.
#[derive(Debug)]
pub enum NoCount {
    /// Something in the evidence fails a check.
    Findings(Vec<Finding>),
    /// An official election that is not closed: so many batches and ballots are in.
    NotClosed {
        /// Batches received.
        batches: u64,
        /// Ballots taken, as their headers say.
        taken: u64,
    },
}

/// A count of a journal.
#[derive(Debug)]
pub struct Recount {
    /// Sums of the batches that count.
    pub tallied: Tallied,
    /// Decisions of officers; `None` where there cannot be any.
    pub standings: Option<Standings>,
    /// Batches that checks hold.
    pub held: Vec<HeldBatch>,
    /// Warnings of checks.
    pub warned: Vec<Warned>,
    /// Records that stand twice, byte for byte.
    pub repeats: Vec<Finding>,
    /// Records of the journal up to which was counted.
    pub records: u64,
}

impl Recount {
    /// What officers decided, for JSON; `None` where nobody could.
    #[must_use]
    pub fn journal_document(&self) -> Option<JournalDocument> {
        Some(self.standings.as_ref()?.ledger.document(self.records))
    }
}

impl HeldBatch {
    /// The batch, for JSON.
    #[must_use]
    pub fn document(&self, definition: &CountingDefinition<'_>) -> HeldDocument {
        let alarms = self.alarms.iter().map(|alarm| AlarmDocument {
            check: alarm.check + 1,
            method: alarm.method.name().to_owned(),
            formula: alarm.formula.to_string(),
        });
        let address = self.address;
        HeldDocument {
            district: definition.district_id(address.district).to_owned(),
            station: definition.station_id(address.station).to_owned(),
            device: address.device,
            sequence: address.sequence,
            record: hex(&self.hash),
            taken: self.reported.taken,
            rejected: self.is_rejected,
            alarms: alarms.collect(),
        }
    }
}

/// Counts.
///
/// # Errors
/// With every finding; or if an official election is not closed.
///
/// # Panics
/// If there are checks and no registers, or a ballot was lost between records and sums.
pub fn recount(input: &RecountInput<'_>) -> Result<Recount, NoCount> {
    let RecountInput { evidence, definition, readings, kernel, as_of, registers } = *input;
    let (counting, head) = (definition.counting(), &definition.head);
    let mut index = Index::build(evidence, &counting);
    let records = index.records().min(as_of.unwrap_or(u64::MAX));
    let standings = Standings::read(evidence, &mut index, &counting, head, as_of);
    if let (Some(standings), true) = (&standings, index.findings.is_empty())
        && !standings.ledger.shows_numbers()
    {
        let entries = standings.ledger.entries();
        let taken = entries.iter().map(|entry| u64::from(entry.taken)).sum();
        return Err(NoCount::NotClosed { batches: entries.len() as u64, taken });
    }
    assert!(standings.is_some() || head.mode == Mode::Test || !index.findings.is_empty());
    let mut tallied =
        tally(evidence, &index, &counting, readings, kernel).map_err(NoCount::Findings)?;
    let repeats = index.repeats();
    let checks = Checks::of(head);
    let (mut held, mut warned) = (Vec::new(), Vec::new());
    if !checks.is_empty() {
        let registers = registers.expect("whoever has checks brings the registers").clone();
        (held, warned) =
            look_at_all(input, &index, standings.as_ref(), &tallied, checks, registers);
        tallied.take_out(held.iter().map(|held: &HeldBatch| &held.alone), &counting);
    }
    Ok(Recount { tallied, standings, held, warned, repeats, records })
}

/// Runs the checks over every batch that stands.
fn look_at_all(
    input: &RecountInput<'_>,
    index: &Index,
    standings: Option<&Standings>,
    tallied: &Tallied,
    checks: Checks,
    registers: Registers,
) -> (Vec<HeldBatch>, Vec<Warned>) {
    // Numbers of the ledger where there is one; else the order of the index.
    let mut places: Vec<(BatchAddress, RecordPlace, u32)> = match standings {
        Some(standings) => (0..)
            .zip(standings.ledger.entries())
            .filter(|(batch, _)| standings.ledger.standing(*batch) == Standing::Stands)
            .map(|(batch, entry)| (entry.address, standings.place(batch), batch))
            .collect(),
        None => (0..)
            .zip(&index.places)
            .map(|(number, place)| (place.address(input.evidence), *place, number))
            .collect(),
    };
    places.sort_unstable();
    let find = |address: &BatchAddress| {
        let at = places.binary_search_by_key(address, |(address, ..)| *address);
        places[at.expect("what was counted is in the index")]
    };
    let mut holding = Holding::new(checks, registers);
    for batch in tallied.batches.iter().flatten() {
        let (address, _, number) = find(&batch.address);
        let reported = reported(batch);
        holding.add(number, holding::Standing { address, reported, body_hash: batch.body_hash });
        let ruling = standings.and_then(|all| all.ledger.entries()[number as usize].ruling);
        if let Some(ruling) = ruling {
            holding.rule(number, ruling);
        }
    }
    holding.settle();
    let all: Vec<_> = holding.held().map(|(_, batch, held)| (find(&batch.address), held)).collect();
    let places: Vec<RecordPlace> = all.iter().map(|((_, place, _), _)| *place).collect();
    let RecountInput { evidence, definition, readings, kernel, .. } = *input;
    let alone = count_each(evidence, &places, &definition.counting(), readings, kernel);
    let held = all.into_iter().zip(alone).map(|(((address, place, _), held), alone)| HeldBatch {
        address,
        hash: record_hash(place.record(evidence).1),
        reported: reported(&alone.batch),
        alarms: held.alarms.clone(),
        is_rejected: held.is_rejected,
        alone,
    });
    let warned = holding.warnings();
    let warned = warned.map(|(batch, alarms)| Warned { address: batch.address, alarms });
    (held.collect(), warned.collect())
}

/// What a batch reported.
pub(crate) fn reported(batch: &CountedBatch) -> Reported {
    let (taken, void) = (u64::from(batch.taken), u64::from(batch.void));
    Reported { taken, valid: taken - void, void }
}
