//! Published files: what a stranger with a web server, `sha256sum` and minisign has.
//!
//! In: journals of the small election. Out: folders of publications. Never: a line of ours to check
//! a signature or a checksum.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shomar_format::bytes::hex;

use crate::keyed::Keyed;
use crate::kit::{fixture, run, text};

mod verdicts;

/// The seed of the publisher's key, each byte of it.
const PUBLISHER: u8 = 90;

fn publish(keyed: &Keyed, data: &Path, more: &[&str]) -> (i32, String, String) {
    let (to, key) = (keyed.path("published"), keyed.path("publisher.key"));
    fs::write(&key, hex(&[PUBLISHER; 32])).unwrap();
    let mut arguments = vec!["publish", text(data), "--to", text(&to), "--key", text(&key)];
    arguments.extend(more);
    run(arguments)
}

fn published(keyed: &Keyed, data: &Path) -> PathBuf {
    let (code, stdout, stderr) = publish(keyed, data, &[]);
    assert_eq!(code, 0, "{stderr}");
    PathBuf::from(stdout.split(": ").next().unwrap())
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn sha256(path: &Path) -> String {
    hex(&Sha256::digest(fs::read(path).unwrap()).0)
}

/// Every file below a folder, by its name from there.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    names.insert(text(path.strip_prefix(folder).unwrap()).to_owned());
                }
            }
        }
    }
    names
}

fn journal(keyed: &Keyed, name: &str, count: usize) -> PathBuf {
    let batches = keyed.batches(&format!("sealed-{name}"));
    let records: Vec<&[u8]> = batches[..count].iter().map(Vec::as_slice).collect();
    keyed.journal(name, &records)
}

#[test]
fn a_stranger_can_check_every_published_file() {
    let keyed = Keyed::new("test");
    let all = keyed.batches("sealed").len();
    let folder = published(&keyed, &journal(&keyed, "whole", all));
    let checksums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let key = fs::read_to_string(keyed.path("published/publisher.pub")).unwrap();
    let signature = fs::read_to_string(folder.join("SHA256SUMS.minisig")).unwrap();
    let signature = Signature::decode(&signature).unwrap();
    PublicKey::decode(&key).unwrap().verify(checksums.as_bytes(), &signature, false).unwrap();
    let said = signature.trusted_comment();
    assert!(said.starts_with(&format!("election small, records {all}, ")), "{said}");
    let mut listed = BTreeSet::from(["SHA256SUMS".to_owned(), "SHA256SUMS.minisig".to_owned()]);
    for line in checksums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(sum, sha256(&folder.join(name)), "{name}");
        listed.insert(name.to_owned());
        let document = json(&folder.join(name));
        let has = |key: &str| document.get(key).is_some_and(|value| !value.is_null());
        assert!(has("election") && has("mode") && has("status"), "{name}");
    }
    assert_eq!(files(&folder), listed, "nothing lies there that is not signed");
    let index = json(&folder.join("index.json"));
    let mut named = BTreeSet::new();
    for list in ["provinces", "districts"] {
        let entries = index[list].as_array().unwrap().iter();
        named.extend(entries.map(|entry| entry["path"].as_str().unwrap().to_owned()));
    }
    assert!(named.is_subset(&listed) && named.len() == 3, "{named:?}");
    let latest = json(&keyed.path("published/latest.json"));
    assert_eq!(folder, keyed.path("published").join(latest["path"].as_str().unwrap()));
}

