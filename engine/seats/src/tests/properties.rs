//! Properties of every method on small, tie-ridden races; and a check that the checkers can fail.
//! The axioms of apportionment are in `axioms.rs`.
//!
//! Votes are small on purpose: random large votes never tie.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{group_methods, independents, named, oracle, race, seats, unnamed};
use crate::{GroupKey, List, Lot, Members, Method, Outcome, Party, Race, Rule, Status, allocate};

/// Members of up to four lists, one to four names each, and up to two independents.
fn slates() -> impl Strategy<Value = (Vec<Vec<u64>>, Vec<u64>)> {
    let list = prop::collection::vec(0..6u64, 1..5);
    (prop::collection::vec(list, 0..4), prop::collection::vec(0..12u64, 0..3))
}

fn run(method: Method, house: u32, votes: &[u64]) -> Outcome {
    allocate(&race(house, &unnamed(votes), &[]), &Rule::new(method), &[]).unwrap()
}

/// Every outcome that lots could bring about.
fn possible(method: Method, votes: &[u64], caps: &[u32], house: u32) -> BTreeSet<Vec<u32>> {
    let orders = oracle::orders(votes.len());
    orders.iter().map(|order| oracle::seats(method, votes, caps, house, order)).collect()
}

/// Certain seats must be the least of all possible outcomes; a lot is asked for exactly when
/// there are several.
fn check_seats(outcome: &Outcome, possible: &BTreeSet<Vec<u32>>) -> Result<(), String> {
    let least = |group: usize| possible.iter().map(|seats| seats[group]).min().unwrap();
    let certain: Vec<u32> = (0..outcome.groups.len()).map(least).collect();
    if seats(outcome) != certain {
        return Err(format!("seats {:?}, certain are {certain:?}", seats(outcome)));
    }
    let has_tie = outcome.undecided > 0;
    if has_tie != (possible.len() > 1) {
        return Err(format!("tie {has_tie}, but {} outcomes are possible", possible.len()));
    }
    Ok(())
}

/// The definition of highest averages, apart from any way to compute it: no group would take a
/// seat from another by a better quotient.
fn check_highest_averages(
    votes: &[u64],
    seats: &[u32],
    divisor: impl Fn(u32) -> u64,
) -> Result<(), String> {
    for (winner, _) in seats.iter().enumerate().filter(|(_, seats)| **seats > 0) {
        for loser in (0..votes.len()).filter(|loser| *loser != winner) {
            let last = votes[winner] * divisor(seats[loser]);
            let next = votes[loser] * divisor(seats[winner] - 1);
            if next >= last {
                return Err(format!("{loser} has a better claim than {winner} to its last seat"));
            }
        }
    }
    Ok(())
}

fn certain_only(outcome: Outcome) -> Result<Outcome, TestCaseError> {
    prop_assume!(outcome.status == Status::Final);
    Ok(outcome)
}

/// Settles every lot: always the party at `choice` of those tied.
fn settle(race: &Race<'_>, rule: &Rule, choice: usize) -> (Outcome, Vec<Lot>) {
    let mut lots: Vec<Lot> = Vec::new();
    loop {
        let outcome = allocate(race, rule, &lots).unwrap();
        let Some(open) = outcome.lots.first() else {
            return (outcome, lots);
        };
        let winner = open.between[choice % open.between.len()];
        lots.push(Lot::new(open.kind, open.next_place, winner));
        assert!(lots.len() < 100, "lots come to an end");
    }
}

