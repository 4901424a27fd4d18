//! Who comes in when somebody leaves.

use super::kit::{first_wins, last_wins, named, options, people, person, settled};
use crate::seats::{Race, Settled, replace};

fn after(race: &Race, method: &str, outcome: &Settled, leavers: &[usize]) -> Vec<Option<usize>> {
    replace(race, method, outcome, &options(&[]), leavers, &first_wins).unwrap()
}

/// Two lists of four seats and two; alternates two (2.08) and one (1.04).
fn council() -> Race {
    named(6, &[&[50, 49, 48, 47, 46, 10, 1], &[64, 58, 40, 3]])
}

#[test]
fn next_alternate_of_the_same_list_and_then_most_votes() {
    let race = council();
    let outcome = settled(&race, "article-24", &[]);
    assert_eq!((outcome.elected.len(), &outcome.alternates[..]), (6, &[4, 5, 9][..]));
    assert_eq!(after(&race, "article-24", &outcome, &[0, 7]), [Some(4), Some(9)]);
    // The second list has one alternate; after that the one with most votes of the others.
    assert_eq!(after(&race, "article-24", &outcome, &[7, 8]), [Some(9), Some(4)]);
    assert_eq!(
        after(&race, "article-24", &outcome, &[8, 7, 0, 1]),
        [Some(9), Some(4), Some(5), None]
    );
}

#[test]
fn alternate_who_leaves_is_out_of_the_queue() {
    let race = council();
    let outcome = settled(&race, "article-24", &[]);
    assert_eq!(after(&race, "article-24", &outcome, &[4, 0]), [None, Some(5)]);
}

#[test]
fn who_came_in_can_leave() {
    let race = council();
    let outcome = settled(&race, "article-24", &[]);
    // Nine came in for the second list, and five sits for the first.
    let leavers = [7, 9, 4];
    assert_eq!(after(&race, "article-24", &outcome, &leavers), [Some(9), Some(4), Some(5)]);
}

#[test]
fn pool_is_a_group_too() {
    let mut race = named(4, &[&[30, 30, 9, 8]]);
    race.candidates.extend([20, 21, 19].map(|votes| person(None, votes)));
    let outcome = settled(&race, "article-24", &[]);
    assert_eq!((&outcome.elected[..], &outcome.alternates[..]), (&[0, 1, 4, 5][..], &[2, 6][..]));
    assert_eq!(after(&race, "article-24", &outcome, &[4, 5, 0]), [Some(6), Some(2), None]);
}

#[test]
fn equal_votes_wait_for_a_lot_or_the_old_order() {
    // Lists of one seat each for the third: the alternates of the others are equal.
    let mut race = named(6, &[&[30, 30, 7], &[30, 30, 7], &[34, 33]]);
    let outcome = settled(&race, "article-24", &[]);
    assert_eq!(outcome.alternates, [2, 5]);
    let with = |race: &Race, pairs: &[(&str, &str)]| {
        replace(race, "article-24", &outcome, &options(pairs), &[6], &last_wins).unwrap()
    };
    assert_eq!(with(&race, &[]), [Some(5)]);
    race.candidates[2].veteran = true;
    assert_eq!(with(&race, &[("tie_persons", "old_order")]), [Some(2)]);
}

#[test]
fn other_methods_take_the_next_alternate_of_all() {
    let race = people(2, 2, &[40, 30, 20, 10]);
    let outcome = settled(&race, "block-plurality", &[]);
    assert_eq!(after(&race, "block-plurality", &outcome, &[1, 0, 2]), [Some(2), Some(3), None]);
}

#[test]
fn strangers_cannot_leave() {
    let race = people(1, 1, &[40, 30, 20]);
    let outcome = settled(&race, "block-plurality", &[]);
    for leavers in [&[2][..], &[9], &[0, 0]] {
        let method = "block-plurality";
        let result = replace(&race, method, &outcome, &options(&[]), leavers, &first_wins);
        assert!(result.is_err(), "{leavers:?}");
    }
}
