//! Raw ballots to canonical batches: the ballots of one station and district, put in order.
//!
//! In: ballots as option indices in the order of entry. Out: [`CanonicalBatch`]es, equal for equal
//! multisets of ballots. Never: a ballot dropped, changed or merged with another; the counts are
//! asserted when a batch is finished.
//!
//! Clean ballots of one length are sorted as whole numbers. In a district of up to 64 candidates a
//! ballot is one word: names are bits, the first name the highest one, so that the larger word is
//! the ballot that stands earlier. Elsewhere the first names of a ballot are packed into a word.

use crate::canonical::{BallotClass, BatchCutter, CanonicalBatch, DistrictShape};
use crate::payload::SparsePayload;
use crate::{OptionIndex, limits};

/// Collects the ballots of one station and district in memory and puts them in canonical order.
#[derive(Debug)]
pub struct Canonicaliser {
    shape: DistrictShape,
    clean: CleanBallots,
    entered: Vec<Vec<OptionIndex>>,
    blank: u64,
    ballots: u64,
    scratch: Vec<OptionIndex>,
}

/// Clean ballots by their number of choices.
#[derive(Debug)]
enum CleanBallots {
    /// Up to 64 options: per length, bit 63 - i of a ballot stands for option i.
    Words(Vec<Vec<u64>>),
    /// Per length the choices of the ballots, ascending inside each.
    Rows(Vec<Vec<OptionIndex>>),
}

impl Canonicaliser {
    /// Begins without a ballot.
    #[must_use]
    pub fn new(shape: DistrictShape) -> Self {
        let clean = if shape.option_count <= u64::BITS {
            CleanBallots::Words(Vec::new())
        } else {
            CleanBallots::Rows(Vec::new())
        };
        Self { shape, clean, entered: Vec::new(), blank: 0, ballots: 0, scratch: Vec::new() }
    }

