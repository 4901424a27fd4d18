//! Signed batches: who signs changes no total; who cannot sign seals nothing.

use std::path::Path;

use shomar_format::bytes::{Digest32, hex};
use shomar_format::election::Mode;
use shomar_format::record::{
    NO_PREVIOUS, SecretKey, previous_hash, record_hash, verify_evidence, verify_signature,
};
use shomar_format::segment::SegmentReader;
use shomar_format::{Election, Fault};

use crate::keyed::Keyed;
use crate::kit::{digest, fixture, run, seal, text};

/// Verifies every record of a segment as a receiver would: bytes, signature, place in its chain.
fn receive_all(directory: &Path, mode: Mode) -> Result<usize, Fault> {
    let (election, _) = Election::read(&directory.join("election")).unwrap();
    let segment = shomar_engine::Evidence::open(&[directory.join("000000.segment")]).unwrap();
    let mut reader = SegmentReader::open(segment.segment(0).1)?;
    let mut chains: std::collections::HashMap<u32, Digest32> = Default::default();
    let mut received = 0;
    while let Some(framed) = reader.next_record()? {
        let record = framed.record;
        let station = shomar_format::record::address_at(record).station;
        let key = election.stations[station as usize].devices[0].key.unwrap();
        verify_evidence(record)?;
        verify_signature(record, mode, &key)?;
        let before = chains.insert(station, record_hash(record)).unwrap_or(NO_PREVIOUS);
        assert_eq!(previous_hash(record), before, "each batch names the one before it");
        received += 1;
    }
    Ok(received)
}

#[test]
fn a_signature_changes_no_total() {
    let keyed = Keyed::new("test");
    let ballots = fixture("small/ballots.csv");
    seal(&keyed.path("election"), &ballots, &keyed.path("unsigned"));
    let (code, _, stderr) = keyed.seal(&ballots, &keyed.path("secrets.csv"), "signed");
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("sealed and signed"), "{stderr}");
    assert_eq!(digest(&keyed.path("signed"), &[]), digest(&keyed.path("unsigned"), &[]));
    assert!(receive_all(&keyed.path("signed"), Mode::Test).unwrap() > 1);
    let official = receive_all(&keyed.path("signed"), Mode::Official).unwrap_err();
    assert_eq!(official.what, "signature");
    assert!(receive_all(&keyed.path("unsigned"), Mode::Test).is_err());
    let (code, page, _) = run(["inspect", text(&keyed.path("signed/000000.segment"))]);
    assert_eq!(code, 0);
    assert!(page.contains(", signed, hash ") && page.contains(&hex(&NO_PREVIOUS)), "{page}");
}

#[test]
fn a_station_seals_its_own_ballots_with_its_own_key() {
    let keyed = Keyed::new("official");
    let ballots = std::fs::read_to_string(fixture("small/ballots.csv")).unwrap();
    let header = ballots.lines().next().unwrap();
    let own: Vec<&str> = ballots.lines().filter(|line| line.starts_with("S1,")).collect();
    let path = keyed.path("own.csv");
    std::fs::write(&path, format!("{header}\n{}\n", own.join("\n"))).unwrap();
    let key = keyed.path("S1.key");
    std::fs::write(&key, hex(&[1; 32]) + "\n").unwrap();
    let (code, _, stderr) = keyed.seal(&path, &key, "own");
    assert_eq!(code, 0, "{stderr}");
    assert!(receive_all(&keyed.path("own"), Mode::Official).unwrap() > 0);
    // Ballots of another station are none of its business.
    let (code, _, stderr) = keyed.seal(&fixture("small/ballots.csv"), &key, "others");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("station S2: found no secret key for its device 0"), "{stderr}");
}

#[test]
fn an_official_batch_is_signed_or_not_sealed() {
    let keyed = Keyed::new("official");
    let (election, ballots) = (keyed.path("election"), fixture("small/ballots.csv"));
    let out = keyed.path("out");
    let arguments =
        ["seal", "--election", text(&election), "--ballots", text(&ballots), "--out", text(&out)];
    let (code, _, stderr) = run(arguments);
    assert_eq!(code, 2);
    assert!(stderr.contains("found no --key, expected one"), "{stderr}");
}

#[test]
fn keys_that_are_not_those_of_the_election_are_refused_by_line() {
    let keyed = Keyed::new("test");
    let ballots = fixture("small/ballots.csv");
    let (one, two) = (hex(&[1; 32]), hex(&[2; 32]));
    let cases = [
        (format!("station,device,secret\nS1,0,{two}\n"), ":2: found the secret key of "),
        (format!("station,device,secret\nS1,0,{one}\nS1,0,{one}\n"), ":3: found the device twice"),
        (format!("station,device,secret\nS9,0,{one}\n"), ":2: found the station 'S9'"),
        (format!("station,device,secret\nS1,7,{one}\n"), "expected a device of S1: 0"),
        ("station,device,secret\nS1,0,abc\n".to_owned(), ":2: found 3 characters as the secret"),
        (hex(&[3; 32]), "which no device has"),
        ("nonsense\n".to_owned(), "found the unknown column 'nonsense'"),
    ];
    for (number, (key, expected)) in cases.iter().enumerate() {
        let path = keyed.path("bad-keys");
        std::fs::write(&path, key).unwrap();
        let (code, _, stderr) = keyed.seal(&ballots, &path, &format!("out{number}"));
        assert_eq!(code, 2, "{key}: {stderr}");
        assert!(stderr.contains(expected), "{key}: {stderr}");
        assert!(
            !stderr.contains(&one) && !stderr.contains(&two),
            "a secret in a message: {stderr}"
        );
    }
}

#[test]
fn a_new_key_is_written_once_and_its_public_half_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.key");
    let (code, public, _) = run(["key", "--out", text(&path)]);
    assert_eq!(code, 0);
    let secret = std::fs::read_to_string(&path).unwrap();
    let key = SecretKey::from_hex(secret.trim()).unwrap();
    assert_eq!(public.trim(), hex(&key.public()));
    let (code, _, stderr) = run(["key", "--out", text(&path)]);
    assert_eq!(code, 2, "{stderr}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
}

#[test]
fn a_signed_nation_is_the_same_nation_and_every_batch_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("signed");
    let arguments = ["--profile", "province-group", "--ballots", "20000", "--seed", "5"];
    let mut generate = vec!["generate", "--signed", "--out", text(&out)];
    generate.extend(arguments);
    assert_eq!(run(generate.clone()).0, 0);
    assert!(receive_all(&out, Mode::Test).unwrap() > 20);
    let again = folder.path().join("again");
    generate[3] = text(&again);
    assert_eq!(run(generate).0, 0);
    let bytes = |folder: &Path| std::fs::read(folder.join("000000.segment")).unwrap();
    assert!(bytes(&out) == bytes(&again), "signing is deterministic");
    // The keys beside it seal for it.
    let (election, _) = Election::read(&out.join("election")).unwrap();
    let keys = std::fs::read(out.join("secret-keys.csv")).unwrap();
    let keys = shomar_loader::SecretKeys::read("secret-keys.csv", &keys, &election).unwrap();
    assert!(keys.of(0, 0).is_some());
}
