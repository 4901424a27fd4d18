//! Whether what is held or missing can still change who is elected, from the folder to the answer.
//!
//! In: small elections with keys whose borders are worked out by hand, and random ones. Out: what
//! `shomar result` says of stations and finality, compared with what happens when the ballots do
//! come. Never: `decided` where ballots that may come give another council.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};
use shomar_engine::checks::Registers;
use shomar_engine::completeness::{Completeness, CompletenessInput};
use shomar_engine::outcome::{OutcomeInput, contest_rules, outcomes};
use shomar_engine::recount::{RecountInput, recount};
use shomar_engine::{Definition, Evidence, Kernel, Snapshot};
use shomar_format::bytes::hex;
use shomar_format::record::{address_at, record_hash};
use shomar_format::{
    BatchAddress, CanonicalBatch, Canonicaliser, Election, OptionIndex, SealedBatch,
};
use shomar_seats::{LotKind, Verdict};
use shomar_store::SegmentWriter;

use crate::keyed::{Keyed, records};
use crate::kit::{self, run, text};

const HOLD: &str = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";

/// The village: 103 has the third and last place by 10 votes.
const VILLAGE: &str = "S1,V1,101,30\nS1,V1,102,25\nS1,V1,103,20\nS1,V1,104,10\n";

/// The keyed election with these rows of `serves.csv` and these checks.
fn election(mode: &str, serves: &str, checks: &str) -> Keyed {
    let keyed = Keyed::new(mode);
    let header = "station,district,registered,authenticated";
    std::fs::write(keyed.path("election/serves.csv"), format!("{header}\n{serves}")).unwrap();
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, format!("{head}\n{checks}")).unwrap();
    keyed
}

/// Seals rows of `station,district,choices,count`.
fn sealed(keyed: &Keyed, rows: &str, out: &str) -> Vec<Vec<u8>> {
    let ballots = keyed.path(&format!("{out}.csv"));
    std::fs::write(&ballots, format!("station,district,choices,count\n{rows}")).unwrap();
    let (code, _, stderr) = keyed.seal(&ballots, &keyed.path("secrets.csv"), out);
    assert_eq!(code, 0, "{stderr}");
    records(&keyed.path(out))
}

/// A journal of these batches; in an official election between an open and a close record.
fn journal(keyed: &Keyed, mode: &str, name: &str, batches: &[Vec<u8>]) -> PathBuf {
    let mut all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    if mode == "official" {
        all.insert(0, &open);
        all.push(&close);
    }
    keyed.journal(name, &all)
}

fn district(folder: &Path, id: &str) -> Value {
    kit::json("result", folder, &["--district", id])["districts"][0].clone()
}

fn of_station(batches: &[Vec<u8>], station: u32) -> Vec<Vec<u8>> {
    batches.iter().filter(|batch| address_at(batch).station == station).cloned().collect()
}

#[test]
fn a_missing_station_can_change_the_council_from_the_voter_on_who_makes_a_tie() {
    for mode in ["test", "official"] {
        for (registered, verdict) in [(9, "decided"), (10, "open"), (11, "open")] {
            let serves = format!("S1,V1,100,\nS2,V1,{registered},\nS1,T,0,\n");
            let keyed = election(mode, &serves, "");
            let batches = sealed(&keyed, &format!("{VILLAGE}S2,V1,104,{registered}\n"), "sealed");
            let now = district(&journal(&keyed, mode, "now", &of_station(&batches, 0)), "V1");
            let context = format!("{mode}, {registered} voters: {now}");
            assert_eq!(now["elected"], json!([101, 102, 103]), "{context}");
            assert_eq!(now["status"], "provisional", "{context}");
            let stations = json!({"expected": 2, "received": 1, "held": 0, "missing": 1});
            assert_eq!(now["stations"], stations, "{context}");
            assert_eq!(now["finality"]["verdict"], verdict, "{context}");
            assert_eq!(now["finality"]["exact"], true, "{context}");
            assert_eq!(now["finality"]["missing_ballots_max"], registered, "{context}");
            assert_eq!(
                now["finality"]["critical"],
                json!({"place": 3, "winner": 103, "rival": 104, "gap": 10, "needed": 10,
                       "missing": registered, "held": 0}),
                "{context}"
            );
            // The ballots come, all for the rival.
            let then = district(&journal(&keyed, mode, "then", &batches), "V1");
            let context = format!("{mode}, {registered} ballots: {then}");
            let (elected, status) = match registered {
                9 => (json!([101, 102, 103]), "final"),
                10 => (json!([101, 102]), "lot-required"),
                _ => (json!([101, 102, 104]), "final"),
            };
            assert_eq!(
                (&then["elected"], &then["status"]),
                (&elected, &json!(status)),
                "{context}"
            );
            assert_nothing_outstanding(&then, 2);
        }
    }
}

