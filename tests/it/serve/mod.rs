//! The server in a process of its own: what is acknowledged is there, once, whatever happens.

mod api;
mod crowded;
pub(crate) mod desk;
mod kill;
pub(crate) mod kit;
pub(crate) mod pages;
mod replayed;
mod tls;

use std::path::Path;

use serde_json::Value;
use shomar_format::bytes::hex;
use shomar_format::election::Mode;
use shomar_format::record::{NO_PREVIOUS, record_hash};
use shomar_format::{BatchAddress, Canonicaliser, Election, SealedBatch};

use crate::keyed::{Keyed, records, secret};
use crate::kit::{digest, fixture, json, run, seal, text};
use kit::Server;

fn status(answer: &Value) -> &str {
    answer["status"].as_str().unwrap_or("none")
}

#[test]
fn what_is_sent_is_counted_once_and_answered_alike_for_ever() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let data = keyed.path("data");
    let server = Server::start(&keyed.path("election"), &data, &[]);
    for (number, batch) in batches.iter().enumerate() {
        let (code, answer) = server.send_one(batch);
        assert_eq!((code, status(&answer)), (200, "accepted"), "{answer}");
        assert_eq!(answer["position"], number);
        assert_eq!(answer["record"], hex(&record_hash(batch)).as_str());
    }
    let all: Vec<&[u8]> = batches.iter().rev().map(Vec::as_slice).collect();
    let (code, answers) = server.send(&all);
    assert_eq!(code, 200);
    let positions = |answers: &Value| -> Vec<u64> {
        let results = answers["results"].as_array().unwrap();
        assert!(results.iter().all(|answer| status(answer) == "duplicate"), "{answers}");
        results.iter().map(|answer| answer["position"].as_u64().unwrap()).collect()
    };
    let expected: Vec<u64> = (0..batches.len() as u64).rev().collect();
    assert_eq!(positions(&answers), expected);
    let frontier = server.caught_up();
    assert_eq!(frontier["digest"], digest(&keyed.path("sealed"), &[]).as_str());
    // While it is served, anybody may count what is durable.
    assert_eq!(digest(&data, &[]), digest(&keyed.path("sealed"), &[]));
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("journal closed"), "{log}");
    assert_eq!(digest(&data, &[]), digest(&keyed.path("sealed"), &[]));
    // Another night on the same folder.
    let server = Server::start(&keyed.path("election"), &data, &[]);
    assert_eq!(positions(&server.send(&all).1), expected);
    assert_eq!(server.caught_up()["digest"], frontier["digest"]);
    let tally: Value = serde_json::from_str(&server.get("/v1/tally").1).unwrap();
    assert_eq!(tally, json("tally", &keyed.path("sealed"), &[]));
    assert_eq!(server.get("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(server.get("/readyz").0, 200);
    let metrics = server.get("/metrics").1;
    let counted = format!("shomar_ingest_records_total{{result=\"duplicate\"}} {}", batches.len());
    assert!(metrics.contains(&counted), "{metrics}");
}

/// A batch with so many ballots, signed.
fn batch(keyed: &Keyed, sequence: u64, ballots: u32, previous: &[u8; 32], mode: Mode) -> Vec<u8> {
    batch_of(keyed, sequence, (&[0, 1], ballots), previous, mode)
}

/// A batch with this ballot so often, signed.
fn batch_of(
    keyed: &Keyed,
    sequence: u64,
    (ballot, count): (&[u16], u32),
    previous: &[u8; 32],
    mode: Mode,
) -> Vec<u8> {
    let (election, _) = Election::read(&keyed.path("election")).unwrap();
    let address = BatchAddress { district: 0, station: 0, device: 0, sequence };
    let mut canonical = Canonicaliser::new(election.districts[0].shape());
    canonical.add(ballot, count);
    let sealed = SealedBatch::seal(&election.definition_digest(), address, &canonical.finish()[0]);
    sealed.signed(&secret(1), mode, previous).bytes().to_vec()
}

#[test]
fn chains_are_judged_and_contradictions_are_kept() {
    let keyed = Keyed::new("test");
    let data = keyed.path("data");
    let server = Server::start(&keyed.path("election"), &data, &[]);
    let make = |sequence, ballots, previous: &[u8]| {
        let previous = if previous.is_empty() { NO_PREVIOUS } else { record_hash(previous) };
        batch(&keyed, sequence, ballots, &previous, Mode::Test)
    };
    let first = make(0, 1, &[]);
    let second = make(1, 2, &first);
    let third = make(2, 3, &second);
    let code = |answer: &Value| answer["code"].as_str().unwrap_or("none").to_owned();
    assert_eq!(status(&server.send_one(&first).1), "accepted");
    // The third before the second: a gap, and then a re-order; both are taken.
    assert_eq!(status(&server.send_one(&third).1), "accepted");
    let gaps: Value = serde_json::from_str(&server.get("/v1/findings").1).unwrap();
    assert_eq!(
        gaps["gaps"][0],
        serde_json::json!({"station": "S1", "device": 0, "from": 1, "to": 1})
    );
    // Another second one: it is not the one that the third names.
    let forked = make(1, 9, &first);
    let (http, answer) = server.send_one(&forked);
    assert_eq!((http, code(&answer).as_str()), (422, "fork"), "{answer}");
    assert_eq!(status(&server.send_one(&second).1), "accepted");
    let (http, answer) = server.send_one(&forked);
    assert_eq!((http, code(&answer).as_str()), (422, "equivocation"), "{answer}");
    // A fourth that follows another third.
    let other_third = make(2, 7, &second);
    let (_, answer) = server.send_one(&make(3, 1, &other_third));
    assert_eq!(code(&answer), "fork");
    // The first names one before it; a later one names none.
    assert_eq!(code(&server.send_one(&make(0, 5, &third)).1), "chain");
    assert_eq!(code(&server.send_one(&make(4, 5, &[])).1), "chain");
    let findings: Value = serde_json::from_str(&server.get("/v1/findings").1).unwrap();
    assert_eq!(findings["gaps"], serde_json::json!([]));
    let metrics = server.get("/metrics").1;
    for finding in ["gap", "re-order", "fork", "equivocation"] {
        let line = format!("shomar_chain_findings_total{{finding=\"{finding}\"}}");
        assert!(metrics.contains(&line), "{finding}: {metrics}");
    }
    assert_eq!(server.caught_up()["ballots"]["taken"], 6);
    // Every finding has words of its own in each language.
    let persian = pages::settled(&server, "/fa/reception", "بستهٔ پیشین پس از بستهٔ بعدی رسید");
    for name in ["gap", "order", "fork", "equivocation"] {
        let shown = format!("<li>{name}");
        assert!(!persian.body.contains(&shown), "{name}: {}", persian.body);
    }
    server.kill();
    // Both sides of each contradiction are on disk, each once.
    let server = Server::start(&keyed.path("election"), &data, &[]);
    assert_eq!(code(&server.send_one(&forked).1), "equivocation");
    assert_eq!(server.stop().0, 0);
    let kept: Vec<Vec<u8>> = [0, 1]
        .iter()
        .map(|number| data.join(format!("contradictions/{number:06}.segment")))
        .filter(|path| path.exists())
        .flat_map(|path| crate::keyed::records_of(&path))
        .collect();
    assert!(kept.contains(&forked));
    assert_eq!(kept.iter().filter(|record| **record == forked).count(), 1);
    assert_eq!(kept.len(), 2);
}

#[test]
fn forged_and_foreign_records_are_refused_by_code_and_change_nothing() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let refused = |record: &[u8], expected: &str| {
        let (http, answer) = server.send_one(record);
        assert_eq!(http, 422, "{expected}: {answer}");
        assert_eq!(answer["code"], expected, "{answer}");
    };
    refused(&batches[0], "not-open");
    let open = keyed.control(None, &["open"]);
    assert_eq!(status(&server.send_one(&open).1), "accepted");
    let mut damaged = batches[0].clone();
    damaged[300] ^= 1;
    refused(&damaged, "bytes");
    let mut newer = batches[0].clone();
    newer[8] = 9;
    refused(&newer, "version");
    refused(&batch(&keyed, 0, 1, &NO_PREVIOUS, Mode::Test), "signature");
    let official = batch(&keyed, 0, 1, &NO_PREVIOUS, Mode::Official);
    assert_ne!(official, batch(&keyed, 0, 1, &NO_PREVIOUS, Mode::Test));
    // A test election is another definition, whatever the keys.
    let test = Keyed::new("test");
    refused(&test.batches("sealed")[0], "definition");
    let unsigned = test.path("unsigned");
    seal(&test.path("election"), &fixture("small/ballots.csv"), &unsigned);
    refused(&records(&unsigned)[0], "definition");
    // A control record of a station, and one that does not apply.
    let close = keyed.control(Some(&open), &["close"]);
    let wrong = keyed.control(Some(&open), &["reinstate", "--station", "S1"]);
    refused(&wrong, "control");
    let (http, body) = server.request("POST", "/v1/batches", b"").unwrap();
    assert!(http == 400 && body.contains("an empty body"), "{body}");
    let (http, body) = server.request("POST", "/v1/batches", &batches[0][..400]).unwrap();
    assert!(http == 400 && body.contains("found the end after 400 bytes"), "{body}");
    // No number before the close, and all of them after.
    for batch in &batches {
        assert_eq!(status(&server.send_one(batch).1), "accepted");
    }
    let frontier = server.caught_up();
    assert_eq!((&frontier["ballots"], &frontier["digest"]), (&Value::Null, &Value::Null));
    let (http, body) = server.get("/v1/tally");
    assert!(http == 403 && body.contains("no numbers before its close"), "{body}");
    assert_eq!(status(&server.send_one(&close).1), "accepted");
    let frontier = server.caught_up();
    assert_eq!(frontier["batches"], batches.len());
    // Exact numbers are for operators (desk.rs), and for whoever has the folder.
    assert_eq!((&frontier["ballots"], &frontier["digest"]), (&Value::Null, &Value::Null));
    let taken = || json("tally", &keyed.path("data"), &[])["ballots"]["taken"].as_u64().unwrap();
    let closed = taken();
    assert!(closed > 0);
    let closed_digest = digest(&keyed.path("data"), &[]);
    let late = keyed.control(Some(&close), &["annul", "--station", "S1", "--reason", "b-fraud"]);
    assert_eq!(status(&server.send_one(&late).1), "accepted");
    server.caught_up();
    assert!(taken() < closed);
    assert_eq!(server.stop().0, 0);
    // After a restart the officer goes on where they were.
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let again = keyed.control(Some(&late), &["reinstate", "--station", "S1"]);
    assert_eq!(status(&server.send_one(&again).1), "accepted");
    assert_eq!(digest(&keyed.path("data"), &[]), closed_digest);
}

