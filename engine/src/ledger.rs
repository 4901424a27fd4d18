//! The ledger: which batches stand, after every control record so far.
//!
//! In: batches and control records in the order of the journal. Out: the standing of each batch,
//! which batches a control record moves in or out of the totals, the lots and declarations it has
//! recorded; or why it cannot be applied. Never: a ballot looked at, a total held, a batch removed:
//! a correction is a new record, and what it takes away can be brought back.

use std::collections::{BTreeMap, HashMap};

use shomar_format::bytes::Digest32;
use shomar_format::control::{Action, Control, Lot, Subject};
use shomar_format::document::JournalDocument;
use shomar_format::election::Mode;
use shomar_format::{BatchAddress, CountingDefinition};

use crate::inapplicable::{Inapplicable, annulment_reasons};
use crate::lots::RecordedLot;

/// Number of a batch in the order of the journal, from 0.
pub type BatchNumber = u32;

/// Where a batch stands, before any check looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts, unless a check holds it.
    Stands,
    /// A recount that no record has put in place of what was counted before.
    Waiting,
    /// A recount stands in its place: position of the record that said so.
    Superseded(u64),
    /// It was annulled: position of the record.
    Annulled(u64),
}

/// What an officer ruled about a batch that a check holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It counts.
    Released,
    /// It does not.
    Rejected,
}

/// A batch in the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Number of its record in the journal.
    pub position: u64,
    /// Whose it is.
    pub address: BatchAddress,
    /// Hash of its record.
    pub hash: Digest32,
    /// Ballots taken.
    pub taken: u32,
    /// Whether it is of a recount.
    pub is_recount: bool,
    /// A recount: the record that put it in place.
    placed_by: Option<u64>,
    superseded_by: Option<u64>,
    annulled_by: Option<u64>,
    /// The last ruling about it.
    pub ruling: Option<Ruling>,
}

/// A control record that was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Number of its record in the journal.
    pub position: u64,
    /// Index of the officer.
    pub officer: u32,
    /// What it says.
    pub control: Control,
}

/// A batch that a control record moves into or out of those that stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub batch: BatchNumber,
    /// Whether it stands now.
    pub stands: bool,
}

#[derive(Clone, Debug, Default)]
struct Pair {
    batches: Vec<BatchNumber>,
    annulled_by: Option<u64>,
    superseded_by: Option<u64>,
}

/// Standing of all batches, and everything that officers decided.
#[derive(Clone, Debug)]
pub struct Ledger {
    mode: Mode,
    entries: Vec<Entry>,
    by_hash: HashMap<Digest32, BatchNumber>,
    /// By station, then district.
    pairs: BTreeMap<(u32, u32), Pair>,
    stations_annulled: HashMap<u32, u64>,
    applied: Vec<Applied>,
    recounts: u64,
    opened: Option<u64>,
    closed: Option<u64>,
}

/// What a control record will do, once it was found applicable.
enum Plan {
    Note,
    Station(u32, bool),
    Pair((u32, u32), bool),
    Batch(BatchNumber, bool),
    Supersede { pair: (u32, u32), new: Vec<BatchNumber> },
    Rule(BatchNumber, Ruling),
}

