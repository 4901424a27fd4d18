//! Readings side by side, the note of a district, lots with their minutes, leavers.

use serde_json::{Value, json};

use super::{DISTRICTS, Election, Sealed};
use crate::kit::text;

/// Tehran in small: lists 40 and 50 and three independents for four seats.
///
/// 40 has 3 x 12 = 36, and 9 by name; 50 has 3 x 6 = 18, and 3 by name; the pool 10 + 6 + 2 = 18.
/// Of 84 votes: 2.14, 1.00, 0.857 of four -> 2-1-1. Persons: 19, 14, 12; 8, 7, 6; 10, 6, 2.
fn tehran() -> Sealed {
    Election {
        contests: "[[contest]]\nid = \"t\"\nrule = \"article-24\"\n",
        districts: &format!("{DISTRICTS}T,t,تهران,Tehran,23,,4,2\n"),
        lists: "T,40,الف,Alef\nT,50,ب,Be\n",
        candidates: "district,code,list,name_fa,name_en\n\
                     T,101,40,a,A1\nT,102,40,a,A2\nT,103,40,a,A3\n\
                     T,201,50,b,B1\nT,202,50,b,B2\nT,203,50,b,B3\n\
                     T,301,,i,I1\nT,302,,i,I2\nT,303,,i,I3\n",
        ballots: "T,40,12\nT,101,5\nT,101 102,2\nT,50,6\nT,201,2\nT,202,1\nT,301 302,6\nT,301,4\nT,303,2",
    }
    .seal()
}

fn compared(sealed: &Sealed, more: &[&str]) -> Value {
    let (code, stdout, stderr) =
        sealed.result(&[&["--compare-readings", "--format", "json"], more].concat());
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str::<Value>(&stdout).unwrap()["districts"][0].clone()
}

#[test]
fn every_council_that_options_give_one_by_one_is_among_those_compared() {
    let sealed = tehran();
    let found = compared(&sealed, &[]);
    let seats = |council: &Value| -> Vec<u64> {
        let seats = council["seats"].as_array().unwrap().iter();
        seats.map(|group| group["seats"].as_u64().unwrap()).collect()
    };
    let councils: Vec<Vec<u64>> = found["councils"].as_array().unwrap().iter().map(seats).collect();
    assert_eq!(councils[0], [2, 1, 1], "the reading in force stands first");
    assert_eq!(found["councils"][0]["in_force"], true);
    // 40 ballots: raw 1.125, 0.525, 0.45 -> floors 1-0-0; three left by remainder: 50, pool, 40.
    for (option, expected) in [
        (["--option", "denominator=valid_ballots"], [2, 1, 1]),
        (["--option", "leftover=largest_share"], [3, 1, 0]),
        (["--option", "pool_gets_leftover=no"], [3, 1, 0]),
        (["--option", "leftover=highest_average"], [2, 1, 1]),
    ] {
        let (_, district) = sealed.district(&option);
        let alone: Vec<u64> = district["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["seats"].as_u64().unwrap())
            .collect();
        assert_eq!(alone, expected, "{option:?}");
        assert!(councils.contains(&alone), "{option:?}");
    }
    let option = |name: &str| {
        let options = found["options"].as_array().unwrap();
        options.iter().find(|option| option["option"] == name).cloned()
    };
    let alone = |name: &str| option(name).map(|option| option["alone"].clone());
    assert_eq!(alone("pool_gets_leftover"), Some(json!(["seats", "elected", "alternates"])));
    assert_eq!(option("list_plus_names"), None, "no ballot has a list and names");
    let without = found["without_effect"].as_array().unwrap();
    assert!(without.contains(&json!("list_plus_names")) && without.contains(&json!("two_lists")));
    // Every `when` of a council, set as options, gives that council.
    for council in found["councils"].as_array().unwrap() {
        let Some(condition) = council["when"].as_array().unwrap().first() else { continue };
        let pairs: Vec<String> = condition
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, values)| format!("{name}={}", values[0].as_str().unwrap()))
            .collect();
        let more: Vec<&str> = pairs.iter().flat_map(|pair| ["--option", pair.as_str()]).collect();
        let (code, stdout, _) = sealed.result(&[&more[..], &["--format", "json"]].concat());
        if council["refused"].is_string() {
            assert_eq!(code, 1, "{pairs:?}");
            continue;
        }
        let document: Value = serde_json::from_str(&stdout).unwrap();
        let mut elected: Vec<u64> = document["districts"][0]["elected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_u64().unwrap())
            .collect();
        elected.sort_unstable();
        assert_eq!(json!(elected), council["elected"], "{pairs:?}");
    }
}