proptest! {
    #![proptest_config(super::at_least(2_000))]

    #[test]
    fn certain_seats_are_what_all_lots_have_in_common(
        method in prop::sample::select(group_methods()),
        house in 1..9u32,
        votes in prop::collection::vec(0..9u64, 1..5),
    ) {
        prop_assume!(votes.iter().sum::<u64>() > 0);
        let outcome = run(method, house, &votes);
        let caps = vec![u32::MAX; votes.len()];
        let possible = possible(method, &votes, &caps, house);
        prop_assert_eq!(check_seats(&outcome, &possible), Ok(()));
    }

    #[test]
    fn the_same_with_lists_that_run_out_of_names(
        method in prop::sample::select(group_methods()),
        house in 1..12u32,
        (members, alone) in slates(),
        choice in 0..4usize,
    ) {
        let slices: Vec<&[u64]> = members.iter().map(Vec::as_slice).collect();
        let (lists, candidates) = named(&slices, &alone);
        let race = race(house, &lists, &candidates);
        let outcome = allocate(&race, &Rule::new(method), &[]).unwrap();
        prop_assume!(outcome.status != Status::NoVotes);
        let named_with_votes = |votes: &[u64]| {
            u32::try_from(votes.iter().filter(|votes| **votes > 0).count()).unwrap()
        };
        let mut groups: Vec<&[u64]> = slices.clone();
        match method {
            Method::Article24 if alone.is_empty() => {}
            Method::Article24 => groups.push(&alone),
            _ => groups.extend(alone.chunks(1)),
        }
        let votes: Vec<u64> = groups.iter().map(|group| group.iter().sum()).collect();
        let caps: Vec<u32> = groups.iter().map(|group| named_with_votes(group)).collect();
        let possible = possible(method, &votes, &caps, house);
        prop_assert_eq!(check_seats(&outcome, &possible), Ok(()));
        // Settled by lots, it is one of the possible ones, and complete.
        let (settled, lots) = settle(&race, &Rule::new(method), choice);
        prop_assert!(possible.contains(&seats(&settled)));
        prop_assert_eq!(settled.undecided, 0);
        let in_seats: u32 = seats(&settled).iter().sum();
        prop_assert_eq!(settled.elected.len(), in_seats as usize);
        prop_assert!(outcome.elected.iter().all(|who| settled.elected.contains(who)));
        prop_assert_eq!(lots.is_empty(), outcome.status == Status::Final);
    }

    #[test]
    fn certain_persons_are_what_all_lots_have_in_common(
        votes in prop::collection::vec(0..4u64, 1..7),
        house in 1..5u32,
        alternates in 0..4u32,
        choice in 0..4usize,
    ) {
        prop_assume!(votes.iter().sum::<u64>() > 0);
        let candidates = independents(&votes);
        let race = Race { alternates, ..race(house, &[], &candidates) };
        let rule = Rule::new(Method::BlockPlurality);
        let outcome = allocate(&race, &rule, &[]).unwrap();
        let mut sets = BTreeSet::new();
        let mut queues = BTreeSet::new();
        for order in oracle::orders(votes.len()) {
            let ranked = oracle::persons(&votes, &order);
            let cut = ranked.len().min(house as usize);
            sets.insert(ranked[..cut].iter().copied().collect::<BTreeSet<usize>>());
            let queue = ranked[cut..].iter().copied().take(alternates as usize);
            queues.insert(queue.collect::<Vec<usize>>());
        }
        let certain = sets.iter().cloned().reduce(|left, right| &left & &right).unwrap();
        let elected: BTreeSet<usize> = outcome.elected.iter().map(|who| *who as usize).collect();
        prop_assert_eq!(elected, certain);
        let first = queues.first().unwrap();
        let is_shared = |length: &usize| {
            queues.iter().all(|queue| queue.get(..*length) == first.get(..*length))
        };
        let shared = (0..=first.len()).rev().find(is_shared).unwrap();
        let named: Vec<usize> = outcome.alternates.iter().map(|who| *who as usize).collect();
        prop_assert_eq!(&named[..], &first[..shared]);
        // Every place has a name or waits.
        prop_assert_eq!(named.len() + outcome.alternates_undecided as usize, first.len());
        let is_open = sets.len() > 1 || queues.len() > 1;
        prop_assert_eq!(outcome.status == Status::LotRequired, is_open);
        let (settled, _) = settle(&race, &rule, choice);
        let elected: BTreeSet<usize> = settled.elected.iter().map(|who| *who as usize).collect();
        prop_assert!(sets.contains(&elected));
        let queue: Vec<usize> = settled.alternates.iter().map(|who| *who as usize).collect();
        prop_assert!(queues.contains(&queue));
        prop_assert_eq!(settled.alternates_undecided, 0);
    }

    #[test]
    fn names_and_order_do_not_matter(
        method in prop::sample::select(Method::all().collect::<Vec<_>>()),
        house in 1..8u32,
        (members, alone) in slates(),
        turn in 0..5usize,
    ) {
        let slices: Vec<&[u64]> = members.iter().map(Vec::as_slice).collect();
        let (lists, candidates) = named(&slices, &alone);
        let here = race(house, &lists, &candidates);
        let rule = Rule::new(method);
        let here = Race { alternates: 2, valid_ballots: Some(60), ..here };
        let before = allocate(&here, &rule, &[]).unwrap();
        // Lists turned, candidates reversed.
        let mut turned = lists.clone();
        let by = if lists.is_empty() { 0 } else { turn % lists.len() };
        turned.rotate_left(by);
        let new_list = |old: u32| {
            u32::try_from((old as usize + lists.len() - by) % lists.len()).unwrap()
        };
        let new_person = |old: u32| u32::try_from(candidates.len()).unwrap() - 1 - old;
        let mut reversed = candidates.clone();
        reversed.reverse();
        for candidate in &mut reversed {
            candidate.list = candidate.list.map(new_list);
        }
        let there = race(house, &turned, &reversed);
        let there = Race { alternates: 2, valid_ballots: Some(60), ..there };
        let after = allocate(&there, &rule, &[]).unwrap();
        let new_key = |key: GroupKey| match key {
            GroupKey::List(list) => GroupKey::List(new_list(list)),
            GroupKey::Independent(person) => GroupKey::Independent(new_person(person)),
            GroupKey::Independents | GroupKey::AllLists => key,
        };
        let new_party = |party: &Party| match party {
            Party::Group(key) => Party::Group(new_key(*key)),
            Party::Candidate(person) => Party::Candidate(new_person(*person)),
        };
        let sorted = |people: Vec<u32>| people.into_iter().collect::<BTreeSet<u32>>();
        let moved = sorted(before.elected.iter().map(|who| new_person(*who)).collect());
        prop_assert_eq!(moved, sorted(after.elected.clone()));
        let moved = sorted(before.alternates.iter().map(|who| new_person(*who)).collect());
        prop_assert_eq!(moved, sorted(after.alternates.clone()));
        let moved: BTreeSet<_> =
            before.groups.iter().map(|group| (new_key(group.key), group.seats)).collect();
        let found: BTreeSet<_> =
            after.groups.iter().map(|group| (group.key, group.seats)).collect();
        prop_assert_eq!(moved, found);
        let ties = |outcome: &Outcome, party: &dyn Fn(&Party) -> Party| -> BTreeSet<_> {
            let between = |lot: &crate::PendingLot| {
                lot.between.iter().map(party).collect::<BTreeSet<Party>>()
            };
            outcome.lots.iter().map(|lot| (lot.kind.name(), lot.places, between(lot))).collect()
        };
        prop_assert_eq!(ties(&before, &new_party), ties(&after, &|party| *party));
    }

    #[test]
    fn highest_averages_by_definition(
        votes in prop::collection::vec(0..60u64, 1..6),
        house in 1..30u32,
    ) {
        prop_assume!(votes.iter().sum::<u64>() > 0);
        for (method, step) in [(Method::DHondt, 1), (Method::SainteLague, 2)] {
            let outcome = certain_only(run(method, house, &votes))?;
            let found = seats(&outcome);
            let divisor = |seats: u32| step * u64::from(seats) + 1;
            prop_assert_eq!(check_highest_averages(&votes, &found, divisor), Ok(()));
        }
    }

    #[test]
    fn more_of_the_same_changes_nothing(
        method in prop::sample::select(group_methods()),
        votes in prop::collection::vec(0..9u64, 1..5),
        house in 1..9u32,
        factor in 2..1_000_000_000_000u64,
    ) {
        // The Droop quota is a whole number of votes: it does not grow with them, see below.
        prop_assume!(method != Method::Droop);
        let scaled: Vec<u64> = votes.iter().map(|votes| votes * factor).collect();
        let (here, there) = (run(method, house, &votes), run(method, house, &scaled));
        prop_assert_eq!(seats(&here), seats(&there));
        prop_assert_eq!(here.lots, there.lots);
    }
}

