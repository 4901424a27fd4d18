//! Article 24 under every reading: the constructed cases of docs/law.md, and one case for each
//! option that shows what it changes. Numbers were worked out by hand.

use super::{independents, list, named, race, seats, unnamed};
use crate::{
    Fact, GroupKey, List, Lot, LotKind, Members, Outcome, Party, Race, Rule, SeatsError, Status,
    allocate,
};

/// An independent pool of 21 people with this total, all different.
fn pool(total: u64) -> Vec<u64> {
    let mut votes: Vec<u64> = (1..=20).collect();
    votes.push(total - votes.iter().sum::<u64>());
    votes
}

fn rule(options: &[(&str, &str)]) -> Rule {
    Rule::parse("article-24", options.iter().copied()).unwrap()
}

fn run(lists: &[u64], pooled: u64, options: &[(&str, &str)]) -> Outcome {
    let entries = unnamed(lists);
    let candidates = if pooled == 0 { Vec::new() } else { independents(&pool(pooled)) };
    let valid_ballots = Some(1_000_000);
    let race = Race { valid_ballots, ..race(21, &entries, &candidates) };
    allocate(&race, &rule(options), &[]).unwrap()
}

#[test]
fn rounding_and_what_follows_it() {
    type Case = (&'static [u64], u64, [&'static [u32]; 4]);
    // half up with the default excess and leftover; floor with each way of giving what is left
    let cases: [Case; 4] = [
        (&[450_000, 300_000], 250_000, [&[10, 6, 5], &[10, 6, 5], &[10, 6, 5], &[10, 6, 5]]),
        // half up gives 9-7-6, one too many: the smallest fraction that was rounded up is .568
        (&[408_000, 313_000], 279_000, [&[8, 7, 6], &[8, 7, 6], &[9, 7, 5], &[9, 6, 6]]),
        (
            &[490_000, 300_000, 130_000],
            80_000,
            [&[10, 6, 3, 2], &[10, 6, 3, 2], &[11, 7, 2, 1], &[11, 6, 3, 1]],
        ),
        (
            &[495_000, 304_000, 116_000],
            85_000,
            [&[10, 6, 3, 2], &[10, 6, 3, 2], &[11, 7, 2, 1], &[11, 7, 2, 1]],
        ),
    ];
    for (lists, pooled, [half_up, remainder, share, average]) in cases {
        let found = |options: &[(&str, &str)]| seats(&run(lists, pooled, options));
        assert_eq!(found(&[("rounding", "half_up")]), half_up, "{lists:?}");
        assert_eq!(found(&[]), remainder, "{lists:?}");
        assert_eq!(found(&[("leftover", "largest_share")]), share, "{lists:?}");
        assert_eq!(found(&[("leftover", "highest_average")]), average, "{lists:?}");
    }
    // 10-6-2-2 by half up, one left: by share it goes to the largest list
    let options = [("rounding", "half_up"), ("leftover", "largest_share")];
    assert_eq!(seats(&run(&[495_000, 304_000, 116_000], 85_000, &options)), [11, 6, 2, 2]);
}

#[test]
fn the_denominator_changes_the_council() {
    let lists = [6_800_000, 4_500_000];
    let entries = unnamed(&lists);
    // Nobody can have more votes than there are ballots, so the pool is of many.
    let candidates = independents(&[100_000; 12]);
    let race = Race { valid_ballots: Some(1_000_000), ..race(21, &entries, &candidates) };
    let groups = |options: &[(&str, &str)]| {
        let outcome = allocate(&race, &rule(options), &[]).unwrap();
        seats(&outcome)
    };
    assert_eq!(groups(&[]), [11, 8, 2]);
    let ballots = ("denominator", "valid_ballots");
    let by_share = ("leftover", "largest_share");
    assert_eq!(groups(&[ballots, by_share]), [10, 7, 4], "10 left over, in turn");
    assert_eq!(groups(&[ballots, by_share, ("rounding", "half_up")]), [10, 8, 3], "8 left over");
    let unknown = Race { valid_ballots: None, ..race };
    assert!(matches!(
        allocate(&unknown, &rule(&[ballots]), &[]),
        Err(SeatsError::BallotsNeeded { .. })
    ));
}

