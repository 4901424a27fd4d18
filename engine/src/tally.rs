//! The tally: every record verified, every ballot counted, on all cores.
//!
//! In: evidence, its index, a definition, one reading per contest. Out: [`Tallied`] sums per option
//! and district; or all findings and no number. Never: a ballot counted before its record is
//! verified, or a record skipped; what headers say and what was counted must agree, in every build.
//!
//! Workers take stretches of records in the order in which these arrived, so that memory is read
//! from front to back, and count into a bank of their own (`counters.rs`).

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::utils::CachePadded;
use rayon::prelude::*;
use shomar_format::bytes::Digest32;
use shomar_format::document::BallotCounts;
use shomar_format::record::{VerifiedBatch, address_at, verify};
use shomar_format::{BatchAddress, CountingDefinition, Fault, Reading, layout, limits};

use crate::counters::{Bank, add_up};
use crate::evidence::Evidence;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::index::{Index, RecordPlace, cut_stretches, describe};
use crate::kernel::{Invalid, Kernel, Scratch};
use crate::prefetch::prefetch;
use crate::reading::District;

/// Sums of a tally, before the merge.
#[derive(Debug, Default)]
pub struct Tallied {
    /// Per option of all districts: ballots of one list, or votes by name.
    pub(crate) options: Vec<u64>,
    /// Per district.
    pub(crate) ballots: Vec<BallotCounts>,
    /// Every batch, by worker, in no order.
    pub(crate) batches: Vec<Vec<CountedBatch>>,
}

/// What was counted of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedBatch {
    /// Whose it is.
    pub address: BatchAddress,
    /// Ballots taken.
    pub taken: u32,
    /// Void ballots, blank ones among them.
    pub void: u32,
    /// Blank ones among these.
    pub blank: u32,
    /// Its body hash.
    pub body_hash: Digest32,
}

/// Verifies and counts everything in the index.
///
/// # Errors
/// With every finding of the index and of every record, in the order of files and offsets; there
/// are then no totals.
///
/// # Panics
/// If a ballot were lost or doubled between the records and the sums.
pub fn tally(
    evidence: &Evidence,
    index: &Index,
    definition: &CountingDefinition<'_>,
    readings: &[Reading],
    kernel: Kernel,
) -> Result<Tallied, Vec<Finding>> {
    let facts = Facts::of(*definition);
    let counting = Counting { evidence, facts: &facts, readings, kernel };
    let workers = counting.count_all(&index.places, &index.stretches);
    let (mut banks, mut found) = (Vec::new(), Vec::new());
    let mut batches = Vec::new();
    for worker in workers {
        found.extend(worker.findings);
        batches.push(worker.batches);
        banks.push(worker.bank);
    }
    // What does not stand is verified as well, to the last ballot, and its sums are dropped. So are
    // records of other kinds that nobody has read the journal for: they are no batches.
    for others in [&index.apart, &index.special] {
        for worker in counting.count_all(others, &cut_stretches(others)) {
            found.extend(worker.findings);
        }
    }
    found.sort_by_key(|(place, _)| *place);
    let mut findings = index.findings.clone();
    findings.extend(found.into_iter().map(|(_, finding)| finding));
    if !findings.is_empty() {
        return Err(findings);
    }
    let districts = definition.district_count() as usize;
    let sums = add_up(definition.option_total(), districts, &banks);
    let mut total = BallotCounts::default();
    sums.ballots.iter().for_each(|district| total.add(district));
    let tallied = Tallied { options: sums.votes, ballots: sums.ballots, batches };
    let (mut taken, mut counted) = (0, 0);
    for batch in tallied.batches.iter().flatten() {
        taken += u64::from(batch.taken);
        counted += 1;
    }
    assert_eq!(total.taken, taken, "the districts hold what the headers of all batches say");
    assert_eq!(counted, index.places.len(), "every batch was counted, once");
    Ok(tallied)
}

impl Tallied {
    /// Takes batches out of the sums, which are in them.
    ///
    /// # Panics
    /// If one was not in them.
    pub(crate) fn take_out<'a>(
        &mut self,
        batches: impl ExactSizeIterator<Item = &'a CountedAlone>,
        definition: &CountingDefinition<'_>,
    ) {
        let leaving = batches.len();
        let mut gone = HashSet::with_capacity(leaving);
        for CountedAlone { batch, votes } in batches {
            let options = &mut self.options[definition.option_range(batch.address.district)];
            assert_eq!(options.len(), votes.len(), "one number per option");
            for (sum, votes) in options.iter_mut().zip(votes) {
                *sum = sum.checked_sub(u64::from(*votes)).expect("what was added can be taken out");
            }
            self.ballots[batch.address.district as usize].take_out(&batch.ballots());
            gone.insert(batch.address);
        }
        assert_eq!(gone.len(), leaving, "each batch leaves once");
        let before: usize = self.batches.iter().map(Vec::len).sum();
        for batches in &mut self.batches {
            batches.retain(|batch| !gone.contains(&batch.address));
        }
        let after: usize = self.batches.iter().map(Vec::len).sum();
        assert_eq!(before, after + leaving, "every other batch stays");
    }
}

