//! What may be shown to everybody, kept beside a live count.
//!
//! In: every batch that the live count takes in or out, every record's end. Out: public totals,
//! shared as long as nothing more is shown. Never: a state between two records.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use shomar_format::control::{Action, Subject};
use shomar_format::{BatchAddress, CountingDefinition, Election, Reading};

use crate::disclosure::{Disclosure, Stage};
use crate::ledger::{BatchNumber, Entry, Ledger};
use crate::live_snapshot::PublicTotals;
use crate::tally::CountedBatch;

/// What may be shown, and what decides which districts are complete.
pub(crate) struct Public {
    disclosure: Disclosure,
    /// By station and district.
    pairs: HashMap<(u32, u32), Pair>,
    /// Per district, the pairs of `serves.csv` that are not closed.
    open_pairs: Vec<u32>,
    /// Pairs that the record in hand has touched.
    touched_pairs: BTreeSet<(u32, u32)>,
    /// Districts that an officer has declared.
    declared: BTreeSet<u32>,
    /// Districts that the record in hand has touched.
    touched: BTreeSet<u32>,
    shown: Arc<PublicTotals>,
}

/// A pair of station and district.
#[derive(Clone, Copy, Default)]
struct Pair {
    /// Batches of it in the totals.
    batches: u32,
    /// Something of it is in the totals, or a decision has taken out whatever came.
    is_closed: bool,
}

impl Public {
    pub(crate) fn new(
        definition: &CountingDefinition<'_>,
        election: &Election,
        readings: &[Reading],
        least_ballots: u64,
    ) -> Self {
        let mut open_pairs = vec![0; election.districts.len()];
        let served = definition.served_pairs().into_iter().flatten();
        served.for_each(|(_, district)| open_pairs[district as usize] += 1);
        // Of these nothing is expected, so nothing will ever touch them: they are complete from the
        // first record on, and no rest waits for them.
        let nobody = (0..).zip(&open_pairs).filter(|(_, pairs)| **pairs == 0);
        let touched = match definition.served_pairs() {
            Some(_) => nobody.map(|(district, _)| district).collect(),
            None => BTreeSet::new(),
        };
        let disclosure = Disclosure::new(definition, election, least_ballots);
        let shown = Arc::new(PublicTotals::of(&disclosure, definition, readings));
        Self {
            disclosure,
            pairs: HashMap::new(),
            open_pairs,
            touched_pairs: BTreeSet::new(),
            declared: BTreeSet::new(),
            touched,
            shown,
        }
    }

    /// A batch came into the totals, or went out of them.
    pub(crate) fn change(
        &mut self,
        definition: &CountingDefinition<'_>,
        number: BatchNumber,
        batch: &CountedBatch,
        came: bool,
        votes: &[u32],
    ) {
        let BatchAddress { station, district, .. } = batch.address;
        let batches = &mut self.pairs.entry((station, district)).or_default().batches;
        *batches = if came { *batches + 1 } else { *batches - 1 };
        self.touched_pairs.insert((station, district));
        self.touched.insert(district);
        self.disclosure.change(definition, district, number, came, (batch.ballots(), votes));
    }

    /// The record at `position` has been read, and everything that it moves has moved.
    pub(crate) fn read_on(
        &mut self,
        definition: &CountingDefinition<'_>,
        ledger: &Ledger,
        position: u64,
    ) {
        let applied = ledger.applied().last().filter(|applied| applied.position == position);
        if let Some(applied) = applied {
            self.decide(&applied.control.action, definition, ledger);
        }
        for (station, district) in std::mem::take(&mut self.touched_pairs) {
            // What is not expected is not waited for.
            if definition.serves(station, district) != Some(true) {
                continue;
            }
            let pair = self.pairs.entry((station, district)).or_default();
            let is_closed = pair.batches > 0 || ledger.is_out_by_decision(station, district);
            let open = &mut self.open_pairs[district as usize];
            match (std::mem::replace(&mut pair.is_closed, is_closed), is_closed) {
                (false, true) => *open -= 1,
                (true, false) => *open += 1,
                _ => continue,
            }
            self.touched.insert(district);
        }
        for district in std::mem::take(&mut self.touched) {
            let is_declared = self.declared.contains(&district);
            let stage = match definition.served_pairs() {
                _ if is_declared => Stage::Complete,
                None => Stage::Unsaid,
                Some(_) if self.open_pairs[district as usize] == 0 => Stage::Complete,
                Some(_) => Stage::Partial,
            };
            self.disclosure.settle(definition, district, stage);
        }
    }

    /// What a decision is about, whether it moves a vote or not: a station that is annulled before
    /// it has reported is waited for no longer.
    fn decide(&mut self, action: &Action, definition: &CountingDefinition<'_>, ledger: &Ledger) {
        let batch = |hash| ledger.find(hash).map(|batch| &ledger.entries()[batch as usize]);
        let pair = |station: &str, district: &str| {
            Some((definition.find_station(station)?, definition.find_district(district)?))
        };
        let touched = match action {
            Action::Annul { subject, .. } | Action::Reinstate { subject } => match subject {
                Subject::Station(station) => {
                    let station = definition.find_station(station);
                    let served = definition.served_pairs().into_iter().flatten();
                    self.touched_pairs.extend(served.filter(|pair| Some(pair.0) == station));
                    None
                }
                Subject::Pair(station, district) => pair(station, district),
                Subject::Batch(hash) => batch(hash).map(pair_of),
            },
            Action::Supersede { station, district, .. } => pair(station, district),
            Action::Release { batch: hash } | Action::Reject { batch: hash } => {
                batch(hash).map(pair_of)
            }
            Action::Declare { district, .. } => {
                if let Some(district) = definition.find_district(district) {
                    self.declared.insert(district);
                    self.touched.insert(district);
                }
                None
            }
            Action::Open | Action::Close | Action::Lot(_) => None,
        };
        self.touched_pairs.extend(touched);
    }

    /// What may be shown now.
    pub(crate) fn show(
        &mut self,
        definition: &CountingDefinition<'_>,
        readings: &[Reading],
    ) -> Arc<PublicTotals> {
        if std::mem::take(&mut self.disclosure.has_news) {
            self.shown = Arc::new(PublicTotals::of(&self.disclosure, definition, readings));
        }
        Arc::clone(&self.shown)
    }
}

fn pair_of(entry: &Entry) -> (u32, u32) {
    (entry.address.station, entry.address.district)
}
