//! The golden folder of format 1, read by FORMAT.md alone and recounted by plain code on bytes.
//!
//! In: `bench-data/golden/v1`. Out: agreement with its `expected.json`, with a fresh seal of the
//! same text and with the program. Never: `shomar-format`, the engine or rkyv; if this file needs
//! to look into them, the document does not suffice.

mod election;
mod segment;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::kit;
use election::{
    District, Election, UNKNOWN, compiled_arrays, read_compiled, read_election, toml_values,
};
use segment::{
    Checked, Segment, check, checksum_with_field_as_zero, crc64_nvme, hex, read_segment, sha256,
    u64_at,
};

fn golden() -> PathBuf {
    kit::workspace().join("bench-data/golden/v1")
}

fn golden_segment() -> Vec<u8> {
    std::fs::read(golden().join("000000.segment")).expect("the golden segment")
}

fn expected() -> Value {
    let text = std::fs::read(golden().join("expected.json")).expect("expected.json");
    serde_json::from_slice(&text).expect("expected.json is JSON")
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

fn recount(segment: &Segment, election: &Election) -> Checked<Vec<Totals>> {
    let zero = |district: &District| Totals {
        options: vec![0; district.option_count()],
        ..Totals::default()
    };
    let mut all: Vec<Totals> = election.districts.iter().map(zero).collect();
    let digest = sha256(election.definition_text.as_bytes());
    check(segment.definition == digest, "segment: not of this election")?;
    for record in &segment.records {
        check((record.station as usize) < election.stations.len(), "record: station")?;
        check(record.device == 0, "record: device")?;
        let index = record.district as usize;
        let district = election.districts.get(index).ok_or("record: district")?;
        check(record.option_count as usize == district.option_count(), "record: options")?;
        check(record.seats as usize == district.seats, "record: seats")?;
        let totals = &mut all[index];
        for ballot in &record.clean {
            let sorted = ballot.is_sorted_by(|a, b| a < b);
            check(sorted && district.is_clean(ballot), "clean ballot: not clean")?;
        }
        for ballot in &record.entered {
            let mut known = ballot.iter().filter(|&&choice| choice != UNKNOWN);
            check(known.all(|&choice| u32::from(choice) < record.option_count), "option")?;
            check(!district.is_clean(ballot), "ballot as entered: clean")?;
        }
        for ballot in record.clean.iter().chain(&record.entered) {
            let votes = district.read(ballot);
            totals.taken += 1;
            *(if votes.is_empty() { &mut totals.void } else { &mut totals.valid }) += 1;
            // A clean ballot is read as it stands.
            votes.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
        }
        totals.taken += u64::from(record.blank);
        totals.void += u64::from(record.blank);
        totals.blank += u64::from(record.blank);
    }
    Ok(all)
}

/// `expected.json`, from the numbers of the recount.
fn document(segment: &Segment, election: &Election, all: &[Totals]) -> Value {
    let mut totals_bytes = b"shomar-totals 1\n".to_vec();
    totals_bytes.extend(segment.definition);
    let (mut reading, mut districts) = (serde_json::Map::new(), Vec::new());
    for contest in &election.contests {
        let options = [
            ("list_plus_names", "list_wins"),
            ("two_lists", "first_list_only"),
            ("limit", "seats"),
        ];
        let words = options.map(|(name, value)| format!("\t{name}={value}")).concat();
        totals_bytes.extend(format!("reading\t{contest}{words}\n").bytes());
        reading.insert(contest.clone(), options.into_iter().collect());
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
    json!({ "election": toml_values(&golden().join("election"), "id")[0], "mode": "test",
        "reading": reading, "ballots": ballots(&sum), "districts": districts,
        "frontier": { "batches": hashes.len(), "evidence": hex(&sha256(&hashes.concat())),
                      "digest": hex(&sha256(&totals_bytes)) } })
}

fn golden_election() -> Election {
    read_election(&golden().join("election"))
}

#[test]
fn checksum_is_the_one_the_document_names() {
    assert_eq!(crc64_nvme(b"123456789"), 0xae8b_1486_0a79_9888);
}

#[test]
fn document_alone_suffices_to_recount_the_golden_evidence() {
    let segment = read_segment(&golden_segment()).expect("the golden segment is sound");
    let election = golden_election();
    let totals = recount(&segment, &election).expect("the golden ballots are of this election");
    assert_eq!(document(&segment, &election, &totals), expected());
    let order: Vec<_> =
        segment.records.iter().map(|r| (r.station, r.district, r.sequence)).collect();
    assert_eq!(order, [(0, 0, 0), (1, 0, 0), (1, 1, 1)], "by station, then district");
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
fn definition_digest_follows_from_the_text_of_the_folder() {
    let digest = sha256(golden_election().definition_text.as_bytes());
    let segment = golden_segment();
    assert_eq!(hex(&segment[24..56]), hex(&digest), "in the segment header");
    assert_eq!(hex(&segment[128 + 16..128 + 48]), hex(&digest), "in a record");
}

#[test]
fn compiled_definition_can_be_read_by_the_document() {
    let folder = golden().join("election");
    let read = |file: &str| std::fs::read(folder.join(file)).expect("a file of the folder");
    let file = read("definition.shomar");
    assert_eq!((&file[..8], u64_at(&file, 8)), (b"SHOMARDF".as_slice(), 1));
    assert_eq!(u64_at(&file, 16), file.len() as u64 - 128, "payload length");
    let election = golden_election();
    assert_eq!(file[24..56], sha256(election.definition_text.as_bytes()));
    let mut sources = "shomar-sources 1\n".to_owned();
    let names = ["election.toml", "districts.csv", "lists.csv", "candidates.csv", "stations.csv"];
    for name in names {
        let bytes = read(name);
        sources.push_str(&format!("{name}\t{}\t{}\n", bytes.len(), hex(&sha256(&bytes))));
    }
    assert_eq!(file[56..88], sha256(sources.as_bytes()));
    assert_eq!(u64_at(&file, 88), checksum_with_field_as_zero(&file, 88));
    assert!(file[96..128].iter().all(|&byte| byte == 0), "reserved");
    assert_eq!(read_compiled(&file[128..]), compiled_arrays(&election));
}

#[test]
fn every_flipped_bit_of_the_golden_segment_is_refused() {
    let mut bytes = golden_segment();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(read_segment(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The golden segment with some bytes changed, and hash and checksums of everything mended.
fn mended(changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = golden_segment();
    changes.iter().for_each(|&(at, byte)| bytes[at] = byte);
    // Record, and bytes of its payload.
    for (start, payload) in [(128, 96), (640, 72)] {
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
        (1664..1728, 40),
        (128..576, 128),
        (640..1088, 128),
    ];
    for (block, field) in blocks {
        let checksum = checksum_with_field_as_zero(&bytes[block.clone()], field);
        bytes[block][field..field + 8].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

#[test]
fn every_other_check_bites_when_the_checksums_are_mended() {
    let election = golden_election();
    let verdict =
        |bytes: &[u8]| read_segment(bytes).and_then(|segment| recount(&segment, &election));
    assert!(verdict(&mended(&[])).is_ok());
    let cases: [(&str, &[(usize, u8)]); 39] = [
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
        ("close frame: length", &[(1664 + 16, 64)]),
        ("close frame: received at", &[(1664 + 32, 1)]),
        ("close frame: something behind it", &[(576 + 8, 2), (576 + 16, 0), (576 + 17, 0)]),
        ("record: magic", &[(128, 0)]),
        ("record: version", &[(128 + 8, 2)]),
        ("record: kind", &[(128 + 10, 2)]),
        ("record: encoding", &[(128 + 11, 2)]),
        ("record: station", &[(128 + 12, 2)]),
        ("record: definition", &[(128 + 16, 0)]),
        ("record: district", &[(128 + 48, 2)]),
        ("record: device", &[(128 + 52, 1)]),
        ("record: taken", &[(128 + 64, 12)]),
        ("record: counts", &[(128 + 68, 7)]),
        ("record: taken", &[(128 + 76, 4)]),
        ("record: options", &[(128 + 80, 5)]),
        ("record: seats", &[(128 + 84, 4)]),
        ("record: payload length", &[(128 + 88, 129)]),
        ("record: body hash", &[(128 + 96, 0)]),
        ("record: reserved", &[(128 + 136, 1)]),
        ("record: padding", &[(128 + 288, 1)]),
        ("record: a link or signature in a test election", &[(128 + 320, 1)]),
        ("record: a link or signature in a test election", &[(128 + 352, 1)]),
        ("record: reserved in the trailer", &[(128 + 416, 1)]),
        ("payload: place of an array", &[(PAYLOAD + 56, 0xc4)]),
        ("payload: empty group", &[(PAYLOAD, 0)]),
        ("payload: strides", &[(PAYLOAD + 12, 2)]),
        ("payload: choices", &[(PAYLOAD, 3)]),
    ];
    for (what, changes) in cases {
        assert_eq!(verdict(&mended(changes)).err().as_deref(), Some(what), "{changes:?}");
    }
}

/// The payload of the first record in the golden segment, and that of the second.
const PAYLOAD: usize = 128 + 192;
const ENTERED: usize = 640 + 192;

#[test]
fn ballots_out_of_canonical_order_or_of_another_kind_are_refused() {
    let election = golden_election();
    let cases: [(&str, &[(usize, u8)]); 8] = [
        ("payload: order of clean ballots", &[(PAYLOAD + 20, 2)]),
        ("payload: padding", &[(PAYLOAD + 76, 18), (PAYLOAD + 80, 0xe6), (PAYLOAD + 88, 0xde)]),
        ("clean ballot: not clean", &[(PAYLOAD + 54, 9)]),
        ("clean ballot: not clean", &[(PAYLOAD + 22, 3)]),
        ("payload: a ballot without choices", &[(ENTERED, 0)]),
        ("payload: order of ballots as entered", &[(ENTERED + 12, 1)]),
        ("option", &[(ENTERED + 10, 9)]),
        ("ballot as entered: clean", &[(ENTERED + 10, 2), (ENTERED + 11, 0)]),
    ];
    for (what, changes) in cases {
        let found = read_segment(&mended(changes));
        let found = found.and_then(|segment| recount(&segment, &election));
        assert_eq!(found.err().as_deref(), Some(what), "{changes:?}");
    }
}

#[test]
fn segment_cut_off_anywhere_is_refused() {
    let bytes = golden_segment();
    for length in 0..bytes.len() {
        assert!(read_segment(&bytes[..length]).is_err(), "{length} bytes");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(read_segment(&longer).is_err(), "one byte more");
}
