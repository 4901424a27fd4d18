//! The golden folder of format 1, read by FORMAT.md alone and recounted by plain code on bytes.
//!
//! In: `bench-data/golden/v1`. Out: agreement with its `expected.json`, with a fresh seal of the
//! same text and with the program. Never: `shomar-format`, the engine or rkyv; if this file needs
//! to look into them, the document does not suffice.

mod election;
mod reading;
mod segment;
mod text;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::kit;
use election::{District, Election, UNKNOWN, compiled_arrays, read_compiled, read_election};
use reading::{OPTIONS, Reading};
use segment::{
    Checked, Segment, check, checksum_with_field_as_zero, crc64_nvme, hex, read_payload,
    read_record, read_segment, sha256, u64_at,
};
use text::{Batch, read_ballots};

fn golden() -> PathBuf {
    kit::workspace().join("bench-data/golden/v1")
}

fn golden_file(file: &str) -> Vec<u8> {
    std::fs::read(golden().join(file)).expect("a golden file")
}

fn golden_segment() -> Vec<u8> {
    golden_file("000000.segment")
}

fn golden_election() -> Election {
    read_election(&golden().join("election"))
}

fn expected() -> Value {
    serde_json::from_slice(&golden_file("expected.json")).expect("expected.json is JSON")
}

/// Two records of the golden segment in a segment of their own: few enough bytes to flip each bit.
/// A record is the same bytes in any segment.
fn small_segment() -> Vec<u8> {
    let golden = golden_segment();
    let mut bytes = golden[..64].to_vec();
    for (position, record) in [V1_OF_S1, V1_OF_S2].into_iter().enumerate() {
        bytes.extend(frame(1, 448, position));
        bytes.extend(&golden[record..record + 448]);
    }
    bytes.extend(frame(2, 0, 2));
    bytes
}

/// Offsets in the golden segment of two records of 448 bytes; they are those of district `V"1"`.
const V1_OF_S1: usize = 2880;
const V1_OF_S2: usize = 5312;

fn frame(kind: u32, length: u64, position: usize) -> Vec<u8> {
    let mut frame = b"SHOMARFR".to_vec();
    frame.extend(kind.to_le_bytes());
    frame.extend([0; 4]);
    frame.extend(length.to_le_bytes());
    frame.extend((position as u64).to_le_bytes());
    frame.resize(64, 0);
    let checksum = checksum_with_field_as_zero(&frame, 40);
    frame[40..48].copy_from_slice(&checksum.to_le_bytes());
    frame
}

// The recount.

#[derive(Clone, Default)]
struct Totals {
    taken: u64,
    valid: u64,
    void: u64,
    blank: u64,
    options: Vec<u64>,
}

fn recount(segment: &Segment, election: &Election, readings: &[Reading]) -> Checked<Vec<Totals>> {
    let zero = |district: &District| Totals {
        options: vec![0; district.option_count()],
        ..Totals::default()
    };
    let mut all: Vec<Totals> = election.districts.iter().map(zero).collect();
    check(segment.definition == election.definition_digest(), "segment: not of this election")?;
    for record in &segment.records {
        let (_, devices) =
            election.stations.get(record.station as usize).ok_or("record: station")?;
        check((record.device as usize) < *devices, "record: device")?;
        let index = record.district as usize;
        let district = election.districts.get(index).ok_or("record: district")?;
        let mut pairs = election.serves.iter().map(|&(station, district, _)| (station, district));
        check(pairs.any(|pair| pair == (record.station as usize, index)), "record: not served")?;
        check(record.option_count as usize == district.option_count(), "record: options")?;
        check(record.seats as usize == district.seats, "record: seats")?;
        let totals = &mut all[index];
        for ballot in &record.clean {
            let sorted = ballot.is_sorted_by(|a, b| a < b);
            check(sorted && district.is_clean(ballot), "clean ballot: not clean")?;
            totals.taken += 1;
            totals.valid += 1;
            ballot.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
        }
        for ballot in &record.entered {
            let mut known = ballot.iter().filter(|&&choice| choice != UNKNOWN);
            check(known.all(|&choice| u32::from(choice) < record.option_count), "option")?;
            check(!district.is_clean(ballot), "ballot as entered: clean")?;
            let votes = readings[district.contest].read(ballot, district);
            totals.taken += 1;
            *(if votes.is_empty() { &mut totals.void } else { &mut totals.valid }) += 1;
            votes.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
        }
        totals.taken += u64::from(record.blank);
        totals.void += u64::from(record.blank);
        totals.blank += u64::from(record.blank);
    }
    Ok(all)
}

