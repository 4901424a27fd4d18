//! The JSON API as a program reads it.
//!
//! In: a real server with the small election. Out: documents held to reviewed snapshots, tags,
//! refusals. Never: a snapshot with a time of day in it.

use std::collections::BTreeSet;

use serde_json::Value;
use shomar_format::bytes::hex;
use shomar_format::record::{address_at, record_hash};

use crate::keyed::Keyed;
use crate::kit::{fixture, json};
use crate::serve::kit::Server;
use crate::serve::pages::{get, settled, small_night};

fn document(server: &Server, path: &str) -> Value {
    let answer = get(server, path, "");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_str(&answer.body).unwrap()
}

/// A document without moments and measurements.
fn steady(mut document: Value) -> String {
    fn still(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let is_moment = matches!(key.as_str(), "at" | "signed_at" | "received_at");
                    match value {
                        Value::String(_) if is_moment => *value = "[moment]".into(),
                        _ => still(value),
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(still),
            _ => {}
        }
    }
    still(&mut document);
    serde_json::to_string_pretty(&document).unwrap()
}

/// Codes, whatever their order.
fn codes(list: &Value) -> BTreeSet<u64> {
    list.as_array().unwrap().iter().map(|code| code.as_u64().unwrap()).collect()
}

#[test]
fn documents_are_as_they_were_reviewed() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    settled(&server, "/en/", "2 of 2 stations in");
    for (name, path) in [
        ("api-nation", "/v1/nation"),
        ("api-province", "/v1/provinces/0"),
        ("api-lists", "/v1/districts/T"),
        ("api-village", "/v1/districts/V1"),
        ("api-stations", "/v1/stations?state=all"),
        ("api-search", "/v1/search?q=%D8%AF%D9%87"),
        ("api-small-cells", "/v1/small-cells"),
    ] {
        insta::assert_snapshot!(name, steady(document(&server, path)));
    }
    // A program of another house may read what everybody may see.
    let answer = get(&server, "/v1/nation", "");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let tag = answer.header("etag").unwrap();
    let again = get(&server, "/v1/nation", &format!("if-none-match: {tag}\r\n"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert!(answer.header("last-modified").unwrap().ends_with("gmt"));
    assert!(document(&server, "/v1/reception")["durable"].as_u64().unwrap() > 0);
}

#[test]
fn the_api_has_the_numbers_of_the_count() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    settled(&server, "/en/", "2 of 2 stations in");
    let tally = json("tally", &keyed.path("sealed"), &[]);
    let result = json("result", &keyed.path("sealed"), &[]);
    let districts = tally["districts"].as_array().unwrap().iter();
    for (tally, result) in districts.zip(result["districts"].as_array().unwrap()) {
        let id = tally["district"].as_str().unwrap();
        let own = document(&server, &format!("/v1/districts/{id}"));
        assert_eq!(own["ballots_taken"], tally["ballots"]["taken"], "{id}");
        // The three ballots of the second station are shown with the eleven of the first.
        assert_eq!(
            (&own["all_shown"], &own["status"]),
            (&true.into(), &"unofficial-complete".into())
        );
        assert_eq!(own["ballots"], tally["ballots"], "{id}");
        assert_eq!(own["elected"], result["elected"], "{id}");
        assert_eq!(own["outcome"]["groups"], result["groups"], "{id}");
        assert_eq!(own["outcome"]["steps"], result["steps"], "{id}");
        for side in ["lists", "candidates"] {
            let votes = |document: &Value| -> Vec<(u64, u64)> {
                let rows = document[side].as_array().unwrap().iter();
                let number = |row: &Value, key: &str| row[key].as_u64().unwrap();
                rows.map(|row| (number(row, "code"), number(row, "votes"))).collect()
            };
            assert_eq!(votes(&own), votes(tally), "{id}, {side}");
        }
    }
}

