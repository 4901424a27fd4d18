//! Segments as bytes: a header, framed records one after another, a close frame.
//!
//! In: numbers to write; or the bytes of a whole segment. Out: 64-byte headers; or the records with
//! their offsets. Never: a file opened or mapped, a record looked into.

use crate::bytes::{self, Digest32, array_at, u32_at, u64_at};
use crate::checksum::checksum_with_hole;
use crate::fault::Fault;
use crate::layout::{FORMAT_VERSION, frame, segment};
use crate::{limits, record};

/// The first 64 bytes of a segment whose first record has the number `first_position`.
#[must_use]
pub fn segment_header(definition: &Digest32, first_position: u64) -> [u8; segment::HEADER_BYTES] {
    let mut header = [0; segment::HEADER_BYTES];
    header[segment::MAGIC_OFFSET..][..8].copy_from_slice(&segment::MAGIC);
    header[segment::VERSION_OFFSET..][..2].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    header[segment::FIRST_POSITION_OFFSET..][..8].copy_from_slice(&first_position.to_le_bytes());
    header[segment::DEFINITION_OFFSET..][..32].copy_from_slice(definition);
    put_checksum(&mut header, segment::CHECKSUM_OFFSET);
    header
}

/// The frame of a record of `record_length` bytes.
///
/// # Panics
/// If `record_length` is not a multiple of 64.
#[must_use]
pub fn record_frame(
    record_length: usize,
    position: u64,
    received_at_ms: u64,
) -> [u8; frame::FRAME_BYTES] {
    assert!(record_length.is_multiple_of(limits::ALIGNMENT), "records are padded to 64 bytes");
    frame_bytes(frame::KIND_RECORD, record_length as u64, position, received_at_ms)
}

/// The frame that closes a segment; `next_position` is one more than that of the last record.
#[must_use]
pub fn close_frame(next_position: u64) -> [u8; frame::FRAME_BYTES] {
    frame_bytes(frame::KIND_CLOSE, 0, next_position, 0)
}

fn frame_bytes(kind: u32, length: u64, position: u64, received_at_ms: u64) -> [u8; 64] {
    let mut bytes = [0; frame::FRAME_BYTES];
    bytes[frame::MAGIC_OFFSET..][..8].copy_from_slice(&frame::MAGIC);
    bytes[frame::KIND_OFFSET..][..4].copy_from_slice(&kind.to_le_bytes());
    bytes[frame::LENGTH_OFFSET..][..8].copy_from_slice(&length.to_le_bytes());
    bytes[frame::POSITION_OFFSET..][..8].copy_from_slice(&position.to_le_bytes());
    bytes[frame::RECEIVED_AT_OFFSET..][..8].copy_from_slice(&received_at_ms.to_le_bytes());
    put_checksum(&mut bytes, frame::CHECKSUM_OFFSET);
    bytes
}

fn put_checksum(bytes: &mut [u8; 64], offset: usize) {
    let checksum = checksum_with_hole(bytes, offset);
    bytes[offset..offset + 8].copy_from_slice(&checksum.to_le_bytes());
}

/// One record in its segment.
#[derive(Clone, Copy, Debug)]
pub struct FramedRecord<'a> {
    /// Offset of the record (not of its frame) in the segment.
    pub offset: usize,
    /// Number of the record in the journal.
    pub position: u64,
    /// When it was received, in milliseconds since 1970-01-01 UTC, or 0.
    pub received_at_ms: u64,
    /// The record itself, aligned to 64 inside the segment.
    pub record: &'a [u8],
}

/// Walks through the frames of a closed segment.
#[derive(Clone, Debug)]
pub struct SegmentReader<'a> {
    bytes: &'a [u8],
    offset: usize,
    position: u64,
    definition: Digest32,
    closed: bool,
}

