//! Frames and segment headers as bytes: what a segment says about its records.
//!
//! In: numbers to write; or 64 bytes that should be a header or a frame. Out: 64 bytes; or what
//! they say, checked against what stood before them. Never: a record looked into, or bytes behind
//! the 64.

use crate::bytes::{self, Digest32, array_at, u16_at, u32_at, u64_at};
use crate::checksum::checksum_with_hole;
use crate::fault::Fault;
use crate::layout::{frame, segment};
use crate::limits;

/// The first 64 bytes of a segment, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// [`segment::VERSION_SEALED`] or [`segment::VERSION_JOURNAL`].
    pub version: u16,
    /// Number in the journal of the first record.
    pub first_position: u64,
    /// Digest of the definition under which the segment was begun.
    pub definition: Digest32,
}

impl SegmentHeader {
    /// The bytes of this header.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; segment::HEADER_BYTES] {
        let mut header = [0; segment::HEADER_BYTES];
        header[segment::MAGIC_OFFSET..][..8].copy_from_slice(&segment::MAGIC);
        header[segment::VERSION_OFFSET..][..2].copy_from_slice(&self.version.to_le_bytes());
        header[segment::FIRST_POSITION_OFFSET..][..8]
            .copy_from_slice(&self.first_position.to_le_bytes());
        header[segment::DEFINITION_OFFSET..][..32].copy_from_slice(&self.definition);
        put_checksum(&mut header, segment::CHECKSUM_OFFSET);
        header
    }

    /// Reads the header of the segment `bytes`.
    ///
    /// # Errors
    /// If it is empty, foreign, newer than this program or damaged in its first 64 bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() < segment::HEADER_BYTES {
            let found = match bytes {
                [] => "an empty file".to_owned(),
                some => format!("{} bytes that begin {}", some.len(), bytes::preview(some)),
            };
            return Err(Fault::new(0, "segment header", found, "64 bytes that begin 'SHOMARSG'"));
        }
        let magic: [u8; 8] = array_at(bytes, segment::MAGIC_OFFSET);
        if magic != segment::MAGIC {
            return Err(Fault::new(0, "segment magic", bytes::preview(&magic), "'SHOMARSG'"));
        }
        let version = u16_at(bytes, segment::VERSION_OFFSET);
        if version != segment::VERSION_SEALED && version != segment::VERSION_JOURNAL {
            let found = match version {
                0 => "0".to_owned(),
                newer => format!("{newer}, newer than this program"),
            };
            let expected = format!("{} or {}", segment::VERSION_SEALED, segment::VERSION_JOURNAL);
            return Err(Fault::new(segment::VERSION_OFFSET, "format version", found, expected));
        }
        let what = "checksum of the segment header";
        check_checksum(&bytes[..segment::HEADER_BYTES], segment::CHECKSUM_OFFSET, 0, what)?;
        let reserved = &bytes[segment::RESERVED_OFFSET..segment::FIRST_POSITION_OFFSET];
        check_zeros(reserved, segment::RESERVED_OFFSET, "reserved bytes of the segment header")?;
        Ok(Self {
            version,
            first_position: u64_at(bytes, segment::FIRST_POSITION_OFFSET),
            definition: array_at(bytes, segment::DEFINITION_OFFSET),
        })
    }
}

/// A frame to be written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FrameFields {
    pub(crate) kind: u32,
    pub(crate) length: u64,
    pub(crate) position: u64,
    pub(crate) received_at_ms: u64,
    /// 0 in a segment of version 1.
    pub(crate) durable: u64,
}