#[test]
fn of_a_village_of_six_ballots_the_api_names_who_is_elected_and_no_vote() {
    let keyed = Keyed::new("test").expecting("S2,V1,,\nS2,T,,\n");
    let ballots = keyed.path("few.csv");
    let all = std::fs::read_to_string(fixture("small/ballots.csv")).unwrap();
    let few = all.lines().filter(|line| !line.replace('"', "").starts_with("S1,V1"));
    std::fs::write(&ballots, few.collect::<Vec<_>>().join("\n")).unwrap();
    let (code, _, stderr) = keyed.seal(&ballots, &keyed.path("secrets.csv"), "sealed");
    assert_eq!(code, 0, "{stderr}");
    let batches = crate::keyed::records(&keyed.path("sealed"));
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    assert_eq!(server.send(&batches.iter().map(Vec::as_slice).collect::<Vec<_>>()).0, 200);
    server.caught_up();
    settled(&server, "/en/district/V1", "for officers alone");
    let own = document(&server, "/v1/districts/V1");
    assert_eq!((&own["withheld"], &own["ballots_taken"]), (&true.into(), &3.into()));
    let result = json("result", &keyed.path("sealed"), &[]);
    let elected = codes(&own["elected"]);
    assert_eq!(elected, codes(&result["districts"][0]["elected"]));
    // In the order of their codes: that of their votes would tell of votes.
    let told = own["elected"].as_array().unwrap().iter().map(|code| code.as_u64().unwrap());
    assert!(!elected.is_empty() && told.eq(elected));
    for hidden in ["ballots", "outcome"] {
        assert_eq!(own[hidden], Value::Null, "{hidden}");
    }
    for candidate in own["candidates"].as_array().unwrap() {
        for hidden in ["direct", "via_list", "votes"] {
            assert_eq!(candidate[hidden], Value::Null, "{hidden}");
        }
    }
    let rows = document(&server, "/v1/provinces/0");
    let row = rows["districts"].as_array().unwrap().iter().find(|row| row["district"] == "V1");
    assert_eq!(row.unwrap()["ballots"], Value::Null);
    assert_eq!(document(&server, "/v1/small-cells")["withheld"], serde_json::json!(["V1"]));
    // A digest of all totals would let somebody try out three ballots.
    assert_eq!(document(&server, "/v1/nation")["digest"], Value::Null);
    let pages = [get(&server, "/en/", "").body, get(&server, "/en/reception", "").body];
    let digest = server.caught_up()["digest"].as_str().unwrap().to_owned();
    assert!(pages.iter().all(|page| !page.contains(&digest)));
}

#[test]
fn an_official_api_has_no_number_per_option_before_the_close() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let mut records: Vec<&[u8]> = vec![&open];
    records.extend(batches.iter().map(Vec::as_slice));
    assert_eq!(server.send(&records).0, 200);
    server.caught_up();
    settled(&server, "/en/", "2 of 2 stations in");
    for path in
        ["/v1/nation", "/v1/provinces", "/v1/provinces/0", "/v1/districts", "/v1/small-cells"]
    {
        let text = document(&server, path).to_string();
        assert!(text.contains("\"status\":\"before-close\""), "{path}: {text}");
        assert!(!text.contains("\"valid\""), "{path}: {text}");
    }
    let own = document(&server, "/v1/districts/T");
    assert_eq!((&own["ballots"], &own["outcome"]), (&Value::Null, &Value::Null));
    assert!(own["candidates"].as_array().unwrap().iter().all(|row| row["votes"].is_null()));
    assert_eq!(server.send(&[&close]).0, 200);
    settled(&server, "/en/district/T", "Votes of everybody");
    let own = document(&server, "/v1/districts/T");
    assert!(own["candidates"].as_array().unwrap().iter().all(|row| row["votes"].is_u64()));
}

#[test]
fn what_the_api_does_not_have_it_refuses_in_words() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    for (path, found) in [
        ("/v1/nothing", "found path 'nothing', expected one of: nation"),
        ("/v1/districts/NOBODY", "found district 'NOBODY'"),
        ("/v1/provinces/9", "found province '9', expected a number below 1"),
        ("/v1/provinces/-1", "found province '-1'"),
        ("/v1/districts?page=0", "found page '0', expected a number from 1"),
        ("/v1/districts?page=2", "found a page beyond the last one"),
        ("/v1/districts?contest=none", "expected one of: council, tehran"),
        ("/v1/stations?state=lost", "found state 'lost', expected one of: missing"),
        ("/v1/stations?sate=held", "found parameter 'sate', expected state, province, page"),
        ("/v1/nation?x=1", "found parameter 'x', expected no parameter"),
        ("/v1/corrections?page=2", "found a page beyond the last one"),
    ] {
        let answer = get(&server, path, "");
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        let message: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(message["error"].as_str().unwrap().contains(found), "{path}: {message}");
    }
    // What was there before is there still.
    assert_eq!(get(&server, "/v1/frontier", "").status, 200);
    assert_eq!(get(&server, "/v1/tally", "").status, 200);
}