fn assert_nothing_outstanding(district: &Value, received: u64) {
    let stations = json!({"expected": received, "received": received, "held": 0, "missing": 0});
    assert_eq!(district["stations"], stations, "{district}");
    let finality = json!({"verdict": "decided", "exact": true, "missing_ballots_max": 0,
                          "batches": [], "critical": null});
    assert_eq!(district["finality"], finality, "{district}");
}

/// What an officer has annulled is waited for no more, whether it had come or not; once it is
/// reinstated it is.
#[test]
fn what_is_annulled_before_it_comes_is_not_missing() {
    let keyed = election("test", "S1,V1,100,\nS2,V1,10,\nS1,T,0,\n", "");
    let batches = of_station(&sealed(&keyed, VILLAGE, "sealed"), 0);
    for subject in [&["--station", "S2"][..], &["--station", "S2", "--district", "V1"]] {
        let annul = [&["annul", "--reason", "b-fraud"], subject].concat();
        let annul = keyed.control(None, &annul);
        let reinstate = keyed.control(Some(&annul), &[&["reinstate"], subject].concat());
        let journal = |name: &str, decisions: &[&[u8]]| {
            let batches = batches.iter().map(Vec::as_slice);
            let all: Vec<&[u8]> = batches.chain(decisions.iter().copied()).collect();
            keyed.journal(&format!("{name}-{}", subject.len()), &all)
        };
        let annulled = district(&journal("annulled", &[&annul]), "V1");
        assert_eq!(annulled["status"], "final", "{annulled}");
        assert_nothing_outstanding(&annulled, 2);
        let again = district(&journal("reinstated", &[&annul, &reinstate]), "V1");
        assert_eq!(again["stations"]["missing"], 1, "{again}");
        assert_eq!(again["finality"]["verdict"], "open", "{again}");
    }
}

/// A batch that is missing in the chain of a device is annulled with its station, or, of a pair,
/// with the pair alone.
#[test]
fn a_gap_of_an_annulled_station_is_nobodys() {
    let keyed = election("test", "S1,V1,100,\nS1,T,100,\nS2,V1,5,\n", "");
    let rows = format!("{VILLAGE}S1,T,201,3\nS2,V1,101,5\n");
    let batches = sealed(&keyed, &rows, "sealed");
    // The first of the device does not come.
    let (first, rest): (Vec<_>, Vec<_>) = batches.iter().partition(|batch| {
        let address = address_at(batch);
        (address.station, address.sequence) == (0, 0)
    });
    assert_eq!(first.len(), 1);
    let [came, other] = match address_at(first[0]).district {
        0 => ["T", "V1"],
        _ => ["V1", "T"],
    };
    let result = |name: &str, subject: &[&str], id: &str| {
        let annul = [&["annul", "--reason", "b-fraud"], subject].concat();
        let annul = keyed.control(None, &annul);
        let all: Vec<&[u8]> =
            rest.iter().map(|batch| batch.as_slice()).chain([&annul[..]]).collect();
        district(&keyed.journal(name, &all), id)
    };
    let whole = result("whole", &["--station", "S1"], came);
    assert_eq!(whole["finality"]["missing_ballots_max"], 0, "{whole}");
    let pair = result("pair", &["--station", "S1", "--district", came], came);
    assert_eq!(pair["finality"]["missing_ballots_max"], 0, "{pair}");
    let elsewhere = result("elsewhere", &["--station", "S1", "--district", other], came);
    assert_eq!(elsewhere["finality"]["missing_ballots_max"], Value::Null, "{elsewhere}");
}

