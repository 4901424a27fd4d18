//! The board: everything that people are shown, at one frontier.
//!
//! In: a snapshot of the live count. Out: an immutable value that any number of readers share.
//! Never: a number of another frontier beside those of this one; an outcome made anew of which
//! nothing changed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use shomar_engine::Snapshot;
use shomar_engine::completeness::{Completeness, CompletenessInput, DistrictCompleteness};
use shomar_engine::ledger::Ledger;
use shomar_engine::live::{LiveSnapshot, PublicTotals};
use shomar_engine::lots::{OutcomeError, RecordedLot, journal_lots};
use shomar_engine::outcome::{DistrictOutcome, OutcomeInput, outcomes};
use shomar_format::document::BallotCounts;
use shomar_seats::{Status, Verdict};

use crate::declaration::{Declaration, declarations};
use crate::progress::AllProgress;
use crate::setting::Setting;
use crate::source::Reception;

/// What the table of a place says of a district.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DistrictStanding {
    /// How its outcome stands; `None` without numbers per option, or if the rules refuse it.
    pub status: Option<Status>,
    /// Persons elected for certain, on what is counted.
    pub elected: u32,
    /// Whether a lot is needed for who is elected.
    pub needs_seat_lot: bool,
    /// Ballots of it that count.
    pub taken: u64,
    /// Its ballots as far as they are shown; zero without numbers per option.
    pub ballots: BallotCounts,
    /// Whether its numbers that are shown are those that count.
    pub is_all_shown: bool,
    /// Whether an officer has declared just those who are elected now.
    pub is_declared_so: bool,
}

/// Sums of a contest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContestProgress {
    /// Districts: all of them.
    pub districts: u64,
    /// Districts of which everything is in.
    pub complete: u64,
    /// Seats of all of them.
    pub seats: u64,
    /// Persons elected in districts of which everything is in.
    pub elected: u64,
    /// Complete districts that wait for a lot about who is elected.
    pub seat_lots: u64,
}

/// An outcome, or why the rules refuse it.
pub type Made<'a> = Result<DistrictOutcome<'a>, OutcomeError>;

/// Everything that people are shown, at one frontier.
pub struct Board {
    /// What is known before the first batch.
    pub setting: Arc<Setting>,
    /// What it is made of.
    pub snapshot: Arc<LiveSnapshot>,
    /// As of when: the moment of the last record, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// What is in of every pair of station and district.
    pub completeness: Completeness<'static>,
    /// Districts of which anything is held, missing, not declared or undecided, ascending.
    waited_for: Vec<u32>,
    /// Sums of places.
    pub progress: AllProgress,
    /// Sums of contests, by index.
    pub contests: Vec<ContestProgress>,
    /// Per district, how it stands.
    pub districts: Vec<DistrictStanding>,
    /// Districts, by index, whose declaration is of what is counted here: complete, the same
    /// persons, and nothing moved since.
    pub declared: HashSet<u32>,
    /// The last declaration of each district, by index, whether it still holds or not.
    pub declarations: BTreeMap<u32, Declaration>,
    /// Lots about who is elected.
    lots: Vec<RecordedLot>,
    without_forbidding: Option<Snapshot>,
    /// How receiving goes.
    pub reception: Reception,
    /// Records a second that became durable lately, in thousandths.
    pub records_per_1000_seconds: u64,
}

/// What a board is made of.
pub struct BoardInput {
    /// What is known before the first batch.
    pub setting: Arc<Setting>,
    /// What it is made of.
    pub snapshot: Arc<LiveSnapshot>,
    /// How receiving goes.
    pub reception: Reception,
    /// Records a second that became durable lately, in thousandths.
    pub records_per_1000_seconds: u64,
    /// As of when: the moment of the last record, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Whether more may come of which nobody has said so: not of a folder that is counted whole.
    pub grows: bool,
    /// The totals if a list beside names were read (A10 `list_wins`), where a contest forbids it;
    /// without them nobody is told how many such ballots there are.
    pub without_forbidding: Option<Snapshot>,
}