#[test]
fn excess_by_every_reading() {
    let lists = [408_000, 313_000]; // 8.568, 6.573, pool 5.859: 9-7-6 by half up
    let found = |excess| {
        let options = [("rounding", "half_up"), ("excess", excess)];
        allocate(&race(21, &unnamed(&lists), &independents(&pool(279_000))), &rule(&options), &[])
            .map(|outcome| seats(&outcome))
    };
    assert_eq!(found("remove_smallest_rounded_up_fraction").unwrap(), [8, 7, 6]);
    assert_eq!(found("remove_from_smallest_share").unwrap(), [9, 7, 5]);
    assert_eq!(found("remove_from_largest").unwrap(), [8, 7, 6]);
    assert!(matches!(found("error"), Err(SeatsError::Excess { found: 22, seats: 21, .. })));
}

#[test]
fn a_tie_in_the_excess_is_a_lot_between_those_rounded_up_alike() {
    // Three seats, three equal halves: 1.5, 1.5 is 2-2 of 3 by half up.
    let entries = unnamed(&[50, 50]);
    let options = [("rounding", "half_up")];
    let open = allocate(&race(3, &entries, &[]), &rule(&options), &[]).unwrap();
    assert_eq!((seats(&open), open.undecided), (vec![1, 1], 1));
    assert_eq!((open.lots[0].kind, open.lots[0].places), (LotKind::Seat, 1));
    let lot = Lot::new(LotKind::Seat, 1, list(1));
    let done = allocate(&race(3, &entries, &[]), &rule(&options), &[lot]).unwrap();
    assert_eq!((seats(&done), done.status), (vec![1, 2], Status::Final));
    // Halves to the even number: 1.5 is 2, and 0.5 is 0.
    let even = [("rounding", "half_even")];
    let outcome = allocate(&race(2, &unnamed(&[75, 25]), &[]), &rule(&even), &[]).unwrap();
    assert_eq!(seats(&outcome), [2, 0]);
    let up = allocate(&race(2, &unnamed(&[75, 25]), &[]), &rule(&options), &[]).unwrap();
    assert_eq!((seats(&up), up.undecided), (vec![1, 0], 1), "2 and 1 of two, tied at .5");
}

#[test]
fn equal_remainders_may_go_to_the_larger_total() {
    // 3.5, 1.5, 1.0 of six seats
    let (lists, candidates) = named(&[&[50, 40, 30, 20], &[45, 15]], &[35, 5]);
    let six = race(6, &lists, &candidates);
    let outcome = allocate(&six, &rule(&[("tie_seats", "larger_vote_total")]), &[]).unwrap();
    assert_eq!((seats(&outcome), outcome.status), (vec![4, 1, 1], Status::Final));
    // Equal totals wait for a lot all the same.
    let equal = unnamed(&[10, 10]);
    let outcome =
        allocate(&race(1, &equal, &[]), &rule(&[("tie_seats", "larger_vote_total")]), &[]);
    assert_eq!(outcome.unwrap().status, Status::LotRequired);
}

#[test]
fn the_pool_may_be_left_out_of_the_seats_left() {
    // 8.568, 6.573, 5.859: the pool has the largest remainder
    let lists = [408_000, 313_000];
    assert_eq!(seats(&run(&lists, 279_000, &[])), [8, 7, 6]);
    assert_eq!(seats(&run(&lists, 279_000, &[("pool_gets_leftover", "no")])), [9, 7, 5]);
}

