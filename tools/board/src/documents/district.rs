//! A district: its votes as far as they are shown, who is elected, and every step.

use serde::Serialize;
use shomar_engine::outcome::DistrictOutcome;
use shomar_engine::result_document::{OutcomeResult, StationsResult};
use shomar_format::document::{BallotCounts, DistrictTally};

use super::{Head, Name};
use crate::board::Board;

#[derive(Serialize)]
pub(super) struct DistrictDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    district: &'a str,
    contest: &'a str,
    name: Name<'a>,
    /// Number of its province.
    province: u32,
    /// Number of its county; null where it spans several.
    county: Option<u32>,
    seats: u32,
    rule: &'static str,
    stations: StationsResult,
    /// Ballots that count.
    ballots_taken: u64,
    /// Whether the votes here are all that count.
    all_shown: bool,
    /// Whether its votes are shown nowhere.
    withheld: bool,
    /// Codes; of a district that is complete. Most votes first, or by code while not all are shown.
    elected: Vec<u32>,
    /// The last declaration of an officer; null without one. The status says whether it is of what
    /// is counted.
    declared: Option<DeclaredRow>,
    /// Codes of those who lead on the votes shown; of a district that is partial.
    leading: Vec<u32>,
    /// How the outcome stands: `final`, `provisional`, `lot-required`, `runoff-required`,
    /// `no-votes`; null where there are no numbers.
    outcome_status: Option<&'static str>,
    /// Seats that wait for a lot, go to a second round, or stay vacant: of a district that is
    /// complete.
    seats_open: Option<SeatsOpen>,
    /// Whether what is outstanding can change the names above: `decided`, `open`, `depends-on`;
    /// null where a seat waits for nothing but a lot, or there are no numbers.
    verdict: Option<&'static str>,
    /// Ballots as far as they are shown; null where there are none to show.
    ballots: Option<BallotCounts>,
    lists: Vec<ListRow<'a>>,
    candidates: Vec<CandidateRow<'a>>,
    /// The outcome of the votes shown; null where they are not those of which it is told.
    outcome: Option<OutcomeResult>,
    /// Why the rules refuse the votes; else null.
    refused: Option<String>,
}

#[derive(Serialize)]
struct SeatsOpen {
    lot: u32,
    runoff: u32,
    vacant: u32,
}

#[derive(Serialize)]
struct DeclaredRow {
    /// Number of its record in the journal.
    position: u64,
    /// Codes, ascending.
    elected: Vec<u32>,
}

#[derive(Serialize)]
struct ListRow<'a> {
    code: u32,
    name: Name<'a>,
    /// Null where there are none to show.
    votes: Option<u64>,
}

#[derive(Serialize)]
struct CandidateRow<'a> {
    code: u32,
    list: Option<u32>,
    name: Name<'a>,
    /// Null where there are none to show.
    direct: Option<u64>,
    via_list: Option<u64>,
    votes: Option<u64>,
}

