//! Tests of the rules as a whole: worked cases, properties, and a check of the checkers.

mod article24;
mod axioms;
mod golden;
mod margins;
mod oracle;
mod persons;
mod properties;
mod readings;
mod undecided;
mod undecided_groups;

use proptest::test_runner::Config;

use crate::{Candidate, GroupKey, List, Members, Method, Outcome, Race};

/// As many cases of a property as are wanted in any case, or as `PROPTEST_CASES` asks for (the slow
/// checks do).
fn at_least(cases: u32) -> Config {
    let asked = Config::default();
    Config { cases: asked.cases.max(cases), failure_persistence: None, ..asked }
}

/// Methods that give seats to groups.
fn group_methods() -> Vec<Method> {
    Method::all().filter(|method| !method.is_plurality()).collect()
}

/// What the tests of what is outstanding count: votes of lists and persons, and ballots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Votes {
    lists: Vec<u64>,
    persons: Vec<u64>,
    /// Valid, and taken.
    ballots: [u64; 2],
}

impl Votes {
    fn plus(&self, other: &Votes) -> Votes {
        let sum = |one: &[u64], two: &[u64]| one.iter().zip(two).map(|(a, b)| a + b).collect();
        Votes {
            lists: sum(&self.lists, &other.lists),
            persons: sum(&self.persons, &other.persons),
            ballots: [0, 1].map(|kind| self.ballots[kind] + other.ballots[kind]),
        }
    }

    fn held(&self, id: u64) -> crate::Held<'_> {
        crate::Held {
            id,
            list_votes: &self.lists,
            candidate_votes: &self.persons,
            valid_ballots: self.ballots[0],
            taken_ballots: self.ballots[1],
        }
    }

    /// Everything that up to so many ballots of these kinds can add.
    fn with_ballots(&self, kinds: &[Votes], most: u64) -> std::collections::BTreeSet<Votes> {
        let mut all = std::collections::BTreeSet::from([self.clone()]);
        for _ in 0..most {
            let more: Vec<Votes> =
                all.iter().flat_map(|votes| kinds.iter().map(|kind| votes.plus(kind))).collect();
            all.extend(more);
        }
        all
    }
}

/// Every sum of these votes and some of the batches, by combination (bit by bit).
fn combinations(votes: &Votes, batches: &[Votes]) -> Vec<Votes> {
    let mut all = vec![votes.clone()];
    for batch in batches {
        let with: Vec<Votes> = all.iter().map(|votes| votes.plus(batch)).collect();
        all.extend(with);
    }
    all
}

/// Lists without names.
fn unnamed(votes: &[u64]) -> Vec<List> {
    votes.iter().map(|votes| List { votes: *votes, members: Members::Unnamed }).collect()
}

fn independents(votes: &[u64]) -> Vec<Candidate> {
    votes.iter().map(|votes| Candidate { votes: *votes, ..Candidate::default() }).collect()
}

/// Lists with names (total = sum of the members), then independents.
fn named(lists: &[&[u64]], alone: &[u64]) -> (Vec<List>, Vec<Candidate>) {
    let mut candidates = Vec::new();
    let mut entries = Vec::new();
    for (list, members) in (0..).zip(lists) {
        entries.push(List { votes: members.iter().sum(), members: Members::Named });
        let member =
            |votes: &u64| Candidate { list: Some(list), votes: *votes, ..Candidate::default() };
        candidates.extend(members.iter().map(member));
    }
    candidates.extend(independents(alone));
    (entries, candidates)
}

fn race<'a>(seats: u32, lists: &'a [List], candidates: &'a [Candidate]) -> Race<'a> {
    Race { seats, lists, candidates, ..Race::default() }
}

fn seats(outcome: &Outcome) -> Vec<u32> {
    outcome.groups.iter().map(|group| group.seats).collect()
}

fn list(position: u32) -> crate::Party {
    crate::Party::Group(GroupKey::List(position))
}