impl<'a> SegmentReader<'a> {
    /// Reads the segment header.
    ///
    /// # Errors
    /// If the file is empty, foreign, newer than this program or damaged in its first 64 bytes.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
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
        record::check_version(bytes, segment::VERSION_OFFSET, FORMAT_VERSION)?;
        check_checksum(
            &bytes[..64],
            segment::CHECKSUM_OFFSET,
            0,
            "checksum of the segment header",
        )?;
        let reserved = &bytes[segment::RESERVED_OFFSET..segment::FIRST_POSITION_OFFSET];
        check_zeros(reserved, segment::RESERVED_OFFSET, "reserved bytes of the segment header")?;
        Ok(Self {
            bytes,
            offset: segment::HEADER_BYTES,
            position: u64_at(bytes, segment::FIRST_POSITION_OFFSET),
            definition: array_at(bytes, segment::DEFINITION_OFFSET),
            closed: false,
        })
    }

    /// Reads on at the first frame at or behind `offset`, a multiple of 64, that looks like one: it
    /// may be bytes of a record that look like a frame. Who reads a segment in parts believes a
    /// part only when the part before it has ended where this one began.
    #[must_use]
    pub fn resume(&self, offset: usize, end: usize) -> Option<Self> {
        (offset..end.min(self.bytes.len())).step_by(limits::ALIGNMENT).find_map(|offset| {
            let frame = self.bytes.get(offset..offset + frame::FRAME_BYTES)?;
            let looks_like_one = frame[frame::MAGIC_OFFSET..][..8] == frame::MAGIC
                && u64_at(frame, frame::CHECKSUM_OFFSET)
                    == checksum_with_hole(frame, frame::CHECKSUM_OFFSET);
            looks_like_one.then(|| Self {
                bytes: self.bytes,
                offset,
                position: u64_at(frame, frame::POSITION_OFFSET),
                definition: self.definition,
                closed: false,
            })
        })
    }

    /// Where the next frame begins; after the close frame, where that began.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The digest of the definition under which the segment was begun.
    #[must_use]
    pub fn definition(&self) -> &Digest32 {
        &self.definition
    }

    /// The number in the journal of the next record; after the close frame, one more than the last.
    #[must_use]
    #[inline]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next record; `None` after the close frame.
    ///
    /// # Errors
    /// If a frame is damaged, a record is cut off, the close frame is missing, or something stands
    /// behind it. Nothing after a fault can be trusted, so the reader then ends.
    pub fn next_record(&mut self) -> Result<Option<FramedRecord<'a>>, Fault> {
        if self.closed {
            return Ok(None);
        }
        let result = self.read_frame();
        if !matches!(result, Ok(Some(_))) {
            self.closed = true;
        }
        result
    }

    fn read_frame(&mut self) -> Result<Option<FramedRecord<'a>>, Fault> {
        let at = self.offset;
        let rest = &self.bytes[at..];
        if rest.is_empty() {
            let expected = "a close frame: the segment is cut off, or still being written";
            return Err(Fault::new(at, "end of the segment", "the end of the file", expected));
        }
        if rest.len() < frame::FRAME_BYTES {
            let found = format!("{} bytes", rest.len());
            return Err(Fault::new(at, "frame", found, "64 bytes: the segment is cut off"));
        }
        let magic: [u8; 8] = array_at(rest, frame::MAGIC_OFFSET);
        if magic != frame::MAGIC {
            return Err(Fault::new(at, "frame magic", bytes::preview(&magic), "'SHOMARFR'"));
        }
        check_checksum(&rest[..64], frame::CHECKSUM_OFFSET, at, "checksum of the frame")?;
        let reserved = frame::RESERVED_LOW_OFFSET..frame::LENGTH_OFFSET;
        check_zeros(&rest[reserved], at + frame::RESERVED_LOW_OFFSET, "reserved bytes of a frame")?;
        let reserved = frame::RESERVED_HIGH_OFFSET..frame::FRAME_BYTES;
        check_zeros(
            &rest[reserved],
            at + frame::RESERVED_HIGH_OFFSET,
            "reserved bytes of a frame",
        )?;
        let position = u64_at(rest, frame::POSITION_OFFSET);
        if position != self.position {
            let what = "position of the record";
            return Err(Fault::new(at + frame::POSITION_OFFSET, what, position, self.position));
        }
        let length = u64_at(rest, frame::LENGTH_OFFSET);
        match u32_at(rest, frame::KIND_OFFSET) {
            frame::KIND_RECORD => self.read_record(at, rest, length).map(Some),
            frame::KIND_CLOSE => {
                if length != 0 {
                    let at = at + frame::LENGTH_OFFSET;
                    return Err(Fault::new(at, "length in the close frame", length, 0));
                }
                let received_at = frame::RECEIVED_AT_OFFSET..frame::CHECKSUM_OFFSET;
                check_zeros(
                    &rest[received_at],
                    at + frame::RECEIVED_AT_OFFSET,
                    "time in the close frame",
                )?;
                if rest.len() > frame::FRAME_BYTES {
                    let found = format!("{} bytes", rest.len() - frame::FRAME_BYTES);
                    let at = at + frame::FRAME_BYTES;
                    return Err(Fault::new(at, "after the close frame", found, "the end"));
                }
                Ok(None)
            }
            kind => {
                let at = at + frame::KIND_OFFSET;
                Err(Fault::new(at, "frame kind", kind, "1 (record) or 2 (close)"))
            }
        }
    }

    fn read_record(
        &mut self,
        at: usize,
        rest: &'a [u8],
        length: u64,
    ) -> Result<FramedRecord<'a>, Fault> {
        if !length.is_multiple_of(limits::ALIGNMENT as u64) || length > limits::RECORD_BYTES_MAX {
            let expected = format!("a multiple of 64, at most {}", limits::RECORD_BYTES_MAX);
            return Err(Fault::new(at + frame::LENGTH_OFFSET, "record length", length, expected));
        }
        let body = &rest[frame::FRAME_BYTES..];
        // Within RECORD_BYTES_MAX, as just checked.
        let length = usize::try_from(length).expect("a record fits in memory");
        if body.len() < length {
            let found = format!("{} bytes", body.len());
            let expected = format!("{length} bytes: the segment is cut off");
            return Err(Fault::new(at + frame::FRAME_BYTES, "record", found, expected));
        }
        let framed = FramedRecord {
            offset: at + frame::FRAME_BYTES,
            position: self.position,
            received_at_ms: u64_at(rest, frame::RECEIVED_AT_OFFSET),
            record: &body[..length],
        };
        self.offset = framed.offset + length;
        self.position = self.position.checked_add(1).ok_or_else(|| {
            Fault::new(at + frame::POSITION_OFFSET, "position of the record", u64::MAX, "less")
        })?;
        Ok(framed)
    }
}

fn check_checksum(bytes: &[u8], hole: usize, base: usize, what: &'static str) -> Result<(), Fault> {
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