#[test]
fn files_laid_into_the_inbox_are_taken_with_a_report() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let inbox = keyed.path("inbox");
    std::fs::create_dir(&inbox).unwrap();
    let arguments = ["--inbox", text(&inbox)];
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &arguments);
    std::fs::write(inbox.join("a.batches"), &batches[0]).unwrap();
    std::fs::copy(keyed.path("sealed/000000.segment"), inbox.join("whole.segment")).unwrap();
    std::fs::write(inbox.join("b.batches"), &batches[0][..400]).unwrap();
    std::fs::write(inbox.join("photo.jpg"), b"no ballots in here").unwrap();
    std::fs::write(inbox.join("half.part"), &batches[0][..100]).unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let reports = |folder: &str| {
        let entries = std::fs::read_dir(inbox.join(folder)).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count()
    };
    while reports("done") < 2 || reports("refused") < 2 {
        assert!(std::time::Instant::now() < end, "{} {}", reports("done"), reports("refused"));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(inbox.join("half.part").exists() && inbox.join("done/whole.segment").exists());
    let report = std::fs::read_to_string(inbox.join("refused/b.batches.report.json")).unwrap();
    assert!(report.contains("cut off"), "{report}");
    assert_eq!(server.caught_up()["batches"], batches.len());
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
}

