//! The journal read through: which of its batches stand, after all control records in it.
//!
//! In: evidence, its index, the election. Out: the ledger, and an index that counts the batches
//! that stand and sets the others apart; every finding about control records. Never: a control
//! record believed whose signature is not its officer's, whatever the mode; a batch dropped: what
//! does not stand is verified all the same.

use rayon::prelude::*;
use shomar_format::Control;
use shomar_format::bytes::{Digest32, hex};
use shomar_format::election::{ElectionHead, Mode};
use shomar_format::record::{
    NO_PREVIOUS, RecordHeader, previous_hash, record_hash, verify_control, verify_signature,
};
use shomar_format::{CountingDefinition, Fault, layout};

use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::index::{Index, RecordPlace, describe};
use crate::ledger::{BatchNumber, Ledger, Standing};

/// A ledger, and where each of its batches lies.
#[derive(Debug)]
pub struct Standings {
    /// Every decision and its effect.
    pub ledger: Ledger,
    /// By batch number.
    places: Vec<RecordPlace>,
}

impl Standings {
    /// Reads the journal through, as far as `as_of` records if that is given. `None` if nothing but
    /// ballots of a test is in it: then every batch stands.
    ///
    /// What is wrong becomes findings of the index; the tally then gives no totals.
    #[must_use]
    pub fn read(
        evidence: &Evidence,
        index: &mut Index,
        definition: &CountingDefinition<'_>,
        head: &ElectionHead,
        as_of: Option<u64>,
    ) -> Option<Self> {
        let needed = !index.special.is_empty() || head.mode == Mode::Official;
        if (needed || as_of.is_some()) && overlap_found(evidence, index) {
            return None;
        }
        if let Some(position) = as_of {
            index.cut_at(position);
        }
        needed.then(|| {
            let officers = OfficerChains::new(head);
            Reader { evidence, definition, head, officers }.read(index)
        })
    }

    /// The place of a batch.
    pub(crate) fn place(&self, batch: BatchNumber) -> RecordPlace {
        self.places[batch as usize]
    }
}

/// Control records act in order, and several journals in one folder have none between them.
fn overlap_found(evidence: &Evidence, index: &mut Index) -> bool {
    let Some((position, segment)) = index.overlap() else { return false };
    let fault = Fault::new(
        layout::segment::FIRST_POSITION_OFFSET,
        "number of the first record",
        format!("{position}, which another segment has as well"),
        "one journal: control records, and --as-of, need an order of all records",
    );
    index.findings.push(Finding::new(evidence.segment(segment).0, fault));
    true
}

struct Reader<'a> {
    evidence: &'a Evidence,
    definition: &'a CountingDefinition<'a>,
    head: &'a ElectionHead,
    officers: OfficerChains,
}

