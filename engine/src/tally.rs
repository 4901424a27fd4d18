//! The tally: every record verified, every ballot counted, on all cores.
//!
//! In: evidence, its index, a definition, one reading per contest. Out: [`Tallied`] sums per option
//! and district; or all findings and no number. Never: a ballot counted before its record is
//! verified, or a record skipped; what headers say and what was counted must agree, in every build.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;
use shomar_format::bytes::Digest32;
use shomar_format::document::BallotCounts;
use shomar_format::record::{VerifiedBatch, verify};
use shomar_format::{
    BallotClass, BatchAddress, CountingDefinition, Fault, OptionIndex, Reading, layout,
};

use crate::counters::Counters;
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::index::{Index, describe};
use crate::kernel::count_group;
use crate::reading::{BallotReader, Read};

/// Sums of a tally, before the merge.
#[derive(Debug)]
pub struct Tallied {
    /// Per option of all districts: ballots of one list, or votes by name.
    pub(crate) options: Vec<u64>,
    /// Per district.
    pub(crate) ballots: Vec<BallotCounts>,
    /// Body hash of every batch, in no order.
    pub(crate) body_hashes: Vec<Digest32>,
    /// Ballots taken and void of each batch, in index order: for roll-ups by station.
    batch_ballots: Vec<(u32, u32)>,
}

impl Tallied {
    /// Ballots taken and void of each batch, in the order of [`Index::addresses`].
    #[must_use]
    pub fn batch_ballots(&self) -> &[(u32, u32)] {
        &self.batch_ballots
    }
}

/// What a worker keeps between runs, so that nothing is allocated per batch.
#[derive(Default)]
struct Worker {
    counts: Vec<u32>,
    scratch: Vec<OptionIndex>,
}

/// What one run gave.
struct RunResult {
    body_hashes: Vec<Digest32>,
    findings: Vec<Finding>,
    taken: u64,
}

/// Verifies and counts everything in the index.
///
/// # Errors
/// With every finding of the index and of every record; there are then no totals.
///
/// # Panics
/// If a ballot were lost or doubled between the records and the sums.
pub fn tally(
    evidence: &Evidence,
    index: &Index,
    definition: &CountingDefinition<'_>,
    readings: &[Reading],
) -> Result<Tallied, Vec<Finding>> {
    let counters = Counters::new(definition.option_total(), definition.district_count());
    let batch_ballots: Vec<(AtomicU32, AtomicU32)> =
        index.places.iter().map(|_| Default::default()).collect();
    let results: Vec<RunResult> = index
        .runs
        .par_iter()
        .map_init(Worker::default, |worker, run| {
            let run = Run {
                evidence,
                index,
                definition,
                readings,
                batch_ballots: &batch_ballots,
                range: run.clone(),
            };
            run.count(worker, &counters)
        })
        .collect();
    let mut findings = index.findings.clone();
    let mut body_hashes = Vec::with_capacity(index.places.len());
    let mut taken = 0;
    for result in results {
        findings.extend(result.findings);
        body_hashes.extend(result.body_hashes);
        taken += result.taken;
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let (options, ballots) = counters.into_sums();
    let mut total = BallotCounts::default();
    for district in &ballots {
        total.add(district);
    }
    assert_eq!(total.taken, taken, "the districts hold what the headers of all batches say");
    assert_eq!(body_hashes.len(), index.places.len(), "every batch was counted, once");
    let batch_ballots = batch_ballots
        .into_iter()
        .map(|(taken, void)| (taken.into_inner(), void.into_inner()))
        .collect();
    Ok(Tallied { options, ballots, body_hashes, batch_ballots })
}

/// Records of one district, counted by one worker.
struct Run<'a> {
    evidence: &'a Evidence,
    index: &'a Index,
    definition: &'a CountingDefinition<'a>,
    readings: &'a [Reading],
    batch_ballots: &'a [(AtomicU32, AtomicU32)],
    range: std::ops::Range<usize>,
}

