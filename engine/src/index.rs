//! Where every record stands; the same record twice is named, and counted once.
//!
//! In: mapped segments. Out: records in the order in which they arrived, and stretches of them for
//! the workers. Never: a batch counted twice, or one chosen among two that contradict each other.
//!
//! Finding the records is `walk.rs`. Two records of one address have equal address hashes, so the
//! addresses themselves are compared only where two hashes are equal.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use shomar_format::layout::record::NOWHERE;
use shomar_format::record::address_at;
use shomar_format::{BatchAddress, CountingDefinition, Fault};

use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::walk::{Walked, walk};

/// Bytes of a stretch: few enough to share the records evenly among the workers, enough that taking
/// the next one costs nothing.
const STRETCH_BYTES: usize = 1 << 19;

/// Where a record stands, and whose it says it is: enough to ask for what counting it will need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordPlace {
    pub(crate) segment: u32,
    /// Multiples of 64, so that a nation's places stay in the caches.
    offset: u32,
    length: u32,
    /// Nothing of these was verified.
    pub(crate) station: u32,
    pub(crate) district: u32,
    /// Number in its segment; with the segment's first position, the position in the journal.
    ordinal: u32,
}

const UNIT: usize = shomar_format::limits::ALIGNMENT;

impl RecordPlace {
    /// The place of a record; `None` if it is too far behind in its segment to be said.
    pub(crate) fn new(
        segment: u32,
        offset: usize,
        length: usize,
        address: BatchAddress,
        ordinal: u64,
    ) -> Option<Self> {
        let units = |bytes: usize| u32::try_from(bytes / UNIT).ok();
        let BatchAddress { station, district, .. } = address;
        let (offset, length) = (units(offset)?, units(length)?);
        let ordinal = u32::try_from(ordinal).ok()?;
        Some(Self { segment, offset, length, station, district, ordinal })
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset as usize * UNIT
    }

    pub(crate) fn length(&self) -> usize {
        self.length as usize * UNIT
    }

    /// Path of the segment, and the record's bytes.
    pub(crate) fn record<'a>(&self, evidence: &'a Evidence) -> (&'a Path, &'a [u8]) {
        let (path, bytes) = evidence.segment(self.segment);
        (path, &bytes[self.offset()..self.offset() + self.length()])
    }

    pub(crate) fn address(&self, evidence: &Evidence) -> BatchAddress {
        address_at(self.record(evidence).1)
    }
}

/// All records to count, and what was noticed while they were found.
#[derive(Debug)]
pub struct Index {
    /// In the order of the segments, and of the records in each.
    pub(crate) places: Vec<RecordPlace>,
    pub(crate) stretches: Vec<Range<usize>>,
    /// Records of other kinds, in the same order: control records, recounts.
    pub(crate) special: Vec<RecordPlace>,
    /// Batches that do not stand: verified, and in no total.
    pub(crate) apart: Vec<RecordPlace>,
    /// Positions of the records of each segment; `None` where that cannot be said.
    segments: Vec<Option<Range<u64>>>,
    /// Records that stand twice, byte for byte, with their positions; each is counted once.
    repeats: Vec<(u64, Finding)>,
    /// Damaged frames, foreign or missing segments, records that contradict each other. A tally of
    /// an index with findings gives these and its own, and no totals.
    pub findings: Vec<Finding>,
}

impl Index {
    /// Finds every record of the evidence, and everything that is wrong with its segments.
    #[must_use]
    pub fn build(evidence: &Evidence, definition: &CountingDefinition<'_>) -> Self {
        let walked = walk(evidence, definition);
        let mut findings = missing_positions(evidence, &walked);
        let mut places = Vec::with_capacity(walked.iter().map(|walked| walked.places.len()).sum());
        let mut hashes = Vec::with_capacity(places.capacity());
        let (mut special, mut segments) = (Vec::new(), Vec::with_capacity(walked.len()));
        for segment in walked {
            special.extend(segment.special);
            segments.push(segment.positions);
            places.extend(segment.places);
            hashes.extend(segment.hashes);
            findings.extend(segment.finding);
        }
        let stretches = Vec::new();
        let (apart, repeats) = (Vec::new(), Vec::new());
        let mut index = Self { places, stretches, special, apart, segments, repeats, findings };
        if any_twice(&hashes) {
            index.drop_repeats(evidence, definition, |index| &mut index.places);
        }
        if !index.special.is_empty() {
            index.find_recounts_beside_batches(evidence, definition);
            index.drop_repeats(evidence, definition, |index| &mut index.special);
        }
        index.stretches = cut_stretches(&index.places);
        index
    }