impl CountedBatch {
    /// Its ballots by kind.
    pub(crate) fn ballots(&self) -> BallotCounts {
        let [taken, void, blank] = [self.taken, self.void, self.blank].map(u64::from);
        BallotCounts { taken, valid: taken - void, void, blank }
    }
}

/// A batch that was counted into counters of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CountedAlone {
    /// What was counted of it.
    pub(crate) batch: CountedBatch,
    /// Per option of its district: ballots of one list, or votes by name.
    pub(crate) votes: Vec<u32>,
}

/// Counts each of these batches alone, in this order; they were verified and counted before.
///
/// # Panics
/// If one cannot be counted again.
pub(crate) fn count_each(
    evidence: &Evidence,
    places: &[RecordPlace],
    definition: &CountingDefinition<'_>,
    readings: &[Reading],
    kernel: Kernel,
) -> Vec<CountedAlone> {
    let facts = Facts::of(*definition);
    let workspace = || (Scratch::default(), Vec::new());
    let counted = places.par_iter().map_init(workspace, |(scratch, votes), place| {
        let record = place.record(evidence).1;
        let batch = count_alone(record, &facts, readings, kernel, scratch, votes);
        let batch = batch.expect("what was counted before can be counted again");
        CountedAlone { batch, votes: votes.clone() }
    });
    counted.collect()
}

/// How many batches ahead each thing is asked for, and how many lines of a record at a time.
const FACTS_AHEAD: usize = 8;
const COUNTERS_AHEAD: usize = 3;
const LINES_AT_ONCE: usize = 2;

/// What all workers share.
#[derive(Clone, Copy)]
struct Counting<'a, 'b> {
    evidence: &'b Evidence,
    facts: &'b Facts<'a>,
    readings: &'b [Reading],
    kernel: Kernel,
}

/// One worker: it allocates nothing per batch.
struct Worker<'a, 'b> {
    counting: Counting<'a, 'b>,
    bank: Bank,
    scratch: Scratch,
    batches: Vec<CountedBatch>,
    findings: Vec<(RecordPlace, Finding)>,
}

impl<'a, 'b> Worker<'a, 'b> {
    fn new(counting: Counting<'a, 'b>, batches: usize) -> Self {
        Self {
            counting,
            bank: Bank::new(
                counting.facts.definition().option_total(),
                counting.facts.definition().district_count() as usize,
            ),
            scratch: Scratch::default(),
            batches: Vec::with_capacity(batches),
            findings: Vec::new(),
        }
    }

    /// Asks for what the next batches need while this one is counted: first for the facts of their
    /// addresses, then for what these point to.
    fn announce(&self, coming: &[RecordPlace]) {
        let facts = self.counting.facts;
        if let Some(place) = coming.get(FACTS_AHEAD) {
            facts.prefetch(place.station, place.district);
        }
        if let Some(place) = coming.get(COUNTERS_AHEAD) {
            facts.prefetch_serves(place.station);
            // Not verified yet: a foreign number asks for nothing.
            if let Some(district) = facts.district(place.district) {
                self.bank.prefetch(place.district, district.options());
            }
        }
    }

    fn count(&mut self, place: &RecordPlace, next: Option<&RecordPlace>) {
        let (path, record) = place.record(self.counting.evidence);
        let next = next.map(|next| next.record(self.counting.evidence).1).unwrap_or_default();
        let counted = verify_expected(record, self.counting.facts)
            .and_then(|batch| self.count_batch(&batch, next));
        match counted {
            Ok(batch) => self.batches.push(batch),
            Err(fault) => {
                let mut finding = Finding::new(path, fault.shifted(place.offset() as u64));
                finding.whose =
                    Some(describe(self.counting.facts.definition(), address_at(record)));
                self.findings.push((*place, finding));
            }
        }
    }

