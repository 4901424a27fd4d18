//! The golden journal of version 2: what the plain reader makes of it at every number of records.
//!
//! In: `bench-data/golden/v2`. Out: agreement with its expected files and with the program, as of
//! the end and as of every record before it; and that the folder holds what it is there for. Never:
//! `shomar-format`, the engine or rkyv.

use std::collections::BTreeSet;

use ed25519_dalek::SigningKey;
use serde_json::Value;

use super::segment::{Content, checksum_with_field_as_zero, hex, sha256, u64_at};
use super::signature::is_signed;
use super::{SIGNED, holds, journal, kit, recounted};

/// Positions of which the folder has the totals, in files `as-of-N.json`.
const AS_OF: [u64; 2] = [8, 15];

fn as_of(end: u64) -> Value {
    recounted(&SIGNED.segments(), &SIGNED.election(), &SIGNED.election().readings(), Some(end))
}

#[test]
fn document_alone_suffices_to_recount_the_journal_as_it_was() {
    for end in AS_OF {
        let expected = SIGNED.file(&format!("as-of-{end}.json"));
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        assert_eq!(as_of(end), expected, "as of {end}");
        let found = kit::json("tally", &SIGNED.path(), &["--as-of", &end.to_string()]);
        assert!(holds(&expected, &found), "as of {end}: {found:#}");
    }
}

#[test]
fn program_and_plain_reader_agree_after_every_record() {
    let records = journal::records(&SIGNED.segments(), &SIGNED.election()).unwrap().len() as u64;
    let mut digests = BTreeSet::new();
    for end in 0..=records + 1 {
        let (end, plain) = (end.to_string(), as_of(end));
        let found = kit::json("tally", &SIGNED.path(), &["--as-of", &end]);
        assert_eq!(plain, found, "as of {end}");
        digests.insert(plain["frontier"]["digest"].to_string());
    }
    assert!(digests.len() > 12, "most decisions move a number: {}", digests.len());
    assert_eq!(as_of(records), SIGNED.expected());
}

/// Record 28 is record 6 once more. Which of them is the first is a matter of their numbers.
#[test]
fn names_of_the_segments_decide_nothing() {
    let folder = tempfile::tempdir().unwrap();
    kit::copy_files(&SIGNED.path().join("election"), &folder.path().join("election"));
    for (segment, name) in SIGNED.segments().iter().zip(["c", "b", "a"]) {
        std::fs::write(folder.path().join(name), segment).unwrap();
    }
    for end in [8, 15, 28, 29] {
        let found = kit::json("tally", folder.path(), &["--as-of", &end.to_string()]);
        assert_eq!(found, as_of(end), "as of {end}");
    }
}

#[test]
fn golden_journal_holds_what_it_is_there_for() {
    let records = journal::records(&SIGNED.segments(), &SIGNED.election()).unwrap();
    assert!(records.iter().all(is_signed));
    let kinds: BTreeSet<(u8, u8)> =
        records.iter().map(|record| (record.kind, record.bytes[11])).collect();
    assert_eq!(kinds, BTreeSet::from([(1, 1), (1, 2), (2, 3), (3, 2)]), "kind and encoding");
    let mut actions = BTreeSet::new();
    for record in &records {
        if let Content::Control(control) = &record.content {
            let subject = ["station", "pair", "batch"].into_iter().find(|key| {
                ["annul", "reinstate"].contains(&control.action.as_str())
                    && control.fields(key).is_some()
            });
            actions.insert(format!("{} {}", control.action, subject.unwrap_or("")));
        }
    }
    let subjects = ["annul", "reinstate"]
        .map(|action| ["station", "pair", "batch"].map(|subject| format!("{action} {subject}")));
    let others = ["open", "close", "supersede", "release", "reject", "lot", "declare"];
    let others = others.map(|action| format!("{action} "));
    assert_eq!(actions, subjects.into_iter().flatten().chain(others).collect());
    let devices: BTreeSet<(u32, u32)> = records
        .iter()
        .filter(|record| record.kind != 2)
        .map(|record| (record.station, record.device))
        .collect();
    assert_eq!(devices, BTreeSet::from([(0, 0), (1, 0), (1, 1), (2, 0), (3, 0)]));
    let journal = &SIGNED.expected()["journal"];
    for standing in ["superseded", "waiting", "annulled"] {
        assert!(journal[standing].as_u64().unwrap() > 0, "{standing}: {journal}");
    }
    assert_eq!(as_of(AS_OF[0])["held"].as_array().unwrap().len(), 3);
    assert_eq!(SIGNED.expected()["held"].as_array().unwrap().len(), 1);
}

#[test]
fn segments_of_the_golden_journal_were_written_in_groups() {
    let segments = SIGNED.segments();
    assert!(segments.len() > 1);
    let mut groups = BTreeSet::new();
    for segment in &segments {
        assert_eq!(segment[8], 2, "version");
        let mut at = 64;
        while segment[at + 8] == 1 {
            let [length, position, received, durable] =
                [16, 24, 32, 48].map(|field| u64_at(segment, at + field));
            assert_eq!(received, 1_793_800_000_000 + position * 1_000);
            groups.insert(durable);
            at += 64 + usize::try_from(length).unwrap();
        }
    }
    assert!(groups.len() > segments.len(), "several groups in a segment");
}

/// Section 2.5: the hint was written after the last group, and before the close frame.
#[test]
fn hint_beside_the_golden_journal_is_that_of_the_document() {
    let (hint, segments) = (SIGNED.file(".durable"), SIGNED.segments());
    let last = segments.last().unwrap();
    let close = last.len() - 64;
    let expected = [segments.len() as u64 - 1, close as u64, u64_at(last, close + 24)];
    assert_eq!([0, 8, 16].map(|at| u64_at(&hint, at)), expected);
    assert_eq!((hint.len(), u64_at(&hint, 24)), (32, checksum_with_field_as_zero(&hint, 24)));
}

#[test]
fn readme_of_the_golden_journal_names_its_digests_and_its_keys_are_those_of_its_seeds() {
    let (readme, election) = (SIGNED.file("README.md"), SIGNED.election());
    let readme = String::from_utf8(readme).unwrap();
    let (expected, segments) = (SIGNED.expected(), SIGNED.segments());
    let frontier = ["evidence", "digest"].map(|name| expected["frontier"][name].as_str().unwrap());
    let definition = hex(&election.definition_digest());
    assert_eq!(hex(&segments[0][24..56]), definition);
    let names = [hex(&election.names_digest()), definition];
    let hashes = segments.iter().map(|segment| hex(&sha256(segment)));
    let digests = names.into_iter().chain(hashes).chain(frontier.map(str::to_owned));
    let rules = super::rules_digest(SIGNED, &election, &hex(&election.definition_digest()));
    for digest in digests.chain([rules]) {
        assert!(readme.contains(&digest), "README.md does not name {digest}");
    }
    let public = |seed: u8| SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes();
    let devices = election.stations.iter().flat_map(|station| &station.devices);
    assert!(devices.zip(1..).all(|(key, seed)| *key == Some(public(seed))));
    assert!(election.officers.iter().zip(101..).all(|(key, seed)| *key == public(seed)));
}