#[test]
fn a_short_list_overflows_or_leaves_seats_vacant() {
    // 8-1-1 of ten exactly, but A has two names
    let (lists, candidates) = named(&[&[41, 39], &[6, 3, 1], &[4, 3, 2, 1]], &[]);
    let ten = race(10, &lists, &candidates);
    let outcome = allocate(&ten, &rule(&[("list_too_short", "vacant")]), &[]).unwrap();
    assert_eq!((seats(&outcome), outcome.vacant), (vec![2, 1, 1], 6));
    assert_eq!((outcome.groups[0].vacant, outcome.status), (6, Status::Final));
}

#[test]
fn a_threshold_with_and_without_its_votes() {
    let lists = [600, 380, 20];
    let found = |options: &[(&str, &str)]| {
        let entries = unnamed(&lists);
        let outcome = allocate(&race(10, &entries, &[]), &rule(options), &[]).unwrap();
        seats(&outcome)
    };
    assert_eq!(found(&[]), [6, 4, 0]);
    // 600 and 380 of 980: 6.12 and 3.88
    assert_eq!(found(&[("threshold", "2.1")]), [6, 4, 0]);
    let steps = |below: &str| {
        let entries = unnamed(&lists);
        let options = [("threshold", "2.1"), ("below_threshold", below)];
        let outcome = allocate(&race(10, &entries, &[]), &rule(&options), &[]).unwrap();
        let quota = outcome.steps.iter().find_map(|step| match step.fact {
            Fact::Quota { votes, .. } => Some(votes),
            _ => None,
        });
        quota.unwrap()
    };
    assert_eq!((steps("left_out"), steps("in_denominator")), (980, 1_000));
    // The pool below it
    let candidates = independents(&[15, 5]);
    let entries = unnamed(&[600, 380]);
    let race = race(50, &entries, &candidates);
    let pool_seats = |scope: &str| {
        let options = [("threshold", "2.1"), ("threshold_scope", scope)];
        allocate(&race, &rule(&options), &[]).unwrap().groups[2].seats
    };
    assert_eq!((pool_seats("lists_and_pool"), pool_seats("lists")), (0, 1));
}

#[test]
fn two_stages_give_lists_and_pool_their_seats_first() {
    // One stage: 4.2, 3.2, 2.6 of ten: 4-3-3. Two stages: lists 7.4, pool 2.6: 7 and 3; then 7 x
    // 420/740 = 3.97 and 3.03: 4-3.
    let entries = unnamed(&[420, 320]);
    let candidates = independents(&[100, 90, 70]);
    let ten = race(10, &entries, &candidates);
    let on = rule(&[("two_stage", "on")]);
    assert_eq!(seats(&allocate(&ten, &on, &[]).unwrap()), [4, 3, 3]);
    // 2.4, 2.4, 2.4 and 0.8 of eight: in one stage the pool has the largest remainder; in two the
    // lists have 7.2, and 7 seats.
    let entries = unnamed(&[30, 30, 30]);
    let candidates = independents(&[6, 4]);
    let eight = race(8, &entries, &candidates);
    let off = allocate(&eight, &rule(&[]), &[]).unwrap();
    assert_eq!((seats(&off), off.undecided), (vec![2, 2, 2, 1], 1));
    let on = allocate(&eight, &on, &[]).unwrap();
    assert_eq!((seats(&on), on.undecided), (vec![2, 2, 2, 1], 1));
    assert!(on.steps.iter().any(|step| step.fact == Fact::SecondStage { seats: 7 }));
}

