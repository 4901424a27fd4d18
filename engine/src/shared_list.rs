//! A list that grows at its end, in parts that its copies share.
//!
//! In: one item after another. Out: copies of the whole list for the price of its last part. Never:
//! an item changed or taken away: what a reader has read stays where it is.

use std::sync::Arc;

/// Items of a part.
const PART_ITEMS: usize = 4_096;

/// A list of which copies are cheap. A part that a copy holds is copied before it grows.
#[derive(Clone, Debug)]
pub struct SharedList<T> {
    parts: Vec<Arc<Vec<T>>>,
}

impl<T> Default for SharedList<T> {
    fn default() -> Self {
        Self { parts: Vec::new() }
    }
}

impl<T: Clone> SharedList<T> {
    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        if self.parts.last().is_none_or(|part| part.len() >= PART_ITEMS) {
            self.parts.push(Arc::default());
        }
        let last = self.parts.last_mut().expect("a part was just added");
        Arc::make_mut(last).push(item);
    }
}

impl<T> SharedList<T> {
    /// Items so far.
    #[must_use]
    pub fn len(&self) -> usize {
        let Some((last, full)) = self.parts.split_last() else { return 0 };
        full.len() * PART_ITEMS + last.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The item at this place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.parts.get(place / PART_ITEMS)?.get(place % PART_ITEMS)
    }

    /// All items from this place on.
    pub fn iter_from(&self, place: usize) -> impl Iterator<Item = &T> {
        let first = (place / PART_ITEMS).min(self.parts.len());
        let skipped = place - first * PART_ITEMS;
        self.parts[first..].iter().flat_map(|part| part.iter()).skip(skipped)
    }

    /// All items.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was_and_every_item_is_found_again() {
        let mut list = SharedList::default();
        assert!(list.is_empty() && list.iter_from(0).next().is_none());
        let mut copies = Vec::new();
        for item in 0..10_000_usize {
            if item % 1_365 == 0 {
                copies.push((item, list.clone()));
            }
            list.push(item);
        }
        for (length, copy) in copies {
            assert_eq!(copy.len(), length);
            assert!(copy.iter().copied().eq(0..length));
        }
        for place in [0, 1, 4_095, 4_096, 8_191, 9_999, 10_000, 20_000] {
            assert!(list.iter_from(place).copied().eq(place.min(10_000)..10_000), "{place}");
            assert_eq!(list.get(place).copied(), (place < 10_000).then_some(place));
        }
    }
}