impl Board {
    /// Makes the board of a snapshot up to which the ledger has read; what did not change since the
    /// board before is taken from it.
    pub fn of(input: BoardInput, ledger: &Ledger, before: Option<&Self>) -> Self {
        let BoardInput { setting, snapshot, reception, .. } = input;
        let completeness = Completeness::of(CompletenessInput {
            definition: setting.counting,
            snapshot: None,
            ledger: Some(ledger),
            held: &snapshot.held,
            registers: setting.subject.registers,
        });
        let completeness = match input.grows {
            true => completeness.while_it_grows(ledger),
            false => completeness,
        };
        let public = snapshot.public.clone();
        // A held batch is in no chunk: whoever may not see its votes gets no verdict made of them.
        let completeness = match public.as_ref().is_some_and(|public| public.is_everything) {
            true => completeness,
            false => completeness.without_held_votes(),
        };
        // A lot about who comes in for a member is none of the outcome.
        let lots = journal_lots(ledger, &setting.counting).filter(|lot| !lot.is_replacement);
        let mut board = Self {
            progress: AllProgress::of(&setting, completeness.pairs(), public.as_deref()),
            waited_for: completeness.unfinished(),
            declared: HashSet::new(),
            declarations: declarations(ledger, &snapshot, &setting.counting),
            lots: lots.collect(),
            without_forbidding: input.without_forbidding,
            contests: Vec::new(),
            districts: Vec::new(),
            setting,
            snapshot,
            completeness,
            reception,
            records_per_1000_seconds: input.records_per_1000_seconds,
            at_ms: input.at_ms,
        };
        board.districts = board.stand(before);
        let declarations = board.declarations.iter();
        let holding = declarations.filter(|(district, own)| board.holds(**district, own));
        board.declared = holding.map(|(district, _)| *district).collect();
        board.contests = board.sum_contests();
        board
    }

    /// Whether a declaration is of what is counted here, all of it and every seat: not as long as
    /// something is held or waits for a decision, or one waits for a lot.
    fn holds(&self, district: u32, declaration: &Declaration) -> bool {
        let standing = &self.districts[district as usize];
        !declaration.is_overtaken
            && !self.is_waited_for(district)
            && standing.is_declared_so
            && !standing.needs_seat_lot
    }

    /// What of the totals may be shown, if there are any.
    pub fn public(&self) -> Option<&PublicTotals> {
        self.snapshot.public.as_deref()
    }

    /// Whether the votes of a district are shown nowhere.
    pub fn is_withheld(&self, district: u32) -> bool {
        self.public().is_some_and(|own| own.withheld.binary_search(&district).is_ok())
    }

    /// Whether there are votes of a district to show: none while its first chunk waits, and zeros
    /// beside ballots that count would be a lie.
    pub fn shows_votes(&self, district: u32) -> bool {
        let standing = &self.districts[district as usize];
        let is_any = standing.is_all_shown || standing.ballots.taken > 0;
        self.public().is_some() && is_any && !self.is_withheld(district)
    }

    fn stand(&self, before: Option<&Self>) -> Vec<DistrictStanding> {
        let mut taken = vec![0; self.setting.counting.district_count() as usize];
        for pair in self.completeness.pairs() {
            taken[pair.district as usize] += pair.taken;
        }
        let (Some(public), Some(totals)) = (self.public(), &self.snapshot.totals) else {
            let stand = |taken| DistrictStanding { taken, ..DistrictStanding::default() };
            return taken.into_iter().map(stand).collect();
        };
        let counting = &self.setting.counting;
        let before = before.and_then(|before| Some((before, before.snapshot.totals.as_ref()?)));
        let stand = |(district, taken): (u32, u64)| {
            let ballots = public.totals.district(counting, district).ballots;
            let is_all_shown = totals.has_same_district(&public.totals, counting, district);
            let now = DistrictStanding { taken, ballots, is_all_shown, ..Default::default() };
            if let Some((before, old)) = before {
                let old_standing = before.districts[district as usize];
                let is_same = totals.has_same_district(old, counting, district)
                    && old_standing.ballots == ballots
                    && old_standing.is_all_shown == is_all_shown
                    && before.is_waited_for(district) == self.is_waited_for(district)
                    && before.lots.len() == self.lots.len()
                    && before.declarations.get(&district) == self.declarations.get(&district);
                if is_same {
                    return old_standing;
                }
            }
            self.stand_of(district, now)
        };
        (0..).zip(taken).map(stand).collect()
    }

    fn stand_of(&self, district: u32, nothing: DistrictStanding) -> DistrictStanding {
        let declaration = self.declarations.get(&district);
        if nothing.taken == 0 && declaration.is_none() {
            return DistrictStanding { status: Some(Status::NoVotes), ..nothing };
        }
        let made = match (self.is_waited_for(district), self.public()) {
            (true, Some(public)) => self.outcome_of(district, &public.totals, &[]),
            _ => self.counted_outcome(district),
        };
        let Some(Ok(made)) = made else { return nothing };
        let outcome = &made.outcome;
        let mut elected: Vec<u32> =
            outcome.elected.iter().map(|&who| made.candidate_code(who)).collect();
        elected.sort_unstable();
        let status = if nothing.taken == 0 { Status::NoVotes } else { outcome.status };
        DistrictStanding {
            status: Some(status),
            is_declared_so: declaration.is_some_and(|own| own.elected == elected),
            elected: u32::try_from(outcome.elected.len()).unwrap_or(u32::MAX),
            needs_seat_lot: made.needs_seat_lot(),
            ..nothing
        }
    }

