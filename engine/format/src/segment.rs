//! Segments as bytes: a header, framed records one after another, a close frame.
//!
//! In: numbers to write; or the bytes of a whole segment. Out: 64-byte headers; or the records with
//! their offsets. Never: a file opened or mapped, a record looked into.

use crate::bytes::Digest32;
use crate::fault::Fault;
use crate::frame::{self as frames, FrameContent, FrameFields, FrameSequence, SegmentHeader};
use crate::layout::{frame, segment};
use crate::limits;

/// The first 64 bytes of a segment whose first record has the number `first_position`.
#[must_use]
pub fn segment_header(definition: &Digest32, first_position: u64) -> [u8; segment::HEADER_BYTES] {
    let version = segment::VERSION_SEALED;
    SegmentHeader { version, first_position, definition: *definition }.to_bytes()
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
    journal_record_frame(record_length, position, received_at_ms, 0)
}

/// The frame that closes a segment; `next_position` is one more than that of the last record.
#[must_use]
pub fn close_frame(next_position: u64) -> [u8; frame::FRAME_BYTES] {
    let kind = frame::KIND_CLOSE;
    FrameFields { kind, position: next_position, ..FrameFields::default() }.to_bytes()
}

/// As [`segment_header`], of a segment that a journal writes.
#[must_use]
pub fn journal_header(definition: &Digest32, first_position: u64) -> [u8; segment::HEADER_BYTES] {
    let version = segment::VERSION_JOURNAL;
    SegmentHeader { version, first_position, definition: *definition }.to_bytes()
}

/// As [`record_frame`], in a segment that a journal writes: records below `durable` are synced.
///
/// # Panics
/// If `record_length` is not a multiple of 64.
#[must_use]
pub fn journal_record_frame(
    record_length: usize,
    position: u64,
    received_at_ms: u64,
    durable: u64,
) -> [u8; frame::FRAME_BYTES] {
    assert!(record_length.is_multiple_of(limits::ALIGNMENT), "records are padded to 64 bytes");
    let (kind, length) = (frame::KIND_RECORD, record_length as u64);
    FrameFields { kind, length, position, received_at_ms, durable }.to_bytes()
}

/// As [`close_frame`], of a segment that a journal writes; every record in it is synced by now.
#[must_use]
pub fn journal_close_frame(next_position: u64) -> [u8; frame::FRAME_BYTES] {
    let (position, durable) = (next_position, next_position);
    FrameFields { kind: frame::KIND_CLOSE, position, durable, ..FrameFields::default() }.to_bytes()
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

/// Walks through the frames of a segment.
#[derive(Clone, Debug)]
pub struct SegmentReader<'a> {
    bytes: &'a [u8],
    offset: usize,
    frames: FrameSequence,
    definition: Digest32,
    /// The end of the bytes, between two records, is an end.
    may_be_unclosed: bool,
    ended: bool,
}

impl<'a> SegmentReader<'a> {
    /// Reads the header of a segment that must be closed.
    ///
    /// # Errors
    /// If the file is empty, foreign, newer than this program or damaged in its first 64 bytes.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Fault> {
        let header = SegmentHeader::read(bytes)?;
        Ok(Self {
            bytes,
            offset: segment::HEADER_BYTES,
            frames: FrameSequence::new(&header),
            definition: header.definition,
            may_be_unclosed: false,
            ended: false,
        })
    }

    /// Reads the header of a segment that may still be written to: `bytes` are those that may be
    /// read, which end between two records (see [`crate::unclosed::examine_unclosed`]). A close
    /// frame ends it, too.
    ///
    /// # Errors
    /// As [`SegmentReader::open`].
    pub fn open_unclosed(bytes: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self { may_be_unclosed: true, ..Self::open(bytes)? })
    }

    /// Reads on at the first frame at or behind `offset`, a multiple of 64, that looks like one: it
    /// may be bytes of a record that look like a frame. Who reads a segment in parts believes a
    /// part only when the part before it has ended where this one began.
    #[must_use]
    pub fn resume(&self, offset: usize, end: usize) -> Option<Self> {
        (offset..end.min(self.bytes.len())).step_by(limits::ALIGNMENT).find_map(|offset| {
            let frame = self.bytes.get(offset..)?.first_chunk()?;
            let position = frames::claims(frame)?.position;
            Some(Self {
                offset,
                frames: self.frames.resumed_at(position),
                ended: false,
                ..self.clone()
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

    /// The version of the segment: 1, sealed at once; 2, written by a journal.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.frames.version()
    }

    /// The number in the journal of the next record; after the close frame, one more than the last.
    #[must_use]
    #[inline]
    pub fn position(&self) -> u64 {
        self.frames.position()
    }

    /// The next record; `None` after the close frame.
    ///
    /// # Errors
    /// If a frame is damaged, a record is cut off, the close frame is missing, or something stands
    /// behind it. Nothing after a fault can be trusted, so the reader then ends.
    pub fn next_record(&mut self) -> Result<Option<FramedRecord<'a>>, Fault> {
        if self.ended {
            return Ok(None);
        }
        let result = self.read_frame();
        if !matches!(result, Ok(Some(_))) {
            self.ended = true;
        }
        result
    }

    fn read_frame(&mut self) -> Result<Option<FramedRecord<'a>>, Fault> {
        let at = self.offset;
        let rest = &self.bytes[at..];
        if rest.is_empty() {
            if self.may_be_unclosed {
                return Ok(None);
            }
            let expected = "a close frame: the segment is cut off, or still being written";
            return Err(Fault::new(at, "end of the segment", "the end of the file", expected));
        }
        let Some((frame, body)) = rest.split_first_chunk() else {
            let found = format!("{} bytes", rest.len());
            return Err(Fault::new(at, "frame", found, "64 bytes: the segment is cut off"));
        };
        let position = self.frames.position();
        match self.frames.read(frame, at)? {
            FrameContent::Record { length, received_at_ms } => {
                let offset = at + frame::FRAME_BYTES;
                let Some(record) = body.get(..length) else {
                    let found = format!("{} bytes", body.len());
                    let expected = format!("{length} bytes: the segment is cut off");
                    return Err(Fault::new(offset, "record", found, expected));
                };
                self.offset = offset + length;
                Ok(Some(FramedRecord { offset, position, received_at_ms, record }))
            }
            FrameContent::Close if body.is_empty() => Ok(None),
            FrameContent::Close => {
                let found = format!("{} bytes", body.len());
                let at = at + frame::FRAME_BYTES;
                Err(Fault::new(at, "after the close frame", found, "the end"))
            }
        }
    }
}
