//! The snapshot: immutable totals at a frontier, with their digests. Merging happens here.
//!
//! In: the sums of a tally. Out: per district ballots, list votes, votes by name and through lists.
//! Never: anything about threads, files or the order of batches; equal evidence under an equal
//! reading gives equal bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use shomar_format::bytes::{Digest32, array_at, hex, sha256_of_parts};
use shomar_format::document::{
    BallotCounts, CandidateVotes, DistrictTally, Frontier, ListVotes, ReadingDocument,
    TallyDocument,
};
use shomar_format::election::ElectionHead;
use shomar_format::totals::TotalsDigest;
use shomar_format::{CountingDefinition, Reading};

use crate::tally::{CountedBatch, Tallied};

/// Totals of all districts.
#[derive(Clone, Debug)]
pub struct Snapshot {
    options: Vec<u64>,
    ballots: Vec<BallotCounts>,
    total: BallotCounts,
    readings: Vec<Reading>,
    /// In parts that snapshots share.
    batches: Vec<Arc<Vec<CountedBatch>>>,
    /// Made when somebody asks: it costs a sort of all hashes.
    evidence: OnceLock<Digest32>,
    /// Made when somebody asks: of many snapshots of a night nobody does.
    digest: OnceLock<Digest32>,
}

/// Totals of one district.
#[derive(Clone, Copy, Debug)]
pub struct DistrictTotals<'a> {
    /// Its ballots.
    pub ballots: BallotCounts,
    definition: CountingDefinition<'a>,
    district: u32,
    options: &'a [u64],
}

impl Snapshot {
    /// Merges the sums of a tally under the readings it used, one per contest.
    #[must_use]
    pub fn merge(
        tallied: Tallied,
        definition: &CountingDefinition<'_>,
        head: &ElectionHead,
        readings: &[Reading],
    ) -> Self {
        let Tallied { options, ballots, batches } = tallied;
        let batches: Vec<_> = batches.into_iter().map(Arc::new).collect();
        let (evidence, mut snapshot) = rayon::join(
            || evidence_digest(&batches),
            || {
                let snapshot = Self::of_sums(options, ballots, definition, readings);
                snapshot.digest(definition, head);
                snapshot
            },
        );
        snapshot.batches = batches;
        snapshot.evidence = OnceLock::from(evidence);
        snapshot
    }

    /// A snapshot of sums that a live count keeps, and of the batches that are in them.
    pub(crate) fn of_live(
        options: Vec<u64>,
        ballots: Vec<BallotCounts>,
        batches: Vec<Arc<Vec<CountedBatch>>>,
        definition: &CountingDefinition<'_>,
        readings: &[Reading],
    ) -> Self {
        let snapshot = Self::of_sums(options, ballots, definition, readings);
        Self { batches, ..snapshot }
    }

    /// Its sums, as they can be changed by whoever asks what would be.
    pub(crate) fn sums(&self) -> (Vec<u64>, Vec<BallotCounts>) {
        (self.options.clone(), self.ballots.clone())
    }

    fn of_sums(
        options: Vec<u64>,
        ballots: Vec<BallotCounts>,
        definition: &CountingDefinition<'_>,
        readings: &[Reading],
    ) -> Self {
        assert_eq!(options.len(), definition.option_total(), "one sum per option");
        let mut total = BallotCounts::default();
        for district in &ballots {
            total.add(district);
        }
        Self {
            options,
            ballots,
            total,
            readings: readings.to_vec(),
            batches: Vec::new(),
            evidence: OnceLock::new(),
            digest: OnceLock::new(),
        }
    }

    fn totals_digest(&self, definition: &CountingDefinition<'_>, head: &ElectionHead) -> Digest32 {
        assert_eq!(self.readings.len(), head.contests.len(), "one reading per contest");
        let names = head.contests.iter().map(|contest| contest.id.as_str());
        let readings = names.zip(self.readings.iter().copied());
        let mut digest = TotalsDigest::new(definition.digest(), readings);
        for district in 0..definition.district_count() {
            let totals = self.district(definition, district);
            let candidates =
                totals.candidates().map(|candidate| (candidate.direct, candidate.via_list));
            digest.district(&totals.ballots, totals.list_votes(), candidates);
        }
        digest.finish()
    }