#[test]
fn a_result_depends_on_a_held_batch_from_the_vote_on_that_makes_a_tie() {
    let serves = "S1,V1,100,\nS2,V1,5,\nS1,T,0,\n";
    for (ballots, verdict) in [(9, "decided"), (10, "depends-on"), (12, "depends-on")] {
        let keyed = election("test", serves, HOLD);
        let rows = format!("{VILLAGE}S2,V1,104,{ballots}\n");
        let batches = sealed(&keyed, &rows, "sealed");
        let hash = hex(&record_hash(&of_station(&batches, 1)[0]));
        let now = district(&keyed.path("sealed"), "V1");
        let stations = json!({"expected": 2, "received": 1, "held": 1, "missing": 0});
        assert_eq!(now["stations"], stations, "{now}");
        assert_eq!(now["status"], "provisional", "{now}");
        let finality = &now["finality"];
        assert_eq!(finality["verdict"], verdict, "{now}");
        assert_eq!(finality["missing_ballots_max"], 0, "{now}");
        assert_eq!(finality["critical"]["held"], ballots, "{now}");
        let on = if ballots < 10 { json!([]) } else { json!([hash]) };
        assert_eq!(finality["batches"], on, "{now}");
        let (code, table, _) = run(["result", text(&keyed.path("sealed")), "--district", "V1"]);
        assert_eq!(code, 0);
        let line = match ballots {
            9 => "  decided although 1 batch is held".to_owned(),
            _ => format!(
                "  depends on 1 held batch ({}), place 3 is ahead by 10",
                hash.split_at(12).0
            ),
        };
        assert!(table.lines().any(|own| own == line), "{line}\n{table}");
        // The officer decides, and it is as was said.
        let all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
        for (decision, elected) in [
            ("reject", json!([101, 102, 103])),
            (
                "release",
                if ballots == 12 { json!([101, 102, 104]) } else { now["elected"].clone() },
            ),
        ] {
            let control = keyed.control(None, &[decision, "--batch", &hash]);
            let folder = keyed.journal(decision, &[&all[..], &[&control]].concat());
            let then = district(&folder, "V1");
            assert_nothing_outstanding(&then, 2);
            match (decision, ballots) {
                ("release", 10) => assert_eq!(then["status"], "lot-required", "{then}"),
                _ => assert_eq!(then["elected"], elected, "{decision}, {ballots}: {then}"),
            }
        }
    }
}

#[test]
fn a_batch_missing_in_the_chain_of_a_device_leaves_its_other_districts_open() {
    let rows = format!("{VILLAGE}S1,T,40,9\nS2,V1,101,1\nS2,T,40,90\nS2,T,50 201,30\nS2,T,301,9\n");
    for mode in ["test", "official"] {
        let keyed = election(mode, "S1,V1,100,\nS2,V1,9,\nS1,T,9,\nS2,T,900,\n", "");
        let batches = sealed(&keyed, &rows, "sealed");
        let missing = |station: u32, district: u32| -> Vec<Vec<u8>> {
            let is_it = |batch: &&Vec<u8>| {
                let address = address_at(batch);
                (address.station, address.district) != (station, district)
            };
            batches.iter().filter(is_it).cloned().collect()
        };
        let folder = journal(&keyed, mode, "gap", &missing(1, 0));
        // The pair that did not report is bounded by its register, the other one by nothing.
        let village = district(&folder, "V1");
        assert_eq!(village["finality"]["verdict"], "decided", "{village}");
        assert_eq!(village["finality"]["missing_ballots_max"], 9, "{village}");
        let city = district(&folder, "T");
        let stations = json!({"expected": 2, "received": 2, "held": 0, "missing": 0});
        assert_eq!(city["stations"], stations, "{city}");
        assert_eq!(
            (&city["status"], &city["finality"]["verdict"]),
            (&json!("provisional"), &json!("open"))
        );
        assert_eq!(city["finality"]["missing_ballots_max"], Value::Null, "{city}");
        let (_, table, _) = run(["result", text(&folder), "--district", "T"]);
        assert!(
            table.contains("any number of ballots may still come (a batch of a device has not")
        );
        // Without its last batch there is no gap: the pair has not reported, and that is all.
        let folder = journal(&keyed, mode, "end", &missing(0, 1));
        let city = district(&folder, "T");
        assert_eq!(city["finality"]["missing_ballots_max"], 9, "{city}");
        assert_eq!(district(&folder, "V1")["finality"]["missing_ballots_max"], 0);
    }
}

