//! Order, retries, exactly-once accounting, comparison.

use std::time::Duration;

use shomar_format::election::Mode;

use super::kit::{Recipe, kinds, options, replayed};
use super::mock::{Act, Mock};
use crate::{Lost, Options, Plan, Report, Target, TlsFiles, Totals};

fn served(
    recipe: Recipe,
    change: impl Fn(&mut Options),
    script: fn(usize) -> Act,
) -> (Report, Mock) {
    let nation = recipe.nation();
    let mock = Mock::new(&nation, script);
    let mut options = options(mock.address);
    change(&mut options);
    (replayed(&nation, &options), mock)
}

fn assert_clean(report: &Report, batches: u64) {
    assert!(report.ok, "{}", report.text());
    assert_eq!((report.acknowledged, report.batches), (batches, batches));
    assert_eq!((report.lost, &report.totals), (Lost::default(), &Totals::Equal));
}

#[test]
fn a_nation_is_sent_whole_and_every_station_in_order() {
    for (connections, per_request, reversed) in
        [(None, 1, false), (Some(1), 1, true), (Some(3), 4, false), (Some(1), 100, true)]
    {
        let recipe = Recipe { reversed, ..Recipe::default() };
        let (report, mock) = served(
            recipe,
            |options| {
                options.connections = connections;
                options.per_request = per_request;
            },
            |_| Act::Serve,
        );
        // The chain of the mock refuses what is out of order; so does this.
        assert_clean(&report, 40);
        let journal = mock.journal.lock().unwrap();
        for station in 0..8 {
            let sent = journal.arrivals.iter().filter(|arrival| arrival.0 == station);
            assert_eq!(sent.map(|arrival| arrival.1).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        }
        assert_eq!((report.accepted, report.duplicates), (40, 0));
        assert_eq!(report.connections, connections.unwrap_or(8));
        assert_eq!(report.latency.count, 40);
        let fewest = if per_request == 1 { 40 } else { 5 };
        assert!(report.requests >= fewest && report.requests <= 40, "{}", report.requests);
        let metrics = report.metrics.as_ref().unwrap();
        assert_eq!(metrics.records["accepted"], 40);
        assert_eq!(metrics.snapshot_delay_s["0.99"], "0.0125");
    }
}

#[test]
fn requests_carry_as_many_batches_as_allowed() {
    let (report, _mock) = served(
        Recipe::default(),
        |options| {
            options.connections = Some(1);
            options.per_request = 8;
        },
        |_| Act::Serve,
    );
    assert_clean(&report, 40);
    assert_eq!(report.requests, 5, "eight stations, five batches each");
}

#[test]
fn whatever_goes_wrong_on_the_way_is_sent_again_until_acknowledged() {
    let (report, mock) = served(
        Recipe::default(),
        |_| {},
        |number| match number % 13 {
            1 => Act::Status(503, None),
            2 => Act::Reset,
            3 => Act::LoseAnswer,
            4 => Act::Status(429, None),
            5 => Act::Status(500, None),
            _ => Act::Serve,
        },
    );
    assert_clean(&report, 40);
    assert_eq!(mock.journal.lock().unwrap().accepted.len(), 40, "none was stored twice");
    assert!(report.duplicates > 0, "a lost answer comes back as a duplicate");
    assert_eq!(report.accepted + report.duplicates, 40);
    for reason in ["connection", "http-503", "http-429", "http-500"] {
        assert!(report.retries[reason] > 0, "{:?}", report.retries);
    }
}

#[test]
fn retry_after_is_obeyed() {
    let script = |number| if number == 0 { Act::Status(429, Some(1)) } else { Act::Serve };
    let (report, _mock) =
        served(Recipe { stations: 1, batches_each: 1, ..Recipe::default() }, |_| {}, script);
    assert_clean(&report, 1);
    assert!(report.latency.max_us >= 1_000_000, "{}", report.latency.max_us);
    assert!(report.service.max_us < 500_000, "{}", report.service.max_us);
}

#[test]
fn records_that_were_not_looked_at_are_sent_again() {
    let change = |options: &mut Options| {
        options.connections = Some(1);
        options.per_request = 8;
    };
    let (report, _mock) = served(Recipe::default(), change, |_| Act::First);
    assert_clean(&report, 40);
    assert!(report.retries["not-looked-at"] > 30, "{:?}", report.retries);
    assert_eq!(report.requests, 40);
}

#[test]
fn a_batch_at_two_positions_is_a_finding() {
    let script = |number| match number {
        3 => Act::LoseAnswer,
        _ => Act::Double,
    };
    // The lost answer made it durable; sent again it is accepted a second time, which only the
    // frontier shows: the answer that said where it was first is the lost one.
    let (report, _mock) = served(Recipe::default(), |_| {}, script);
    assert!(!report.ok);
    assert!(kinds(&report).contains(&"batches counted"), "{}", report.text());
    assert_eq!(report.lost.doubled_batches, 1);
    assert!(report.lost.doubled_ballots > 0);
}

#[test]
fn two_batches_at_one_position_are_a_finding() {
    let script = |number| if number == 5 { Act::Same } else { Act::Serve };
    let (report, _mock) = served(Recipe::default(), |_| {}, script);
    assert_eq!(kinds(&report), ["two batches at one position"], "{}", report.text());
    assert_eq!(report.lost.lost_batches, 1);
}

#[test]
fn an_honest_batch_refused_is_a_finding_with_its_address() {
    let recipe = Recipe { stations: 1, batches_each: 1, ..Recipe::default() };
    let (report, _mock) = served(recipe, |_| {}, |_| Act::Refuse);
    assert!(!report.ok);
    assert_eq!(report.refused["evidence"], 1);
    let refused = report.findings.iter().find(|finding| finding.kind == "honest batch refused");
    let example = &refused.unwrap().examples[0];
    assert_eq!(example, "batch 0 (station 0, device 0, sequence 0): evidence: found a, expected b");
    assert!(kinds(&report).contains(&"batches not acknowledged"));
}

#[test]
fn totals_that_differ_are_named_district_by_district() {
    let nation = Recipe::default().nation();
    let mock = Mock::lying(&nation);
    let report = replayed(&nation, &options(mock.address));
    assert!(!report.ok);
    let first = vec!["district two: candidate 2: found 1 votes, expected 0".to_owned()];
    assert_eq!(report.totals, Totals::Different { count: 1, first });
    assert_eq!(report.acknowledged, 40, "and yet all of it was acknowledged");
}

#[test]
fn a_server_that_answers_nothing_is_given_up() {
    let give_up = |options: &mut Options| options.give_up = Duration::from_millis(300);
    let (report, _mock) = served(Recipe::default(), give_up, |number| {
        if number < 10 { Act::Serve } else { Act::Status(503, None) }
    });
    assert!(!report.ok && kinds(&report).contains(&"given up"), "{}", report.text());
    assert!(report.acknowledged < 40);

    let nation = Recipe::default().nation();
    let mut nobody = Options::new(Target::new("http://127.0.0.1:1", TlsFiles::default()).unwrap());
    nobody.give_up = Duration::from_millis(300);
    let report = replayed(&nation, &nobody);
    assert!(kinds(&report).contains(&"server not reached"), "{}", report.text());
    assert!(report.text().contains("refused"), "and says why: {}", report.text());
}

#[test]
fn a_storm_sends_every_fifth_twice_and_nothing_is_doubled() {
    let change = |options: &mut Options| {
        options.schedule = crate::Schedule::RetryStorm;
        options.rate = Some(crate::Decimal::whole(2_000));
    };
    let recipe = Recipe { stations: 40, ..Recipe::default() };
    let (report, mock) = served(recipe, change, |_| Act::Serve);
    assert_clean(&report, 200);
    let copies: u64 = report.storm.values().sum();
    assert!((20..70).contains(&copies), "{:?}", report.storm);
    assert_eq!(mock.journal.lock().unwrap().accepted.len(), 200);
    assert_eq!(report.schedule, "retry-storm");
}

#[test]
fn unsigned_and_official_nations_are_sent_as_well() {
    let unsigned = Recipe { signed: false, ..Recipe::default() };
    let official = Recipe { mode: Mode::Official, ..Recipe::default() };
    for recipe in [unsigned, official] {
        let (report, _mock) = served(recipe, |_| {}, |_| Act::Serve);
        assert_clean(&report, 40);
    }
}

#[test]
fn folders_that_are_none_are_refused_with_what_is_missing() {
    let refused = |spoil: &dyn Fn(&std::path::Path)| {
        let folder = tempfile::tempdir().unwrap();
        Recipe::default().write(folder.path());
        spoil(folder.path());
        Plan::read(folder.path()).unwrap_err().to_string()
    };
    let error = refused(&|path| std::fs::remove_file(path.join("expected.json")).unwrap());
    assert!(error.ends_with("expected.json: found no such file, expected the known answer, as `shomar generate` writes it"), "{error}");
    let error =
        refused(&|path| std::fs::write(path.join("expected.json"), "{\n\"election\": 3}").unwrap());
    assert!(
        error.contains("expected.json:2: found") && error.ends_with("expected the JSON of a tally"),
        "{error}"
    );
    let error = refused(&|path| {
        let text = std::fs::read_to_string(path.join("expected.json")).unwrap();
        std::fs::write(path.join("expected.json"), text.replace("replayed", "other")).unwrap();
    });
    assert!(error.contains("found election 'other', expected 'replayed'"), "{error}");
    let error = refused(&|path| {
        for segment in shomar_store::list_segments(path).unwrap() {
            std::fs::remove_file(segment).unwrap();
        }
    });
    assert!(error.contains("found no segment in it, expected segments"), "{error}");
    let error = refused(&|path| std::fs::write(path.join("a.segment"), "nonsense").unwrap());
    assert!(error.contains("a.segment: offset 0: segment header: found 8 bytes"), "{error}");
    let error = refused(&|path| {
        let segments = shomar_store::list_segments(path).unwrap();
        std::fs::copy(&segments[0], path.join("again.segment")).unwrap();
    });
    assert!(error.contains("found two records of station"), "{error}");
    assert!(Plan::read(std::path::Path::new("no-such-folder")).is_err());
}

#[test]
fn the_report_has_its_files_and_its_json() {
    let (report, _mock) = served(Recipe::default(), |_| {}, |_| Act::Serve);
    let folder = tempfile::tempdir().unwrap();
    let asked = folder.path().join("night.report");
    Report::check_place(&asked).unwrap();
    report.save(&asked).unwrap();
    Report::check_place(&asked).expect("an earlier report may be replaced");
    std::fs::write(folder.path().join("expected.json"), "{\n  \"election\"").unwrap();
    let nowhere = ["expected.json", "no/night.json", ""];
    for name in nowhere {
        let error = Report::check_place(&folder.path().join(name)).unwrap_err().to_string();
        assert!(error.contains(": found ") && error.contains(", expected "), "{error}");
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("night.json")).unwrap();
    assert_eq!((&json["ok"], &json["totals"]), (&true.into(), &"equal".into()));
    assert_eq!(json["lost"]["lost_batches"], 0);
    assert!(json["latency"]["p99_us"].as_u64().unwrap() > 0);
    assert!(read("night.txt").contains("totals                   equal to the known answer"));
    assert!(read("night.hgrm").contains("Total count    =           40]"));
    assert!(read("night-service.hgrm").contains("Total count    =           40]"));
    assert!(read("night.svg").ends_with("</svg>\n"));
}
