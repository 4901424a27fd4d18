//! Quota methods: known examples, capacities, minimum, excess and the clause of the majority.

use super::kit::{counted, last_wins, lists, options, seat_tie, seats, settled};
use crate::seats::settle;

/// Of 100,000 votes, for ten seats.
const SIX: &[u64] = &[47_000, 16_000, 15_900, 12_000, 6_000, 3_100];

#[test]
fn textbook_with_ten_seats() {
    let by = |method: &str| seats(&lists(10, SIX), method, &[]);
    assert_eq!(by("hare"), [5, 2, 1, 1, 1, 0]);
    assert_eq!(by("droop"), [5, 2, 2, 1, 0, 0]);
    assert_eq!(by("hagenbach-bischoff"), [5, 2, 2, 1, 0, 0]);
    assert_eq!(by("imperiali-quota"), [5, 2, 2, 1, 0, 0]);
}

#[test]
fn droop_is_whole_and_hagenbach_bischoff_is_not() {
    // 30 / 3 = 10 exactly: three whole quotas for two seats; 11 is one for each of the large.
    let race = lists(2, &[20, 10]);
    assert_eq!(settled(&race, "droop", &[]).ties, []);
    assert_eq!(seats(&race, "droop", &[]), [1, 1]);
    // Remainders 0 and 0: both lose one, 1 and 0, and compete for the one place that is left.
    let outcome = settled(&race, "hagenbach-bischoff", &[]);
    assert_eq!(outcome.ties, [seat_tie(1, &[0, 1])]);
    assert_eq!((outcome.groups[0].1, outcome.groups[1].1), (2, 0));
    let other = settle(&race, "hagenbach-bischoff", &options(&[]), &last_wins).unwrap();
    assert_eq!((other.groups[0].1, other.groups[1].1), (1, 1));
    let larger = settled(&race, "hagenbach-bischoff", &[("tie_seats", "larger_vote_total")]);
    assert_eq!((larger.ties.len(), larger.groups[0].1), (0, 2));
}

#[test]
fn excess_is_taken_from_the_smallest_remainders() {
    // Quota 25: 3 and 1 for two seats, one from each.
    assert_eq!(seats(&lists(2, &[75, 25]), "imperiali-quota", &[]), [2, 0]);
    // Quota 100/5 = 20: 2.05, 1.95, 1 are four whole numbers for three seats.
    let race = lists(3, &[41, 39, 20]);
    assert_eq!(seats(&race, "imperiali-quota", &[]), [2, 1, 0]);
}

#[test]
fn excess_in_several_rounds() {
    // One group: 100 / (100/3) = 3 for one seat; it loses one in each of two rounds.
    assert_eq!(seats(&lists(1, &[100]), "imperiali-quota", &[]), [1]);
}

#[test]
fn minimum_is_not_lost_to_an_excess() {
    // Quota 25: 3 and 1; only the first has a seat above its minimum.
    let race = lists(3, &[75, 25]);
    let outcome = settled(&race, "hagenbach-bischoff", &[("min_seats", "1")]);
    assert_eq!((outcome.groups[0].1, outcome.groups[1].1), (2, 1));
    assert_eq!(outcome.ties, []);
}

#[test]
fn capacity_sends_votes_and_seats_away() {
    // Quota 10: 6 > 2 leaves. Then 40 votes, 8 seats, quota 5: 5.2 and 2.8.
    let race = counted(10, &[(60, 2), (26, 20), (14, 20)]);
    assert_eq!(seats(&race, "hare", &[]), [2, 5, 3]);
    // Nobody can take what is left.
    let race = counted(10, &[(60, 2), (26, 1), (14, 3)]);
    assert_eq!(settled(&race, "hare", &[]).vacant, 4);
}

#[test]
fn capacity_is_met_by_remainders_too() {
    // Quota 25: 1.56, 1.4, 1.04; the largest remainder is full, the next takes the seat.
    let race = counted(4, &[(39, 1), (35, 9), (26, 9)]);
    assert_eq!(seats(&race, "hare", &[]), [1, 2, 1]);
}

#[test]
fn seats_left_go_round_more_than_once() {
    // Three votes for ten seats: quota 1, so 2 and 1, and seven go round by remainders of 0.
    let race = lists(10, &[2, 1]);
    assert_eq!(seats(&race, "droop", &[("tie_seats", "larger_vote_total")]), [6, 4]);
}

#[test]
fn minimum_leaves_with_its_votes() {
    // Quota 10: 9.1, 0.5, 0.4. Both small leave with one; 91 votes on eight seats.
    let race = lists(10, &[91, 5, 4]);
    assert_eq!(seats(&race, "hare", &[]), [9, 1, 0]);
    assert_eq!(seats(&race, "hare", &[("min_seats", "1")]), [8, 1, 1]);
    let race = counted(10, &[(91, 99), (5, 1), (4, 9)]);
    assert_eq!(seats(&race, "hare", &[("min_seats", "2")]), [7, 1, 2]);
}