/// Four seats: list 40 has three of them and all its names, list 50 one, for 201.
const CITY: &str = "S1,T,40,100\nS1,T,50,30\nS1,T,201,20\nS1,T,202,6\nS1,T,301,5\nS1,T,302,2\n";

#[test]
fn a_city_by_article_24_is_decided_where_it_is_proven() {
    let held = "S2,T,50,7\nS2,T,203,2\n";
    for (registered, checks, rows, verdict) in [
        (1, "", "", "decided"),
        (100_000, "", "", "open"),
        (5, HOLD, held, "decided"),
        (5, HOLD, "S2,T,203 302,90\n", "depends-on"),
    ] {
        let keyed = election("test", &format!("S1,T,900,\nS2,T,{registered},\n"), checks);
        sealed(&keyed, &format!("{CITY}{rows}"), "sealed");
        let now = district(&keyed.path("sealed"), "T");
        assert_eq!(now["elected"].as_array().unwrap().len(), 4, "{now}");
        assert_eq!(now["finality"]["verdict"], verdict, "{registered} {rows}: {now}");
        assert_eq!(now["finality"]["exact"], true, "{registered} {rows}: {now}");
        assert_eq!(now["finality"]["critical"], Value::Null);
        assert_eq!(now["stations"]["held"], u64::from(!rows.is_empty()), "{now}");
    }
}

/// A ballot gives the pool six votes instead of four where six names are read: three seats against
/// one pass to two against two from 258 votes of the pool on, and it has 210.
#[test]
fn where_more_names_are_read_a_missing_ballot_does_more() {
    let keyed = election("test", "S1,T,900,\nS2,T,9,\n", "");
    let list = (101..105).map(|code| format!("T,{code},40,x,X\n"));
    let pool = (301..307).map(|code| format!("T,{code},,x,X\n"));
    let header = "district,code,list,name_fa,name_en\n".to_owned();
    let candidates = header + "V1,1,,a,A\n" + &list.chain(pool).collect::<String>();
    std::fs::write(keyed.path("election/candidates.csv"), candidates).unwrap();
    let lists = "district,code,name_fa,name_en\nT,40,x,X\n";
    std::fs::write(keyed.path("election/lists.csv"), lists).unwrap();
    sealed(&keyed, "S1,T,40,100\nS1,T,101 102 103,10\nS1,T,301,150\nS1,T,302,60\n", "sealed");
    for (limit, verdict) in [("seats", "decided"), ("seats+alternates", "open")] {
        let option = format!("limit={limit}");
        let more = ["--district", "T", "--option", &option];
        let now = kit::json("result", &keyed.path("sealed"), &more)["districts"][0].clone();
        let seats: Vec<&Value> =
            now["groups"].as_array().unwrap().iter().map(|own| &own["seats"]).collect();
        assert_eq!(seats, [3, 1], "{now}");
        assert_eq!(now["finality"]["verdict"], verdict, "{now}");
    }
}

#[test]
fn without_serves_a_district_is_open_from_the_first_decision_until_it_is_declared() {
    let keyed = election("test", "", "");
    std::fs::remove_file(keyed.path("election/serves.csv")).unwrap();
    let batches = sealed(&keyed, VILLAGE, "sealed");
    let finality = |name: &str, records: &[&[u8]]| {
        let own = district(&keyed.journal(name, records), "V1");
        let stations = json!({"expected": null, "received": 1, "held": 0, "missing": null});
        assert_eq!(own["stations"], stations, "{own}");
        (own["finality"]["verdict"].clone(), own["finality"]["missing_ballots_max"].clone())
    };
    let first = batches[0].as_slice();
    assert_eq!(finality("plain", &[first]), (json!("decided"), json!(0)));
    let open = keyed.control(None, &["open"]);
    assert_eq!(finality("opened", &[first, &open]), (json!("open"), Value::Null));
    let declare = keyed.control(Some(&open), &["declare", "--district", "V1", "--elected", "101"]);
    assert_eq!(finality("declared", &[first, &open, &declare]), (json!("decided"), json!(0)));
}

