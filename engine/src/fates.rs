//! What became of every batch received, and of every pair of station and district.
//!
//! In: batches, decisions, what checks hold. Out: a fate for each batch, ballots by fate, the pairs
//! of which something came, gaps in the chains of devices. Never: a batch with two fates, or none.

use std::collections::HashSet;

use rayon::prelude::*;
use shomar_format::BatchAddress;
use shomar_format::bytes::Digest32;

use crate::completeness::CompletenessInput;
use crate::ledger::{Ledger, Ruling, Standing};
use crate::recount::HeldBatch;
use crate::snapshot::Snapshot;

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Counts,
    Annulled,
    /// A recount stands in its place.
    Superseded,
    /// A check held it, and an officer has rejected it.
    Rejected,
    Held,
    /// A recount that nobody has decided about.
    Waits,
    /// A recount that was rejected before it stood anywhere: only its chain has it.
    Dropped,
}

/// A batch, and what became of it.
pub(crate) struct Fated {
    pub(crate) address: BatchAddress,
    pub(crate) fate: Fate,
    /// Its ballots, as its header says.
    pub(crate) taken: u64,
}

/// A pair of which something was received.
pub(crate) struct Pair {
    pub(crate) station: u32,
    pub(crate) district: u32,
    pub(crate) batches: u32,
    pub(crate) ballots: BallotFates,
    /// A batch of it counts, with ballots or without.
    pub(crate) counts: bool,
    pub(crate) is_rejected: bool,
    /// A batch of it counts, or is out of the totals by a decision.
    pub(crate) is_settled: bool,
    pub(crate) is_held: bool,
    pub(crate) waits: bool,
    /// A batch of its station is missing in the chain of a device.
    pub(crate) has_gap: bool,
    /// Nothing of it counts, come when it may.
    pub(crate) is_annulled: bool,
}

/// Ballots of every batch received of a district, as the headers say, by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BallotFates {
    /// They count.
    pub counted: u64,
    /// A check holds them, and nobody has rejected them.
    pub held: u64,
    /// Annulled, or held and rejected: outside the ballots taken (class (b) of void ballots).
    pub out: u64,
    /// Of a count in whose place a recount stands: nobody took them out, they were counted again.
    pub replaced: u64,
    /// Of a recount that stands nowhere, since it waits or was rejected.
    pub recounted: u64,
}

impl BallotFates {
    /// All of them.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.counted + self.held + self.out + self.replaced + self.recounted
    }

    pub(crate) fn add(&mut self, fate: Fate, ballots: u64) {
        *match fate {
            Fate::Counts => &mut self.counted,
            Fate::Held => &mut self.held,
            Fate::Annulled | Fate::Rejected => &mut self.out,
            Fate::Superseded => &mut self.replaced,
            Fate::Waits | Fate::Dropped => &mut self.recounted,
        } += ballots;
    }
}

/// Sequences of a device that have not come, while a later one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainGap {
    /// Index of the station.
    pub station: u32,
    /// Number of the device in it.
    pub device: u32,
    /// First sequence that is missing.
    pub from: u64,
    /// Last one.
    pub to: u64,
}

impl Pair {
    /// Whether a batch of it may be missing that would count.
    pub(crate) fn may_miss(&self) -> bool {
        self.has_gap && !self.is_annulled
    }

    /// Whether a recount of it waits that would count.
    pub(crate) fn recount_waits(&self) -> bool {
        self.waits && !self.is_annulled
    }
}

/// Every batch received, and what became of it.
pub(crate) fn fates(input: &CompletenessInput<'_, '_>) -> Vec<Fated> {
    let Some(ledger) = input.ledger else {
        let counted = input.snapshot.into_iter().flat_map(Snapshot::batches);
        let counted = counted.map(|batch| {
            let taken = u64::from(batch.taken);
            Fated { address: batch.address, fate: Fate::Counts, taken }
        });
        let held = input.held.iter().map(|held| {
            let taken = held.reported.taken;
            Fated { address: held.address, fate: Fate::Held, taken }
        });
        return counted.chain(held).collect();
    };
    let is_open = |held: &&HeldBatch| !held.is_rejected;
    let held: HashSet<Digest32> = input.held.iter().filter(is_open).map(|held| held.hash).collect();
    let rejected = input.held.iter().filter(|held| held.is_rejected);
    let rejected: HashSet<Digest32> = rejected.map(|held| held.hash).collect();
    let entries = (0..).zip(ledger.entries());
    let fates = entries.map(|(batch, entry)| {
        let fate = match ledger.standing(batch) {
            Standing::Stands if held.contains(&entry.hash) => Fate::Held,
            // Out of the totals, and nobody waits for it.
            Standing::Stands if rejected.contains(&entry.hash) => Fate::Rejected,
            Standing::Stands => Fate::Counts,
            Standing::Waiting if entry.ruling == Some(Ruling::Rejected) => Fate::Dropped,
            Standing::Waiting => Fate::Waits,
            Standing::Superseded(_) => Fate::Superseded,
            Standing::Annulled(_) => Fate::Annulled,
        };
        Fated { address: entry.address, fate, taken: u64::from(entry.taken) }
    });
    fates.collect()
}