    /// Keeps the first of equal records; records that share an address with other bytes are
    /// findings.
    fn drop_repeats(
        &mut self,
        evidence: &Evidence,
        definition: &CountingDefinition<'_>,
        which: impl Fn(&mut Self) -> &mut Vec<RecordPlace>,
    ) {
        let mut places = std::mem::take(which(self));
        // The first in the journal, whatever the files are called: decisions name what came before.
        let mut by_address: Vec<(BatchAddress, u64, RecordPlace)> = places
            .par_iter()
            .map(|place| (place.address(evidence), self.position(place), *place))
            .collect();
        by_address.par_sort_unstable();
        let mut dropped = Vec::new();
        for same_address in by_address.chunk_by(|(address, ..), (other, ..)| address == other) {
            let [(address, _, kept), others @ ..] = same_address else { continue };
            for (.., place) in others {
                dropped.push(*place);
                self.tell_same_address(evidence, definition, *address, kept, place);
            }
        }
        dropped.sort_unstable();
        places.retain(|place| dropped.binary_search(place).is_err());
        *which(self) = places;
    }

    /// A recount has a number of its own in the order of its device: a batch of the same address is
    /// another record.
    fn find_recounts_beside_batches(
        &mut self,
        evidence: &Evidence,
        definition: &CountingDefinition<'_>,
    ) {
        let recounts = self.special.iter().filter(|place| place.station != NOWHERE);
        let recounts: HashMap<BatchAddress, RecordPlace> =
            recounts.map(|place| (place.address(evidence), *place)).collect();
        // What the places say themselves is asked first: no record is touched for nothing.
        let pairs: HashSet<(u32, u32)> =
            recounts.keys().map(|address| (address.station, address.district)).collect();
        if pairs.is_empty() {
            return;
        }
        let beside: Vec<(RecordPlace, RecordPlace)> = self
            .places
            .par_iter()
            .filter(|place| pairs.contains(&(place.station, place.district)))
            .filter_map(|place| Some((*place, *recounts.get(&place.address(evidence))?)))
            .collect();
        for (batch, recount) in beside {
            let address = batch.address(evidence);
            self.tell_same_address(evidence, definition, address, &batch, &recount);
        }
    }

    /// Tells of a record that has the address of another one, which is kept.
    fn tell_same_address(
        &mut self,
        evidence: &Evidence,
        definition: &CountingDefinition<'_>,
        address: BatchAddress,
        kept: &RecordPlace,
        place: &RecordPlace,
    ) {
        let (kept_path, kept_record) = kept.record(evidence);
        let (path, record) = place.record(evidence);
        let same = record == kept_record;
        let found = if same { "the same record" } else { "another record of the same address" };
        let (kept_path, kept_offset) = (kept_path.display(), kept.offset());
        let expected = format!("each batch once; the first is {kept_path} offset {kept_offset}");
        let fault = Fault::new(place.offset(), "record", found, expected);
        let mut finding = Finding::new(path, fault);
        finding.whose = Some(describe(definition, address));
        match same {
            true => self.repeats.push((self.position(place), finding)),
            false => self.findings.push(finding),
        }
    }

    /// The position in the journal of a record, whose segment was read to its end.
    pub(crate) fn position(&self, place: &RecordPlace) -> u64 {
        let first = self.segments[place.segment as usize].as_ref().map_or(0, |range| range.start);
        first + u64::from(place.ordinal)
    }

    /// Leaves out every record from this position on: the journal as it was then.
    pub(crate) fn cut_at(&mut self, position: u64) {
        let mut places = std::mem::take(&mut self.places);
        places.retain(|place| self.position(place) < position);
        let mut special = std::mem::take(&mut self.special);
        special.retain(|place| self.position(place) < position);
        self.special = special;
        self.repeats.retain(|(repeat, _)| *repeat < position);
        self.set_places(places);
    }

    /// Records that stand twice, byte for byte; each is counted once.
    #[must_use]
    pub fn repeats(&self) -> Vec<Finding> {
        self.repeats.iter().map(|(_, finding)| finding.clone()).collect()
    }

    /// Counts these places, in this order.
    pub(crate) fn set_places(&mut self, places: Vec<RecordPlace>) {
        self.stretches = cut_stretches(&places);
        self.places = places;
    }