#[test]
fn a_recount_that_waits_leaves_it_open_until_an_officer_decides() {
    let keyed = election("test", "S1,V1,100,\nS1,T,0,\n", "");
    let batches = sealed(&keyed, VILLAGE, "sealed");
    let recount = keyed.recount("station,district,choices,count\nS1,V1,104,99\n");
    let hash = |record: &[u8]| hex(&record_hash(record));
    let both: [&[u8]; 2] = [&batches[0], &recount[0]];
    let waits = district(&keyed.journal("waits", &both), "V1");
    assert_eq!(waits["stations"]["received"], 1, "{waits}");
    assert_eq!(waits["finality"]["verdict"], "open", "{waits}");
    assert_eq!(waits["finality"]["missing_ballots_max"], Value::Null, "{waits}");
    let reject = keyed.control(None, &["reject", "--batch", &hash(&recount[0])]);
    let rejected = keyed.journal("rejected", &[both[0], both[1], &reject]);
    assert_nothing_outstanding(&district(&rejected, "V1"), 1);
    let (old, new) = (hash(&batches[0]), hash(&recount[0]));
    let supersede = ["supersede", "--station", "S1", "--district", "V1", "--old", &old, "--new"];
    let supersede = keyed.control(None, &[&supersede[..], &[&new]].concat());
    let folder = keyed.journal("placed", &[both[0], both[1], &supersede]);
    assert_nothing_outstanding(&district(&folder, "V1"), 1);
    let (_, note, _) = run(["result", text(&folder), "--explain", "V1"]);
    let line = "Batches of this district that are annulled: 0; superseded by a recount: 1.";
    assert!(note.contains(line), "{note}");
}

/// The register bounds a first count, and the recount in hand is none.
#[test]
fn a_recount_that_waits_leaves_it_open_where_no_first_count_came() {
    let keyed = election("test", "S1,V1,100,\nS2,V1,5,\n", "");
    let batches = sealed(&keyed, VILLAGE, "sealed");
    let recount = keyed.recount("station,district,choices,count\nS2,V1,104,12\n");
    let hash = hex(&record_hash(&recount[0]));
    let both: [&[u8]; 2] = [&batches[0], &recount[0]];
    let waits = district(&keyed.journal("waits", &both), "V1");
    let stations = json!({"expected": 2, "received": 1, "held": 0, "missing": 1});
    assert_eq!(waits["stations"], stations, "{waits}");
    assert_eq!(waits["finality"]["verdict"], "open", "{waits}");
    assert_eq!(waits["finality"]["missing_ballots_max"], Value::Null, "{waits}");
    // Rejected it is waited for no more, and of an annulled pair nothing would count.
    let reject = keyed.control(None, &["reject", "--batch", &hash]);
    let rejected = district(&keyed.journal("rejected", &[both[0], both[1], &reject]), "V1");
    assert_eq!(rejected["finality"]["verdict"], "decided", "{rejected}");
    assert_eq!(rejected["finality"]["missing_ballots_max"], 5, "{rejected}");
    let annul = ["annul", "--reason", "b-fraud", "--station", "S2"];
    for subject in [&annul[..], &[&annul[..], &["--district", "V1"]].concat()] {
        let annul = keyed.control(None, subject);
        let name = format!("annulled-{}", subject.len());
        let annulled = district(&keyed.journal(&name, &[both[0], both[1], &annul]), "V1");
        assert_eq!(annulled["finality"]["verdict"], "decided", "{annulled}");
        assert_eq!(annulled["finality"]["missing_ballots_max"], 0, "{annulled}");
    }
    // What an officer can still do with it: the council is another one.
    let place = ["supersede", "--station", "S2", "--district", "V1", "--new", &hash];
    let place = keyed.control(None, &place);
    let placed = district(&keyed.journal("placed", &[both[0], both[1], &place]), "V1");
    assert_eq!(placed["elected"], json!([101, 102, 104]), "{placed}");
}

