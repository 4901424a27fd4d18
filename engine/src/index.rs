//! Where every record stands, by district; the same record twice is named, and counted once.
//!
//! In: mapped segments. Out: records sorted by district, station, device and sequence, and runs of
//! them for the workers. Never: a batch counted twice, or one chosen among two that contradict each
//! other.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use shomar_format::bytes::hex;
use shomar_format::record::RecordHeader;
use shomar_format::segment::SegmentReader;
use shomar_format::{BatchAddress, CountingDefinition, Fault};

use crate::evidence::Evidence;
use crate::finding::Finding;

/// Bytes after which a run ends: enough to make its flush cheap, few enough to share a metropolis
/// among the workers.
const RUN_BYTES: usize = 1 << 20;

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordPlace {
    pub(crate) address: BatchAddress,
    pub(crate) segment: u32,
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

impl RecordPlace {
    /// Path of the segment, and the record's bytes.
    pub(crate) fn record<'a>(&self, evidence: &'a Evidence) -> (&'a Path, &'a [u8]) {
        let (path, bytes) = evidence.segment(self.segment);
        (path, &bytes[self.offset..self.offset + self.length])
    }
}

/// All records to count, and what was noticed while they were found.
#[derive(Debug)]
pub struct Index {
    pub(crate) places: Vec<RecordPlace>,
    pub(crate) runs: Vec<Range<usize>>,
    /// Records that stand twice, byte for byte; each is counted once.
    pub repeats: Vec<Finding>,
    /// Damaged frames, foreign or missing segments, records that contradict each other. A tally of
    /// an index with findings gives these and its own, and no totals.
    pub findings: Vec<Finding>,
}

impl Index {
    /// Finds every record of the evidence, and everything that is wrong with its segments.
    #[must_use]
    pub fn build(evidence: &Evidence, definition: &CountingDefinition<'_>) -> Self {
        let segments = u32::try_from(evidence.segment_count()).expect("file handles end before");
        let scanned: Vec<Scanned> = (0..segments)
            .into_par_iter()
            .map(|segment| scan(evidence, segment, definition))
            .collect();
        let mut findings = missing_positions(evidence, &scanned);
        let mut places = Vec::new();
        for segment in scanned {
            places.extend(segment.places);
            findings.extend(segment.finding);
        }
        places.par_sort_unstable_by_key(|place| (place.address, place.segment, place.offset));
        let mut repeats = Vec::new();
        drop_repeats(evidence, definition, &mut places, &mut repeats, &mut findings);
        let runs = cut_runs(&places);
        Self { places, runs, repeats, findings }
    }

    /// Batches to count.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.places.len()
    }

    /// Address of each batch, in the order of [`crate::Tallied::batch_ballots`].
    pub fn addresses(&self) -> impl Iterator<Item = BatchAddress> + '_ {
        self.places.iter().map(|place| place.address)
    }
}

/// What one segment holds.
struct Scanned {
    places: Vec<RecordPlace>,
    /// Numbers of its records in the journal; `None` if that cannot be said.
    positions: Option<Range<u64>>,
    finding: Option<Finding>,
}

/// Walks through one segment. A fault ends it: nothing behind can be trusted.
fn scan(evidence: &Evidence, segment: u32, definition: &CountingDefinition<'_>) -> Scanned {
    let (path, bytes) = evidence.segment(segment);
    let mut places = Vec::new();
    let mut walk = || {
        let mut reader = SegmentReader::open(bytes)?;
        if reader.definition() != definition.digest() {
            return Err(Fault::new(
                shomar_format::layout::segment::DEFINITION_OFFSET,
                "definition digest of the segment",
                hex(reader.definition()),
                format!("{}, that of the election folder", hex(definition.digest())),
            ));
        }
        let first = reader.position();
        while let Some(framed) = reader.next_record()? {
            let header = RecordHeader::read(framed.record)
                .map_err(|fault| fault.shifted(framed.offset as u64))?;
            places.push(RecordPlace {
                address: header.address,
                segment,
                offset: framed.offset,
                length: framed.record.len(),
            });
        }
        Ok(first..reader.position())
    };
    match walk() {
        Ok(positions) => Scanned { places, positions: Some(positions), finding: None },
        Err(fault) => Scanned { places, positions: None, finding: Some(Finding::new(path, fault)) },
    }
}

/// Numbers that are in no segment: a segment in the middle or at the beginning is missing. Several
/// journals may lie in one folder, each from 0, so numbers may come more than once.
fn missing_positions(evidence: &Evidence, scanned: &[Scanned]) -> Vec<Finding> {
    if scanned.iter().any(|segment| segment.positions.is_none()) {
        // A damaged segment is a finding already, and leaves a gap of its own.
        return Vec::new();
    }
    let mut ranges: Vec<(u64, u64, u32)> = (0..)
        .zip(scanned)
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

/// Keeps the first of equal records; records that share an address with other bytes are findings.
fn drop_repeats(
    evidence: &Evidence,
    definition: &CountingDefinition<'_>,
    places: &mut Vec<RecordPlace>,
    repeats: &mut Vec<Finding>,
    findings: &mut Vec<Finding>,
) {
    places.dedup_by(|next, kept| {
        if next.address != kept.address {
            return false;
        }
        let ((path, record), (kept_path, kept_record)) =
            (next.record(evidence), kept.record(evidence));
        let same = record == kept_record;
        let found = if same { "the same record" } else { "another record of the same address" };
        let expected =
            format!("each batch once; the first is {} offset {}", kept_path.display(), kept.offset);
        let mut finding = Finding::new(path, Fault::new(next.offset, "record", found, expected));
        finding.whose = Some(describe(definition, next.address));
        if same {
            repeats.push(finding);
        } else {
            findings.push(finding);
        }
        true
    });
}

/// Names an address as people know it, as far as the definition knows it.
pub(crate) fn describe(definition: &CountingDefinition<'_>, address: BatchAddress) -> String {
    let BatchAddress { district, station, device, sequence } = address;
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

/// Cuts the records into runs of one district each and of about [`RUN_BYTES`].
fn cut_runs(places: &[RecordPlace]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, place) in places.iter().enumerate() {
        let other_district = places[start].address.district != place.address.district;
        if at > start && (other_district || bytes >= RUN_BYTES) {
            runs.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += place.length;
    }
    if start < places.len() {
        runs.push(start..places.len());
    }
    let counted: usize = runs.iter().map(ExactSizeIterator::len).sum();
    assert_eq!(counted, places.len(), "every record is in one run");
    runs
}
