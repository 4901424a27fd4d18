//! Tests of the rules as a whole: worked cases, properties, and a check of the checkers.

mod golden;
mod oracle;
mod properties;

use crate::{Candidate, GroupKey, List, Members, Outcome, Race};

/// Lists without names.
fn unnamed(votes: &[u64]) -> Vec<List> {
    votes.iter().map(|votes| List { votes: *votes, members: Members::Unnamed }).collect()
}

fn independents(votes: &[u64]) -> Vec<Candidate> {
    votes.iter().map(|votes| Candidate { list: None, votes: *votes }).collect()
}

/// Lists with names (total = sum of the members), then independents.
fn named(lists: &[&[u64]], alone: &[u64]) -> (Vec<List>, Vec<Candidate>) {
    let mut candidates = Vec::new();
    let mut entries = Vec::new();
    for (list, members) in (0..).zip(lists) {
        entries.push(List { votes: members.iter().sum(), members: Members::Named });
        candidates
            .extend(members.iter().map(|votes| Candidate { list: Some(list), votes: *votes }));
    }
    candidates.extend(independents(alone));
    (entries, candidates)
}

fn race<'a>(seats: u32, lists: &'a [List], candidates: &'a [Candidate]) -> Race<'a> {
    Race { seats, alternates: 0, lists, candidates, valid_ballots: None }
}

fn seats(outcome: &Outcome) -> Vec<u32> {
    outcome.groups.iter().map(|group| group.seats).collect()
}

fn list(position: u32) -> crate::Party {
    crate::Party::Group(GroupKey::List(position))
}
