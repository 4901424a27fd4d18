//! The live count: follows a journal record by record, and gives a snapshot whenever one is asked
//! for.
//!
//! In: how far the journal is durable. Out: immutable snapshots, each of everything up to a
//! position; or the fault because of which nothing may be published any more. Never: a byte that is
//! not durable; a batch counted twice; a number per option of an official election before its
//! close; a total edited: what a correction takes out is counted again from its record, and
//! subtracted.
//!
//! Every batch is counted twice, by two kernels, into two sets of counters. They are compared
//! before each snapshot, so that a bit that flips in a counter is found before it is shown once. A
//! full count of the segments, beside this one, finds what is wrong with both (`recount.rs`).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use shomar_format::bytes::Digest32;
use shomar_format::control::Action;
use shomar_format::document::BallotCounts;
use shomar_format::election::Mode;
use shomar_format::record::{RecordHeader, record_hash, verify_control};
use shomar_format::segment::{FramedRecord, SegmentReader};
use shomar_format::{CountingDefinition, Election, Fault, Reading, layout};

use crate::checks::{Checks, Registers};
use crate::counted_list::CountedList;
use crate::decision::{Decision, DistrictEffect, Effects};
use crate::definition::Definition;
use crate::facts::Facts;
use crate::finding::{EngineError, Finding};
use crate::holding::{self, Holding};
use crate::kernel::{Kernel, Scratch};
use crate::ledger::{BatchNumber, Ledger, Moved, Standing};
use crate::live_public::Public;
pub use crate::live_snapshot::{Digests, LiveSnapshot, PublicTotals, ReceivedBatch};
use crate::map::MappedFile;
use crate::moves::Moves;
use crate::recount::{HeldBatch, reported};
use crate::shared_list::SharedList;
use crate::snapshot::{DistrictTotals, Snapshot};
use crate::standing::OfficerChains;
use crate::tally::{CountedAlone, CountedBatch, count_alone};

/// How far a journal is durable.
#[derive(Debug)]
pub struct JournalFrontier {
    /// Number of the segment in which it ends.
    pub segment: usize,
    /// Its durable bytes.
    pub length: u64,
}

/// Opens the segments of a journal by number: only their owner knows how they are called by now.
pub trait Segments {
    /// The segment's file, its path for messages, and its length once it is closed.
    ///
    /// # Errors
    /// If it cannot be opened.
    fn open(&mut self, segment: usize) -> std::io::Result<(PathBuf, File)>;
}

/// Why a live count cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// A segment cannot be opened or mapped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A durable record is not what it was when it was taken.
    #[error("{0}")]
    Finding(Box<Finding>),
    /// The two sets of counters differ: a bit has flipped, or a kernel is wrong.
    #[error("counter {counter}: found {first} and {second}, expected two equal counts")]
    CountersDiffer {
        /// Which counter.
        counter: usize,
        /// By the first kernel.
        first: u64,
        /// By the second.
        second: u64,
    },
}

/// A set of counters of all districts.
#[derive(Clone, Debug)]
struct Counters {
    votes: Vec<u64>,
    ballots: Vec<BallotCounts>,
}

/// A batch of the journal.
struct LiveBatch {
    segment: usize,
    offset: usize,
    length: usize,
    /// `None` as long as it was never counted: an official election that is not closed.
    counted: Option<CountedBatch>,
    in_totals: bool,
}

/// A live count.
pub struct Live<'a> {
    definition: &'a Definition,
    counting: CountingDefinition<'a>,
    facts: Facts<'a>,
    readings: Vec<Reading>,
    kernels: [Kernel; 2],
    scratch: Scratch,
    buffer: Vec<u32>,
    segments: Vec<MappedFile>,
    /// Where the next frame begins: in the last segment.
    offset: usize,
    position: u64,
    ledger: Ledger,
    officers: OfficerChains,
    /// Hashes of the control records so far.
    decisions: HashSet<Digest32>,
    holding: Holding,
    /// Votes of the batches that checks hold, and perhaps of some that are held no longer.
    held_alone: BTreeMap<BatchNumber, CountedAlone>,
    held: Arc<Vec<HeldBatch>>,
    batches: Vec<LiveBatch>,
    received: SharedList<ReceivedBatch>,
    /// What was decided, with the effects.
    told: SharedList<Arc<Decision>>,
    ballots_received: u64,
    counters: [Counters; 2],
    list: CountedList,
    changed: BTreeSet<u32>,
    moves: Moves,
    public: Option<Public>,
}