/// The pairs of all batches, by station, then district.
pub(crate) fn received_pairs(
    mut batches: Vec<Fated>,
    ledger: Option<&Ledger>,
    gaps: &mut Vec<ChainGap>,
) -> Vec<Pair> {
    let key = |batch: &Fated| (batch.address.station, batch.address.district);
    batches.par_sort_unstable_by_key(key);
    let mut pairs = Vec::with_capacity(batches.len());
    let mut links = Vec::new();
    let is_of_station = |one: &Fated, other: &Fated| one.address.station == other.address.station;
    for of_station in batches.chunk_by(is_of_station) {
        links.clear();
        let link = |batch: &Fated| (batch.address.device, batch.address.sequence);
        links.extend(of_station.iter().map(link));
        let known = gaps.len();
        find_gaps(of_station[0].address.station, &mut links, gaps);
        let has_gap = gaps.len() > known;
        for of_pair in of_station.chunk_by(|one, other| key(one) == key(other)) {
            let has = |fate| of_pair.iter().any(|batch| batch.fate == fate);
            let (station, district) = key(&of_pair[0]);
            let mut ballots = BallotFates::default();
            of_pair.iter().for_each(|batch| ballots.add(batch.fate, batch.taken));
            let is_out = has(Fate::Annulled) || has(Fate::Superseded);
            let (counts, is_rejected) = (has(Fate::Counts), has(Fate::Rejected));
            let is_annulled =
                ledger.is_some_and(|ledger| ledger.annulled_by(station, district).is_some());
            pairs.push(Pair {
                station,
                district,
                batches: u32::try_from(of_pair.len()).expect("fewer than 2^32 batches"),
                ballots,
                counts,
                is_rejected,
                is_settled: counts || is_rejected || is_out,
                is_held: has(Fate::Held),
                waits: has(Fate::Waits),
                has_gap,
                is_annulled,
            });
        }
    }
    pairs
}

/// Batches that a device has sealed and that did not come, before one that did. Every sequence is
/// there once: the same record twice is left out before, another one is a finding.
fn find_gaps(station: u32, links: &mut [(u32, u64)], gaps: &mut Vec<ChainGap>) {
    links.sort_unstable();
    let mut next = (0, 0);
    for &(device, sequence) in links.iter() {
        let expected = if next.0 == device { next.1 } else { 0 };
        if sequence > expected {
            gaps.push(ChainGap { station, device, from: expected, to: sequence - 1 });
        }
        next = (device, sequence.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_a_sequence_below_the_last_one_that_is_not_there() {
        let gaps = |links: &[(u32, u64)]| {
            let mut gaps = Vec::new();
            find_gaps(5, &mut links.to_vec(), &mut gaps);
            assert!(gaps.iter().all(|gap| gap.station == 5));
            gaps.iter().map(|gap| (gap.device, gap.from, gap.to)).collect::<Vec<_>>()
        };
        assert!(gaps(&[]).is_empty() && gaps(&[(0, 0)]).is_empty());
        assert_eq!(gaps(&[(0, 1)]), [(0, 0, 0)]);
        assert!(gaps(&[(0, 2), (0, 0), (0, 1)]).is_empty());
        assert_eq!(gaps(&[(0, 2), (0, 0)]), [(0, 1, 1)]);
        assert!(gaps(&[(0, 0), (7, 1), (7, 0)]).is_empty());
        assert_eq!(gaps(&[(0, 0), (7, 1), (0, 1), (7, 5)]), [(7, 0, 0), (7, 2, 4)]);
        assert_eq!(gaps(&[(0, u64::MAX)]), [(0, 0, u64::MAX - 1)]);
    }
}
