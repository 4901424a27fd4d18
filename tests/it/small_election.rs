//! A small election counted by hand: text to seals to totals to seats, through the real program.
//!
//! In: `tests/fixtures/small`. Out: every number of every JSON that others rely on. Never: an
//! expectation taken from the program's own output.

use serde_json::{Value, json};

use crate::kit::{self, fixture, run, text};

/// Village V1: 5 x {101 102 103}, 2 x {104}, 3 blank, {104 103} in S1; in S2 {102 104 999}, and
/// 2 x {101 101 104 103 102}, of which the law reads 101 104 103.
/// Tehran T: 10 x list 40, 7 x list 50, {40 50} and {40 201 301} read as list 40, and 4 x four
/// names.
fn expected_tally() -> Value {
    let candidate = |code: u32, list: Option<u32>, direct: u64, via_list: u64| {
        json!({"code": code, "list": list, "direct": direct, "via_list": via_list,
               "votes": direct + via_list})
    };
    json!([
        {
            "district": "V1",
            "ballots": {"taken": 14, "valid": 11, "void": 3, "blank": 3},
            "lists": [],
            "candidates": [
                candidate(101, None, 5 + 2, 0),
                candidate(102, None, 5 + 1, 0),
                candidate(103, None, 5 + 1 + 2, 0),
                candidate(104, None, 2 + 1 + 1 + 2, 0),
            ],
        },
        {
            "district": "T",
            "ballots": {"taken": 23, "valid": 23, "void": 0, "blank": 0},
            "lists": [{"code": 40, "votes": 10 + 1 + 1}, {"code": 50, "votes": 7}],
            "candidates": [
                candidate(101, Some(40), 4, 12),
                candidate(102, Some(40), 0, 12),
                candidate(103, Some(40), 0, 12),
                candidate(201, Some(50), 4, 7),
                candidate(202, Some(50), 0, 7),
                candidate(203, Some(50), 0, 7),
                candidate(301, None, 4, 0),
                candidate(302, None, 4, 0),
            ],
        },
    ])
}

fn sealed() -> tempfile::TempDir {
    let out = tempfile::tempdir().unwrap();
    let small = fixture("small");
    kit::seal(&small.join("election"), &small.join("ballots.csv"), out.path());
    out
}

#[test]
fn totals_are_those_counted_by_hand() {
    let out = sealed();
    let document = kit::json("tally", out.path(), &[]);
    assert_eq!(document["election"], "small");
    assert_eq!(document["mode"], "test");
    assert_eq!(document["frontier"]["batches"], 3);
    assert_eq!(document["ballots"], json!({"taken": 37, "valid": 34, "void": 3, "blank": 3}));
    assert_eq!(document["districts"], expected_tally());
}

#[test]
fn rejected_rows_stand_in_a_file_and_received_is_accepted_plus_rejected() {
    let out = tempfile::tempdir().unwrap();
    let small = fixture("small");
    let (election, ballots) = (small.join("election"), small.join("ballots.csv"));
    let rejects = out.path().join("elsewhere.csv");
    let folder = out.path().join("out");
    let arguments = [
        "seal",
        "--election",
        text(&election),
        "--ballots",
        text(&ballots),
        "--out",
        text(&folder),
        "--rejects",
        text(&rejects),
        "--strict",
    ];
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stdout.as_str()), (1, ""), "--strict: rejects are a failure");
    assert!(stderr.contains("sealed 37 ballots of 11 rows into 3 batches"), "{stderr}");
    assert!(stderr.contains("rejected 4 of 15 rows"), "{stderr}");
    let rejects = std::fs::read_to_string(rejects).unwrap();
    let codes: Vec<(&str, &str)> = rejects
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            (fields.next().unwrap(), fields.next().unwrap())
        })
        .collect();
    let expected = [
        ("12", "unknown-station"),
        ("13", "unknown-district"),
        ("14", "choice-not-a-number"),
        ("15", "bad-count"),
    ];
    assert_eq!(codes, expected);
    assert_eq!(kit::json("tally", &folder, &[])["districts"], expected_tally());
}

#[test]
fn the_result_names_seats_ties_and_reasons() {
    let out = sealed();
    let (code, stdout, _) = run(["result", text(out.path()), "--format", "json"]);
    assert_eq!(code, 3, "lots are needed");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let [village, tehran] = document["districts"].as_array().unwrap().as_slice() else {
        panic!("two districts")
    };
    assert_eq!(village["rule"], "block-plurality");
    assert_eq!(village["status"], "lot-required");
    assert_eq!(village["elected"], json!([103, 101]));
    assert_eq!(village["lots"][0]["kind"], "person");
    assert_eq!(village["lots"][0]["places"], 1);
    assert_eq!(village["lots"][0]["between"], json!([102, 104]));
    // 40, 25 and 8 of 73 votes for 4 seats: 2 1/73.., 1 27/73, 0 32/73; the last goes to the pool.
    let seats: Vec<(Value, Value)> = tehran["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["list"].clone(), group["seats"].clone()))
        .collect();
    assert_eq!(seats, [(json!(40), json!(2)), (json!(50), json!(1)), (Value::Null, json!(1))]);
    assert_eq!(tehran["elected"], json!([101, 201]));
    let steps = tehran["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| {
        ["article", "text_en", "text_fa"].iter().all(|key| step[key].as_str().is_some())
    }));
    assert!(steps.iter().any(|step| step["remainder"] == 32 && step["denominator"] == 73));
    assert_eq!(tehran["options"]["denominator"], "vote_sum");
    assert_eq!(document["rules_digest"].as_str().unwrap().len(), 64);
}