impl<'a> Live<'a> {
    /// Begins before the first record, with one reading per contest.
    #[must_use]
    pub fn new(definition: &'a Definition, readings: Vec<Reading>, registers: Registers) -> Self {
        let counting = definition.counting();
        let head = &definition.head;
        let zero = Counters {
            votes: vec![0; counting.option_total()],
            ballots: vec![BallotCounts::default(); counting.district_count() as usize],
        };
        Self {
            definition,
            counting,
            facts: Facts::of(counting),
            readings,
            kernels: [Kernel::best(), Kernel::Portable],
            scratch: Scratch::default(),
            buffer: Vec::new(),
            segments: Vec::new(),
            offset: layout::segment::HEADER_BYTES,
            position: 0,
            ledger: Ledger::new(head.mode),
            officers: OfficerChains::new(head),
            decisions: HashSet::new(),
            holding: Holding::new(Checks::of(head), registers),
            held_alone: BTreeMap::new(),
            held: Arc::default(),
            batches: Vec::new(),
            received: SharedList::default(),
            told: SharedList::default(),
            ballots_received: 0,
            counters: [zero.clone(), zero],
            list: CountedList::default(),
            changed: BTreeSet::new(),
            moves: Moves::new(counting.district_count()),
            public: None,
        }
    }

    /// Keeps beside the totals what may be shown to everybody: in chunks of at least so many
    /// ballots. To be said before the first record.
    ///
    /// # Panics
    /// If records were read.
    #[must_use]
    pub fn disclosing(mut self, election: &Election, least_ballots: u64) -> Self {
        assert_eq!(self.position, 0, "what is shown follows from the whole journal");
        let public = Public::new(&self.counting, election, &self.readings, least_ballots);
        self.public = Some(public);
        self
    }

    /// Counts everything that became durable since the last time; gives the number of records.
    ///
    /// # Errors
    /// If a durable record fails a check: then this count is of no use any more.
    pub fn advance(
        &mut self,
        frontier: &JournalFrontier,
        segments: &mut impl Segments,
    ) -> Result<u64, LiveError> {
        let before = self.position;
        loop {
            // Every segment but the one of the frontier is closed, and read to its end.
            let current = self.segments.len().saturating_sub(1);
            if !self.segments.is_empty() {
                let whole = if current < frontier.segment { None } else { Some(frontier.length) };
                self.map_again(current, whole, segments)?;
                self.read_segment(current)?;
            }
            if self.segments.len() > frontier.segment {
                return Ok(self.position - before);
            }
            let next = self.segments.len();
            let (path, file) = open(segments, next)?;
            let mapped = MappedFile::part(&path, &file, layout::segment::HEADER_BYTES)?;
            self.segments.push(mapped);
            self.offset = layout::segment::HEADER_BYTES;
        }
    }

    /// Shows more of a segment: up to `length`, or all of it once it is closed.
    fn map_again(
        &mut self,
        number: usize,
        length: Option<u64>,
        segments: &mut impl Segments,
    ) -> Result<(), LiveError> {
        let shown = self.segments[number].len();
        if length.is_some_and(|length| length == shown as u64) {
            return Ok(());
        }
        let length = match length {
            Some(length) => length,
            None => {
                let (path, file) = open(segments, number)?;
                let metadata = file.metadata();
                metadata.map_err(|source| EngineError::Io { path, action: "read", source })?.len()
            }
        };
        let length = usize::try_from(length).expect("a segment fits in memory");
        if !self.segments[number].grow(length) {
            let (path, file) = open(segments, number)?;
            self.segments[number] = MappedFile::part(&path, &file, length)?;
        }
        Ok(())
    }