impl FrameFields {
    pub(crate) fn to_bytes(self) -> [u8; frame::FRAME_BYTES] {
        let mut bytes = [0; frame::FRAME_BYTES];
        bytes[frame::MAGIC_OFFSET..][..8].copy_from_slice(&frame::MAGIC);
        bytes[frame::KIND_OFFSET..][..4].copy_from_slice(&self.kind.to_le_bytes());
        bytes[frame::LENGTH_OFFSET..][..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[frame::POSITION_OFFSET..][..8].copy_from_slice(&self.position.to_le_bytes());
        bytes[frame::RECEIVED_AT_OFFSET..][..8].copy_from_slice(&self.received_at_ms.to_le_bytes());
        bytes[frame::DURABLE_OFFSET..][..8].copy_from_slice(&self.durable.to_le_bytes());
        put_checksum(&mut bytes, frame::CHECKSUM_OFFSET);
        bytes
    }
}

/// What follows a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameContent {
    /// A record of this length.
    Record {
        /// Its bytes, a multiple of 64.
        length: usize,
        /// When it was received, in milliseconds since 1970-01-01 UTC, or 0.
        received_at_ms: u64,
    },
    /// Nothing: the segment is closed.
    Close,
}

/// Reads frame after frame, and holds each to those before it.
#[derive(Clone, Debug)]
pub struct FrameSequence {
    version: u16,
    position: u64,
    durable: u64,
}

impl FrameSequence {
    /// Begins behind the header of a segment.
    #[must_use]
    pub fn new(header: &SegmentHeader) -> Self {
        let SegmentHeader { version, first_position, .. } = *header;
        // A segment is begun when everything before it is synced.
        Self { version, position: first_position, durable: first_position }
    }

    /// The number in the journal of the next record; after the close frame, one more than the last.
    #[must_use]
    #[inline]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The most records that a frame so far calls durable; in a segment of version 1, which says
    /// nothing of this, the number of its first record.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// Version of the segment.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.version
    }

    /// The same sequence, as it goes on at a later frame with this position.
    #[must_use]
    pub(crate) fn resumed_at(&self, position: u64) -> Self {
        Self { position, ..self.clone() }
    }

    /// Reads the frame `bytes`, which stands at `at` of its segment.
    ///
    /// # Errors
    /// If it is no frame, is damaged, or is not the one that must come next.
    ///
    /// # Panics
    /// Never: a length that passes its check fits in memory.
    pub fn read(
        &mut self,
        bytes: &[u8; frame::FRAME_BYTES],
        at: usize,
    ) -> Result<FrameContent, Fault> {
        let magic: [u8; 8] = array_at(bytes, frame::MAGIC_OFFSET);
        if magic != frame::MAGIC {
            return Err(Fault::new(at, "frame magic", bytes::preview(&magic), "'SHOMARFR'"));
        }
        check_checksum(bytes, frame::CHECKSUM_OFFSET, at, "checksum of the frame")?;
        let reserved = if self.version == segment::VERSION_SEALED {
            frame::DURABLE_OFFSET..frame::FRAME_BYTES
        } else {
            frame::RESERVED_HIGH_OFFSET..frame::FRAME_BYTES
        };
        for reserved in [frame::RESERVED_LOW_OFFSET..frame::LENGTH_OFFSET, reserved] {
            let start = at + reserved.start;
            check_zeros(&bytes[reserved], start, "reserved bytes of a frame")?;
        }
        let position = u64_at(bytes, frame::POSITION_OFFSET);
        if position != self.position {
            let what = "position of the record";
            return Err(Fault::new(at + frame::POSITION_OFFSET, what, position, self.position));
        }
        let durable = self.read_durable(bytes, at)?;
        let length = u64_at(bytes, frame::LENGTH_OFFSET);
        let content = match u32_at(bytes, frame::KIND_OFFSET) {
            frame::KIND_RECORD => {
                let content = record_content(bytes, at, length)?;
                self.position = position.checked_add(1).ok_or_else(|| {
                    let at = at + frame::POSITION_OFFSET;
                    Fault::new(at, "position of the record", u64::MAX, "less")
                })?;
                content
            }
            frame::KIND_CLOSE => {
                check_close(bytes, at, length)?;
                if self.version == segment::VERSION_JOURNAL && durable != position {
                    let at = at + frame::DURABLE_OFFSET;
                    return Err(Fault::new(at, "durable in the close frame", durable, position));
                }
                FrameContent::Close
            }
            kind => {
                let at = at + frame::KIND_OFFSET;
                return Err(Fault::new(at, "frame kind", kind, "1 (record) or 2 (close)"));
            }
        };
        self.durable = durable;
        Ok(content)
    }

    fn read_durable(&self, bytes: &[u8], at: usize) -> Result<u64, Fault> {
        if self.version == segment::VERSION_SEALED {
            return Ok(self.durable);
        }
        let durable = u64_at(bytes, frame::DURABLE_OFFSET);
        if (self.durable..=self.position).contains(&durable) {
            return Ok(durable);
        }
        let expected = format!("{} to {}", self.durable, self.position);
        Err(Fault::new(at + frame::DURABLE_OFFSET, "durable records", durable, expected))
    }
}

