//! What a decision would change, if an officer signed it now.
//!
//! In: a snapshot, the ledger up to it, a decision that nobody has signed. Out: the snapshot and
//! the ledger as they would be, and old and new numbers per district; or why it cannot be applied.
//! Never: anything changed; a check run anew: a batch that comes in is taken to count, and a check
//! may hold it all the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use shomar_format::bytes::Digest32;
use shomar_format::control::{Action, Control};
use shomar_format::record::record_hash;
use shomar_format::{BatchAddress, CountingDefinition};

use crate::decision::DistrictEffect;
use crate::definition::Definition;
use crate::evidence::Evidence;
use crate::inapplicable::Inapplicable;
use crate::index::{Index, RecordPlace};
use crate::kernel::Kernel;
use crate::ledger::{BatchNumber, Ledger, Ruling, Standing};
use crate::live_snapshot::LiveSnapshot;
use crate::recount::HeldBatch;
use crate::snapshot::{DistrictTotals, Snapshot};
use crate::tally::{CountedAlone, count_each};

/// What a decision is held against.
#[derive(Clone, Copy)]
pub struct WhatIfInput<'a> {
    /// The election.
    pub definition: &'a Definition,
    /// The last snapshot.
    pub snapshot: &'a LiveSnapshot,
    /// A ledger that has read up to it.
    pub ledger: &'a Ledger,
}

/// Everything as it would be.
pub struct WhatIf {
    /// The snapshot; all of its totals may be shown to whoever may see everything.
    pub snapshot: LiveSnapshot,
    /// The ledger.
    pub ledger: Ledger,
    /// Districts whose totals would be others.
    pub effects: Vec<DistrictEffect>,
    /// Batches that would come into the totals (true), or go out of them, by hash.
    pub moved: BTreeMap<Digest32, bool>,
}

/// Why nobody can say what would be.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    /// The decision cannot be applied.
    #[error(transparent)]
    Inapplicable(#[from] Inapplicable),
    /// The evidence cannot be read.
    #[error("{0}")]
    Evidence(String),
}