#[test]
fn a_note_says_in_both_languages_what_is_held_or_missing_and_annulled() {
    let serves = "S1,V1,100,\nS2,V1,1203,\nS1,T,0,\n";
    let keyed = election("test", serves, "");
    let batches = sealed(&keyed, VILLAGE, "sealed");
    let note = |folder: &Path, language: &str| {
        let arguments = ["result", text(folder), "--explain", "V1", "--lang", language];
        let (code, note, stderr) = run(arguments);
        assert_eq!(code, 0, "{stderr}");
        note
    };
    let folder = keyed.path("sealed");
    for (language, lines) in [
        (
            "en",
            [
                "No batch of this district is annulled, and none is superseded by a recount.",
                "Stations: 2 expected = 1 received (with a gap, or out by a decision, too) + 0 held + \
                 1 missing.",
                "Who is elected: open: 1,203 ballots may still come, place 3 is ahead by 10.",
                "place 3: 103 (C) is 10 votes ahead of 104 (D), who must gain 10.",
                "at most as many ballots as it has registered voters",
            ],
        ),
        (
            "fa",
            [
                "هیچ بسته‌ای از این حوزه ابطال نشده",
                "شعبه‌ها: ۲ مورد انتظار = ۱ رسیده (با بستهٔ نرسیده، یا کنار گذاشته‌شده با تصمیم نیز) + ۰ \
                 نگه‌داشته + ۱ نرسیده.",
                "باز است: تا ۱٬۲۰۳ برگ رأی هنوز ممکن است برسد؛ جایگاه ۳ با ۱۰ رأی پیش است.",
                "جایگاه ۳ است: ۱۰۳ (c) با ۱۰ رأی از ۱۰۴ (d) پیش است که باید ۱۰ رأی به دست آورد.",
                "واجدان ثبت‌شده",
            ],
        ),
    ] {
        let note = note(&folder, language);
        lines.iter().for_each(|line| assert!(note.contains(line), "{line}\n{note}"));
    }
    let (_, table, _) = run(["result", text(&folder), "--district", "V1"]);
    let line = "  open: 1,203 ballots may still come, place 3 is ahead by 10";
    assert!(table.lines().any(|own| own == line), "{table}");
    let annul = keyed.control(None, &["annul", "--station", "S1", "--reason", "b-fraud"]);
    let annulled = keyed.journal("annulled", &[&batches[0], &annul]);
    let line = "Batches of this district that are annulled: 1; superseded by a recount: 0.";
    assert!(note(&annulled, "en").contains(line));
    assert!(note(&annulled, "fa").contains("بسته‌های ابطال‌شدهٔ این حوزه: ۱"));
}

/// What becomes of a station in a random election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Counted,
    Held,
    Missing,
}

#[derive(Clone, Debug)]
struct Station {
    role: Role,
    /// Voters registered, as far as that is open: one that counts has as many as ballots.
    registered: usize,
    ballots: Vec<Vec<OptionIndex>>,
}

#[derive(Clone, Debug)]
struct Village {
    seats: u32,
    candidates: u16,
    stations: Vec<Station>,
}

fn villages() -> impl Strategy<Value = Village> {
    let shape = (1_u32..4, 2_u16..6);
    shape.prop_flat_map(|(seats, candidates)| {
        let role = prop_oneof![
            3 => Just(Role::Counted), 1 => Just(Role::Held), 1 => Just(Role::Missing),
        ];
        // Low options more often, so that there are margins.
        let option = (0..candidates, 0..candidates).prop_map(|(one, other)| one.min(other));
        let ballot = prop::collection::btree_set(option, 0..=seats as usize)
            .prop_map(|ballot| ballot.into_iter().collect::<Vec<_>>());
        let ballots = prop::collection::vec(ballot, 0..12);
        let station = (role, 0_usize..5, ballots);
        let station = station.prop_map(|(role, registered, mut ballots)| {
            if role == Role::Held {
                ballots.truncate(5);
                ballots.push(vec![0]);
            }
            Station { role, registered, ballots }
        });
        prop::collection::vec(station, 2..6).prop_map(move |stations| Village {
            seats,
            candidates,
            stations,
        })
    })
}

