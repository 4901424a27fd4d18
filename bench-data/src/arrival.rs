//! The order in which batches arrive at the count: any, and the same for a seed.
//!
//! In: the planned pairs, the seed. Out: the places of all pairs in the order of arrival. Never: a
//! device's later batch before its earlier one; an order that depends on threads or windows.
//!
//! Stations report when they are done, not in the order of a list. Who counts a nation in station
//! order would find every district's counters still warm, and measure a night that never is.

use crate::plan::{Nation, Pair};
use crate::random::{Domain, Random};

impl Nation {
    /// The places of all pairs in the order of arrival: four bytes a pair.
    pub(crate) fn arrival(&self) -> Vec<u32> {
        let pairs = &self.pairs;
        let count = u32::try_from(pairs.len()).expect("a few pairs for each of STATIONS_MAX");
        let mut order: Vec<u32> = (0..count).collect();
        Random::new(self.seed, Domain::Arrival, 0, 0).shuffle(&mut order);
        // A device seals its own batches in the order of their sequence: what was drawn says when a
        // station reports, and the k-th time it does, its k-th pair arrives.
        let mut next = vec![u32::MAX; self.election.stations.len()];
        for (place, pair) in (0..count).zip(pairs) {
            let first = &mut next[pair.station as usize];
            *first = place.min(*first);
        }
        for place in &mut order {
            let next = &mut next[pairs[*place as usize].station as usize];
            *place = *next;
            *next += 1;
        }
        order
    }

    /// The pair at a place of [`Self::arrival`].
    pub(crate) fn pair(&self, place: u32) -> &Pair {
        &self.pairs[place as usize]
    }
}
