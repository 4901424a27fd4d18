//! Short ways to write a race down and to read its outcome.

use std::collections::BTreeMap;

use crate::seats::{Candidate, List, Names, Party, Race, Settled, Tie, TieKind, settle};

/// Options from pairs such as `("rounding", "half_up")`.
pub(super) fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A race of so many seats in which nobody stands yet.
pub(super) fn empty(seats: u32) -> Race {
    Race {
        seats,
        alternates: 0,
        lists: Vec::new(),
        candidates: Vec::new(),
        valid_ballots: None,
        taken_ballots: None,
    }
}

/// A race between lists that can take any number of seats.
pub(super) fn lists(seats: u32, votes: &[u64]) -> Race {
    let lists = votes.iter().map(|&votes| List { votes, names: Names::Unlimited }).collect();
    Race { lists, ..empty(seats) }
}

/// A race between lists of counted names: (votes, names).
pub(super) fn counted(seats: u32, lists: &[(u64, u32)]) -> Race {
    let list = |&(votes, names): &(u64, u32)| List { votes, names: Names::Counted(names) };
    Race { lists: lists.iter().map(list).collect(), ..empty(seats) }
}

/// Lists that can take any number of seats, and a pool of as many independents as seats.
pub(super) fn council(seats: u32, lists_votes: &[u64], pool_votes: u64) -> Race {
    let mut race = lists(seats, lists_votes);
    let each = pool_votes / u64::from(seats);
    for place in 0..seats {
        let rest = if place == 0 { pool_votes % u64::from(seats) } else { 0 };
        race.candidates.push(person(None, each + rest));
    }
    race
}

/// A person of whom nothing but the votes is known.
pub(super) fn person(list: Option<usize>, votes: u64) -> Candidate {
    Candidate { list, votes, veteran: false, degree_rank: None, position: None }
}

/// A race of independents.
pub(super) fn people(seats: u32, alternates: u32, votes: &[u64]) -> Race {
    let candidates = votes.iter().map(|&votes| person(None, votes)).collect();
    Race { alternates, candidates, ..empty(seats) }
}

/// A race of named lists, each the votes of its members in order of position.
pub(super) fn named(seats: u32, members: &[&[u64]]) -> Race {
    let mut race = empty(seats);
    for (list, votes) in members.iter().enumerate() {
        race.lists.push(List { votes: votes.iter().sum(), names: Names::Named });
        for (position, &votes) in (1..).zip(*votes) {
            race.candidates
                .push(Candidate { position: Some(position), ..person(Some(list), votes) });
        }
    }
    race
}

/// Settles; whoever has the lower index wins every lot.
pub(super) fn settled(race: &Race, method: &str, pairs: &[(&str, &str)]) -> Settled {
    settle(race, method, &options(pairs), &first_wins).unwrap()
}

/// The message of a race that is refused.
pub(super) fn refused(race: &Race, method: &str, pairs: &[(&str, &str)]) -> String {
    settle(race, method, &options(pairs), &first_wins).unwrap_err()
}

/// The seats of the groups alone.
pub(super) fn seats(race: &Race, method: &str, pairs: &[(&str, &str)]) -> Vec<u32> {
    settled(race, method, pairs).groups.iter().map(|(_, seats)| *seats).collect()
}

/// Prefers lower indexes, and the pool to the lists.
pub(super) fn first_wins(party: Party) -> u64 {
    match party {
        Party::List(index) | Party::Independent(index) | Party::Candidate(index) => {
            index as u64 + 1
        }
        Party::Pool => 0,
        Party::AllLists => 1_000,
    }
}

/// Prefers higher indexes, and the lists to the pool.
pub(super) fn last_wins(party: Party) -> u64 {
    1_000 - first_wins(party)
}

/// A tie between lists for seats.
pub(super) fn seat_tie(places: u32, lists: &[usize]) -> Tie {
    Tie { kind: TieKind::Seat, places, between: lists.iter().copied().map(Party::List).collect() }
}

/// A tie between persons.
pub(super) fn person_tie(kind: TieKind, places: u32, people: &[usize]) -> Tie {
    Tie { kind, places, between: people.iter().copied().map(Party::Candidate).collect() }
}
