//! The sparse payload: ballots grouped by their number of choices, each group a flat array.
//!
//! In: arrays of plain integers. Out: rkyv bytes, and checked zero-copy access to them. Never: a
//! payload with two spellings (see the module above).
//!
//! The first encoding. Its arrays are also what a canonical batch is in memory, whatever encoding
//! it is sealed in.

use rkyv::rend::u16_le;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Serialize};

use super::{Entered, PayloadError, bytecheck, check_length, check_places, expect};

/// The sparse payload of one batch. Every array holds plain little-endian integers.
#[derive(Archive, Serialize, Debug, Default, Clone, PartialEq, Eq)]
#[rkyv(derive(Debug), attr(allow(missing_docs, reason = "the fields are those of SparsePayload")))]
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
    archived: &'a ArchivedSparsePayload,
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
    /// The ballots kept as entered.
    #[must_use]
    #[inline]
    pub fn entered(&self) -> Entered<'a> {
        let Self { archived } = *self;
        Entered { lengths: &archived.entered_lengths, choices: &archived.entered_choices }
    }

    /// See [`SparsePayload::blank_ballots`].
    #[must_use]
    #[inline]
    pub fn blank_ballots(&self) -> u32 {
        self.archived.blank_ballots.to_native()
    }

    /// The groups, by ascending stride.
    pub fn groups(&self) -> impl Iterator<Item = Group<'a>> {
        let ArchivedSparsePayload { strides, group_ballots, choices, .. } = self.archived;
        let mut rest: &[u16_le] = choices;
        strides.iter().zip(group_ballots.iter()).map(move |(stride, ballots)| {
            let stride = usize::from(stride.to_native());
            // `access` has proven that the products sum up to `choices.len()`.
            let (choices, tail) = rest.split_at(stride * ballots.to_native() as usize);
            rest = tail;
            Group { stride, choices }
        })
    }

    /// Clean ballots.
    #[must_use]
    pub fn clean_ballots(&self) -> u64 {
        self.archived.group_ballots.iter().map(|ballots| u64::from(ballots.to_native())).sum()
    }
}

/// Checks `bytes` (aligned to 16) and gives a view of them.
///
/// # Errors
/// If bytecheck refuses them, if anything stands elsewhere than the encoder puts it, or if the
/// arrays disagree about how many choices there are.
pub fn access(bytes: &[u8]) -> Result<SparseView<'_>, PayloadError> {
    let archived = rkyv::access::<ArchivedSparsePayload, rkyv::rancor::Error>(bytes)
        .map_err(|error| bytecheck(&error))?;
    let view = SparseView { archived };
    let entered = view.entered();
    let arrays = [
        (archived.group_ballots.len(), 4),
        (archived.strides.len(), 2),
        (archived.choices.len(), 2),
        (entered.lengths.len(), 2),
        (entered.choices.len(), 2),
    ];
    check_places(bytes, &arrays, ROOT_BYTES)?;
    check_counts(archived)?;
    entered.check()?;
    Ok(view)
}

fn check_counts(payload: &ArchivedSparsePayload) -> Result<(), PayloadError> {
    let ArchivedSparsePayload { strides, group_ballots, .. } = payload;
    expect("strides", strides.len() as u64, group_ballots.len() as u64)?;
    let mut choices = 0_u64;
    let mut stride_before = 0;
    for (stride, ballots) in strides.iter().zip(group_ballots.iter()) {
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
    expect("choices", payload.choices.len() as u64, choices)
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
        assert_eq!(view.entered().ballots().count(), 1);
        assert_eq!((view.clean_ballots(), view.blank_ballots()), (3, 4));
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