    fn read_segment(&mut self, number: usize) -> Result<(), LiveError> {
        loop {
            // The map is borrowed for one record only: what it says is counted at once.
            let mapped = &self.segments[number];
            let finding = |fault| LiveError::Finding(Box::new(Finding::new(mapped.path(), fault)));
            if self.offset >= mapped.len() {
                return Ok(());
            }
            let start = SegmentReader::open_unclosed(mapped).map_err(finding)?;
            let Some(mut reader) = start.resume(self.offset, self.offset + 1) else {
                let fault = Fault::new(self.offset, "frame", "something else", "a frame");
                return Err(finding(fault));
            };
            let Some(FramedRecord { offset, position, received_at_ms, record }) =
                reader.next_record().map_err(finding)?
            else {
                // Its close frame.
                self.offset = mapped.len();
                return Ok(());
            };
            if position != self.position {
                let fault = Fault::new(offset, "position of the record", position, self.position);
                return Err(finding(fault));
            }
            let length = record.len();
            let record = Place { segment: number, offset, length, received_at_ms };
            self.read_record_at(record)?;
            self.position += 1;
            self.offset = offset + length;
        }
    }

    fn finding(&self, segment: usize, fault: Fault) -> LiveError {
        LiveError::Finding(Box::new(Finding::new(self.segments[segment].path(), fault)))
    }

    /// Reads a record. A decision that can move votes is framed by two settled states, so that its
    /// effect is its own.
    fn read_record_at(&mut self, place: Place) -> Result<(), LiveError> {
        let Place { segment, offset, .. } = place;
        let decided = self.ledger.applied().len();
        let record = &self.segments[segment][offset..offset + place.length];
        let mut before = None;
        if self.ledger.shows_numbers() && moves_votes(record) {
            self.settle()?;
            let changed = std::mem::take(&mut self.changed);
            before = Some((self.counters[0].clone(), changed));
        }
        let showed_numbers = self.ledger.shows_numbers();
        self.read_record(place)
            .map_err(|fault| self.finding(segment, fault.shifted(offset as u64)))?;
        let effects = match before {
            None if showed_numbers => Effects::Districts(Vec::new()),
            None if self.ledger.shows_numbers() => Effects::NumbersBegin,
            None => Effects::NoNumbers,
            Some((before, changed_before)) => {
                self.settle()?;
                let effects = self.effects_since(&before);
                self.changed.extend(changed_before);
                effects
            }
        };
        self.disclose()?;
        if let Some(applied) = self.ledger.applied().get(decided) {
            let record = &self.segments[segment][offset..offset + place.length];
            self.told.push(Arc::new(Decision {
                position: applied.position,
                received_at_ms: place.received_at_ms,
                officer: applied.officer,
                hash: record_hash(record),
                control: applied.control.clone(),
                effects,
            }));
        }
        Ok(())
    }

    /// Shows what may be shown after this record, whenever somebody looks.
    fn disclose(&mut self) -> Result<(), LiveError> {
        if self.public.is_none() {
            return Ok(());
        }
        // A batch that a check holds is never shown, not even for the moment between.
        if !self.holding.is_idle() {
            self.settle()?;
        }
        self.moves.note();
        if let Some(public) = &mut self.public {
            public.read_on(&self.counting, &self.ledger, self.position);
        }
        Ok(())
    }

    /// What changed in the districts that were touched.
    fn effects_since(&self, before: &Counters) -> Effects {
        let now = &self.counters[0];
        let effects = self.changed.iter().map(|&district| {
            let options = self.counting.option_range(district);
            let document = |counters: &Counters| {
                let ballots = counters.ballots[district as usize];
                let options = &counters.votes[options.clone()];
                DistrictTotals::of_part(&self.counting, district, ballots, options).document()
            };
            DistrictEffect { district, before: document(before), after: document(now) }
        });
        Effects::Districts(effects.filter(|effect| effect.before != effect.after).collect())
    }

