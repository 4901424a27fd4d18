//! The sparse payload: ballots grouped by their number of choices, each group a flat array.
//!
//! In: arrays of plain integers. Out: rkyv bytes, and checked zero-copy access to them. Never: a
//! payload with two spellings. rkyv would accept arrays in any place; [`access`] demands the one
//! place that [`SparsePayload::to_bytes`] gives them, so that nothing can hide between or behind.
//!
//! This is the seam of the encoding: another one gets a module beside this, a number of its own in
//! [`crate::layout::record`] and a line in `FORMAT.md`.

use rkyv::rend::{u16_le, u32_le};
use rkyv::util::AlignedVec;
use rkyv::{Archive, Serialize};

use crate::limits::BALLOT_CHOICES_MAX;

/// The sparse payload of one batch. Every array holds plain little-endian integers.
#[derive(Archive, Serialize, Debug, Default, Clone, PartialEq, Eq)]
#[rkyv(attr(allow(missing_docs, reason = "the fields are those of SparsePayload")))]
pub struct SparsePayload {
    /// Ballots in each group; never 0.
    pub group_ballots: Vec<u32>,
    /// Choices per ballot of each group, strictly ascending, from 1.
    pub strides: Vec<u16>,
    /// Option indices of all groups one after another, ballot by ballot, ascending inside a ballot.
    pub choices: Vec<u16>,
    /// Number of choices of each ballot kept as entered, ascending; never 0.
    pub entered_lengths: Vec<u16>,
    /// Choices of the ballots kept as entered, in entry order inside each ballot.
    pub entered_choices: Vec<u16>,
    /// Blank ballots: so that the body hash covers every ballot of the batch.
    pub blank_ballots: u32,
}

/// What is wrong with the bytes of a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// rkyv's bytecheck refused it.
    #[error("the payload is not a sparse payload of flat arrays: {0}")]
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
}

/// Bytes of the root: five arrays, each a relative offset (i32) and a length (u32); blank ballots.
const ROOT_BYTES: usize = 44;

impl SparsePayload {
    /// The sealed form, aligned to 16.
    ///
    /// # Panics
    /// Only if memory ends: flat arrays below the record limit always serialise.
    #[must_use]
    pub fn to_bytes(&self) -> AlignedVec {
        let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(self)
            .expect("flat arrays below the record limit serialise");
        // Pair assertion: what was just written is what a reader will accept.
        assert!(access(&bytes).is_ok(), "the encoder wrote a payload that it would refuse");
        bytes
    }
}

/// Zero-copy view of a checked payload: its arrays agree with each other and stand in their places.
#[derive(Clone, Copy, Debug)]
pub struct SparseView<'a> {
    /// See [`SparsePayload::group_ballots`].
    pub group_ballots: &'a [u32_le],
    /// See [`SparsePayload::strides`].
    pub strides: &'a [u16_le],
    /// See [`SparsePayload::choices`].
    pub choices: &'a [u16_le],
    /// See [`SparsePayload::entered_lengths`].
    pub entered_lengths: &'a [u16_le],
    /// See [`SparsePayload::entered_choices`].
    pub entered_choices: &'a [u16_le],
    /// See [`SparsePayload::blank_ballots`].
    pub blank_ballots: u32,
}

/// Ballots of one group of a payload: all with the same number of choices.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// Choices per ballot, at least 1.
    pub stride: usize,
    /// Ballots times stride option indices.
    pub choices: &'a [u16_le],
}

impl Group<'_> {
    /// Ballots in the group.
    #[must_use]
    pub fn ballots(&self) -> usize {
        self.choices.len() / self.stride
    }
}

