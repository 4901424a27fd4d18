//! The batches that a live count has in its totals, in parts that its snapshots share.
//!
//! In: batches by number, as they come and go. Out: all of them, without copying more than the part
//! that is being filled. Never: a batch twice.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ledger::BatchNumber;
use crate::live::SharedBatches;
use crate::tally::CountedBatch;

/// Batches of a part: some 300 kB.
const PART_BATCHES: usize = 4_096;

/// Batches in parts. A part that a snapshot holds is copied before it is changed.
#[derive(Debug, Default)]
pub(crate) struct CountedList {
    parts: SharedBatches,
    /// Part, and place in it.
    places: HashMap<BatchNumber, (usize, usize)>,
    /// The batch at each place.
    numbers: Vec<Vec<BatchNumber>>,
}

impl CountedList {
    /// Adds a batch that is not in it.
    pub(crate) fn add(&mut self, number: BatchNumber, batch: CountedBatch) {
        if self.parts.last().is_none_or(|part| part.len() >= PART_BATCHES) {
            self.parts.push(Arc::default());
            self.numbers.push(Vec::new());
        }
        let part = self.parts.len() - 1;
        let place = self.parts[part].len();
        Arc::make_mut(&mut self.parts[part]).push(batch);
        self.numbers[part].push(number);
        let before = self.places.insert(number, (part, place));
        assert!(before.is_none(), "a batch is in the totals once");
    }

    /// Takes a batch out that is in it.
    pub(crate) fn take_out(&mut self, number: BatchNumber) {
        let (part, place) = self.places.remove(&number).expect("what was added can be taken out");
        Arc::make_mut(&mut self.parts[part]).swap_remove(place);
        self.numbers[part].swap_remove(place);
        if let Some(&moved) = self.numbers[part].get(place) {
            self.places.insert(moved, (part, place));
        }
    }

    /// All of them.
    pub(crate) fn share(&self) -> SharedBatches {
        self.parts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shomar_format::BatchAddress;

    #[test]
    fn batches_come_and_go_and_a_shared_list_stays_as_it_was() {
        let batch = |number: u32| CountedBatch {
            address: BatchAddress { district: 0, station: number, device: 0, sequence: 0 },
            taken: number,
            void: 0,
            blank: 0,
            body_hash: [0; 32],
        };
        let stations = |parts: &SharedBatches| {
            let mut stations: Vec<u32> =
                parts.iter().flat_map(|part| part.iter().map(|batch| batch.taken)).collect();
            stations.sort_unstable();
            stations
        };
        let mut list = CountedList::default();
        (0..10_000).for_each(|number| list.add(number, batch(number)));
        let before = list.share();
        (0..10_000).filter(|number| number % 3 > 0).for_each(|number| list.take_out(number));
        list.add(1, batch(1));
        assert_eq!(stations(&before), (0..10_000).collect::<Vec<_>>());
        let mut expected: Vec<u32> = (0..10_000).filter(|number| number % 3 == 0).collect();
        expected.insert(1, 1);
        assert_eq!(stations(&list.share()), expected);
    }
}
