//! Section 4.5 of FORMAT.md, read literally: which batches stand after every decision.
//!
//! In: batches and control records in the order of their numbers. Out: which batches stand, are
//! superseded, wait or are annulled, and what was ruled about them. Never: a decision applied that
//! cannot be, or a look at how the engine does it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::control::Control;
use super::election::{Election, number};
use super::segment::{Checked, Record, check, hex};
use super::signature::record_hash;

/// Station, district.
type Pair = (usize, usize);

/// The reasons of class (b).
const REASONS: &str = "b-no-seal b-excess b-under-age b-dead-or-foreign b-fraud b-false-identity \
                       b-repeated b-absent b-no-stamp b-threat b-other-paper b-bought";
const LOTS: &str = "seat person alternate runoff replacement";

/// A batch, and what was decided about it.
pub(super) struct Entry {
    pub(super) hash: String,
    pair: Pair,
    is_recount: bool,
    /// A recount that stands for its pair.
    is_placed: bool,
    is_superseded: bool,
    is_annulled: bool,
    /// The last ruling: whether it was released.
    pub(super) released: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Stands,
    Waiting,
    Superseded,
    Annulled,
}

pub(super) struct Ledger<'a> {
    election: &'a Election,
    pub(super) entries: Vec<Entry>,
    stations_annulled: BTreeSet<usize>,
    pairs_annulled: BTreeSet<Pair>,
    pairs_superseded: BTreeSet<Pair>,
    opened: Option<u64>,
    closed: Option<u64>,
    decisions: u64,
}

impl<'a> Ledger<'a> {
    pub(super) fn new(election: &'a Election) -> Self {
        Self {
            election,
            entries: Vec::new(),
            stations_annulled: BTreeSet::new(),
            pairs_annulled: BTreeSet::new(),
            pairs_superseded: BTreeSet::new(),
            opened: None,
            closed: None,
            decisions: 0,
        }
    }

    pub(super) fn add(&mut self, record: &Record) -> Checked<()> {
        let taken = self.election.mode == "test" || self.opened.is_some();
        check(taken, "record: before the vote is open")?;
        let pair = (record.station as usize, record.district as usize);
        let is_recount = record.kind == 3;
        self.entries.push(Entry {
            hash: hex(&record_hash(&record.bytes)),
            pair,
            is_recount,
            is_placed: false,
            is_superseded: !is_recount && self.pairs_superseded.contains(&pair),
            is_annulled: false,
            released: None,
        });
        Ok(())
    }

    /// Whether there are numbers per option.
    pub(super) fn check_closed(&self) -> Checked<()> {
        let shown = self.election.mode == "test" || self.closed.is_some();
        check(shown, "journal: not closed")
    }

    pub(super) fn standing(&self, entry: &Entry) -> Standing {
        if entry.is_recount && !entry.is_placed {
            Standing::Waiting
        } else if entry.is_superseded {
            Standing::Superseded
        } else if entry.is_annulled
            || self.pairs_annulled.contains(&entry.pair)
            || self.stations_annulled.contains(&entry.pair.0)
        {
            Standing::Annulled
        } else {
            Standing::Stands
        }
    }

    /// Applies the decision of the record with this number.
    pub(super) fn apply(&mut self, position: u64, control: &Control) -> Checked<()> {
        self.decisions += 1;
        match control.action.as_str() {
            "open" => {
                check(self.opened.is_none(), "open: twice")?;
                self.opened = Some(position);
            }
            "close" => {
                check(self.opened.is_some(), "close: before open")?;
                check(self.closed.is_none(), "close: twice")?;
                self.closed = Some(position);
            }
            "annul" => {
                let known = REASONS.split(' ').any(|reason| reason == control.field("reason"));
                check(known, "annul: reason")?;
                check(self.set_annulled(control, true)?, "annul: annulled already")?;
            }
            "reinstate" => {
                check(self.set_annulled(control, false)?, "reinstate: not annulled")?;
            }
            "supersede" => self.supersede(control)?,
            "release" | "reject" => {
                let batch = self.batch(control.field("batch"))?;
                self.entries[batch].released = Some(control.action == "release");
            }
            "lot" => {
                let district = self.district(control.field("district"))?;
                let known = LOTS.split(' ').any(|kind| kind == control.field("kind"));
                check(known, "lot: kind")?;
                self.check_parties(control, district)?;
            }
            _ => {
                let district = self.district(control.field("district"))?;
                let codes: Vec<u32> = self.election.districts[district].codes().collect();
                for elected in control.all("elected") {
                    let code = elected.parse().expect("checked with the text");
                    check(codes.contains(&code), "declare: code")?;
                }
            }
        }
        Ok(())
    }

