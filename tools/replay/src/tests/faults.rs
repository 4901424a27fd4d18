//! Faults: known verdicts, findings where a server believes, equal seeds.

use std::time::Duration;

use shomar_format::election::Mode;

use super::kit::{Recipe, kinds, options, replayed, script};
use super::mock::{Act, Mock, quoted};

/// Every kind that a signed folder allows, some of them often.
const EVERYTHING: &str = r#"
[[fault]]
kind = "duplicate"
per_mille = 200
times = 2
within_ms = 50
[[fault]]
kind = "reorder"
count = 5
[[fault]]
kind = "truncate"
count = 4
[[fault]]
kind = "wrong-key"
count = 5
[[fault]]
kind = "unsigned"
count = 5
[[fault]]
kind = "equivocation"
count = 5
[[fault]]
kind = "fork"
count = 5
[[fault]]
kind = "test-as-official"
count = 5
[[fault]]
kind = "flip"
count = 20
[[fault]]
kind = "slow"
count = 3
over_ms = 100
[[fault]]
kind = "garbage"
count = 5
"#;

#[test]
fn every_fault_gets_its_verdict_and_the_nation_is_counted_all_the_same() {
    for mode in [Mode::Test, Mode::Official] {
        let nation = Recipe { mode, ..Recipe::default() }.nation();
        let mock = Mock::new(&nation, |_| Act::Serve);
        let mut options = options(mock.address);
        options.faults = script(EVERYTHING);
        let report = replayed(&nation, &options);
        assert!(report.ok, "{}", report.text());
        assert_eq!(report.acknowledged, 40);
        let sent: Vec<(&str, u64)> =
            report.faults.iter().map(|fault| (fault.kind.as_str(), fault.sent)).collect();
        let counts = [5, 4, 5, 5, 5, 5, 5, 20, 3, 5];
        assert_eq!(sent[1..].iter().map(|fault| fault.1).collect::<Vec<_>>(), counts, "{sent:?}");
        assert!(sent[0].1 > 0 && sent[0].1.is_multiple_of(2), "{sent:?}");
        let code = |fault: usize, verdict: &str| {
            report.faults[fault].verdicts.get(verdict).copied().unwrap_or(0)
        };
        assert_eq!((code(1, "chain"), code(3, "signature"), code(5, "equivocation")), (5, 5, 5));
        assert_eq!((code(6, "fork"), code(7, "signature"), code(9, "duplicate")), (5, 5, 3));
        let unsigned = if mode == Mode::Official { "version" } else { "equivocation" };
        assert_eq!(code(4, unsigned), 5);
        assert_eq!(mock.journal.lock().unwrap().accepted.len(), 40);
    }
}

#[test]
fn a_server_that_believes_a_forged_record_is_found_out() {
    for kind in ["wrong-key", "fork", "test-as-official", "equivocation", "unsigned"] {
        let mode = Mode::Official;
        let nation = Recipe { mode, stations: 1, batches_each: 1, ..Recipe::default() }.nation();
        let mock = Mock::new(&nation, |_| Act::Believe);
        let mut options = options(mock.address);
        options.faults = script(&format!("[[fault]]\nkind = \"{kind}\"\ncount = 1\n"));
        let report = replayed(&nation, &options);
        assert!(!report.ok);
        let finding = format!("fault {kind} answered otherwise");
        assert!(kinds(&report).contains(&finding.as_str()), "{}", report.text());
        assert_eq!((report.faults[0].unexpected, report.faults[0].verdicts["accepted"]), (1, 1));
    }
}

#[test]
fn a_duplicate_that_is_accepted_again_is_a_batch_at_two_positions() {
    let nation = Recipe { stations: 1, batches_each: 2, ..Recipe::default() }.nation();
    let mock = Mock::new(&nation, |_| Act::Double);
    let mut options = options(mock.address);
    options.faults = script("[[fault]]\nkind = \"duplicate\"\nper_mille = 1000\nwithin_ms = 1\n");
    let report = replayed(&nation, &options);
    assert!(kinds(&report).contains(&"one batch at two positions"), "{}", report.text());
    assert!(kinds(&report).contains(&"fault duplicate answered otherwise"));
    assert_eq!(report.lost.doubled_batches, 4, "two at two positions, and two counted twice");
}

