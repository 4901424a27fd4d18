//! B11: who is elected from the lists of Czech councils, by `cz-municipal`.
//!
//! In: votes and place of every person of every list, and who was elected. Out: the seats of the
//! lists and the persons on each of them, exactly. Never: a list left out since it does not agree.
//!
//! One list tells how the average is meant over which a person must be by 10 %. *Pro Doubici 2014*
//! has 198 votes on 7 names, 28.29 each. 10 % more is 31.11, and the person with 31 votes, the last
//! on the list, was elected: act 491/2001 § 45 (4) takes the average "as a whole number without
//! rounding", 28, and 31 is more than 30.8.

use std::collections::{BTreeMap, BTreeSet};

use shomar_seats::{Candidate, List, Members, Published, Race, Rule, compare};

use super::{files, read, rows, rule, whole};
use crate::kit;

const COLUMNS: &str = "municipality,election,list,position,candidate,votes,elected";

/// An election of a council, with all its persons.
#[derive(Debug)]
struct Council {
    name: String,
    lists: Vec<String>,
    persons: Vec<Person>,
}

#[derive(Debug)]
struct Person {
    list: u32,
    name: String,
    place: u32,
    votes: u64,
    is_elected: bool,
}

/// Elections of a CSV text, in order of municipality and year.
fn councils(text: &str) -> Vec<Council> {
    let mut councils: BTreeMap<String, Council> = BTreeMap::new();
    for row in rows(text, COLUMNS) {
        let name = format!("{} {}", &row[0], whole::<u32>(&row[1]));
        let council = councils.entry(name.clone()).or_insert_with(|| Council {
            name: name.clone(),
            lists: Vec::new(),
            persons: Vec::new(),
        });
        let list = council.lists.iter().position(|list| *list == row[2]).unwrap_or_else(|| {
            council.lists.push(row[2].to_owned());
            council.lists.len() - 1
        });
        let list = u32::try_from(list).unwrap();
        let place = whole(&row[3]);
        let before = council.persons.iter().filter(|person| person.list == list).count();
        assert_eq!(place as usize, before + 1, "{name}: places of {} in order", &row[2]);
        let is_elected = match &row[6] {
            "0" => false,
            "1" => true,
            other => panic!("{name}: elected {other:?}"),
        };
        let votes = whole(&row[5]);
        council.persons.push(Person { list, name: row[4].to_owned(), place, votes, is_elected });
    }
    councils.into_values().collect()
}

impl Council {
    fn elected(&self) -> BTreeSet<u32> {
        (0..)
            .zip(&self.persons)
            .filter(|(_, person)| person.is_elected)
            .map(|(who, _)| who)
            .collect()
    }

    /// As many seats as persons were elected.
    fn seats(&self) -> u32 {
        u32::try_from(self.elected().len()).unwrap()
    }

    fn published_seats(&self) -> Vec<u32> {
        let mut seats = vec![0; self.lists.len()];
        for person in self.persons.iter().filter(|person| person.is_elected) {
            seats[person.list as usize] += 1;
        }
        seats
    }

    fn lists(&self) -> Vec<List> {
        let mut lists = vec![List { votes: 0, members: Members::Named }; self.lists.len()];
        for person in &self.persons {
            lists[person.list as usize].votes += person.votes;
        }
        lists
    }

    /// Lists with a seat for some of their persons and not for others: where an order matters.
    fn split_lists(&self) -> usize {
        let names =
            |list: usize| self.persons.iter().filter(|person| person.list as usize == list).count();
        let is_split =
            |(list, seats): &(usize, u32)| *seats > 0 && (*seats as usize) < names(*list);
        self.published_seats().into_iter().enumerate().filter(is_split).count()
    }

    /// Lists on which somebody elected has fewer votes than somebody who is not.
    fn wrong_by_own_votes(&self) -> usize {
        let votes = |list: usize, is_elected: bool| {
            let of_list = self.persons.iter().filter(move |person| person.list as usize == list);
            of_list.filter(move |person| person.is_elected == is_elected).map(|person| person.votes)
        };
        let is_wrong = |list: &usize| {
            let (last, next) = (votes(*list, true).min(), votes(*list, false).max());
            last.zip(next).is_some_and(|(last, next)| last < next)
        };
        (0..self.lists.len()).filter(is_wrong).count()
    }

