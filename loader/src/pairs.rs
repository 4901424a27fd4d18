//! The rows of one partition by station and district, without moving them.
//!
//! In: stored rows, in any order. Out: every pair in order, and its rows. Never: a copy
//! of a row, or more memory than one entry for each time that rows change from pair to pair.

use rustc_hash::FxHashMap;

use crate::stored::{Item, Items, RawRow};

/// Where the rows of each pair stand.
pub(crate) struct Pairs<'a> {
    bytes: &'a [u8],
    pairs: Vec<Pair>,
    runs: Vec<Run>,
}

/// A station and a district with rows; the field order is the order of sealing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) station: u32,
    pub(crate) district: u32,
    first_run: u32,
    last_run: u32,
}

/// Rows of one pair that stand one after another; the pair itself stands before them.
struct Run {
    from: u32,
    next: u32,
}

/// No run follows.
const LAST: u32 = u32::MAX;

impl<'a> Pairs<'a> {
    /// Looks through all rows once.
    ///
    /// # Panics
    /// If there are more than 4 GiB of them; such a partition is sorted on disk.
    pub(crate) fn find(bytes: &'a [u8]) -> Self {
        let small = |place: usize| u32::try_from(place).expect("a partition is below 4 GiB");
        let mut pairs: Vec<Pair> = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        let mut places: FxHashMap<(u32, u32), usize> = FxHashMap::default();
        let mut items = Items::new(bytes);
        loop {
            let from = bytes.len() - items.rest().len();
            let Some(item) = items.next() else { break };
            let Item::Pair(station, district) = item else { continue };
            let run = small(runs.len());
            runs.push(Run { from: small(from), next: LAST });
            let place = *places.entry((station, district)).or_insert(pairs.len());
            if let Some(pair) = pairs.get_mut(place) {
                runs[pair.last_run as usize].next = run;
                pair.last_run = run;
            } else {
                pairs.push(Pair { station, district, first_run: run, last_run: run });
            }
        }
        assert!(items.rest().is_empty(), "a partition ends with a whole row");
        pairs.sort_unstable();
        Self { bytes, pairs, runs }
    }

    /// Every pair, by station, then district.
    pub(crate) fn in_order(&self) -> &[Pair] {
        &self.pairs
    }

    /// Gives every row of a pair to `each`.
    pub(crate) fn rows(&self, pair: &Pair, mut each: impl FnMut(RawRow<'a>)) {
        let mut next = pair.first_run;
        while next != LAST {
            let run = &self.runs[next as usize];
            let mut items = Items::new(&self.bytes[run.from as usize..]);
            items.next().expect("a run begins with its pair");
            while let Some(Item::Row(row)) = items.next() {
                each(row);
            }
            next = run.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::Block;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_row_is_given_out_once_under_its_pair(
            rows in prop::collection::vec(
                ((0..4_u32, 0..4_u32), prop::collection::vec(0..9_u16, 0..3), any::<bool>()),
                0..60,
            ),
        ) {
            let (mut block, mut bytes) = (Block::default(), Vec::new());
            let mut expected: BTreeMap<(u32, u32), Vec<Vec<u16>>> = BTreeMap::new();
            for (pair, choices, cut) in rows {
                block.push(pair, pair.1 < 2, &choices, 1);
                expected.entry(pair).or_default().push(choices);
                if cut {
                    bytes.extend_from_slice(block.bytes());
                    block.clear();
                }
            }
            bytes.extend_from_slice(block.bytes());
            let pairs = Pairs::find(&bytes);
            let found = pairs.in_order().iter().map(|pair| {
                let mut rows = Vec::new();
                pairs.rows(pair, |row| {
                    let mut choices = Vec::new();
                    row.read_into(&mut choices);
                    rows.push(choices);
                });
                ((pair.station, pair.district), rows)
            });
            prop_assert_eq!(found.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
