//! The walk from frame to frame through every segment.
//!
//! In: mapped segments. Out: per segment where its records stand, with a hash of each address, and
//! their numbers in the journal; or what is wrong with it. Never: a record looked into further than
//! its address; verifying is the tally's.
//!
//! Each frame says where the next one stands, so a walk waits for memory at every step. Hence a
//! segment is cut: a walker begins at the first thing behind each cut that looks like a frame, and
//! one thread leads several walkers by turns, so that one goes while the memory of the others is
//! fetched. Where a walker began was a guess. It is believed only if the walker before it arrived
//! at exactly that place, with that number; otherwise, and whenever anything is wrong, the segment
//! is walked again in one piece, and that walk has the word.

use std::ops::Range;

use rayon::prelude::*;
use shomar_format::bytes::hex;
use shomar_format::record::address_at;
use shomar_format::segment::{FramedRecord, SegmentReader};
use shomar_format::{BatchAddress, CountingDefinition, Fault, layout, limits};

use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::index::RecordPlace;
use crate::prefetch::prefetch;

/// Bytes between two cuts of a segment.
const CUT_BYTES: usize = 1 << 20;
/// Walkers that a thread leads by turns.
const BY_TURNS: usize = 8;

/// What one segment holds.
pub(crate) struct Walked {
    /// Batches.
    pub(crate) places: Vec<RecordPlace>,
    /// Records of other kinds: control records, recounts, and what nobody knows.
    pub(crate) special: Vec<RecordPlace>,
    /// Of the address of each batch; equal addresses have equal hashes.
    pub(crate) hashes: Vec<u64>,
    /// Numbers of its records in the journal; `None` if that cannot be said.
    pub(crate) positions: Option<Range<u64>>,
    pub(crate) finding: Option<Finding>,
}

/// Walks through all segments.
pub(crate) fn walk(evidence: &Evidence, definition: &CountingDefinition<'_>) -> Vec<Walked> {
    let segments = u32::try_from(evidence.segment_count()).expect("file handles end before");
    let mut walkers: Vec<Walker<'_>> = (0..segments)
        .filter_map(|segment| {
            begin(evidence, segment, definition).ok().map(|start| (segment, start))
        })
        .flat_map(|(segment, start)| cut(evidence, segment, &start))
        .collect();
    walkers.par_chunks_mut(BY_TURNS).for_each(lead_by_turns);
    let mut walkers = walkers.as_slice();
    (0..segments)
        .map(|segment| {
            let own = walkers.iter().take_while(|walker| walker.segment == segment).count();
            let (own, others) = walkers.split_at(own);
            walkers = others;
            join(own).unwrap_or_else(|| walk_in_one_piece(evidence, segment, definition))
        })
        .collect()
}

/// Reads the header of a segment.
fn begin<'a>(
    evidence: &'a Evidence,
    segment: u32,
    definition: &CountingDefinition<'_>,
) -> Result<SegmentReader<'a>, Fault> {
    let reader = evidence.reader(segment)?;
    if reader.definition() == definition.digest() {
        return Ok(reader);
    }
    Err(Fault::new(
        layout::segment::DEFINITION_OFFSET,
        "definition digest of the segment",
        hex(reader.definition()),
        format!("{}, that of the election folder", hex(definition.digest())),
    ))
}

/// Walks from one place of a segment to the first frame behind another.
struct Walker<'a> {
    segment: u32,
    bytes: &'a [u8],
    start: SegmentReader<'a>,
    cut: Range<usize>,
    /// Where it stands; `None` before it has begun, and where nothing looks like a frame.
    reader: Option<SegmentReader<'a>>,
    /// Where it began, and with which number.
    began: Option<(usize, u64)>,
    found: Found,
    state: State,
}

/// Records that were found.
#[derive(Default)]
struct Found {
    places: Vec<RecordPlace>,
    special: Vec<RecordPlace>,
    hashes: Vec<u64>,
}

