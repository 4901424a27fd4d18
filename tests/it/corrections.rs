//! Control records: totals change by them alone, and every earlier state can be asked for.

use serde_json::Value;
use shomar_format::bytes::hex;
use shomar_format::record::record_hash;

use crate::keyed::{Keyed, records, secret};
use crate::kit::{digest, fixture, json, run, seal, text};

fn hash(record: &[u8]) -> String {
    hex(&record_hash(record))
}

fn taken(folder: &std::path::Path, more: &[&str]) -> u64 {
    json("tally", folder, more)["ballots"]["taken"].as_u64().unwrap()
}

#[test]
fn an_annulment_takes_a_station_out_and_a_reinstatement_brings_it_back() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let annul = ["annul", "--station", "S1", "--reason", "b-fraud"];
    let annul = keyed.control(None, &annul);
    let reinstate = keyed.control(Some(&annul), &["reinstate", "--station", "S1"]);
    let mut all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    let received = all.len();
    all.extend([&annul[..], &reinstate]);
    let folder = keyed.journal("journal", &all);
    let (before, after) = (digest(&keyed.path("sealed"), &[]), digest(&folder, &[]));
    assert_eq!(before, after);
    let as_of = |records: usize| records.to_string();
    assert_eq!(digest(&folder, &["--as-of", &as_of(received)]), before);
    let annulled = json("tally", &folder, &["--as-of", &as_of(received + 1)]);
    assert_ne!(annulled["frontier"]["digest"], before.as_str());
    assert!(annulled["journal"]["annulled"].as_u64().unwrap() > 0);
    // What is left is what the other station sealed.
    let mut rest: Vec<&[u8]> = Vec::new();
    for batch in &batches {
        if shomar_format::record::address_at(batch).station != 0 {
            rest.push(batch);
        }
    }
    let rest = keyed.journal("rest", &rest);
    assert_eq!(digest(&rest, &[]), annulled["frontier"]["digest"].as_str().unwrap());
    // A batch that comes after the annulment is annulled as well.
    let late: Vec<&[u8]> =
        std::iter::once(&annul[..]).chain(batches.iter().map(Vec::as_slice)).collect();
    assert_eq!(digest(&keyed.journal("late", &late), &[]), digest(&rest, &[]));
}

#[test]
fn an_earlier_state_knows_nothing_of_a_record_that_came_again_later() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let all: Vec<&[u8]> = batches.iter().chain(&batches[..1]).map(Vec::as_slice).collect();
    let folder = keyed.journal("again", &all);
    let repeats = |records: usize| {
        let (code, _, stderr) = run(["tally", text(&folder), "--as-of", &records.to_string()]);
        assert_eq!(code, 0, "{stderr}");
        stderr.matches("the same record").count()
    };
    assert_eq!((repeats(batches.len()), repeats(all.len())), (0, 1));
}

#[test]
fn the_log_says_who_when_why_and_what_it_did_to_each_district() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    let annul = ["annul", "--station", "S1", "--reason", "b-fraud"];
    let annul = keyed.control(Some(&close), &annul);
    let reinstate = keyed.control(Some(&annul), &["reinstate", "--station", "S1"]);
    let mut all: Vec<&[u8]> = vec![&open];
    all.extend(batches.iter().map(Vec::as_slice));
    all.extend([&close[..], &annul, &reinstate]);
    let folder = keyed.journal("journal", &all);
    let log = json("log", &folder, &[]);
    let log = log.as_array().unwrap();
    let actions: Vec<&str> = log.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["open", "close", "annul", "reinstate"]);
    assert_eq!(log[2]["officer"], "chair");
    assert_eq!(log[2]["why"], "the test says so");
    assert_eq!(log[2]["position"], all.len() - 2);
    let taken =
        |entry: &Value, side: &str| entry["effect"][0]["ballots"][side]["taken"].as_u64().unwrap();
    // What is told is the difference of two counts as of two records.
    let as_of = |records: usize| {
        let arguments = ["--as-of", &records.to_string(), "--district", "V1"];
        let document = json("tally", &folder, &arguments);
        document["districts"][0]["ballots"]["taken"].as_u64().unwrap()
    };
    assert_eq!(taken(&log[2], "from"), as_of(all.len() - 2));
    assert_eq!(taken(&log[2], "to"), as_of(all.len() - 1));
    assert_eq!(taken(&log[3], "to"), as_of(all.len()));
    assert!(taken(&log[2], "to") < taken(&log[2], "from"));
    let (code, table, _) = run(["log", text(&folder)]);
    assert_eq!(code, 0);
    for part in ["chair  annul: station S1, reason b-fraud", "why: the test says so", "district V1"]
    {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(table.contains("no numbers per option before the close"), "{table}");
    let (code, table, _) = run(["log", text(&keyed.path("sealed"))]);
    assert_eq!((code, table.as_str()), (0, "no control record\n"));
}