    /// Counts one verified batch, and asserts that each of its ballots was counted.
    fn count_batch(
        &mut self,
        batch: &VerifiedBatch<'_>,
        next: &[u8],
    ) -> Result<CountedBatch, Fault> {
        let Counting { facts, readings, kernel, .. } = self.counting;
        let header = batch.header();
        let number = header.address().district;
        let district = facts.district(number).expect("verified");
        self.bank.begin_batch(header.taken());
        let counts = self.bank.votes(district.options());
        prefetch_lines(next, 0);
        kernel
            .count_clean(batch.payload(), district.shape, &mut self.scratch, counts)
            .map_err(invalid_payload)?;
        prefetch_lines(next, 1);
        // Only a list is asked for its members; most districts have none.
        let has_lists = district.shape.list_count > 0;
        let option_lists =
            if has_lists { facts.definition().option_lists(number) } else { Default::default() };
        let reading = readings[district.contest as usize];
        let district = District::of(district, option_lists, reading);
        let entered = batch.payload().entered();
        let entered = kernel
            .count_entered(&entered, district, &mut self.scratch, counts)
            .map_err(invalid_payload)?;
        prefetch_lines(next, 2);
        let count = entered.read + entered.void;
        assert_eq!(count, u64::from(header.entered()), "every ballot as entered was read");
        let blank = header.blank();
        let void = u32::try_from(entered.void).expect("at most the ballots of the batch") + blank;
        self.bank.add_ballots(number, header.taken(), void, blank);
        let (address, body_hash) = (header.address(), *header.body_hash());
        Ok(CountedBatch { address, taken: header.taken(), void, blank, body_hash })
    }
}

/// Asks for a part of the next record, between the steps of counting this one. Its first lines are
/// enough: what is read from front to back the processor foresees, and asking for more costs more
/// than it gives.
fn prefetch_lines(record: &[u8], part: usize) {
    for line in part * LINES_AT_ONCE..(part + 1) * LINES_AT_ONCE {
        prefetch(record, line * limits::ALIGNMENT);
    }
}

impl<'a, 'b> Counting<'a, 'b> {
    /// Counts these places on all cores.
    fn count_all(self, places: &[RecordPlace], stretches: &[Range<usize>]) -> Vec<Worker<'a, 'b>> {
        if places.is_empty() {
            return Vec::new();
        }
        let next = CachePadded::new(AtomicUsize::new(0));
        rayon::broadcast(|_| {
            let share = places.len() / rayon::current_num_threads();
            let mut worker = Worker::new(self, share + share / 8);
            while let Some(stretch) = stretches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let places = &places[stretch.clone()];
                for (at, place) in places.iter().enumerate() {
                    let coming = &places[at + 1..];
                    worker.announce(coming);
                    worker.count(place, coming.first());
                }
            }
            worker
        })
    }
}

/// One batch alone, verified and counted into counters of its own: what a receiver asks before it
/// takes a batch, and a live count before it adds one.
pub(crate) fn count_alone(
    record: &[u8],
    facts: &Facts<'_>,
    readings: &[Reading],
    kernel: Kernel,
    scratch: &mut Scratch,
    counts: &mut Vec<u32>,
) -> Result<CountedBatch, Fault> {
    let batch = verify_expected(record, facts)?;
    let header = batch.header();
    let number = header.address().district;
    let district = facts.district(number).expect("verified");
    counts.clear();
    counts.resize(district.shape.option_count as usize, 0);
    kernel
        .count_clean(batch.payload(), district.shape, scratch, counts)
        .map_err(invalid_payload)?;
    let option_lists = facts.definition().option_lists(number);
    let district = District::of(district, option_lists, readings[district.contest as usize]);
    let entered = batch.payload().entered();
    let entered =
        kernel.count_entered(&entered, district, scratch, counts).map_err(invalid_payload)?;
    let read = entered.read + entered.void;
    assert_eq!(read, u64::from(header.entered()), "every ballot as entered was read");
    let blank = header.blank();
    let void = u32::try_from(entered.void).expect("at most the ballots of the batch") + blank;
    let (address, body_hash) = (header.address(), *header.body_hash());
    Ok(CountedBatch { address, taken: header.taken(), void, blank, body_hash })
}

/// Verifies a record, and that its pair is one that may report.
fn verify_expected<'c>(record: &'c [u8], facts: &Facts<'_>) -> Result<VerifiedBatch<'c>, Fault> {
    let batch = verify(record, facts)?;
    let BatchAddress { station, district, .. } = batch.header().address();
    if !facts.expects(station, district) {
        let (found, expected) = ("this pair", "a pair of station and district in serves.csv");
        let at = layout::record::STATION_OFFSET;
        return Err(Fault::new(at, "station and district", found, expected));
    }
    Ok(batch)
}

fn invalid_payload(invalid: Invalid) -> Fault {
    let at = layout::record::HEADER_BYTES;
    Fault::new(at, invalid.what, invalid.found, invalid.expected)
}