impl Found {
    /// Adds a record of a segment whose first record has the number `first`.
    fn add(&mut self, segment: u32, first: u64, framed: &FramedRecord<'_>) -> Result<(), Fault> {
        let FramedRecord { offset, position, record, .. } = *framed;
        if record.len() < limits::RECORD_BYTES_MIN {
            let expected = format!("at least {} bytes", limits::RECORD_BYTES_MIN);
            return Err(Fault::new(offset, "record", format!("{} bytes", record.len()), expected));
        }
        let address = address_at(record);
        let place = RecordPlace::new(segment, offset, record.len(), address, position - first);
        let place = place.ok_or_else(|| {
            let expected = "a segment of less than 2^38 bytes";
            Fault::new(offset, "offset of the record", offset, expected)
        })?;
        if record[layout::record::KIND_OFFSET] == layout::record::KIND_BALLOTS {
            self.places.push(place);
            self.hashes.push(hash(address));
        } else {
            self.special.push(place);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Walking,
    Arrived,
    Closed,
    Lost,
}

fn cut<'a>(evidence: &'a Evidence, segment: u32, start: &SegmentReader<'a>) -> Vec<Walker<'a>> {
    let bytes = evidence.segment(segment).1;
    let first = layout::segment::HEADER_BYTES;
    (0..bytes.len().div_ceil(CUT_BYTES))
        .map(|number| Walker {
            segment,
            bytes,
            start: start.clone(),
            cut: (number * CUT_BYTES).max(first)..(number + 1) * CUT_BYTES,
            reader: None,
            began: None,
            found: Found::default(),
            state: State::Waiting,
        })
        .collect()
}

fn lead_by_turns(walkers: &mut [Walker<'_>]) {
    let mut going = true;
    while going {
        going = false;
        for walker in &mut *walkers {
            walker.step();
            going |= matches!(walker.state, State::Waiting | State::Walking);
        }
    }
}

impl Walker<'_> {
    fn step(&mut self) {
        match self.state {
            State::Waiting => {
                let Range { start, end } = self.cut;
                let first = start == layout::segment::HEADER_BYTES;
                let reader =
                    if first { Some(self.start.clone()) } else { self.start.resume(start, end) };
                self.began = reader.as_ref().map(|reader| (reader.offset(), reader.position()));
                self.state = if reader.is_some() { State::Walking } else { State::Arrived };
                self.reader = reader;
            }
            State::Walking => self.state = self.walk_on(),
            State::Arrived | State::Closed | State::Lost => {}
        }
    }

    fn walk_on(&mut self) -> State {
        let Some(reader) = &mut self.reader else { return State::Lost };
        if reader.offset() >= self.cut.end {
            return State::Arrived;
        }
        match reader.next_record() {
            Ok(Some(framed)) => {
                prefetch(self.bytes, reader.offset());
                prefetch(self.bytes, reader.offset() + limits::ALIGNMENT);
                match self.found.add(self.segment, self.start.position(), &framed) {
                    Ok(()) => State::Walking,
                    Err(_) => State::Lost,
                }
            }
            Ok(None) => State::Closed,
            Err(_) => State::Lost,
        }
    }
}

/// Puts together what the walkers of one segment found, if each began where the one before it
/// arrived, and the last one found the end.
fn join(walkers: &[Walker<'_>]) -> Option<Walked> {
    let records = walkers.iter().map(|walker| walker.found.places.len()).sum();
    let mut found = Found {
        places: Vec::with_capacity(records),
        hashes: Vec::with_capacity(records),
        special: Vec::new(),
    };
    let (mut arrived, mut first, mut closed) = (None, None, false);
    for walker in walkers {
        // A cut without a frame lies inside one record; the walker before it went over it.
        let Some(began) = walker.began else { continue };
        if closed || arrived.is_some_and(|arrived| arrived != began) {
            return None;
        }
        closed = match walker.state {
            State::Arrived => false,
            State::Closed => true,
            State::Waiting | State::Walking | State::Lost => return None,
        };
        first = first.or(Some(began.1));
        arrived = walker.reader.as_ref().map(|reader| (reader.offset(), reader.position()));
        found.places.extend_from_slice(&walker.found.places);
        found.special.extend_from_slice(&walker.found.special);
        found.hashes.extend_from_slice(&walker.found.hashes);
    }
    let (_, end) = arrived?;
    let positions = first?..end;
    closed.then(|| Walked::new(found, Ok(positions)))
}

/// Walks through one segment. A fault ends it: nothing behind can be trusted.
fn walk_in_one_piece(
    evidence: &Evidence,
    segment: u32,
    definition: &CountingDefinition<'_>,
) -> Walked {
    let (path, _) = evidence.segment(segment);
    let mut found = Found::default();
    let mut walk = || {
        let mut reader = begin(evidence, segment, definition)?;
        let first = reader.position();
        while let Some(framed) = reader.next_record()? {
            found.add(segment, first, &framed)?;
        }
        Ok(first..reader.position())
    };
    let positions = walk().map_err(|fault| Finding::new(path, fault));
    Walked::new(found, positions)
}

impl Walked {
    fn new(found: Found, positions: Result<Range<u64>, Finding>) -> Self {
        let Found { places, special, hashes } = found;
        let (positions, finding) = match positions {
            Ok(positions) => (Some(positions), None),
            Err(finding) => (None, Some(finding)),
        };
        Self { places, special, hashes, positions, finding }
    }
}

/// Mixes an address into 64 bits (the finaliser of SplitMix64, over its parts by turns).
fn hash(address: BatchAddress) -> u64 {
    let mix = |mut bits: u64| {
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    let place = u64::from(address.district) << 32 | u64::from(address.station);
    mix(mix(place) ^ mix(address.sequence.wrapping_add(u64::from(address.device) << 40)))
}
