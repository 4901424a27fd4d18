//! Margins hold: fewer changes never move a seat, and where a margin is exact, that many do.
//!
//! Small votes, every change tried.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{group_methods, independents, race};
use crate::{
    Candidate, Certainty, GroupKey, List, Margin, Members, Method, Outcome, Party, Race, Rule,
    Status, allocate, margins,
};

/// All votes that so many changes can make of these.
fn changed(votes: &[u64], changes: u64) -> BTreeSet<Vec<u64>> {
    let mut all = BTreeSet::from([votes.to_vec()]);
    for _ in 0..changes {
        let mut more = all.clone();
        for votes in &all {
            for one in 0..votes.len() {
                let mut added = votes.clone();
                added[one] += 1;
                more.insert(added);
                if votes[one] == 0 {
                    continue;
                }
                let mut taken = votes.clone();
                taken[one] -= 1;
                more.insert(taken.clone());
                for other in (0..votes.len()).filter(|other| *other != one) {
                    let mut moved = taken.clone();
                    moved[other] += 1;
                    more.insert(moved);
                }
            }
        }
        all = more;
    }
    all
}

/// Whether what was found first is still possible: nobody has more for certain.
fn is_still_possible(before: &Outcome, after: &Outcome) -> bool {
    let pairs = || before.groups.iter().zip(&after.groups);
    let seats = pairs().all(|(before, after)| after.seats <= before.seats);
    let persons = after.elected.iter().all(|who| before.elected.contains(who));
    let in_runoff = |outcome: &Outcome| {
        outcome.runoff.as_ref().map_or_else(Vec::new, |runoff| runoff.between.clone())
    };
    let runoff = in_runoff(after).iter().all(|who| in_runoff(before).contains(who));
    after.status != Status::NoVotes && seats && persons && runoff && after.vacant <= before.vacant
}

fn index(party: Party) -> usize {
    match party {
        Party::Group(GroupKey::List(at) | GroupKey::Independent(at)) | Party::Candidate(at) => {
            at as usize
        }
        other => unreachable!("{other:?} is not in these races"),
    }
}

/// The margin against every smaller change, and against itself.
fn check(
    votes: &[u64],
    margin: Option<Margin>,
    run: impl Fn(&[u64]) -> Option<Outcome>,
) -> Result<(), String> {
    let before = run(votes).ok_or("the race itself is counted")?;
    let fewer = margin.map_or(3, |margin| margin.votes.saturating_sub(1)).min(3);
    for after in changed(votes, fewer) {
        let Some(outcome) = run(&after) else { continue };
        if !is_still_possible(&before, &outcome) {
            return Err(format!("{margin:?}, but {after:?} is another result"));
        }
    }
    let Some(Margin { votes: size, certainty: Certainty::Exact, from: Some(from), to: Some(to) }) =
        margin
    else {
        return Ok(());
    };
    let mut after = votes.to_vec();
    let size = size.min(after[index(from)]);
    after[index(from)] -= size;
    after[index(to)] += size;
    match run(&after) {
        Some(outcome)
            if is_still_possible(&before, &outcome) && outcome.status == before.status =>
        {
            Err(format!("{margin:?}, but {after:?} is the same result"))
        }
        _ => Ok(()),
    }
}

fn groups(votes: &[u64], names: &[Option<u32>], rule: &Rule, house: u32) -> Option<Outcome> {
    let lists = lists(votes, names);
    let race =
        Race { valid_ballots: Some(30), taken_ballots: Some(33), ..race(house, &lists, &[]) };
    allocate(&race, rule, &[]).ok()
}

fn lists(votes: &[u64], names: &[Option<u32>]) -> Vec<List> {
    let members = |names: &Option<u32>| names.map_or(Members::Unnamed, Members::Counted);
    let pairs = votes.iter().zip(names);
    pairs.map(|(votes, names)| List { votes: *votes, members: members(names) }).collect()
}

/// One option, of those that the method has.
fn options() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let one = prop::sample::select(vec![
        ("zero_votes", "elected"),
        ("threshold", "20"),
        ("threshold_base", "valid"),
        ("min_seats", "1"),
        ("initial_seats", "1"),
        ("max_seats", "2"),
        ("majority", "more_than_half"),
        ("short_lists", "prorated"),
        ("min_groups", "2"),
        ("tie_seats", "larger_vote_total"),
        ("denominator", "valid_ballots"),
        ("rounding", "half_up"),
        ("rounding", "half_even"),
        ("leftover", "largest_share"),
        ("leftover", "highest_average"),
        ("excess", "remove_from_largest"),
        ("excess", "remove_from_smallest_share"),
        ("list_too_short", "vacant"),
        ("below_threshold", "in_denominator"),
    ]);
    prop::collection::vec(one, 0..3)
}

