//! What a segment holds whose writer has not closed it: how far it is sound, and what the rest is.
//!
//! In: the bytes of a segment that a journal writes (version 2). Out: the sound length, and whether
//! what follows is the torn tail of a write that nobody acknowledged, or damage of bytes that
//! somebody may rely on. Never: a byte changed; whoever opens the journal decides and cuts.
//!
//! A torn tail and damage look alike where they begin. What tells them apart is behind: a frame
//! says how many records were synced when it was written. If a sound frame behind the broken place
//! says so of a record at that place, that record was synced, and no crash breaks what was synced.

use crate::fault::Fault;
use crate::frame::{self as frames, FrameContent, FrameSequence, SegmentHeader, check_checksum};
use crate::layout::{frame, record, segment};
use crate::limits;

/// An unclosed segment, examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclosed {
    /// Its header; `None` if the file ends in it, or with it broken: it was being created.
    pub header: Option<SegmentHeader>,
    /// Bytes up to the end of the last sound record, or of the close frame; 0 without a header.
    pub sound_length: usize,
    /// The number of the record that comes next; 0 without a header.
    pub next_position: u64,
    /// The most records that a sound frame calls durable; 0 without a header.
    pub durable: u64,
    /// The bytes that were synced, as far as the frames say: those before the last group.
    pub durable_length: usize,
    /// The sound bytes end in a close frame; only the name says that the segment is not closed.
    pub closed: bool,
    /// What follows the sound bytes.
    pub rest: Rest,
}

/// What follows the sound bytes of an unclosed segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// What is left of a write that was cut short, as far as the segment itself can tell: all of it
    /// belongs to the last group.
    Torn {
        /// How many bytes.
        bytes: usize,
        /// Where they stop being sound, and why.
        fault: Fault,
    },
    /// Bytes that were synced are not what they were, or no writer wrote them: nothing may be cut.
    Damage(Fault),
}

/// Walks the frames of an unclosed segment and verifies the checksum of every record in it.
///
/// # Errors
/// If its header is damaged although bytes follow it (it was synced before them), or is that of
/// something else than a segment of a journal.
pub fn examine_unclosed(bytes: &[u8]) -> Result<Unclosed, Fault> {
    let header = match SegmentHeader::read(bytes) {
        Ok(header) => header,
        // Nothing is appended before the header is synced.
        Err(fault) if bytes.len() <= segment::HEADER_BYTES && !is_whole(bytes) => {
            return Ok(torn_header(bytes, fault));
        }
        Err(fault) => return Err(fault),
    };
    if header.version != segment::VERSION_JOURNAL {
        let expected = format!("{}, that of a journal", segment::VERSION_JOURNAL);
        let at = segment::VERSION_OFFSET;
        return Err(Fault::new(at, "format version", header.version, expected));
    }
    let mut walk = Walk {
        bytes,
        offset: segment::HEADER_BYTES,
        frames: FrameSequence::new(&header),
        durable_length: 0,
        closed: false,
    };
    let rest = walk.walk_to_the_end();
    Ok(Unclosed {
        header: Some(header),
        sound_length: walk.offset,
        next_position: walk.frames.position(),
        durable: walk.frames.durable(),
        durable_length: walk.durable_length,
        closed: walk.closed,
        rest,
    })
}

/// If these are the 64 bytes of a header that somebody wrote whole, if of another version.
fn is_whole(bytes: &[u8]) -> bool {
    bytes.len() == segment::HEADER_BYTES
        && check_checksum(bytes, segment::CHECKSUM_OFFSET, 0, "checksum").is_ok()
}

