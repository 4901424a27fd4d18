//! Raw ballots to canonical batches: three kinds told apart, each sorted, the order of voting gone.
//!
//! In: ballots as option indices in the order of entry. Out: [`CanonicalBatch`]es, equal for equal
//! multisets of ballots. Never: a ballot dropped, changed or merged with another; the counts are
//! asserted when a batch is finished.
//!
//! Canonical order of the ballots of one station and district: clean ones by number of choices,
//! then by their indices; then those kept as entered, by number of choices, then by their indices;
//! then blank ones. Batches are cut from this order at [`limits::BATCH_BALLOTS_MAX`].

use std::collections::BTreeMap;

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
                    || has_repeat(names)
                {
                    return BallotClass::Entered;
                }
                names.sort_unstable();
                BallotClass::Clean
            }
        }
    }
}

fn has_repeat(names: &[OptionIndex]) -> bool {
    // Ballots are short: no more than the seats when this is asked.
    names.iter().enumerate().any(|(index, name)| names[..index].contains(name))
}

/// A batch in canonical order; made here only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalBatch {
    shape: DistrictShape,
    payload: SparsePayload,
    clean: u32,
    entered: u32,
    blank: u32,
}

impl CanonicalBatch {
    /// A batch without a ballot: what a station seals for a district in which nobody voted.
    #[must_use]
    pub fn empty(shape: DistrictShape) -> Self {
        Self { shape, payload: SparsePayload::default(), clean: 0, entered: 0, blank: 0 }
    }

    /// The district's shape.
    #[must_use]
    pub fn shape(&self) -> DistrictShape {
        self.shape
    }

    /// The arrays to seal.
    #[must_use]
    pub fn payload(&self) -> &SparsePayload {
        &self.payload
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
        let payload = &mut batch.payload;
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

/// Collects the ballots of one station and district in memory and puts them in canonical order.
#[derive(Debug)]
pub struct Canonicaliser {
    shape: DistrictShape,
    clean: BTreeMap<usize, Vec<OptionIndex>>,
    entered: Vec<Vec<OptionIndex>>,
    blank: u64,
    ballots: u64,
    scratch: Vec<OptionIndex>,
}

impl Canonicaliser {
    /// Begins without a ballot.
    #[must_use]
    pub fn new(shape: DistrictShape) -> Self {
        Self {
            shape,
            clean: BTreeMap::new(),
            entered: Vec::new(),
            blank: 0,
            ballots: 0,
            scratch: Vec::new(),
        }
    }

    /// Adds `count` ballots with these choices in entry order.
    pub fn add(&mut self, choices: &[OptionIndex], count: u32) {
        self.scratch.clear();
        self.scratch.extend_from_slice(choices);
        let class = self.shape.classify(&mut self.scratch);
        self.ballots += u64::from(count);
        match class {
            BallotClass::Clean => {
                let rows = self.clean.entry(choices.len()).or_default();
                for _ in 0..count {
                    rows.extend_from_slice(&self.scratch);
                }
            }
            BallotClass::Entered => {
                for _ in 0..count {
                    self.entered.push(choices.to_vec());
                }
            }
            BallotClass::Blank => self.blank += u64::from(count),
        }
    }

    /// Ballots so far.
    #[must_use]
    pub fn ballots(&self) -> u64 {
        self.ballots
    }

    /// Sorts, and cuts into batches: one, unless there are more ballots than a batch may have.
    ///
    /// # Panics
    /// If a ballot were lost or doubled on the way.
    #[must_use]
    pub fn finish(mut self) -> Vec<CanonicalBatch> {
        let mut batches = Vec::new();
        let mut emit = |batch| {
            batches.push(batch);
            Ok::<_, std::convert::Infallible>(())
        };
        let mut cutter = BatchCutter::new(self.shape);
        for (&stride, rows) in &mut self.clean {
            sort_rows(rows, stride);
            for row in rows.chunks_exact(stride) {
                let Ok(()) = cutter.add(BallotClass::Clean, row, 1, &mut emit);
            }
        }
        self.entered.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        for ballot in &self.entered {
            let Ok(()) = cutter.add(BallotClass::Entered, ballot, 1, &mut emit);
        }
        let Ok(()) = cutter.add(BallotClass::Blank, &[], self.blank, &mut emit);
        batches.push(cutter.finish());
        let sealed: u64 = batches.iter().map(|batch| u64::from(batch.taken())).sum();
        assert_eq!(sealed, self.ballots, "canonicalising must keep every ballot");
        batches
    }
}

/// Sorts rows of `stride` indices each. Short rows are sorted as arrays, in place.
fn sort_rows(rows: &mut Vec<OptionIndex>, stride: usize) {
    macro_rules! sort_as_arrays {
        ($($width:literal)*) => {
            match stride {
                $($width => rows.as_chunks_mut::<$width>().0.sort_unstable(),)*
                _ => {
                    let mut order: Vec<&[OptionIndex]> = rows.chunks_exact(stride).collect();
                    order.sort_unstable();
                    *rows = order.concat();
                }
            }
        };
    }
    sort_as_arrays!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn more_ballots_than_a_batch_may_have_are_cut_in_order() {
        let mut canonicaliser = Canonicaliser::new(SHAPE);
        canonicaliser.add(&[5], 65_000);
        canonicaliser.add(&[], 65_000);
        canonicaliser.add(&[5, 5], 1_000);
        let batches = canonicaliser.finish();
        let counts: Vec<_> = batches.iter().map(CanonicalBatch::counts).collect();
        assert_eq!(counts, [(65_000, 535, 0), (0, 465, 65_000)]);
    }

    proptest! {
        #[test]
        fn order_of_voting_is_erased_and_no_ballot_is_lost(
            ballots in prop::collection::vec(prop::collection::vec(
                prop_oneof![9 => 0..40_u16, 1 => Just(UNKNOWN_OPTION)], 0..6), 0..60),
            seed in any::<u64>(),
        ) {
            let mut first = Canonicaliser::new(SHAPE);
            let mut second = Canonicaliser::new(SHAPE);
            for ballot in &ballots {
                first.add(ballot, 1);
            }
            let mut shuffled = ballots.clone();
            let length = shuffled.len().max(1);
            for index in 0..shuffled.len() {
                let other = (seed ^ index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                shuffled.swap(index, usize::try_from(other).unwrap() % length);
            }
            for ballot in &shuffled {
                second.add(ballot, 1);
            }
            let (first, second) = (first.finish(), second.finish());
            prop_assert_eq!(&first, &second);
            let mut stored: Vec<Vec<u16>> = Vec::new();
            for batch in &first {
                let bytes = batch.payload().to_bytes();
                let view = crate::payload::access(&bytes).unwrap();
                for group in view.groups() {
                    for row in group.choices.chunks_exact(group.stride) {
                        stored.push(row.iter().map(|choice| choice.to_native()).collect());
                    }
                }
                for row in view.entered() {
                    stored.push(row.iter().map(|choice| choice.to_native()).collect());
                }
                stored.extend((0..batch.counts().2).map(|_| Vec::new()));
            }
            let mut expected: Vec<Vec<u16>> = ballots
                .iter()
                .map(|ballot| {
                    let mut ballot = ballot.clone();
                    SHAPE.classify(&mut ballot);
                    ballot
                })
                .collect();
            stored.sort();
            expected.sort();
            prop_assert_eq!(stored, expected);
        }
    }
}