fn record_content(bytes: &[u8], at: usize, length: u64) -> Result<FrameContent, Fault> {
    if !length.is_multiple_of(limits::ALIGNMENT as u64) || length > limits::RECORD_BYTES_MAX {
        let expected = format!("a multiple of 64, at most {}", limits::RECORD_BYTES_MAX);
        return Err(Fault::new(at + frame::LENGTH_OFFSET, "record length", length, expected));
    }
    // Within RECORD_BYTES_MAX, as just checked.
    let length = usize::try_from(length).expect("a record fits in memory");
    let received_at_ms = u64_at(bytes, frame::RECEIVED_AT_OFFSET);
    Ok(FrameContent::Record { length, received_at_ms })
}

fn check_close(bytes: &[u8], at: usize, length: u64) -> Result<(), Fault> {
    if length != 0 {
        let at = at + frame::LENGTH_OFFSET;
        return Err(Fault::new(at, "length in the close frame", length, 0));
    }
    let received_at = frame::RECEIVED_AT_OFFSET..frame::CHECKSUM_OFFSET;
    check_zeros(&bytes[received_at], at + frame::RECEIVED_AT_OFFSET, "time in the close frame")
}

/// What a sound frame says of itself, whatever stood before it: `None` if the bytes are none.
#[must_use]
pub(crate) fn claims(bytes: &[u8; frame::FRAME_BYTES]) -> Option<FrameFields> {
    let sound = bytes[frame::MAGIC_OFFSET..][..8] == frame::MAGIC
        && u64_at(bytes, frame::CHECKSUM_OFFSET)
            == checksum_with_hole(bytes, frame::CHECKSUM_OFFSET);
    sound.then(|| FrameFields {
        kind: u32_at(bytes, frame::KIND_OFFSET),
        length: u64_at(bytes, frame::LENGTH_OFFSET),
        position: u64_at(bytes, frame::POSITION_OFFSET),
        received_at_ms: u64_at(bytes, frame::RECEIVED_AT_OFFSET),
        durable: u64_at(bytes, frame::DURABLE_OFFSET),
    })
}

fn put_checksum(bytes: &mut [u8; 64], offset: usize) {
    let checksum = checksum_with_hole(bytes, offset);
    bytes[offset..offset + 8].copy_from_slice(&checksum.to_le_bytes());
}

pub(crate) fn check_checksum(
    bytes: &[u8],
    hole: usize,
    base: usize,
    what: &'static str,
) -> Result<(), Fault> {
    let (found, expected) = (u64_at(bytes, hole), checksum_with_hole(bytes, hole));
    if found == expected {
        return Ok(());
    }
    Err(Fault::new(base + hole, what, format!("{found:016x}"), format!("{expected:016x}")))
}

fn check_zeros(bytes: &[u8], base: usize, what: &'static str) -> Result<(), Fault> {
    match bytes::first_nonzero(bytes) {
        None => Ok(()),
        Some(at) => Err(Fault::new(base + at, what, format!("byte {}", bytes[at]), "zeros")),
    }
}