impl Village {
    /// Writes the election, with the check that holds or without it.
    fn write(&self, folder: &Path, holds: bool) -> (Election, Definition) {
        std::fs::create_dir_all(folder).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
        let rule = "[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n";
        let check = if holds { HOLD } else { "" };
        write("election.toml", format!("id = \"village\"\n{rule}{check}"));
        let header = "district,contest,name_fa,name_en,province,county,seats,alternates";
        write("districts.csv", format!("{header}\nV,c,x,X,23,2301,{},1\n", self.seats));
        let candidates = (1..=self.candidates).map(|code| format!("V,{code},,x,X\n"));
        let header = "district,code,list,name_fa,name_en\n";
        write("candidates.csv", header.to_owned() + &candidates.collect::<String>());
        let (mut stations, mut serves) = (
            "station,province,county,name_fa,registered,authenticated,key\n".to_owned(),
            "station,district,registered,authenticated\n".to_owned(),
        );
        for (number, station) in self.stations.iter().enumerate() {
            let registered = match station.role {
                Role::Counted => station.ballots.len(),
                Role::Held => 0,
                Role::Missing => station.registered,
            };
            stations.push_str(&format!("S{number},23,2301,x,,,\n"));
            serves.push_str(&format!("S{number},V,{registered},\n"));
        }
        write("stations.csv", stations);
        write("serves.csv", serves);
        let (election, sources) = Election::read(folder).unwrap();
        let definition = Definition::of(&election, &sources);
        (election, definition)
    }
}

/// A council: who is elected, and whether that takes a lot.
type Council = (BTreeSet<u32>, bool);

/// An election in which stations report what they are told to.
struct Count {
    folder: tempfile::TempDir,
    election: Election,
    definition: Definition,
    number: std::cell::Cell<usize>,
}

impl Count {
    fn new(village: &Village, holds: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (election, definition) = village.write(&folder.path().join("election"), holds);
        Self { folder, election, definition, number: std::cell::Cell::new(0) }
    }

    /// Counts a journal with one batch of each of these stations.
    fn council(&self, stations: &[(usize, &[Vec<OptionIndex>])]) -> (Council, Verdict, bool) {
        let counting = self.definition.counting();
        let number = self.number.replace(self.number.get() + 1);
        let folder = self.folder.path().join(number.to_string());
        std::fs::create_dir(&folder).unwrap();
        let mut writer = SegmentWriter::new(&folder, *counting.digest());
        for (station, ballots) in stations {
            let mut canonicaliser = Canonicaliser::new(counting.shape(0));
            ballots.iter().for_each(|ballot| canonicaliser.add(ballot, 1));
            let mut batch = canonicaliser.finish();
            if ballots.is_empty() {
                batch = vec![CanonicalBatch::empty(counting.shape(0))];
            }
            let station = u32::try_from(*station).unwrap();
            let address = BatchAddress { district: 0, station, device: 0, sequence: 0 };
            assert_eq!(batch.len(), 1, "few ballots are one batch");
            writer
                .append(SealedBatch::seal(counting.digest(), address, &batch[0]).bytes())
                .unwrap();
        }
        writer.finish().unwrap();
        let evidence = Evidence::open(&shomar_store::list_segments(&folder).unwrap()).unwrap();
        let (registers, readings) = (Registers::of(&self.election), self.definition.readings());
        let input = RecountInput {
            evidence: &evidence,
            definition: &self.definition,
            readings: &readings,
            kernel: Kernel::Portable,
            as_of: None,
            registers: Some(&registers),
        };
        let mut recount = recount(&input).unwrap();
        let tallied = std::mem::take(&mut recount.tallied);
        let snapshot = Snapshot::merge(tallied, &counting, &self.definition.head, &readings);
        let completeness = Completeness::of(CompletenessInput {
            definition: counting,
            snapshot: Some(&snapshot),
            ledger: None,
            held: &recount.held,
            registers: &registers,
        });
        let input = OutcomeInput {
            election: &self.election,
            definition: counting,
            snapshot: &snapshot,
            rules: &contest_rules(&self.election.head, &[]).unwrap(),
            lots: &[],
            missing: &completeness.waited_for(),
            without_forbidding: None,
        };
        let mut outcomes = outcomes(input, None).unwrap();
        completeness.tell(&mut outcomes);
        let finality = outcomes[0].finality().unwrap().unwrap().finality;
        assert!(finality.is_exact, "plurality in one round is exact");
        let outcome = &outcomes[0].outcome;
        let takes_lot = outcome.lots.iter().any(|lot| lot.kind != LotKind::Alternate);
        let elected = outcome.elected.iter().copied().collect();
        (
            (elected, takes_lot),
            finality.verdict,
            outcomes[0].completeness().unwrap().is_outstanding(),
        )
    }
}

