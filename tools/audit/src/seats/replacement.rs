//! Who comes in when somebody leaves.
//!
//! In: the outcome of a race and those who leave, in order. Out: for each of them who comes in, or
//! nobody. The outcome is not changed, and nobody comes in twice.

use super::lots::Lots;
use super::options::Options;
use super::persons::ranked_by_votes;
use super::race::{Party, Race, Settled, TieKind};

/// Replaces one leaver after another.
///
/// `within_group` is article 25: the next alternate of the same list or pool, and only if there is
/// none, whoever has most votes among the others. Otherwise the queue is one for all.
pub(crate) fn replace(
    race: &Race,
    within_group: bool,
    settled: &Settled,
    options: &Options,
    leavers: &[usize],
    lots: &mut Lots,
) -> Result<Vec<Option<usize>>, String> {
    let mut members = settled.elected.clone();
    let mut waiting = settled.alternates.clone();
    for &person in members.iter().chain(&waiting).chain(leavers) {
        if person >= race.candidates.len() {
            let known = race.candidates.len();
            return Err(format!("candidate {person} is named, expected one of {known}"));
        }
    }
    let mut successors = Vec::new();
    for &leaver in leavers {
        if let Some(place) = waiting.iter().position(|&person| person == leaver) {
            waiting.remove(place);
            successors.push(None);
            continue;
        }
        let Some(place) = members.iter().position(|&person| person == leaver) else {
            return Err(format!("candidate {leaver} leaves, expected a member or an alternate"));
        };
        members.remove(place);
        let list = race.candidates[leaver].list;
        let is_next = |&&person: &&usize| !within_group || race.candidates[person].list == list;
        let successor = match waiting.iter().find(is_next) {
            Some(&person) => Some(person),
            None => most_votes(race, &waiting, options, lots)?,
        };
        if let Some(successor) = successor {
            waiting.retain(|&person| person != successor);
            members.push(successor);
        }
        successors.push(successor);
    }
    Ok(successors)
}

/// The alternate with most votes, if there is one; equal votes as in any order of persons.
fn most_votes(
    race: &Race,
    waiting: &[usize],
    options: &Options,
    lots: &mut Lots,
) -> Result<Option<usize>, String> {
    let ranked = ranked_by_votes(race, waiting, options)?;
    Ok(match ranked.first().map(Vec::as_slice) {
        None => None,
        Some([person]) => Some(*person),
        Some(equals) => lots.draw(TieKind::Alternate, equals, Party::Candidate, 1).first().copied(),
    })
}