proptest! {
    #![proptest_config(super::at_least(400))]

    #[test]
    fn no_smaller_change_moves_a_seat(
        method in prop::sample::select(group_methods()),
        options in options(),
        house in 1..8u32,
        votes in prop::collection::vec(0..25u64, 2..4),
        limits in prop::collection::vec(prop::option::weighted(0.2, 1..4u32), 3),
    ) {
        prop_assume!(votes.iter().sum::<u64>() > 0);
        let mut rule = Rule::new(method);
        for (name, value) in options {
            rule = rule.with_option(name, value).unwrap_or(rule);
        }
        let run = |votes: &[u64]| groups(votes, &limits, &rule, house);
        let Some(before) = run(&votes) else { return Ok(()) };
        prop_assume!(before.lots.is_empty());
        let lists = lists(&votes, &limits);
        let race = Race {
            valid_ballots: Some(30), taken_ballots: Some(33), ..race(house, &lists, &[])
        };
        let margin = margins(&race, &rule, &before).seat;
        prop_assert_eq!(check(&votes, margin, run), Ok(()), "{:?}", rule.option_values());
    }

    #[test]
    fn no_smaller_change_replaces_a_person(
        method in prop::sample::select(vec![
            Method::RelativePlurality, Method::BlockPlurality, Method::TwoRound,
        ]),
        elects_without_votes in any::<bool>(),
        house in 1..4u32,
        votes in prop::collection::vec(0..12u64, 2..5),
    ) {
        prop_assume!(votes.iter().sum::<u64>() > 0);
        let zero = if elects_without_votes { "elected" } else { "not_elected" };
        let rule = Rule::new(method).with_option("zero_votes", zero).unwrap();
        let run = |votes: &[u64]| {
            let candidates = independents(votes);
            let race = Race { valid_ballots: Some(40), ..race(house, &[], &candidates) };
            allocate(&race, &rule, &[]).ok()
        };
        let before = run(&votes).unwrap();
        prop_assume!(before.lots.is_empty());
        let candidates = independents(&votes);
        let race = Race { valid_ballots: Some(40), ..race(house, &[], &candidates) };
        let margin = margins(&race, &rule, &before).person;
        prop_assert_eq!(check(&votes, margin, run), Ok(()));
    }
}

/// All votes that so many moved votes make of these; their sum stays.
fn moved(votes: &[u64], changes: u64) -> BTreeSet<Vec<u64>> {
    let mut all = changed(votes, changes);
    let sum = |votes: &[u64]| votes.iter().sum::<u64>();
    all.retain(|after| sum(after) == sum(votes));
    all
}

proptest! {
    #![proptest_config(super::at_least(400))]

    /// Votes move between the people of one list; what seats the list has stays as it is.
    #[test]
    fn no_smaller_change_replaces_a_person_of_a_list(
        method in prop::sample::select(vec![Method::DHondt, Method::Hare, Method::Article24]),
        order in prop::sample::select(vec!["own_votes", "list_order", "czech"]),
        elects_without_votes in any::<bool>(),
        house in 1..5u32,
        other in 0..20u64,
        votes in prop::collection::vec(0..14u64, 2..5),
    ) {
        prop_assume!(votes.iter().sum::<u64>() > 0);
        let mut rule = Rule::new(method);
        let zero = if elects_without_votes { "elected" } else { "not_elected" };
        for (name, value) in [("persons", order), ("zero_votes", zero)] {
            rule = rule.with_option(name, value).unwrap_or(rule);
        }
        let total = votes.iter().sum();
        let lists = [
            List { votes: total, members: Members::Named },
            List { votes: other, members: Members::Unnamed },
        ];
        let member = |(position, votes): (u32, &u64)| Candidate {
            list: Some(0), votes: *votes, position: Some(position), ..Candidate::default()
        };
        let run = |votes: &[u64]| {
            let candidates: Vec<Candidate> = (1..).zip(votes).map(member).collect();
            let race = race(house, &lists, &candidates);
            let outcome = allocate(&race, &rule, &[]).unwrap();
            let margin = margins(&race, &rule, &outcome).person;
            (outcome, margin)
        };
        let (before, margin) = run(&votes);
        prop_assume!(before.lots.is_empty());
        let is_same = |after: &Outcome| {
            after.elected.iter().all(|who| before.elected.contains(who))
        };
        let has_same_seats = |after: &Outcome| super::seats(after) == super::seats(&before);
        let fewer = margin.map_or(3, |margin| margin.votes.saturating_sub(1)).min(3);
        for votes in moved(&votes, fewer) {
            let (after, _) = run(&votes);
            prop_assert!(!has_same_seats(&after) || is_same(&after), "{margin:?}: {votes:?}");
        }
        let Some(Margin { votes: size, certainty: Certainty::Exact, from, to }) = margin else {
            return Ok(());
        };
        let mut turned = votes.clone();
        turned[index(from.unwrap())] -= size;
        turned[index(to.unwrap())] += size;
        let (after, _) = run(&turned);
        let is_other = !is_same(&after) || after.status != before.status;
        prop_assert!(!has_same_seats(&after) || is_other, "{margin:?}: {turned:?}");
    }
}