    /// Adds `count` ballots with these choices in entry order.
    ///
    /// # Panics
    /// As [`DistrictShape::classify`].
    pub fn add(&mut self, choices: &[OptionIndex], count: u32) {
        self.ballots += u64::from(count);
        let copies = count as usize;
        if let CleanBallots::Words(lengths) = &mut self.clean
            && let Some(word) = self.shape.clean_word(choices)
        {
            let words = of_length(lengths, choices.len());
            words.extend(std::iter::repeat_n(word, copies));
            return;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(choices);
        match (self.shape.classify(&mut self.scratch), &mut self.clean) {
            (BallotClass::Clean, CleanBallots::Rows(lengths)) => {
                let rows = of_length(lengths, choices.len());
                for _ in 0..copies {
                    rows.extend_from_slice(&self.scratch);
                }
            }
            (BallotClass::Clean, CleanBallots::Words(_)) => {
                unreachable!("a clean ballot of few options is a word")
            }
            (BallotClass::Entered, _) => {
                self.entered.extend(std::iter::repeat_n(choices.to_vec(), copies));
            }
            (BallotClass::Blank, _) => self.blank += u64::from(count),
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
        let groups = match &mut self.clean {
            CleanBallots::Words(lengths) => groups_of(lengths, sorted_rows_of_words),
            CleanBallots::Rows(lengths) => groups_of(lengths, sorted_rows),
        };
        self.entered.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        let batches = if self.ballots <= u64::from(limits::BATCH_BALLOTS_MAX) {
            vec![CanonicalBatch::of_rows(self.shape, self.one_batch(&groups))]
        } else {
            self.cut(&groups)
        };
        let sealed: u64 = batches.iter().map(|batch| u64::from(batch.taken())).sum();
        assert_eq!(sealed, self.ballots, "canonicalising must keep every ballot");
        batches
    }

    fn one_batch(&self, groups: &[(usize, Vec<OptionIndex>)]) -> SparsePayload {
        // Lengths are within the limit of choices, counts within that of ballots.
        let short = |length: usize| u16::try_from(length).expect("a ballot is within its limit");
        let few = |ballots: u64| u32::try_from(ballots).expect("within one batch");
        let ballots = groups.iter().map(|(stride, rows)| few((rows.len() / stride) as u64));
        SparsePayload {
            group_ballots: ballots.collect(),
            strides: groups.iter().map(|(stride, _)| short(*stride)).collect(),
            choices: groups.iter().flat_map(|(_, rows)| rows).copied().collect(),
            entered_lengths: self.entered.iter().map(|ballot| short(ballot.len())).collect(),
            entered_choices: self.entered.concat(),
            blank_ballots: few(self.blank),
        }
    }

    fn cut(&self, groups: &[(usize, Vec<OptionIndex>)]) -> Vec<CanonicalBatch> {
        let mut batches = Vec::new();
        let mut emit = |batch| {
            batches.push(batch);
            Ok::<_, std::convert::Infallible>(())
        };
        let mut cutter = BatchCutter::new(self.shape);
        for (stride, rows) in groups {
            for row in rows.chunks_exact(*stride) {
                let Ok(()) = cutter.add(BallotClass::Clean, row, 1, &mut emit);
            }
        }
        for ballot in &self.entered {
            let Ok(()) = cutter.add(BallotClass::Entered, ballot, 1, &mut emit);
        }
        let Ok(()) = cutter.add(BallotClass::Blank, &[], self.blank, &mut emit);
        batches.push(cutter.finish());
        batches
    }
}

impl DistrictShape {
    /// A clean ballot of a district of up to 64 options as one word: bit 63 - i stands for option
    /// i. `None` if the ballot is of another kind.
    #[inline]
    fn clean_word(&self, choices: &[OptionIndex]) -> Option<u64> {
        if choices.is_empty() || choices.len() > (self.seats as usize).max(1) {
            return None;
        }
        let least = if choices.len() > 1 { self.list_count } else { 0 };
        let mut word = 0;
        let mut clean = true;
        for &choice in choices {
            let choice = u32::from(choice);
            clean &= (least..self.option_count).contains(&choice);
            let bit = 1_u64 << (63 - choice % u64::BITS);
            clean &= word & bit == 0;
            word |= bit;
        }
        clean.then_some(word)
    }
}

fn of_length<T>(lengths: &mut Vec<Vec<T>>, length: usize) -> &mut Vec<T> {
    if lengths.len() <= length {
        lengths.resize_with(length + 1, Vec::new);
    }
    &mut lengths[length]
}

/// The ballots of every length that there is, each length sorted.
fn groups_of<T>(
    lengths: &mut [Vec<T>],
    sort: impl Fn(&mut [T], usize) -> Vec<OptionIndex>,
) -> Vec<(usize, Vec<OptionIndex>)> {
    let there = lengths.iter_mut().enumerate().filter(|(_, ballots)| !ballots.is_empty());
    there.map(|(length, ballots)| (length, sort(ballots, length))).collect()
}

fn sorted_rows_of_words(words: &mut [u64], stride: usize) -> Vec<OptionIndex> {
    words.sort_unstable_by(|a, b| b.cmp(a));
    let mut rows = Vec::with_capacity(words.len() * stride);
    for word in words {
        let mut left = *word;
        while left != 0 {
            let option = left.leading_zeros();
            rows.push(OptionIndex::try_from(option).expect("below 64"));
            left &= !(1 << (63 - option));
        }
    }
    rows
}

/// Names that fit one number.
const PACKED: usize = 8;

/// Sorts rows of `stride` indices each.
fn sorted_rows(rows: &mut [OptionIndex], stride: usize) -> Vec<OptionIndex> {
    let mut order: Vec<(u128, u32)> = rows
        .chunks_exact(stride)
        .zip(0..)
        .map(|(row, number)| {
            let first = &row[..stride.min(PACKED)];
            let packed = first.iter().fold(0, |sum, &name| sum << 16 | u128::from(name));
            (packed, number)
        })
        .collect();
    let row = |number: u32| &rows[number as usize * stride..][..stride];
    if stride <= PACKED {
        order.sort_unstable_by_key(|(packed, _)| *packed);
    } else {
        order.sort_unstable_by(|(packed, number), (other, other_number)| {
            packed.cmp(other).then_with(|| row(*number).cmp(row(*other_number)))
        });
    }
    let mut sorted = Vec::with_capacity(rows.len());
    for (_, number) in order {
        sorted.extend_from_slice(row(number));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UNKNOWN_OPTION;
    use proptest::prelude::*;

    const SHAPE: DistrictShape = DistrictShape { option_count: 40, list_count: 2, seats: 3 };

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

    /// What the cutter gives when plainly sorted ballots are handed to it.
    fn cut_plainly(
        shape: DistrictShape,
        ballots: &[(Vec<OptionIndex>, u32)],
    ) -> Vec<CanonicalBatch> {
        let mut sorted: Vec<(BallotClass, usize, Vec<OptionIndex>, u32)> = ballots
            .iter()
            .map(|(choices, count)| {
                let mut choices = choices.clone();
                (shape.classify(&mut choices), choices.len(), choices, *count)
            })
            .collect();
        sorted.sort();
        let (mut batches, mut cutter) = (Vec::new(), BatchCutter::new(shape));
        for (class, _, choices, count) in sorted {
            let mut emit = |batch| {
                batches.push(batch);
                Ok::<_, std::convert::Infallible>(())
            };
            let Ok(()) = cutter.add(class, &choices, count.into(), &mut emit);
        }
        batches.push(cutter.finish());
        batches
    }

    /// Districts on both sides of a word of names, and of the names that fit a packed number.
    fn shapes() -> impl Strategy<Value = DistrictShape> {
        let options = prop_oneof![
            Just(1_u32),
            Just(2),
            Just(63),
            Just(64),
            Just(65),
            Just(128),
            Just(65_535),
            1..20_u32,
            60..300_u32,
        ];
        (options, 0..70_u32, 1..14_u32).prop_map(|(option_count, lists, seats)| DistrictShape {
            option_count,
            list_count: lists.min(option_count),
            seats,
        })
    }

    /// Up to 14 choices, many of them equal in their first names; some options are popular.
    fn ballots(shape: DistrictShape) -> impl Strategy<Value = Vec<(Vec<OptionIndex>, u32)>> {
        let last = OptionIndex::try_from(shape.option_count - 1).unwrap();
        let first_name = OptionIndex::try_from(shape.list_count).unwrap().min(last);
        let near = last.min(first_name.saturating_add(14));
        let choice = prop_oneof![
            20 => first_name..=near,
            10 => first_name..=last,
            2 => 0..=last,
            1 => Just(UNKNOWN_OPTION),
        ];
        let names = (first_name..=near).collect::<Vec<_>>();
        let most = names.len().min(12);
        // Many names of few: ballots that differ behind the names that fit a packed number.
        let many = names[..names.len().min(13)].to_vec();
        let many = prop::sample::subsequence(many, most.saturating_sub(3)..=most).prop_shuffle();
        // Names without repetition, in any order: clean, if they are no more than the seats.
        let clean = prop::sample::subsequence(names, 0..=most).prop_shuffle();
        let any = prop::collection::vec(choice, 0..14);
        prop::collection::vec((prop_oneof![clean, many, any], 1..4_u32), 0..80)
    }

    proptest! {
        #[test]
        fn batches_are_those_of_plainly_sorted_ballots(
            (shape, ballots) in shapes().prop_flat_map(|shape| (Just(shape), ballots(shape))),
        ) {
            let mut canonicaliser = Canonicaliser::new(shape);
            for (choices, count) in &ballots {
                canonicaliser.add(choices, *count);
            }
            prop_assert_eq!(canonicaliser.finish(), cut_plainly(shape, &ballots));
        }
    }

    #[test]
    fn batches_that_are_cut_are_those_of_plainly_sorted_ballots() {
        for option_count in [40, 65] {
            let shape = DistrictShape { option_count, list_count: 2, seats: 12 };
            let mut ballots: Vec<(Vec<OptionIndex>, u32)> = Vec::new();
            for number in 0..3_000_u16 {
                // Ballots of 1 to 12 names that differ in the last ones.
                let length = 1 + number % 12;
                let mut names: Vec<OptionIndex> = (2..2 + length).collect();
                *names.last_mut().unwrap() += number * 7 % 24;
                names.rotate_left(usize::from(number % length));
                ballots.push((names, 60));
            }
            ballots.push((vec![0, 0], 40_000));
            ballots.push((vec![], 70_000));
            let mut canonicaliser = Canonicaliser::new(shape);
            for (choices, count) in &ballots {
                canonicaliser.add(choices, *count);
            }
            let batches = canonicaliser.finish();
            assert_eq!(batches.len(), 5);
            assert!(batches == cut_plainly(shape, &ballots), "{option_count} options");
        }
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
                let bytes = batch.rows().to_bytes();
                let view = crate::payload::sparse::access(&bytes).unwrap();
                for group in view.groups() {
                    for row in group.choices.chunks_exact(group.stride) {
                        stored.push(row.iter().map(|choice| choice.to_native()).collect());
                    }
                }
                for row in view.entered().ballots() {
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