impl Run<'_> {
    fn count(&self, worker: &mut Worker, counters: &Counters) -> RunResult {
        let mut result = RunResult { body_hashes: Vec::new(), findings: Vec::new(), taken: 0 };
        let district = self.index.places[self.range.start].address.district;
        if district >= self.definition.district_count() {
            // Only a damaged header names such a district; verifying says so, record by record.
            for at in self.range.clone() {
                result.findings.extend(self.verify(at).err());
            }
            assert!(!result.findings.is_empty(), "verifying refuses unknown districts");
            return result;
        }
        let options = self.definition.option_range(district);
        worker.counts.clear();
        worker.counts.resize(options.len(), 0);
        let contest = self.definition.contest(district) as usize;
        let mut reader = BallotReader::new(self.definition, district, self.readings[contest]);
        let mut ballots = BallotCounts::default();
        for at in self.range.clone() {
            let counted = self.verify(at).and_then(|batch| {
                let counted = self.count_batch(at, &batch, &mut reader, worker)?;
                Ok((batch, counted))
            });
            match counted {
                Ok((batch, counted)) => {
                    result.body_hashes.push(batch.header().body_hash);
                    result.taken += u64::from(batch.header().taken);
                    ballots.add(&counted);
                }
                Err(finding) => result.findings.push(finding),
            }
        }
        counters.flush(district, options.start, &worker.counts, &ballots);
        result
    }

    fn verify(&self, at: usize) -> Result<VerifiedBatch<'_>, Finding> {
        let (_, record) = self.index.places[at].record(self.evidence);
        let batch = verify(record, self.definition).map_err(|fault| self.finding(at, fault))?;
        let BatchAddress { station, district, .. } = batch.header().address;
        if self.definition.serves(station, district) == Some(false) {
            let (found, expected) = ("this pair", "a pair of station and district in serves.csv");
            let fault =
                Fault::new(layout::record::STATION_OFFSET, "station and district", found, expected);
            return Err(self.finding(at, fault));
        }
        Ok(batch)
    }

    fn finding(&self, at: usize, fault: Fault) -> Finding {
        let place = &self.index.places[at];
        let (path, _) = place.record(self.evidence);
        let mut finding = Finding::new(path, fault.shifted(place.offset as u64));
        finding.whose = Some(describe(self.definition, place.address));
        finding
    }

    /// Counts one verified batch into the worker's counters, and asserts that each of its ballots
    /// was counted.
    fn count_batch(
        &self,
        at: usize,
        batch: &VerifiedBatch<'_>,
        reader: &mut BallotReader<'_>,
        Worker { counts, scratch }: &mut Worker,
    ) -> Result<BallotCounts, Finding> {
        let header = batch.header();
        let shape = self.definition.shape(header.address.district);
        let mut clean = 0_u64;
        for group in batch.view().groups() {
            count_group(group, shape, counts).map_err(|invalid| {
                let found =
                    format!("ballot {} of those with {} choices", invalid.ballot, group.stride);
                let expected =
                    "one list, or different candidates of the district, no more than its seats";
                let fault =
                    Fault::new(layout::record::HEADER_BYTES, "clean ballot", found, expected);
                self.finding(at, fault)
            })?;
            clean += group.ballots() as u64;
        }
        let (mut read, mut void) = (0_u64, 0_u64);
        for entered in batch.view().entered() {
            if let Some(bad) = entered.iter().find(|choice| {
                let choice = choice.to_native();
                choice != shomar_format::UNKNOWN_OPTION && u32::from(choice) >= shape.option_count
            }) {
                let found = format!("option {bad} on a ballot as entered");
                let expected = format!("below {}", shape.option_count);
                let fault = Fault::new(layout::record::HEADER_BYTES, "option", found, expected);
                return Err(self.finding(at, fault));
            }
            scratch.clear();
            scratch.extend(entered.iter().map(|choice| choice.to_native()));
            if shape.classify(scratch) != BallotClass::Entered {
                let found = "a clean ballot among those as entered";
                let expected = "every multiset of ballots stored in one way only";
                let fault = Fault::new(layout::record::HEADER_BYTES, "ballot", found, expected);
                return Err(self.finding(at, fault));
            }
            match reader.read(entered) {
                Read::Nothing => void += 1,
                Read::Votes { list } => {
                    read += 1;
                    for &option in list.iter().chain(reader.names()) {
                        counts[usize::from(option)] += 1;
                    }
                }
            }
        }
        assert_eq!(clean, u64::from(header.clean), "every clean ballot was counted");
        assert_eq!(read + void, u64::from(header.entered), "every ballot as entered was read");
        let blank = u64::from(header.blank);
        let (taken, batch_void) = &self.batch_ballots[at];
        taken.store(header.taken, Ordering::Relaxed);
        let all_void = u32::try_from(void + blank).expect("at most the ballots of the batch");
        batch_void.store(all_void, Ordering::Relaxed);
        Ok(BallotCounts {
            taken: u64::from(header.taken),
            valid: clean + read,
            void: void + blank,
            blank,
        })
    }
}