    /// A position that two segments have, and one of these: several journals lie in the folder.
    pub(crate) fn overlap(&self) -> Option<(u64, u32)> {
        let segments = (0..).zip(&self.segments);
        let mut ranges: Vec<(&Range<u64>, u32)> =
            segments.filter_map(|(segment, range)| Some((range.as_ref()?, segment))).collect();
        ranges.sort_unstable_by_key(|(range, segment)| (range.start, range.end, *segment));
        let overlaps = ranges.windows(2).find(|pair| pair[0].0.end > pair[1].0.start);
        overlaps.map(|pair| (pair[1].0.start, pair[1].1))
    }

    /// Records of the journal: one more than the highest position.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.segments.iter().flatten().map(|range| range.end).max().unwrap_or(0)
    }

    /// Whether there is anything but batches of a first count.
    #[must_use]
    pub fn has_decisions(&self) -> bool {
        !self.special.is_empty()
    }

    /// Batches to count.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.places.len()
    }
}

/// Whether a hash comes twice. Each thread looks at a part of all hashes, in a table of its own.
fn any_twice(hashes: &[u64]) -> bool {
    let parts = rayon::current_num_threads() as u64;
    (0..parts).into_par_iter().any(|part| {
        let own = |&&hash: &&u64| hash % parts == part;
        let count = hashes.iter().filter(own).count();
        // Half empty, so that a place is soon found. Zero is an empty place, and stands apart.
        let mut table = vec![0_u64; (count * 2).next_power_of_two()];
        let last = table.len() - 1;
        let mut zeros = 0;
        hashes.iter().filter(own).any(|&hash| {
            if hash == 0 {
                zeros += 1;
                return zeros == 2;
            }
            // The high bits: the low ones chose the part.
            let mut place = (hash >> 32) as usize & last;
            while table[place] != 0 {
                if table[place] == hash {
                    return true;
                }
                place = (place + 1) & last;
            }
            table[place] = hash;
            false
        })
    })
}

/// Numbers that are in no segment: a segment in the middle or at the beginning is missing. Several
/// journals may lie in one folder, each from 0, so numbers may come more than once.
fn missing_positions(evidence: &Evidence, walked: &[Walked]) -> Vec<Finding> {
    if walked.iter().any(|segment| segment.positions.is_none()) {
        // A damaged segment is a finding already, and leaves a gap of its own.
        return Vec::new();
    }
    let mut ranges: Vec<(u64, u64, u32)> = (0..)
        .zip(walked)
        .filter_map(|(at, segment)| {
            segment.positions.as_ref().map(|range| (range.start, range.end, at))
        })
        .collect();
    ranges.sort_unstable();
    let mut findings = Vec::new();
    let mut next = 0;
    for (start, end, segment) in ranges {
        if start > next {
            let found = format!("the first record has the number {start}");
            let expected =
                format!("{next}: records {next} to {} are in no segment of the folder", start - 1);
            let at = shomar_format::layout::segment::FIRST_POSITION_OFFSET;
            let fault = Fault::new(at, "number of the first record", found, expected);
            findings.push(Finding::new(evidence.segment(segment).0, fault));
        }
        next = next.max(end);
    }
    findings
}

/// Names an address as people know it, as far as the definition knows it.
pub(crate) fn describe(definition: &CountingDefinition<'_>, address: BatchAddress) -> String {
    let BatchAddress { district, station, device, sequence } = address;
    if (station, district) == (NOWHERE, NOWHERE) {
        return format!("officer {device}, sequence {sequence}");
    }
    let station = if station < definition.station_count() {
        format!("station {}", definition.station_id(station))
    } else {
        format!("station number {station}, unknown")
    };
    let district = if district < definition.district_count() {
        format!("district {}", definition.district_id(district))
    } else {
        format!("district number {district}, unknown")
    };
    format!("{station}, {district}, device {device}, sequence {sequence}")
}

/// Cuts the records into stretches of about [`STRETCH_BYTES`].
pub(crate) fn cut_stretches(places: &[RecordPlace]) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, place) in places.iter().enumerate() {
        bytes += place.length();
        if bytes >= STRETCH_BYTES {
            stretches.push(start..at + 1);
            (start, bytes) = (at + 1, 0);
        }
    }
    if start < places.len() {
        stretches.push(start..places.len());
    }
    let counted: usize = stretches.iter().map(ExactSizeIterator::len).sum();
    assert_eq!(counted, places.len(), "every record is in one stretch");
    stretches
}
