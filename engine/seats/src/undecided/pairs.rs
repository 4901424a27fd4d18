//! Plurality in one round: every one elected against every one who is not. Exact.
//!
//! What comes in: a race, its outcome, what is outstanding. What goes out: the verdict, and the
//! pair that is least safe. What it never does: look at more than two people at a time. Why that is
//! enough:
//!
//! *All seats are filled.* Let w be elected and l not. Those elected stay the same, without a lot,
//! if and only if every such w has more votes than every such l, or as many and precedes l in the
//! old order of ties. If: then the seats go to the same people; where the last of them are equal to
//! some l, each of those precedes each such l, so the classes of the old order split exactly
//! between them. (A class may stay together because somebody's degree is not known; but then that
//! person, elected or not, is in a pair here that no degree decides.) Only if: somebody with more
//! votes than a person elected is elected too, and among equals the order or a lot decides. So the
//! result changes exactly if some pair does; and a pair does if it does under the content that is
//! worst for it: every batch in which l gains on w is released and no other, and every missing
//! ballot names l alone. No ballot gives l more than one vote, or w less than none.
//!
//! *Seats are empty*, since fewer people have votes than there are seats, or nobody has any:
//! everybody with a vote is elected and stays so, since votes are only added. Whoever gets the
//! first vote changes the result (nobody else could be squeezed out without being replaced or tied,
//! which is a change). Where people without votes are elected, empty seats mean that everybody is.

use super::{Critical, Outstanding, Verdict};
use crate::persons::sort_by_votes;
use crate::race::position;
use crate::{LotKind, Outcome, Party, Race, Rule, TiePersons};

/// One place in question.
#[derive(Debug, Clone, Copy)]
struct Duel {
    place: u32,
    winner: Option<u32>,
    rival: u32,
    needed: u64,
    held: u64,
}

/// Votes that `rival` must gain on `winner` for a change or a lot.
fn needed(race: &Race<'_>, rule: &Rule, winner: u32, rival: u32) -> u64 {
    let votes = |who: u32| race.candidates[who as usize].votes;
    // Who is elected has no fewer votes; where a lot is open, nothing is asked for.
    let gap = votes(winner).saturating_sub(votes(rival));
    gap + u64::from(precedes(race, rule, winner, rival))
}

/// Whether equal votes go to the first of the two whoever else is equal, by the old order.
fn precedes(race: &Race<'_>, rule: &Rule, one: u32, other: u32) -> bool {
    if rule.options().tie_persons != TiePersons::OldOrder {
        return false;
    }
    let [one, other] = [one, other].map(|who| race.candidates[who as usize]);
    if one.veteran != other.veteran {
        return one.veteran;
    }
    match (one.degree_rank, other.degree_rank) {
        (Some(one), Some(other)) => one > other,
        _ => false,
    }
}

/// The batches in which `rival` gains on `winner`, or has votes beside nobody: (position, votes).
fn gains(
    outstanding: &Outstanding<'_>,
    winner: Option<u32>,
    rival: u32,
) -> impl Iterator<Item = (usize, u64)> {
    outstanding.held.iter().enumerate().filter_map(move |(index, batch)| {
        let votes = |who: u32| batch.candidate_votes[who as usize];
        let gain = votes(rival).saturating_sub(winner.map_or(0, votes));
        (gain > 0).then_some((index, gain))
    })
}

/// The most that `rival` gains on `winner` from held batches; within `u64`, as all votes are.
pub(super) fn held_gain(outstanding: &Outstanding<'_>, winner: Option<u32>, rival: u32) -> u64 {
    gains(outstanding, winner, rival).map(|(_, gain)| gain).sum()
}

/// Whether the order of the two is safe whatever comes.
pub(super) fn is_safe(
    race: &Race<'_>,
    rule: &Rule,
    outstanding: &Outstanding<'_>,
    winner: u32,
    rival: u32,
) -> bool {
    outlasts(outstanding, winner, rival, needed(race, rule, winner, rival))
}

/// Whether the first of the two stays ahead by a vote, equal votes being settled in another way
/// than by the old order.
pub(super) fn is_ahead(
    race: &Race<'_>,
    outstanding: &Outstanding<'_>,
    winner: u32,
    rival: u32,
) -> bool {
    let votes = |who: u32| race.candidates[who as usize].votes;
    outlasts(outstanding, winner, rival, votes(winner).saturating_sub(votes(rival)))
}

