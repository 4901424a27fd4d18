//! Plurality in one round and in two.

use super::kit::{last_wins, named, options, people, person, person_tie, refused, settled};
use crate::seats::{Party, Race, TieKind, settle};

#[test]
fn most_votes_then_alternates_in_order() {
    for method in ["relative-plurality", "block-plurality"] {
        let outcome = settled(&people(2, 2, &[10, 40, 20, 30, 0]), method, &[]);
        assert_eq!((outcome.elected, outcome.alternates), (vec![1, 3], vec![2, 0]), "{method}");
        assert_eq!(outcome.groups, [(Party::Pool, 2)]);
    }
}

#[test]
fn groups_are_headings_only() {
    let mut race = named(2, &[&[40, 1], &[5]]);
    race.candidates.push(person(None, 20));
    race.lists[1].votes = 1_000;
    let outcome = settled(&race, "block-plurality", &[("threshold", "90")]);
    assert_eq!(outcome.elected, [0, 3]);
    assert_eq!(outcome.groups, [(Party::List(0), 1), (Party::List(1), 0), (Party::Pool, 1)]);
}

#[test]
fn fewer_people_than_seats_leave_seats_vacant() {
    let outcome = settled(&people(4, 1, &[10, 0, 20]), "relative-plurality", &[]);
    assert_eq!((outcome.elected, outcome.vacant), (vec![0, 2], 2));
    let outcome =
        settled(&people(4, 1, &[10, 0, 20]), "relative-plurality", &[("zero_votes", "elected")]);
    assert_eq!((outcome.elected, outcome.vacant), (vec![0, 1, 2], 1));
}

#[test]
fn tie_at_the_last_seat_is_between_all_who_are_equal_there() {
    let race = people(3, 2, &[9, 7, 7, 7, 7, 1]);
    let outcome = settle(&race, "block-plurality", &options(&[]), &last_wins).unwrap();
    assert_eq!(outcome.elected, [0, 3, 4]);
    assert_eq!(outcome.alternates, [2, 1]);
    let ties =
        [person_tie(TieKind::Person, 2, &[1, 2, 3, 4]), person_tie(TieKind::Alternate, 2, &[1, 2])];
    assert_eq!(outcome.ties, ties);
}

#[test]
fn equals_who_are_all_elected_need_no_lot() {
    assert_eq!(settled(&people(2, 1, &[7, 7, 3]), "block-plurality", &[]).ties, []);
    // Nor do equals of whom none is elected, if there are no alternates.
    assert_eq!(settled(&people(1, 0, &[7, 3, 3]), "block-plurality", &[]).ties, []);
}

fn first_round(votes: &[u64], seats: u32, valid: u64) -> Race {
    Race { valid_ballots: Some(valid), ..people(seats, 3, votes) }
}

#[test]
fn exactly_twenty_percent_is_elected() {
    let outcome = settled(&first_round(&[20, 19, 19, 18], 2, 100), "two-round", &[]);
    assert_eq!((outcome.elected, outcome.runoff), (vec![0], vec![1, 2]));
    assert_eq!((outcome.ties.len(), outcome.vacant, outcome.alternates.len()), (0, 0, 0));
    let outcome = settled(&first_round(&[20, 19, 19, 18], 2, 101), "two-round", &[]);
    assert_eq!((outcome.elected.len(), outcome.runoff), (0, vec![0, 1, 2, 3]));
}

#[test]
fn percent_of_the_first_round_is_an_option() {
    let race = first_round(&[50, 33, 17], 1, 100);
    let with = |percent: &str| {
        settled(&race, "two-round", &[("round", "first"), ("first_round_percent", percent)])
    };
    assert_eq!(with("50").elected, [0]);
    assert_eq!((with("50.01").elected.len(), with("50.01").runoff), (0, vec![0, 1]));
}

#[test]
fn more_above_the_bar_than_seats() {
    let outcome = settled(&first_round(&[60, 50, 50, 10], 2, 100), "two-round", &[]);
    assert_eq!((outcome.elected, outcome.runoff), (vec![0, 1], vec![]));
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[1, 2])]);
}

#[test]
fn tie_at_the_edge_of_the_runoff() {
    let outcome = settled(&first_round(&[19, 15, 15, 15], 1, 100), "two-round", &[]);
    assert_eq!(outcome.runoff, [0, 1]);
    assert_eq!(outcome.ties, [person_tie(TieKind::Runoff, 1, &[1, 2, 3])]);
}

#[test]
fn runoff_of_fewer_than_twice_the_open_seats_is_of_all() {
    let outcome = settled(&first_round(&[30, 5, 4], 3, 100), "two-round", &[]);
    assert_eq!((outcome.elected, outcome.runoff, outcome.vacant), (vec![0], vec![1, 2], 0));
    let outcome = settled(&first_round(&[30], 3, 100), "two-round", &[]);
    assert_eq!((outcome.runoff.len(), outcome.vacant), (0, 2));
}

#[test]
fn second_round_is_relative_plurality() {
    let race = first_round(&[3, 2, 1], 1, 100);
    let outcome = settled(&race, "two-round", &[("round", "second")]);
    assert_eq!((outcome.elected, outcome.alternates), (vec![0], vec![1, 2]));
}

#[test]
fn first_round_needs_the_valid_ballots() {
    let message = refused(&people(1, 0, &[3, 2]), "two-round", &[]);
    assert!(message.contains("valid_ballots"), "{message}");
}
