//! The golden cases of the law (21 seats), column by column; shares are written in thousandths.
//!
//! Raw seats and the plain half-up column are held in `article24.rs` beside the steps themselves.

use super::kit::{council, lists, refused, seats};

/// Lists first, the pool last.
const CASES: &[&[u64]] = &[
    &[450_000, 300_000, 250_000],
    &[408_000, 313_000, 279_000],
    &[490_000, 300_000, 130_000, 80_000],
    &[495_000, 304_000, 116_000, 85_000],
];

fn column(pairs: &[(&str, &str)]) -> Vec<Vec<u32>> {
    let seats_of = |votes: &&[u64]| {
        let (pool, lists) = votes.split_last().unwrap();
        seats(&council(21, lists, *pool), "article-24", pairs)
    };
    CASES.iter().map(seats_of).collect()
}

#[test]
fn half_up_then_remainder() {
    // The second case has one too many, and 0.568 is the smallest fraction that went up.
    let expected: [&[u32]; 4] = [&[10, 6, 5], &[8, 7, 6], &[10, 6, 3, 2], &[10, 6, 3, 2]];
    assert_eq!(column(&[("rounding", "half_up")]), expected);
    assert_eq!(column(&[("rounding", "half_even")]), expected);
}

#[test]
fn half_up_then_share() {
    let expected: [&[u32]; 4] = [&[10, 6, 5], &[8, 7, 6], &[10, 6, 3, 2], &[11, 6, 2, 2]];
    assert_eq!(column(&[("rounding", "half_up"), ("leftover", "largest_share")]), expected);
}

#[test]
fn half_up_with_an_excess_of_one() {
    // 8.568, 6.573, 5.859 all go up: 9, 7, 6 are 22.
    let race = council(21, &[408_000, 313_000], 279_000);
    let with =
        |excess: &str| seats(&race, "article-24", &[("rounding", "half_up"), ("excess", excess)]);
    assert_eq!(with("remove_smallest_rounded_up_fraction"), [8, 7, 6]);
    assert_eq!(with("remove_from_smallest_share"), [9, 7, 5]);
    assert_eq!(with("remove_from_largest"), [8, 7, 6]);
    let message = refused(&race, "article-24", &[("rounding", "half_up"), ("excess", "error")]);
    assert!(message.contains("1 seats too many"), "{message}");
}

#[test]
fn largest_remainder() {
    let expected: [&[u32]; 4] = [&[10, 6, 5], &[8, 7, 6], &[10, 6, 3, 2], &[10, 6, 3, 2]];
    assert_eq!(column(&[]), expected);
    assert_eq!(column(&[("rounding", "floor_then_remainder")]), expected);
}

#[test]
fn floor_then_largest_share() {
    let expected: [&[u32]; 4] = [&[10, 6, 5], &[9, 7, 5], &[11, 7, 2, 1], &[11, 7, 2, 1]];
    assert_eq!(column(&[("leftover", "largest_share")]), expected);
}

#[test]
fn dhondt() {
    let expected: [&[u32]; 4] = [&[10, 6, 5], &[9, 6, 6], &[11, 6, 3, 1], &[11, 7, 2, 1]];
    let by_dhondt = |votes: &&[u64]| seats(&lists(21, votes), "dhondt", &[]);
    assert_eq!(CASES.iter().map(by_dhondt).collect::<Vec<_>>(), expected);
}

/// A million valid ballots: 6.8, 4.5 and 1.2 million votes.
#[test]
fn denominator_changes_the_council() {
    let mut race = council(21, &[6_800_000, 4_500_000], 1_200_000);
    race.valid_ballots = Some(1_000_000);
    assert_eq!(seats(&race, "article-24", &[("denominator", "vote_sum")]), [11, 8, 2]);
    let by_ballots = |rounding: &str, leftover: &str| {
        let pairs =
            [("denominator", "valid_ballots"), ("rounding", rounding), ("leftover", leftover)];
        seats(&race, "article-24", &pairs)
    };
    // 6, 4, 1 and ten left over: three rounds by share, and A once more.
    assert_eq!(by_ballots("floor_then_remainder", "largest_share"), [10, 7, 4]);
    // 7, 5, 1 and eight left over: two rounds, then A and B.
    assert_eq!(by_ballots("half_up", "largest_share"), [10, 8, 3]);
    // Half even: 7, 4, 1 and nine left over, three whole rounds.
    assert_eq!(by_ballots("half_even", "largest_share"), [10, 7, 4]);
    // By remainder 0.8, 0.5, 0.2 the turns are the same as by share here.
    assert_eq!(by_ballots("floor_then_remainder", "largest_remainder"), [10, 7, 4]);
}