#[test]
fn known_margins() {
    let margin = |method: &str, house, votes: &[u64]| {
        let lists = lists(votes, &vec![None; votes.len()]);
        let race = race(house, &lists, &[]);
        let rule = Rule::named(method).unwrap();
        let outcome = allocate(&race, &rule, &[]).unwrap();
        margins(&race, &rule, &outcome).seat.unwrap()
    };
    // 53, 24, 23 for 7 seats by D'Hondt: 4-2-1 (53/5 = 10.6, 24/2 = 12, 23/2 = 11.5). B's second
    // seat at 12 against C's second at 11.5: 24 - k < 23 + k from k = 1.
    let dhondt = margin("dhondt", 7, &[53, 24, 23]);
    assert_eq!((dhondt.votes, dhondt.certainty), (1, Certainty::Exact));
    // 45, 30, 25 for 21 seats by largest remainder: 9.45, 6.3, 5.25 -> 10-6-5. The last seat at .45
    // against .3: the claims are 15 x 21 - 300 = 315 - 300 apart; 2 x 21 per vote.
    let hare = margin("hare", 21, &[450, 300, 250]);
    assert_eq!((hare.votes, hare.certainty), (4, Certainty::Exact));
    let article = margin("article-24", 21, &[450, 300, 250]);
    assert_eq!((article.votes, article.certainty), (4, Certainty::Exact));
    // A tie needs no vote at all.
    assert_eq!(margin("dhondt", 1, &[5, 5]).votes, 0);
}

/// A margin that is one too large, or said to be exact and is not, is found out.
#[test]
fn planted_margins_are_caught() {
    let votes = [53, 24, 23];
    let rule = Rule::new(Method::DHondt);
    let run = |votes: &[u64]| groups(votes, &[None; 3], &rule, 7);
    let lists = lists(&votes, &[None; 3]);
    let race = race(7, &lists, &[]);
    let right = margins(&race, &rule, &run(&votes).unwrap()).seat.unwrap();
    assert_eq!(check(&votes, Some(right), run), Ok(()));
    let larger = Margin { votes: right.votes + 1, ..right };
    assert!(check(&votes, Some(larger), run).is_err());
    let nothing = Margin { votes: 0, ..right };
    assert!(check(&votes, Some(nothing), run).is_err());
}

/// Margins that were once too large, or exact and were not: a list that would leave the quota, a
/// majority that would take the seat that changes hands, a bar in ballots that added votes reach,
/// equal averages that the totals decided.
#[test]
fn borders_that_were_overlooked_are_seen() {
    const MAJORITY: (&str, &str) = ("majority", "more_than_half");
    type Case = (
        Method,
        &'static [(&'static str, &'static str)],
        u32,
        &'static [u64],
        &'static [Option<u32>],
    );
    let cases: [Case; 8] = [
        (Method::Droop, &[], 4, &[5, 12, 15], &[None, Some(1), None]),
        (Method::Droop, &[MAJORITY], 2, &[8, 1, 22], &[None; 3]),
        (Method::Droop, &[MAJORITY], 4, &[15, 12], &[None; 2]),
        (Method::Hare, &[MAJORITY], 2, &[10, 19, 7], &[None; 3]),
        (Method::Hare, &[MAJORITY], 2, &[24, 7, 13], &[None; 3]),
        (Method::Hare, &[MAJORITY, ("threshold", "20")], 2, &[14, 14, 2], &[None; 3]),
        (
            Method::Article24,
            &[("threshold", "20"), ("threshold_base", "valid")],
            1,
            &[1, 3],
            &[None; 2],
        ),
        (
            Method::Article24,
            &[("tie_seats", "larger_vote_total"), ("leftover", "highest_average")],
            2,
            &[8, 16],
            &[None; 2],
        ),
    ];
    for (method, options, house, votes, limits) in cases {
        let rule = Rule::parse(method.name(), options.iter().copied()).unwrap();
        let run = |votes: &[u64]| groups(votes, limits, &rule, house);
        let lists = lists(votes, limits);
        let race =
            Race { valid_ballots: Some(30), taken_ballots: Some(33), ..race(house, &lists, &[]) };
        let margin = margins(&race, &rule, &run(votes).unwrap()).seat;
        assert_eq!(check(votes, margin, run), Ok(()), "{method:?} {options:?} {votes:?}");
    }
}
