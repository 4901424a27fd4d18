//! What is refused: each says what was found and what was expected, and nothing panics.

use super::kit::{counted, empty, lists, named, people, person, refused, settled};
use crate::seats::Race;

#[test]
fn unknown_methods_options_and_values() {
    let race = lists(3, &[1, 2]);
    type Pairs = &'static [(&'static str, &'static str)];
    let cases: &[(&str, Pairs, &str)] = &[
        ("d'hondt", &[], "expected one of relative-plurality"),
        ("dhondt", &[("treshold", "5")], "option \"treshold\" is unknown"),
        ("dhondt", &[("threshold", "5%")], "expected a number such as 2.5"),
        ("dhondt", &[("threshold", "-1")], "expected a number such as 2.5"),
        ("dhondt", &[("threshold", "100.5")], "expected 0 to 100"),
        ("dhondt", &[("threshold", "5"), ("threshold_base", "all")], "votes, valid, taken"),
        ("dhondt", &[("min_seats", "+1")], "expected a whole number"),
        ("dhondt", &[("tie_seats", "coin")], "lot_required or larger_vote_total"),
        // The value of an option is looked at even where the race does not need it.
        ("dhondt", &[("excess", "none")], "expected remove_smallest"),
        ("hare", &[("majority", "yes")], "expected off or more_than_half"),
        ("article-24", &[("rounding", "up")], "floor_then_remainder or half_up or half_even"),
        ("article-24", &[("min_seats", "1")], "no step provides for it"),
    ];
    for (method, pairs, expected) in cases {
        let message = refused(&race, method, pairs);
        assert!(message.contains(expected), "{message}");
    }
    // Nor does it take a vote to see that a value is wrong.
    let message = refused(&lists(3, &[0]), "dhondt", &[("threshold", "5%")]);
    assert!(message.contains("expected a number"), "{message}");
}

#[test]
fn default_values_may_be_written_out() {
    let race = Race { valid_ballots: Some(99), ..named(3, &[&[5, 4], &[4, 2], &[1]]) };
    type Pairs = &'static [(&'static str, &'static str)];
    let cases: &[(&str, Pairs)] = &[
        ("hare", &[("majority", "off"), ("short_lists", "whole"), ("persons", "own_votes")]),
        ("modified-sainte-lague", &[("first_divisor", "1.4"), ("threshold_base", "votes")]),
        ("article-24", &[("below_threshold", "left_out"), ("threshold_scope", "lists_and_pool")]),
        ("two-round", &[("round", "first"), ("first_round_percent", "20")]),
    ];
    for (method, pairs) in cases {
        assert_eq!(settled(&race, method, pairs), settled(&race, method, &[]), "{method}");
    }
}

#[test]
fn seats_outside_the_limits() {
    for seats in [0, 10_001] {
        assert!(refused(&lists(seats, &[1]), "dhondt", &[]).contains("expected 1 to 10000"));
    }
}

#[test]
fn candidates_of_lists_that_cannot_have_them() {
    let mut race = empty(1);
    race.candidates.push(person(Some(0), 1));
    assert!(refused(&race, "dhondt", &[]).contains("expected one of 0 lists"));
    race.lists = counted(1, &[(1, 1)]).lists;
    assert!(refused(&race, "dhondt", &[]).contains("expected names among the candidates"));
}

#[test]
fn positions_that_are_needed_and_not_there() {
    let mut race = named(1, &[&[5, 4]]);
    race.candidates[1].position = Some(1);
    assert!(refused(&race, "hare", &[("persons", "czech")]).contains("held twice"));
    race.candidates[1].position = None;
    assert!(refused(&race, "hare", &[("persons", "list_order")]).contains("known position"));
}

#[test]
fn largest_numbers_do_not_overflow() {
    let most = u64::MAX;
    let mut race = people(3, 2, &[most, most, most, most]);
    race.valid_ballots = Some(1);
    for method in ["block-plurality", "dhondt", "huntington-hill", "imperiali-quota", "article-24"]
    {
        let outcome = super::kit::settled(&race, method, &[]);
        assert_eq!(outcome.elected.len(), 3, "{method}");
    }
    let message = refused(&race, "article-24", &[("denominator", "valid_ballots")]);
    assert!(message.contains("expected"), "{message}");
}