#[test]
fn a_folder_has_one_writer_and_one_election() {
    let keyed = Keyed::new("test");
    let data = keyed.path("data");
    let server = Server::start(&keyed.path("election"), &data, &[]);
    let refused = |election: &Path, word: &str| {
        let arguments = [
            "serve",
            "--election",
            text(election),
            "--data",
            text(&data),
            "--listen",
            "127.0.0.1:0",
        ];
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(word), "{word}: {stderr}");
    };
    refused(&keyed.path("election"), "found it locked by another process");
    assert_eq!(server.stop().0, 0);
    let other = Keyed::new("official");
    refused(&other.path("election"), "found an election with the definition");
    refused(&keyed.path("nowhere"), "nowhere");
    let config = keyed.path("serve.toml");
    std::fs::write(&config, "recuont_seconds = 1\n").unwrap();
    let (election, arguments) = (keyed.path("election"), ["--config", text(&config)]);
    let log = Server::try_start(&election, &data, &arguments).err().unwrap();
    assert!(log.contains("recuont_seconds"), "{log}");
}

#[test]
fn a_full_count_beside_the_live_one_agrees_and_says_so() {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let config = keyed.path("serve.toml");
    std::fs::write(&config, "recount_seconds = 1\nsegment_bytes_max = 1\n").unwrap();
    let arguments = ["--config", text(&config)];
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &arguments);
    for batch in &batches {
        server.send_one(batch);
    }
    let frontier = server.caught_up();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let now: Value = serde_json::from_str(&server.get("/v1/frontier").1).unwrap();
        if now["full_recount"]["position"] == frontier["position"] {
            assert_eq!(now["full_recount"]["digest"], frontier["digest"]);
            break;
        }
        assert!(std::time::Instant::now() < end, "{now}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // A segment that changes on disk is found, and nothing is published any more.
    let segment = keyed.path("data/000000.segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    let place = bytes.len() - 200;
    bytes[place] ^= 4;
    std::fs::remove_file(&segment).unwrap();
    std::fs::write(&segment, &bytes).unwrap();
    let more = batch(&keyed, 99, 1, &[9; 32], Mode::Test);
    assert_eq!(status(&server.send_one(&more).1), "accepted");
    while server.get("/healthz").0 == 200 {
        assert!(std::time::Instant::now() < end);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // Whoever looks is told, whatever they look at.
    let told = "The count was found wrong, and nothing is published any more";
    for path in ["/en/", "/en/district/V1", "/en/stations", "/en/corrections", "/en/reception"] {
        pages::settled(&server, path, told);
    }
    let document: Value = serde_json::from_str(&server.get("/v1/districts/V1").1).unwrap();
    assert!(document["frontier"]["failure"].is_string(), "{document}");
    let (code, log) = server.stop();
    assert_eq!(code, 2, "{log}");
    assert!(log.contains("publishing has ended"), "{log}");
}

/// The golden journal has a record that was sent again, byte for byte; servers take none twice.
#[test]
fn a_journal_with_a_record_twice_is_served_and_logged_as_it_is_counted() {
    let golden = crate::kit::workspace().join("bench-data/golden/v2");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    crate::kit::copy_files(&golden, &data);
    crate::kit::copy_files(&golden.join("election"), &data.join("election"));
    let counted = json("tally", &golden, &[]);
    let server = Server::start(&data.join("election"), &data, &[]);
    assert_eq!(server.caught_up()["digest"], counted["frontier"]["digest"]);
    let tally: Value = serde_json::from_str(&server.get("/v1/tally").1).unwrap();
    assert_eq!(tally, counted);
    assert_eq!(server.stop().0, 0);
    let log = json("log", &golden, &[]);
    assert_eq!(log.as_array().unwrap().len(), counted["journal"]["control_records"]);
}

/// After a restart the whole journal is read again: what is counted until then is not the count.
#[test]
fn a_server_that_starts_again_shows_no_count_before_it_has_read_its_journal() {
    let keyed = Keyed::new("test");
    let (election, data) = (keyed.path("election"), keyed.path("data"));
    let server = Server::start(&election, &data, &[]);
    let mut previous = NO_PREVIOUS;
    for sequence in 0..6 {
        let large = batch_of(&keyed, sequence, (&[0, 0], 1_500_000), &previous, Mode::Test);
        previous = record_hash(&large);
        assert_eq!(status(&server.send_one(&large).1), "accepted");
    }
    let durable = server.caught_up()["durable"].as_u64().unwrap();
    assert_eq!(server.stop().0, 0);
    // Whoever asks at once is told to come again, unless the machine was faster.
    let mut is_told = false;
    for _ in 0..5 {
        let server = Server::start(&election, &data, &[]);
        loop {
            let page = pages::get(&server, "/fa/", "");
            let tally = pages::get(&server, "/v1/tally", "");
            let nation = pages::get(&server, "/v1/nation", "");
            for answer in [&page, &tally, &nation].iter().filter(|own| own.status == 503) {
                assert!(answer.header("retry-after").is_some(), "{}", answer.body);
            }
            if page.status == 503 {
                is_told = true;
                assert!(page.body.contains("دفتر وقایع در حال خوانده شدن است"), "{}", page.body);
                assert!(page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
            } else {
                let record = format!("رکورد {}", persian(durable));
                assert!(page.body.contains(&record), "{record}: {}", page.body);
            }
            if tally.status == 200 {
                let tally: Value = serde_json::from_str(&tally.body).unwrap();
                assert!(tally["ballots"]["taken"].as_u64().unwrap() > 0, "{tally}");
            }
            if nation.status == 200 {
                let nation: Value = serde_json::from_str(&nation.body).unwrap();
                assert_eq!(nation["frontier"]["position"], durable, "{nation}");
                break;
            }
            assert_eq!(nation.status, 503, "{}", nation.body);
        }
        assert_eq!(server.stop().0, 0);
        if is_told {
            return;
        }
    }
    panic!("five times nobody was told that the journal was being read");
}

fn persian(number: u64) -> String {
    number.to_string().chars().map(|own| char::from_u32(own as u32 - 48 + 0x6f0).unwrap()).collect()
}