#[test]
fn a_tie_of_all_lists_with_the_independents_names_both() {
    let sealed = Election {
        contests: "[[contest]]\nid = \"t\"\nrule = \"article-24\"\n",
        districts: &format!("{DISTRICTS}T,t,تهران,Tehran,23,,1,1\n"),
        lists: "T,40,الف,Alef\nT,50,ب,Be\n",
        candidates: "district,code,list,name_fa,name_en\nT,101,40,a,A1\nT,201,50,b,B1\nT,301,,i,I1\n",
        // 3 + 2 of the lists against 5: only in two stages have they an equal claim to the seat.
        ballots: "T,40,3\nT,50,2\nT,301,5",
    }
    .seal();
    let found = compared(&sealed, &[]);
    let councils = found["councils"].as_array().unwrap().iter();
    let between: Vec<&Value> = councils
        .flat_map(|council| council["lots"].as_array().unwrap())
        .map(|lot| &lot["between"])
        .collect();
    assert_eq!(between, [&json!(["lists", null])]);
    let (_, stdout, _) = sealed.result(&["--compare-readings"]);
    assert!(stdout.contains("a lot is needed (seat) between lists, independents"), "{stdout}");
}

#[test]
fn where_the_readings_in_force_give_no_council_the_others_differ_in_every_seat() {
    let sealed = Election {
        contests: "[[contest]]\nid = \"t\"\nrule = \"article-24\"\nrounding = \"half_up\"\n\
                   excess = \"error\"\n",
        districts: &format!("{DISTRICTS}T,t,تهران,Tehran,23,,1,1\n"),
        lists: "T,40,الف,Alef\nT,50,ب,Be\n",
        candidates: "district,code,list,name_fa,name_en\nT,101,40,a,A1\nT,201,50,b,B1\n",
        // A half each: both are rounded up, and there is one seat.
        ballots: "T,40,3\nT,50,3",
    }
    .seal();
    let found = compared(&sealed, &[]);
    let councils = found["councils"].as_array().unwrap();
    assert!(councils[0]["in_force"] == true && councils[0]["refused"].is_string(), "{found}");
    assert_eq!(councils[0]["differs"]["seats"], json!([]));
    for other in &councils[1..] {
        let expected: Vec<Value> = other["seats"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| json!({"list": group["list"], "from": null, "to": group["seats"]}))
            .collect();
        assert_eq!(other["differs"]["seats"].as_array().unwrap(), &expected);
        assert_eq!(expected.len(), 2, "{other}");
    }
    let (code, stdout, _) = sealed.result(&["--compare-readings"]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("no outcome") && !stdout.contains("other seats"), "{stdout}");
}

/// Nobody lacks a seat where those without a vote are elected, so no step says that this matters.
#[test]
fn who_is_elected_without_a_vote_is_so_under_one_reading_only() {
    let sealed = Election {
        contests: "[[contest]]\nid = \"t\"\nrule = \"block-plurality\"\n\
                   zero_votes = \"elected\"\n",
        districts: &format!("{DISTRICTS}T,t,شهر,City,23,,2,0\n"),
        lists: "",
        candidates: "district,code,list,name_fa,name_en\nT,101,,a,A1\nT,201,,b,B1\n",
        ballots: "T,101,3",
    }
    .seal();
    let found = compared(&sealed, &["--district", "T"]);
    let councils = found["councils"].as_array().unwrap();
    let elected: Vec<&Value> = councils.iter().map(|council| &council["elected"]).collect();
    assert_eq!(elected, [&json!([101, 201]), &json!([101])], "{found}");
}