/// Every set of these, the empty one first.
fn subsets(all: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    (0..1_usize << all.len()).map(|set| {
        let is_in = |at: &usize| set >> at & 1 == 1;
        (0..all.len()).filter(is_in).map(|at| all[at]).collect()
    })
}

/// What can come: each set of the held batches, with no missing ballot, with those that the random
/// election has, or with every missing ballot for one candidate. Gives whether a set without a
/// held batch, and whether any, changes the council.
fn changes(village: &Village, now: &Council) -> (bool, bool) {
    let later = Count::new(village, false);
    let of_role = |role: Role| -> Vec<usize> {
        (0..village.stations.len()).filter(|at| village.stations[*at].role == role).collect()
    };
    let mut fills: Vec<Vec<Vec<Vec<OptionIndex>>>> = Vec::new();
    let missing = of_role(Role::Missing);
    let fill = |ballots: &dyn Fn(&Station) -> Vec<Vec<OptionIndex>>| -> Vec<_> {
        missing.iter().map(|at| ballots(&village.stations[*at])).collect()
    };
    fills.push(fill(&|_| Vec::new()));
    fills.push(fill(&|own| own.ballots.iter().take(own.registered).cloned().collect()));
    for candidate in 0..village.candidates {
        fills.push(fill(&|own| vec![vec![candidate]; own.registered]));
    }
    let (mut without_held, mut any) = (false, false);
    for held in subsets(&of_role(Role::Held)) {
        for fill in &fills {
            let own = |at: &usize| (*at, &village.stations[*at].ballots[..]);
            let mut stations: Vec<_> =
                of_role(Role::Counted).iter().chain(&held).map(own).collect();
            stations.extend(missing.iter().copied().zip(fill.iter().map(Vec::as_slice)));
            let (then, _, is_outstanding) = later.council(&stations);
            assert!(!is_outstanding, "without a voter nothing more can come");
            let is_other = then.1 || then != *now;
            any |= is_other;
            without_held |= is_other && held.is_empty();
        }
    }
    (without_held, any)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// What is said of random elections is what ballots that come later do, and nothing else:
    /// `decided` is never contradicted, and the other answers each have ballots that prove them.
    #[test]
    fn the_verdict_is_what_later_ballots_do(village in villages()) {
        let count = Count::new(&village, true);
        let stations = village.stations.iter().enumerate();
        let here = stations.filter(|(_, own)| own.role != Role::Missing);
        let here: Vec<_> = here.map(|(at, own)| (at, &own.ballots[..])).collect();
        let (now, verdict, is_outstanding) = count.council(&here);
        if !is_outstanding {
            prop_assert_eq!(verdict, Verdict::Decided);
            return Ok(());
        }
        let (without_held, any) = changes(&village, &now);
        match verdict {
            Verdict::Decided => prop_assert!(!any),
            Verdict::Open => prop_assert!(without_held || now.1),
            Verdict::DependsOn(_) => prop_assert!(any && !without_held),
        }
    }
}

/// Each counts dozens of journals; `PROPTEST_CASES` raises it.
fn cases() -> u32 {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    cases.unwrap_or(48)
}
