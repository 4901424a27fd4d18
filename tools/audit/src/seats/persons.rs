//! Persons: in which order they are elected, and who is equal.
//!
//! In: people of a group or of the whole race. Out: classes of equals, best first; the elected and
//! the queue of alternates. A lot is drawn only where places run out among equals, or where the
//! order of alternates depends on it. Classes are made anew for those who remain: an unknown degree
//! of somebody who has a place already keeps nobody else from being told apart.

use std::cmp::Reverse;

use super::exact::{count, whole};
use super::lots::Lots;
use super::options::Options;
use super::race::{Party, Race, TieKind};
use super::rounds::{classes, cut};

#[derive(Clone, Copy)]
enum Persons {
    OwnVotes,
    ListOrder,
    Czech,
}

/// People of a group in the order that `persons` asks for; independents by own votes.
pub(crate) fn ranked_in_group(
    race: &Race,
    party: Party,
    people: &[usize],
    options: &Options,
) -> Result<Vec<Vec<usize>>, String> {
    let values = [
        ("own_votes", Persons::OwnVotes),
        ("list_order", Persons::ListOrder),
        ("czech", Persons::Czech),
    ];
    let persons = options.choice("persons", Persons::OwnVotes, &values)?;
    let Party::List(list) = party else {
        return ranked_by_votes(race, people, options);
    };
    let names = race.people_of(Some(list));
    let position = |person: usize| race.candidates[person].position;
    match persons {
        Persons::OwnVotes => ranked_by_votes(race, people, options),
        Persons::ListOrder => {
            check_positions(race, list, &names)?;
            Ok(classes(people, position))
        }
        Persons::Czech => {
            check_positions(race, list, &names)?;
            // The average is a whole number, cut off. Without a name there is none, and nobody.
            let average = race.lists[list].votes.checked_div(count(names.len())).unwrap_or(0);
            let border = whole(average) * whole(11_u32);
            let votes = |person: usize| race.candidates[person].votes;
            let comes_first = |person: &usize| whole(votes(*person)) * whole(10_u32) >= border;
            let (first, others): (Vec<usize>, Vec<usize>) =
                people.iter().copied().partition(comes_first);
            let mut ranked = classes(&first, |person| (Reverse(votes(person)), position(person)));
            ranked.extend(classes(&others, position));
            Ok(ranked)
        }
    }
}

fn check_positions(race: &Race, list: usize, names: &[usize]) -> Result<(), String> {
    let mut taken = Vec::new();
    for &person in names {
        let Some(position) = race.candidates[person].position else {
            return Err(format!("candidate {person} of list {list}: expected a known position"));
        };
        if taken.contains(&position) {
            return Err(format!("position {position} of list {list} is held twice, expected once"));
        }
        taken.push(position);
    }
    Ok(())
}

/// People by votes; who is equal, by `tie_persons`.
pub(crate) fn ranked_by_votes(
    race: &Race,
    people: &[usize],
    options: &Options,
) -> Result<Vec<Vec<usize>>, String> {
    let values = [("lot_required", false), ("old_order", true)];
    let is_old_order = options.choice("tie_persons", false, &values)?;
    let by_votes = classes(people, |person| Reverse(race.candidates[person].votes));
    if !is_old_order {
        return Ok(by_votes);
    }
    let mut ranked = Vec::new();
    for equals in by_votes {
        for equals in classes(&equals, |person| !race.candidates[person].veteran) {
            let degree = |person: usize| race.candidates[person].degree_rank;
            if equals.iter().all(|&person| degree(person).is_some()) {
                ranked.extend(classes(&equals, |person| Reverse(degree(person))));
            } else {
                // One unknown degree: it could be the highest, so none of them decides.
                ranked.push(equals);
            }
        }
    }
    Ok(ranked)
}

/// Fills places with the best; a class that is too large for what is left needs a lot.
pub(crate) fn elect(
    ranked: Vec<Vec<usize>>,
    places: u64,
    kind: TieKind,
    lots: &mut Lots,
) -> Vec<usize> {
    let cut = cut(ranked, places);
    let mut elected = cut.sure;
    if !cut.tied.is_empty() {
        elected.extend(lots.draw(kind, &cut.tied, Party::Candidate, cut.places));
    }
    elected
}

/// The people but those who have a place already.
pub(crate) fn without(people: &[usize], placed: &[usize]) -> Vec<usize> {
    people.iter().copied().filter(|person| !placed.contains(person)).collect()
}

/// The first so many in order; the order of equals needs a lot.
pub(crate) fn queue(ranked: &[Vec<usize>], places: u64, lots: &mut Lots) -> Vec<usize> {
    let mut queue = Vec::new();
    for class in ranked {
        let left = places - count(queue.len());
        match (left, class.as_slice()) {
            (0, _) => break,
            (_, [person]) => queue.push(*person),
            (_, equals) => {
                let drawn = left.min(count(equals.len()));
                queue.extend(lots.draw(TieKind::Alternate, equals, Party::Candidate, drawn));
            }
        }
    }
    queue
}
