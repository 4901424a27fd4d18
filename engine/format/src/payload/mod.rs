//! The payload of a batch: its ballots as flat arrays, in one of two encodings.
//!
//! In: arrays of plain integers. Out: rkyv bytes, and checked zero-copy access to them. Never: a
//! payload with two spellings. rkyv would accept arrays in any place; the readers here demand the
//! one place that the encoder gives them, so that nothing can hide between or behind.
//!
//! * [`sparse`]: ballot by ballot, the options on each. The first one; read, no longer written.
//! * [`columnar`]: option by option, the ballots that name it. What is written.
//!
//! This is the seam of the encoding: another one gets a module beside these, a number of its own in
//! [`crate::layout::record`] and a section in `FORMAT.md`.

pub mod columnar;
pub mod order;
pub mod sparse;
#[cfg(test)]
mod tests;

use rkyv::rend::u16_le;

use crate::limits::BALLOT_CHOICES_MAX;

pub use columnar::{ColumnarPayload, ColumnarView};
pub use sparse::{SparsePayload, SparseView};

/// A checked payload, in place.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// Encoding 1.
    Sparse(SparseView<'a>),
    /// Encoding 2.
    Columnar(ColumnarView<'a>),
}

impl<'a> Payload<'a> {
    /// Clean ballots.
    #[must_use]
    #[inline]
    pub fn clean_ballots(&self) -> u64 {
        match self {
            Self::Sparse(view) => view.clean_ballots(),
            Self::Columnar(view) => view.clean_ballots(),
        }
    }

    /// The ballots kept as entered.
    #[must_use]
    #[inline]
    pub fn entered(&self) -> Entered<'a> {
        match self {
            Self::Sparse(view) => view.entered(),
            Self::Columnar(view) => view.entered(),
        }
    }

    /// Blank ballots.
    #[must_use]
    #[inline]
    pub fn blank_ballots(&self) -> u32 {
        match self {
            Self::Sparse(view) => view.blank_ballots(),
            Self::Columnar(view) => view.blank_ballots(),
        }
    }
}

/// The ballots kept as entered: the same two arrays in every encoding.
#[derive(Clone, Copy, Debug)]
pub struct Entered<'a> {
    /// Number of choices of each ballot, ascending; never 0.
    pub lengths: &'a [u16_le],
    /// Their choices one after another, in entry order inside each ballot: as many as the lengths
    /// sum up to.
    pub choices: &'a [u16_le],
}

impl<'a> Entered<'a> {
    /// The ballots one after another.
    pub fn ballots(&self) -> impl Iterator<Item = &'a [u16_le]> + use<'a> {
        let mut rest = self.choices;
        self.lengths.iter().map(move |length| {
            // `check` has proven that the lengths sum up to the choices.
            let (ballot, tail) = rest.split_at(usize::from(length.to_native()));
            rest = tail;
            ballot
        })
    }

    #[inline]
    fn check(self) -> Result<(), PayloadError> {
        // Without a branch per ballot: nearly always all is well.
        let (mut choices, mut wrong) = (0, 0);
        for lengths in self.lengths.chunks(PART) {
            let mut sum = 0_u32;
            for length in lengths {
                let length = length.to_native();
                sum = sum.wrapping_add(u32::from(length));
                wrong |= u16::from(length.wrapping_sub(1) >= CHOICES_MAX);
            }
            choices += u64::from(sum);
        }
        if wrong != 0 {
            self.lengths.iter().try_for_each(|length| check_length(length.to_native()))?;
            let what = "length of a ballot kept as entered";
            return Err(PayloadError::Counts { what, found: 0, expected: 1 });
        }
        expect("choices as entered", self.choices.len() as u64, choices)
    }
}

/// What is wrong with the bytes of a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// rkyv's bytecheck refused it.
    #[error("the payload is not made of flat arrays: {0}")]
    Bytecheck(String),
    /// An array does not stand where the encoder puts it, or a padding byte is not zero.
    #[error("the payload is not laid out as the encoder does it (offset {offset})")]
    NotCanonical {
        /// Offset in the payload.
        offset: usize,
    },
    /// Arrays contradict each other.
    #[error("{what}: found {found}, expected {expected}")]
    Counts {
        /// Which sum.
        what: &'static str,
        /// What the arrays give.
        found: u64,
        /// What another array gives.
        expected: u64,
    },
    /// The ballots of one option are not stored as the encoder does it.
    #[error("option {option}, ballots from {first_ballot}: {what}")]
    Cell {
        /// Index of the option in its district.
        option: u32,
        /// First ballot of the chunk, among the list ballots or the name ballots.
        first_ballot: u32,
        /// What is wrong.
        what: &'static str,
    },
}

/// An array of a payload: how many elements, of how many bytes each.
type ArrayShape = (usize, usize);

/// Demands that the root of a payload, whose first fields are its arrays, names exactly the places
/// and lengths that follow from the lengths alone.
#[inline]
fn check_places(
    bytes: &[u8],
    arrays: &[ArrayShape],
    root_bytes: usize,
) -> Result<(), PayloadError> {
    let data_bytes: usize = arrays.iter().map(|(length, width)| length * width).sum();
    let root = data_bytes.next_multiple_of(4);
    if root + root_bytes != bytes.len() {
        return Err(PayloadError::NotCanonical { offset: root });
    }
    if let Some(offset) = crate::bytes::first_nonzero(&bytes[data_bytes..root]) {
        return Err(PayloadError::NotCanonical { offset: data_bytes + offset });
    }
    let mut place = 0;
    for (field, (length, width)) in arrays.iter().enumerate() {
        let at = root + field * 8;
        // Both are below the record limit (2^30), so neither conversion can fail.
        let offset = i32::try_from(at - place).map(|distance| -distance);
        let length_word = u32::try_from(*length);
        let (Ok(offset), Ok(length_word)) = (offset, length_word) else {
            return Err(PayloadError::NotCanonical { offset: at });
        };
        if bytes[at..at + 4] != offset.to_le_bytes()
            || bytes[at + 4..at + 8] != length_word.to_le_bytes()
        {
            return Err(PayloadError::NotCanonical { offset: at });
        }
        place += length * width;
    }
    Ok(())
}

/// [`BALLOT_CHOICES_MAX`].
const CHOICES_MAX: u16 = {
    let [low, high, rest @ ..] = BALLOT_CHOICES_MAX.to_le_bytes();
    assert!(matches!(rest, [0, 0, 0, 0, 0, 0]));
    u16::from_le_bytes([low, high])
};
/// Lengths that are summed up in 32 bits.
const PART: usize = 1 << 16;

fn check_length(choices: u16) -> Result<(), PayloadError> {
    if choices <= CHOICES_MAX {
        return Ok(());
    }
    Err(PayloadError::Counts {
        what: "choices of one ballot, at most",
        found: u64::from(choices),
        expected: u64::from(CHOICES_MAX),
    })
}

#[inline]
fn expect(what: &'static str, found: u64, expected: u64) -> Result<(), PayloadError> {
    if found == expected { Ok(()) } else { Err(PayloadError::Counts { what, found, expected }) }
}

fn bytecheck(error: &rkyv::rancor::Error) -> PayloadError {
    PayloadError::Bytecheck(error.to_string().replace('\n', " "))
}
