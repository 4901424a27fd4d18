//! What may be shown to everybody, kept beside a live count.
//!
//! In: every batch that the live count takes in or out, every record's end. Out: public totals,
//! shared as long as nothing more is shown. Never: a state between two records.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use shomar_format::control::Action;
use shomar_format::{BatchAddress, CountingDefinition, Election, Reading};

use crate::disclosure::Disclosure;
use crate::ledger::{BatchNumber, Ledger};
use crate::live_snapshot::PublicTotals;
use crate::tally::CountedBatch;

/// What may be shown, and what decides which districts are complete.
pub(crate) struct Public {
    disclosure: Disclosure,
    /// Batches in the totals, by station and district.
    pairs: HashMap<(u32, u32), u32>,
    /// Per district, the pairs of `serves.csv` of which nothing is in the totals.
    open_pairs: Vec<u32>,
    /// Districts that an officer has declared.
    declared: BTreeSet<u32>,
    /// Districts that the record in hand has touched.
    touched: BTreeSet<u32>,
    shown: Arc<PublicTotals>,
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
        let disclosure = Disclosure::new(definition, election, least_ballots);
        let shown = Arc::new(PublicTotals::of(&disclosure, definition, readings));
        Self {
            disclosure,
            pairs: HashMap::new(),
            open_pairs,
            declared: BTreeSet::new(),
            touched: BTreeSet::new(),
            shown,
        }
    }

    /// A batch came into the totals, or went out of them.
    pub(crate) fn change(
        &mut self,
        number: BatchNumber,
        batch: &CountedBatch,
        came: bool,
        votes: &[u32],
    ) {
        let BatchAddress { station, district, .. } = batch.address;
        let batches = self.pairs.entry((station, district)).or_default();
        let open = &mut self.open_pairs[district as usize];
        if came {
            // Without `serves.csv` nothing is open.
            *open = open.saturating_sub(u32::from(*batches == 0));
            *batches += 1;
        } else {
            *batches -= 1;
            *open += u32::from(*batches == 0);
        }
        self.touched.insert(district);
        self.disclosure.change(district, number, came, batch.ballots(), votes);
    }

    /// The record at `position` has been read, and everything that it moves has moved.
    pub(crate) fn read_on(
        &mut self,
        definition: &CountingDefinition<'_>,
        ledger: &Ledger,
        position: u64,
    ) {
        let applied = ledger.applied().last().filter(|applied| applied.position == position);
        if let Some(Action::Declare { district, .. }) = applied.map(|own| &own.control.action)
            && let Some(district) = definition.find_district(district)
        {
            self.declared.insert(district);
            self.touched.insert(district);
        }
        for district in std::mem::take(&mut self.touched) {
            // Without `serves.csv`, and as long as no officer decides anything, what is there is
            // the whole.
            let is_in = match definition.served_pairs() {
                Some(_) => self.open_pairs[district as usize] == 0,
                None => ledger.applied().is_empty(),
            };
            let is_complete = is_in || self.declared.contains(&district);
            self.disclosure.settle(definition, district, is_complete);
        }
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