#[test]
fn recorded_lots_settle_a_tie_and_foreign_ones_are_refused() {
    let out = sealed();
    let lots = out.path().join("lots.csv");
    let draw = |rows: &str| {
        std::fs::write(&lots, format!("district,kind,place,winner\n{rows}")).unwrap();
        let arguments = ["result", text(out.path()), "--lots", text(&lots), "--format", "json"];
        run(arguments)
    };
    let (code, stdout, stderr) = draw("V1,person,1,104\nT,person,1,103\nT,person,1,301\n");
    assert_eq!(code, 3, "the alternate of list 50 is still open: {stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["districts"][0]["status"], "final");
    assert_eq!(document["districts"][0]["elected"], json!([103, 101, 104]));
    let all = "V1,person,1,104\nT,person,1,103\nT,person,1,301\nT,alternate,1,202\n";
    let (code, stdout, stderr) = draw(all);
    assert_eq!(code, 0, "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    // Equals stand by code: 101 has 16, 103 has 12, 201 has 11, 301 has 4 votes.
    assert_eq!(document["districts"][1]["elected"], json!([101, 103, 201, 301]));
    assert_eq!(document["districts"][1]["alternates"], json!([102, 202, 302]));
    for foreign in ["V1,person,1,101\n", "V1,seat,1,40\n", "V1,person,2,104\n", "V2,person,1,104\n"]
    {
        let (code, stdout, stderr) = draw(foreign);
        assert!(code == 1 || code == 2, "{foreign}: exit code {code}");
        assert_eq!(stdout, "", "{foreign}: nothing half");
        assert!(stderr.starts_with("error: "), "{foreign}: {stderr}");
    }
}

#[test]
fn one_district_alone_keeps_the_frontier_of_all() {
    let out = sealed();
    let (all, one) =
        (kit::json("tally", out.path(), &[]), kit::json("tally", out.path(), &["--district", "T"]));
    assert_eq!(one["frontier"], all["frontier"]);
    assert_eq!(one["districts"], json!([expected_tally()[1]]));
    for (id, expected) in [("V9", "'V1', perhaps"), ("city", "a district of districts.csv")] {
        let (code, stdout, stderr) = run(["tally", text(out.path()), "--district", id]);
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains(&format!("found '{id}', expected {expected}")), "{stderr}");
    }
}

#[test]
fn the_summary_times_every_repeat_and_csv_adds_up() {
    let out = sealed();
    let (code, stdout, _) =
        run(["tally", text(out.path()), "--format", "summary", "--repeat", "3"]);
    assert_eq!(code, 0);
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["timing"]["count_s"].as_array().unwrap().len(), 3);
    assert_eq!(summary["ballots"]["taken"], 37);
    let (_, stdout, _) = run(["tally", text(out.path()), "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(stdout.as_bytes());
    let (mut taken, mut votes) = (0, 0);
    for row in reader.records() {
        let row = row.unwrap();
        let number: u64 = row[6].parse().unwrap();
        match &row[1] {
            "taken" => taken += number,
            "candidate" => votes += number,
            _ => {}
        }
    }
    assert_eq!((taken, votes), (37, 27 + 73));
}

#[test]
fn a_result_is_provisional_until_every_pair_of_serves_has_reported() {
    let out = sealed();
    let serves = out.path().join("election/serves.csv");
    let header = "station,district,registered,authenticated\n";
    std::fs::write(&serves, format!("{header}S1,V1,,\nS2,V1,,\nS2,T,,\n")).unwrap();
    let document = kit::json("result", out.path(), &[]);
    assert_eq!(document["districts"][1]["status"], "lot-required");
    std::fs::write(&serves, format!("{header}S1,V1,,\nS2,V1,,\nS2,T,,\nS1,T,,\n")).unwrap();
    let document = kit::json("result", out.path(), &[]);
    assert_eq!(document["districts"][0]["status"], "lot-required");
    assert_eq!(document["districts"][1]["status"], "provisional");
    // A batch of a pair that nobody expects is a finding, and then there is no number.
    std::fs::write(&serves, format!("{header}S1,V1,,\nS2,V1,,\n")).unwrap();
    let (code, stdout, stderr) = run(["tally", text(out.path())]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("station S2, district T"), "{stderr}");
}
