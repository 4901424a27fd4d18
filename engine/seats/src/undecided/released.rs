//! Races with some of what is outstanding counted in.
//!
//! What comes in: a race, held batches, some of them released, ballots of our own making. What goes
//! out: the race that this gives, counted in the ordinary way and compared. It never changes a race
//! that it was given.

use super::{Held, Outstanding, Verdict, is_same};
use crate::race::position;
use crate::rule::Family;
use crate::{Candidate, List, Members, Outcome, Race, Rule, SeatsError, allocate};

/// Most groups for each of which ballots are made up.
const TRIES_MAX: usize = 64;

/// A race that owns its votes.
#[derive(Debug, Clone)]
struct Released {
    seats: u32,
    alternates: u32,
    lists: Vec<List>,
    candidates: Vec<Candidate>,
    valid_ballots: Option<u64>,
    taken_ballots: Option<u64>,
}

impl Released {
    fn of(race: &Race<'_>) -> Released {
        Released {
            seats: race.seats,
            alternates: race.alternates,
            lists: race.lists.to_vec(),
            candidates: race.candidates.to_vec(),
            valid_ballots: race.valid_ballots,
            taken_ballots: race.taken_ballots,
        }
    }

    /// The same race without a vote.
    fn empty(race: &Race<'_>) -> Released {
        let mut empty = Released::of(race);
        empty.lists.iter_mut().for_each(|list| list.votes = 0);
        empty.candidates.iter_mut().for_each(|candidate| candidate.votes = 0);
        empty.valid_ballots = race.valid_ballots.map(|_| 0);
        empty.taken_ballots = race.taken_ballots.map(|_| 0);
        empty
    }

    fn race(&self) -> Race<'_> {
        Race {
            seats: self.seats,
            alternates: self.alternates,
            lists: &self.lists,
            candidates: &self.candidates,
            valid_ballots: self.valid_ballots,
            taken_ballots: self.taken_ballots,
        }
    }

    /// `None`: a number exceeds `u64`.
    fn add(&mut self, batch: &Held<'_>) -> Option<()> {
        for (list, votes) in self.lists.iter_mut().zip(batch.list_votes) {
            list.votes = list.votes.checked_add(*votes)?;
        }
        for (candidate, votes) in self.candidates.iter_mut().zip(batch.candidate_votes) {
            candidate.votes = candidate.votes.checked_add(*votes)?;
        }
        self.add_ballots(batch.valid_ballots, batch.taken_ballots)
    }

    fn add_ballots(&mut self, valid: u64, taken: u64) -> Option<()> {
        if let Some(ballots) = &mut self.valid_ballots {
            *ballots = ballots.checked_add(valid)?;
        }
        if let Some(ballots) = &mut self.taken_ballots {
            *ballots = ballots.checked_add(taken)?;
        }
        Some(())
    }
}

/// Refuses held batches that are not of this race, or that the rules would refuse, each alone or
/// all together; of fewer, nothing is larger.
pub(super) fn check(race: &Race<'_>, rule: &Rule, held: &[Held<'_>]) -> Result<(), SeatsError> {
    let mut all = Released::of(race);
    for batch in held {
        let found = [batch.list_votes.len(), batch.candidate_votes.len()];
        let expected = [race.lists.len(), race.candidates.len()];
        if found != expected {
            return Err(SeatsError::HeldShape { id: batch.id, found, expected });
        }
        let refused = |error| SeatsError::HeldRefused { id: batch.id, error: Box::new(error) };
        let mut alone = Released::empty(race);
        alone.add(batch).ok_or_else(|| refused(SeatsError::TooManyVotes))?;
        alone.race().check(rule).map_err(refused)?;
        all.add(batch).ok_or_else(|| refused(SeatsError::TooManyVotes))?;
        all.race().check(rule).map_err(refused)?;
    }
    Ok(())
}

/// Whether the race is counted, and its result is another one or takes a lot. With `refused`, a
/// race that the rules refuse has no result that could be the same.
fn differs(race: &Released, rule: &Rule, now: &Outcome, refused: bool) -> bool {
    match allocate(&race.race(), rule, &[]) {
        Ok(then) => !is_same(now, &then),
        Err(_) => refused,
    }
}

