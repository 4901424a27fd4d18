//! Walks the records of a journal without reading their bodies.
//!
//! In: closed segments, by positioned reads; or the sound bytes of the open one. Out: for each
//! record its place, header and trailer. Never: a payload read; a frame believed before its
//! checksum is verified and it follows the one before.

use shomar_format::Fault;
use shomar_format::bytes::{Digest32, hex};
use shomar_format::frame::{FrameContent, FrameSequence, SegmentHeader};
use shomar_format::layout::{frame, record, segment};
use shomar_format::limits;
use shomar_format::segment::SegmentReader;

use super::error::{JournalError, Refusal, refused};
use super::names;
use crate::disk::Disk;

/// A record of the journal, as it is shown when the journal is opened.
#[derive(Clone, Copy, Debug)]
pub struct Visited<'a> {
    /// Its number in the journal.
    pub position: u64,
    /// When it was received, in milliseconds since 1970-01-01 UTC, or 0.
    pub received_at_ms: u64,
    /// The number of its segment.
    pub segment: u64,
    /// Offset of the record (not of its frame) in the segment.
    pub offset: u64,
    /// Bytes of the record.
    pub length: u64,
    /// Its header. In a closed segment nobody has verified it.
    pub header: &'a [u8; record::HEADER_BYTES],
    /// Its trailer; as the header.
    pub trailer: &'a [u8; record::TRAILER_BYTES],
}

/// What is read at a time: the end of a record, the frame behind it, the header behind that.
const WINDOW_BYTES: usize = record::TRAILER_BYTES + frame::FRAME_BYTES + record::HEADER_BYTES;

/// Walks the closed segment `number`, whose first record must have the number `first_position`; the
/// number after its last.
pub(super) fn walk_closed<D: Disk>(
    disk: &D,
    number: u64,
    first_position: u64,
    definition: &Digest32,
    visit: &mut dyn FnMut(&Visited<'_>),
) -> Result<u64, JournalError> {
    let name = names::closed_name(number);
    let path = disk.path(&name);
    let file = disk.open(&name, false).map_err(refused(&path, "open"))?;
    let length = disk.length(&file).map_err(refused(&path, "read"))?;
    let read = |offset: usize, buffer: &mut [u8]| {
        disk.read(&file, offset as u64, buffer).map_err(refused(&path, "read"))
    };
    let walk = Walk { number, first_position, definition, length: to_usize(length) };
    walk.run(read, visit).map_err(|error| match error {
        Stop::Fault(fault) => JournalError::Fault { path: path.clone(), fault },
        Stop::Refusal(refusal) => refusal.into(),
    })
}

enum Stop {
    Fault(Fault),
    Refusal(Refusal),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

struct Walk<'a> {
    number: u64,
    first_position: u64,
    definition: &'a Digest32,
    length: usize,
}

impl Walk<'_> {
    fn run(
        &self,
        mut read: impl FnMut(usize, &mut [u8]) -> Result<(), Refusal>,
        visit: &mut dyn FnMut(&Visited<'_>),
    ) -> Result<u64, Stop> {
        let mut window = [0; WINDOW_BYTES];
        let header = &mut window[..self.length.min(segment::HEADER_BYTES)];
        read(0, header)?;
        let header = SegmentHeader::read(header)?;
        check_header(&header, self.first_position, self.definition)?;
        let mut frames = FrameSequence::new(&header);
        let mut at = segment::HEADER_BYTES;
        // Of the window, what belongs to the record before; at first there is none.
        let mut before: Option<(Visited<'_>, [u8; record::HEADER_BYTES])> = None;
        loop {
            let trailer = if before.is_some() { record::TRAILER_BYTES } else { 0 };
            let filled = WINDOW_BYTES.min(self.length - at + trailer);
            let window = &mut window[..filled];
            read(at - trailer, window)?;
            let (trailer, behind) = window.split_at(trailer);
            if let (Some((visited, header)), Some(trailer)) = (&before, trailer.first_chunk()) {
                visit(&Visited { header, trailer, ..*visited });
            }
            let Some((frame, next_header)) = behind.split_first_chunk() else {
                return Err(cut_off(at, behind.len(), frame::FRAME_BYTES).into());
            };
            let position = frames.position();
            let FrameContent::Record { length, received_at_ms } = frames.read(frame, at)? else {
                let end = at + frame::FRAME_BYTES;
                if self.length == end {
                    return Ok(position);
                }
                let found = format!("{} bytes", self.length - end);
                return Err(Fault::new(end, "after the close frame", found, "the end").into());
            };
            let offset = at + frame::FRAME_BYTES;
            if length < limits::RECORD_BYTES_MIN {
                let expected = format!("at least {}", limits::RECORD_BYTES_MIN);
                let at = at + frame::LENGTH_OFFSET;
                return Err(Fault::new(at, "record length", length, expected).into());
            }
            let Some(header) = next_header.first_chunk().filter(|_| {
                // A header behind the frame does not yet mean that the record is whole.
                self.length - offset >= length
            }) else {
                return Err(cut_off(offset, self.length - offset, length).into());
            };
            let visited = Visited {
                position,
                received_at_ms,
                segment: self.number,
                offset: offset as u64,
                length: length as u64,
                header: &[0; record::HEADER_BYTES],
                trailer: &[0; record::TRAILER_BYTES],
            };
            before = Some((visited, *header));
            at = offset + length;
        }
    }
}

fn cut_off(at: usize, found: usize, expected: usize) -> Fault {
    let expected = format!("{expected} bytes: the segment is cut off");
    Fault::new(at, "frame and record", format!("{found} bytes"), expected)
}

/// Holds a segment to its journal.
pub(super) fn check_header(
    header: &SegmentHeader,
    first_position: u64,
    definition: &Digest32,
) -> Result<(), Fault> {
    if header.definition != *definition {
        return Err(Fault::new(
            segment::DEFINITION_OFFSET,
            "definition digest of the segment",
            hex(&header.definition),
            format!("{}, that of the election", hex(definition)),
        ));
    }
    if header.first_position != first_position {
        let what = "number of the first record";
        let found = header.first_position;
        return Err(Fault::new(segment::FIRST_POSITION_OFFSET, what, found, first_position));
    }
    Ok(())
}

/// Shows the records of the open segment `number`; `bytes` are its sound ones.
pub(super) fn walk_open(
    bytes: &[u8],
    number: u64,
    visit: &mut dyn FnMut(&Visited<'_>),
) -> Result<(), Fault> {
    let mut reader = SegmentReader::open_unclosed(bytes)?;
    while let Some(framed) = reader.next_record()? {
        let record = framed.record;
        if let (Some(header), Some(trailer)) = (record.first_chunk(), record.last_chunk()) {
            visit(&Visited {
                position: framed.position,
                received_at_ms: framed.received_at_ms,
                segment: number,
                offset: framed.offset as u64,
                length: record.len() as u64,
                header,
                trailer,
            });
        }
    }
    Ok(())
}

/// Lengths of files are held in usize (see [`limits`]).
pub(super) fn to_usize(length: u64) -> usize {
    usize::try_from(length).expect("usize has 64 bits")
}
