//! The answer that the nation knows: totals per district, from the ballots as they were made.
//!
//! In: the counts of stations. Out: the tally's JSON shape ([`TallyDocument`]) without a frontier.
//! Never: a number of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use shomar_format::Election;
use shomar_format::document::{
    BallotCounts, CandidateVotes, DistrictTally, ListVotes, ReadingDocument, TallyDocument,
};
use shomar_format::election::District;

use crate::reader::Count;

/// Totals per district under the default reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    election: Arc<Election>,
    districts: Vec<DistrictTotals>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct DistrictTotals {
    ballots: BallotCounts,
    /// By option: ballots read as a list, votes by name.
    votes: Vec<u64>,
}

impl Expected {
    pub(crate) fn new(election: &Arc<Election>) -> Self {
        let districts = election.districts.iter().map(|district| DistrictTotals {
            ballots: BallotCounts::default(),
            votes: vec![0; district.option_count()],
        });
        Self { districts: districts.collect(), election: Arc::clone(election) }
    }

    /// Adds the count of a station.
    pub(crate) fn add(&mut self, district: u32, count: &Count) {
        let totals = &mut self.districts[district as usize];
        totals.ballots.add(&count.ballots);
        assert_eq!(totals.votes.len(), count.votes.len());
        for (total, &votes) in totals.votes.iter_mut().zip(&count.votes) {
            *total += u64::from(votes);
        }
    }

    /// Adds what another thread counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        assert_eq!(self.districts.len(), other.districts.len());
        for (totals, others) in self.districts.iter_mut().zip(&other.districts) {
            totals.ballots.add(&others.ballots);
            for (total, votes) in totals.votes.iter_mut().zip(&others.votes) {
                *total += votes;
            }
        }
    }

    /// All districts together.
    #[must_use]
    pub fn ballots(&self) -> BallotCounts {
        let mut sum = BallotCounts::default();
        for totals in &self.districts {
            sum.add(&totals.ballots);
        }
        sum
    }

    /// The totals as the tally's JSON, without `frontier`.
    #[must_use]
    pub fn document(&self) -> TallyDocument {
        let election = &self.election;
        let mut reading = ReadingDocument::new();
        for contest in &election.head.contests {
            let entries = contest.reading.entries();
            let entries = entries.map(|(name, value)| (name.to_owned(), value.to_owned()));
            reading.insert(contest.id.clone(), BTreeMap::from(entries));
        }
        let districts = election.districts.iter().zip(&self.districts);
        TallyDocument {
            election: election.head.id.clone(),
            mode: election.head.mode.name().to_owned(),
            reading,
            frontier: None,
            journal: None,
            held: Vec::new(),
            ballots: self.ballots(),
            districts: districts
                .map(|(district, totals)| district_tally(district, totals))
                .collect(),
        }
    }
}

fn district_tally(district: &District, totals: &DistrictTotals) -> DistrictTally {
    let (list_votes, names) = totals.votes.split_at(district.lists.len());
    let lists = district.lists.iter().zip(list_votes);
    let candidates = district.candidates.iter().zip(names);
    DistrictTally {
        district: district.id.clone(),
        ballots: totals.ballots,
        lists: lists.map(|(list, &votes)| ListVotes { code: list.code, votes }).collect(),
        candidates: candidates
            .map(|(candidate, &direct)| {
                let list = candidate.list.map(usize::from);
                // A ballot read as a list is one vote for each of its members.
                let via_list = list.map_or(0, |list| list_votes[list]);
                CandidateVotes {
                    code: candidate.code,
                    list: list.map(|list| district.lists[list].code),
                    direct,
                    via_list,
                    votes: direct + via_list,
                }
            })
            .collect(),
    }
}
