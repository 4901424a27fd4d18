//! The golden folders, read by FORMAT.md alone and recounted by plain code on bytes.
//!
//! In: `bench-data/golden`: `v1`, ballot by ballot; `v1-columnar`, in columns; `v2`, signed, with
//! the decisions of officers. Out: agreement with their `expected.json`, with a fresh seal of the
//! same text and with the program. Never: `shomar-format`, the engine or rkyv; if this file needs
//! to look into them, the document does not suffice.

mod columns;
mod control;
mod damage;
mod decisions;
mod election;
mod holding;
mod journal;
mod journal_damage;
mod ledger;
pub(crate) mod many_options;
mod reading;
mod recount;
mod segment;
mod signature;
mod text;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::kit;
use election::{Election, compiled_arrays, read_compiled, read_election};
use reading::{OPTIONS, Reading};
use recount::document;
use segment::{
    Checked, Content, Record, checksum_with_field_as_zero, crc64_nvme, hex, read_segment, sha256,
    u64_at,
};
use text::{Batch, read_ballots};

/// A golden folder.
#[derive(Clone, Copy)]
struct Golden(&'static str);

const SPARSE: Golden = Golden("v1");
const COLUMNAR: Golden = Golden("v1-columnar");
/// Two encodings of the same ballots, which are beside them as text.
const GOLDEN: [Golden; 2] = [SPARSE, COLUMNAR];
/// Signatures, recounts and decisions, in the journal of an election night.
const SIGNED: Golden = Golden("v2");
const ALL: [Golden; 3] = [SPARSE, COLUMNAR, SIGNED];

impl Golden {
    fn path(self) -> PathBuf {
        kit::workspace().join("bench-data/golden").join(self.0)
    }

    fn file(self, file: &str) -> Vec<u8> {
        std::fs::read(self.path().join(file)).expect("a golden file")
    }

    fn segment(self) -> Vec<u8> {
        self.file("000000.segment")
    }

    /// All segments, by number.
    fn segments(self) -> Vec<Vec<u8>> {
        let paths = (0..).map(|number| self.path().join(format!("{number:06}.segment")));
        paths.map_while(|path| std::fs::read(path).ok()).collect()
    }

    fn election(self) -> Election {
        read_election(&self.path().join("election"))
    }

    fn expected(self) -> Value {
        serde_json::from_slice(&self.file("expected.json")).expect("expected.json is JSON")
    }

    /// Reads, recounts and writes down.
    fn recounted(self, readings: &[Reading]) -> Value {
        recounted(&self.segments(), &self.election(), readings, None)
    }
}

/// Reads all segments, recounts as of `end` records, and writes down.
fn recounted(
    segments: &[Vec<u8>],
    election: &Election,
    readings: &[Reading],
    end: Option<u64>,
) -> Value {
    let records = journal::records(segments, election).expect("the segments are sound");
    let counted = journal::count(&records, election, readings, end);
    document(counted.expect("the ballots are of this election"), election, readings)
}

/// What the plain reader says of segments that claim to be of this election.
fn verdict_of(segments: &[Vec<u8>], election: &Election) -> Checked<()> {
    let records = journal::records(segments, election)?;
    journal::count(&records, election, &election.readings(), None).map(|_| ())
}

/// What the plain reader says of a segment that claims to be of the golden election.
pub(crate) fn verdict(bytes: &[u8]) -> Checked<()> {
    verdict_of(&[bytes.to_vec()], &COLUMNAR.election())
}

/// The records of the columnar golden segment as bytes.
pub(crate) fn columnar_records() -> Vec<Vec<u8>> {
    segment::records(&COLUMNAR.segment()).into_iter().map(<[u8]>::to_vec).collect()
}

/// A record of the sparse golden segment.
pub(crate) fn sparse_record(number: usize) -> Vec<u8> {
    segment::records(&SPARSE.segment())[number].to_vec()
}

/// Some records in a segment of their own. A record is the same bytes in any segment.
pub(crate) fn segment_of(records: &[&[u8]]) -> Vec<u8> {
    let mut bytes = SPARSE.segment()[..64].to_vec();
    for (position, record) in records.iter().enumerate() {
        bytes.extend(frame(1, record.len(), position));
        bytes.extend(*record);
    }
    bytes.extend(frame(2, 0, records.len()));
    bytes
}

fn frame(kind: u32, length: usize, position: usize) -> Vec<u8> {
    let mut frame = b"SHOMARFR".to_vec();
    frame.extend(kind.to_le_bytes());
    frame.extend([0; 4]);
    frame.extend((length as u64).to_le_bytes());
    frame.extend((position as u64).to_le_bytes());
    frame.resize(64, 0);
    mend_checksum(&mut frame, 40);
    frame
}

pub(crate) fn mend_checksum(block: &mut [u8], field: usize) {
    let checksum = checksum_with_field_as_zero(block, field);
    block[field..field + 8].copy_from_slice(&checksum.to_le_bytes());
}

/// A record of this payload: the header of another one with length, counts and hash mended.
pub(crate) fn record_of(
    header: &[u8],
    [clean, entered, blank]: [u32; 3],
    payload: &[u8],
) -> Vec<u8> {
    let mut record = header[..192].to_vec();
    for (at, number) in [
        (64, clean.wrapping_add(entered).wrapping_add(blank)),
        (68, clean),
        (72, entered),
        (76, blank),
    ] {
        record[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    record[88..96].copy_from_slice(&(payload.len() as u64).to_le_bytes());
    record[96..128].copy_from_slice(&sha256(payload));
    record.extend(payload);
    record.resize(record.len().next_multiple_of(64) + 128, 0);
    mend_checksum(&mut record, 128);
    record
}

fn format_document() -> String {
    std::fs::read_to_string(kit::workspace().join("engine/format/FORMAT.md")).unwrap()
}

#[test]
fn checksum_is_the_one_the_document_names() {
    assert_eq!(crc64_nvme(b"123456789"), 0xae8b_1486_0a79_9888);
}

#[test]
fn document_alone_suffices_to_recount_the_golden_evidence() {
    for golden in ALL {
        assert_eq!(golden.recounted(&golden.election().readings()), golden.expected());
    }
}

#[test]
fn golden_folders_differ_in_their_bytes_and_evidence_alone() {
    let [mut sparse, mut columnar] = GOLDEN.map(Golden::expected);
    let [sparse_evidence, columnar_evidence] =
        [&mut sparse, &mut columnar].map(|totals| totals["frontier"]["evidence"].take());
    assert_ne!(sparse_evidence, columnar_evidence);
    assert_eq!(sparse, columnar, "the same totals, and the same digest of them");
    let text = "ballots.csv election/election.toml election/districts.csv election/lists.csv \
                election/candidates.csv election/stations.csv election/devices.csv \
                election/serves.csv election/definition.shomar";
    for file in text.split(' ') {
        assert!(SPARSE.file(file) == COLUMNAR.file(file), "{file}");
    }
    for (golden, encoding) in GOLDEN.into_iter().zip([1, 2]) {
        assert_eq!(golden.segment()[128 + 11], encoding, "encoding of the first record");
    }
}

#[test]
fn every_reading_of_the_golden_evidence_is_that_of_the_document() {
    for golden in GOLDEN {
        let mut digests = std::collections::BTreeSet::new();
        for list_plus_names in OPTIONS[0].1 {
            for two_lists in OPTIONS[1].1 {
                for limit in OPTIONS[2].1 {
                    let values = [list_plus_names, two_lists, limit];
                    let reading = Reading(values.map(|&value| value.to_owned()));
                    let options: Vec<String> = OPTIONS
                        .iter()
                        .zip(values)
                        .map(|((name, _), value)| format!("--option={name}={value}"))
                        .collect();
                    let options: Vec<&str> = options.iter().map(String::as_str).collect();
                    let found = kit::json("tally", &golden.path(), &options);
                    let readings = [reading.clone(), reading.clone(), reading];
                    assert_eq!(golden.recounted(&readings), found);
                    digests.insert(found["districts"].to_string());
                }
            }
        }
        assert_eq!(digests.len(), 16, "each reading reads some golden ballot otherwise");
    }
}

#[test]
fn golden_text_gives_the_golden_batches_by_the_document() {
    for golden in GOLDEN {
        let text = String::from_utf8(golden.file("ballots.csv")).unwrap();
        let (batches, _) = read_ballots(&text, &golden.election());
        let segment = read_segment(&golden.segment()).unwrap();
        assert_eq!(batches.len(), segment.records.len());
        for (batch, record) in batches.iter().zip(segment.records) {
            let place = (record.station, record.district, record.sequence);
            let Record { station, district, sequence, content, .. } = record;
            let Content::Ballots(body) = content else { panic!("ballots alone") };
            let (clean, entered, blank) = (body.clean, body.entered, body.blank);
            let found = Batch { station, district, sequence, clean, entered, blank };
            assert!(*batch == found, "{}: {place:?} differs", golden.0);
        }
    }
}

#[test]
fn golden_text_gives_the_rejects_of_the_document() {
    let text = String::from_utf8(COLUMNAR.file("ballots.csv")).unwrap();
    let (_, rejects) = read_ballots(&text, &COLUMNAR.election());
    let (_folder, out) = sealed_again();
    let mut reader = csv::Reader::from_path(out.join("rejects.csv")).unwrap();
    let found: Vec<(usize, String)> = reader
        .records()
        .map(|row| row.map(|row| (row[0].parse().unwrap(), row[1].to_owned())).unwrap())
        .collect();
    assert_eq!(found, rejects);
    let codes: std::collections::BTreeSet<_> = rejects.iter().map(|(_, code)| code).collect();
    assert_eq!((rejects.len(), codes.len()), (17, 8), "every code but row-too-long");
}

#[test]
fn program_counts_the_golden_evidence_as_ever() {
    for golden in ALL {
        let found = kit::json("tally", &golden.path(), &[]);
        assert!(holds(&golden.expected(), &found), "{found:#}");
    }
    assert!(!holds(&json!({ "a": [1, { "b": 2 }] }), &json!({ "a": [1, { "b": 3 }] })));
}

/// Later versions may say more, but what they say must not differ.
fn holds(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|other| holds(value, other))),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len() && expected.iter().zip(found).all(|(e, f)| holds(e, f))
        }
        _ => expected == found,
    }
}