impl<'a> SparseView<'a> {
    /// The groups, by ascending stride.
    pub fn groups(&self) -> impl Iterator<Item = Group<'a>> {
        let mut rest = self.choices;
        self.strides.iter().zip(self.group_ballots).map(move |(stride, ballots)| {
            let stride = usize::from(stride.to_native());
            // `access` has proven that the products sum up to `choices.len()`.
            let (choices, tail) = rest.split_at(stride * ballots.to_native() as usize);
            rest = tail;
            Group { stride, choices }
        })
    }

    /// The ballots kept as entered.
    pub fn entered(&self) -> impl Iterator<Item = &'a [u16_le]> {
        let mut rest = self.entered_choices;
        self.entered_lengths.iter().map(move |length| {
            let (ballot, tail) = rest.split_at(usize::from(length.to_native()));
            rest = tail;
            ballot
        })
    }

    /// Clean ballots.
    #[must_use]
    pub fn clean_ballots(&self) -> u64 {
        self.group_ballots.iter().map(|ballots| u64::from(ballots.to_native())).sum()
    }
}

/// Checks `bytes` (aligned to 16) and gives a view of them.
///
/// # Errors
/// If bytecheck refuses them, if anything stands elsewhere than the encoder puts it, or if the
/// arrays disagree about how many choices there are.
pub fn access(bytes: &[u8]) -> Result<SparseView<'_>, PayloadError> {
    let archived = rkyv::access::<ArchivedSparsePayload, rkyv::rancor::Error>(bytes)
        .map_err(|error| PayloadError::Bytecheck(error.to_string().replace('\n', " ")))?;
    let view = SparseView {
        group_ballots: &archived.group_ballots,
        strides: &archived.strides,
        choices: &archived.choices,
        entered_lengths: &archived.entered_lengths,
        entered_choices: &archived.entered_choices,
        blank_ballots: archived.blank_ballots.to_native(),
    };
    check_places(bytes, &view)?;
    check_counts(&view)?;
    Ok(view)
}