/// The checkers above must be able to fail: each meets a wrong result here.
#[test]
fn planted_faults_are_caught() {
    let votes = [53, 24, 23];
    let caps = [u32::MAX; 3];
    let right = run(Method::DHondt, 7, &votes);
    let truth = possible(Method::DHondt, &votes, &caps, 7);
    assert_eq!(check_seats(&right, &truth), Ok(()));
    // A neighbouring method is caught by the comparison and by the definition.
    let wrong = run(Method::SainteLague, 7, &votes);
    assert_ne!(seats(&wrong), seats(&right));
    assert!(check_seats(&wrong, &truth).is_err());
    let dhondt = |seats: u32| u64::from(seats) + 1;
    assert!(check_highest_averages(&votes, &seats(&wrong), dhondt).is_err());
    // Divisors one step off: a classic fault.
    let off = oracle::highest_averages(&votes, &caps, 7, &[0, 1, 2], |seats| (seats + 2).pow(2));
    assert!(check_highest_averages(&votes, &off, dhondt).is_err());
    // Every move of one seat is caught.
    for from in 0..3 {
        for to in (0..3).filter(|to| *to != from) {
            let mut moved = seats(&right);
            moved[from] -= 1;
            moved[to] += 1;
            assert!(check_highest_averages(&votes, &moved, dhondt).is_err(), "{moved:?}");
        }
    }
    // A tie given to the first in order, without a lot.
    let mut silent = run(Method::DHondt, 1, &[5, 5]);
    let truth = possible(Method::DHondt, &[5, 5], &[9, 9], 1);
    assert_eq!(check_seats(&silent, &truth), Ok(()));
    silent.groups[0].seats = 1;
    silent.undecided = 0;
    assert!(check_seats(&silent, &truth).is_err());
}

/// Three times as many votes of everybody change the seats under Droop, whose quota is rounded.
#[test]
fn droop_is_not_indifferent_to_the_number_of_votes() {
    assert_eq!(seats(&run(Method::Droop, 3, &[1, 5])), [0, 2], "one seat is tied");
    assert_eq!(seats(&run(Method::Droop, 3, &[3, 15])), [0, 3]);
}

/// A list that lost all its names takes no seat; one that never had any takes all.
#[test]
fn a_list_without_names_left_takes_nothing() {
    for method in group_methods() {
        let lists = [
            List { votes: 90, members: Members::Named },
            List { votes: 10, members: Members::Unnamed },
        ];
        let outcome = allocate(&race(5, &lists, &[]), &Rule::new(method), &[]).unwrap();
        assert_eq!(seats(&outcome), [0, 5], "{method:?}");
    }
}