    /// Who has won a lot, and between whom it was drawn.
    fn check_parties(&self, control: &Control, district: usize) -> Checked<()> {
        let codes: Vec<u32> = self.election.districts[district].codes().collect();
        let is_of_persons = ["person", "runoff"].contains(&control.field("kind"));
        let read = |party: &str| match party {
            "" | "independents" if !is_of_persons => Some(0),
            "lists" if !is_of_persons => Some(u64::MAX),
            code => number(code).filter(|code| codes.iter().any(|own| u64::from(*own) == *code)),
        };
        let winner = read(control.field("winner")).ok_or("lot: winner")?;
        let between = control.field("between").split(';').map(str::trim);
        let between = between.filter(|party| !party.is_empty()).map(read);
        let between: Vec<u64> = between.collect::<Option<_>>().ok_or("lot: between")?;
        check(between.is_empty() || between.contains(&winner), "lot: winner of others")
    }

    /// Whether that changed anything.
    fn set_annulled(&mut self, control: &Control, annul: bool) -> Checked<bool> {
        if let Some(station) = control.fields("station") {
            let station = self.station(station[0])?;
            return Ok(put(&mut self.stations_annulled, station, annul));
        }
        if let Some(pair) = control.fields("pair") {
            let pair = self.pair(&pair)?;
            return Ok(put(&mut self.pairs_annulled, pair, annul));
        }
        let batch = self.batch(control.field("batch"))?;
        let before = std::mem::replace(&mut self.entries[batch].is_annulled, annul);
        Ok(before != annul)
    }

    fn supersede(&mut self, control: &Control) -> Checked<()> {
        let pair = self.pair(&control.fields("pair").expect("a pair"))?;
        let mut old: Vec<usize> = (0..self.entries.len()).collect();
        old.retain(|&batch| {
            let standing = self.standing(&self.entries[batch]);
            let stands = matches!(standing, Standing::Stands | Standing::Annulled);
            self.entries[batch].pair == pair && stands
        });
        let mut hashes: Vec<&str> =
            old.iter().map(|&batch| self.entries[batch].hash.as_str()).collect();
        hashes.sort_unstable();
        check(hashes == control.all("old"), "supersede: old")?;
        let mut new = Vec::new();
        for hash in control.all("new") {
            let batch = self.batch(hash)?;
            let entry = &self.entries[batch];
            let waits = self.standing(entry) == Standing::Waiting && entry.pair == pair;
            check(waits, "supersede: new")?;
            new.push(batch);
        }
        self.pairs_superseded.insert(pair);
        old.into_iter().for_each(|batch| self.entries[batch].is_superseded = true);
        new.into_iter().for_each(|batch| self.entries[batch].is_placed = true);
        Ok(())
    }

    fn batch(&self, hash: &str) -> Checked<usize> {
        let batch = self.entries.iter().position(|entry| entry.hash == hash);
        batch.ok_or_else(|| "decision: no such batch before it".to_owned())
    }

    fn station(&self, id: &str) -> Checked<usize> {
        let station = self.election.stations.iter().position(|station| station.id == id);
        station.ok_or_else(|| "decision: no such station".to_owned())
    }

    fn district(&self, id: &str) -> Checked<usize> {
        let district = self.election.districts.iter().position(|district| district.id == id);
        district.ok_or_else(|| "decision: no such district".to_owned())
    }

    fn pair(&self, ids: &[&str]) -> Checked<Pair> {
        let (station, district) = (self.station(ids[0])?, self.district(ids[1])?);
        check(self.election.serve(station, district).is_some(), "decision: not served")?;
        Ok((station, district))
    }

    /// What the program calls the journal, when it has so many records.
    pub(super) fn document(&self, records: u64) -> Value {
        let count =
            |standing| self.entries.iter().filter(|entry| self.standing(entry) == standing).count();
        json!({ "records": records, "control_records": self.decisions,
                "opened": self.opened, "closed": self.closed,
                "superseded": count(Standing::Superseded), "waiting": count(Standing::Waiting),
                "annulled": count(Standing::Annulled) })
    }
}

/// Puts something into a set or takes it out; whether that changed the set.
fn put<T: Ord>(set: &mut BTreeSet<T>, what: T, is_in: bool) -> bool {
    if is_in { set.insert(what) } else { set.remove(&what) }
}
