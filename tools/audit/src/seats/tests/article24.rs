//! Article 24: excess, leftovers, short lists, two stages. The golden cases stand in `golden.rs`.

use super::kit::{council, counted, last_wins, lists, options, refused, seat_tie, seats, settled};
use crate::seats::{Party, Race, Tie, TieKind, settle};

const BY_BALLOTS: (&str, &str) = ("denominator", "valid_ballots");

fn with_ballots(race: Race, valid: u64) -> Race {
    Race { valid_ballots: Some(valid), ..race }
}

#[test]
fn half_even_goes_to_the_even_number() {
    // 2.5, 1.5 and 1: half up 3 and 2 are six of five; half even 2 and 2 are five.
    let race = lists(5, &[50, 30, 20]);
    assert_eq!(seats(&race, "article-24", &[("rounding", "half_even")]), [2, 2, 1]);
    let outcome = settled(&race, "article-24", &[("rounding", "half_up")]);
    // Both fractions are 0.5: the tied lose one each and compete for the one place that stays.
    assert_eq!(outcome.ties, [seat_tie(1, &[0, 1])]);
    assert_eq!((outcome.groups[0].1, outcome.groups[1].1), (3, 1));
    let pairs = [("rounding", "half_up"), ("tie_seats", "larger_vote_total")];
    let outcome = settle(&race, "article-24", &options(&pairs), &last_wins).unwrap();
    assert_eq!((outcome.ties.len(), outcome.groups[0].1), (0, 3));
}

#[test]
fn excess_is_taken_in_rounds() {
    // 40, 30, 20 and 10 votes on ten ballots: 4, 3, 2 and 1 for three seats.
    let race = with_ballots(lists(3, &[40, 30, 20, 10]), 10);
    let with = |rule: &str| seats(&race, "article-24", &[BY_BALLOTS, ("excess", rule)]);
    // Round one takes four (3, 2, 1, 0), round two the three smallest that hold one (2, 1, 0).
    assert_eq!(with("remove_from_smallest_share"), [2, 1, 0, 0]);
    assert_eq!(with("remove_from_largest"), [2, 1, 0, 0]);
    // One more seat: six to take, four and two.
    let race = with_ballots(lists(4, &[40, 30, 20, 10]), 10);
    let with = |rule: &str| seats(&race, "article-24", &[BY_BALLOTS, ("excess", rule)]);
    assert_eq!(with("remove_from_smallest_share"), [3, 1, 0, 0]);
    assert_eq!(with("remove_from_largest"), [2, 1, 1, 0]);
}

#[test]
fn excess_without_anybody_rounded_up_is_refused() {
    let race = with_ballots(lists(3, &[40, 10]), 10);
    let message = refused(&race, "article-24", &[BY_BALLOTS]);
    assert!(message.contains("2 seats too many"), "{message}");
}

#[test]
fn only_those_rounded_up_lose_by_fraction() {
    // 1.9, 1.8, 3.3: half up 2, 2, 3 of six; the 0.3 was rounded down and keeps its seat.
    let race = with_ballots(lists(6, &[19, 18, 33]), 10);
    assert_eq!(seats(&race, "article-24", &[BY_BALLOTS, ("rounding", "half_up")]), [2, 1, 3]);
}

#[test]
fn remainder_after_rounding_up_is_negative() {
    // 1.6, 1.1, 1.2 half up are 2, 1, 1; of two left 0.2 and 0.1 come before -0.4.
    let race = with_ballots(lists(6, &[16, 11, 12]), 10);
    assert_eq!(seats(&race, "article-24", &[BY_BALLOTS, ("rounding", "half_up")]), [2, 2, 2]);
}

#[test]
fn leftover_by_highest_average_goes_on_from_the_seats_held() {
    // 6, 4 and 1 with one left: 68/7 = 9.71, 45/5 = 9, 19/2 = 9.5.
    let race = with_ballots(lists(12, &[68, 45, 19]), 10);
    let with = |rule: &str| seats(&race, "article-24", &[BY_BALLOTS, ("leftover", rule)]);
    assert_eq!(with("highest_average"), [7, 4, 1]);
    assert_eq!(with("largest_remainder"), [6, 4, 2]);
    assert_eq!(with("largest_share"), [7, 4, 1]);
}

#[test]
fn short_lists_overflow_or_stay_vacant() {
    // 6, 3 and 1; the first has four names.
    let race = counted(10, &[(60, 4), (30, 9), (10, 9)]);
    assert_eq!(seats(&race, "article-24", &[]), [4, 4, 2], "two by remainder 0 need no lot");
    let outcome = settled(&race, "article-24", &[("list_too_short", "vacant")]);
    assert_eq!((outcome.vacant, outcome.groups[0].1, outcome.groups[1].1), (2, 4, 3));
    // Under `vacant` a full list still has its turn: 1, 0 and 0 of 1.5, 0.86, 0.64, and two left.
    let race = counted(3, &[(75, 1), (43, 9), (32, 9)]);
    let share = ("leftover", "largest_share");
    assert_eq!(seats(&race, "article-24", &[share]), [1, 1, 1]);
    let outcome = settled(&race, "article-24", &[("list_too_short", "vacant"), share]);
    assert_eq!((outcome.vacant, outcome.groups[0].1, outcome.groups[1].1), (1, 1, 1));
}