#[test]
fn without_serves_nothing_is_complete_before_somebody_says_so() {
    let keyed = Keyed::new("test");
    let batches = keyed.seal_rows("S1,V1,101,20\nS1,V1,102,15\nS1,V1,103,10\n", "sealed");
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    assert_eq!(server.send(&[&batches[0]]).0, 200);
    server.caught_up();
    settled(&server, "/v1/districts/V1", "\"ballots_taken\":45");
    let own = document(&server, "/v1/districts/V1");
    assert_eq!(
        (&own["status"], &own["elected"]),
        (&"unofficial-partial".into(), &Value::from([0; 0]))
    );
    assert_eq!(codes(&own["leading"]), [101, 102, 103].into());
    let declare = keyed.control(None, &["declare", "--district", "V1", "--elected", "101"]);
    assert_eq!(server.send(&[&declare]).0, 200);
    settled(&server, "/v1/districts/V1", "unofficial-complete");
    let own = document(&server, "/v1/districts/V1");
    assert_eq!(codes(&own["elected"]), [101, 102, 103].into());
    assert_eq!(own["declared"], serde_json::json!({"position": 1, "elected": [101]}));
}

#[test]
fn numbers_that_do_not_move_are_the_same_bytes() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    settled(&server, "/en/", "2 of 2 stations in");
    let paths = ["/v1/nation", "/v1/districts/T", "/fa/district/T", "/en/"];
    let first = paths.map(|path| get(&server, path, ""));
    // Longer than a board is kept without news.
    std::thread::sleep(std::time::Duration::from_secs(6));
    for (path, first) in paths.into_iter().zip(first) {
        let tag = first.header("etag").unwrap();
        let again = get(&server, path, &format!("if-none-match: {tag}\r\n"));
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("last-modified"), first.header("last-modified"), "{path}");
    }
}

#[test]
fn a_county_without_districts_of_its_own_is_as_far_as_those_that_it_reports() {
    let keyed = Keyed::new("test").expecting("S1,V1,,\nS2,T,,\n");
    let stations = keyed.path("election/stations.csv");
    let rows = std::fs::read_to_string(&stations).unwrap().replace("S2,23,2301", "S2,23,2302");
    std::fs::write(&stations, rows).unwrap();
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let batches = keyed.seal_rows("S1,V1,101,20\nS1,V1,102,15\nS1,V1,103,10\n", "village");
    assert_eq!(server.send(&[&batches[0]]).0, 200);
    server.caught_up();
    settled(&server, "/v1/districts/V1", "unofficial-complete");
    let province = document(&server, "/v1/provinces/0");
    let status = |county: usize| province["counties"][county]["status"].clone();
    assert_eq!([status(0), status(1)], ["unofficial-complete", "unofficial-partial"]);
    assert_eq!(province["status"], "unofficial-partial");
}

#[test]
fn a_pair_whose_batches_are_all_rejected_is_told_as_such() {
    let hold = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";
    let keyed = Keyed::new("test").expecting("S1,V1,,\nS2,V1,,\n").with(hold);
    let rows = "S1,V1,101,20\nS1,V1,102,15\nS1,V1,103,10\nS2,V1,101,200\n";
    let batches = keyed.seal_rows(rows, "sealed");
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let batches: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    assert_eq!(server.send(&batches).0, 200);
    server.caught_up();
    settled(&server, "/v1/stations?state=held", "\"station\":\"S2\"");
    let held = batches.iter().find(|batch| address_at(batch).station == 1).unwrap();
    let batch = hex(&record_hash(held));
    assert_eq!(server.send(&[&keyed.control(None, &["reject", "--batch", &batch])]).0, 200);
    settled(&server, "/v1/stations?state=rejected", "\"state\":\"rejected\"");
    for state in ["held", "annulled", "received"] {
        let of_state = document(&server, &format!("/v1/stations?state={state}"));
        let mut stations = of_state["stations"].as_array().unwrap().iter();
        assert!(!stations.any(|row| row["station"] == "S2"), "{state}: {of_state}");
    }
    let progress = &document(&server, "/v1/nation")["progress"];
    let numbers = ["stations_in", "stations_of_turnout", "registered_in", "ballots_in"];
    assert_eq!(numbers.map(|name| progress[name].as_u64()), [2, 1, 100, 45].map(Some));
    let page = get(&server, "/en/stations?state=rejected", "").body;
    assert!(page.contains("<span class=\"chip bad\">rejected</span>"), "{page}");
}