/// The golden text, sealed as it is sealed now.
fn sealed_again() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (out, golden) = (folder.path().join("sealed"), COLUMNAR.path());
    kit::seal(&golden.join("election"), &golden.join("ballots.csv"), &out);
    (folder, out)
}

#[test]
fn sealing_the_golden_text_again_gives_the_golden_bytes() {
    let (_folder, out) = sealed_again();
    let again = |file: &str| std::fs::read(out.join(file)).expect("a sealed file");
    for file in ["000000.segment", "election/definition.shomar"] {
        assert!(COLUMNAR.file(file) == again(file), "{file} differs from the golden one");
    }
    // Ballot by ballot is read for ever, and no longer written; the definition is as it was.
    assert!(SPARSE.file("election/definition.shomar") == again("election/definition.shomar"));
    assert!(SPARSE.segment() != again("000000.segment"));
}

#[test]
fn digests_follow_from_the_texts_of_the_document() {
    let election = SPARSE.election();
    let digest = hex(&election.definition_digest());
    for golden in GOLDEN {
        let segment = golden.segment();
        assert_eq!(hex(&segment[24..56]), digest, "in the segment header");
        assert_eq!(hex(&segment[128 + 16..128 + 48]), digest, "in a record");
        let rules = rules_digest(golden, &election, &digest);
        let expected = golden.expected();
        let frontier =
            ["evidence", "digest"].map(|name| expected["frontier"][name].as_str().unwrap());
        let document = format_document();
        let names = hex(&election.names_digest());
        let counting = hex(&sha256(election.counting_text().as_bytes()));
        let sources = hex(&sources(golden));
        let digests = [&digest, &names, &counting, &rules, &sources, frontier[0], frontier[1]];
        for digest in digests {
            assert!(document.contains(digest), "FORMAT.md does not name {digest}");
        }
        for text in [election.counting_text(), election.names_text()] {
            let begins: Vec<&str> = text.lines().take(6).collect();
            let begins = begins.join("\n").replace('\t', "~");
            assert!(document.contains(&begins), "FORMAT.md does not show:\n{begins}");
        }
        let readme = String::from_utf8(golden.file("README.md")).unwrap();
        for digest in [&digest, &hex(&sha256(&segment)), frontier[0], frontier[1]] {
            assert!(readme.contains(digest), "README.md of {} does not name {digest}", golden.0);
        }
    }
}