#[test]
fn pool_may_be_kept_from_seats_left() {
    // 1.4, 0.8 and 0.8 of three; two left.
    let race = council(3, &[14, 8], 8);
    assert_eq!(seats(&race, "article-24", &[]), [1, 1, 1]);
    assert_eq!(seats(&race, "article-24", &[("pool_gets_leftover", "no")]), [2, 1, 0]);
    // If the lists are full, what is left is vacant.
    let mut race = counted(3, &[(14, 1), (8, 1)]);
    race.candidates = council(3, &[], 8).candidates;
    let outcome = settled(&race, "article-24", &[("pool_gets_leftover", "no")]);
    assert_eq!((outcome.vacant, outcome.groups[2]), (1, (Party::Pool, 0)));
}

#[test]
fn two_stages_count_lists_together_first() {
    // One stage: 1.75, 1.65 and 0.6 of four.
    let race = council(4, &[175, 165], 60);
    assert_eq!(seats(&race, "article-24", &[]), [2, 2, 0]);
    // Two: 3.4 and 0.6 of four, then 1.54 and 1.46 of three.
    assert_eq!(seats(&race, "article-24", &[("two_stage", "on")]), [2, 1, 1]);
}

#[test]
fn two_stages_can_each_have_a_tie() {
    // 1.5 against 0.5 of two: the pool wins this lot; then a third of a seat each.
    let race = council(2, &[13, 13, 13], 13);
    let outcome = settled(&race, "article-24", &[("two_stage", "on")]);
    let between = vec![Party::Pool, Party::AllLists];
    let first = Tie { kind: TieKind::Seat, places: 1, between };
    assert_eq!(outcome.ties, [first, seat_tie(1, &[0, 1, 2])]);
    let seats: Vec<u32> = outcome.groups.iter().map(|(_, seats)| *seats).collect();
    assert_eq!(seats, [1, 0, 0, 1]);
}

#[test]
fn two_stages_need_lists_and_a_pool() {
    for race in [council(4, &[], 17), lists(4, &[10, 7])] {
        let pairs = [("two_stage", "on")];
        assert_eq!(settled(&race, "article-24", &pairs), settled(&race, "article-24", &[]));
    }
}

#[test]
fn two_stages_need_lists_and_a_pool_in_play() {
    // The pool falls below 25 %. One stage, of all 100 votes: 2.08 and 1.12 of four; in two the
    // lists would be 2.6 and 1.4 of four.
    let race = council(4, &[52, 28], 20);
    let pairs = [("threshold", "25"), ("below_threshold", "in_denominator")];
    let with = |two_stage: &'static str| {
        seats(&race, "article-24", &[&pairs[..], &[("two_stage", two_stage)]].concat())
    };
    assert_eq!([with("off"), with("on")], [[2, 2, 0], [2, 2, 0]]);
    // No list reaches 50 %: the pool has what one stage gives it, by its share of all votes.
    let race = council(4, &[30, 10], 60);
    let pairs = [("threshold", "50"), ("below_threshold", "in_denominator")];
    let more = [("two_stage", "on"), ("pool_gets_leftover", "no")];
    let outcome = settled(&race, "article-24", &[pairs, more].concat());
    assert_eq!((outcome.groups[2], outcome.vacant), ((Party::Pool, 2), 2));
}

#[test]
fn lists_without_a_seat_have_no_second_stage() {
    // Of two valid ballots: the lists together have 1.5 seats and no name, the pool takes both. A
    // second stage would find a whole seat too many, and refuse.
    let mut race = with_ballots(counted(2, &[(3, 0)]), 2);
    race.candidates = council(2, &[], 2).candidates;
    assert_eq!(seats(&race, "article-24", &[BY_BALLOTS, ("two_stage", "on")]), [0, 2]);
}

#[test]
fn two_stages_with_short_lists() {
    // 80 against 20 of ten: 8 and 2. The lists have three names each: the pool takes the rest.
    let mut race = counted(10, &[(60, 3), (20, 3)]);
    race.candidates = council(10, &[], 20).candidates;
    assert_eq!(seats(&race, "article-24", &[("two_stage", "on")]), [3, 3, 4]);
    // Vacant: 6 and 2 of eight, and the first fills three.
    let pairs = [("two_stage", "on"), ("list_too_short", "vacant")];
    let outcome = settled(&race, "article-24", &pairs);
    let seats: Vec<u32> = outcome.groups.iter().map(|(_, seats)| *seats).collect();
    assert_eq!((seats, outcome.vacant), (vec![3, 2, 2], 3));
}

#[test]
fn ballots_that_are_not_known_are_refused() {
    let race = lists(3, &[1, 2]);
    assert!(refused(&race, "article-24", &[BY_BALLOTS]).contains("denominator"));
    assert!(refused(&with_ballots(race, 0), "article-24", &[BY_BALLOTS]).contains("is 0"));
}