#[test]
fn publications_follow_each_other_and_none_is_changed() {
    let keyed = Keyed::new("test");
    let all = keyed.batches("sealed").len();
    let first = published(&keyed, &journal(&keyed, "first", all - 1));
    let before: Vec<Vec<u8>> =
        files(&first).iter().map(|name| fs::read(first.join(name)).unwrap()).collect();
    // The same journal again is the same publication.
    let (code, stdout, stderr) = publish(&keyed, &keyed.path("first"), &[]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("published before"), "{stdout}");
    let second = published(&keyed, &journal(&keyed, "second", all));
    let after: Vec<Vec<u8>> =
        files(&first).iter().map(|name| fs::read(first.join(name)).unwrap()).collect();
    assert!(before == after && first != second);
    let sums = sha256(&first.join("SHA256SUMS"));
    let previous = &json(&second.join("index.json"))["previous"];
    assert_eq!(previous["sha256sums"], sums.as_str());
    // A run that was ended before it named its publication: that one stands, and is named now.
    fs::write(keyed.path("published/latest.json"), {
        let mut latest = json(&keyed.path("published/latest.json"));
        latest["path"] = first.file_name().unwrap().to_str().into();
        latest["position"] = (all - 1).into();
        latest.to_string()
    })
    .unwrap();
    let rolled_back = fs::read(keyed.path("published/latest.json")).unwrap();
    let signature = fs::read(second.join("SHA256SUMS.minisig")).unwrap();
    assert_eq!(published(&keyed, &keyed.path("second")), second);
    assert_eq!(fs::read(second.join("SHA256SUMS.minisig")).unwrap(), signature);
    // Whoever turns the pointer back cannot have a publication replaced by another one.
    fs::write(keyed.path("published/latest.json"), rolled_back).unwrap();
    fs::write(second.join("SHA256SUMS"), "other").unwrap();
    let (code, _, stderr) = publish(&keyed, &keyed.path("second"), &[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("another publication of as many records"), "{stderr}");
    assert_eq!(fs::read(second.join("SHA256SUMS")).unwrap(), b"other");
}

#[test]
fn what_does_not_continue_a_publication_is_refused_and_changes_nothing() {
    let keyed = Keyed::new("test");
    let all = keyed.batches("sealed").len();
    let whole = journal(&keyed, "whole", all);
    let less = journal(&keyed, "less", all - 1);
    let folder = published(&keyed, &whole);
    let state = |keyed: &Keyed| -> Vec<(String, Vec<u8>)> {
        let root = keyed.path("published");
        let read = |name: String| {
            let bytes = fs::read(root.join(&name)).unwrap();
            (name, bytes)
        };
        files(&root).into_iter().map(read).collect()
    };
    let before = state(&keyed);
    let refused = |data: &Path, more: &[&str], found: &str| {
        let (code, stdout, stderr) = publish(&keyed, data, more);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains(found), "{found}: {stderr}");
        assert!(state(&keyed) == before, "nothing changes");
    };
    refused(&less, &[], "found a publication of");
    refused(&whole, &["--small-cell-ballots", "0"], "found small cells of 10 ballots");
    // The same records in another order are another journal of the same length: its chunks differ.
    let batches = keyed.batches("again");
    let turned: Vec<&[u8]> = batches.iter().rev().map(Vec::as_slice).collect();
    // A longer one does not continue it either that has other records below.
    let extra = keyed.control(None, &["annul", "--station", "S2", "--reason", "b-fraud"]);
    let mut forked: Vec<&[u8]> = batches[1..].iter().map(Vec::as_slice).collect();
    forked.extend([&batches[0][..], &extra]);
    refused(&keyed.journal("forked", &forked), &[], "as many here: this is another journal");
    let mut other = turned.clone();
    other[0] = &extra;
    other.push(turned[0]);
    refused(&keyed.journal("decided", &other), &[], "as many here: this is another journal");
    refused(&keyed.journal("turned", &turned), &[], "as many here: this is another journal");
    let other = keyed.path("other.key");
    fs::write(&other, hex(&[91; 32])).unwrap();
    let to = keyed.path("published");
    let (code, _, stderr) =
        run(["publish", text(&whole), "--to", text(&to), "--key", text(&other)]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("found another signature"), "{stderr}");
    // A byte of the earlier index, changed.
    let index = folder.join("index.json");
    let sound = fs::read_to_string(&index).unwrap();
    fs::write(&index, sound.replace("\"small_cell_ballots\":10", "\"small_cell_ballots\":0"))
        .unwrap();
    let (code, _, stderr) = publish(&keyed, &whole, &["--small-cell-ballots", "0"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("found other bytes"), "{stderr}");
}

#[test]
fn a_publisher_needs_a_key_of_its_own_and_a_folder_of_its_own() {
    let keyed = Keyed::new("test");
    let all = keyed.batches("sealed").len();
    let whole = journal(&keyed, "whole", all);
    let (officer, to) = (keyed.path("officer.key"), keyed.path("published"));
    let (code, _, stderr) =
        run(["publish", text(&whole), "--to", text(&to), "--key", text(&officer)]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("found the key of officer chair"), "{stderr}");
    assert!(!to.exists(), "nothing is made");
    fs::create_dir(&to).unwrap();
    fs::write(to.join("notes.txt"), "mine").unwrap();
    let (code, _, stderr) = publish(&keyed, &whole, &[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("notes.txt: found something"), "{stderr}");
    assert_eq!(files(&to), ["notes.txt", ".lock"].map(str::to_owned).into());
}

#[test]
fn an_official_publication_before_the_close_has_turnout_and_no_vote() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    let mut records: Vec<&[u8]> = vec![&open];
    records.extend(batches.iter().map(Vec::as_slice));
    let before = published(&keyed, &keyed.journal("before", &records));
    for name in files(&before).iter().filter(|name| name.ends_with(".json")) {
        let text = fs::read_to_string(before.join(name)).unwrap();
        assert!(text.contains("\"status\":\"before-close\""), "{name}: {text}");
        assert!(!text.contains("\"valid\""), "{name}: {text}");
    }
    assert!(json(&before.join("nation.json"))["progress"]["ballots_taken"].as_u64() > Some(0));
    records.push(&close);
    let after = published(&keyed, &keyed.journal("after", &records));
    assert!(fs::read_to_string(after.join("nation.json")).unwrap().contains("\"valid\""));
}

#[test]
fn a_village_of_few_ballots_is_published_without_its_votes() {
    let keyed = Keyed::new("test").expecting("S2,V1,,\nS2,T,,\n");
    let ballots = keyed.path("few.csv");
    let all = fs::read_to_string(fixture("small/ballots.csv")).unwrap();
    let few = all.lines().filter(|line| !line.replace('"', "").starts_with("S1,V1"));
    fs::write(&ballots, few.collect::<Vec<_>>().join("\n")).unwrap();
    let (code, _, stderr) = keyed.seal(&ballots, &keyed.path("secrets.csv"), "few");
    assert_eq!(code, 0, "{stderr}");
    let folder = published(&keyed, &keyed.path("few"));
    let village = json(&folder.join("districts/V1.json"));
    assert_eq!((&village["withheld"], &village["ballots"]), (&true.into(), &Value::Null));
    assert!(village["candidates"].as_array().unwrap().iter().all(|row| row["votes"].is_null()));
    // The other district tells its votes, so the file can.
    let other = json(&folder.join("districts/T.json"));
    assert!(other["candidates"].as_array().unwrap().iter().all(|row| row["votes"].is_u64()));
}

#[test]
fn what_is_in_a_held_batch_leaves_no_trace_in_any_file() {
    let hold = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";
    let others = "S1,V1,101,30\nS1,V1,102,25\nS1,V1,103,20\nS1,V1,104,16\n";
    // The village is that batch alone, or has another station, where six ballots would count.
    for (serves, rows) in [("S2,V1,5,\nS1,T,0,\n", ""), ("S1,V1,100,\nS2,V1,5,\n", others)] {
        let kinds = ["S2,V1,104,6", "S2,V1,101 102,3\nS2,V1,104,3", "S2,V1,,6"];
        let made = kinds.map(|held| {
            let keyed = Keyed::new("test").expecting(serves).with(hold);
            let batches = keyed.seal_rows(&format!("{rows}{held}\n"), "sealed");
            let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
            let folder = published(&keyed, &keyed.journal("night", &records));
            let village = json(&folder.join("districts/V1.json"));
            assert_eq!(village["stations"]["held"], 1, "{village}");
            // Of the other station nothing is shown yet: its ballots may say anything, too.
            let verdict = if rows.is_empty() { "depends-on" } else { "open" };
            assert_eq!(village["verdict"], verdict, "{village}");
            let mut outcome = village["outcome"].clone();
            if rows.is_empty() {
                // No more than that there are six of them.
                assert_eq!(outcome["finality"]["critical"]["held"], 6, "{village}");
                // The hash of a record tells nobody's vote: its signature is in it.
                assert!(outcome["finality"]["batches"].take().is_array(), "{village}");
            }
            let names = files(&folder).into_iter().filter(|name| {
                name.ends_with(".json") && !["index.json", "districts/V1.json"].contains(&&**name)
            });
            let others: Vec<Value> = names.map(|name| json(&folder.join(name))).collect();
            (
                Value::Object({
                    let mut village = village.as_object().unwrap().clone();
                    village.insert("outcome".to_owned(), outcome);
                    village
                }),
                others,
            )
        });
        assert_eq!(made[0], made[1]);
        assert_eq!(made[0], made[2]);
    }
}

/// Forty ballots of one station and six of the other; who is elected is 101, 102 and 103.
const TWO_STATIONS: &str =
    "S1,V1,101,14\nS1,V1,102,13\nS1,V1,103,9\nS1,V1,104,4\nS2,V1,104,4\nS2,V1,103,2\n";

fn village(keyed: &Keyed, name: &str, records: &[&[u8]]) -> Value {
    let folder = keyed.journal(name, records);
    let (to, key) = (keyed.path(&format!("{name}-published")), keyed.path("publisher.key"));
    fs::write(&key, hex(&[PUBLISHER; 32])).unwrap();
    let arguments = ["publish", text(&folder), "--to", text(&to), "--key", text(&key)];
    let (code, _, stderr) = run(arguments);
    assert_eq!(code, 0, "{stderr}");
    json(&to.join(format!("{:012}/districts/V1.json", records.len())))
}

#[test]
fn a_station_that_a_decision_took_out_keeps_no_vote_of_the_others_back() {
    let hold = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";
    let keyed = Keyed::new("test").expecting("S1,V1,100,\nS2,V1,5,\n").with(hold);
    let batches = keyed.seal_rows(TWO_STATIONS, "sealed");
    let of = |station: u32| {
        let of_station = |own: &&Vec<u8>| shomar_format::record::address_at(own).station == station;
        batches.iter().find(of_station).unwrap().as_slice()
    };
    let (first, second) = (of(0), of(1));
    let hash = hex(&shomar_format::record::record_hash(second));
    let annul = keyed.control(None, &["annul", "--station", "S2", "--reason", "b-fraud"]);
    let back = keyed.control(Some(&annul), &["reinstate", "--station", "S2"]);
    let release = keyed.control(Some(&back), &["release", "--batch", &hash]);
    let reject = keyed.control(None, &["reject", "--batch", &hash]);
    let shown = |own: &Value| {
        own["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["votes"].clone())
            .collect::<Vec<_>>()
    };
    let all_shown = [14, 13, 9, 4].map(Value::from);
    for (name, records) in [
        ("silent", vec![first, &annul]),
        ("annulled", vec![first, second, &annul]),
        ("rejected", vec![first, second, &reject]),
    ] {
        let own = village(&keyed, name, &records);
        assert_eq!(
            (&own["all_shown"], &own["withheld"]),
            (&true.into(), &false.into()),
            "{name}: {own}"
        );
        assert_eq!(shown(&own)[..4], all_shown, "{name}: {own}");
    }
    // While a station is missing the only chunk waits: no number, rather than zeros.
    let own = village(&keyed, "waits", &[first]);
    assert_eq!(
        (&own["ballots"], &own["outcome"], &own["ballots_taken"]),
        (&Value::Null, &Value::Null, &40.into())
    );
    assert!(shown(&own).iter().all(Value::is_null), "{own}");
    // Brought back, its six ballots are in no number that could be held against an earlier one.
    let own = village(&keyed, "back", &[first, second, &annul, &back, &release]);
    assert_eq!(
        (&own["ballots_taken"], &own["ballots"]["taken"]),
        (&46.into(), &40.into()),
        "{own}"
    );
    assert_eq!(shown(&own)[..4], all_shown, "{own}");
    // Who is elected is told from all, and by code: no outcome of other votes beside it.
    assert_eq!(
        (&own["outcome"], &own["elected"]),
        (&Value::Null, &serde_json::json!([101, 102, 103]))
    );
}

#[test]
fn certified_is_what_was_declared_and_is_counted_and_nothing_else() {
    let keyed = Keyed::new("test").expecting("S1,V1,,\nS2,V1,,\n");
    let batches = keyed.seal_rows(TWO_STATIONS, "sealed");
    let [first, second] = [&batches[0][..], &batches[1][..]];
    let declared = |after: Option<&[u8]>, codes: &str| {
        let codes = codes.split(',').flat_map(|code| ["--elected", code]);
        let declare: Vec<&str> = ["declare", "--district", "V1"].into_iter().chain(codes).collect();
        keyed.control(after, &declare)
    };
    let right = declared(None, "103,101,102");
    let status = |name: &str, records: &[&[u8]]| {
        let own = village(&keyed, name, records);
        let expected =
            if name == "none" { Value::Null } else { own["declared"]["elected"].clone() };
        (own["status"].as_str().unwrap().to_owned(), expected)
    };
    let all = serde_json::json!([101, 102, 103]);
    let is = |found: (String, Value), status: &str, elected: &Value| {
        assert_eq!((found.0.as_str(), &found.1), (status, elected));
    };
    is(status("none", &[first, second]), "unofficial-complete", &Value::Null);
    is(status("right", &[first, second, &right]), "certified", &all);
    // A recount waits that may replace what counts.
    let recounts = keyed.recount("station,district,choices,count\nS1,V1,104,9\n");
    is(status("waits", &[first, second, &right, &recounts[0]]), "unofficial-partial", &all);
    // A station is missing; then it comes, and nobody has declared that.
    is(status("early", &[first, &right]), "unofficial-partial", &all);
    is(status("late", &[first, &right, second]), "unofficial-complete", &all);
    let again = declared(Some(&right), "101,102,103");
    is(status("again", &[first, &right, second, &again]), "certified", &all);
    // Others than the count has.
    let wrong = declared(None, "101,102,104");
    let others = serde_json::json!([101, 102, 104]);
    is(status("wrong", &[first, second, &wrong]), "unofficial-complete", &others);
    // What was declared is changed, although the same persons are elected.
    let annul = ["annul", "--station", "S2", "--reason", "b-fraud"];
    let annul = keyed.control(Some(&right), &annul);
    is(status("annulled", &[first, second, &right, &annul]), "unofficial-complete", &all);
}

/// Two of three are elected for certain, and two persons are level for the third seat. Without
/// `serves.csv` a declaration makes the district complete.
#[test]
fn a_district_with_a_seat_that_waits_for_a_lot_is_not_certified() {
    let keyed = Keyed::new("test");
    let rows = "S1,V1,101,14\nS1,V1,102,13\nS1,V1,103,9\nS1,V1,104,9\n";
    let batches = keyed.seal_rows(rows, "sealed");
    let declare = ["declare", "--district", "V1", "--elected", "101", "--elected", "102"];
    let declare = keyed.control(None, &declare);
    let own = village(&keyed, "level", &[&batches[0], &declare]);
    let found = (&own["elected"], &own["status"]);
    assert_eq!(found, (&serde_json::json!([101, 102]), &"unofficial-complete".into()));
    let found = (&own["outcome_status"], &own["verdict"]);
    assert_eq!(found, (&"lot-required".into(), &Value::Null));
    let open = serde_json::json!({"lot": 1, "runoff": 0, "vacant": 0});
    assert_eq!(own["seats_open"], open);
}

/// A station sends more than it has registered: the check takes out what counted, too.
#[test]
fn a_district_of_which_a_check_took_votes_out_is_no_longer_certified() {
    let hold = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";
    let keyed = Keyed::new("test").expecting("S1,V1,50,\nS2,V1,50,\n").with(hold);
    let rows = "S1,V1,104,2\nS2,V1,101,14\nS2,V1,102,13\nS2,V1,103,9\nS2,V1,104,4\n";
    let batches = keyed.seal_rows(rows, "sealed");
    let [first, second] = [&batches[0][..], &batches[1][..]];
    let more = keyed.path("more.csv");
    fs::write(&more, "station,district,choices,count\nS1,V1,104,49\n").unwrap();
    let paths = ["election", "secrets.csv", "sealed", "more"].map(|name| keyed.path(name));
    let [election, key, after, out] = paths.each_ref().map(|path| text(path));
    let seal = ["seal", "--election", election, "--ballots", text(&more), "--key", key];
    let (code, _, stderr) = run(seal.into_iter().chain(["--after", after, "--out", out]));
    assert_eq!(code, 0, "{stderr}");
    let third = &crate::keyed::records(&keyed.path("more"))[0];
    let codes = ["--elected", "101", "--elected", "102", "--elected", "103"];
    let declare = ["declare", "--district", "V1"].into_iter().chain(codes);
    let declare = keyed.control(None, &declare.collect::<Vec<_>>());
    let hash = |record: &[u8]| hex(&shomar_format::record::record_hash(record));
    let reject = |after: &[u8], record: &[u8]| {
        keyed.control(Some(after), &["reject", "--batch", &hash(record)])
    };
    let one = reject(&declare, third);
    let two = reject(&one, first);
    let status = |name: &str, records: &[&[u8]]| {
        let own = village(&keyed, name, records);
        (own["status"].as_str().unwrap().to_owned(), own["ballots_taken"].clone())
    };
    let before = status("before", &[first, second, &declare]);
    assert_eq!(before, ("certified".to_owned(), 42.into()));
    let rejected = status("rejected", &[first, second, &declare, third, &one, &two]);
    assert_eq!(rejected, ("unofficial-complete".to_owned(), 40.into()));
}

#[test]
fn two_runs_at_once_are_one_run_and_a_refusal() {
    let keyed = Keyed::new("test");
    let all = keyed.batches("sealed").len();
    let whole = journal(&keyed, "whole", all);
    fs::create_dir(keyed.path("published")).unwrap();
    let other = fs::File::create(keyed.path("published/.lock")).unwrap();
    other.lock().unwrap();
    let (code, _, stderr) = publish(&keyed, &whole, &[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("found another run at work, expected one at a time"), "{stderr}");
    assert_eq!(files(&keyed.path("published")).len(), 1);
    other.unlock().unwrap();
    published(&keyed, &whole);
}

#[test]
fn a_publication_that_no_run_could_name_is_part_of_the_chain() {
    let keyed = Keyed::new("test");
    let all = keyed.batches("sealed").len();
    let to = keyed.path("published");
    // A power cut in the first publication, at its first file beside the folder.
    fs::create_dir_all(to.join(".000000000001.part/districts")).unwrap();
    fs::create_dir_all(to.join(".000000000009.part/districts")).unwrap();
    fs::write(to.join("publisher.pub.open"), "untr").unwrap();
    let first = published(&keyed, &journal(&keyed, "first", all - 2));
    let latest = fs::read(to.join("latest.json")).unwrap();
    let second = published(&keyed, &journal(&keyed, "second", all - 1));
    // The end came before the second one was named.
    fs::write(to.join("latest.json"), &latest).unwrap();
    let third = published(&keyed, &journal(&keyed, "third", all));
    let previous = |folder: &Path| json(&folder.join("index.json"))["previous"].clone();
    assert_eq!(previous(&second)["path"], first.file_name().unwrap().to_str().unwrap());
    assert_eq!(previous(&third)["path"], second.file_name().unwrap().to_str().unwrap());
    assert_eq!(previous(&third)["sha256sums"], sha256(&second.join("SHA256SUMS")));
    // What a run had not finished is gone with the next one, at whatever record that is.
    let names = fs::read_dir(&to).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")));
}

#[test]
fn files_move_by_as_many_ballots_as_the_pages_of_the_server() {
    let keyed = Keyed::new("test");
    let server = crate::serve::pages::small_night(&keyed);
    let data = keyed.path("data");
    let (code, _, stderr) = publish(&keyed, &data, &["--small-cell-ballots", "20"]);
    assert_eq!(code, 1, "{stderr}");
    let found = "found small cells of 20 ballots, expected 10, as the server shows";
    assert!(stderr.contains(found), "{stderr}");
    server.stop();
    fs::write(data.join("pages/small-cell-ballots"), "12\n").unwrap();
    let folder = published(&keyed, &data);
    assert_eq!(json(&folder.join("index.json"))["small_cell_ballots"], 12);
    // The pages of one journal move in one way, too.
    let log = crate::serve::kit::Server::try_start(&keyed.path("election"), &data, &[]);
    let log = log.err().unwrap();
    assert!(log.contains("found small_cell_ballots = 10, expected 12"), "{log}");
}

#[test]
fn of_an_official_election_no_file_shows_every_ballot() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let folder = keyed.journal("night", &[&open, &batches[0]]);
    let (code, _, stderr) = publish(&keyed, &folder, &["--small-cell-ballots", "0"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("expected at least 1: the election is official"), "{stderr}");
    assert!(!keyed.path("published").exists());
}

/// S2 was forgotten in `serves.csv`, and S1's twelve ballots were shown as all there are. With the
/// correction thirteen are shown, of the same journal and one ballot more.
#[test]
fn a_publication_is_not_continued_by_other_rules() {
    let keyed = Keyed::new("test").expecting("S1,V1,,\n");
    let first = keyed.seal_rows("S1,V1,101,5\nS1,V1,102,4\nS1,V1,103,3\n", "first");
    let votes = |folder: &Path| json(&folder.join("districts/V1.json"))["candidates"].clone();
    let of_101 = |folder: &Path| votes(folder)[0]["votes"].clone();
    let before = published(&keyed, &keyed.journal("before", &[&first[0]]));
    assert_eq!(of_101(&before), 5);
    keyed.expect("S1,V1,,\nS2,V1,,\n");
    let second = keyed.seal_rows("S2,V1,101,1\n", "second");
    let after = keyed.journal("after", &[&first[0], &second[0]]);
    let (code, _, stderr) = publish(&keyed, &after, &[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("found numbers that move by the rules"), "{stderr}");
    // What it would have told of the one ballot of S2: a new folder is a decision of somebody.
    fs::rename(keyed.path("published"), keyed.path("earlier")).unwrap();
    assert_eq!(of_101(&published(&keyed, &after)), 6);
}

/// As above, of pages: before and after a restart, with everything that may be corrected.
#[test]
fn a_server_that_has_shown_numbers_starts_by_no_other_rules() {
    let keyed = Keyed::new("test").expecting("S1,V1,,\n");
    let (election, data) = (keyed.path("election"), keyed.path("data"));
    let start = || crate::serve::kit::Server::try_start(&election, &data, &[]);
    let refusal = |log: Result<_, String>| log.map(|_: crate::serve::kit::Server| ()).unwrap_err();
    // Of an empty journal nobody has seen anything.
    assert_eq!(start().unwrap().stop().0, 0);
    let server = crate::serve::pages::small_night(&keyed);
    assert_eq!(server.stop().0, 0);
    keyed.expect("S1,V1,,\nS2,V1,,\nS2,T,,\nS1,T,,\n");
    let log = refusal(start());
    assert!(log.contains("pages/cells-digest: found the rules"), "{log}");
    assert!(log.contains("To go on, once that is decided, remove this file"), "{log}");
    // What it laid beside the journal is published by nobody.
    let (code, _, stderr) = publish(&keyed, &data, &[]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("found numbers that move by the rules"), "{stderr}");
    // By the same rules it goes on; by others once somebody has decided that.
    keyed.expect("S1,V1,,\nS2,V1,,\nS2,T,,\n");
    assert_eq!(start().unwrap().stop().0, 0);
    published(&keyed, &data);
    let keyed = keyed.with("[[check]]\nmethod = \"duplicate-content\"\naction = \"warn\"\n");
    assert!(refusal(start()).contains("pages/cells-digest: found the rules"));
    fs::remove_file(data.join("pages/cells-digest")).unwrap();
    assert_eq!(start().unwrap().stop().0, 0);
    // Of files that is decided by whoever begins a new folder.
    assert_eq!(publish(&keyed, &data, &[]).0, 1);
    fs::rename(keyed.path("published"), keyed.path("earlier")).unwrap();
    published(&keyed, &data);
}

#[test]
fn before_the_close_what_is_expected_may_be_corrected_between_two_runs() {
    let keyed = Keyed::new("official").expecting("S1,V1,,\n");
    let batches = keyed.seal_rows("S1,V1,101,5\nS1,V1,102,4\nS1,V1,103,3\n", "sealed");
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    let data = keyed.path("data");
    let start = || crate::serve::kit::Server::try_start(&keyed.path("election"), &data, &[]);
    let server = start().unwrap();
    assert_eq!(server.send(&[&open, &batches[0]]).0, 200);
    assert_eq!(server.stop().0, 0);
    published(&keyed, &data);
    keyed.expect("S1,V1,,\nS2,V1,,\n");
    let server = start().unwrap();
    assert_eq!(server.send(&[&close]).0, 200);
    assert_eq!(server.stop().0, 0);
    published(&keyed, &data);
    keyed.expect("S1,V1,,\n");
    assert!(start().is_err());
}

/// V3 is in no row of `serves.csv`: nothing will come of it.
#[test]
fn a_district_of_which_nothing_is_expected_keeps_no_rest_back() {
    let keyed = Keyed::new("test");
    for (file, rows) in [
        ("districts.csv", "V2,council,x,X,23,2301,3,2\nV3,council,x,X,23,2301,3,2\n"),
        ("candidates.csv", "V2,101,,a,A\nV2,102,,b,B\nV3,101,,a,A\nV3,102,,b,B\n"),
    ] {
        let path = keyed.path("election").join(file);
        let before = fs::read_to_string(&path).unwrap();
        fs::write(&path, before + rows).unwrap();
    }
    keyed.expect("S1,V1,,\nS1,V2,,\n");
    let rows = "S1,V1,101,3\nS1,V1,102,3\nS1,V1,,2\nS1,V2,101,3\nS1,V2,102,2\nS1,V2,,2\n";
    let batches = keyed.seal_rows(rows, "sealed");
    let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    let folder = published(&keyed, &keyed.journal("night", &records));
    let cells = json(&folder.join("small-cells.json"));
    assert_eq!(cells["withheld"], serde_json::json!(["V1", "V2"]), "{cells}");
    assert_eq!(cells["rests"][0]["ballots"]["taken"], 15, "{cells}");
    assert_eq!(cells["rests"][0]["county"], "2301", "{cells}");
}
