//! Ties for seats: who is certain, who is tied, for how many places, and what the votes decide.

use super::kit::{first_wins, last_wins, lists, options, people, seat_tie, seats, settled};
use crate::seats::{Party, Tie, TieKind, settle};

#[test]
fn equal_quotients_with_too_few_seats_need_a_lot() {
    // 10 and 10 for one seat, then nothing is left.
    let race = lists(1, &[10, 10]);
    let outcome = settled(&race, "dhondt", &[]);
    assert_eq!(outcome.ties, [seat_tie(1, &[0, 1])]);
    assert_eq!(outcome.groups, [(Party::List(0), 1), (Party::List(1), 0)]);
    let outcome = settle(&race, "dhondt", &options(&[]), &last_wins).unwrap();
    assert_eq!(outcome.groups, [(Party::List(0), 0), (Party::List(1), 1)]);
}

#[test]
fn equal_quotients_with_enough_seats_need_none() {
    for method in ["dhondt", "adams", "hare", "droop"] {
        let outcome = settled(&lists(2, &[10, 10]), method, &[]);
        assert_eq!((outcome.ties.len(), outcome.groups[1].1), (0, 1), "{method}");
    }
}

#[test]
fn three_are_tied_for_two_places() {
    let outcome = settle(&lists(2, &[7, 7, 7]), "sainte-lague", &options(&[]), &last_wins).unwrap();
    assert_eq!(outcome.ties, [seat_tie(2, &[0, 1, 2])]);
    let seats: Vec<u32> = outcome.groups.iter().map(|(_, seats)| *seats).collect();
    assert_eq!(seats, [0, 1, 1]);
}

#[test]
fn larger_vote_total_decides_what_it_can() {
    // After the first seat: 100, 100, 100 for two places.
    let race = lists(3, &[200, 100, 100]);
    assert_eq!(settled(&race, "dhondt", &[]).ties, [seat_tie(2, &[0, 1, 2])]);
    let outcome = settled(&race, "dhondt", &[("tie_seats", "larger_vote_total")]);
    assert_eq!(outcome.ties, [seat_tie(1, &[1, 2])]);
    assert_eq!(outcome.groups[0].1, 2);
    // 200 / 2 against 100: the votes decide alone.
    let outcome = settled(&lists(2, &[200, 100]), "dhondt", &[("tie_seats", "larger_vote_total")]);
    assert_eq!((outcome.ties.len(), outcome.groups[0].1), (0, 2));
}

#[test]
fn divisor_zero_is_a_tie_only_with_equal_votes() {
    assert_eq!(settled(&lists(1, &[10, 9]), "adams", &[]).ties, []);
    assert_eq!(settled(&lists(1, &[10, 10]), "adams", &[]).ties, [seat_tie(1, &[0, 1])]);
}

#[test]
fn fractions_that_floats_confuse_are_told_apart() {
    // Quotients (2^60 + 1) / 1 and 2^60 / 1 are one number as doubles.
    let large = 1_u64 << 60;
    let outcome = settled(&lists(1, &[large, large + 1]), "dhondt", &[]);
    assert_eq!((outcome.ties.len(), outcome.groups[1].1), (0, 1));
    // 3 / 3 and 1 / 1 are equal whatever they are divided by.
    let outcome = settled(&lists(3, &[3 * large, large]), "dhondt", &[]);
    assert_eq!(outcome.ties, [seat_tie(1, &[0, 1])]);
}

#[test]
fn independents_are_groups_of_their_own_under_list_methods() {
    let outcome = settled(&people(2, 0, &[30, 20, 20, 0]), "dhondt", &[]);
    assert_eq!(outcome.elected, [0, 1]);
    let between = vec![Party::Independent(1), Party::Independent(2)];
    assert_eq!(outcome.ties, [Tie { kind: TieKind::Seat, places: 1, between }]);
    assert_eq!(outcome.groups.len(), 4);
}

#[test]
fn order_of_input_decides_nothing() {
    let votes = [100, 100, 50, 50, 40];
    let reversed: Vec<u64> = votes.iter().rev().copied().collect();
    let upside_down = |party: Party| match party {
        Party::List(index) => first_wins(Party::List(4 - index)),
        other => first_wins(other),
    };
    for method in ["dhondt", "sainte-lague", "imperiali", "adams", "hare", "imperiali-quota"] {
        for number in 1..12 {
            let forward = seats(&lists(number, &votes), method, &[]);
            let backward = lists(number, &reversed);
            let backward = settle(&backward, method, &options(&[]), &upside_down).unwrap();
            let backward: Vec<u32> = backward.groups.iter().rev().map(|(_, s)| *s).collect();
            assert_eq!(forward, backward, "{method} with {number} seats");
        }
    }
}
