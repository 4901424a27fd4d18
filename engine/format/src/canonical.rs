//! Canonical batches: three kinds of ballots told apart, each in order, the order of voting gone.
//!
//! In: ballots as option indices; in canonical order, where they are cut. Out:
//! [`CanonicalBatch`]es, equal for equal multisets of ballots. Never: a ballot dropped, changed or
//! merged with another. Putting ballots in order is done in `canonicaliser.rs`.
//!
//! Canonical order of the ballots of one station and district: clean ones by number of choices,
//! then by their indices; then those kept as entered, by number of choices, then by their indices;
//! then blank ones. Batches are cut from this order at [`limits::BATCH_BALLOTS_MAX`].

use crate::payload::SparsePayload;
use crate::{OptionIndex, UNKNOWN_OPTION, limits};

/// What canonicalising must know of a district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DistrictShape {
    /// Options: lists and candidates together.
    pub option_count: u32,
    /// Lists; they have the indices below this.
    pub list_count: u32,
    /// Seats: the largest number of names on a clean ballot.
    pub seats: u32,
}

/// The three kinds of ballots of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BallotClass {
    /// One list code, or distinct known names, no more than the seats: stored as a set.
    Clean,
    /// A reading rule applies: stored in entry order.
    Entered,
    /// Nothing was entered: stored as a count.
    Blank,
}

impl DistrictShape {
    /// Tells the kind of a ballot, and sorts `choices` if it is clean.
    ///
    /// # Panics
    /// If a choice is neither an option of the district nor [`UNKNOWN_OPTION`]: the caller looked
    /// it up in this district.
    pub fn classify(&self, choices: &mut [OptionIndex]) -> BallotClass {
        for &choice in choices.iter() {
            assert!(
                choice == UNKNOWN_OPTION || u32::from(choice) < self.option_count,
                "option {choice} is not one of the {} of its district",
                self.option_count
            );
        }
        match choices {
            [] => BallotClass::Blank,
            [UNKNOWN_OPTION] => BallotClass::Entered,
            [_] => BallotClass::Clean,
            names => {
                if names.len() > self.seats as usize
                    || names
                        .iter()
                        .any(|&name| u32::from(name) < self.list_count || name == UNKNOWN_OPTION)
                {
                    return BallotClass::Entered;
                }
                sort_if_distinct(names)
            }
        }
    }
}

/// Sorts names and calls them clean; leaves them in the order of entry if one comes twice.
fn sort_if_distinct(names: &mut [OptionIndex]) -> BallotClass {
    let mut few = [0; 32];
    let mut many;
    let sorted = if names.len() <= few.len() {
        &mut few[..names.len()]
    } else {
        many = vec![0; names.len()];
        &mut many[..]
    };
    sorted.copy_from_slice(names);
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return BallotClass::Entered;
    }
    names.copy_from_slice(sorted);
    BallotClass::Clean
}

/// A batch in canonical order; made here only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalBatch {
    shape: DistrictShape,
    rows: SparsePayload,
    clean: u32,
    entered: u32,
    blank: u32,
}

impl CanonicalBatch {
    /// A batch without a ballot: what a station seals for a district in which nobody voted.
    #[must_use]
    pub fn empty(shape: DistrictShape) -> Self {
        Self { shape, rows: SparsePayload::default(), clean: 0, entered: 0, blank: 0 }
    }

    /// A batch of rows that are in canonical order already.
    pub(crate) fn of_rows(shape: DistrictShape, rows: SparsePayload) -> Self {
        let clean = rows.group_ballots.iter().sum();
        // At most `BATCH_BALLOTS_MAX`, as are all three together.
        let entered = u32::try_from(rows.entered_lengths.len()).expect("ballots of one batch");
        let batch = Self { shape, clean, entered, blank: rows.blank_ballots, rows };
        assert!(batch.taken() <= limits::BATCH_BALLOTS_MAX, "a batch within its limit");
        batch
    }

    /// The district's shape.
    #[must_use]
    pub fn shape(&self) -> DistrictShape {
        self.shape
    }

    /// The ballots, one after another in canonical order.
    #[must_use]
    pub fn rows(&self) -> &SparsePayload {
        &self.rows
    }

    /// Clean ballots, ballots kept as entered, blank ballots.
    #[must_use]
    pub fn counts(&self) -> (u32, u32, u32) {
        (self.clean, self.entered, self.blank)
    }