/// Says what would be. `evidence` is asked for where batches are to be counted again.
///
/// # Errors
/// If the decision cannot be applied, or the evidence cannot be read.
///
/// # Panics
/// If a batch that was counted cannot be counted again, or cannot be taken out.
pub fn what_if(
    input: WhatIfInput<'_>,
    control: &Control,
    evidence: impl FnOnce() -> Result<Evidence, String>,
) -> Result<WhatIf, WhatIfError> {
    let WhatIfInput { definition, snapshot, ledger } = input;
    let counting = definition.counting();
    let mut after = ledger.clone();
    let moved = after.apply(snapshot.position, 0, control.clone(), &counting)?;
    let hash_of = |batch: BatchNumber| ledger.entries()[batch as usize].hash;
    let Some(totals) = &snapshot.totals else {
        let snapshot = snapshot.with_totals(None, Arc::clone(&snapshot.held));
        let moved = moved.iter().map(|moved| (hash_of(moved.batch), moved.stands)).collect();
        return Ok(WhatIf { snapshot, ledger: after, effects: Vec::new(), moved });
    };
    let held: HashMap<&Digest32, &HeldBatch> =
        snapshot.held.iter().map(|held| (&held.hash, held)).collect();
    // What moves, and whether it comes in. What a check holds is in no total, and cannot go out.
    let mut moves: BTreeMap<BatchNumber, bool> = moved
        .iter()
        .filter(|moved| moved.stands || !held.contains_key(&hash_of(moved.batch)))
        .map(|moved| (moved.batch, moved.stands))
        .collect();
    let mut held_after: Vec<HeldBatch> = snapshot.held.to_vec();
    held_after.retain(|held| {
        let batch = ledger.find(&held.hash);
        batch.is_none_or(|batch| after.standing(batch) == Standing::Stands)
    });
    let mut released = None;
    match &control.action {
        Action::Release { batch } => {
            released = held.get(batch).copied();
            held_after.retain(|held| held.hash != *batch);
        }
        Action::Reject { batch } => {
            if let Some(own) = held_after.iter_mut().find(|held| held.hash == *batch) {
                own.is_rejected = true;
            } else if let Some(number) = ledger.find(batch)
                && ledger.entries()[number as usize].ruling == Some(Ruling::Released)
                && ledger.standing(number) == Standing::Stands
            {
                // It was held, and an officer had let it go.
                moves.insert(number, false);
            }
        }
        _ => {}
    }
    let (mut votes, mut ballots) = totals.sums();
    let mut changed: BTreeSet<u32> = BTreeSet::new();
    let mut change = |alone: &CountedAlone, comes: bool| {
        let district = alone.batch.address.district;
        changed.insert(district);
        let sums = &mut votes[counting.option_range(district)];
        let own = &mut ballots[district as usize];
        match comes {
            true => own.add(&alone.batch.ballots()),
            false => own.take_out(&alone.batch.ballots()),
        }
        for (sum, &votes) in sums.iter_mut().zip(&alone.votes) {
            let votes = u64::from(votes);
            let now = if comes { sum.checked_add(votes) } else { sum.checked_sub(votes) };
            *sum = now.expect("what was counted can be taken out");
        }
    };
    if let Some(released) = released {
        change(&released.alone, true);
    }
    if !moves.is_empty() {
        let evidence = evidence().map_err(WhatIfError::Evidence)?;
        let wanted: HashMap<Digest32, bool> =
            moves.iter().map(|(batch, comes)| (hash_of(*batch), *comes)).collect();
        let (places, comes) = find_all(&evidence, &counting, ledger, &moves, &wanted);
        if places.len() != moves.len() {
            let found = format!("{} of {} batches in the segments", places.len(), moves.len());
            return Err(WhatIfError::Evidence(format!("found {found}, expected all")));
        }
        let alone = count_each(&evidence, &places, &counting, totals.readings(), Kernel::best());
        alone.iter().zip(comes).for_each(|(alone, comes)| change(alone, comes));
    }
    let effects = changed.into_iter().map(|district| {
        let options = &votes[counting.option_range(district)];
        let own = ballots[district as usize];
        let after = DistrictTotals::of_part(&counting, district, own, options).document();
        let before = totals.district(&counting, district).document();
        DistrictEffect { district, before, after }
    });
    let effects: Vec<DistrictEffect> =
        effects.filter(|effect| effect.before != effect.after).collect();
    let readings = totals.readings();
    let would_be = Snapshot::of_live(votes, ballots, Vec::new(), &counting, readings);
    let position = snapshot.position;
    let mut snapshot = snapshot.with_totals(Some(would_be), Arc::new(held_after));
    let moved_at = Arc::make_mut(&mut snapshot.moved_at);
    effects.iter().for_each(|effect| moved_at[effect.district as usize] = position);
    let mut moved: BTreeMap<Digest32, bool> =
        moves.iter().map(|(batch, comes)| (hash_of(*batch), *comes)).collect();
    moved.extend(released.map(|released| (released.hash, true)));
    Ok(WhatIf { snapshot, ledger: after, effects, moved })
}

/// Where batches lie, and whether each comes in.
fn find_all(
    evidence: &Evidence,
    counting: &CountingDefinition<'_>,
    ledger: &Ledger,
    moves: &BTreeMap<BatchNumber, bool>,
    wanted: &HashMap<Digest32, bool>,
) -> (Vec<RecordPlace>, Vec<bool>) {
    let addresses: HashSet<BatchAddress> =
        moves.keys().map(|batch| ledger.entries()[*batch as usize].address).collect();
    let index = Index::build(evidence, counting);
    let mut found = HashSet::new();
    let all = index.places.iter().chain(&index.special);
    all.filter(|place| addresses.contains(&place.address(evidence)))
        .filter_map(|place| {
            let hash = record_hash(place.record(evidence).1);
            let comes = *wanted.get(&hash)?;
            // The same record twice counts once.
            found.insert(hash).then_some((*place, comes))
        })
        .unzip()
}