#[test]
fn readings_of_ballots_matter_where_there_are_such_ballots() {
    let sealed = Election {
        contests: "[[contest]]\nid = \"t\"\nrule = \"article-24\"\n",
        districts: &format!("{DISTRICTS}T,t,تهران,Tehran,23,,1,1\n"),
        lists: "T,40,الف,Alef\n",
        candidates: "district,code,list,name_fa,name_en\nT,101,40,a,A1\nT,301,,i,I1\n",
        // The list has 2 votes by itself and 3 more where the list wins; the independent 4.
        ballots: "T,40,2\nT,301 40,3\nT,301,1",
    }
    .seal();
    let found = compared(&sealed, &[]);
    let councils: Vec<&Value> =
        found["councils"].as_array().unwrap().iter().map(|council| &council["elected"]).collect();
    assert_eq!(councils[0], &json!([101]), "5 against 1");
    assert!(councils.contains(&&json!([301])), "first entered wins: 2 against 4");
    let names: Vec<&str> = found["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| option["option"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"list_plus_names") && !names.contains(&"two_lists"), "{names:?}");
    // What the device should have refused is void, and counted.
    let (_, district) = sealed.district(&["--option", "list_plus_names=device_forbids"]);
    assert_eq!(district["ballots"]["void"], 3);
    let findings = district["findings"].to_string();
    assert!(findings.contains("3 ballots have a list and names: void"), "{findings}");
    let (code, stdout, _) = sealed.result(&["--compare-readings"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("A10 list_plus_names") && stdout.contains("out: 101 A1"), "{stdout}");
}

#[test]
fn a_note_says_every_step_with_its_article_in_both_languages() {
    let sealed = tehran();
    let (code, english, _) = sealed.result(&["--explain", "T"]);
    assert_eq!(code, 0);
    for line in [
        "TEST - not an official result",
        "Taken 40 = valid 40 + void 0",
        "A1 denominator = vote_sum; the outcome rests on it",
        "45 × 4 / 84 = 2 seats, remainder 12 / 84. [councils law art. 24 item 2]",
        "[councils law art. 24 item 3; reading A2 floor_then_remainder]",
        "one seat to Independents, remainder 72 / 84.",
        "301 (I1): 10 votes; by",
    ] {
        assert!(english.contains(line), "{line}\n{english}");
    }
    let (code, persian, _) = sealed.result(&["--explain", "T", "--lang", "fa"]);
    assert_eq!(code, 0);
    for line in ["\u{2066}۴۵ × ۴ ÷ ۸۴ = ۲\u{2069} کرسی", "آزمایشی", "منتخبان", "(دقیق)"]
    {
        assert!(persian.contains(line), "{line}\n{persian}");
    }
    let (code, _, stderr) = sealed.result(&["--explain", "X"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("found 'X'"), "{stderr}");
}

/// Two seats, and three with as many votes.
fn tied() -> Sealed {
    Election {
        contests: "[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n",
        districts: &format!("{DISTRICTS}V,c,ده,Village,23,2301,2,2\n"),
        lists: "",
        candidates: "district,code,list,name_fa,name_en\n\
                     V,1,,a,A\nV,2,,b,B\nV,3,,c,C\nV,4,,d,D\nV,5,,e,E\n",
        ballots: "V,1,9\nV,2,4\nV,3,4\nV,4,4\nV,5,1",
    }
    .seal()
}

#[test]
fn a_recorded_lot_carries_its_minutes_and_must_fit_the_tied() {
    let sealed = tied();
    let header = "district,kind,place,winner,between,drawn_at,present";
    let lots = |rows: &str| sealed.file("lots.csv", &format!("{header}\n{rows}\n"));
    let minutes = "12 Ordibehesht 1405 10:00,\"executive board, supervision board\"";
    let good = lots(&format!("V,person,1,3,2;3;4,{minutes}\nV,alternate,1,4,2; 4,{minutes}"));
    let (code, district) = sealed.district(&["--lots", text(&good)]);
    assert_eq!((code, &district["elected"]), (0, &json!([1, 3])));
    assert_eq!(district["alternates"], json!([4, 2]));
    assert_eq!(district["lots_recorded"][0]["present"], "executive board, supervision board");
    let (_, note, _) = sealed.result(&["--explain", "V", "--lots", text(&good)]);
    assert!(note.contains("drawn 12 Ordibehesht 1405 10:00"), "{note}");
    // Before a late batch only two were tied.
    let old = lots("V,person,1,3,3;4,,");
    let (code, stdout, stderr) = sealed.result(&["--lots", text(&old)]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(
        stderr.contains("lots.csv:2") && stderr.contains("a lot between exactly 2, 3, 4"),
        "{stderr}"
    );
}

#[test]
fn leavers_are_replaced_from_their_list_and_then_by_most_votes() {
    let sealed = tehran();
    let leave = |codes: &[&str]| {
        let leavers: Vec<&str> = codes.iter().flat_map(|code| ["--leaver", code]).collect();
        let more = [&["--district", "T", "--format", "json"], &leavers[..]].concat();
        let (code, stdout, stderr) = sealed.result(&more);
        let document = serde_json::from_str(&stdout).unwrap_or(Value::Null);
        (code, document, stderr)
    };
    let (code, document, _) = leave(&["101", "102", "301", "202", "201"]);
    assert_eq!(code, 0);
    let departed = |leaver: u32, outcome: &str, successor: Value| {
        let mut departure = json!({"leaver": leaver, "outcome": outcome});
        departure["successor"] = successor;
        departure
    };
    assert_eq!(
        document["departures"],
        json!([
            departed(101, "replaced", json!(103)),
            // 40 has no alternate left: of 202 with 7 and 302 with 6 votes the first
            departed(102, "replaced", json!(202)),
            departed(301, "replaced", json!(302)),
            departed(202, "vacant", Value::Null),
            departed(201, "vacant", Value::Null),
        ])
    );
    assert!(document["steps"][1]["text_en"].as_str().unwrap().contains("most votes among all"));
    let (code, _, stderr) = leave(&["103", "303"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("found leaver 303, expected a member or an alternate"), "{stderr}");
    let (code, _, stderr) = sealed.result(&["--leaver", "101"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--district"), "{stderr}");
}