impl Reader<'_> {
    fn read(&mut self, index: &mut Index) -> Standings {
        let mut records: Vec<(u64, RecordPlace)> = index
            .places
            .iter()
            .chain(&index.special)
            .map(|place| (index.position(place), *place))
            .collect();
        records.par_sort_unstable();
        let hashes: Vec<Digest32> = records
            .par_iter()
            .map(|(_, place)| record_hash(place.record(self.evidence).1))
            .collect();
        let mut standings = Standings { ledger: Ledger::new(self.head.mode), places: Vec::new() };
        for ((position, place), hash) in records.into_iter().zip(hashes) {
            let (path, record) = place.record(self.evidence);
            if let Err(fault) = self.read_record(&mut standings, position, place, record, hash) {
                let mut finding = Finding::new(path, fault.shifted(place.offset() as u64));
                let address = shomar_format::record::address_at(record);
                finding.whose = Some(describe(self.definition, address));
                index.findings.push(finding);
            }
        }
        let (mut stand, mut apart) = (Vec::new(), Vec::new());
        for (batch, place) in (0..).zip(&standings.places) {
            let stands = standings.ledger.standing(batch) == Standing::Stands;
            if stands { &mut stand } else { &mut apart }.push(*place);
        }
        index.set_places(stand);
        index.apart = apart;
        index.special.clear();
        standings
    }

    fn read_record(
        &mut self,
        standings: &mut Standings,
        position: u64,
        place: RecordPlace,
        record: &[u8],
        hash: Digest32,
    ) -> Result<(), Fault> {
        let header = RecordHeader::read(record)?;
        if header.kind() == layout::record::KIND_CONTROL {
            return self.read_control(&mut standings.ledger, position, record, hash);
        }
        if self.head.mode == Mode::Official && header.version() != layout::record::VERSION_SIGNED {
            let at = layout::record::VERSION_OFFSET;
            let expected = "a signed one, in an official election";
            return Err(Fault::new(at, "record", "an unsigned one", expected));
        }
        let is_recount = header.kind() == layout::record::KIND_RECOUNT;
        let taken = header.taken();
        // Added before it is known to apply: it is verified as a batch in any case.
        standings.places.push(place);
        let added = standings.ledger.add(position, header.address(), hash, taken, is_recount);
        if let Err(why) = added {
            standings.places.pop();
            return Err(Fault::new(0, "batch", why.found(), why.expected()));
        }
        Ok(())
    }

    fn read_control(
        &mut self,
        ledger: &mut Ledger,
        position: u64,
        record: &[u8],
        hash: Digest32,
    ) -> Result<(), Fault> {
        let control = self.officers.verify(record, self.definition, self.head, hash)?;
        let address = shomar_format::record::address_at(record);
        let applied = ledger.apply(position, address.device, control, self.definition);
        applied
            .map_err(|why| Fault::new(0, "control record", why.found(), why.expected()))
            .map(|_| ())
    }
}

/// The chain of each officer's records: whoever drops one of them is found.
#[derive(Clone, Debug)]
pub struct OfficerChains {
    /// The sequence that comes next, and the hash of the record before it.
    links: Vec<(u64, Digest32)>,
}

impl OfficerChains {
    /// Before the first record.
    #[must_use]
    pub fn new(head: &ElectionHead) -> Self {
        Self { links: vec![(0, NO_PREVIOUS); head.officers.len()] }
    }

    /// Verifies the next control record of an officer, whose hash is `hash`, and gives what it
    /// says.
    ///
    /// # Errors
    /// As [`verify_officer`]; and if it is not the one that comes next.
    pub fn verify(
        &mut self,
        record: &[u8],
        definition: &CountingDefinition<'_>,
        head: &ElectionHead,
        hash: Digest32,
    ) -> Result<Control, Fault> {
        let control = verify_officer(record, definition, head)?;
        let address = shomar_format::record::address_at(record);
        let (next, previous) = &mut self.links[address.device as usize];
        if address.sequence != *next {
            let at = layout::record::SEQUENCE_OFFSET;
            let (found, next) = (address.sequence, *next);
            return Err(Fault::new(at, "sequence of the officer's records", found, next));
        }
        let link = previous_hash(record);
        if link != *previous {
            let at = record.len() - layout::record::TRAILER_BYTES;
            let what = "hash of the officer's previous record";
            return Err(Fault::new(at, what, hex(&link), hex(previous)));
        }
        (*next, *previous) = (*next + 1, hash);
        Ok(control)
    }
}

/// Verifies a control record with its signature, and gives what it says.
///
/// # Errors
/// If its bytes are not what was sealed, it is of another election, or not signed by the officer
/// whom its address names.
pub fn verify_officer(
    record: &[u8],
    definition: &CountingDefinition<'_>,
    head: &ElectionHead,
) -> Result<Control, Fault> {
    let (header, control) = verify_control(record)?;
    if header.definition() != definition.digest() {
        let (found, expected) = (hex(header.definition()), hex(definition.digest()));
        let at = layout::record::DEFINITION_OFFSET;
        return Err(Fault::new(at, "definition digest", found, expected));
    }
    let officer = header.address().device;
    let Some(officer) = head.officers.get(officer as usize) else {
        let expected = match head.officers.len() {
            0 => "an [[officer]] in election.toml".to_owned(),
            officers => format!("below {officers}"),
        };
        return Err(Fault::new(layout::record::DEVICE_OFFSET, "officer", officer, expected));
    };
    verify_signature(record, head.mode, &officer.key)?;
    Ok(control)
}