#[test]
fn faults_are_repeated_while_the_server_is_busy() {
    let nation = Recipe::default().nation();
    let busy = |number| if number % 2 == 0 { Act::Status(429, None) } else { Act::Serve };
    let mock = Mock::new(&nation, busy);
    let mut options = options(mock.address);
    options.faults = script("[[fault]]\nkind = \"wrong-key\"\nper_mille = 500\n");
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    let verdicts: Vec<&String> = report.faults[0].verdicts.keys().collect();
    assert_eq!(verdicts, ["signature"], "busy is no verdict");
}

#[test]
fn a_re_ordered_record_may_be_taken_early_and_its_forgery_contradicts_it() {
    let nation = Recipe { stations: 1, batches_each: 2, ..Recipe::default() }.nation();
    // The first request is the re-ordered record, which this server takes early.
    let mock = Mock::new(&nation, |number| if number == 0 { Act::Believe } else { Act::Serve });
    let mut options = options(mock.address);
    options.faults = script(
        "[[fault]]\nkind = \"reorder\"\ncount = 1\n[[fault]]\nkind = \"fork\"\nper_mille = 1000\n",
    );
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    assert_eq!(report.faults[0].verdicts["accepted"], 1);
    assert_eq!(report.faults[1].verdicts["equivocation"], 1, "{:?}", report.faults);
    assert_eq!((report.accepted, report.duplicates), (1, 1), "the second was there already");
}

#[test]
fn a_server_that_has_never_room_for_garbage_refuses_it() {
    let nation = Recipe { stations: 1, batches_each: 1, ..Recipe::default() }.nation();
    let mock =
        Mock::new(&nation, |number| if number < 8 { Act::Status(429, None) } else { Act::Serve });
    let mut options = options(mock.address);
    options.faults = script("[[fault]]\nkind = \"garbage\"\ncount = 1\n");
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    assert_eq!(report.faults[0].verdicts["http-429"], 1);
}

#[test]
fn an_expectation_of_the_script_stands_in_place_of_ours() {
    let nation = Recipe::default().nation();
    let mock = Mock::new(&nation, |_| Act::Serve);
    let mut options = options(mock.address);
    options.faults = script("[[fault]]\nkind = \"fork\"\ncount = 2\nexpect = [\"accepted\"]\n");
    let report = replayed(&nation, &options);
    assert_eq!(report.faults[0].unexpected, 2);
    let example = &report.findings[0].examples[0];
    assert!(example.ends_with("found fork (found a, expected b), expected accepted"), "{example}");
}

#[test]
fn a_command_is_run_once_when_its_time_comes() {
    let nation = Recipe::default().nation();
    let mock = Mock::new(&nation, |_| Act::Stall(Duration::from_millis(1)));
    let trace = nation.folder.path().join("trace.txt");
    let mut options = options(mock.address);
    options.connections = Some(1);
    options.faults = script(&format!(
        "[[fault]]\nkind = \"kill\"\ncommand = \"echo ran >> {trace}\"\nafter_batches = 10\n\
         [[fault]]\nkind = \"kill\"\ncommand = \"exit 3\"\nat_ms = 1\n\
         [[fault]]\nkind = \"kill\"\ncommand = \"echo never >> {trace}\"\nafter_batches = 41\n",
        trace = quoted(&trace)
    ));
    let report = replayed(&nation, &options);
    assert_eq!(std::fs::read_to_string(&trace).unwrap(), "ran\n");
    assert_eq!(kinds(&report), ["command failed", "command never run"], "{}", report.text());
    assert!(report.notes.iter().any(|note| note.contains("after 1")), "{:?}", report.notes);
    assert_eq!(report.acknowledged, 40);
}