    /// Totals of one district.
    #[must_use]
    pub fn district<'a>(
        &'a self,
        definition: &CountingDefinition<'a>,
        district: u32,
    ) -> DistrictTotals<'a> {
        DistrictTotals {
            ballots: self.ballots[district as usize],
            definition: *definition,
            district,
            options: &self.options[definition.option_range(district)],
        }
    }

    /// Whether a district has the same totals in another snapshot of the same definition.
    #[must_use]
    pub fn has_same_district(
        &self,
        other: &Self,
        definition: &CountingDefinition<'_>,
        district: u32,
    ) -> bool {
        let range = definition.option_range(district);
        self.ballots[district as usize] == other.ballots[district as usize]
            && self.options[range.clone()] == other.options[range]
    }

    /// Ballots of all districts together.
    #[must_use]
    pub fn ballots(&self) -> BallotCounts {
        self.total
    }

    /// The reading of each contest.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Every batch that was counted, in no order: for roll-ups by station.
    pub fn batches(&self) -> impl Iterator<Item = &CountedBatch> {
        self.batches.iter().flat_map(|part| part.iter())
    }

    /// Digest of the totals, under the definition that they were counted by.
    pub fn digest(&self, definition: &CountingDefinition<'_>, head: &ElectionHead) -> &Digest32 {
        self.digest.get_or_init(|| self.totals_digest(definition, head))
    }

    /// Up to where was counted.
    #[must_use]
    pub fn frontier(&self, definition: &CountingDefinition<'_>, head: &ElectionHead) -> Frontier {
        Frontier {
            batches: self.batches.iter().map(|batches| batches.len() as u64).sum(),
            evidence: hex(self.evidence.get_or_init(|| evidence_digest(&self.batches))),
            digest: hex(self.digest(definition, head)),
        }
    }

    /// The JSON of the tally; with `only`, that district alone (the frontier stays that of all).
    #[must_use]
    pub fn document(
        &self,
        definition: &CountingDefinition<'_>,
        head: &ElectionHead,
        only: Option<u32>,
    ) -> TallyDocument {
        let districts = match only {
            Some(district) => district..district + 1,
            None => 0..definition.district_count(),
        };
        TallyDocument {
            election: head.id.clone(),
            mode: head.mode.name().to_owned(),
            reading: reading_document(head, &self.readings),
            frontier: Some(self.frontier(definition, head)),
            journal: None,
            held: Vec::new(),
            ballots: self.total,
            districts: districts
                .map(|district| self.district(definition, district).document())
                .collect(),
        }
    }
}

/// SHA-256 of the sorted body hashes (FORMAT.md, section 8.4).
fn evidence_digest(batches: &[Arc<Vec<CountedBatch>>]) -> Digest32 {
    let all = batches.iter().flat_map(|part| part.iter());
    let mut hashes: Vec<Digest32> = all.map(|batch| batch.body_hash).collect();
    let first = |hash: &Digest32| u64::from_be_bytes(array_at(hash, 0));
    // Nearly always the first eight bytes tell two hashes apart.
    hashes.par_sort_unstable_by(|a, b| first(a).cmp(&first(b)).then_with(|| a.cmp(b)));
    sha256_of_parts(hashes.iter().map(<[u8; 32]>::as_slice))
}

/// The readings by contest id, for JSON.
#[must_use]
pub fn reading_document(head: &ElectionHead, readings: &[Reading]) -> ReadingDocument {
    let entries = |reading: &Reading| -> BTreeMap<String, String> {
        reading.entries().map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let contests = head.contests.iter().zip(readings);
    contests.map(|(contest, reading)| (contest.id.clone(), entries(reading))).collect()
}

impl<'a> DistrictTotals<'a> {
    /// Totals of a part of a district: its ballots, and a sum per option.
    pub(crate) fn of_part(
        definition: &CountingDefinition<'a>,
        district: u32,
        ballots: BallotCounts,
        options: &'a [u64],
    ) -> Self {
        Self { ballots, definition: *definition, district, options }
    }

    /// Ballots read as each list, in code order.
    #[must_use]
    pub fn list_votes(&self) -> &'a [u64] {
        &self.options[..self.definition.shape(self.district).list_count as usize]
    }

    /// Lists, by code.
    pub fn lists(&self) -> impl Iterator<Item = ListVotes> + use<'a> {
        let codes = self.definition.option_codes(self.district);
        let votes = self.list_votes();
        votes.iter().zip(codes).map(|(&votes, code)| ListVotes { code: code.to_native(), votes })
    }

    /// Candidates, by code. A list vote gives one vote to each member: the expansion happens here,
    /// once, and not per ballot (article 24, item 1).
    pub fn candidates(&self) -> impl ExactSizeIterator<Item = CandidateVotes> + use<'a> {
        let lists = self.list_votes();
        let codes = self.definition.option_codes(self.district);
        let members = self.definition.option_lists(self.district);
        let options = self.options;
        (lists.len()..options.len()).map(move |option| {
            let list = usize::from(members[option].to_native());
            // Independents carry a sentinel that is no list.
            let via_list = lists.get(list).copied().unwrap_or(0);
            CandidateVotes {
                code: codes[option].to_native(),
                list: (list < lists.len()).then(|| codes[list].to_native()),
                direct: options[option],
                via_list,
                votes: options[option] + via_list,
            }
        })
    }

    /// The JSON of one district.
    #[must_use]
    pub fn document(&self) -> DistrictTally {
        DistrictTally {
            district: self.definition.district_id(self.district).to_owned(),
            ballots: self.ballots,
            lists: self.lists().collect(),
            candidates: self.candidates().collect(),
        }
    }
}
