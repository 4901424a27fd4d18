//! Ballots kept as entered: checked, read under the options in force, counted.
//!
//! In: the entered ballots of one batch, a district and its reading. Out: how many were read and
//! how many are void; what was read is in the counters. Never: a clean ballot taken for an entered
//! one, which would be a second spelling of the same batch.

use rkyv::rend::u16_le;
use shomar_format::payload::Entered;
use shomar_format::{BallotClass, DistrictShape, OptionIndex, UNKNOWN_OPTION};

#[cfg(target_arch = "x86_64")]
use super::avx512_entered;
use super::{Invalid, Kernel};
use crate::reading::{BallotReader, District, Read};

/// What reading the entered ballots of a batch gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnteredCount {
    /// Ballots of which something was read.
    pub(crate) read: u64,
    /// Ballots of which nothing was read.
    pub(crate) void: u64,
}

/// Buffers that are kept between batches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    ballot: Vec<OptionIndex>,
    #[cfg(target_arch = "x86_64")]
    names: Vec<OptionIndex>,
}

pub(super) fn count(
    kernel: Kernel,
    ballots: &Entered<'_>,
    district: District<'_>,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Result<EnteredCount, Invalid> {
    if ballots.lengths.is_empty() {
        return Ok(EnteredCount::default());
    }
    let mut plain = Plain { reader: BallotReader::new(district), scratch: &mut scratch.ballot };
    #[cfg(target_arch = "x86_64")]
    if kernel == Kernel::Avx512 {
        if let Some(count) = avx512_entered::count(ballots, &mut plain, &mut scratch.names, counts)
        {
            return Ok(count);
        }
        // Something is wrong, and the plain way says what.
        let accepted = plain.count(ballots, counts)?;
        panic!("the kernel refused what the reader accepts: {accepted:?}");
    }
    let _ = kernel;
    plain.count(ballots, counts)
}

/// One ballot after another, by the reader.
pub(super) struct Plain<'a, 'b> {
    pub(super) reader: BallotReader<'a>,
    scratch: &'b mut Vec<OptionIndex>,
}

impl Plain<'_, '_> {
    fn count(
        &mut self,
        ballots: &Entered<'_>,
        counts: &mut [u32],
    ) -> Result<EnteredCount, Invalid> {
        if !ballots.lengths.is_sorted_by_key(|length| length.to_native()) {
            return Err(Invalid {
                what: "ballots as entered",
                found: "a ballot behind a longer one".to_owned(),
                expected: "canonical order".to_owned(),
            });
        }
        let mut count = EnteredCount::default();
        for ballot in ballots.ballots() {
            self.count_ballot(ballot, &mut count, counts)?;
        }
        Ok(count)
    }

    pub(super) fn count_ballot(
        &mut self,
        ballot: &[u16_le],
        count: &mut EnteredCount,
        counts: &mut [u32],
    ) -> Result<(), Invalid> {
        let shape = self.reader.district().shape;
        self.check(ballot, shape)?;
        match self.reader.read(ballot) {
            Read::Nothing => count.void += 1,
            Read::Votes { list } => {
                count.read += 1;
                for &option in list.iter().chain(self.reader.names()) {
                    counts[usize::from(option)] += 1;
                }
            }
        }
        Ok(())
    }

    fn check(&mut self, ballot: &[u16_le], shape: DistrictShape) -> Result<(), Invalid> {
        let foreign = |choice: OptionIndex| {
            choice != UNKNOWN_OPTION && u32::from(choice) >= shape.option_count
        };
        if let Some(bad) = ballot.iter().find(|choice| foreign(choice.to_native())) {
            return Err(Invalid {
                what: "option",
                found: format!("option {bad} on a ballot as entered"),
                expected: format!("below {}", shape.option_count),
            });
        }
        self.scratch.clear();
        self.scratch.extend(ballot.iter().map(|choice| choice.to_native()));
        if shape.classify(self.scratch) != BallotClass::Entered {
            return Err(Invalid {
                what: "ballot",
                found: "a clean ballot among those as entered".to_owned(),
                expected: "every multiset of ballots stored in one way only".to_owned(),
            });
        }
        Ok(())
    }
}
