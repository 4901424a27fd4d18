//! Divisor methods: known examples and quotients computed by hand.

use super::kit::{counted, lists, refused, seats, settled};

const THREE: &[u64] = &[53_000, 24_000, 23_000];

#[test]
fn textbook_with_eight_seats() {
    let race = lists(8, &[100_000, 80_000, 30_000, 20_000]);
    assert_eq!(seats(&race, "dhondt", &[]), [4, 3, 1, 0]);
    assert_eq!(seats(&race, "sainte-lague", &[]), [3, 3, 1, 1]);
}

#[test]
fn textbook_with_seven_seats() {
    let by = |method: &str| seats(&lists(7, THREE), method, &[]);
    assert_eq!(by("dhondt"), [4, 2, 1]);
    assert_eq!(by("sainte-lague"), [3, 2, 2]);
    assert_eq!(by("modified-sainte-lague"), [3, 2, 2]);
    assert_eq!(by("imperiali"), [5, 1, 1]);
    assert_eq!(by("danish"), [3, 2, 2]);
    assert_eq!(by("adams"), [3, 2, 2]);
    assert_eq!(by("huntington-hill"), [3, 2, 2]);
}

#[test]
fn first_divisor_makes_the_first_seat_dear() {
    // 18 against 53/3 = 17.67; over 1.4 it is 12.86.
    let race = lists(2, &[53, 18]);
    assert_eq!(seats(&race, "sainte-lague", &[]), [1, 1]);
    assert_eq!(seats(&race, "modified-sainte-lague", &[]), [2, 0]);
    assert_eq!(seats(&race, "modified-sainte-lague", &[("first_divisor", "1.01")]), [1, 1]);
    // Its borders: 1 is `sainte-lague`, and 2.99 is still below the second divisor.
    assert_eq!(seats(&race, "modified-sainte-lague", &[("first_divisor", "1")]), [1, 1]);
    assert_eq!(seats(&race, "modified-sainte-lague", &[("first_divisor", "2.99")]), [2, 0]);
    for divisor in ["0", "0.99", "3", "3.0"] {
        let message = refused(&race, "modified-sainte-lague", &[("first_divisor", divisor)]);
        assert!(message.contains("expected 1 to below 3"), "{message}");
    }
}

#[test]
fn danish_favours_the_small() {
    // 100, 25, 14.3, 10 against 11; by odd numbers 100, 33.3, 20, 14.3.
    let race = lists(4, &[100, 11]);
    assert_eq!(seats(&race, "danish", &[]), [3, 1]);
    assert_eq!(seats(&race, "sainte-lague", &[]), [4, 0]);
}

#[test]
fn huntington_hill_takes_roots() {
    // The second seat at 145/1.414 = 102.5 beats the ninth at 855/8.485 = 100.8.
    let race = lists(10, &[145, 855]);
    assert_eq!(seats(&race, "huntington-hill", &[]), [2, 8]);
    assert_eq!(seats(&race, "sainte-lague", &[]), [1, 9]);
}

#[test]
fn divisor_zero_goes_by_votes() {
    for method in ["adams", "huntington-hill"] {
        assert_eq!(seats(&lists(2, &[10, 30, 20]), method, &[]), [0, 1, 1]);
    }
}

#[test]
fn full_groups_are_passed_by_and_seats_nobody_takes_are_vacant() {
    let race = counted(7, &[(53, 2), (24, 9), (23, 1)]);
    assert_eq!(seats(&race, "dhondt", &[]), [2, 4, 1]);
    let race = counted(7, &[(53, 2), (24, 1)]);
    let outcome = settled(&race, "dhondt", &[]);
    assert_eq!((outcome.groups[0].1, outcome.groups[1].1, outcome.vacant), (2, 1, 4));
}

#[test]
fn max_seats_lowers_capacity() {
    assert_eq!(seats(&lists(7, THREE), "dhondt", &[("max_seats", "3")]), [3, 2, 2]);
}

#[test]
fn min_seats_are_the_start_of_the_divisors() {
    // From one seat each: 50, 33.3, 25, 20, against 5 and 4.
    let race = lists(5, &[100, 10, 8]);
    assert_eq!(seats(&race, "dhondt", &[]), [5, 0, 0]);
    assert_eq!(seats(&race, "dhondt", &[("min_seats", "1")]), [3, 1, 1]);
    // Capacity bounds the minimum as well.
    let race = counted(5, &[(100, 9), (10, 1), (8, 9)]);
    assert_eq!(seats(&race, "dhondt", &[("min_seats", "2")]), [2, 1, 2]);
}

#[test]
fn initial_seats_are_forgotten_by_the_method() {
    // Three given, and two more by 100 and 60; as a minimum by 50 and 33.3, against 30.
    let race = lists(5, &[100, 60, 8]);
    assert_eq!(seats(&race, "dhondt", &[("initial_seats", "1")]), [2, 2, 1]);
    assert_eq!(seats(&race, "dhondt", &[("min_seats", "1")]), [3, 1, 1]);
    // Capacity counts both.
    let race = counted(5, &[(100, 2), (40, 9), (8, 9)]);
    assert_eq!(seats(&race, "dhondt", &[("initial_seats", "1")]), [2, 2, 1]);
}

#[test]
fn least_seats_count_those_beforehand() {
    // Two beforehand each, and three by 100, 60 and 50.
    let race = lists(9, &[100, 60, 8]);
    let together = |initial: &str, least: &str| {
        seats(&race, "dhondt", &[("initial_seats", initial), ("min_seats", least)])
    };
    assert_eq!(together("2", "0"), [4, 3, 2]);
    // Both together are the larger of the two, never the sum.
    assert_eq!([together("2", "1"), together("2", "2")], [[4, 3, 2], [4, 3, 2]]);
    // One beforehand and one more at least: the divisors go on from that, 50, 33.3 and 30.
    assert_eq!(together("1", "2"), [4, 3, 2]);
    // Capacity bounds both together.
    let race = counted(9, &[(100, 9), (60, 1)]);
    let pairs = [("initial_seats", "1"), ("min_seats", "3")];
    assert_eq!(seats(&race, "dhondt", &pairs), [8, 1]);
    // Six seats are needed, whichever of the two asks for them.
    let race = lists(5, THREE);
    let message = refused(&race, "dhondt", &[("initial_seats", "1"), ("min_seats", "2")]);
    assert!(message.contains("min_seats = 2 needs 6 seats"), "{message}");
}

#[test]
fn more_initial_or_least_seats_than_seats_are_refused() {
    for name in ["initial_seats", "min_seats"] {
        let message = refused(&lists(5, THREE), "dhondt", &[(name, "2")]);
        assert!(message.contains("needs 6 seats, expected at most 5"), "{message}");
    }
}
