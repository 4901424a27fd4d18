//! What is outstanding, under plurality: exact, against every content of it.
//!
//! Small races, every combination of held batches, every content of up to three missing ballots;
//! each is counted by the rules themselves.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Votes, combinations};
use crate::{
    Candidate, Finality, LotKind, Method, Outcome, Outstanding, Race, Rule, SeatsError, Verdict,
    allocate, finality,
};

/// A race of people, and what is outstanding.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) rule: Rule,
    pub(super) seats: u32,
    pub(super) candidates: Vec<Candidate>,
    pub(super) batches: Vec<Votes>,
    pub(super) missing: u64,
}

/// Votes of people; 100 ballots, so that any votes fit in.
fn persons(votes: &[u64]) -> Votes {
    Votes { lists: vec![], persons: votes.to_vec(), ballots: [100, 100] }
}

impl Case {
    fn now(&self) -> Votes {
        persons(&self.candidates.iter().map(|candidate| candidate.votes).collect::<Vec<u64>>())
    }

    pub(super) fn run(&self, votes: &Votes) -> Outcome {
        let candidates = self.candidates_with(votes);
        allocate(&self.race(&candidates, votes), &self.rule, &[]).unwrap()
    }

    fn candidates_with(&self, votes: &Votes) -> Vec<Candidate> {
        let pairs = self.candidates.iter().zip(&votes.persons);
        pairs.map(|(candidate, votes)| Candidate { votes: *votes, ..*candidate }).collect()
    }

    fn race<'a>(&self, candidates: &'a [Candidate], votes: &Votes) -> Race<'a> {
        let [valid, taken] = votes.ballots.map(Some);
        let race = super::race(self.seats, &[], candidates);
        Race { valid_ballots: valid, taken_ballots: taken, alternates: 2, ..race }
    }

    pub(super) fn finality(&self) -> Finality {
        let now = self.now();
        let held: Vec<_> = (10..).zip(&self.batches).map(|(id, batch)| batch.held(id)).collect();
        let candidates = self.candidates_with(&now);
        let race = self.race(&candidates, &now);
        let outstanding =
            Outstanding { missing_ballots_max: Some(self.missing), names_max: None, held: &held };
        finality(&race, &self.rule, &outstanding).unwrap()
    }

    /// Up to as many different names as seats; or blank.
    fn kinds(&self) -> Vec<Votes> {
        let people = self.candidates.len();
        let ballots = (0..1u32 << people).filter(|names| names.count_ones() <= self.seats);
        ballots
            .map(|names| Votes {
                lists: vec![],
                persons: (0..people).map(|who| u64::from(names >> who & 1)).collect(),
                ballots: [u64::from(names > 0), 1],
            })
            .collect()
    }

    /// For every combination of batches: whether some content of the missing ballots changes the
    /// result.
    fn changes(&self) -> Vec<bool> {
        let now = self.now();
        let before = self.run(&now);
        let kinds = self.kinds();
        let combinations = combinations(&now, &self.batches);
        combinations
            .iter()
            .map(|votes| {
                let contents = votes.with_ballots(&kinds, self.missing);
                contents.iter().any(|votes| !is_same(&before, &self.run(votes)))
            })
            .collect()
    }
}

/// The same people are elected or in the runoff, for certain.
pub(super) fn is_same(before: &Outcome, after: &Outcome) -> bool {
    let set = |people: &[u32]| people.iter().copied().collect::<BTreeSet<u32>>();
    let runoff = |outcome: &Outcome| outcome.runoff.as_ref().map(|runoff| set(&runoff.between));
    after.lots.iter().all(|lot| lot.kind == LotKind::Alternate)
        && set(&before.elected) == set(&after.elected)
        && runoff(before) == runoff(after)
        && super::seats(before) == super::seats(after)
}