/// The small ballots as they are after S1 was counted again.
pub(crate) fn recounted() -> String {
    let ballots = std::fs::read_to_string(fixture("small/ballots.csv")).unwrap();
    ballots.replace("S1,V1,101 102 103,5", "S1,V1,101 102 103,6")
}

/// The record of that recount, after what was sealed before into `sealed`.
pub(crate) fn seal_recount(keyed: &Keyed) -> Vec<u8> {
    let own = recounted();
    let own: Vec<&str> = own
        .lines()
        .filter(|line| line.replace('"', "").starts_with("S1,V1") || line.contains("choices"))
        .collect();
    let mut recount = keyed.recount(&own.join("\n"));
    assert_eq!(recount.len(), 1);
    recount.remove(0)
}

#[test]
fn a_recount_stands_for_what_was_counted_before_and_never_beside_it() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let recount = seal_recount(&keyed);
    let old: Vec<&Vec<u8>> = batches
        .iter()
        .filter(|batch| {
            let address = shomar_format::record::address_at(batch);
            (address.station, address.district) == (0, 0)
        })
        .collect();
    assert_eq!(old.len(), 1);
    let (old, new) = (hash(old[0]), hash(&recount));
    let supersede =
        ["supersede", "--station", "S1", "--district", "V1", "--old", &old, "--new", &new];
    let supersede = keyed.control(None, &supersede);
    let mut all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    all.push(&recount);
    // The recount alone changes nothing: whoever sends it does not decide.
    let waiting = keyed.journal("waiting", &all);
    assert_eq!(digest(&waiting, &[]), digest(&keyed.path("sealed"), &[]));
    assert_eq!(json("tally", &waiting, &[])["journal"]["waiting"], 1);
    all.push(&supersede);
    let corrected = keyed.path("corrected.csv");
    std::fs::write(&corrected, recounted()).unwrap();
    seal(&keyed.path("election"), &corrected, &keyed.path("expected"));
    let journal = keyed.journal("journal", &all);
    assert_eq!(digest(&journal, &[]), digest(&keyed.path("expected"), &[]));
    assert_eq!(json("tally", &journal, &[])["journal"]["superseded"], 1);
    // The same decision twice does not fit: the old batch stands no longer.
    let twice = ["supersede", "--station", "S1", "--district", "V1", "--old", &old, "--new", &new];
    let twice = keyed.control(Some(&supersede), &twice);
    all.push(&twice);
    assert_finding(&keyed, &all, "expected those that stand now");
}

/// A journal with decisions in it can be sealed after like any other.
#[test]
fn a_recount_goes_on_where_the_device_ended_in_a_journal_with_decisions() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let mut all: Vec<&[u8]> = vec![&open];
    all.extend(batches.iter().map(Vec::as_slice));
    let journal = keyed.journal("journal", &all);
    let (election, key) = (keyed.path("election"), keyed.path("secrets.csv"));
    let seal = |after: &std::path::Path, out: &str| {
        let ballots = fixture("small/ballots.csv");
        let out = keyed.path(out);
        let (code, _, stderr) = run([
            "seal",
            "--recount",
            "--election",
            text(&election),
            "--ballots",
            text(&ballots),
            "--key",
            text(&key),
            "--after",
            text(after),
            "--out",
            text(&out),
        ]);
        assert_eq!(code, 0, "{stderr}");
        records(&out)
    };
    assert_eq!(seal(&journal, "after"), seal(&keyed.path("sealed"), "expected"));
}

fn assert_finding(keyed: &Keyed, records: &[&[u8]], word: &str) {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = keyed.journal(&format!("bad{number}"), records);
    let (code, stdout, stderr) = run(["tally", text(&folder)]);
    assert_eq!((code, stdout.as_str()), (1, ""), "{word}: {stderr}");
    assert!(stderr.contains(word), "{word}: {stderr}");
}

