//! When votes of a district last came into the totals, or went out.
//!
//! In: records as they are read, batches as they come and go. Out: per district the last record
//! that moved a vote of it, in a list that snapshots share. Never: a move that the same record took
//! back, as of a batch that a check holds at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ledger::BatchNumber;

/// The moves of a live count.
#[derive(Debug)]
pub(crate) struct Moves {
    /// Number of the last record that was read.
    last_read: u64,
    /// Batches that the records since the last note have moved, and their districts.
    moving: BTreeMap<BatchNumber, u32>,
    moved_at: Arc<Vec<u64>>,
}

impl Moves {
    /// Begins before the first record.
    pub(crate) fn new(districts: u32) -> Self {
        let moved_at = Arc::new(vec![0; districts as usize]);
        Self { last_read: 0, moving: BTreeMap::new(), moved_at }
    }

    /// A record is read.
    pub(crate) fn read(&mut self, position: u64) {
        self.last_read = position;
    }

    /// A batch with ballots came into the totals, or went out of them.
    pub(crate) fn change(&mut self, batch: BatchNumber, district: u32) {
        if self.moving.remove(&batch).is_none() {
            self.moving.insert(batch, district);
        }
    }

    /// Everything that the last record moves has moved.
    pub(crate) fn note(&mut self) {
        for district in std::mem::take(&mut self.moving).into_values() {
            Arc::make_mut(&mut self.moved_at)[district as usize] = self.last_read;
        }
    }

    /// Per district, the last record that moved a vote of it.
    pub(crate) fn share(&self) -> Arc<Vec<u64>> {
        Arc::clone(&self.moved_at)
    }
}