#[test]
fn majority_of_votes_gets_the_first_of_the_seats_left() {
    // Quota 250: 2.02, 1.02, 0.96: the last seat would go to the third.
    let race = lists(4, &[505, 255, 240]);
    assert_eq!(seats(&race, "hare", &[]), [2, 1, 1]);
    assert_eq!(seats(&race, "hare", &[("majority", "more_than_half")]), [3, 1, 0]);
    // Exactly half the votes is no majority.
    let race = lists(4, &[500, 260, 240]);
    assert_eq!(seats(&race, "hare", &[("majority", "more_than_half")]), [2, 1, 1]);
}

#[test]
fn majority_has_had_its_turn() {
    // Quota 104: 2.01, 0.97, 0.96, 0.05: two left; the majority takes one, then only one is left.
    let race = lists(4, &[210, 101, 100, 5]);
    assert_eq!(seats(&race, "hare", &[]), [2, 1, 1, 0]);
    assert_eq!(seats(&race, "hare", &[("majority", "more_than_half")]), [3, 1, 0, 0]);
}

#[test]
fn majority_is_for_those_who_still_take_part() {
    // Quota 1: one whole seat is less than two, so it leaves with two, and three stay vacant.
    let race = lists(5, &[1]);
    let pairs = [("majority", "more_than_half"), ("min_seats", "2")];
    let outcome = settled(&race, "droop", &pairs);
    assert_eq!((outcome.groups[0].1, outcome.vacant), (2, 3));
}

#[test]
fn majority_is_of_the_seats_that_the_method_distributes() {
    // One beforehand each; two are left, quota 50: 1.08, 0.58, 0.34. One of two is no majority.
    let race = lists(5, &[54, 29, 17]);
    let pairs = [("majority", "more_than_half"), ("initial_seats", "1")];
    assert_eq!(seats(&race, "hare", &pairs[1..]), [2, 2, 1]);
    assert_eq!(seats(&race, "hare", &pairs), [3, 1, 1]);
}

#[test]
fn majority_that_a_lot_would_decide_is_not_left_to_it() {
    // Quota 10: 1.6, 0.6, 0.8: one seat for the third, one between the first and the second.
    let race = lists(3, &[16, 6, 8]);
    assert_eq!(settled(&race, "hare", &[]).ties, [seat_tie(1, &[0, 1])]);
    let outcome =
        settle(&race, "hare", &options(&[("majority", "more_than_half")]), &last_wins).unwrap();
    assert_eq!((outcome.groups[0].1, outcome.groups[2].1, outcome.ties.len()), (2, 1, 0));
}

#[test]
fn capacities_of_more_than_the_seats_left_are_only_cut_to() {
    // Quota 25: 3 and 1 for two seats. The first leaves with two; the second, alone, has two whole
    // quotas of 12.5 and room for one, but no seat is left: it is cut to one, and loses it.
    let race = counted(2, &[(75, 2), (25, 1)]);
    let outcome = settled(&race, "imperiali-quota", &[]);
    assert_eq!((outcome.groups[0].1, outcome.groups[1].1, outcome.ties.len()), (2, 0, 0));
    // Alone, with quota 8: four for two seats, cut to the three that there is room for.
    assert_eq!(seats(&counted(2, &[(32, 3)]), "imperiali-quota", &[]), [2]);
    // Quota 100/6: 3.6, 1.2, 1.2 for four seats: nobody is full, and one 0.2 has to go.
    let race = counted(4, &[(60, 3), (20, 2), (20, 2)]);
    assert_eq!(settled(&race, "imperiali-quota", &[]).ties, [seat_tie(1, &[1, 2])]);
}

#[test]
fn nobody_leaves_with_what_others_must_not_fall_below() {
    // As above, but the second must have one: two and one are more than two seats, so nobody
    // leaves, and the first loses the seat that only it can lose.
    let race = counted(2, &[(75, 2), (25, 1)]);
    let outcome = settled(&race, "imperiali-quota", &[("min_seats", "1")]);
    assert_eq!((outcome.groups[0].1, outcome.groups[1].1, outcome.ties.len()), (1, 1, 0));
}

#[test]
fn least_seats_count_those_beforehand() {
    // One beforehand each, then 6.37, 0.35 and 0.28 of seven.
    let race = lists(10, &[91, 5, 4]);
    let with = |initial: &str, least: &str| {
        seats(&race, "hare", &[("initial_seats", initial), ("min_seats", least)])
    };
    assert_eq!([with("1", "0"), with("1", "1")], [[8, 1, 1], [8, 1, 1]]);
    // Of the two at least, one is given already: both small leave with one more.
    assert_eq!(with("1", "2"), [6, 2, 2]);
}

#[test]
fn largest_remainders_that_are_equal_wait_for_a_lot() {
    // Quota 33.3: 0.75, 0.75, 1.5: two places for two equals.
    let outcome = settled(&lists(3, &[25, 25, 50]), "hare", &[]);
    assert_eq!(outcome.ties, []);
    // Quota 50: 0.6, 0.6, 0.8.
    let outcome = settled(&lists(2, &[30, 30, 40]), "hare", &[]);
    assert_eq!((outcome.groups[2].1, &outcome.ties[..]), (1, &[seat_tie(1, &[0, 1])][..]));
}