/// Whether the rival cannot gain so many votes on the winner.
fn outlasts(outstanding: &Outstanding<'_>, winner: u32, rival: u32, needed: u64) -> bool {
    let held = u128::from(held_gain(outstanding, Some(winner), rival));
    let missing = outstanding.missing_ballots_max;
    missing.is_some_and(|missing| u128::from(needed) > held + u128::from(missing))
}

/// Every place in question, and everybody who could get it.
struct Survey<'a> {
    race: &'a Race<'a>,
    rule: &'a Rule,
    outstanding: &'a Outstanding<'a>,
    /// (place, who has it): the last of those elected first.
    places: Vec<(u32, Option<u32>)>,
    /// Most votes first.
    rivals: Vec<u32>,
}

impl<'a> Survey<'a> {
    fn of(
        race: &'a Race<'a>,
        rule: &'a Rule,
        now: &Outcome,
        outstanding: &'a Outstanding<'a>,
    ) -> Survey<'a> {
        let mut is_elected = vec![false; race.candidates.len()];
        now.elected.iter().for_each(|who| is_elected[*who as usize] = true);
        let all = (0..race.candidates.len()).map(position);
        let mut rivals: Vec<u32> = all.filter(|who| !is_elected[*who as usize]).collect();
        sort_by_votes(race, &mut rivals);
        let mut places: Vec<(u32, Option<u32>)> =
            (1..).zip(now.elected.iter().copied().map(Some)).collect();
        places.reverse();
        if now.elected.len() < race.seats as usize {
            places = vec![(position(now.elected.len()) + 1, None)];
        }
        Survey { race, rule, outstanding, places, rivals }
    }

    fn duels(&self) -> impl Iterator<Item = Duel> {
        self.places.iter().flat_map(move |(place, winner)| {
            self.rivals.iter().map(move |rival| self.duel(*place, *winner, *rival))
        })
    }

    fn duel(&self, place: u32, winner: Option<u32>, rival: u32) -> Duel {
        let needed = winner.map_or(1, |winner| needed(self.race, self.rule, winner, rival));
        Duel { place, winner, rival, needed, held: held_gain(self.outstanding, winner, rival) }
    }
}

/// The verdict on a result that takes no lot now, something being outstanding.
pub(super) fn verdict(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
) -> Verdict {
    let survey = Survey::of(race, rule, now, outstanding);
    // `needed` is 1 at least, since no lot is needed now: without a ballot nothing happens.
    let by_missing =
        |duel: &Duel| outstanding.missing_ballots_max.is_none_or(|missing| missing >= duel.needed);
    if survey.duels().any(|duel| by_missing(&duel)) {
        return Verdict::Open;
    }
    let missing = u128::from(outstanding.missing_ballots_max.unwrap_or(0));
    let mut is_of_use = vec![false; outstanding.held.len()];
    for duel in survey.duels() {
        if u128::from(duel.held) + missing < u128::from(duel.needed) {
            continue;
        }
        for (index, _) in gains(outstanding, duel.winner, duel.rival) {
            is_of_use[index] = true;
        }
    }
    let ids = outstanding.held.iter().zip(is_of_use);
    let ids: Vec<u64> =
        ids.filter(|(_, is_of_use)| *is_of_use).map(|(batch, _)| batch.id).collect();
    if ids.is_empty() { Verdict::Decided } else { Verdict::DependsOn(ids) }
}

/// Who comes nearest to being overtaken; where a lot is needed, two of those it is between.
pub(super) fn critical(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
) -> Option<Critical> {
    let survey = Survey::of(race, rule, now, outstanding);
    let tied = now.lots.iter().find(|lot| lot.kind == LotKind::Person).map(|lot| &lot.between[..]);
    let duel = match tied {
        Some([Party::Candidate(one), Party::Candidate(other), ..]) => {
            let place = position(now.elected.len()) + 1;
            Some(Duel { needed: 0, ..survey.duel(place, Some(*one), *other) })
        }
        _ => survey.duels().min_by_key(|duel| i128::from(duel.needed) - i128::from(duel.held)),
    }?;
    let votes = |who: u32| race.candidates[who as usize].votes;
    // Who is elected, or tied, has no fewer votes.
    let gap = duel.winner.map_or(0, |winner| votes(winner).saturating_sub(votes(duel.rival)));
    Some(Critical {
        place: duel.place,
        winner: duel.winner,
        rival: duel.rival,
        gap,
        needed: duel.needed,
        missing: outstanding.missing_ballots_max,
        held: duel.held,
    })
}