#[test]
fn an_official_election_has_no_number_before_its_close() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    let mut all: Vec<&[u8]> = vec![&open];
    all.extend(batches.iter().map(Vec::as_slice));
    let unclosed = keyed.journal("unclosed", &all);
    for command in ["tally", "result"] {
        let (code, stdout, stderr) = run([command, text(&unclosed)]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains("found no close record"), "{stderr}");
    }
    all.push(&close);
    let closed = keyed.journal("closed", &all);
    let document = json("tally", &closed, &[]);
    assert_eq!(document["mode"], "official");
    assert!(document["ballots"]["taken"].as_u64().unwrap() > 0);
    let (code, stdout, _) = run(["tally", text(&closed), "--as-of", &(all.len() - 1).to_string()]);
    assert_eq!((code, stdout.as_str()), (1, ""), "as it was before the close");
    // A batch before the open record, and one without a signature.
    let early: Vec<&[u8]> = vec![&batches[0], &open, &close];
    assert_finding(&keyed, &early, "found a batch before the vote was opened");
    let test = Keyed::new("test");
    let unsigned = test.path("unsigned");
    seal(&test.path("election"), &fixture("small/ballots.csv"), &unsigned);
    let foreign = records(&unsigned);
    assert_finding(&keyed, &[&open, &foreign[0], &close], "expected a signed one, in an official");
}

#[test]
fn control_records_that_do_not_apply_or_are_not_an_officers_are_findings() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let first = batches[0].as_slice();
    let cases: [(&[&str], &str); 9] = [
        (&["open"], "the vote is open already"),
        (&["reinstate", "--station", "S1"], "expected an annulment of the same words before it"),
        (&["annul", "--station", "S9", "--reason", "b-fraud"], "found the station 'S9'"),
        (&["annul", "--station", "S1", "--reason", "a-blank"], "expected one of: b-no-seal"),
        (
            &["annul", "--batch", &"ab".repeat(32), "--reason", "b-fraud"],
            "one that the journal has",
        ),
        (&["declare", "--district", "V1", "--elected", "7"], "expected a code of district V1"),
        (&["lot", "--district", "V1", "--kind", "chair", "--place", "1"], "found the kind 'chair'"),
        (
            &["lot", "--district", "V1", "--kind", "person", "--place", "1", "--winner", "7"],
            "found '7' in a lot, expected a code of district V1",
        ),
        (&["release", "--batch", &"cd".repeat(32)], "one that the journal has"),
    ];
    for (decision, word) in cases {
        let control = keyed.control(Some(&open), decision);
        assert_finding(&keyed, &[first, &open, &control], word);
    }
    let close = keyed.control(None, &["close"]);
    assert_finding(&keyed, &[first, &close], "expected an open record before it");
    // Out of the officer's own order: a record is missing between them.
    let annul = keyed.control(Some(&open), &["annul", "--station", "S1", "--reason", "b-fraud"]);
    assert_finding(&keyed, &[first, &annul], "sequence of the officer's records");
    let other_open = keyed.control(None, &["open"]);
    if other_open != open {
        assert_finding(
            &keyed,
            &[first, &other_open, &annul],
            "hash of the officer's previous record",
        );
    }
    // Signed by a station's device instead of the officer.
    use shomar_format::control::{Action, Control};
    use shomar_format::record::NO_PREVIOUS;
    let definition = *shomar_format::record::RecordHeader::read(first).unwrap().definition();
    let control = Control { at_ms: 1, why: "mine".to_owned(), action: Action::Open };
    let mode = shomar_format::election::Mode::Test;
    let seal = |officer, key: u8, mode| {
        shomar_format::SealedBatch::seal_control(
            &definition,
            officer,
            0,
            &control,
            &secret(key),
            mode,
            &NO_PREVIOUS,
        )
        .unwrap()
    };
    assert_finding(&keyed, &[first, seal(0, 1, mode).bytes()], "signature");
    assert_finding(
        &keyed,
        &[first, seal(7, 1, mode).bytes()],
        "officer: found 7, expected below 1",
    );
    let official = shomar_format::election::Mode::Official;
    let moved = seal(0, crate::keyed::OFFICER, official);
    assert_finding(&keyed, &[first, moved.bytes()], "signature");
}

