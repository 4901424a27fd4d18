//! A folder of segments as one journal: numbers, chains, signatures, decisions, totals.
//!
//! In: segments as bytes, the election, readings, and perhaps a number up to which. Out: what
//! counts, or the first thing that is wrong, as whoever receives every record would find it. Never:
//! a number out of the program.

use std::collections::BTreeMap;

use super::control::Control;
use super::election::Election;
use super::holding::{Candidate, held};
use super::ledger::{Ledger, Standing};
use super::reading::Reading;
use super::recount::{Counted, Totals, recount};
use super::segment::{Checked, Content, Record, check, read_segment};
use super::signature::{check_signature, is_signed, previous_hash, record_hash};

/// Station and number of a device.
type Device = (u32, u32);

/// What was received so far.
struct Receiver<'a> {
    election: &'a Election,
    /// Of each device: number and bytes of its records. Officers are devices of no station.
    chains: BTreeMap<Device, BTreeMap<u64, &'a Record>>,
    ledger: Ledger<'a>,
}

/// The records of all segments in the order of their numbers.
pub(super) fn records(segments: &[Vec<u8>], election: &Election) -> Checked<Vec<Record>> {
    let mut read = Vec::new();
    for segment in segments {
        let segment = read_segment(segment)?;
        let own = segment.definition == election.definition_digest();
        check(own, "segment: not of this election")?;
        read.push(segment);
    }
    read.sort_by_key(|segment| segment.first);
    let mut records = Vec::new();
    for mut segment in read {
        check(segment.first == records.len() as u64, "journal: numbers")?;
        records.append(&mut segment.records);
    }
    Ok(records)
}

/// Counts; as of `end` records where that is given.
pub(super) fn count(
    all: &[Record],
    election: &Election,
    readings: &[Reading],
    end: Option<u64>,
) -> Checked<Counted> {
    let has_decisions = all.iter().any(|record| record.kind != 1) || election.mode == "official";
    let number = end.map_or(all.len(), |end| all.len().min(usize::try_from(end).unwrap()));
    let ledger = Ledger::new(election);
    let mut receiver = Receiver { election, chains: BTreeMap::new(), ledger };
    let mut batches = Vec::new();
    for (position, record) in (0..).zip(&all[..number]) {
        if receiver.is_repeat(record)? {
            continue;
        }
        match &record.content {
            Content::Control(control) => receiver.decide(position, record, control)?,
            Content::Ballots(body) => {
                let totals = recount(record, body, election, readings)?;
                receiver.check_device(record)?;
                receiver.ledger.add(record)?;
                batches.push((record, totals));
            }
        }
    }
    let ledger = receiver.ledger;
    ledger.check_closed()?;
    let standing = batches.iter().zip(&ledger.entries);
    let standing = standing.filter(|(_, entry)| ledger.standing(entry) == Standing::Stands);
    let standing: Vec<_> =
        standing.map(|((record, totals), entry)| (record, totals, entry)).collect();
    let candidates: Vec<Candidate<'_>> = standing
        .iter()
        .map(|(record, totals, entry)| Candidate {
            record,
            hash: &entry.hash,
            taken: totals.taken,
            released: entry.released,
        })
        .collect();
    let mut counted = Counted {
        totals: election.districts.iter().map(Totals::of).collect(),
        body_hashes: Vec::new(),
        journal: has_decisions.then(|| ledger.document(number as u64)),
        held: Vec::new(),
    };
    for (candidate, (record, totals, _)) in candidates.iter().zip(&standing) {
        match held(candidate, &candidates, election) {
            Some(held) => counted.held.push(held),
            None => {
                counted.totals[record.district as usize].add(totals);
                counted.body_hashes.push(record.body_hash);
            }
        }
    }
    Ok(counted)
}

impl<'a> Receiver<'a> {
    /// Whether the same record is here already. Another one with its number is a finding.
    fn is_repeat(&self, record: &Record) -> Checked<bool> {
        let chain = self.chains.get(&(record.station, record.device));
        let Some(before) = chain.and_then(|chain| chain.get(&record.sequence)) else {
            return Ok(false);
        };
        check(before.bytes == record.bytes, "record: another one of the same number")?;
        Ok(true)
    }

    /// Signature and chain of a batch; its address was checked.
    fn check_device(&mut self, record: &'a Record) -> Checked<()> {
        if is_signed(record) {
            let station = &self.election.stations[record.station as usize];
            let key = station.devices[record.device as usize].ok_or("record: no key")?;
            check_signature(&record.bytes, &self.election.mode, &key)?;
        } else {
            check(self.election.mode == "test", "record: unsigned")?;
        }
        self.link(record)
    }

    /// Takes a record into its chain, where the one before it or after it may be missing.
    fn link(&mut self, record: &'a Record) -> Checked<()> {
        let chain = self.chains.entry((record.station, record.device)).or_default();
        if is_signed(record) {
            let previous = previous_hash(&record.bytes);
            let is_first = record.sequence == 0;
            check(is_first == (previous == [0; 32]), "record: previous hash")?;
            let before = record.sequence.checked_sub(1).and_then(|before| chain.get(&before));
            let follows = |before: &&Record| record_hash(&before.bytes) == previous;
            check(before.is_none_or(follows), "record: previous hash")?;
        }
        let after = record.sequence.checked_add(1).and_then(|after| chain.get(&after));
        if let Some(after) = after.filter(|after| is_signed(after)) {
            let follows = previous_hash(&after.bytes) == record_hash(&record.bytes);
            check(follows, "record: previous hash")?;
        }
        chain.insert(record.sequence, record);
        Ok(())
    }

    fn decide(&mut self, position: u64, record: &'a Record, control: &Control) -> Checked<()> {
        let key = self.election.officers.get(record.device as usize).ok_or("control: officer")?;
        check_signature(&record.bytes, &self.election.mode, key)?;
        let chain = self.chains.get(&(record.station, record.device));
        let next = chain.map_or(0, |chain| chain.len() as u64);
        check(record.sequence == next, "control: sequence")?;
        self.link(record)?;
        self.ledger.apply(position, control)
    }
}
