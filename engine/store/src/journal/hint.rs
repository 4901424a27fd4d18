//! The hint beside a journal: how far it is durable, for programs that read it while it is written.
//!
//! In: the frontier after each commit. Out: 32 bytes, overwritten in place and never synced. Never:
//! a promise. The hint may be behind the journal, or be lost; as it is written after the sync, it
//! is never ahead of what is durable, and that is why the recovery may believe it.

use shomar_format::bytes::u64_at;
use shomar_format::checksum::checksum_with_hole;

use super::Durable;
use super::names::HINT_NAME;
use crate::disk::Disk;

const SEGMENT_OFFSET: usize = 0;
const LENGTH_OFFSET: usize = 8;
const POSITION_OFFSET: usize = 16;
const CHECKSUM_OFFSET: usize = 24;
const HINT_BYTES: usize = 32;

/// What the hint says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) segment: u64,
    pub(super) length: u64,
    pub(super) next_position: u64,
}

impl Hint {
    pub(super) fn of(durable: &Durable) -> Self {
        let Durable { segment, length, next_position, .. } = *durable;
        Self { segment, length, next_position }
    }

    /// `None` if there is none, or none that is sound: then nothing is known.
    pub(super) fn read<D: Disk>(disk: &D) -> Option<Self> {
        let file = disk.open(HINT_NAME, false).ok()?;
        let mut bytes = [0; HINT_BYTES];
        disk.read(&file, 0, &mut bytes).ok()?;
        let checksum = checksum_with_hole(&bytes, CHECKSUM_OFFSET);
        (u64_at(&bytes, CHECKSUM_OFFSET) == checksum).then(|| Self {
            segment: u64_at(&bytes, SEGMENT_OFFSET),
            length: u64_at(&bytes, LENGTH_OFFSET),
            next_position: u64_at(&bytes, POSITION_OFFSET),
        })
    }

    fn to_bytes(self) -> [u8; HINT_BYTES] {
        let mut bytes = [0; HINT_BYTES];
        bytes[SEGMENT_OFFSET..][..8].copy_from_slice(&self.segment.to_le_bytes());
        bytes[LENGTH_OFFSET..][..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[POSITION_OFFSET..][..8].copy_from_slice(&self.next_position.to_le_bytes());
        let checksum = checksum_with_hole(&bytes, CHECKSUM_OFFSET);
        bytes[CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }
}

/// Where the hint is written.
#[derive(Debug)]
pub(super) struct HintFile<F> {
    /// `None` if the system refused: a journal without a hint is a journal.
    file: Option<F>,
}

impl<F> HintFile<F> {
    pub(super) fn open<D: Disk<File = F>>(disk: &D) -> Self {
        let file = disk.open(HINT_NAME, true).or_else(|_| disk.create_new(HINT_NAME));
        Self { file: file.ok() }
    }

    pub(super) fn write<D: Disk<File = F>>(&mut self, disk: &D, hint: &Hint) {
        if let Some(file) = &self.file
            && disk.write(file, 0, &hint.to_bytes()).is_err()
        {
            // Half a hint is unsound and so none; but an old one must not be mended by chance.
            self.file = None;
        }
    }
}