impl Ledger {
    /// Begins before the first record.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            entries: Vec::new(),
            by_hash: HashMap::new(),
            pairs: BTreeMap::new(),
            stations_annulled: HashMap::new(),
            applied: Vec::new(),
            recounts: 0,
            opened: None,
            closed: None,
        }
    }

    /// Whether there may be numbers per option: always in a test, after the close in an official
    /// election.
    #[must_use]
    pub fn shows_numbers(&self) -> bool {
        self.mode == Mode::Test || self.closed.is_some()
    }

    /// Whether a batch may be taken now.
    ///
    /// # Errors
    /// In an official election before it is opened.
    pub fn may_take_batches(&self) -> Result<(), Inapplicable> {
        if self.mode == Mode::Test || self.opened.is_some() {
            return Ok(());
        }
        Err(Inapplicable::NotOpened)
    }

    /// Positions of the open and the close record.
    #[must_use]
    pub fn opened_and_closed(&self) -> (Option<u64>, Option<u64>) {
        (self.opened, self.closed)
    }

    /// Control records so far, in the order of the journal.
    #[must_use]
    pub fn applied(&self) -> &[Applied] {
        &self.applied
    }

    /// Batches so far.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The batch with this record hash.
    #[must_use]
    pub fn find(&self, hash: &Digest32) -> Option<BatchNumber> {
        self.by_hash.get(hash).copied()
    }

    /// What was decided, for JSON, when the journal has so many records.
    #[must_use]
    pub fn document(&self, records: u64) -> JournalDocument {
        let mut document = JournalDocument {
            records,
            control_records: self.applied.len() as u64,
            opened: self.opened,
            closed: self.closed,
            superseded: 0,
            waiting: 0,
            annulled: 0,
        };
        // Nothing but a control record and a recount makes a batch stand otherwise.
        let all_stand = self.applied.is_empty() && self.recounts == 0;
        for (batch, _) in (0..).zip(&self.entries).filter(|_| !all_stand) {
            match self.standing(batch) {
                Standing::Stands => {}
                Standing::Waiting => document.waiting += 1,
                Standing::Superseded(_) => document.superseded += 1,
                Standing::Annulled(_) => document.annulled += 1,
            }
        }
        document
    }

    /// The lots recorded so far, each with the position of its record.
    pub fn lots(&self) -> impl Iterator<Item = (u64, &Lot)> {
        self.applied.iter().filter_map(|applied| match &applied.control.action {
            Action::Lot(lot) => Some((applied.position, lot)),
            _ => None,
        })
    }

    /// The last declaration of each district, by id.
    #[must_use]
    pub fn declared(&self) -> BTreeMap<&str, (u64, &[u32])> {
        let declared = self.applied.iter().filter_map(|applied| match &applied.control.action {
            Action::Declare { district, elected } => {
                Some((district.as_str(), (applied.position, elected.as_slice())))
            }
            _ => None,
        });
        declared.collect()
    }

    /// Adds the batch at `position`, and says where it stands.
    ///
    /// # Errors
    /// In an official election before it is opened; or if another record has the same address.
    ///
    /// # Panics
    /// If the same record is added twice; whoever reads the journal leaves repeats out.
    pub fn add(
        &mut self,
        position: u64,
        address: BatchAddress,
        hash: Digest32,
        taken: u32,
        is_recount: bool,
    ) -> Result<BatchNumber, Inapplicable> {
        self.may_take_batches()?;
        let pair = self.pairs.entry((address.station, address.district)).or_default();
        let mut others = pair.batches.iter().map(|&batch| &self.entries[batch as usize]);
        if let Some(other) = others.find(|other| other.address == address && other.hash != hash) {
            return Err(Inapplicable::SameAddress { position: other.position });
        }
        let number = BatchNumber::try_from(self.entries.len()).expect("fewer than 2^32 batches");
        let before = self.by_hash.insert(hash, number);
        assert!(before.is_none(), "every batch is in the ledger once");
        self.recounts += u64::from(is_recount);
        pair.batches.push(number);
        // The first count of a pair that was counted again: too late.
        let superseded_by = if is_recount { None } else { pair.superseded_by };
        self.entries.push(Entry {
            position,
            address,
            hash,
            taken,
            is_recount,
            placed_by: None,
            superseded_by,
            annulled_by: None,
            ruling: None,
        });
        Ok(number)
    }

    /// The record by which a station, or what it reports of one district, is annulled: then
    /// nothing of it counts, come when it may.
    pub(crate) fn annulled_by(&self, station: u32, district: u32) -> Option<u64> {
        let of_pair = self.pairs.get(&(station, district)).and_then(|pair| pair.annulled_by);
        of_pair.or(self.stations_annulled.get(&station).copied())
    }

    /// Whether a decision has taken out whatever came of a pair of which nothing counts, so that
    /// nobody waits for it. Held and not rejected, it may count yet.
    pub(crate) fn is_out_by_decision(&self, station: u32, district: u32) -> bool {
        if self.annulled_by(station, district).is_some() {
            return true;
        }
        let mut is_out = false;
        for &batch in self.pairs.get(&(station, district)).map_or(&[][..], |pair| &pair.batches) {
            let is_rejected = self.entries[batch as usize].ruling == Some(Ruling::Rejected);
            match self.standing(batch) {
                Standing::Stands if !is_rejected => return false,
                Standing::Stands | Standing::Superseded(_) | Standing::Annulled(_) => is_out = true,
                Standing::Waiting => {}
            }
        }
        is_out
    }

    /// Whether a whole station is annulled.
    pub(crate) fn is_station_annulled(&self, station: u32) -> bool {
        self.stations_annulled.contains_key(&station)
    }

    /// Where a batch stands.
    #[must_use]
    pub fn standing(&self, batch: BatchNumber) -> Standing {
        let entry = &self.entries[batch as usize];
        let BatchAddress { station, district, .. } = entry.address;
        match (entry.superseded_by, entry.annulled_by.or(self.annulled_by(station, district))) {
            _ if entry.is_recount && entry.placed_by.is_none() => Standing::Waiting,
            (Some(by), _) => Standing::Superseded(by),
            (None, Some(by)) => Standing::Annulled(by),
            (None, None) => Standing::Stands,
        }
    }

    /// Whether a control record can be applied now.
    ///
    /// # Errors
    /// Why not.
    pub fn check(
        &self,
        control: &Control,
        definition: &CountingDefinition<'_>,
    ) -> Result<(), Inapplicable> {
        self.plan(control, definition).map(|_| ())
    }

    /// Applies the control record at `position`; gives the batches that it moves.
    ///
    /// # Errors
    /// If it cannot be applied; nothing was changed then.
    pub fn apply(
        &mut self,
        position: u64,
        officer: u32,
        control: Control,
        definition: &CountingDefinition<'_>,
    ) -> Result<Vec<Moved>, Inapplicable> {
        let plan = self.plan(&control, definition)?;
        let touched = self.touched(&plan);
        let stands = |ledger: &Self, batch| ledger.standing(batch) == Standing::Stands;
        let before: Vec<bool> = touched.iter().map(|&batch| stands(self, batch)).collect();
        match control.action {
            Action::Open => self.opened = Some(position),
            Action::Close => self.closed = Some(position),
            _ => {}
        }
        self.carry_out(plan, position);
        self.applied.push(Applied { position, officer, control });
        let moved = touched.into_iter().zip(before).filter_map(|(batch, before)| {
            let now = stands(self, batch);
            (now != before).then_some(Moved { batch, stands: now })
        });
        Ok(moved.collect())
    }

    /// Batches whose standing a plan may change.
    fn touched(&self, plan: &Plan) -> Vec<BatchNumber> {
        let of_pair = |pair: &(u32, u32)| {
            self.pairs.get(pair).map(|pair| pair.batches.clone()).unwrap_or_default()
        };
        match plan {
            Plan::Note | Plan::Rule(..) => Vec::new(),
            Plan::Station(station, _) => {
                let pairs = self.pairs.range((*station, 0)..=(*station, u32::MAX));
                pairs.flat_map(|(_, pair)| pair.batches.iter().copied()).collect()
            }
            Plan::Pair(pair, _) | Plan::Supersede { pair, .. } => of_pair(pair),
            Plan::Batch(batch, _) => vec![*batch],
        }
    }

    fn carry_out(&mut self, plan: Plan, position: u64) {
        let by = |is_annulled: bool| is_annulled.then_some(position);
        match plan {
            Plan::Note => {}
            Plan::Station(station, true) => {
                self.stations_annulled.insert(station, position);
            }
            Plan::Station(station, false) => {
                self.stations_annulled.remove(&station);
            }
            Plan::Pair(pair, is_annulled) => {
                self.pairs.entry(pair).or_default().annulled_by = by(is_annulled);
            }
            Plan::Batch(batch, is_annulled) => {
                self.entries[batch as usize].annulled_by = by(is_annulled);
            }
            Plan::Supersede { pair, new } => {
                let pair = self.pairs.entry(pair).or_default();
                pair.superseded_by = Some(position);
                for &batch in &pair.batches {
                    let entry = &mut self.entries[batch as usize];
                    let is_old = !entry.is_recount || entry.placed_by.is_some();
                    if is_old && entry.superseded_by.is_none() {
                        entry.superseded_by = Some(position);
                    }
                }
                for batch in new {
                    self.entries[batch as usize].placed_by = Some(position);
                }
            }
            Plan::Rule(batch, ruling) => self.entries[batch as usize].ruling = Some(ruling),
        }
    }

    fn plan(
        &self,
        control: &Control,
        definition: &CountingDefinition<'_>,
    ) -> Result<Plan, Inapplicable> {
        match &control.action {
            Action::Open if self.opened.is_some() => Err(Inapplicable::OpenedAlready),
            Action::Close if self.opened.is_none() => Err(Inapplicable::ClosedUnopened),
            Action::Close if self.closed.is_some() => Err(Inapplicable::ClosedAlready),
            Action::Open | Action::Close => Ok(Plan::Note),
            Action::Annul { reason, subject } => {
                if !annulment_reasons().any(|known| known.code() == reason) {
                    return Err(Inapplicable::UnknownReason(reason.clone()));
                }
                self.plan_annulment(subject, true, definition)
            }
            Action::Reinstate { subject } => self.plan_annulment(subject, false, definition),
            Action::Supersede { station, district, old, new } => {
                let pair = find_pair(definition, station, district)?;
                self.plan_supersede(pair, old, new)
            }
            Action::Release { batch } => Ok(Plan::Rule(self.batch(batch)?, Ruling::Released)),
            Action::Reject { batch } => Ok(Plan::Rule(self.batch(batch)?, Ruling::Rejected)),
            // Nothing takes a lot back, so one that nobody can read may not come in.
            Action::Lot(lot) => RecordedLot::of_record(0, lot, definition).map(|_| Plan::Note),
            Action::Declare { district, elected } => {
                let index = find_district(definition, district)?;
                let codes = definition.option_codes(index);
                let unknown = elected
                    .iter()
                    .find(|elected| !codes.iter().any(|code| code.to_native() == **elected));
                match unknown {
                    None => Ok(Plan::Note),
                    Some(&code) => {
                        Err(Inapplicable::UnknownCode { code, district: district.clone() })
                    }
                }
            }
        }
    }

    fn plan_annulment(
        &self,
        subject: &Subject,
        annul: bool,
        definition: &CountingDefinition<'_>,
    ) -> Result<Plan, Inapplicable> {
        let (plan, is_annulled) = match subject {
            Subject::Station(station) => {
                let station = find_station(definition, station)?;
                let is_annulled = self.is_station_annulled(station);
                (Plan::Station(station, annul), is_annulled)
            }
            Subject::Pair(station, district) => {
                let pair = find_pair(definition, station, district)?;
                let state = self.pairs.get(&pair);
                (Plan::Pair(pair, annul), state.is_some_and(|pair| pair.annulled_by.is_some()))
            }
            Subject::Batch(hash) => {
                let batch = self.batch(hash)?;
                let is_annulled = self.entries[batch as usize].annulled_by.is_some();
                (Plan::Batch(batch, annul), is_annulled)
            }
        };
        match (annul, is_annulled) {
            (true, true) => Err(Inapplicable::AnnulledAlready(subject.clone())),
            (false, false) => Err(Inapplicable::NotAnnulled(subject.clone())),
            _ => Ok(plan),
        }
    }

    fn plan_supersede(
        &self,
        pair: (u32, u32),
        old: &[Digest32],
        new: &[Digest32],
    ) -> Result<Plan, Inapplicable> {
        let batches = self.pairs.get(&pair).map_or(&[][..], |pair| &pair.batches);
        let current = batches.iter().filter(|&&batch| {
            matches!(self.standing(batch), Standing::Stands | Standing::Annulled(_))
        });
        let mut current: Vec<Digest32> =
            current.map(|&batch| self.entries[batch as usize].hash).collect();
        current.sort_unstable();
        if current != old {
            // Somebody's batch came in between: whoever signs must have seen what stands.
            let named = old.to_vec();
            return Err(Inapplicable::OtherOldBatches { named, standing: current });
        }
        let new = new.iter().map(|hash| {
            let batch = self.batch(hash)?;
            let entry = &self.entries[batch as usize];
            let of_pair = (entry.address.station, entry.address.district) == pair;
            if of_pair && self.standing(batch) == Standing::Waiting {
                return Ok(batch);
            }
            Err(Inapplicable::NoWaitingRecount(*hash))
        });
        Ok(Plan::Supersede { pair, new: new.collect::<Result<_, _>>()? })
    }

    fn batch(&self, hash: &Digest32) -> Result<BatchNumber, Inapplicable> {
        self.find(hash).ok_or(Inapplicable::UnknownBatch(*hash))
    }
}

fn find_station(definition: &CountingDefinition<'_>, id: &str) -> Result<u32, Inapplicable> {
    let station = definition.find_station(id);
    station.ok_or_else(|| Inapplicable::UnknownStation(id.to_owned()))
}

pub(crate) fn find_district(
    definition: &CountingDefinition<'_>,
    id: &str,
) -> Result<u32, Inapplicable> {
    let district = definition.find_district(id);
    district.ok_or_else(|| Inapplicable::UnknownDistrict(id.to_owned()))
}

fn find_pair(
    definition: &CountingDefinition<'_>,
    station: &str,
    district: &str,
) -> Result<(u32, u32), Inapplicable> {
    let pair = (find_station(definition, station)?, find_district(definition, district)?);
    if definition.serves(pair.0, pair.1) == Some(false) {
        let (station, district) = (station.to_owned(), district.to_owned());
        return Err(Inapplicable::NotServed { station, district });
    }
    Ok(pair)
}