    fn read_record(&mut self, place: Place) -> Result<(), Fault> {
        let Place { segment, offset, length, received_at_ms } = place;
        let record = &self.segments[segment][offset..offset + length];
        let header = RecordHeader::read(record)?;
        let hash = record_hash(record);
        // The same record twice, byte for byte, is one record: a count of the whole says so, too.
        if self.ledger.find(&hash).is_some() || self.decisions.contains(&hash) {
            return Ok(());
        }
        self.moves.read(self.position);
        if header.kind() == layout::record::KIND_CONTROL {
            let control =
                self.officers.verify(record, &self.counting, &self.definition.head, hash)?;
            let (position, officer) = (self.position, header.address().device);
            self.decisions.insert(hash);
            let closes = matches!(control.action, Action::Close);
            let ruled = match &control.action {
                Action::Release { batch } | Action::Reject { batch } => self.ledger.find(batch),
                _ => None,
            };
            let moved = self
                .ledger
                .apply(position, officer, control, &self.counting)
                .map_err(|why| Fault::new(0, "control record", why.found(), why.expected()))?;
            if let Some(batch) = ruled
                && let Some(ruling) = self.ledger.entries()[batch as usize].ruling
            {
                self.holding.rule(batch, ruling);
            }
            return match closes && self.definition.head.mode == Mode::Official {
                true => self.count_all(),
                false => self.move_all(&moved),
            };
        }
        let unsigned = header.version() != layout::record::VERSION_SIGNED;
        if unsigned && self.definition.head.mode == Mode::Official {
            let at = layout::record::VERSION_OFFSET;
            let expected = "a signed one, in an official election";
            return Err(Fault::new(at, "record", "an unsigned one", expected));
        }
        let (address, taken) = (header.address(), header.taken());
        let is_recount = header.kind() == layout::record::KIND_RECOUNT;
        let batch = self
            .ledger
            .add(self.position, address, hash, taken, is_recount)
            .map_err(|why| Fault::new(0, "batch", why.found(), why.expected()))?;
        self.ballots_received += u64::from(taken);
        let position = self.position;
        let received = ReceivedBatch { position, received_at_ms, address, hash, taken, is_recount };
        self.received.push(received);
        let entry = LiveBatch { segment, offset, length, counted: None, in_totals: false };
        self.batches.push(entry);
        if !self.ledger.shows_numbers() {
            return Ok(());
        }
        self.count(batch)
    }

    /// The vote is closed: from here on there are numbers, of everything that stands.
    fn count_all(&mut self) -> Result<(), Fault> {
        for batch in 0..BatchNumber::try_from(self.batches.len()).expect("numbered in 32 bits") {
            self.count(batch)?;
        }
        Ok(())
    }

    /// Counts a batch for the first time, whether it stands or not: so it is verified.
    fn count(&mut self, batch: BatchNumber) -> Result<(), Fault> {
        let stands = self.ledger.standing(batch) == Standing::Stands;
        self.add_votes(batch, if stands { Sign::Add } else { Sign::Verify })?;
        if stands {
            self.hold(batch);
        }
        Ok(())
    }

    fn move_all(&mut self, moved: &[Moved]) -> Result<(), Fault> {
        if !self.ledger.shows_numbers() {
            return Ok(());
        }
        for &Moved { batch, stands } in moved {
            if stands {
                self.add_votes(batch, Sign::Add)?;
                self.hold(batch);
            } else {
                self.holding.remove(batch);
                if self.batches[batch as usize].in_totals {
                    self.add_votes(batch, Sign::TakeOut)?;
                }
            }
        }
        Ok(())
    }

    /// A batch that was counted, as the checks see it.
    fn hold(&mut self, batch: BatchNumber) {
        let counted = self.batches[batch as usize].counted.expect("it was counted");
        let (address, body_hash) = (counted.address, counted.body_hash);
        let reported = reported(&counted);
        self.holding.add(batch, holding::Standing { address, reported, body_hash });
    }