pub(super) fn document(board: &Board, at: u32) -> DistrictDocument<'_> {
    let setting = &board.setting;
    let own = setting.district(at);
    let standing = &board.districts[at as usize];
    let is_partial = board.is_waited_for(at);
    let told = match board.told_outcome(at) {
        None => None,
        Some(Ok(outcome)) => Some(outcome),
        Some(Err(error)) => return refused(board, at, error.message),
    };
    let codes = |told: &DistrictOutcome<'_>| -> Vec<u32> {
        let positions = board.elected_in_order(at, told).into_iter();
        positions.map(|position| told.candidate_code(position)).collect()
    };
    let (mut elected, mut leading) = (Vec::new(), Vec::new());
    // On no votes nobody leads.
    if let Some(told) = told.as_ref().filter(|_| !is_partial || board.shows_votes(at)) {
        *(if is_partial { &mut leading } else { &mut elected }) = codes(told);
    }
    // The outcome of numbers that are not those of which it is told would be another one.
    let is_whole = standing.is_all_shown || (is_partial && board.shows_votes(at));
    let mut outcome = None;
    if let Some(Ok(shown)) = board.outcome(at).filter(|_| is_whole) {
        match OutcomeResult::of(&shown) {
            Ok(result) => outcome = Some(result),
            Err(error) => return refused(board, at, error.message),
        }
    }
    // What may still come is told of everything that counts, and of nothing less.
    if let Some(outcome) = outcome.as_mut().filter(|_| !standing.is_all_shown) {
        outcome.finality = None;
    }
    let waits_for_lot = !is_partial && standing.needs_seat_lot;
    let verdict = board.verdict(at).filter(|_| !waits_for_lot);
    let tally = board.public().filter(|_| board.shows_votes(at));
    let tally = tally.map(|public| public.totals.district(&setting.counting, at).document());
    DistrictDocument {
        elected,
        leading,
        outcome_status: told.as_ref().map(DistrictOutcome::status),
        seats_open: told.as_ref().filter(|_| !is_partial).map(|told| SeatsOpen {
            lot: told.seats_of_lots(),
            runoff: told.outcome.runoff.as_ref().map_or(0, |runoff| runoff.seats),
            vacant: told.outcome.vacant,
        }),
        verdict: verdict.map(|verdict| verdict.name()),
        lists: list_rows(board, at, tally.as_ref()),
        candidates: candidate_rows(board, at, tally.as_ref()),
        ballots: tally.map(|tally| tally.ballots),
        outcome,
        all_shown: standing.is_all_shown,
        district: &own.id,
        ..bare(board, at)
    }
}

/// What is known without a vote.
fn bare(board: &Board, at: u32) -> DistrictDocument<'_> {
    let setting = &board.setting;
    let own = setting.district(at);
    DistrictDocument {
        head: board.head(board.district_status(at)),
        district: &own.id,
        contest: &setting.subject.election.head.contests[own.contest].id,
        name: Name { fa: &own.name_fa, en: &own.name_en },
        province: setting.places.province_of_district[at as usize],
        county: setting.places.county_of_district[at as usize],
        seats: own.seats,
        rule: setting.rules[own.contest].rule.name(),
        stations: StationsResult::of(board.received(at)),
        ballots_taken: board.districts[at as usize].taken,
        all_shown: false,
        withheld: board.is_withheld(at),
        elected: Vec::new(),
        declared: board
            .declarations
            .get(&at)
            .map(|own| DeclaredRow { position: own.position, elected: own.elected.clone() }),
        leading: Vec::new(),
        outcome_status: None,
        seats_open: None,
        verdict: None,
        ballots: None,
        lists: list_rows(board, at, None),
        candidates: candidate_rows(board, at, None),
        outcome: None,
        refused: None,
    }
}

fn refused(board: &Board, at: u32, message: String) -> DistrictDocument<'_> {
    DistrictDocument { refused: Some(message), ..bare(board, at) }
}

/// Lists are in the same order in an election and in its tally: by code.
fn list_rows<'a>(board: &'a Board, at: u32, tally: Option<&DistrictTally>) -> Vec<ListRow<'a>> {
    let lists = board.setting.district(at).lists.iter().enumerate();
    let rows = lists.map(|(index, list)| ListRow {
        code: list.code,
        name: Name { fa: &list.name_fa, en: &list.name_en },
        votes: tally.map(|tally| {
            let own = &tally.lists[index];
            assert_eq!(own.code, list.code, "lists of an election are those of its tally");
            own.votes
        }),
    });
    rows.collect()
}

fn candidate_rows<'a>(
    board: &'a Board,
    at: u32,
    tally: Option<&DistrictTally>,
) -> Vec<CandidateRow<'a>> {
    let district = board.setting.district(at);
    let rows = district.candidates.iter().enumerate().map(|(index, candidate)| {
        let votes = tally.map(|tally| &tally.candidates[index]);
        let is_same = votes.is_none_or(|votes| votes.code == candidate.code);
        assert!(is_same, "candidates of an election are those of its tally");
        CandidateRow {
            code: candidate.code,
            list: candidate.list.map(|list| district.lists[usize::from(list)].code),
            name: Name { fa: &candidate.name_fa, en: &candidate.name_en },
            direct: votes.map(|votes| votes.direct),
            via_list: votes.map(|votes| votes.via_list),
            votes: votes.map(|votes| votes.votes),
        }
    });
    rows.collect()
}
