//! Persons: the order of ties, of lists, the runoff, and who replaces whom. Numbers by hand.

use super::{independents, list, named, race, seats};
use crate::{
    Candidate, Departure, List, Lot, LotKind, Members, Method, Party, Race, Rule, SeatsError,
    Status, allocate, replace,
};

fn rule(name: &str, options: &[(&str, &str)]) -> Rule {
    Rule::parse(name, options.iter().copied()).unwrap()
}

fn person(votes: u64, veteran: bool, degree_rank: Option<u32>) -> Candidate {
    Candidate { votes, veteran, degree_rank, ..Candidate::default() }
}

#[test]
fn the_old_order_is_veterans_then_degree_then_a_lot() {
    let old = rule("block-plurality", &[("tie_persons", "old_order")]);
    let candidates = [
        person(5, false, Some(4)),
        person(5, true, Some(1)),
        person(5, false, Some(6)),
        person(5, false, Some(4)),
    ];
    let with = |count, alternates| {
        let race = Race { alternates, ..race(count, &[], &candidates) };
        allocate(&race, &old, &[]).unwrap()
    };
    assert_eq!((with(1, 0).elected, with(1, 0).status), (vec![1], Status::Final));
    assert_eq!(with(2, 0).elected, [1, 2]);
    let open = with(3, 0);
    assert_eq!((open.elected, open.status), (vec![1, 2], Status::LotRequired));
    assert_eq!(open.lots[0].between, [Party::Candidate(0), Party::Candidate(3)]);
    // Alternates follow the same order.
    assert_eq!(with(1, 1).alternates, [2]);
    assert_eq!(with(1, 2).lots[0].places, 1, "the second alternate is 0 or 3");
    let default = allocate(&race(1, &[], &candidates), &rule("block-plurality", &[]), &[]).unwrap();
    assert_eq!(default.lots[0].between.len(), 4, "the default asks for a lot at once");
}

#[test]
fn a_degree_that_is_not_known_decides_nothing() {
    let old = rule("block-plurality", &[("tie_persons", "old_order")]);
    let candidates = [person(5, false, Some(4)), person(5, false, None), person(5, false, Some(6))];
    let open = allocate(&race(1, &[], &candidates), &old, &[]).unwrap();
    assert_eq!((open.status, open.lots[0].between.len()), (Status::LotRequired, 3));
}

#[test]
fn a_lot_that_names_others_than_the_tied_is_refused() {
    let candidates = independents(&[4, 4, 4, 1]);
    let plurality = rule("relative-plurality", &[]);
    let one = race(1, &[], &candidates);
    let lot = |between: &[u32]| Lot {
        between: between.iter().copied().map(Party::Candidate).collect(),
        ..Lot::new(LotKind::Person, 1, Party::Candidate(2))
    };
    assert_eq!(allocate(&one, &plurality, &[lot(&[2, 0, 1])]).unwrap().elected, [2]);
    assert_eq!(allocate(&one, &plurality, &[lot(&[])]).unwrap().elected, [2]);
    // A late batch brought a third one to the tie: the lot between two is no longer a lot of it.
    for between in [&[0, 2][..], &[0, 1, 2, 3]] {
        assert!(matches!(
            allocate(&one, &plurality, &[lot(between)]),
            Err(SeatsError::LotBetweenOthers { lot_index: 0, .. })
        ));
    }
    // The second lot of a tie may name all, or those who were left.
    let two = race(2, &[], &candidates);
    for between in [&[0u32, 1][..], &[0, 1, 2]] {
        let second = Lot { place: 2, winner: Party::Candidate(0), ..lot(between) };
        let done = allocate(&two, &plurality, &[lot(&[0, 1, 2]), second]).unwrap();
        assert_eq!(done.elected, [0, 2]);
    }
}

#[test]
fn a_fifth_of_the_valid_ballots_elects_and_the_rest_goes_to_a_runoff() {
    let two_round = rule("two-round", &[]);
    let votes = [40, 20, 19, 10, 6, 5];
    let candidates = independents(&votes);
    let with = |count| Race { valid_ballots: Some(100), ..race(count, &[], &candidates) };
    // One seat: the first of two who have 20 %.
    let one = allocate(&with(1), &two_round, &[]).unwrap();
    assert_eq!((one.elected, one.status), (vec![0], Status::Final));
    // Three seats: 40 and exactly 20 of 100; one is open, between two.
    let three = allocate(&with(3), &two_round, &[]).unwrap();
    assert_eq!((three.elected.clone(), three.status), (vec![0, 1], Status::RunoffRequired));
    let runoff = three.runoff.unwrap();
    assert_eq!((runoff.seats, runoff.between), (1, vec![2, 3]));
    // Five seats: three open, six wanted, four left.
    let five = allocate(&with(5), &two_round, &[]).unwrap();
    assert_eq!(five.runoff.unwrap().between, [2, 3, 4, 5]);
    let second = rule("two-round", &[("round", "second")]);
    assert_eq!(allocate(&with(3), &second, &[]).unwrap().elected, [0, 1, 2]);
    let higher = rule("two-round", &[("first_round_percent", "20.1")]);
    assert_eq!(allocate(&with(3), &higher, &[]).unwrap().elected, [0]);
    let unknown = Race { valid_ballots: None, ..with(1) };
    assert!(matches!(allocate(&unknown, &two_round, &[]), Err(SeatsError::BallotsNeeded { .. })));
}

