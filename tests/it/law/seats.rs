//! `shomar seats` with the rules that need more than votes.

use serde_json::{Value, json};

use super::file;
use crate::kit::{self, text};

fn seats(votes: &str, more: &[&str]) -> (i32, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "votes.csv", votes);
    let arguments = [&["seats", "--votes", text(&path), "--format", "json"], more].concat();
    let (code, stdout, stderr) = kit::run(arguments);
    (code, serde_json::from_str(&stdout).unwrap_or(Value::Null), stderr)
}

#[test]
fn a_first_round_elects_at_a_fifth_and_names_the_second_round() {
    let votes = "list,candidate,votes\n,A,40\n,B,20\n,C,19\n,D,10\n,E,1\n";
    let (code, found, _) =
        seats(votes, &["--seats", "3", "--method", "two-round", "--valid-ballots", "100"]);
    assert_eq!((code, &found["status"]), (0, &json!("runoff-required")));
    let names = |value: &Value| -> Vec<String> {
        let people = value.as_array().unwrap().iter();
        people.map(|who| who["candidate"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&found["elected"]), ["A", "B"]);
    assert_eq!(names(&found["runoff"]["between"]), ["C", "D"]);
    let (code, _, stderr) = seats(votes, &["--seats", "3", "--method", "two-round"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("needs the number of valid ballots"), "{stderr}");
}

#[test]
fn czech_lists_need_the_order_of_the_list() {
    // Average 100: D has 110 and comes first, then by position.
    let votes = "list,candidate,votes,position\nL,A,100,1\nL,B,95,2\nL,C,95,3\nL,D,110,4\n";
    let (code, found, _) = seats(votes, &["--seats", "2", "--method", "cz-municipal"]);
    assert_eq!(code, 0);
    assert_eq!((&found["rule"], &found["method"]), (&json!("cz-municipal"), &json!("dhondt")));
    assert_eq!(found["elected"][0]["candidate"], "D");
    assert_eq!(found["elected"][1]["candidate"], "A");
    assert_eq!(found["options"]["threshold"], "5");
    // One list: no change of votes moves a seat to another; who is first is not of one vote alone.
    assert_eq!(found["margin"]["person"]["certainty"], "at-least");
    let without = "list,candidate,votes\nL,A,100\nL,D,110\n";
    let (code, _, stderr) = seats(without, &["--seats", "1", "--method", "cz-municipal"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("votes.csv:2") && stderr.contains("column position"), "{stderr}");
}

#[test]
fn every_method_and_set_is_accepted_and_prints_its_name() {
    let votes = "list,candidate,votes,names\nA,,510,9\nB,,300,9\nC,,200,9\n";
    let expected = [
        ("dhondt", [4, 2, 1]),
        ("sainte-lague", [4, 2, 1]),
        ("modified-sainte-lague", [4, 2, 1]),
        ("huntington-hill", [4, 2, 1]),
        ("adams", [3, 2, 2]),
        ("danish", [4, 2, 1]),
        ("imperiali", [4, 2, 1]),
        ("hare", [4, 2, 1]),
        ("droop", [4, 2, 1]),
        ("hagenbach-bischoff", [4, 2, 1]),
        ("imperiali-quota", [4, 2, 1]),
        ("cz-municipal", [4, 2, 1]),
        ("hesse-kreis", [4, 2, 1]),
        ("no-storting", [4, 2, 1]),
        ("us-house", [4, 2, 1]),
    ];
    for (method, expected) in expected {
        let (code, found, stderr) = seats(votes, &["--seats", "7", "--method", method]);
        assert_eq!(code, 0, "{method}: {stderr}");
        let groups = found["groups"].as_array().unwrap().iter();
        let found_seats: Vec<u64> = groups.map(|group| group["seats"].as_u64().unwrap()).collect();
        assert_eq!(found_seats, expected, "{method}");
        assert_eq!(found["rule"], method);
    }
}

#[test]
fn what_a_rule_does_not_have_is_named_with_what_it_has() {
    let votes = "list,candidate,votes\nA,,500\n";
    for (more, expected) in [
        (&["--method", "dhont"][..], "unknown rule \"dhont\"; known: relative-plurality"),
        (
            &["--method", "hare", "--option", "denominator=vote_sum"],
            "unknown option \"denominator\"",
        ),
        (&["--method", "hare", "--option", "majority=yes"], "known: off, more_than_half"),
        (&["--method", "dhondt", "--threshold", "5 %"], "option threshold"),
        (&["--method", "dhondt", "--threshold", "5", "--threshold-base", "0"], "threshold_base"),
        (&["--method", "article-24", "--option", "two_lists=none"], "first_list_only, void"),
    ] {
        let (code, _, stderr) = seats(votes, &[&["--seats", "1"], more].concat());
        assert_eq!(code, 2, "{more:?}");
        assert!(stderr.contains(expected), "{more:?}: {stderr}");
    }
}
