//! Reading rules: the engine against a naive reader written from the text of docs/law.md alone.
//!
//! In: random ballots with lists, unknown and repeated codes, too many names; every option. Out:
//! equal totals. Never: code of the engine in the naive reader.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::kit::{self, fixture};

/// District T of the fixture: 4 seats, 2 alternates, lists 40 and 50, eight candidates.
const LISTS: [u32; 2] = [40, 50];
const MEMBERS: [(u32, [u32; 3]); 2] = [(40, [101, 102, 103]), (50, [201, 202, 203])];
const NAMES: [u32; 8] = [101, 102, 103, 201, 202, 203, 301, 302];

/// The options: A10, A11, limit.
type Options = (&'static str, &'static str, &'static str);

/// What is read: list and names, or nothing.
fn read(
    ballot: &[u32],
    (list_plus_names, two_lists, limit): Options,
) -> Option<(Option<u32>, Vec<u32>)> {
    let known: Vec<u32> =
        ballot.iter().copied().filter(|c| LISTS.contains(c) || NAMES.contains(c)).collect();
    let lists: Vec<u32> = known.iter().copied().filter(|c| LISTS.contains(c)).collect();
    let mut names: Vec<u32> = Vec::new();
    for code in known.iter().filter(|c| NAMES.contains(c)) {
        if !names.contains(code) {
            names.push(*code);
        }
    }
    let most = if limit == "seats" { 4 } else { 4 + 2 };
    let only_names = |mut names: Vec<u32>| {
        names.truncate(most);
        (!names.is_empty()).then_some((None, names))
    };
    let Some(&list) = lists.first() else {
        return only_names(names);
    };
    if two_lists == "void" && lists.iter().any(|other| *other != list) {
        return None;
    }
    if names.is_empty() {
        return Some((Some(list), vec![]));
    }
    match list_plus_names {
        "list_wins" => Some((Some(list), vec![])),
        "device_forbids" => None,
        "first_entered_wins" if LISTS.contains(&known[0]) => Some((Some(list), vec![])),
        "first_entered_wins" => only_names(names),
        _ => {
            let (_, members) = MEMBERS.iter().find(|(code, _)| *code == list).unwrap();
            names.retain(|name| !members.contains(name));
            names.truncate(most.saturating_sub(members.len()));
            Some((Some(list), names))
        }
    }
}

fn options() -> Vec<Options> {
    let mut all = Vec::new();
    for list_plus_names in ["list_wins", "device_forbids", "first_entered_wins", "both_up_to_21"] {
        for two_lists in ["first_list_only", "void"] {
            for limit in ["seats", "seats+alternates"] {
                all.push((list_plus_names, two_lists, limit));
            }
        }
    }
    all
}

#[test]
fn the_engine_reads_as_a_naive_reader_under_every_option() {
    let code = prop_oneof![
        3 => prop::sample::select(&LISTS[..]),
        8 => prop::sample::select(&NAMES[..]),
        1 => Just(999_u32),
    ];
    let ballots = prop::collection::vec(prop::collection::vec(code, 0..9), 1..200);
    let mut runner =
        TestRunner::new(Config { cases: 6, failure_persistence: None, ..Config::default() });
    runner
        .run(&ballots, |ballots| {
            let work = tempfile::tempdir().unwrap();
            let text = work.path().join("ballots.csv");
            let rows: Vec<String> = ballots
                .iter()
                .map(|ballot| {
                    let codes: Vec<String> = ballot.iter().map(u32::to_string).collect();
                    format!("S2,T,{}", codes.join(" "))
                })
                .collect();
            std::fs::write(&text, format!("station,district,choices\n{}\n", rows.join("\n")))
                .unwrap();
            let out = work.path().join("out");
            kit::seal(&fixture("small/election"), &text, &out);
            let mut totals = Vec::new();
            for options in options() {
                let found = counted(&out, options);
                prop_assert_eq!(&found, &expected(&ballots, options), "{:?}", options);
                totals.push(found);
            }
            totals.dedup();
            prop_assert!(totals.len() > 1 || ballots.len() < 20, "the options make a difference");
            Ok(())
        })
        .unwrap();
}

/// Valid ballots, ballots per list, votes by name.
type Totals = (u64, BTreeMap<u32, u64>, BTreeMap<u32, u64>);

fn counted(out: &std::path::Path, (list_plus_names, two_lists, limit): Options) -> Totals {
    let options = [
        format!("list_plus_names={list_plus_names}"),
        format!("two_lists={two_lists}"),
        format!("limit={limit}"),
    ];
    let mut more = vec!["--district", "T"];
    for option in &options {
        more.extend(["--option", option]);
    }
    let document = kit::json("tally", out, &more);
    let district = &document["districts"][0];
    let numbers = |rows: &serde_json::Value, key: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let code = u32::try_from(row["code"].as_u64().unwrap()).unwrap();
                (code, row[key].as_u64().unwrap())
            })
            .collect()
    };
    (
        district["ballots"]["valid"].as_u64().unwrap(),
        numbers(&district["lists"], "votes"),
        numbers(&district["candidates"], "direct"),
    )
}

fn expected(ballots: &[Vec<u32>], options: Options) -> Totals {
    let mut totals: Totals =
        (0, LISTS.map(|list| (list, 0)).into(), NAMES.map(|name| (name, 0)).into());
    for (list, names) in ballots.iter().filter_map(|ballot| read(ballot, options)) {
        totals.0 += 1;
        if let Some(list) = list {
            *totals.1.get_mut(&list).unwrap() += 1;
        }
        for name in names {
            *totals.2.get_mut(&name).unwrap() += 1;
        }
    }
    totals
}