#[test]
fn a_tie_at_the_edge_of_the_runoff_needs_a_lot() {
    let candidates = independents(&[19, 12, 12, 3]);
    let race = Race { valid_ballots: Some(100), ..race(1, &[], &candidates) };
    let two_round = rule("two-round", &[]);
    let open = allocate(&race, &two_round, &[]).unwrap();
    assert_eq!((open.status, open.lots[0].kind), (Status::LotRequired, LotKind::Runoff));
    assert_eq!(open.runoff.unwrap().between, [0]);
    let lot = Lot::new(LotKind::Runoff, 1, Party::Candidate(2));
    let done = allocate(&race, &two_round, &[lot]).unwrap();
    assert_eq!((done.status, done.runoff.unwrap().between), (Status::RunoffRequired, vec![0, 2]));
}

/// A list with people in the order of the list.
fn in_order(votes: &[u64]) -> (Vec<List>, Vec<Candidate>) {
    let candidates: Vec<Candidate> = (1..)
        .zip(votes)
        .map(|(position, votes)| Candidate {
            list: Some(0),
            votes: *votes,
            position: Some(position),
            ..Candidate::default()
        })
        .collect();
    (vec![List { votes: votes.iter().sum(), members: Members::Named }], candidates)
}

#[test]
fn ten_per_cent_over_the_average_comes_first_exactly() {
    // 500 votes, five names: average 100, border 110.
    let (lists, candidates) = in_order(&[90, 109, 80, 110, 111]);
    let czech = rule("cz-municipal", &[]);
    let elected = |count, rule: &Rule| {
        allocate(&race(count, &lists, &candidates), rule, &[]).unwrap().groups[0].elected.clone()
    };
    assert_eq!(elected(3, &czech), [4, 3, 0], "111, 110, then the first of the list; 109 is not");
    assert_eq!(elected(3, &rule("dhondt", &[("persons", "list_order")])), [0, 1, 2]);
    assert_eq!(elected(3, &rule("dhondt", &[])), [4, 3, 1], "own votes");
    // The average is cut off: 198 / 7 is 28, and 31 x 10 >= 28 x 11; Doubice 2014.
    let (lists, candidates) = in_order(&[24, 24, 27, 29, 29, 34, 31]);
    let outcome = allocate(&race(3, &lists, &candidates), &czech, &[]).unwrap();
    assert_eq!(outcome.groups[0].elected, [5, 6, 0]);
    // Equal votes go by the order of the list, which is the law's own rule.
    let (lists, candidates) = in_order(&[50, 120, 120, 110]);
    let outcome = allocate(&race(1, &lists, &candidates), &czech, &[]).unwrap();
    assert_eq!((outcome.status, outcome.elected), (Status::Final, vec![1]));
}

#[test]
fn the_order_of_a_list_must_be_known_and_an_order() {
    let (lists, mut candidates) = in_order(&[9, 8]);
    let czech = rule("cz-municipal", &[]);
    candidates[1].position = Some(1);
    assert_eq!(
        allocate(&race(1, &lists, &candidates), &czech, &[]),
        Err(SeatsError::PositionRepeated { candidate: 1, position: 1 })
    );
    candidates[1].position = None;
    assert_eq!(
        allocate(&race(1, &lists, &candidates), &czech, &[]),
        Err(SeatsError::PositionNeeded { candidate: 1 })
    );
    assert!(allocate(&race(1, &lists, &candidates), &rule("dhondt", &[]), &[]).is_ok());
}

#[test]
fn more_than_half_of_the_votes_are_more_than_half_of_the_seats() {
    // 51 of 100 votes, 10 seats: 5.1; the others 1.9, 1.6, 1.4.
    let lists = super::unnamed(&[51, 19, 16, 14]);
    let ten = race(10, &lists, &[]);
    let hare = allocate(&ten, &rule("hare", &[]), &[]).unwrap();
    assert_eq!(seats(&hare), [5, 2, 2, 1]);
    let hesse = allocate(&ten, &rule("hesse-kreis", &[]), &[]).unwrap();
    assert_eq!(seats(&hesse), [6, 2, 1, 1]);
    // Exactly half is not more than half.
    let lists = super::unnamed(&[50, 19, 16, 15]);
    let even = allocate(&race(10, &lists, &[]), &rule("hesse-kreis", &[]), &[]).unwrap();
    assert_eq!(seats(&even), [5, 2, 2, 1]);
}