    /// Lists on which the rule elects other persons than were published: those missing in the
    /// publication, and those in their place. The seats of the lists must be the same, and no lot
    /// needed.
    fn departures(&self, rule: &Rule) -> BTreeMap<&str, (Vec<&str>, Vec<&str>)> {
        let lists = self.lists();
        let candidate = |person: &Person| Candidate {
            list: Some(person.list),
            votes: person.votes,
            position: Some(person.place),
            ..Candidate::default()
        };
        let candidates: Vec<Candidate> = self.persons.iter().map(candidate).collect();
        let race =
            Race { seats: self.seats(), lists: &lists, candidates: &candidates, ..Race::default() };
        let (seats, elected) = (self.published_seats(), self.elected());
        let published = Published { seats: &seats, elected: Some(&elected) };
        let comparison = compare(&race, rule, published).unwrap();
        assert_eq!(comparison.seats, [], "{}: seats of the lists", self.name);
        assert!(comparison.outcome.lots.is_empty(), "{}: {comparison:?}", self.name);
        let mut departures: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
        let person = |who: &u32| &self.persons[*who as usize];
        let list = |person: &Person| self.lists[person.list as usize].as_str();
        for person in comparison.missing.iter().map(person) {
            departures.entry(list(person)).or_default().0.push(&person.name);
        }
        for person in comparison.extra.iter().map(person) {
            departures.entry(list(person)).or_default().1.push(&person.name);
        }
        departures
    }
}

/// What a comparison of elections found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) elections: u32,
    pub(super) lists: usize,
    /// Lists with a seat for some of their persons and not for others: where an order matters.
    split: usize,
    persons: usize,
    elected: usize,
    /// Lists on which another order elects somebody else.
    wrong_by_own_votes: usize,
    wrong_by_list_order: usize,
}

/// Compares the elections of a CSV text; the departures are told one by one.
pub(super) fn compare_persons(text: &str, found: &mut Found) -> Vec<String> {
    let czech = rule("cz-municipal", &[]);
    let list_order = rule("cz-municipal", &[("persons", "list_order")]);
    let mut departures = Vec::new();
    for council in councils(text) {
        for (list, (missing, extra)) in council.departures(&czech) {
            departures.push(format!("{} {list}: {missing:?}, not {extra:?}", council.name));
        }
        found.elections += 1;
        found.lists += council.lists.len();
        found.persons += council.persons.len();
        found.elected += council.elected().len();
        found.split += council.split_lists();
        found.wrong_by_list_order += council.departures(&list_order).len();
        found.wrong_by_own_votes += council.wrong_by_own_votes();
    }
    departures
}

#[test]
fn czech_persons_are_reproduced_name_by_name() {
    let test = "czech_persons_are_reproduced_name_by_name";
    let Some(folder) = kit::data("B11_czech_candidate_level", test) else {
        return;
    };
    let mut found = Found::default();
    let mut departures = Vec::new();
    let paths = files(&folder, "", ".csv");
    for path in &paths {
        departures.extend(compare_persons(&read(path), &mut found));
    }
    kit::note(&format!(
        "real data: B11: elections {}, lists {} of {} persons, {} elected; an order decides on {}, \
         that of the list is wrong on {}, that of votes on {}; departures {departures:?}",
        found.elections,
        found.lists,
        found.persons,
        found.elected,
        found.split,
        found.wrong_by_list_order,
        found.wrong_by_own_votes
    ));
    // Persons who withdrew would be named here, with the reason; among these lists are none.
    assert!(departures.is_empty(), "{departures:#?}");
    assert!(paths.len() >= 2, "{paths:?}");
    assert!((found.elections, found.lists, found.split) >= (12, 29, 24), "{found:?}");
    assert!(found.wrong_by_list_order >= 11 && found.wrong_by_own_votes >= 3, "{found:?}");
}
