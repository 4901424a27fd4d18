//! The board: everything that pages show, at one frontier.
//!
//! In: a snapshot of the live count. Out: an immutable value that any number of readers share.
//! Never: a number of another frontier beside those of this one; an outcome made anew of which
//! nothing changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shomar_engine::Snapshot;
use shomar_engine::completeness::{Completeness, CompletenessInput, DistrictCompleteness};
use shomar_engine::ledger::Ledger;
use shomar_engine::live::LiveSnapshot;
use shomar_engine::lots::{OutcomeError, RecordedLot, journal_lots};
use shomar_engine::outcome::{DistrictOutcome, OutcomeInput, outcomes};
use shomar_format::document::BallotCounts;
use shomar_seats::{LotKind, Status};

use crate::page::Page;
use crate::progress::AllProgress;
use crate::setting::Setting;
use crate::source::Reception;
use crate::view::View;

/// Pages kept of one board, whatever is asked for.
const PAGES_MAX: usize = 4_096;

/// What the table of a place says of a district.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DistrictStanding {
    /// How its outcome stands; `None` without numbers per option, or if the rules refuse it.
    pub(crate) status: Option<Status>,
    /// Persons elected for certain, on what is counted.
    pub(crate) elected: u32,
    /// Whether a lot is needed for who is elected.
    pub(crate) needs_seat_lot: bool,
    /// Its ballots; zero without numbers per option.
    pub(crate) ballots: BallotCounts,
}

/// Sums of a contest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContestProgress {
    pub(crate) districts: u64,
    /// Districts of which everything is in.
    pub(crate) complete: u64,
    /// Districts of which nothing has come.
    pub(crate) empty: u64,
    pub(crate) seats: u64,
    /// Persons elected in districts of which everything is in.
    pub(crate) elected: u64,
    /// Complete districts that wait for a lot about who is elected.
    pub(crate) seat_lots: u64,
    /// Complete districts that wait for a lot about the order of alternates only.
    pub(crate) alternate_lots: u64,
    /// Ballots taken, everywhere; zero without numbers per option.
    pub(crate) taken: u64,
}

/// Everything that pages show, at one frontier.
pub(crate) struct Board {
    pub(crate) setting: Arc<Setting>,
    pub(crate) snapshot: Arc<LiveSnapshot>,
    /// Boards before this one.
    pub(crate) number: u64,
    /// When it was made, in milliseconds since 1970-01-01 UTC.
    pub(crate) at_ms: u64,
    pub(crate) completeness: Completeness<'static>,
    /// Districts whose result is provisional, ascending.
    waited_for: Vec<u32>,
    pub(crate) progress: AllProgress,
    pub(crate) contests: Vec<ContestProgress>,
    pub(crate) districts: Vec<DistrictStanding>,
    /// Districts that an officer has declared, by index, with the position of the record.
    pub(crate) declared: HashMap<u32, u64>,
    lots: Vec<RecordedLot>,
    pub(crate) reception: Reception,
    /// Records a second that became durable lately, in thousandths.
    pub(crate) records_per_1000_seconds: u64,
    pages: Mutex<HashMap<View, Arc<Page>>>,
}

/// What a board is made of.
pub(crate) struct BoardInput {
    pub(crate) setting: Arc<Setting>,
    pub(crate) snapshot: Arc<LiveSnapshot>,
    pub(crate) reception: Reception,
    pub(crate) records_per_1000_seconds: u64,
    pub(crate) at_ms: u64,
}

impl Board {
    /// Makes the board of a snapshot up to which the ledger has read; what did not change since the
    /// board before is taken from it.
    pub(crate) fn of(input: BoardInput, ledger: &Ledger, before: Option<&Self>) -> Self {
        let BoardInput { setting, snapshot, reception, records_per_1000_seconds, at_ms } = input;
        let completeness = Completeness::of(CompletenessInput {
            definition: setting.counting,
            snapshot: None,
            ledger: Some(ledger),
            held: &snapshot.held,
            registers: setting.subject.registers,
        });
        let totals = snapshot.totals.as_ref();
        let declared = ledger.declared().into_iter().filter_map(|(district, (position, _))| {
            Some((setting.counting.find_district(district)?, position))
        });
        let mut board = Self {
            progress: AllProgress::of(&setting, completeness.pairs(), totals),
            waited_for: completeness.waited_for(),
            declared: declared.collect(),
            // What the ledger has was checked when it was received.
            lots: journal_lots(ledger, &setting.counting).unwrap_or_default(),
            number: before.map_or(0, |before| before.number + 1),
            contests: Vec::new(),
            districts: Vec::new(),
            pages: Mutex::default(),
            setting,
            snapshot,
            completeness,
            reception,
            records_per_1000_seconds,
            at_ms,
        };
        board.districts = board.stand(before);
        board.contests = board.sum_contests();
        board
    }

