//! A generated nation: sealed or as text, counted by the engine, it is what the generator said.
//!
//! In: small nations of every profile. Out: equal JSON, equal digests. Never: an expectation from
//! the engine; `expected.json` comes from a generator that cannot name it.

use std::path::Path;

use serde_json::Value;
use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};

use crate::kit::{self, run, text};

fn generate(profile: &str, ballots: &str, out: &Path, more: &[&str]) {
    let mut arguments = vec![
        "generate",
        "--profile",
        profile,
        "--ballots",
        ballots,
        "--seed",
        "7",
        "--out",
        text(out),
    ];
    arguments.extend(more);
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The tally without its frontier, and the digest.
fn counted(out: &Path) -> (Value, Value) {
    let mut document = kit::json("tally", out, &[]);
    let frontier = document.as_object_mut().unwrap().remove("frontier").unwrap();
    (document, frontier["digest"].clone())
}

#[test]
fn the_tally_is_the_answer_that_the_generator_knew() {
    let profiles =
        [("nation", "60000"), ("province-group", "20000"), ("tehran", "5000"), ("village", "300")];
    for (profile, ballots) in profiles {
        let work = tempfile::tempdir().unwrap();
        let (sealed, as_text) = (work.path().join("sealed"), work.path().join("text"));
        generate(profile, ballots, &sealed, &[]);
        let expected = read_json(&sealed.join("expected.json"));
        assert_eq!(expected["ballots"]["taken"].as_u64().unwrap().to_string(), ballots);
        let (document, digest) = counted(&sealed);
        assert!(document == expected, "{profile}: the tally differs from expected.json");
        // The same ballots as text, sealed by the loader.
        let elsewhere = work.path().join("elsewhere.json");
        generate(profile, ballots, &as_text, &["--text", "--expected", text(&elsewhere)]);
        assert!(
            read_json(&elsewhere) == expected,
            "{profile}: text and seals are the same ballots"
        );
        assert!(!as_text.join("expected.json").exists());
        let resealed = work.path().join("resealed");
        kit::seal(&as_text.join("election"), &as_text.join("ballots.csv"), &resealed);
        assert_eq!(counted(&resealed), (expected, digest), "{profile}: sealed from text");
    }
}

/// Enough ballots for several cuts of the walk. The slow check (`cargo xtask soak`) asks for many
/// millions.
#[test]
fn every_kernel_counts_the_nation_as_its_generator_did() {
    let ballots = std::env::var("SHOMAR_SOAK_BALLOTS").unwrap_or_else(|_| "600000".to_owned());
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("sealed");
    generate("nation", &ballots, &out, &[]);
    let expected = read_json(&out.join("expected.json"));
    let definition = Definition::open(&out.join("election")).unwrap();
    let counting = definition.counting();
    let evidence = Evidence::open(&shomar_store::list_segments(&out).unwrap()).unwrap();
    let readings = definition.readings();
    for &kernel in Kernel::available() {
        let index = Index::build(&evidence, &counting);
        let tallied = tally(&evidence, &index, &counting, &readings, kernel).unwrap();
        let snapshot = Snapshot::merge(tallied, &counting, &definition.head, &readings);
        let mut document = snapshot.document(&counting, &definition.head, None);
        document.frontier = None;
        let document = serde_json::to_value(document).unwrap();
        assert!(document == expected, "{} differs from expected.json", kernel.name());
    }
}

#[test]
fn equal_seeds_give_equal_bytes_and_other_seeds_others() {
    let work = tempfile::tempdir().unwrap();
    let digest = |name: &str, seed: &str| {
        let out = work.path().join(name);
        let arguments = ["generate", "--ballots", "5000", "--seed", seed, "--out", text(&out)];
        assert_eq!(run(arguments).0, 0);
        std::fs::read(out.join("000000.segment")).unwrap()
    };
    let first = digest("a", "1");
    assert!(first == digest("b", "1"));
    assert!(first != digest("c", "2"));
}

#[test]
fn a_night_shows_turnout_seats_reasons_ties_and_times() {
    let (code, page, stderr) = run(["night", "--ballots", "60000", "--no-serve"]);
    assert_eq!(code, 0, "ties waiting or not: {stderr}");
    for words in [
        "TEST",
        "turnout",
        "Razavi Khorasan",
        "article 24",
        "whole seat 1 of its share",
        "left over: remainder",
        "alternates (article 25)",
        "Ties that wait for a lot",
        "for who is elected",
        "verify and count",
        "ballots a second",
        "Every total equals the generator's own answer",
    ] {
        assert!(page.contains(words), "'{words}' is not on the page:\n{page}");
    }
    let kept = tempfile::tempdir().unwrap();
    let arguments = ["night", "--ballots", "60000", "--lang", "fa", "--keep", text(kept.path())];
    let (code, page, stderr) = run(arguments);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("receiving on http://127.0.0.1:"), "{stderr}");
    for words in [
        "رسید ظرف",
        "بسته در ثانیه",
        "آزمایشی",
        "مشارکت",
        "خراسان رضوی",
        "مادهٔ ۲۴",
        "در انتظار قرعه",
    ] {
        assert!(page.contains(words), "'{words}' is not on the page:\n{page}");
    }
    // What it kept is a folder like any other, and its result waits for lots.
    let (code, stdout, _) = run(["result", text(kept.path()), "--format", "json"]);
    assert_eq!(code, 3);
    let result: Value = serde_json::from_str(&stdout).unwrap();
    let tehran = &result["districts"][0];
    assert_eq!(tehran["district"], "tehran");
    let seats: u64 = tehran["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["seats"].as_u64().unwrap())
        .sum();
    assert_eq!(seats, 21);
    assert_eq!(tehran["elected"].as_array().unwrap().len(), 21);
}

#[test]
fn what_cannot_be_generated_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("out");
    for (arguments, words) in [
        (["--profile", "moon", "--ballots", "10"], "'moon'"),
        (["--profile", "nation", "--ballots", "0"], "0 ballots"),
        (["--profile", "nation", "--ballots", "-5"], "-5"),
        (["--profile", "nation", "--ballots", "99999999999"], "99999999999"),
    ] {
        let mut all = vec!["generate"];
        all.extend(arguments);
        all.extend(["--out", text(&out)]);
        let (code, stdout, stderr) = run(all);
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        assert!(!out.exists(), "nothing is made");
    }
    let (code, _, stderr) = run(["night", "--ballots", "100", "--port", "8080", "--no-serve"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("--no-serve"), "{stderr}");
}
