//! The country: how far its count is, its contests, what needs somebody's eye.

use serde::Serialize;
use shomar_format::document::BallotCounts;

use super::Head;
use crate::board::Board;
use crate::progress::Progress;

#[derive(Serialize)]
pub(super) struct NationDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    title: super::Name<'a>,
    /// Rules, options and checks in force.
    rules_digest: &'a str,
    /// Digest of the totals at the last full count that agreed; null unless every vote is shown: of
    /// votes that nobody may see, a digest would tell whoever tries them all.
    digest: Option<&'a str>,
    progress: ProgressDocument,
    contests: Vec<ContestDocument<'a>>,
    alarms: Alarms,
}

/// Sums of a place. Ballots are those of councils, one for each voter.
#[derive(Serialize)]
pub(super) struct ProgressDocument {
    /// Expected to report; where nobody has said who does, all that exist.
    stations: u64,
    /// In with everything.
    stations_in: u64,
    stations_held: u64,
    registered: u64,
    /// Of those that are in, how many the turnout is of.
    stations_of_turnout: u64,
    /// On the registers of the stations that the turnout is of.
    registered_in: u64,
    /// At these; null where one of them has not said.
    authenticated_in: Option<u64>,
    /// Ballots at these.
    ballots_in: u64,
    /// Ballots at all stations.
    ballots_taken: u64,
    /// Ballots by kind as far as they are shown; null before the close.
    ballots: Option<BallotCounts>,
}

impl ProgressDocument {
    pub(super) fn of(board: &Board, progress: &Progress) -> Self {
        Self {
            stations: progress.stations,
            stations_in: progress.stations_in,
            stations_held: progress.stations_held,
            registered: progress.registered,
            stations_of_turnout: progress.stations_of_turnout,
            registered_in: progress.registered_in,
            authenticated_in: progress.authenticated_in,
            ballots_in: progress.voters_in,
            ballots_taken: progress.taken,
            ballots: board.public().map(|_| progress.ballots),
        }
    }
}

/// Sums of a contest.
#[derive(Serialize)]
struct ContestDocument<'a> {
    contest: &'a str,
    rule: &'static str,
    districts: u64,
    /// Of which everything is in.
    complete: u64,
    seats: u64,
    /// Persons elected in complete districts.
    elected: u64,
    /// Complete districts that wait for a lot about who is elected.
    lots: u64,
}

/// What needs somebody's eye.
#[derive(Serialize)]
struct Alarms {
    /// Batches that checks hold.
    held: usize,
    /// Devices of which a later batch came before an earlier one.
    gaps: usize,
    /// Why nothing is published any more; else null.
    failure: Option<String>,
}

pub(super) fn document(board: &Board) -> NationDocument<'_> {
    let setting = &board.setting;
    let head = &setting.subject.election.head;
    let contests = head.contests.iter().zip(&setting.rules).zip(&board.contests);
    let contests = contests.map(|((contest, rule), sums)| ContestDocument {
        contest: &contest.id,
        rule: rule.rule.name(),
        districts: sums.districts,
        complete: sums.complete,
        seats: sums.seats,
        elected: sums.elected,
        lots: sums.seat_lots,
    });
    NationDocument {
        head: board.head(board.status()),
        title: super::Name { fa: &head.title_fa, en: &head.title_en },
        rules_digest: &setting.rules_digest,
        digest: board.told_digest(),
        progress: ProgressDocument::of(board, &board.progress.nation),
        contests: contests.collect(),
        alarms: Alarms {
            held: board.snapshot.held.iter().filter(|held| !held.is_rejected).count(),
            gaps: board.completeness.gaps().len(),
            failure: board.reception.failure.clone(),
        },
    }
}