#[test]
fn seats_beforehand_at_least_and_at_most() {
    let lists = super::unnamed(&[90, 9, 1]);
    let found = |method: &str, options: &[(&str, &str)]| {
        seats(&allocate(&race(10, &lists, &[]), &rule(method, options), &[]).unwrap())
    };
    assert_eq!(found("dhondt", &[]), [9, 0, 0], "the tenth seat is tied: 90 / 10 and 9 / 1");
    assert_eq!(found("dhondt", &[("min_seats", "1")]), [8, 1, 1]);
    assert_eq!(found("dhondt", &[("initial_seats", "2")]), [6, 2, 2]);
    assert_eq!(found("dhondt", &[("max_seats", "5")]), [5, 5, 0]);
    assert_eq!(found("hare", &[("min_seats", "1")]), [8, 1, 1]);
    assert_eq!(found("hare", &[("initial_seats", "2")]), [6, 2, 2]);
    assert_eq!(found("hare", &[("max_seats", "5")]), [5, 4, 0], "5 for 9 and 1: 4.5 and 0.5 tie");
    let refused = allocate(&race(2, &lists, &[]), &rule("dhondt", &[("min_seats", "1")]), &[]);
    assert_eq!(refused, Err(SeatsError::MinSeatsTooMany { min_seats: 1, seats: 2 }));
}

#[test]
fn a_leaver_is_replaced_from_the_same_list_and_then_by_most_votes() {
    // A: 2 seats and 1 alternate; B: 1 and 1; the pool 1 and 1.
    let (lists, candidates) = named(&[&[50, 40, 30], &[45, 10, 5]], &[50, 20]);
    let four = race(4, &lists, &candidates);
    let rule = Rule::new(Method::Article24);
    let outcome = allocate(&four, &rule, &[]).unwrap();
    assert_eq!((seats(&outcome), outcome.alternates.clone()), (vec![2, 1, 1], vec![2, 4, 7]));
    let left = |leavers: &[u32]| replace(&four, &rule, &outcome, leavers, &[]).unwrap().departures;
    assert_eq!(left(&[0]), [(0, Departure::ReplacedBy(2))]);
    assert_eq!(left(&[0, 1]), [(0, Departure::ReplacedBy(2)), (1, Departure::ReplacedBy(7))]);
    assert_eq!(left(&[2, 0]), [(2, Departure::WasAlternate), (0, Departure::ReplacedBy(7))]);
    // Who came in can leave too, and is replaced from the list he is of.
    assert_eq!(left(&[0, 2]), [(0, Departure::ReplacedBy(2)), (2, Departure::ReplacedBy(7))]);
    let all = left(&[0, 1, 3, 6]);
    assert_eq!(all[3], (6, Departure::Vacant), "no alternate is left");
    assert_eq!(
        replace(&four, &rule, &outcome, &[5], &[]),
        Err(SeatsError::NotAMember { candidate: 5 })
    );
    assert!(replace(&four, &rule, &outcome, &[0, 0], &[]).is_err(), "nobody leaves twice");
}

#[test]
fn equal_alternates_of_other_lists_need_a_lot_to_replace() {
    let (lists, candidates) = named(&[&[60], &[45, 15], &[44, 15]], &[]);
    let three = race(3, &lists, &candidates);
    let rule = Rule::new(Method::Article24);
    let outcome = allocate(&three, &rule, &[]).unwrap();
    assert_eq!((outcome.elected.len(), outcome.alternates.clone()), (3, vec![2, 4]));
    let open = replace(&three, &rule, &outcome, &[0], &[]).unwrap();
    assert_eq!((open.departures.len(), open.lots.len()), (0, 1));
    let lot = Lot::new(LotKind::Alternate, 1, Party::Candidate(4));
    let done = replace(&three, &rule, &outcome, &[0], &[lot]).unwrap();
    assert_eq!(done.departures, [(0, Departure::ReplacedBy(4))]);
    assert_eq!(done.alternates, [2]);
}

#[test]
fn under_block_vote_the_next_alternate_comes_in() {
    let candidates = independents(&[9, 8, 7, 6, 5]);
    let race = Race { alternates: 2, ..race(2, &[], &candidates) };
    let rule = Rule::new(Method::BlockPlurality);
    let outcome = allocate(&race, &rule, &[]).unwrap();
    let done = replace(&race, &rule, &outcome, &[1, 0, 2], &[]).unwrap();
    let expected =
        [(1, Departure::ReplacedBy(2)), (0, Departure::ReplacedBy(3)), (2, Departure::Vacant)];
    assert_eq!(done.departures, expected);
    let tied = independents(&[4, 4]);
    let open = allocate(&super::race(1, &[], &tied), &rule, &[]).unwrap();
    assert!(matches!(
        replace(&super::race(1, &[], &tied), &rule, &open, &[0], &[]),
        Err(SeatsError::OutcomeOpen { status: "lot-required" })
    ));
    assert_eq!(list(0), Party::Group(crate::GroupKey::List(0)));
}
