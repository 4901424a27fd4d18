//! Persons inside groups, and alternates under article 25.

use super::kit::{
    counted, empty, last_wins, named, options, people, person, person_tie, seats, settled,
};
use crate::seats::{Candidate, List, Names, Party, Race, Tie, TieKind, settle};

#[test]
fn most_votes_inside_a_list() {
    // 60 and 40 of five seats.
    let race = named(5, &[&[10, 30, 20, 0], &[5, 35]]);
    let outcome = settled(&race, "hare", &[]);
    assert_eq!(outcome.elected, [0, 1, 2, 4, 5]);
    assert!(outcome.alternates.is_empty());
}

#[test]
fn without_a_vote_nobody_is_eligible_unless_the_option_says_so() {
    // Four names, one of them without a vote: the list can take three seats.
    let race = named(4, &[&[10, 30, 20, 0]]);
    assert_eq!(settled(&race, "dhondt", &[]).vacant, 1);
    let outcome = settled(&race, "dhondt", &[("zero_votes", "elected")]);
    assert_eq!((outcome.vacant, outcome.elected), (0, vec![0, 1, 2, 3]));
}

#[test]
fn list_order_goes_by_position() {
    let mut race = named(2, &[&[10, 30, 20]]);
    assert_eq!(settled(&race, "dhondt", &[("persons", "list_order")]).elected, [0, 1]);
    race.candidates[0].position = Some(9);
    assert_eq!(settled(&race, "dhondt", &[("persons", "list_order")]).elected, [1, 2]);
}

#[test]
fn czech_order_at_exactly_ten_percent_above_the_mean() {
    // 400 votes, four names: the mean is 100, and 110 is the border.
    let czech = |votes: &[u64], seats: u32| {
        settled(&named(seats, &[votes]), "dhondt", &[("persons", "czech")]).elected
    };
    assert_eq!(czech(&[90, 100, 100, 110], 1), [3]);
    assert_eq!(czech(&[91, 100, 100, 109], 1), [0]);
    // Those above come first by votes, then by position; the others by position.
    assert_eq!(czech(&[60, 110, 120, 110], 1), [2]);
    assert_eq!(czech(&[60, 110, 120, 110], 2), [1, 2]);
    assert_eq!(czech(&[60, 110, 120, 110], 3), [1, 2, 3]);
    assert_eq!(czech(&[60, 50, 70, 220], 2), [0, 3]);
    // 403 votes: the mean is 100.75, of which the whole part counts, so the border is still 110.
    assert_eq!(czech(&[93, 100, 100, 110], 1), [3]);
    // 404: 101, and 111.1.
    assert_eq!(czech(&[93, 100, 100, 111], 1), [0]);
    // A list without a name has no average, and nobody to put in order.
    assert_eq!(settled(&counted(2, &[(9, 2)]), "dhondt", &[("persons", "czech")]).vacant, 0);
    assert_eq!(settled(&named(2, &[&[]]), "dhondt", &[("persons", "czech")]).vacant, 2);
}

#[test]
fn tie_inside_a_list_only_where_the_set_depends_on_it() {
    let race = named(2, &[&[30, 20, 20, 10]]);
    let outcome = settled(&race, "dhondt", &[]);
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[1, 2])]);
    assert_eq!(outcome.elected, [0, 1]);
    assert_eq!(settled(&Race { seats: 3, ..race }, "dhondt", &[]).ties, []);
}

/// Four of equal votes: veteran and degree as given.
fn equals(order: &[(bool, Option<u32>)], seats: u32, alternates: u32) -> Race {
    let candidate = |&(veteran, degree_rank): &(bool, Option<u32>)| Candidate {
        veteran,
        degree_rank,
        ..person(None, 10)
    };
    let candidates = order.iter().map(candidate).collect();
    Race { alternates, candidates, ..empty(seats) }
}

#[test]
fn old_order_is_veterans_then_degrees_then_a_lot() {
    let old = [("tie_persons", "old_order")];
    let race = equals(&[(false, Some(9)), (true, Some(1)), (true, Some(2))], 1, 2);
    let outcome = settled(&race, "block-plurality", &old);
    assert_eq!((outcome.elected, outcome.alternates), (vec![2], vec![1, 0]));
    assert_eq!(outcome.ties, []);
    // One degree among the veterans is unknown: a lot between the two of them alone.
    let race = equals(&[(false, Some(9)), (true, None), (true, Some(2))], 1, 0);
    let outcome = settled(&race, "block-plurality", &old);
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[1, 2])]);
    // An unknown degree of somebody who is not equal so far does not matter.
    let race = equals(&[(false, None), (true, Some(1)), (true, Some(2))], 1, 0);
    assert_eq!(settled(&race, "block-plurality", &old).elected, [2]);
    // Equal degrees wait for a lot.
    let race = equals(&[(false, Some(3)), (false, Some(3)), (false, Some(2))], 1, 0);
    let outcome = settled(&race, "block-plurality", &old);
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[0, 1])]);
    // By default nobody is preferred.
    let outcome = settled(&race, "block-plurality", &[]);
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[0, 1, 2])]);
}