    /// Ballots taken.
    #[must_use]
    pub fn taken(&self) -> u32 {
        self.clean + self.entered + self.blank
    }
}

/// Cuts ballots that come in canonical order into batches; the second half of canonicalising, for
/// callers that sort on disk.
#[derive(Debug)]
pub struct BatchCutter {
    batch: CanonicalBatch,
    last: Option<(BallotClass, Vec<OptionIndex>)>,
}

impl BatchCutter {
    /// Begins with an empty batch.
    #[must_use]
    pub fn new(shape: DistrictShape) -> Self {
        Self { batch: CanonicalBatch::empty(shape), last: None }
    }

    /// Adds `count` equal ballots; gives every batch that became full to `emit`.
    ///
    /// # Panics
    /// If the ballots do not come in canonical order.
    pub fn add<E>(
        &mut self,
        class: BallotClass,
        choices: &[OptionIndex],
        mut count: u64,
        emit: &mut impl FnMut(CanonicalBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.assert_order(class, choices);
        while count > 0 {
            let room = u64::from(limits::BATCH_BALLOTS_MAX - self.batch.taken());
            let now = u32::try_from(count.min(room)).expect("room is 32 bits");
            if now > 0 {
                self.extend(class, choices, now);
            }
            count -= u64::from(now);
            if count > 0 {
                let empty = CanonicalBatch::empty(self.batch.shape);
                emit(std::mem::replace(&mut self.batch, empty))?;
            }
        }
        Ok(())
    }

    fn assert_order(&mut self, class: BallotClass, choices: &[OptionIndex]) {
        if let Some((last_class, last)) = &mut self.last {
            let before = (*last_class, last.len(), last.as_slice());
            assert!(before <= (class, choices.len(), choices), "ballots out of canonical order");
            *last_class = class;
            last.clear();
            last.extend_from_slice(choices);
        } else {
            self.last = Some((class, choices.to_vec()));
        }
    }

    fn extend(&mut self, class: BallotClass, choices: &[OptionIndex], count: u32) {
        let batch = &mut self.batch;
        let payload = &mut batch.rows;
        // `BALLOT_CHOICES_MAX` is far below 65,536.
        let stride = u16::try_from(choices.len()).expect("a ballot is within its limit");
        match class {
            BallotClass::Clean => {
                if payload.strides.last() != Some(&stride) {
                    payload.strides.push(stride);
                    payload.group_ballots.push(0);
                }
                *payload.group_ballots.last_mut().expect("a group was pushed") += count;
                batch.clean += count;
                for _ in 0..count {
                    payload.choices.extend_from_slice(choices);
                }
            }
            BallotClass::Entered => {
                batch.entered += count;
                for _ in 0..count {
                    payload.entered_lengths.push(stride);
                    payload.entered_choices.extend_from_slice(choices);
                }
            }
            BallotClass::Blank => {
                batch.blank += count;
                payload.blank_ballots += count;
            }
        }
    }

    /// The last batch, which may be empty.
    #[must_use]
    pub fn finish(self) -> CanonicalBatch {
        self.batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: DistrictShape = DistrictShape { option_count: 40, list_count: 2, seats: 3 };

    #[test]
    fn three_kinds_of_ballots() {
        let cases: [(&[u16], BallotClass); 10] = [
            (&[], BallotClass::Blank),
            (&[0], BallotClass::Clean),
            (&[5], BallotClass::Clean),
            (&[9, 5, 7], BallotClass::Clean),
            (&[UNKNOWN_OPTION], BallotClass::Entered),
            (&[5, UNKNOWN_OPTION], BallotClass::Entered),
            (&[5, 5], BallotClass::Entered),
            (&[0, 5], BallotClass::Entered),
            (&[0, 1], BallotClass::Entered),
            (&[5, 6, 7, 8], BallotClass::Entered),
        ];
        for (choices, class) in cases {
            let mut sorted = choices.to_vec();
            assert_eq!(SHAPE.classify(&mut sorted), class, "{choices:?}");
            if class == BallotClass::Clean {
                assert!(sorted.is_sorted());
            } else {
                assert_eq!(sorted, choices);
            }
        }
    }

    #[test]
    #[should_panic(expected = "is not one of")]
    fn an_option_of_another_district_is_a_programmers_error() {
        SHAPE.classify(&mut [40]);
    }
}
