//! Comparison and metrics, without a server.

use super::*;
use serde_json::json;

fn tally() -> TallyDocument {
    let (direct, via_list) = (3, 4);
    let candidate = |code: u32, list: Option<u32>| {
        json!({"code": code, "list": list,
            "direct": direct, "via_list": via_list, "votes": direct + via_list})
    };
    let district = |id: &str| {
        json!({"district": id, "ballots": {"taken": 10, "valid": 8, "void": 2, "blank": 1},
            "lists": [{"code": 50, "votes": 4}],
            "candidates": [candidate(101, Some(50)), candidate(102, None)]})
    };
    let tally = json!({"election": "e", "mode": "test", "reading": {},
        "ballots": {"taken": 20, "valid": 16, "void": 4, "blank": 2},
        "districts": [district("a"), district("b")]});
    serde_json::from_value(tally).unwrap()
}

fn differences(change: impl Fn(&mut TallyDocument)) -> Vec<String> {
    let mut found = tally();
    change(&mut found);
    let mut differences = Differences::default();
    differences.document(&tally(), &found);
    assert_eq!(differences.count, differences.first.len() as u64);
    differences.first
}

#[test]
fn every_difference_is_named_and_the_frontier_is_none() {
    assert!(differences(|_| {}).is_empty());
    let frontier = json!({"batches": 3, "evidence": "", "digest": ""});
    let frontier = serde_json::from_value(frontier).unwrap();
    assert!(differences(|tally| tally.frontier = Some(Clone::clone(&frontier))).is_empty());
    let one = |change: fn(&mut TallyDocument), expected: &str| {
        assert_eq!(differences(change), [expected]);
    };
    one(|tally| tally.election.push('x'), "election: found 'ex', expected 'e'");
    one(|tally| tally.ballots.blank = 3, "all districts: ballots blank: found 3, expected 2");
    one(
        |tally| tally.districts[1].ballots.valid = 7,
        "district b: ballots valid: found 7, expected 8",
    );
    one(
        |tally| tally.districts[0].lists[0].votes = 5,
        "district a: list 50: found 5 votes, expected 4",
    );
    one(
        |tally| tally.districts[0].candidates[1].votes = 8,
        "district a: candidate 102: found 8 votes, expected 7",
    );
    one(
        |tally| tally.districts[0].candidates.truncate(1),
        "district a: candidate 102: found none, expected one",
    );
    one(
        // The sum is right, and where it comes from is not.
        |tally| {
            tally.districts[1].candidates[0].direct = 4;
            tally.districts[1].candidates[0].via_list = 3;
        },
        "district b: lists, order, or votes by name and by list differ",
    );
    one(|tally| tally.districts.truncate(1), "districts: found 1, expected 2");
    one(|tally| tally.districts[1].district = "c".to_owned(), "district: found 'c', expected 'b'");
    let reading = |tally: &mut TallyDocument| {
        tally.reading.insert("c".to_owned(), BTreeMap::new());
    };
    assert!(differences(reading)[0].starts_with("reading: found"));
}

#[test]
fn differences_are_counted_beyond_those_shown() {
    let mut differences = Differences::default();
    for _ in 0..50 {
        differences.add("x");
    }
    assert_eq!((differences.count, differences.first.len()), (50, DIFFERENCES_SHOWN));
}

#[test]
fn metrics_are_read_as_they_are_written() {
    let text = "# TYPE shomar_ingest_records_total counter\n\
        shomar_ingest_records_total{result=\"accepted\"} 120\n\
        shomar_ingest_records_total{result=\"refused\",why=\"x\"} 3\n\
        shomar_ingest_records_total{result=\"refused\",why=\"y\"} 4\n\
        shomar_snapshot_delay_seconds{quantile=\"0.5\"} 0.004\n\
        shomar_snapshot_delay_seconds{quantile=\"1\"} 1.25e-1\n\
        shomar_snapshot_delay_seconds_count 120\n\
        other{result=\"accepted\"} 9\nnonsense\n";
    let before = Metrics::read("shomar_ingest_records_total{result=\"accepted\"} 100");
    let report = Metrics::read(text).since(Some(&before));
    assert_eq!(
        report.records,
        BTreeMap::from([("accepted".to_owned(), 20), ("refused".to_owned(), 7)])
    );
    assert_eq!(report.snapshot_delay_s["0.5"], "0.004");
    assert_eq!(report.snapshot_delay_s["1"], "1.25e-1");
    assert_eq!(report.snapshot_delay_s.len(), 2);
    // A server that was started again.
    let before = Metrics::read("shomar_ingest_records_total{result=\"accepted\"} 500");
    assert_eq!(Metrics::read(text).since(Some(&before)).records["accepted"], 120);
}