#[test]
fn who_is_equal_is_asked_anew_for_each_tie() {
    let old = [("tie_persons", "old_order")];
    // One degree is unknown, so all three draw for the seat. The one of whom nothing is known wins:
    // the degrees of the others are known, and put them in order.
    let race = equals(&[(false, Some(1)), (false, Some(2)), (false, None)], 1, 2);
    let outcome = settle(&race, "block-plurality", &options(&old), &last_wins).unwrap();
    assert_eq!((&outcome.elected[..], &outcome.alternates[..]), (&[2][..], &[1, 0][..]));
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[0, 1, 2])]);
    // If another wins, the two who remain are still equal.
    let outcome = settled(&race, "block-plurality", &old);
    assert_eq!((&outcome.elected[..], &outcome.alternates[..]), (&[0][..], &[1, 2][..]));
    assert_eq!(outcome.ties[1..], [person_tie(TieKind::Alternate, 2, &[1, 2])]);
    // Inside a group as well: of two seats one is certain, and the alternate is one (1.04).
    let mut race = named(2, &[&[30, 20, 20, 20]]);
    race.candidates[1].degree_rank = Some(1);
    race.candidates[2].degree_rank = Some(2);
    let outcome = settle(&race, "article-24", &options(&old), &last_wins).unwrap();
    assert_eq!((&outcome.elected[..], &outcome.alternates[..]), (&[0, 3][..], &[2][..]));
    assert_eq!(outcome.ties, [person_tie(TieKind::Person, 1, &[1, 2, 3])]);
}

#[test]
fn old_order_holds_inside_groups() {
    let mut race = named(2, &[&[30, 20, 20]]);
    race.candidates[2].veteran = true;
    assert_eq!(settled(&race, "hare", &[("tie_persons", "old_order")]).elected, [0, 2]);
}

#[test]
fn alternates_are_52_percent_of_the_seats_of_each_group() {
    // Seats 11, 8, 2: 5.72, 4.16, 1.04.
    let big = |votes: u64| vec![votes; 21];
    let race = Race { seats: 21, ..named(21, &[&big(11), &big(8), &big(2)]) };
    assert_eq!(seats(&race, "article-24", &[]), [11, 8, 2]);
    let with = |rounding: &str| {
        let outcome = settled(&race, "article-24", &[("alt_rounding", rounding)]);
        let of = |list: usize| {
            outcome.alternates.iter().filter(|p| race.candidates[**p].list == Some(list)).count()
        };
        [of(0), of(1), of(2)]
    };
    assert_eq!(with("half_up"), [6, 4, 1]);
    assert_eq!(with("floor"), [5, 4, 1]);
    assert_eq!(with("ceil"), [6, 5, 2]);
    // 10.92 together are 11; whole parts 5, 4, 1, and the last to 0.72.
    assert_eq!(with("largest_remainder_to_11"), [6, 4, 1]);
}

#[test]
fn half_up_and_eleven_need_not_agree() {
    // Seats 7, 7, 7: 3.64 each, half up twelve; eleven are 3, 3, 3 and two of three by lot.
    let race = named(21, &[&[3; 21], &[3; 21], &[3; 21]]);
    assert_eq!(settled(&race, "article-24", &[]).alternates.len(), 12);
    let pairs = [("alt_rounding", "largest_remainder_to_11")];
    let outcome = settle(&race, "article-24", &options(&pairs), &last_wins).unwrap();
    assert_eq!(outcome.alternates.len(), 11);
    let between = vec![Party::List(0), Party::List(1), Party::List(2)];
    let numbers = Tie { kind: TieKind::Alternate, places: 2, between };
    assert!(outcome.ties.contains(&numbers));
    let of_first = |person: &&usize| race.candidates[**person].list == Some(0);
    assert_eq!(outcome.alternates.iter().filter(of_first).count(), 3);
}

#[test]
fn no_more_alternates_than_people_left() {
    // Ten seats: 5.2 alternates, and two people are left.
    let race = named(10, &[&[21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10]]);
    assert_eq!(settled(&race, "article-24", &[]).alternates, [10, 11]);
    // Only filled seats count: three of ten are 1.56, but nobody is left.
    let race = named(10, &[&[3, 2, 1]]);
    let outcome = settled(&race, "article-24", &[]);
    assert_eq!((outcome.vacant, outcome.alternates.len()), (7, 0));
}

#[test]
fn unnamed_people_are_neither_elected_nor_alternates() {
    let mut race = counted(4, &[(30, 9)]);
    race.lists.push(List { votes: 10, names: Names::Named });
    race.candidates = vec![person(Some(1), 4), person(Some(1), 6)];
    let outcome = settled(&race, "article-24", &[]);
    assert_eq!((outcome.elected, outcome.alternates), (vec![1], vec![0]));
    assert_eq!(outcome.groups, [(Party::List(0), 3), (Party::List(1), 1)]);
}

#[test]
fn order_of_equal_alternates_is_drawn_to_the_end() {
    // Pool of two seats, one alternate (1.04): two equals for one place.
    let outcome = settled(&people(2, 0, &[9, 8, 7, 7, 6]), "article-24", &[]);
    assert_eq!(outcome.alternates, [2]);
    assert_eq!(outcome.ties, [person_tie(TieKind::Alternate, 1, &[2, 3])]);
    // Four seats, two alternates (2.08): as many places as equals, and the order still counts.
    let race = people(4, 0, &[9, 9, 9, 9, 7, 7, 6]);
    let outcome = settle(&race, "article-24", &options(&[]), &last_wins).unwrap();
    assert_eq!(outcome.alternates, [5, 4]);
    assert_eq!(outcome.ties, [person_tie(TieKind::Alternate, 2, &[4, 5])]);
}