/// Demands that the root names exactly the places and lengths that follow from the lengths alone.
fn check_places(bytes: &[u8], view: &SparseView<'_>) -> Result<(), PayloadError> {
    let lengths = [
        view.group_ballots.len(),
        view.strides.len(),
        view.choices.len(),
        view.entered_lengths.len(),
        view.entered_choices.len(),
    ];
    let widths = [4, 2, 2, 2, 2];
    let data_bytes: usize = lengths.iter().zip(widths).map(|(length, width)| length * width).sum();
    let root = data_bytes.next_multiple_of(4);
    if root + ROOT_BYTES != bytes.len() {
        return Err(PayloadError::NotCanonical { offset: root });
    }
    if let Some(offset) = crate::bytes::first_nonzero(&bytes[data_bytes..root]) {
        return Err(PayloadError::NotCanonical { offset: data_bytes + offset });
    }
    let mut place = 0;
    for (field, (length, width)) in lengths.into_iter().zip(widths).enumerate() {
        let at = root + field * 8;
        // Both are below the record limit (2^30), so neither conversion can fail.
        let offset = i32::try_from(at - place).map(|distance| -distance);
        let length_word = u32::try_from(length);
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

fn check_counts(view: &SparseView<'_>) -> Result<(), PayloadError> {
    expect("strides", view.strides.len() as u64, view.group_ballots.len() as u64)?;
    let mut choices = 0_u64;
    let mut stride_before = 0;
    for (stride, ballots) in view.strides.iter().zip(view.group_ballots) {
        let (stride, ballots) = (stride.to_native(), ballots.to_native());
        if stride <= stride_before {
            return Err(PayloadError::Counts {
                what: "strides ascending from 1, each",
                found: u64::from(stride),
                expected: u64::from(stride_before) + 1,
            });
        }
        if ballots == 0 {
            return Err(PayloadError::Counts { what: "ballots in a group", found: 0, expected: 1 });
        }
        check_length(stride)?;
        stride_before = stride;
        // At most 65,535 groups of 2^16 * 2^32: far below 2^64.
        choices += u64::from(stride) * u64::from(ballots);
    }
    expect("choices", view.choices.len() as u64, choices)?;
    let mut entered = 0_u64;
    for length in view.entered_lengths {
        if length.to_native() == 0 {
            return Err(PayloadError::Counts {
                what: "length of a ballot kept as entered",
                found: 0,
                expected: 1,
            });
        }
        check_length(length.to_native())?;
        entered += u64::from(length.to_native());
    }
    expect("choices as entered", view.entered_choices.len() as u64, entered)
}

fn check_length(choices: u16) -> Result<(), PayloadError> {
    if usize::from(choices) <= BALLOT_CHOICES_MAX {
        return Ok(());
    }
    Err(PayloadError::Counts {
        what: "choices of one ballot, at most",
        found: u64::from(choices),
        expected: BALLOT_CHOICES_MAX as u64,
    })
}

fn expect(what: &'static str, found: u64, expected: u64) -> Result<(), PayloadError> {
    if found == expected { Ok(()) } else { Err(PayloadError::Counts { what, found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> SparsePayload {
        SparsePayload {
            group_ballots: vec![2, 1],
            strides: vec![1, 3],
            choices: vec![0, 4, 1, 2, 3],
            entered_lengths: vec![2],
            entered_choices: vec![5, 5],
            blank_ballots: 4,
        }
    }

    #[test]
    fn bytes_stand_where_the_document_says() {
        let bytes = sample().to_bytes();
        // 2 groups: 8 bytes of ballots, 4 of strides, 10 of choices, 2 of lengths, 4 of choices.
        assert_eq!(bytes.len(), 28 + ROOT_BYTES);
        assert_eq!(bytes[..8], [2, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(bytes[8..12], [1, 0, 3, 0]);
        assert_eq!(SparsePayload::default().to_bytes().len(), ROOT_BYTES);
    }

    #[test]
    fn the_view_gives_back_what_was_sealed() {
        let bytes = sample().to_bytes();
        let view = access(&bytes).unwrap();
        let groups: Vec<_> = view
            .groups()
            .map(|group| {
                let choices: Vec<_> = group.choices.iter().map(|c| c.to_native()).collect();
                (group.stride, group.ballots(), choices)
            })
            .collect();
        assert_eq!(groups, [(1, 2, vec![0, 4]), (3, 1, vec![1, 2, 3])]);
        assert_eq!(view.entered().count(), 1);
        assert_eq!((view.clean_ballots(), view.blank_ballots), (3, 4));
    }

    #[test]
    fn arrays_that_disagree_are_refused() {
        // `to_bytes` would refuse to write them, so they are serialised past it.
        let cases = [
            SparsePayload { strides: vec![1], ..sample() },
            SparsePayload { strides: vec![3, 1], ..sample() },
            SparsePayload { group_ballots: vec![2, 0], choices: vec![0, 4], ..sample() },
            SparsePayload { choices: vec![0, 4, 1, 2], ..sample() },
            SparsePayload { entered_lengths: vec![0, 2], ..sample() },
            SparsePayload { entered_lengths: vec![3], ..sample() },
        ];
        for payload in cases {
            let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&payload).unwrap();
            assert!(matches!(access(&bytes), Err(PayloadError::Counts { .. })), "{payload:?}");
        }
    }

    #[test]
    fn nothing_hides_between_the_arrays() {
        let payload = SparsePayload {
            group_ballots: vec![1],
            strides: vec![1],
            choices: vec![7, 7, 7].into_iter().take(1).collect(),
            ..SparsePayload::default()
        };
        let mut bytes = payload.to_bytes();
        assert!(access(&bytes).is_ok());
        let mut longer: AlignedVec = AlignedVec::new();
        longer.extend_from_slice(&[0; 16]);
        longer.extend_from_slice(&bytes);
        assert!(matches!(access(&longer), Err(PayloadError::NotCanonical { .. })));
        let length = bytes.len();
        for bit in 0..length * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            if bit / 8 >= 8 && bit / 8 < length - 4 {
                // Behind the choices all but the blank ballots is determined by the lengths.
                assert!(access(&bytes).is_err(), "bit {bit}");
            }
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