fn torn_header(bytes: &[u8], fault: Fault) -> Unclosed {
    let rest = match bytes.len() {
        0 => Rest::Nothing,
        bytes => Rest::Torn { bytes, fault },
    };
    Unclosed {
        header: None,
        sound_length: 0,
        next_position: 0,
        durable: 0,
        durable_length: 0,
        closed: false,
        rest,
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    /// The end of what is sound.
    offset: usize,
    frames: FrameSequence,
    durable_length: usize,
    closed: bool,
}

impl Walk<'_> {
    fn walk_to_the_end(&mut self) -> Rest {
        loop {
            let at = self.offset;
            let rest = &self.bytes[at..];
            if rest.is_empty() {
                return Rest::Nothing;
            }
            if self.closed {
                // The close frame is the last that is ever written.
                let found = format!("{} bytes", rest.len());
                return Rest::Damage(Fault::new(at, "after the close frame", found, "the end"));
            }
            let Some((frame, body)) = rest.split_first_chunk() else {
                let found = format!("{} bytes", rest.len());
                let expected = "64 bytes: the write was cut short";
                return self.broken(Fault::new(at, "frame", found, expected), at + 64);
            };
            let next = at + frame::FRAME_BYTES;
            let sound = frames::claims(frame).is_some();
            let (position, durable) = (self.frames.position(), self.frames.durable());
            let mut frames = self.frames.clone();
            let content = match frames.read(frame, at) {
                Ok(content) => content,
                Err(fault) if sound => return Rest::Damage(fault),
                Err(fault) => return self.broken(fault, next),
            };
            if let FrameContent::Record { length, .. } = content {
                if length < limits::RECORD_BYTES_MIN {
                    let expected = format!("at least {}", limits::RECORD_BYTES_MIN);
                    let at = at + frame::LENGTH_OFFSET;
                    return Rest::Damage(Fault::new(at, "record length", length, expected));
                }
                let Some(record) = body.get(..length) else {
                    let found = format!("{} bytes", body.len());
                    let expected = format!("{length} bytes: the write was cut short");
                    return self.broken(Fault::new(next, "record", found, expected), next + length);
                };
                let what = "checksum of the record";
                let checked = check_checksum(record, record::CHECKSUM_OFFSET, next, what);
                if let Err(fault) = checked {
                    return self.broken(fault, next + length);
                }
                self.offset = next + length;
            } else {
                self.closed = true;
                self.offset = next;
            }
            self.frames = frames;
            // A group begins with the number that it calls durable; the first one was written when
            // the header was synced.
            let begins_group = self.frames.durable() > durable && self.frames.durable() == position;
            if begins_group || at == segment::HEADER_BYTES {
                self.durable_length = at;
            }
        }
    }

    /// What the bytes at `self.offset` are, of which `fault` says why they are not sound. A frame
    /// behind them stands at `next` or later: a record whose own frame is sound ends there, and
    /// nothing in it can pass for a frame.
    fn broken(&self, fault: Fault, next: usize) -> Rest {
        let position = self.frames.position();
        let proof = (next..self.bytes.len()).step_by(limits::ALIGNMENT).find(|&at| {
            let Some(frame) = self.bytes[at..].first_chunk() else { return false };
            let Some(claim) = frames::claims(frame) else { return false };
            let between = ((at - self.offset) / limits::ALIGNMENT) as u64;
            claim.durable > position
                && claim.durable <= claim.position
                && claim.position - position <= between
        });
        match proof {
            Some(at) => Rest::Damage(Fault {
                expected: format!(
                    "{}; record {position} was durable, as the frame at offset {at} says",
                    fault.expected
                ),
                ..fault
            }),
            None => Rest::Torn { bytes: self.bytes.len() - self.offset, fault },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::hex;
    use crate::checksum::checksum_with_hole;
    use crate::segment::{
        SegmentReader, close_frame, journal_close_frame, journal_header, journal_record_frame,
        record_frame, segment_header,
    };
    use proptest::prelude::*;

    fn record(byte: u8) -> Vec<u8> {
        let mut record = vec![byte; 320 + 64 * usize::from(byte % 3)];
        let checksum = checksum_with_hole(&record, record::CHECKSUM_OFFSET);
        record[record::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
        record
    }

    /// A segment from record 5 on, in groups of these sizes; where the last group begins.
    fn journal(groups: &[u8], closed: bool) -> (Vec<u8>, usize) {
        let mut bytes = journal_header(&[7; 32], 5).to_vec();
        let (mut position, mut last) = (5, 0);
        for group in groups {
            let durable = position;
            last = bytes.len();
            for _ in 0..*group {
                let record = record(u8::try_from(position).unwrap());
                bytes.extend(journal_record_frame(record.len(), position, 9, durable));
                bytes.extend(record);
                position += 1;
            }
        }
        if closed {
            last = bytes.len();
            bytes.extend(journal_close_frame(position));
        }
        (bytes, last)
    }

    #[test]
    fn bytes_of_version_2_are_these() {
        let frame = journal_record_frame(320, 5, 9, 3);
        let expected = "53484f4d4152465201000000000000004001000000000000050000000000000009000000\
                        00000000aa0a87763e843b4d03000000000000000000000000000000";
        assert_eq!(hex(&frame), expected);
        let header = journal_header(&[0; 32], 5);
        assert_eq!(header[8..24], [2, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(journal_close_frame(6)[48..56], 6_u64.to_le_bytes());
        // Version 1 has zeros there.
        assert_eq!(record_frame(320, 5, 9)[48..], [0; 16]);
        assert_eq!(close_frame(6)[48..], [0; 16]);
    }

    #[test]
    fn sound_segment_is_read_to_its_end() {
        for closed in [false, true] {
            let (bytes, last) = journal(&[2, 1, 3], closed);
            let unclosed = examine_unclosed(&bytes).unwrap();
            assert_eq!(unclosed.rest, Rest::Nothing);
            assert_eq!((unclosed.sound_length, unclosed.next_position), (bytes.len(), 11));
            assert_eq!((unclosed.durable_length, unclosed.closed), (last, closed));
            assert_eq!(unclosed.durable, if closed { 11 } else { 8 });
            let mut reader = SegmentReader::open_unclosed(&bytes).unwrap();
            assert_eq!(reader.version(), 2);
            for position in 5..11 {
                assert_eq!(reader.next_record().unwrap().unwrap().position, position);
            }
            assert!(reader.next_record().unwrap().is_none());
            let mut strict = SegmentReader::open(&bytes).unwrap();
            while let Ok(Some(_)) = strict.next_record() {}
            assert_eq!(strict.offset(), if closed { last } else { bytes.len() });
        }
    }

    #[test]
    fn a_cut_anywhere_is_a_torn_tail_and_no_damage() {
        let (bytes, _) = journal(&[2, 1, 3], true);
        for length in 0..bytes.len() {
            let unclosed = examine_unclosed(&bytes[..length]).unwrap();
            match unclosed.rest {
                Rest::Nothing => assert_eq!(unclosed.sound_length, length),
                Rest::Torn { bytes, .. } => assert_eq!(unclosed.sound_length + bytes, length),
                Rest::Damage(fault) => panic!("cut at {length}: {fault}"),
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_damage_but_in_the_last_group() {
        for closed in [false, true] {
            let (bytes, last) = journal(&[2, 1, 2], closed);
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                match examine_unclosed(&flipped).map(|unclosed| unclosed.rest) {
                    Err(_) => assert!(bit / 8 < segment::HEADER_BYTES),
                    Ok(Rest::Damage(_)) => assert!(bit / 8 < last, "bit {bit}"),
                    Ok(Rest::Torn { .. }) => assert!(bit / 8 >= last, "bit {bit}"),
                    Ok(Rest::Nothing) => panic!("bit {bit} was not noticed"),
                }
            }
        }
    }

    #[test]
    fn frames_that_no_writer_writes_are_refused() {
        let begin = |frames: &[[u8; 64]]| {
            let mut bytes = journal_header(&[7; 32], 5).to_vec();
            for frame in frames {
                bytes.extend(frame);
                if frame[8] == 1 {
                    bytes.extend(record(2));
                }
            }
            bytes
        };
        let length = record(2).len();
        let frame = |position, durable| journal_record_frame(length, position, 0, durable);
        let cases = [
            ("durable ahead", begin(&[frame(5, 6)])),
            ("durable below the segment", begin(&[frame(5, 4)])),
            ("durable going back", begin(&[frame(5, 5), frame(6, 6), frame(7, 5)])),
            ("position", begin(&[frame(5, 5), frame(7, 5)])),
            ("close frame of version 1", begin(&[frame(5, 5), close_frame(6)])),
            ("a record too short", begin(&[journal_record_frame(256, 5, 0, 5)])),
            ("behind the close frame", begin(&[journal_close_frame(5), frame(5, 5)])),
        ];
        for (name, bytes) in cases {
            let rest = examine_unclosed(&bytes).unwrap().rest;
            assert!(matches!(rest, Rest::Damage(_)), "{name}: {rest:?}");
        }
        let sealed = segment_header(&[7; 32], 0);
        assert!(examine_unclosed(&sealed).is_err());
        let mut journal_frame_in_version_1 = sealed.to_vec();
        journal_frame_in_version_1.extend(journal_close_frame(0));
        let mut reader = SegmentReader::open(&journal_frame_in_version_1).unwrap();
        assert!(reader.next_record().unwrap().is_none(), "a durable of 0 is zeros");
        journal_frame_in_version_1[64..].copy_from_slice(&frame(0, 1));
        let mut reader = SegmentReader::open(&journal_frame_in_version_1).unwrap();
        let fault = reader.next_record().unwrap_err();
        assert_eq!((fault.offset, fault.what), (64 + 48, "reserved bytes of a frame"));
    }

    #[test]
    fn bytes_of_a_record_cannot_pass_for_a_frame_behind_it() {
        let (mut bytes, _) = journal(&[1], false);
        // A record of the last group, with a frame inside that calls it durable, loses its end.
        let mut record = record(1);
        record[192..256].copy_from_slice(&journal_record_frame(320, 7, 0, 7));
        bytes.extend(journal_record_frame(record.len(), 6, 0, 6));
        bytes.extend(record);
        let rest = examine_unclosed(&bytes[..bytes.len() - 1]).unwrap().rest;
        assert!(matches!(rest, Rest::Torn { .. }), "{rest:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_behind_a_header_are_examined(
            groups in prop::collection::vec(1..4_u8, 0..4),
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
            length in any::<prop::sample::Index>(),
        ) {
            let (mut bytes, _) = journal(&groups, true);
            for (place, byte) in places {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            bytes.truncate(length.index(bytes.len()));
            if let Ok(unclosed) = examine_unclosed(&bytes) {
                prop_assert!(unclosed.sound_length <= bytes.len());
                prop_assert!(unclosed.durable_length <= unclosed.sound_length);
                if unclosed.header.is_some() {
                    let sound = &bytes[..unclosed.sound_length];
                    let mut reader = SegmentReader::open_unclosed(sound).unwrap();
                    while reader.next_record().unwrap().is_some() {}
                    prop_assert_eq!(reader.position(), unclosed.next_position);
                }
            }
        }
    }
}