    /// Counts the record of a batch by both kernels, and adds it to both sets of counters, or takes
    /// it out of them.
    fn add_votes(&mut self, batch: BatchNumber, sign: Sign) -> Result<(), Fault> {
        let entry = &self.batches[batch as usize];
        let record = &self.segments[entry.segment][entry.offset..entry.offset + entry.length];
        let before = entry.counted;
        let mut counted = None;
        for (kernel, counters) in self.kernels.into_iter().zip(&mut self.counters) {
            let one = count_alone(
                record,
                &self.facts,
                &self.readings,
                kernel,
                &mut self.scratch,
                &mut self.buffer,
            )?;
            assert!(counted.is_none_or(|other| other == one), "two kernels count alike");
            counted = Some(one);
            let district = self.facts.district(one.address.district).expect("verified");
            counters.change(district.options(), &self.buffer, &one, sign);
        }
        let counted = counted.expect("both kernels counted");
        assert!(before.is_none_or(|before| before == counted), "a batch counts alike each time");
        let entry = &mut self.batches[batch as usize];
        entry.counted = Some(counted);
        match sign {
            Sign::Verify => return Ok(()),
            Sign::Add => {
                assert!(!entry.in_totals, "every batch is counted once");
                entry.in_totals = true;
                self.list.add(batch, counted);
            }
            Sign::TakeOut => {
                assert!(entry.in_totals, "only what was counted can be taken out");
                entry.in_totals = false;
                self.list.take_out(batch);
            }
        }
        self.changed.insert(counted.address.district);
        if counted.taken > 0 {
            self.moves.change(batch, counted.address.district);
        }
        if let Some(public) = &mut self.public {
            public.change(&self.counting, batch, &counted, sign == Sign::Add, &self.buffer);
        }
        Ok(())
    }

    /// Whether there is anything that the last snapshot does not have.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Every decision and its effect.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Totals of everything up to here.
    ///
    /// # Errors
    /// If the two sets of counters differ, or a batch that a check holds or lets go cannot be
    /// counted again.
    pub fn snapshot(&mut self) -> Result<LiveSnapshot, LiveError> {
        self.settle()?;
        self.compare_counters()?;
        let shows = self.ledger.shows_numbers();
        let totals = shows.then(|| {
            let Counters { votes, ballots } = &self.counters[0];
            let (votes, ballots, batches) = (votes.clone(), ballots.clone(), self.list.share());
            Snapshot::of_live(votes, ballots, batches, &self.counting, &self.readings)
        });
        if let Some(totals) = &totals {
            let taken: u64 = totals.batches().map(|batch| u64::from(batch.taken)).sum();
            assert_eq!(totals.ballots().taken, taken, "the districts hold what the batches say");
        }
        let public = self.public.as_mut().filter(|_| shows);
        let public = public.map(|own| own.show(&self.counting, &self.readings));
        Ok(LiveSnapshot {
            position: self.position,
            batches_received: self.batches.len() as u64,
            ballots_received: self.ballots_received,
            public,
            totals,
            received: self.received.clone(),
            journal: self.ledger.document(self.position),
            decisions: self.told.clone(),
            held: Arc::clone(&self.held),
            changed_districts: std::mem::take(&mut self.changed).into_iter().collect(),
            moved_at: self.moves.share(),
        })
    }

    /// Takes out of the totals what checks hold, and puts in what they let go.
    fn settle(&mut self) -> Result<(), LiveError> {
        let looked = self.holding.has_news();
        for (batch, is_held) in self.holding.settle() {
            let segment = self.batches[batch as usize].segment;
            let sign = if is_held { Sign::TakeOut } else { Sign::Add };
            self.add_votes(batch, sign).map_err(|fault| self.finding(segment, fault))?;
            if is_held {
                let counted = self.batches[batch as usize].counted.expect("it was just counted");
                let alone = CountedAlone { batch: counted, votes: self.buffer.clone() };
                self.held_alone.insert(batch, alone);
            }
        }
        if looked {
            self.list_held();
        }
        self.moves.note();
        Ok(())
    }