    /// The totals, if there may be any.
    pub(crate) fn totals(&self) -> Option<&Snapshot> {
        self.snapshot.totals.as_ref()
    }

    fn stand(&self, before: Option<&Self>) -> Vec<DistrictStanding> {
        let count = self.setting.counting.district_count();
        let Some(totals) = self.totals() else {
            return vec![DistrictStanding::default(); count as usize];
        };
        let before = before.and_then(|before| Some((before, before.totals()?)));
        let is_as_before = |district: u32| {
            let (before, old) = before?;
            let is_same = totals.has_same_district(old, &self.setting.counting, district)
                && before.is_waited_for(district) == self.is_waited_for(district)
                && before.lots.len() == self.lots.len();
            is_same.then(|| before.districts[district as usize])
        };
        let stand = |district| is_as_before(district).unwrap_or_else(|| self.stand_of(district));
        (0..count).map(stand).collect()
    }

    fn stand_of(&self, district: u32) -> DistrictStanding {
        let Some(totals) = self.totals() else { return DistrictStanding::default() };
        let ballots = totals.district(&self.setting.counting, district).ballots;
        let nothing = DistrictStanding { ballots, ..DistrictStanding::default() };
        if ballots.taken == 0 {
            return DistrictStanding { status: Some(Status::NoVotes), ..nothing };
        }
        let Some(Ok(outcome)) = self.outcome(district) else { return nothing };
        let outcome = &outcome.outcome;
        DistrictStanding {
            status: Some(outcome.status),
            elected: u32::try_from(outcome.elected.len()).unwrap_or(u32::MAX),
            needs_seat_lot: outcome.lots.iter().any(|lot| lot.kind != LotKind::Alternate),
            ballots,
        }
    }

    fn sum_contests(&self) -> Vec<ContestProgress> {
        let mut contests = vec![ContestProgress::default(); self.setting.rules.len()];
        for (index, standing) in (0..).zip(&self.districts) {
            let district = self.setting.district(index);
            let contest = &mut contests[district.contest];
            contest.districts += 1;
            contest.seats += u64::from(district.seats);
            contest.taken += standing.ballots.taken;
            let own = self.completeness.district(index);
            if own.received == 0 && own.held == 0 {
                contest.empty += 1;
            }
            if self.is_waited_for(index) {
                continue;
            }
            contest.complete += 1;
            contest.elected += u64::from(standing.elected);
            if standing.status == Some(Status::LotRequired) {
                let lots = if standing.needs_seat_lot {
                    &mut contest.seat_lots
                } else {
                    &mut contest.alternate_lots
                };
                *lots += 1;
            }
        }
        contests
    }

    /// Whether the result of a district is provisional.
    pub(crate) fn is_waited_for(&self, district: u32) -> bool {
        self.waited_for.binary_search(&district).is_ok()
    }

    /// Districts whose result is provisional.
    pub(crate) fn waiting_districts(&self) -> usize {
        self.waited_for.len()
    }

    /// What a district has and waits for.
    pub(crate) fn received(&self, district: u32) -> &DistrictCompleteness {
        self.completeness.district(district)
    }

    /// The outcome of a district, on what is counted; `None` without numbers per option.
    pub(crate) fn outcome(
        &self,
        district: u32,
    ) -> Option<Result<DistrictOutcome<'_>, OutcomeError>> {
        let input = OutcomeInput {
            election: self.setting.subject.election,
            definition: self.setting.counting,
            snapshot: self.totals()?,
            rules: &self.setting.rules,
            lots: &self.lots,
            missing: &self.waited_for,
            without_forbidding: None,
        };
        let mut made = match outcomes(input, Some(district)) {
            Ok(made) => made,
            Err(mut errors) => return errors.pop().map(Err),
        };
        self.completeness.tell(&mut made);
        made.pop().map(Ok)
    }

    /// A page of this board, made once.
    pub(crate) fn page(&self, view: &View) -> Option<Arc<Page>> {
        let find = || self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = find().get(view) {
            return Some(Arc::clone(page));
        }
        let page = Arc::new(crate::pages::render(self, view)?);
        let mut pages = find();
        if pages.len() < PAGES_MAX {
            pages.insert(view.clone(), Arc::clone(&page));
        }
        Some(page)
    }
}