/// The JSON of the tally, from the numbers of the recount.
fn document(segment: &Segment, election: &Election, readings: &[Reading], all: &[Totals]) -> Value {
    let mut totals_bytes = b"shomar-totals 1\n".to_vec();
    totals_bytes.extend(segment.definition);
    let (mut reading, mut districts) = (serde_json::Map::new(), Vec::new());
    for (contest, Reading(values)) in election.contests.iter().zip(readings) {
        let options = OPTIONS.iter().map(|(name, _)| *name).zip(values.iter().map(String::as_str));
        let words: String =
            options.clone().map(|(name, value)| format!("\t{name}={value}")).collect();
        totals_bytes.extend(format!("reading\t{}{words}\n", contest["id"]).bytes());
        reading.insert(contest["id"].clone(), options.collect());
    }
    let mut put = |number: u64| totals_bytes.extend(number.to_le_bytes());
    let ballots = |totals: &Totals| {
        let Totals { taken, valid, void, blank, .. } = totals;
        json!({ "taken": taken, "valid": valid, "void": void, "blank": blank })
    };
    let mut sum = Totals::default();
    for (district, totals) in election.districts.iter().zip(all) {
        [totals.taken, totals.valid, totals.void, totals.blank].into_iter().for_each(&mut put);
        sum.taken += totals.taken;
        sum.valid += totals.valid;
        sum.void += totals.void;
        sum.blank += totals.blank;
        let (list_votes, direct) = totals.options.split_at(district.lists.len());
        list_votes.iter().copied().for_each(&mut put);
        let lists = district.lists.iter().zip(list_votes);
        let lists = lists.map(|(code, votes)| json!({ "code": code, "votes": votes }));
        let candidates = district.candidates.iter().zip(direct).map(|(&(code, list), &direct)| {
            let via_list = list.map_or(0, |list| list_votes[list]);
            [direct, via_list].into_iter().for_each(&mut put);
            json!({ "code": code, "list": list.map(|list| district.lists[list]),
                    "direct": direct, "via_list": via_list, "votes": direct + via_list })
        });
        districts.push(json!({ "district": district.id, "ballots": ballots(totals),
            "lists": lists.collect::<Vec<_>>(), "candidates": candidates.collect::<Vec<_>>() }));
    }
    let mut hashes: Vec<_> = segment.records.iter().map(|record| record.body_hash).collect();
    hashes.sort_unstable();
    json!({ "election": election.id, "mode": "test",
        "reading": reading, "ballots": ballots(&sum), "districts": districts,
        "frontier": { "batches": hashes.len(), "evidence": hex(&sha256(&hashes.concat())),
                      "digest": hex(&sha256(&totals_bytes)) } })
}

/// Reads, recounts and writes down.
fn recounted(readings: &[Reading]) -> Value {
    let segment = read_segment(&golden_segment()).expect("the golden segment is sound");
    let election = golden_election();
    let totals =
        recount(&segment, &election, readings).expect("the golden ballots are of this election");
    document(&segment, &election, readings, &totals)
}

#[test]
fn checksum_is_the_one_the_document_names() {
    assert_eq!(crc64_nvme(b"123456789"), 0xae8b_1486_0a79_9888);
}

#[test]
fn document_alone_suffices_to_recount_the_golden_evidence() {
    assert_eq!(recounted(&golden_election().readings()), expected());
}