    fn sum_contests(&self) -> Vec<ContestProgress> {
        let mut contests = vec![ContestProgress::default(); self.setting.rules.len()];
        for (index, standing) in (0..).zip(&self.districts) {
            let district = self.setting.district(index);
            let contest = &mut contests[district.contest];
            contest.districts += 1;
            contest.seats += u64::from(district.seats);
            if self.is_waited_for(index) {
                continue;
            }
            contest.complete += 1;
            contest.elected += u64::from(standing.elected);
            contest.seat_lots += u64::from(standing.needs_seat_lot);
        }
        contests
    }

    /// Whether the result of a district is provisional: as long as anything of it is held, missing
    /// or waits for a decision, or nobody has said that all is in.
    pub fn is_waited_for(&self, district: u32) -> bool {
        self.waited_for.binary_search(&district).is_ok()
    }

    /// Districts whose result is provisional.
    pub fn waiting_districts(&self) -> usize {
        self.waited_for.len()
    }

    /// What a district has and waits for.
    pub fn received(&self, district: u32) -> &DistrictCompleteness {
        self.completeness.district(district)
    }

    /// The outcome of a district on the numbers that are shown; `None` without numbers per option.
    pub fn outcome(&self, district: u32) -> Option<Made<'_>> {
        // A lot was drawn for a tie of everything: on less than that it may fit none.
        let is_all_shown = self.districts[district as usize].is_all_shown;
        let lots = if is_all_shown { &self.lots[..] } else { &[] };
        self.outcome_of(district, &self.public()?.totals, lots)
    }

    /// Who is elected, on everything that is counted: for a verdict, or names; its votes are not to
    /// be shown.
    pub fn counted_outcome(&self, district: u32) -> Option<Made<'_>> {
        self.outcome_of(district, self.snapshot.totals.as_ref()?, &self.lots)
    }

    /// The outcome whose names are told: that of everything once the district is complete.
    pub fn told_outcome(&self, district: u32) -> Option<Made<'_>> {
        match self.is_waited_for(district) {
            true => self.outcome(district),
            false => self.counted_outcome(district),
        }
    }

    /// Whether what is outstanding can change who is told to lead, or to be elected; `None` without
    /// numbers per option, or if the rules refuse them. It is of the votes from which those names
    /// are told: what counts and is not shown may say anything.
    #[must_use]
    pub fn verdict(&self, district: u32) -> Option<Verdict> {
        let standing = &self.districts[district as usize];
        if !self.is_waited_for(district) || standing.is_all_shown {
            let counted = self.counted_outcome(district)?.ok()?;
            return Some(counted.finality().ok()??.finality.verdict);
        }
        // It follows from votes that are only added to.
        if self.public()?.overtaken.binary_search(&district).is_ok() {
            return Some(Verdict::Open);
        }
        let Some(unshown) = standing.taken.checked_sub(standing.ballots.taken) else {
            return Some(Verdict::Open);
        };
        self.outcome(district)?.ok()?.verdict_of_shown(unshown).ok()?
    }

    /// Who is elected for certain: most votes first, or by code where their order would tell of
    /// votes that are not shown. Positions of the outcome.
    #[must_use]
    pub fn elected_in_order(&self, district: u32, outcome: &DistrictOutcome<'_>) -> Vec<u32> {
        let mut elected = outcome.outcome.elected.clone();
        if !outcome.provisional && !self.districts[district as usize].is_all_shown {
            elected.sort_by_key(|&who| outcome.candidate_code(who));
        }
        elected
    }

    /// Digest of the totals of this board, if a full count has agreed with it and every vote is
    /// shown. Of votes that nobody may see a digest would tell whoever tries them all: a village
    /// has few ballots.
    #[must_use]
    pub fn told_digest(&self) -> Option<&str> {
        let is_all_shown = self.districts.iter().all(|district| district.is_all_shown);
        let count = self.reception.full_count.as_ref()?;
        let is_told = is_all_shown && count.position == self.snapshot.position;
        is_told.then_some(count.digest.as_str())
    }

    fn outcome_of<'a>(
        &'a self,
        district: u32,
        snapshot: &'a Snapshot,
        lots: &'a [RecordedLot],
    ) -> Option<Made<'a>> {
        // Their difference is told of all votes, and never of a part.
        let is_all_shown =
            self.districts.get(district as usize).is_some_and(|standing| standing.is_all_shown);
        let input = OutcomeInput {
            election: self.setting.subject.election,
            definition: self.setting.counting,
            snapshot,
            rules: &self.setting.rules,
            lots,
            missing: &self.waited_for,
            without_forbidding: self.without_forbidding.as_ref().filter(|_| is_all_shown),
        };
        let mut made = match outcomes(input, Some(district)) {
            Ok(made) => made,
            Err(mut errors) => return errors.pop().map(Err),
        };
        self.completeness.tell(&mut made);
        made.pop().map(Ok)
    }
}