/// The digest of the rules text, which is what the program says.
fn rules_digest(golden: Golden, election: &Election, definition: &str) -> String {
    let result = kit::json("result", &golden.path(), &[]);
    assert_eq!(result["definition_digest"], definition);
    let mut rules = "shomar-rules\t1\n".to_owned();
    for contest in &election.contests {
        rules.push_str(&format!("contest\t{}\t{}\n", contest["id"], contest["rule"]));
        let mut districts = result["districts"].as_array().unwrap().iter();
        let of_contest = |district: &&Value| {
            let place = election.districts.iter().find(|one| district["district"] == one.id);
            election.contests[place.unwrap().contest]["id"] == contest["id"]
        };
        let options = &districts.find(of_contest).unwrap()["options"];
        // The map of serde_json is sorted by bytes, as the lines are.
        for (name, value) in options.as_object().unwrap() {
            rules.push_str(&format!("option\t{name}\t{}\n", value.as_str().unwrap()));
        }
    }
    for check in &election.checks {
        rules.push_str("check\n");
        for (name, value) in check.iter().collect::<std::collections::BTreeMap<_, _>>() {
            rules.push_str(&format!("option\t{name}\t{value}\n"));
        }
    }
    election.serves.iter().for_each(|serve| rules.push_str(&serve.line));
    let digest = hex(&sha256(rules.as_bytes()));
    assert_eq!(result["rules_digest"], digest, "{rules}");
    digest
}

