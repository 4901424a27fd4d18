//! A few of the real results as fixtures, so that no machine goes without them.
//!
//! In: `tests/fixtures/seats`, whose README names the sources. Out: the same comparisons as with
//! the data folder, by the same readers. Never: a figure that is not in the sets.

use std::path::PathBuf;

use super::{czech_councils, czech_persons, districts, hesse, nations, norway, read, rule};

fn fixture(name: &str) -> PathBuf {
    crate::kit::fixture("seats").join(name)
}

fn text(name: &str) -> String {
    read(&fixture(name))
}

#[test]
fn districts_of_the_fixtures_are_reproduced_seat_by_seat() {
    let found = districts::compare_districts(&districts::parse(&text("districts.jsonl")));
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    assert_eq!(found.exact.values().sum::<u32>(), 5, "{:?}", found.exact);
    assert!(found.skipped.is_empty() && found.ties.is_empty());
    let differs = |method, other| found.other_divisors[&(method, other)];
    assert!(differs("dhondt", "sainte-lague") + differs("sainte-lague", "dhondt") >= 2);
    assert_eq!(found.blank_matters.len(), 1, "Madrid 1993 needs the blank votes");
    assert!(found.blank_matters[0].contains("Madrid"));
    assert_eq!(found.initial_matters, 1, "two seats of every Spanish province beforehand");
}

#[test]
fn counties_of_the_fixtures_are_reproduced_seat_by_seat() {
    for county in ["vogelsberg", "kassel"] {
        let county = hesse::county(&fixture(&format!("hesse_2016_{county}.csv")));
        county.contest.assert_exact(&rule("hesse-kreis", &[]));
    }
}

/// Bystřice pod Hostýnem 2018: list 5 of 17 names for 21 seats has less than 5 % of all votes, but
/// more than 5 % of 17 / 21 of them, and a seat. Zalešany 2018: lists 4 and 6 are equal at the last
/// seat.
#[test]
fn czech_councils_of_the_fixtures_are_reproduced_seat_by_seat() {
    let councils = czech_councils::councils(&text("czech_municipal_2018.csv"));
    let ties = czech_councils::source_ties(&text("czech_ties_2018.tsv"));
    let found = czech_councils::compare_councils(&councils, &ties);
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
    assert_eq!((found.exact, found.ties), (1, 1), "{found:?}");
    assert_eq!(found.wrong_by["5 % of all for short lists"], 1, "{found:?}");
}

/// Nordland 2017: every neighbouring divisor method gives something else.
#[test]
fn the_constituency_of_the_fixtures_is_reproduced_seat_by_seat() {
    let constituencies = norway::constituencies(&text("norway_2017_nordland.csv"), "2017");
    let [nordland] = &constituencies[..] else { panic!("{constituencies:?}") };
    nordland.assert_exact(&rule("no-storting", &[]));
    for other in ["sainte-lague", "dhondt", "danish", "huntington-hill"] {
        assert!(!nordland.is_of(&rule(other, &[])), "{other}");
    }
}

#[test]
fn austria_2019_is_reproduced_seat_by_seat() {
    let text = text("austria_2019.txt");
    let election = nations::austria(text.trim_end());
    election.assert_exact(&rule("dhondt", &[("threshold", "4")]));
    assert!(!election.is_of(&rule("dhondt", &[])), "the threshold must matter");
}

/// Doubice 2014: a person elected with 31 votes, since the average of 28.29 counts as 28.
#[test]
fn czech_persons_of_the_fixtures_are_reproduced() {
    let mut found = czech_persons::Found::default();
    let text = text("czech_persons_doubice_2014.csv");
    assert_eq!(czech_persons::compare_persons(&text, &mut found), [""; 0]);
    assert_eq!((found.elections, found.lists), (1, 3));
}