/// The verdict on held batches, no ballot being missing: every combination is counted.
pub(super) fn try_all(race: &Race<'_>, rule: &Rule, now: &Outcome, held: &[Held<'_>]) -> Verdict {
    let combinations = 1usize << held.len();
    let is_in = |combination: usize, index: usize| combination >> index & 1 == 1;
    let changes: Vec<bool> = (0..combinations)
        .map(|combination| {
            let mut released = Released::of(race);
            let batches = (0..held.len()).filter(|index| is_in(combination, *index));
            // `check` has added them all, so nothing exceeds its bounds.
            let added: Option<()> = batches.map(|index| released.add(&held[index])).collect();
            added.is_none() || differs(&released, rule, now, true)
        })
        .collect();
    let turns = |index: &usize| {
        let without = (0..combinations).filter(|combination| !is_in(*combination, *index));
        let mut turned = without
            .filter(|combination| !changes[*combination] && changes[combination | 1 << index]);
        turned.next().is_some()
    };
    let ids: Vec<u64> = (0..held.len()).filter(turns).map(|index| held[index].id).collect();
    if ids.is_empty() { Verdict::Decided } else { Verdict::DependsOn(ids) }
}

/// Whether ballots were found that change the result: all missing ones for one list, or for the
/// next person of one group (in a first round, for anybody). `false` proves nothing.
pub(super) fn ballots_change_it(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
) -> bool {
    // Without a bound, more than all votes there are: enough for what ballots can do at all.
    let all: u64 = now.groups.iter().fold(0, |sum, group| sum.saturating_add(group.votes));
    let ballots =
        outstanding.missing_ballots_max.unwrap_or(all.saturating_mul(2).saturating_add(2));
    let changes = |add: &dyn Fn(&mut Released) -> Option<()>| {
        let mut released = Released::of(race);
        let added = add(&mut released).and_then(|()| released.add_ballots(ballots, ballots));
        added.is_some() && differs(&released, rule, now, false)
    };
    let is_two_round = rule.method().family() == Family::TwoRound;
    let lists = (0..race.lists.len()).take(if is_two_round { 0 } else { TRIES_MAX });
    let mut rivals = rivals(race, now, is_two_round);
    rivals.truncate(TRIES_MAX);
    lists.into_iter().any(|list| changes(&|race| for_a_list(race, rule, list, ballots)))
        || rivals.iter().any(|who| changes(&|race| for_a_person(race, rule, *who, ballots)))
}

/// So many ballots for a list: one vote for each member, and for the list one each (article 24) or
/// one.
fn for_a_list(race: &mut Released, rule: &Rule, list: usize, ballots: u64) -> Option<()> {
    let mut members = 0u64;
    let is_its = |candidate: &&mut Candidate| candidate.list == Some(position(list));
    for candidate in race.candidates.iter_mut().filter(is_its) {
        candidate.votes = candidate.votes.checked_add(ballots)?;
        members += 1;
    }
    let entry = &mut race.lists[list];
    let each = match (rule.method().family(), entry.members) {
        (Family::Article24, Members::Named) => members,
        (Family::Article24, Members::Counted(names)) => u64::from(names),
        _ => 1,
    };
    entry.votes = entry.votes.checked_add(ballots.checked_mul(each)?)?;
    Some(())
}

/// So many ballots with one name.
fn for_a_person(race: &mut Released, rule: &Rule, who: u32, ballots: u64) -> Option<()> {
    let candidate = &mut race.candidates[who as usize];
    candidate.votes = candidate.votes.checked_add(ballots)?;
    if let Some(list) = candidate.list.filter(|_| !rule.method().is_plurality()) {
        let list = &mut race.lists[list as usize];
        list.votes = list.votes.checked_add(ballots)?;
    }
    Some(())
}

/// Those not elected, most votes first: all, or the first of every list and of the independents.
fn rivals(race: &Race<'_>, now: &Outcome, all_of_them: bool) -> Vec<u32> {
    let mut is_elected = vec![false; race.candidates.len()];
    now.elected.iter().for_each(|who| is_elected[*who as usize] = true);
    let all = (0..race.candidates.len()).map(position);
    let mut others: Vec<u32> = all.filter(|who| !is_elected[*who as usize]).collect();
    crate::persons::sort_by_votes(race, &mut others);
    let mut has_next = vec![false; race.lists.len() + 1];
    others.retain(|who| {
        if all_of_them {
            return true;
        }
        let list = race.candidates[*who as usize].list.map(|list| list as usize);
        !std::mem::replace(&mut has_next[list.unwrap_or(race.lists.len())], true)
    });
    others
}
