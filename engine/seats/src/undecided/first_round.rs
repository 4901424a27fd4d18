//! The first of two rounds: a safe bound.
//!
//! What comes in: a race, its outcome, what is outstanding. What goes out: whether it is proven
//! that nothing changes. It never says that something can.
//!
//! Nothing changes if nobody passes to another side of the bar, and wherever places are fewer than
//! people the order of every two people on the two sides of the cut is safe (pairs.rs). The share
//! of somebody is smallest when every further ballot is for others; and largest when every further
//! vote for that person comes with one ballot, since nobody has more votes than ballots.

use super::{Outstanding, pairs};
use crate::race::position;
use crate::{Outcome, Race, Rule, Status, ZeroVotes};

pub(super) fn stands(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
) -> bool {
    proof(race, rule, now, outstanding).unwrap_or(false)
}

/// `None`: there is no bound, or a number exceeds `u64`.
fn proof(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
) -> Option<bool> {
    let missing = outstanding.missing_ballots_max?;
    let valid = race.valid_ballots.expect("checked by Race::check");
    let held = |sum: u64, batch: &super::Held<'_>| sum.checked_add(batch.valid_ballots);
    let more_ballots = outstanding.held.iter().try_fold(missing, held)?;
    let votes = |who: u32| race.candidates[who as usize].votes;
    let gain = |who: u32| missing.checked_add(pairs::held_gain(outstanding, None, who));
    let bar = rule.options().first_round_percent.0;
    let is_in_runoff =
        |who: &u32| now.runoff.as_ref().is_some_and(|runoff| runoff.between.contains(who));
    let all: Vec<u32> = (0..race.candidates.len()).map(position).collect();
    let others: Vec<u32> = all.into_iter().filter(|who| !now.elected.contains(who)).collect();
    let is_without_vote = |who: &u32| gain(*who) == Some(0);
    if now.status == Status::NoVotes {
        return Some(others.iter().all(is_without_vote));
    }
    let are_safe = |winners: &[u32], rivals: &[u32]| {
        let mut pairs = winners.iter().flat_map(|one| rivals.iter().map(move |two| (*one, *two)));
        pairs.all(|(one, two)| pairs::is_safe(race, rule, outstanding, one, two))
    };
    let largest = valid.checked_add(more_ballots)?;
    if !now.elected.iter().all(|who| bar.is_reached(votes(*who), largest)) {
        return Some(false);
    }
    if now.elected.len() == race.seats as usize {
        return Some(are_safe(&now.elected, &others));
    }
    for who in &others {
        let gain = gain(*who)?;
        if bar.is_reached(votes(*who).checked_add(gain)?, valid.checked_add(gain)?) {
            return Some(false);
        }
    }
    let (inside, outside): (Vec<u32>, Vec<u32>) = others.iter().partition(|who| is_in_runoff(who));
    let places = (race.seats as usize - now.elected.len()) * 2;
    if inside.len() == places {
        return Some(are_safe(&inside, &outside));
    }
    // Everybody with a vote is in the runoff, and whoever gets the first one too.
    let all_are_in = rule.options().zero_votes == ZeroVotes::Elected;
    Some(all_are_in || outside.iter().all(is_without_vote))
}