#[test]
fn every_reading_of_the_golden_evidence_is_that_of_the_document() {
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
                let found = kit::json("tally", &golden(), &options);
                assert_eq!(recounted(&[reading.clone(), reading.clone(), reading]), found);
                digests.insert(found["districts"].to_string());
            }
        }
    }
    assert_eq!(digests.len(), 16, "each reading reads some golden ballot otherwise");
}

#[test]
fn golden_text_gives_the_golden_batches_by_the_document() {
    let text = String::from_utf8(golden_file("ballots.csv")).unwrap();
    let (batches, rejects) = read_ballots(&text, &golden_election());
    let segment = read_segment(&golden_segment()).unwrap();
    assert_eq!(batches.len(), segment.records.len());
    for (batch, record) in batches.iter().zip(segment.records) {
        let place = (record.station, record.district, record.sequence);
        let segment::Record { station, district, sequence, clean, entered, blank, .. } = record;
        let found = Batch { station, district, sequence, clean, entered, blank };
        assert!(*batch == found, "{place:?} differs");
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("sealed");
    kit::seal(&golden().join("election"), &golden().join("ballots.csv"), &out);
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
    let found = kit::json("tally", &golden(), &[]);
    assert!(holds(&expected(), &found), "{found:#}");
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

#[test]
fn sealing_the_golden_text_again_gives_the_golden_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("sealed");
    kit::seal(&golden().join("election"), &golden().join("ballots.csv"), &out);
    for file in ["000000.segment", "election/definition.shomar"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).expect("a sealed file");
        assert!(read(&golden()) == read(&out), "{file} differs from the golden one");
    }
}

#[test]
fn digests_follow_from_the_texts_of_the_document() {
    let election = golden_election();
    let digest = hex(&election.definition_digest());
    let segment = golden_segment();
    assert_eq!(hex(&segment[24..56]), digest, "in the segment header");
    assert_eq!(hex(&segment[128 + 16..128 + 48]), digest, "in a record");
    let result = kit::json("result", &golden(), &[]);
    assert_eq!(result["definition_digest"], digest);
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
    election.serves.iter().for_each(|(_, _, line)| rules.push_str(line));
    assert_eq!(result["rules_digest"], hex(&sha256(rules.as_bytes())), "{rules}");
    let document = kit::workspace().join("engine/format/FORMAT.md");
    let document = std::fs::read_to_string(document).unwrap();
    let names = hex(&election.names_digest());
    let counting = hex(&sha256(election.counting_text().as_bytes()));
    let expected = expected();
    let frontier = ["evidence", "digest"].map(|name| expected["frontier"][name].as_str().unwrap());
    let rules = hex(&sha256(rules.as_bytes()));
    for digest in [&digest, &names, &counting, &rules, &hex(&sources()), frontier[0], frontier[1]] {
        assert!(document.contains(digest), "FORMAT.md does not name {digest}");
    }
    for text in [election.counting_text(), election.names_text()] {
        let begins: Vec<&str> = text.lines().take(6).collect();
        let begins = begins.join("\n").replace('\t', "~");
        assert!(document.contains(&begins), "FORMAT.md does not show:\n{begins}");
    }
    let readme = String::from_utf8(golden_file("README.md")).unwrap();
    for digest in [&digest, &hex(&sha256(&segment)), frontier[0], frontier[1]] {
        assert!(readme.contains(digest), "README.md does not name {digest}");
    }
}

/// The digest of the sources text.
fn sources() -> [u8; 32] {
    let mut text = "shomar-sources 1\n".to_owned();
    let names = "election.toml districts.csv lists.csv candidates.csv stations.csv devices.csv \
                 serves.csv";
    for name in names.split(' ') {
        let bytes = golden_file(&format!("election/{name}"));
        text.push_str(&format!("{name}\t{}\t{}\n", bytes.len(), hex(&sha256(&bytes))));
    }
    sha256(text.as_bytes())
}

