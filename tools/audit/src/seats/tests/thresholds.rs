//! Thresholds at their exact border, and everything that bends them.

use super::kit::{council, counted, lists, named, people, refused, seats, settled};
use crate::seats::{List, Names, Race};

#[test]
fn exactly_the_percentage_passes() {
    // 50 of 1000 are 5 %; with 49 of 1000 they are not.
    let with = |votes: &[u64]| seats(&lists(20, votes), "dhondt", &[("threshold", "5")]);
    assert_eq!(with(&[950, 50])[1], 1);
    assert_eq!(with(&[951, 49])[1], 0);
    // 4.95 % is 49.5 of 1000.
    let with =
        |percent: &str| seats(&lists(20, &[951, 49]), "sainte-lague", &[("threshold", percent)])[1];
    assert_eq!((with("4.9"), with("4.95")), (1, 0));
}

#[test]
fn base_can_be_ballots_or_a_number() {
    let race =
        Race { valid_ballots: Some(1_000), taken_ballots: Some(1_001), ..lists(20, &[450, 50]) };
    let with = |base: &str| {
        seats(&race, "sainte-lague", &[("threshold", "5"), ("threshold_base", base)])[1]
    };
    assert_eq!((with("votes"), with("valid"), with("taken")), (2, 2, 0));
    assert_eq!((with("1000"), with("1001")), (2, 0));
}

#[test]
fn nobody_in_play_leaves_every_seat_vacant() {
    let outcome = settled(&lists(3, &[50, 50]), "hare", &[("threshold", "51")]);
    assert_eq!((outcome.vacant, outcome.no_votes), (3, false));
}

#[test]
fn groups_without_a_vote_are_never_in_play() {
    let race = counted(5, &[(10, 1), (0, 9)]);
    let outcome = settled(&race, "dhondt", &[("min_seats", "1")]);
    assert_eq!((outcome.groups[1].1, outcome.vacant), (0, 4));
}

#[test]
fn no_votes_at_all() {
    for method in ["dhondt", "hare", "article-24", "block-plurality", "two-round"] {
        let race = people(3, 0, &[0, 0, 0, 0]);
        let race = Race { alternates: 2, valid_ballots: Some(0), ..race };
        let outcome = settled(&race, method, &[("zero_votes", "elected")]);
        assert!(outcome.no_votes, "{method}");
        assert_eq!((outcome.vacant, outcome.elected.len()), (3, 0), "{method}");
        assert!(outcome.alternates.is_empty() && outcome.ties.is_empty(), "{method}");
    }
}

#[test]
fn short_lists_have_a_lower_bar() {
    // Base 1000; three names for six seats: base 500, and 5 % of it are 25 votes.
    let with = |votes: u64| {
        let race = counted(6, &[(1_000 - votes, 6), (votes, 3)]);
        let pairs = [("threshold", "5"), ("short_lists", "prorated"), ("initial_seats", "1")];
        seats(&race, "dhondt", &pairs)[1]
    };
    assert_eq!((with(25), with(24)), (1, 0));
    // Names are all candidates, eligible or not: here three of them, one without a vote.
    let race = named(6, &[&[300, 250, 200, 125, 80, 20], &[20, 5, 0]]);
    let pairs = [("threshold", "5"), ("short_lists", "prorated"), ("initial_seats", "1")];
    assert_eq!(seats(&race, "dhondt", &pairs)[1], 1);
}

#[test]
fn threshold_falls_until_enough_groups_pass() {
    // 90 %, 6 %, 4 %: P falls 8.5, 7.5, 6.5, 5.5 and stays there.
    let race = lists(20, &[900, 60, 40]);
    let with = |groups: &str| {
        let pairs = [("threshold", "8.5"), ("min_groups", groups), ("initial_seats", "1")];
        seats(&race, "dhondt", &pairs).iter().filter(|seats| **seats > 0).count()
    };
    assert_eq!([with("0"), with("1"), with("2"), with("3"), with("9")], [1, 1, 2, 3, 3]);
}

#[test]
fn scope_spares_the_pool() {
    let race = council(20, &[900, 40], 60);
    let with = |scope: &[(&str, &str)]| {
        let pairs = [&[("threshold", "10"), ("initial_seats", "1")], scope].concat();
        seats(&race, "article-24", &pairs)
    };
    assert_eq!(with(&[]), [20, 0, 0]);
    // Two of 20 are given; 18 seats by 900 and 60 votes are 16.875 and 1.125.
    assert_eq!(with(&[("threshold_scope", "lists")]), [18, 0, 2]);
}

#[test]
fn below_threshold_may_stay_in_the_denominator() {
    // Of 960 votes in play: 18.75 and 1.25, the first has the larger remainder.
    let race = council(20, &[900, 40], 60);
    let pairs = [("threshold", "5"), ("pool_gets_leftover", "no")];
    assert_eq!(seats(&race, "article-24", &pairs), [19, 0, 1]);
    // Of all 1000: 18 and 1.2, and the seat left goes by remainder to the pool.
    let pairs = [("threshold", "5"), ("below_threshold", "in_denominator")];
    assert_eq!(seats(&race, "article-24", &pairs), [18, 0, 2]);
}

#[test]
fn base_that_is_not_known_is_refused_if_it_is_needed() {
    let race = lists(2, &[5, 5]);
    let message = refused(&race, "dhondt", &[("threshold", "5"), ("threshold_base", "valid")]);
    assert!(message.contains("threshold_base is valid"), "{message}");
    assert_eq!(seats(&race, "dhondt", &[("threshold_base", "valid")]), [1, 1]);
    // Whether it comes to them or not: here nobody has a vote.
    let pairs = [("threshold", "5"), ("threshold_base", "taken")];
    assert!(refused(&lists(2, &[0]), "dhondt", &pairs).contains("threshold_base is taken"));
}

#[test]
fn any_votes_reach_a_share_of_nothing() {
    // Only raw seats divide by the ballots; a threshold multiplies.
    let race = Race { valid_ballots: Some(0), ..lists(2, &[5]) };
    let pairs = [("threshold", "5"), ("threshold_base", "valid")];
    assert_eq!(seats(&race, "dhondt", &pairs), [2]);
}

#[test]
fn groups_without_votes_do_not_stop_a_threshold_from_falling() {
    // 10 votes; the third list has no name, so its base is 0, of which 0 votes are any percentage.
    let mut race = lists(2, &[9, 1]);
    race.lists.push(List { votes: 0, names: Names::Named });
    let pairs = [
        ("threshold", "11"),
        ("short_lists", "prorated"),
        ("min_groups", "2"),
        ("initial_seats", "1"),
    ];
    assert_eq!(seats(&race, "dhondt", &pairs), [1, 1, 0]);
}