/// What the answer has to be, by trying everything.
pub(super) fn check(case: &Case, found: &Finality, changes: &[bool]) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {found:?} for {case:?}, changes {changes:?}"));
    if case.missing == 0 && case.batches.is_empty() {
        return if found.verdict == Verdict::Decided { Ok(()) } else { wrong("nothing is left") };
    }
    let any = changes.iter().any(|changes| *changes);
    match &found.verdict {
        Verdict::Decided if any => wrong("not decided"),
        Verdict::Open if found.is_exact && !changes[0] => wrong("not open"),
        Verdict::DependsOn(_) if changes[0] => wrong("open"),
        Verdict::DependsOn(_) if found.is_exact && !any => wrong("decided"),
        Verdict::DependsOn(ids) => {
            // Whoever turns a combination must be named, and nobody is named twice.
            let turns = |index: &usize| {
                let without = (0..changes.len()).filter(|all| all >> index & 1 == 0);
                without.into_iter().any(|all| !changes[all] && changes[all | 1 << index])
            };
            let all = 0..case.batches.len();
            let needed: BTreeSet<u64> = all.filter(turns).map(|index| 10 + index as u64).collect();
            let named: BTreeSet<u64> = ids.iter().copied().collect();
            if !named.is_superset(&needed) || named.len() != ids.len() {
                return wrong("batches");
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

pub(super) fn cases(methods: Vec<Method>) -> impl Strategy<Value = Case> {
    let options = prop::collection::vec(
        prop::sample::select(vec![
            ("zero_votes", "elected"),
            ("tie_persons", "old_order"),
            ("round", "second"),
            ("first_round_percent", "5"),
        ]),
        0..3,
    );
    let candidate = (0..6u64, any::<bool>(), prop::option::of(0..3u32)).prop_map(
        |(votes, veteran, degree_rank)| Candidate {
            votes,
            veteran,
            degree_rank,
            ..Candidate::default()
        },
    );
    let people = (1..5usize).prop_flat_map(move |count| {
        let batch = prop::collection::vec(0..4u64, count);
        (prop::collection::vec(candidate.clone(), count), prop::collection::vec(batch, 0..4))
    });
    let method = prop::sample::select(methods);
    (method, options, 1..4u32, people, 0..4u64).prop_map(
        |(method, options, seats, (candidates, batches), missing)| {
            let set = |rule: Rule, (name, value)| rule.with_option(name, value).unwrap_or(rule);
            let rule = options.into_iter().fold(Rule::new(method), set);
            let batch = |votes: Vec<u64>| {
                let most = votes.iter().copied().max().unwrap_or(0);
                Votes { lists: vec![], persons: votes, ballots: [most + 1, most + 2] }
            };
            let batches = batches.into_iter().map(batch).collect();
            Case { rule, seats, candidates, batches, missing }
        },
    )
}

proptest! {
    #![proptest_config(super::at_least(1_500))]

    #[test]
    fn plurality_is_exact(
        case in cases(vec![Method::RelativePlurality, Method::BlockPlurality]),
    ) {
        let found = case.finality();
        prop_assert!(found.is_exact);
        prop_assert_eq!(check(&case, &found, &case.changes()), Ok(()));
    }

    #[test]
    fn two_rounds_are_never_decided_too_early(case in cases(vec![Method::TwoRound])) {
        let found = case.finality();
        prop_assert_eq!(check(&case, &found, &case.changes()), Ok(()));
        prop_assert!(found.is_exact || found.verdict != Verdict::Decided);
        prop_assert!(found.is_exact || case.missing > 0, "batches alone are tried");
    }

    /// The numbers for people say what the verdict says.
    #[test]
    fn the_critical_pair_agrees_with_the_verdict(
        case in cases(vec![Method::RelativePlurality, Method::BlockPlurality]),
    ) {
        let Finality { verdict, critical, .. } = case.finality();
        let Some(critical) = critical else {
            prop_assert_eq!(verdict, Verdict::Decided);
            return Ok(());
        };
        prop_assert_eq!(critical.missing, Some(case.missing));
        let reached = critical.held + case.missing >= critical.needed;
        let is_left = case.missing > 0 || !case.batches.is_empty();
        prop_assert_eq!(verdict != Verdict::Decided, reached && is_left, "{:?}", critical);
    }
}

fn block(seats: u32, votes: &[u64], batches: &[&[u64]], missing: u64) -> Case {
    Case {
        rule: Rule::new(Method::BlockPlurality),
        seats,
        candidates: super::independents(votes),
        batches: batches.iter().map(|votes| persons(votes)).collect(),
        missing,
    }
}

#[test]
fn known_answers() {
    // 5th place at 1,000, 6th at 40: a gap of 960 and 1,203 ballots outstanding.
    let votes = [9_000, 8_000, 7_000, 6_000, 1_000, 40];
    let verdict = |missing: Option<u64>, batches: &[&[u64]]| {
        let case = block(5, &votes, batches, 0);
        let held: Vec<_> = (10..).zip(&case.batches).map(|(id, batch)| batch.held(id)).collect();
        let race = Race { alternates: 3, ..super::race(5, &[], &case.candidates) };
        let outstanding =
            Outstanding { missing_ballots_max: missing, names_max: None, held: &held };
        finality(&race, &case.rule, &outstanding).unwrap()
    };
    let case = |missing| verdict(missing, &[]);
    let open = case(Some(1_203));
    assert_eq!(open.verdict, Verdict::Open);
    let critical = open.critical.unwrap();
    assert_eq!((critical.place, critical.winner, critical.rival), (5, Some(4), 5));
    assert_eq!((critical.gap, critical.needed, critical.missing), (960, 960, Some(1_203)));
    // A tie is a change: 960 are enough, 959 are not; without a bound nothing is safe.
    assert_eq!(case(Some(960)).verdict, Verdict::Open);
    assert_eq!(case(Some(959)).verdict, Verdict::Decided);
    assert_eq!(case(None).verdict, Verdict::Open);
    // One batch narrows the gap, one widens it, one does nothing to it.
    let batches: [&[u64]; 3] = [&[0, 0, 0, 0, 1, 2], &[0, 0, 0, 0, 9, 0], &[7, 7, 7, 7, 0, 0]];
    assert_eq!(verdict(Some(959), &batches).verdict, Verdict::DependsOn(vec![10]));
    assert_eq!(verdict(Some(958), &batches).verdict, Verdict::Decided);
    assert_eq!(verdict(Some(958), &batches).critical.unwrap().held, 1);
}

/// Two batches, neither enough alone; a batch with two rivals; an empty place; nobody with votes.
#[test]
fn batches_add_up_and_empty_places_are_taken_by_one_vote() {
    let verdict = |case: Case| case.finality().verdict;
    let two: [&[u64]; 2] = [&[0, 3], &[1, 3]];
    assert_eq!(verdict(block(1, &[9, 4], &two, 0)), Verdict::DependsOn(vec![10, 11]));
    assert_eq!(verdict(block(1, &[10, 4], &two, 0)), Verdict::Decided);
    assert_eq!(verdict(block(2, &[5, 0], &[], 1)), Verdict::Open);
    assert_eq!(verdict(block(2, &[5, 0], &[&[4, 0]], 0)), Verdict::Decided);
    assert_eq!(verdict(block(2, &[5, 0], &[&[4, 1]], 0)), Verdict::DependsOn(vec![10]));
    assert_eq!(verdict(block(2, &[5, 3], &[], 99)), Verdict::Decided, "all are elected");
    assert_eq!(verdict(block(1, &[0, 0], &[], 1)), Verdict::Open);
    assert_eq!(verdict(block(1, &[0, 0], &[], 0)), Verdict::Decided, "nobody, and that stays");
    // A lot is needed now: open while anything is outstanding, and then decided to be a lot.
    assert_eq!(verdict(block(1, &[4, 4], &[], 1)), Verdict::Open);
    assert_eq!(verdict(block(1, &[4, 4], &[&[1, 0]], 0)), Verdict::Open);
    assert_eq!(verdict(block(1, &[4, 4], &[], 0)), Verdict::Decided);
    let critical = block(1, &[4, 4], &[], 1).finality().critical.unwrap();
    assert_eq!((critical.gap, critical.needed), (0, 0));
    // Only the order of the alternates takes a lot.
    assert_eq!(verdict(block(1, &[9, 4, 4], &[], 4)), Verdict::Decided);
}

/// Of 100 ballots 20 elect: 30 and 10, one seat; the bar rises with every ballot, and whoever is
/// below it needs more than the 10 ballots to 20.
#[test]
fn a_first_round_is_decided_while_nobody_passes_the_bar() {
    let verdict = |seats, votes: &[u64], missing| {
        let case = Case { rule: Rule::new(Method::TwoRound), ..block(seats, votes, &[], missing) };
        let found = case.finality();
        assert!(found.critical.is_none());
        (found.verdict, found.is_exact)
    };
    assert_eq!(verdict(1, &[30, 10], 19), (Verdict::Decided, true));
    assert_eq!(verdict(1, &[30, 10], 20), (Verdict::Open, true), "30 each");
    assert_eq!(verdict(2, &[30, 10, 9], 12), (Verdict::Decided, true), "22 of 112 are no 20 %");
    assert_eq!(verdict(2, &[30, 10, 9], 13), (Verdict::Open, true), "23 of 113 are");
    // 21 of 105 are 20 % still, of 106 no more; the share of others is not looked into then.
    assert_eq!(verdict(2, &[21, 1, 1], 5), (Verdict::Decided, true));
    assert_eq!(verdict(2, &[21, 1, 1], 6).0, Verdict::Open);
    // The second round is between two of three, 3 votes apart.
    assert_eq!(verdict(1, &[15, 13, 10], 2), (Verdict::Decided, true));
    assert_eq!(verdict(1, &[15, 13, 10], 3), (Verdict::Open, true));
}

/// A batch that is not of the race, or that no ballots could give, is refused by its name.
#[test]
fn held_batches_that_do_not_fit_are_refused() {
    let candidates = super::independents(&[5, 3]);
    let rule = Rule::new(Method::BlockPlurality);
    let race = Race { valid_ballots: Some(9), ..super::race(1, &[], &candidates) };
    let refused = |votes: &Votes| {
        let held = [votes.held(7)];
        let outstanding =
            Outstanding { missing_ballots_max: Some(0), names_max: None, held: &held };
        finality(&race, &rule, &outstanding).unwrap_err()
    };
    let few = Votes { persons: vec![1], ..persons(&[]) };
    assert_eq!(refused(&few), SeatsError::HeldShape { id: 7, found: [0, 1], expected: [0, 2] });
    let more = Votes { ballots: [2, 2], ..persons(&[3, 0]) };
    assert!(refused(&more).to_string().contains("held batch 7: candidate at position 0"));
    let huge = persons(&[u64::MAX, 0]);
    assert!(matches!(refused(&huge), SeatsError::HeldRefused { id: 7, .. }));
}

/// An answer off by one vote is found out.
#[test]
fn planted_answers_are_caught() {
    let case = block(1, &[5, 2], &[&[0, 1]], 2);
    let changes = case.changes();
    let right = case.finality();
    assert_eq!(right.verdict, Verdict::DependsOn(vec![10]));
    assert_eq!(check(&case, &right, &changes), Ok(()));
    for wrong in [Verdict::Decided, Verdict::Open, Verdict::DependsOn(vec![])] {
        let wrong = Finality { verdict: wrong, ..right.clone() };
        assert!(check(&case, &wrong, &changes).is_err(), "{wrong:?}");
    }
}