#[test]
fn a_signed_lot_that_fits_no_tie_blocks_no_result_and_is_told() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let lot = |after: &[u8], winner: &str| {
        let about = ["lot", "--district", "V1", "--kind", "person", "--place", "1"];
        keyed.control(Some(after), &[&about[..], &["--winner", winner]].concat())
    };
    let strange = lot(&open, "103");
    let fitting = lot(&strange, "104");
    let annul = ["annul", "--station", "S2", "--district", "V1", "--reason", "b-fraud"];
    let annul = keyed.control(Some(&fitting), &annul);
    let mut all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    all.extend([open.as_slice(), &strange]);
    let of = |document: &Value| -> (bool, Vec<String>, String) {
        let own = &document["districts"][0];
        let told = own["findings"].as_array().unwrap().iter();
        let told = told.map(|one| one.as_str().unwrap().to_owned()).collect();
        (own["lots"].to_string().contains("person"), told, own["elected"].to_string())
    };
    let at = ["--district", "V1"];
    let (waits, told, _) = of(&json("result", &keyed.journal("strange", &all), &at));
    let record = batches.len() + 1;
    let first = format!("lot of record {record} not used: it fits no tie of this district");
    assert!(waits && told.len() == 1 && told[0].starts_with(&first), "{told:?}");
    // Neither is the whole election left without a result, nor does the lot hide one that fits.
    all.push(&fitting);
    let folder = keyed.journal("fitting", &all);
    let (code, stdout, stderr) = run(["result", text(&folder)]);
    assert!([0, 3].contains(&code) && stdout.contains("district T"), "{stderr}");
    let (waits, told, elected) = of(&json("result", &folder, &at));
    assert!(!waits && elected.contains("104"), "{elected}");
    assert!(told.len() == 1 && told[0].starts_with(&first), "{told:?}");
    // A correction dissolves the tie for which it was drawn.
    all.push(&annul);
    let (waits, told, _) = of(&json("result", &keyed.journal("annulled", &all), &at));
    assert!(!waits && told.len() == 2, "{told:?}");
    assert!(told[1].starts_with(&format!("lot of record {} not used: ", record + 1)), "{told:?}");
}

#[test]
fn a_declaration_ends_waiting_where_nobody_said_who_reports() {
    let keyed = Keyed::new("test");
    std::fs::remove_file(keyed.path("election/serves.csv")).unwrap_or_default();
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let mut all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    let status = |folder: &std::path::Path| -> Value {
        json("result", folder, &["--district", "V1"])["districts"][0]["status"].clone()
    };
    assert_ne!(status(&keyed.journal("plain", &all)), "provisional");
    all.push(&open);
    assert_eq!(status(&keyed.journal("opened", &all)), "provisional");
    let declare = keyed.control(Some(&open), &["declare", "--district", "V1", "--elected", "101"]);
    all.push(&declare);
    assert_ne!(status(&keyed.journal("declared", &all)), "provisional");
}

#[test]
fn a_held_batch_is_in_no_total_until_an_officer_releases_it() {
    let keyed = Keyed::new("test");
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    let check = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";
    std::fs::write(&toml, format!("{head}\n{check}")).unwrap();
    let stations = keyed.path("election/stations.csv");
    let text_of = std::fs::read_to_string(&stations).unwrap();
    std::fs::write(&stations, text_of.replace("S1,23,2301,x,100", "S1,23,2301,x,9")).unwrap();
    let batches = keyed.batches("sealed");
    let document = json("tally", &keyed.path("sealed"), &[]);
    let held = document["held"].as_array().unwrap();
    assert!(!held.is_empty(), "{document}");
    assert_eq!(held[0]["station"], "S1");
    let formula = held[0]["alarms"][0]["formula"].as_str().unwrap();
    assert!(formula.starts_with("ballots taken 11 <= registered 9 + 0"), "{formula}");
    let (code, stdout, stderr) = run(["tally", text(&keyed.path("sealed"))]);
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("held: station S1, district V1") && stdout.contains("held"),
        "{stdout}"
    );
    // Without the check everything is counted.
    let mut all: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    let batch = held[0]["record"].as_str().unwrap();
    let reject = keyed.control(None, &["reject", "--batch", batch]);
    let release = keyed.control(Some(&reject), &["release", "--batch", batch]);
    all.push(&reject);
    let rejected = json("tally", &keyed.journal("rejected", &all), &[]);
    assert_eq!(rejected["held"][0]["rejected"], true);
    assert_eq!(rejected["ballots"], document["ballots"]);
    all.push(&release);
    let journal = keyed.journal("journal", &all);
    let released = json("tally", &journal, &[]);
    let count = |document: &Value| document["ballots"]["taken"].as_u64().unwrap();
    assert_eq!(count(&released), count(&document) + 11);
    assert_eq!(taken(&journal, &["--as-of", &(all.len() - 2).to_string()]), count(&document));
}
