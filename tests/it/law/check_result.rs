//! Somebody else's published result: right, right by a lot, wrong, or no result of these votes.

use serde_json::{Value, json};

use super::file;
use crate::kit::{self, text};

fn check(rule: &str, votes: &str, official: &str) -> (i32, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let votes = file(folder.path(), "votes.csv", votes);
    let official = file(folder.path(), "official.csv", official);
    let arguments = [
        "check-result",
        "--rule",
        rule,
        "--votes",
        text(&votes),
        "--official",
        text(&official),
        "--format",
        "json",
    ];
    let (code, stdout, stderr) = kit::run(arguments);
    (code, serde_json::from_str(&stdout).unwrap_or(Value::Null), stderr)
}

/// 4.5, 3.0, 2.5 of ten by Hare: 5-3-2 or 4-3-3 by a lot.
const VOTES: &str = "list,candidate,votes\nA,,450\nB,,300\nC,,250\n";

#[test]
fn a_lot_is_no_departure_and_an_impossible_seat_is() {
    let official = |a: u32, b: u32, c: u32| {
        format!("list,candidate,seats,district_seats\nA,,{a},10\nB,,{b},10\nC,,{c},10\n")
    };
    for (seats, code, verdict) in [
        ((5, 3, 2), 0, "matches-by-lot"),
        ((4, 3, 3), 0, "matches-by-lot"),
        ((4, 4, 2), 1, "departs"),
        ((6, 3, 1), 1, "departs"),
        // A seat that a lot must give was given to nobody.
        ((4, 3, 2), 1, "departs"),
    ] {
        let (found, document, stderr) = check("hare", VOTES, &official(seats.0, seats.1, seats.2));
        assert_eq!(
            (found, &document["districts"][0]["verdict"]),
            (code, &json!(verdict)),
            "{stderr}"
        );
    }
    let (_, document, _) = check("hare", VOTES, &official(6, 3, 1));
    let moved = &document["districts"][0]["moved"][0];
    assert_eq!((&moved["published_for"], &moved["by_rule"]), (&json!("A"), &json!("C")));
}

#[test]
fn the_wrong_method_is_named_by_its_pair_and_by_what_would_fit() {
    // D'Hondt gives 5-3-2 of ten with 450, 300, 250; Sainte-Lague of 53, 24, 23 and 7: 3-2-2.
    let votes = "list,candidate,votes\nA,,530\nB,,240\nC,,230\n";
    let official = "list,candidate,seats\nA,,4\nB,,2\nC,,1\n";
    let (code, document, _) = check("sainte-lague", votes, official);
    let found = &document["districts"][0];
    assert_eq!(code, 1);
    assert_eq!(found["moved"][0]["published_for"], "A");
    assert_eq!(found["moved"][0]["by_rule"], "C");
    assert!(found["moved"][0]["step"].as_str().unwrap().contains("230"));
    assert!(found["other_methods"].as_array().unwrap().contains(&json!("dhondt")));
    let (code, document, _) = check("dhondt", votes, official);
    assert_eq!((code, &document["matches"]), (0, &json!(1)));
}

#[test]
fn many_districts_stand_in_one_file_and_seats_may_be_vacant() {
    let votes = "district,list,candidate,votes,names\n\
                 1,A,,60,9\n1,B,,40,9\n2,A,,50,1\n2,B,,50,1\n3,A,,70,9\n3,B,,30,9\n";
    let official = "district,list,candidate,seats,district_seats\n\
                    1,A,,3,5\n1,B,,2,5\n2,A,,1,3\n2,B,,1,3\n3,A,,4,5\n3,B,,1,5\n";
    let (code, document, stderr) = check("dhondt", votes, official);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!((&document["matches"], &document["departs"]), (&json!(3), &json!(0)));
    // 70 / 5 = 14 against 30 / 2 = 15: the fifth seat is B's.
    let wrong = official.replace("3,A,,4,5\n3,B,,1,5", "3,A,,5,5\n3,B,,0,5");
    let (code, document, _) = check("dhondt", votes, &wrong);
    assert_eq!((code, &document["departs"]), (1, &json!(1)));
    assert_eq!(document["districts"][2]["district"], "3");
}

#[test]
fn published_persons_are_compared_where_every_seat_has_one() {
    let votes = "list,candidate,votes\n,A,9\n,B,7\n,C,7\n,D,1\n";
    let official = |elected: [u32; 4]| {
        let rows = ["A", "B", "C", "D"].iter().zip(elected);
        let rows: Vec<String> = rows.map(|(name, seats)| format!(",{name},{seats}")).collect();
        format!("list,candidate,seats\n{}\n", rows.join("\n"))
    };
    let (code, document, _) = check("block-plurality", votes, &official([1, 0, 1, 0]));
    assert_eq!((code, &document["matches_by_lot"]), (0, &json!(1)));
    assert_eq!(document["districts"][0]["lots"][0]["winner"], "C");
    let (code, document, _) = check("block-plurality", votes, &official([1, 0, 0, 1]));
    assert_eq!(code, 1);
    assert_eq!(document["districts"][0]["not_elected"], json!(["D"]));
}

#[test]
fn what_is_no_result_of_these_votes_is_refused_with_its_line() {
    for (official, expected) in [
        ("list,candidate,seats\nA,,5\nX,,5\n", "official.csv:3: found list \"X\""),
        ("list,candidate,seats\nA,,five\n", "official.csv:2: found seats \"five\""),
        (
            "list,candidate,seats\nA,,5\nA,,4\n",
            "official.csv:3: found the list or candidate of line 2",
        ),
        ("list,candidate,seats,district\nA,,5,1\n", "found no row of district \"\""),
        ("list,candidate,seat\nA,,5\n", "expected 'seats', perhaps"),
    ] {
        let (code, _, stderr) = check("hare", VOTES, official);
        assert_eq!(code, 2, "{official}");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}
