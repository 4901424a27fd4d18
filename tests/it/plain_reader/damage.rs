//! Damage to sparse records: every check of FORMAT.md bites, one by one, in the plain reader.
//!
//! In: two records of `bench-data/golden/v1`, with bytes changed and the checksums mended. Out: the
//! check that refuses them; the program refuses them, too. Never: columns, which are damaged in
//! `bad_columns.rs`.

use super::segment::{read_payload, read_record, read_segment, records, sha256};
use super::{SPARSE, kit, mend_checksum, segment_of, verdict};

/// Two records of the golden segment in a segment of their own, few enough bytes to flip each bit:
/// those of district `V"1"`, 448 bytes each.
fn small_segment() -> Vec<u8> {
    let golden = SPARSE.segment();
    let records = records(&golden);
    segment_of(&[records[1], records[6]])
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
    let mut bytes = SPARSE.segment();
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
        mend_checksum(&mut bytes[block], field);
    }
    bytes
}

/// Offsets in the small segment: two records, the close frame, the payloads of the records.
const FIRST: usize = 128;
const SECOND: usize = 640;
const CLOSE: usize = 1_088;
const PAYLOAD: usize = FIRST + 192;
const PADDED: usize = SECOND + 192;

/// Expects the plain reader to refuse with these words, and the program to refuse: the ballots, or
/// the evidence alone where the document says so.
fn refuses(bytes: &[u8], what: &str) {
    assert_eq!(verdict(bytes).err().as_deref(), Some(what));
    let folder = tempfile::tempdir().unwrap();
    kit::copy_files(&SPARSE.path().join("election"), &folder.path().join("election"));
    let segment = folder.path().join("damaged.segment");
    std::fs::write(&segment, bytes).unwrap();
    let evidence_alone = what == "record: body hash" || what.contains("order of");
    let tallied = kit::run(["tally", kit::text(folder.path())]);
    assert_eq!(tallied.0, i32::from(!evidence_alone), "{what}: {}", tallied.2);
    if evidence_alone {
        let inspected = kit::run(["inspect", kit::text(&segment)]);
        assert_eq!(inspected.0, 1, "{what}: {}", inspected.1);
    }
}

#[test]
fn every_other_check_bites_when_the_checksums_are_mended() {
    assert!(verdict(&mended(&[])).is_ok());
    let cases: [(&str, &[(usize, u8)]); 50] = [
        ("segment: magic", &[(0, 0)]),
        ("segment: version", &[(8, 3)]),
        // As version 2, whose close frame says what is durable.
        ("close frame: durable", &[(8, 2)]),
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
        ("record: version", &[(FIRST + 8, 3)]),
        ("record: version", &[(FIRST + 8, 0)]),
        ("record: trailer", &[(FIRST + 8, 2), (FIRST + 416, 1)]),
        ("record: kind", &[(FIRST + 10, 2)]),
        ("record: encoding", &[(FIRST + 11, 3)]),
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
        refuses(&mended(changes), what);
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
        refuses(&mended(changes), what);
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