#[test]
fn compiled_definition_can_be_read_by_the_document() {
    let file = golden_file("election/definition.shomar");
    assert_eq!((&file[..8], u64_at(&file, 8)), (b"SHOMARDF".as_slice(), 1));
    assert_eq!(u64_at(&file, 16), file.len() as u64 - 128, "payload length");
    let election = golden_election();
    assert_eq!(file[24..56], election.definition_digest());
    assert_eq!(file[56..88], sources());
    assert_eq!(file[88..120], election.names_digest());
    assert_eq!(u64_at(&file, 120), checksum_with_field_as_zero(&file, 120));
    assert_eq!(read_compiled(&file[128..]), compiled_arrays(&election));
}

#[test]
fn every_flipped_bit_of_a_segment_is_refused() {
    let mut bytes = small_segment();
    assert!(read_segment(&bytes).is_ok());
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(read_segment(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    // Of the golden segment itself, which is long, some bits in every part.
    let mut bytes = golden_segment();
    for bit in (0..bytes.len() * 8).step_by(9_973) {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(read_segment(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The small segment with some bytes changed, and hash and checksums of everything mended.
fn mended(changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = small_segment();
    changes.iter().for_each(|&(at, byte)| bytes[at] = byte);
    // Record, and bytes of its payload.
    for (start, payload) in [(FIRST, 96), (SECOND, 68)] {
        let hash = start + 96..start + 128;
        if !changes.iter().any(|(at, _)| hash.contains(at)) {
            let digest = sha256(&bytes[start + 192..][..payload]);
            bytes[hash].copy_from_slice(&digest);
        }
    }
    let blocks = [
        (0..64, 56),
        (64..128, 40),
        (576..640, 40),
        (CLOSE..CLOSE + 64, 40),
        (FIRST..576, 128),
        (SECOND..CLOSE, 128),
    ];
    for (block, field) in blocks {
        let checksum = checksum_with_field_as_zero(&bytes[block.clone()], field);
        bytes[block][field..field + 8].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

/// Offsets in the small segment: two records, the close frame, the payloads of the records.
const FIRST: usize = 128;
const SECOND: usize = 640;
const CLOSE: usize = 1_088;
const PAYLOAD: usize = FIRST + 192;
const PADDED: usize = SECOND + 192;

fn verdict(bytes: &[u8]) -> Checked<()> {
    let election = golden_election();
    recount(&read_segment(bytes)?, &election, &election.readings()).map(|_| ())
}

#[test]
fn every_other_check_bites_when_the_checksums_are_mended() {
    assert!(verdict(&mended(&[])).is_ok());
    let cases: [(&str, &[(usize, u8)]); 47] = [
        ("segment: magic", &[(0, 0)]),
        ("segment: version", &[(8, 2)]),
        ("segment: reserved", &[(10, 1)]),
        ("frame: position", &[(16, 1)]),
        ("record: definition", &[(24, 1)]),
        ("frame: magic", &[(64, 0)]),
        ("frame: kind", &[(64 + 8, 3)]),
        ("frame: reserved", &[(64 + 12, 1)]),
        ("frame: length", &[(64 + 16, 0xc1)]),
        ("frame: record cut off", &[(64 + 18, 1)]),
        ("frame: position", &[(64 + 24, 1)]),
        ("frame: reserved", &[(64 + 48, 1)]),
        ("close frame: length", &[(CLOSE + 16, 64)]),
        ("close frame: received at", &[(CLOSE + 32, 1)]),
        ("close frame: something behind it", &[(576 + 8, 2), (576 + 16, 0), (576 + 17, 0)]),
        ("record: magic", &[(FIRST, 0)]),
        ("record: version", &[(FIRST + 8, 2)]),
        ("record: kind", &[(FIRST + 10, 2)]),
        ("record: encoding", &[(FIRST + 11, 2)]),
        ("record: station", &[(FIRST + 12, 4)]),
        ("record: definition", &[(FIRST + 16, 0)]),
        ("record: district", &[(FIRST + 48, 4)]),
        ("record: not served", &[(FIRST + 48, 2)]),
        ("record: device", &[(FIRST + 52, 1)]),
        ("record: taken", &[(FIRST + 64, 0)]),
        ("record: counts", &[(FIRST + 68, 6)]),
        ("record: counts", &[(FIRST + 76, 0)]),
        ("record: counts", &[(PAYLOAD + 92, 0)]),
        (
            "record: taken",
            &[(FIRST + 66, 1), (FIRST + 64, 0), (FIRST + 76, 247), (PAYLOAD + 92, 247)],
        ),
        ("record: options", &[(FIRST + 80, 5)]),
        ("record: seats", &[(FIRST + 84, 4)]),
        ("record: payload length", &[(FIRST + 88, 129)]),
        ("record: body hash", &[(FIRST + 96, 0)]),
        ("record: reserved", &[(FIRST + 136, 1)]),
        ("record: padding", &[(FIRST + 288, 1)]),
        ("record: trailer", &[(FIRST + 320, 1)]),
        ("record: trailer", &[(FIRST + 352, 1)]),
        ("record: trailer", &[(FIRST + 416, 1)]),
        ("payload: place of an array", &[(PAYLOAD + 52, 0xc4)]),
        ("payload: empty group", &[(PAYLOAD, 0)]),
        ("payload: strides", &[(PAYLOAD + 8, 2)]),
        ("payload: choices", &[(PAYLOAD, 3)]),
        ("segment: not of this election", &[(24, 1), (FIRST + 16, 1), (SECOND + 16, 1)]),
        ("payload: stride 0", &[(PAYLOAD + 8, 0)]),
        ("payload: an array reaches into the root", &[(PAYLOAD + 88, 9)]),
        ("payload: place of the root", &[(PAYLOAD + 88, 6)]),
        // One group of ballots, and four strides in the same bytes.
        ("payload: groups", &[(PAYLOAD + 56, 1), (PAYLOAD + 60, 0xc8), (PAYLOAD + 64, 4)]),
    ];
    for (what, changes) in cases {
        assert_eq!(verdict(&mended(changes)).err().as_deref(), Some(what), "{changes:?}");
    }
}

#[test]
fn ballots_out_of_canonical_order_or_of_another_kind_are_refused() {
    let cases: [(&str, &[(usize, u8)]); 10] = [
        ("payload: order of clean ballots", &[(PAYLOAD + 12, 2)]),
        ("payload: padding", &[(PADDED + 22, 1)]),
        ("clean ballot: not clean", &[(PAYLOAD + 18, 9)]),
        ("clean ballot: not clean", &[(PAYLOAD + 28, 3)]),
        ("payload: a ballot without choices", &[(PAYLOAD + 32, 0)]),
        ("payload: too many choices", &[(PAYLOAD + 35, 5)]),
        ("payload: order of ballots as entered", &[(PAYLOAD + 40, 3)]),
        ("option", &[(PAYLOAD + 50, 9)]),
        ("ballot as entered: clean", &[(PADDED + 16, 1), (PADDED + 17, 0)]),
        ("payload: choices as entered", &[(PAYLOAD + 32, 3)]),
    ];
    for (what, changes) in cases {
        assert_eq!(verdict(&mended(changes)).err().as_deref(), Some(what), "{changes:?}");
    }
}

#[test]
fn segment_cut_off_anywhere_is_refused() {
    let bytes = small_segment();
    for length in 0..bytes.len() {
        assert!(read_segment(&bytes[..length]).is_err(), "{length} bytes");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(read_segment(&longer).is_err(), "one byte more");
    let definition: [u8; 32] = bytes[24..56].try_into().unwrap();
    let error = |record: &[u8]| read_record(record, &definition).err();
    assert_eq!(error(&bytes[FIRST..576]), None, "a record alone");
    let short = "record: shorter than header and trailer".to_owned();
    assert_eq!(error(&bytes[FIRST..FIRST + 256]), Some(short));
    assert_eq!(error(&vec![0; (1 << 30) + 64]), Some("record: too long".to_owned()));
    let root = read_payload(&[0; 43]).err();
    assert_eq!(root, Some("payload: shorter than its root".to_owned()));
}