#[test]
fn two_lots_in_a_row_first_between_lists_and_pool() {
    // Lists 1.5, pool 1.5 of three; then two seats for two lists, or one that is tied again.
    let entries = unnamed(&[10, 10]);
    let candidates = independents(&[12, 8]);
    let three = race(3, &entries, &candidates);
    let on = rule(&[("two_stage", "on")]);
    let open = allocate(&three, &on, &[]).unwrap();
    let [all, pool] = [GroupKey::AllLists, GroupKey::Independents].map(Party::Group);
    assert_eq!((open.lots[0].between.clone(), open.undecided), (vec![all, pool], 2));
    assert_eq!(open.elected, [0], "the pool's first seat is certain");
    let lists_win = Lot::new(LotKind::Seat, 1, all);
    let done = allocate(&three, &on, &[lists_win]).unwrap();
    assert_eq!((seats(&done), done.status), (vec![1, 1, 1], Status::Final));
    let pool_wins = Lot::new(LotKind::Seat, 1, pool);
    let open = allocate(&three, &on, std::slice::from_ref(&pool_wins)).unwrap();
    assert_eq!((open.lots[0].between.clone(), open.undecided), (vec![list(0), list(1)], 1));
    let second = Lot::new(LotKind::Seat, 1, list(1));
    let done = allocate(&three, &on, &[pool_wins, second]).unwrap();
    assert_eq!((seats(&done), done.elected), (vec![0, 1, 2], vec![0, 1]));
}

#[test]
fn alternates_by_every_rounding() {
    // 9 + 6 + 6 seats of 21: 4.68, 3.12, 3.12
    let lists: Vec<List> =
        [9, 6, 6].map(|votes| List { votes: votes * 105, members: Members::Named }).into();
    let mut candidates = Vec::new();
    for list in 0..3u32 {
        let number = [18, 15, 15][list as usize];
        let of_list = (0..number).map(|at| crate::Candidate {
            list: Some(list),
            votes: number * 4 - at,
            ..Default::default()
        });
        candidates.extend(of_list);
    }
    // Totals are at least the sum of the members': 945, 630, 630.
    let sums: Vec<u64> = (0..3)
        .map(|list| {
            let members = candidates.iter().filter(|candidate| candidate.list == Some(list));
            members.map(|candidate| candidate.votes).sum()
        })
        .collect();
    let scale = 10;
    let lists: Vec<List> =
        lists.iter().map(|list| List { votes: list.votes * scale, ..*list }).collect();
    assert!(sums.iter().zip(&lists).all(|(sum, list)| *sum <= list.votes));
    let race = race(21, &lists, &candidates);
    let numbers = |reading: &str| {
        let outcome = allocate(&race, &rule(&[("alt_rounding", reading)]), &[]).unwrap();
        assert_eq!(seats(&outcome), [9, 6, 6]);
        let of_groups: Vec<usize> =
            outcome.groups.iter().map(|group| group.alternates.len()).collect();
        (of_groups, outcome.status)
    };
    assert_eq!(numbers("half_up"), (vec![5, 3, 3], Status::Final));
    assert_eq!(numbers("floor"), (vec![4, 3, 3], Status::Final));
    assert_eq!(numbers("ceil"), (vec![5, 4, 4], Status::Final));
    // 11 in all: 4 + 3 + 3, and one more by the remainder .68
    assert_eq!(numbers("largest_remainder_to_11"), (vec![5, 3, 3], Status::Final));
}

#[test]
fn an_alternate_too_many_is_a_lot_between_groups() {
    // 1-1 of two seats: 0.52 each, 1.04 -> 1 in all; the remainders are equal.
    let (lists, candidates) = named(&[&[5, 3], &[6, 2]], &[]);
    let two = race(2, &lists, &candidates);
    let rule = rule(&[("alt_rounding", "largest_remainder_to_11")]);
    let open = allocate(&two, &rule, &[]).unwrap();
    assert_eq!((open.elected.len(), open.alternates.len()), (2, 0));
    assert_eq!(
        (open.lots[0].kind, open.lots[0].between.clone()),
        (LotKind::Alternate, vec![list(0), list(1)])
    );
    let lot = Lot::new(LotKind::Alternate, 1, list(1));
    let done = allocate(&two, &rule, &[lot]).unwrap();
    assert_eq!((done.status, done.alternates), (Status::Final, vec![3]));
}
