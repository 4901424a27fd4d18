//! The JSON of a tally (docs/commands.md): the shape alone.
//!
//! In: numbers. Out: types that serde writes and reads. Never: a number computed here; the engine
//! and the generator each bring their own, so that one can check the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The reading per contest: contest id to option name to value.
pub type ReadingDocument = BTreeMap<String, BTreeMap<String, String>>;

/// What `shomar tally --format json` prints and `expected.json` holds (without `frontier`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyDocument {
    /// Election id.
    pub election: String,
    /// `test` or `official`.
    pub mode: String,
    /// The reading of ballots under which the numbers stand.
    pub reading: ReadingDocument,
    /// Up to where the journal was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontier: Option<Frontier>,
    /// The journal, where officers have signed control records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalDocument>,
    /// Batches that checks hold: in none of the numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldDocument>,
    /// All districts together.
    pub ballots: BallotCounts,
    /// In definition order.
    pub districts: Vec<DistrictTally>,
}

/// What officers decided, up to where was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalDocument {
    /// Records of the journal up to which was counted.
    pub records: u64,
    /// Control records among them.
    pub control_records: u64,
    /// Position of the open record.
    pub opened: Option<u64>,
    /// Position of the close record.
    pub closed: Option<u64>,
    /// Batches that a recount stands for.
    pub superseded: u64,
    /// Batches of a recount that stands for nothing yet.
    pub waiting: u64,
    /// Batches annulled.
    pub annulled: u64,
}

/// A batch that a check holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDocument {
    /// District id.
    pub district: String,
    /// Station id.
    pub station: String,
    /// Number of the device in its station.
    pub device: u32,
    /// Number of the batch in the order of its device.
    pub sequence: u64,
    /// Hash of its record, by which an officer releases or rejects it.
    pub record: String,
    /// Ballots taken.
    pub taken: u64,
    /// Whether an officer has rejected it.
    pub rejected: bool,
    /// Why.
    pub alarms: Vec<AlarmDocument>,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmDocument {
    /// Which `[[check]]`, from 1.
    pub check: usize,
    /// Its method.
    pub method: String,
    /// The formula with its numbers.
    pub formula: String,
}

/// Up to where was counted, and the digests of what was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    /// Batches counted.
    pub batches: u64,
    /// SHA-256 of the sorted body hashes, in hexadecimal.
    pub evidence: String,
    /// SHA-256 of the canonical totals, in hexadecimal.
    pub digest: String,
}

/// Ballots by kind: taken = valid + void; blank ones are a kind of void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BallotCounts {
    /// Ballots taken.
    pub taken: u64,
    /// Ballots on which something was read.
    pub valid: u64,
    /// Ballots on which nothing was read.
    pub void: u64,
    /// Void ballots on which nothing was entered.
    pub blank: u64,
}

impl BallotCounts {
    /// Adds another count.
    ///
    /// # Panics
    /// If taken is not valid + void, or blank passes void: a ballot would be lost or doubled.
    pub fn add(&mut self, other: &Self) {
        assert_eq!(other.taken, other.valid + other.void, "taken = valid + void");
        assert!(other.blank <= other.void, "blank ballots are void ones");
        self.taken += other.taken;
        self.valid += other.valid;
        self.void += other.void;
        self.blank += other.blank;
    }

    /// Takes a count out that was added.
    ///
    /// # Panics
    /// If it was not: a ballot would be lost.
    pub fn take_out(&mut self, other: &Self) {
        let less = |sum: &mut u64, part: u64| {
            *sum = sum.checked_sub(part).expect("what was added can be taken out");
        };
        less(&mut self.taken, other.taken);
        less(&mut self.valid, other.valid);
        less(&mut self.void, other.void);
        less(&mut self.blank, other.blank);
        assert_eq!(self.taken, self.valid + self.void, "taken = valid + void");
    }
}

/// One district.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistrictTally {
    /// District id.
    pub district: String,
    /// Its ballots.
    pub ballots: BallotCounts,
    /// Its lists, by code.
    pub lists: Vec<ListVotes>,
    /// Its candidates, by code.
    pub candidates: Vec<CandidateVotes>,
}

/// Ballots read as a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVotes {
    /// Code of the list.
    pub code: u32,
    /// Ballots read as that list.
    pub votes: u64,
}

/// Votes of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateVotes {
    /// Code of the candidate.
    pub code: u32,
    /// Code of the list, if the candidate stands on one.
    pub list: Option<u32>,
    /// Votes by name.
    pub direct: u64,
    /// Votes through the list.
    pub via_list: u64,
    /// Both together.
    pub votes: u64,
}