    fn list_held(&mut self) {
        let held = self.holding.held().map(|(batch, standing, held)| HeldBatch {
            address: standing.address,
            hash: self.ledger.entries()[batch as usize].hash,
            reported: standing.reported,
            alarms: held.alarms.clone(),
            is_rejected: held.is_rejected,
            alone: self.held_alone[&batch].clone(),
        });
        self.held = Arc::new(held.collect());
        let holding = &self.holding;
        self.held_alone.retain(|&batch, _| holding.holds(batch));
    }

    fn compare_counters(&self) -> Result<(), LiveError> {
        let [first, second] = &self.counters;
        let differs = |(counter, (first, second)): (usize, (u64, u64))| {
            (first != second).then_some(LiveError::CountersDiffer { counter, first, second })
        };
        let numbers = |counters: &Counters| -> Vec<u64> {
            let ballots = counters.ballots.iter();
            ballots
                .flat_map(|counts| [counts.taken, counts.valid, counts.void, counts.blank])
                .collect()
        };
        if first.votes != second.votes {
            let votes = first.votes.iter().copied().zip(second.votes.iter().copied());
            if let Some(error) = votes.enumerate().find_map(differs) {
                return Err(error);
            }
        }
        if first.ballots != second.ballots {
            let ballots = numbers(first).into_iter().zip(numbers(second));
            if let Some(error) = ballots.enumerate().find_map(differs) {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Flips a bit of a counter: for tests of what finds it.
    #[doc(hidden)]
    pub fn flip_counter_bit(&mut self, set: usize, counter: usize, bit: u32) {
        self.counters[set].votes[counter] ^= 1 << bit;
    }

    /// Counters of one set: for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn counter_count(&self) -> usize {
        self.counters[0].votes.len()
    }
}

/// Whether a record is a decision that can move a batch into or out of the totals.
fn moves_votes(record: &[u8]) -> bool {
    let is_control = RecordHeader::read(record)
        .is_ok_and(|header| header.kind() == layout::record::KIND_CONTROL);
    is_control
        && verify_control(record).is_ok_and(|(_, control)| {
            !matches!(
                control.action,
                Action::Open | Action::Close | Action::Lot(_) | Action::Declare { .. }
            )
        })
}

fn open(segments: &mut impl Segments, number: usize) -> Result<(PathBuf, File), LiveError> {
    segments.open(number).map_err(|source| {
        let path = PathBuf::from(format!("segment {number}"));
        LiveError::Engine(EngineError::Io { path, action: "open", source })
    })
}

/// Where a record lies, and when it was received.
#[derive(Clone, Copy)]
struct Place {
    segment: usize,
    offset: usize,
    length: usize,
    received_at_ms: u64,
}

/// What to do with the votes of a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Verify,
    Add,
    TakeOut,
}

impl Counters {
    fn change(
        &mut self,
        options: std::ops::Range<usize>,
        votes: &[u32],
        batch: &CountedBatch,
        sign: Sign,
    ) {
        let ballots = batch.ballots();
        let district = &mut self.ballots[batch.address.district as usize];
        let sums = self.votes[options].iter_mut().zip(votes);
        match sign {
            Sign::Verify => {}
            Sign::Add => {
                sums.for_each(|(sum, &votes)| *sum += u64::from(votes));
                district.add(&ballots);
            }
            Sign::TakeOut => {
                sums.for_each(|(sum, &votes)| {
                    let less = sum.checked_sub(u64::from(votes));
                    *sum = less.expect("what was added can be taken out");
                });
                district.take_out(&ballots);
            }
        }
    }
}

/// Batches in parts that snapshots share.
pub(crate) type SharedBatches = Vec<Arc<Vec<CountedBatch>>>;