/// The digest of the sources text.
fn sources(golden: Golden) -> [u8; 32] {
    let mut text = "shomar-sources 1\n".to_owned();
    let names = "election.toml districts.csv lists.csv candidates.csv stations.csv devices.csv \
                 serves.csv";
    for name in names.split(' ') {
        let bytes = golden.file(&format!("election/{name}"));
        text.push_str(&format!("{name}\t{}\t{}\n", bytes.len(), hex(&sha256(&bytes))));
    }
    sha256(text.as_bytes())
}

#[test]
fn compiled_definition_can_be_read_by_the_document() {
    for golden in ALL {
        let file = golden.file("election/definition.shomar");
        assert_eq!((&file[..8], u64_at(&file, 8)), (b"SHOMARDF".as_slice(), 1));
        assert_eq!(u64_at(&file, 16), file.len() as u64 - 128, "payload length");
        let election = golden.election();
        assert_eq!(file[24..56], election.definition_digest());
        assert_eq!(file[56..88], sources(golden));
        assert_eq!(file[88..120], election.names_digest());
        assert_eq!(u64_at(&file, 120), checksum_with_field_as_zero(&file, 120));
        assert_eq!(read_compiled(&file[128..]), compiled_arrays(&election));
    }
}

/// The worked examples: offset, bytes, what they are; the bytes of one come in order, without gaps.
#[test]
fn examples_of_the_document_are_the_bytes_of_the_golden_records() {
    let document = format_document();
    for (golden, record, begins) in [
        (SPARSE, 6, "Example, record 6 of `golden/v1`"),
        (COLUMNAR, 10, "Example, record 10 of `golden/v1-columnar`"),
    ] {
        let (_, example) = document.split_once(begins).expect("the example");
        let example = example.split("```").nth(1).expect("a block of bytes");
        let mut bytes = Vec::new();
        for line in example.lines().filter(|line| !line.trim().is_empty()) {
            // Three spaces or more end the bytes.
            let (place, rest) = line.trim_start().split_once("  ").expect("an offset");
            assert_eq!(place.parse(), Ok(bytes.len()), "{line}");
            let digits = rest.split("   ").next().unwrap().replace(' ', "");
            let of = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex");
            bytes.extend((0..digits.len()).step_by(2).map(of));
        }
        let segment = golden.segment();
        let records = segment::records(&segment);
        let length = usize::try_from(u64_at(records[record], 88)).unwrap();
        assert_eq!(hex(&bytes), hex(&records[record][192..192 + length]), "{begins}");
    }
}
