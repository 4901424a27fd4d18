//! Damage to the golden journal: every check of signatures, chains, control records and decisions
//! bites, one by one, in the plain reader.
//!
//! In: records of `bench-data/golden/v2`, changed, with hashes, signatures and checksums mended as
//! far as the damage leaves them. Out: the check that refuses them, and who of the program refuses,
//! too: a count, `inspect`, or only whoever receives records. Never: a damage that another check
//! would have found.

use ed25519_dalek::{Signer, SigningKey};
use shomar_engine::receive::{Receiver, RefusalCode, Workspace};
use shomar_format::record::RecordBytes;

use super::segment::{records, sha256, u64_at};
use super::signature::{message, record_hash};
use super::{COLUMNAR, SIGNED, kit, mend_checksum, verdict_of};

/// The golden records, in order.
fn golden() -> Vec<Vec<u8>> {
    let segments = SIGNED.segments();
    segments.iter().flat_map(|segment| records(segment)).map(<[u8]>::to_vec).collect()
}

/// A segment of a journal, whose frames say this of what is durable; the last one is the close
/// frame.
fn segment_of(first: u64, records: &[Vec<u8>], durable: &[u64]) -> Vec<u8> {
    assert_eq!(durable.len(), records.len() + 1);
    let mut bytes = SIGNED.segment()[..64].to_vec();
    bytes[16..24].copy_from_slice(&first.to_le_bytes());
    mend_checksum(&mut bytes, 56);
    let none = Vec::new();
    let all = records.iter().zip([1_u32; 99]).chain([(&none, 2)]);
    for (((record, kind), durable), position) in all.zip(durable).zip(first..) {
        let mut frame = b"SHOMARFR".to_vec();
        frame.extend(kind.to_le_bytes());
        frame.extend([0; 4]);
        frame.extend((record.len() as u64).to_le_bytes());
        frame.extend(position.to_le_bytes());
        frame.extend([0; 16]);
        frame.extend(durable.to_le_bytes());
        frame.resize(64, 0);
        mend_checksum(&mut frame, 40);
        bytes.extend(frame);
        bytes.extend(record);
    }
    bytes
}

/// Records as one journal that was written in one group.
fn journal_of(records: &[Vec<u8>]) -> Vec<u8> {
    let mut durable = vec![0; records.len()];
    durable.push(records.len() as u64);
    segment_of(0, records, &durable)
}

/// Hash of the payload and checksum of a record are those of its bytes again.
fn mend(record: &mut [u8]) {
    let length = usize::try_from(u64_at(record, 88)).unwrap();
    let digest = sha256(&record[192..192 + length]);
    record[96..128].copy_from_slice(&digest);
    mend_checksum(record, 128);
}

/// Signs a record anew; the hash in its trailer is what stands there.
fn sign(record: &mut [u8], seed: u8, mode: &str) {
    mend(record);
    let signature = SigningKey::from_bytes(&[seed; 32]).sign(&message(record, mode)).to_bytes();
    let place = record.len() - 96;
    record[place..place + 64].copy_from_slice(&signature);
    mend_checksum(record, 128);
}

const CHAIR: u8 = 101;
const DEPUTY: u8 = 102;

/// The seed of the officer of a control record.
fn seed_of(record: &[u8]) -> u8 {
    CHAIR + record[52]
}

fn text_of(record: &[u8]) -> Vec<u8> {
    record[192..192 + usize::try_from(u64_at(record, 88)).unwrap()].to_vec()
}

/// The control record with another text, signed by the same officer.
fn with_text(record: &[u8], text: &[u8]) -> Vec<u8> {
    let mut other = record[..192].to_vec();
    other[88..96].copy_from_slice(&(text.len() as u64).to_le_bytes());
    other.extend(text);
    other.resize(other.len().next_multiple_of(64), 0);
    other.extend(&record[record.len() - 128..]);
    sign(&mut other, seed_of(record), "test");
    other
}

/// What is done to a record, or to a text; and bytes that are put in places.
type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
type Bytes = &'static [(usize, u8)];

/// Who of the program refuses, besides whoever receives records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Who {
    CountAndInspect,
    Count,
    Nobody,
}

/// Expects the plain reader to say this, the program to say these words, and nobody else anything.
fn refuses(segments: &[Vec<u8>], plain: &str, words: &str, who: Who) {
    let verdict = verdict_of(segments, &SIGNED.election());
    assert_eq!(verdict.err().as_deref(), Some(plain), "{words}");
    let folder = tempfile::tempdir().unwrap();
    kit::copy_files(&SIGNED.path().join("election"), &folder.path().join("election"));
    let mut inspected = 0;
    for (number, segment) in segments.iter().enumerate() {
        let path = folder.path().join(format!("{number:06}.segment"));
        std::fs::write(&path, segment).unwrap();
        inspected = inspected.max(kit::run(["inspect", kit::text(&path)]).0);
    }
    let (code, stdout, stderr) = kit::run(["tally", kit::text(folder.path())]);
    assert_eq!(code, i32::from(who != Who::Nobody), "{plain}: {stderr}");
    assert!(code == 0 || stdout.is_empty() && stderr.contains(words), "{plain}: {stderr}");
    assert_eq!(inspected, i32::from(who == Who::CountAndInspect), "{plain}: inspect");
}

/// The golden journal up to a record, which is changed.
fn changed(number: usize, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Vec<u8>> {
    let mut records = golden();
    records.truncate(number + 1);
    change(&mut records[number]);
    records
}

/// The golden journal up to a control record, in whose text something stands for something else.
fn reworded(number: usize, from: &str, to: &str) -> Vec<Vec<u8>> {
    changed(number, |record| {
        let text = String::from_utf8(text_of(record)).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        *record = with_text(record, text.replacen(from, to, 1).as_bytes());
    })
}

fn accepts(records: &[Vec<u8>]) {
    assert_eq!(verdict_of(&[journal_of(records)], &SIGNED.election()), Ok(()));
}

#[test]
fn undamaged_records_are_accepted_wherever_the_journal_ends() {
    let golden = golden();
    for end in 0..=golden.len() {
        accepts(&golden[..end]);
    }
    // Signing again and writing the same text again change nothing.
    for number in [0, 8, 14, 25, 27] {
        let again = reworded(number, "why", "why");
        assert!(again == golden[..=number], "record {number}");
    }
    accepts(&reworded(0, "ساعت هشت", &"x".repeat(900)));
}

#[test]
fn what_a_frame_says_of_the_durable_is_checked() {
    let golden = golden();
    let five = &golden[..5];
    let sound = segment_of(0, five, &[0, 0, 1, 1, 4, 5]);
    assert_eq!(verdict_of(&[sound], &SIGNED.election()), Ok(()));
    let cases: [(&str, &str, [u64; 6]); 5] = [
        ("frame: durable backwards", "durable records: found 0", [0, 0, 1, 0, 1, 5]),
        ("frame: durable above the position", "durable records: found 3", [0, 0, 3, 3, 3, 5]),
        ("frame: durable above the position", "durable records: found 1", [1, 1, 1, 1, 1, 5]),
        ("close frame: durable", "durable in the close frame: found 4", [0, 0, 1, 1, 4, 4]),
        ("frame: durable above the position", "durable records: found 6", [0, 0, 1, 1, 4, 6]),
    ];
    for (plain, words, durable) in cases {
        refuses(&[segment_of(0, five, &durable)], plain, words, Who::CountAndInspect);
    }
    // What stands in the segments before it is durable when one is begun.
    let (before, behind) = (journal_of(&golden[..3]), &golden[3..5]);
    let segments = |durable: [u64; 3]| [before.clone(), segment_of(3, behind, &durable)];
    assert_eq!(verdict_of(&segments([3, 3, 5]), &SIGNED.election()), Ok(()));
    let (plain, words) = ("frame: durable backwards", "durable records: found 2");
    refuses(&segments([2, 3, 5]), plain, words, Who::CountAndInspect);
    let reserved = |at: usize| {
        let mut bytes = journal_of(five);
        bytes[at] = 1;
        mend_checksum(&mut bytes[64..128], 40);
        [bytes]
    };
    for at in [64 + 12, 64 + 56, 64 + 63] {
        let words = "reserved bytes of a frame";
        refuses(&reserved(at), "frame: reserved", words, Who::CountAndInspect);
    }
    // Without the first segment, and with two that have the same numbers.
    let gap = &segments([3, 3, 5])[1..];
    refuses(gap, "journal: numbers", "records 0 to 2 are in no segment", Who::Count);
    let twice = [journal_of(five), journal_of(five)];
    refuses(&twice, "journal: numbers", "which another segment has as well", Who::Count);
}

#[test]
fn every_flipped_bit_of_the_golden_journal_is_refused() {
    let election = SIGNED.election();
    let mut segments = SIGNED.segments();
    for segment in 0..segments.len() {
        for bit in (0..segments[segment].len() * 8).step_by(97) {
            segments[segment][bit / 8] ^= 1 << (bit % 8);
            assert!(verdict_of(&segments, &election).is_err(), "segment {segment}, bit {bit}");
            segments[segment][bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn bytes_of_signed_records_are_checked() {
    let close = "control: counts";
    let cases: [(&str, &str, usize, Bytes); 17] = [
        ("record: version", "format version: found 3", 0, &[(8, 3)]),
        ("record: kind", "", 0, &[(10, 4)]),
        ("record: kind", "record kind: found 3 (recount), unsigned", 13, &[(8, 1)]),
        ("record: kind", "record kind: found 2 in version 1", 0, &[(8, 1)]),
        ("record: encoding", "encoding: found 2", 0, &[(11, 2)]),
        ("record: encoding", "encoding: found 3", 1, &[(11, 3)]),
        ("record: encoding", "encoding: found 3", 13, &[(11, 3)]),
        ("record: definition", "definition digest", 1, &[(16, 0)]),
        ("control: station and district", "address of a control record", 0, &[(12, 0)]),
        ("control: station and district", "address of a control record", 0, &[(48, 0)]),
        (close, "counts of a control record", 0, &[(64, 1)]),
        (close, "counts of a control record", 0, &[(68, 1)]),
        (close, "counts of a control record", 0, &[(72, 1)]),
        (close, "counts of a control record", 0, &[(76, 1)]),
        (close, "counts of a control record", 0, &[(80, 1)]),
        (close, "counts of a control record", 0, &[(87, 1)]),
        ("record: reserved", "reserved bytes of the header", 0, &[(136, 1)]),
    ];
    for (plain, words, number, changes) in cases {
        let records = changed(number, |record| {
            changes.iter().for_each(|&(at, byte)| record[at] = byte);
            if record[8] == 1 {
                let trailer = record.len() - 128;
                record[trailer..].fill(0);
            }
            mend(record);
        });
        let who = if plain == "record: definition" { Who::Count } else { Who::CountAndInspect };
        refuses(&[journal_of(&records)], plain, words, who);
    }
    // Reserved bytes of the trailer, of each kind; the padding; the hash of a text.
    for (number, from_end) in [(0, 32), (1, 1), (13, 32)] {
        let records = changed(number, |record| {
            let at = record.len() - from_end;
            record[at] = 1;
            mend(record);
        });
        let words = "reserved bytes of the trailer";
        refuses(&[journal_of(&records)], "record: trailer", words, Who::CountAndInspect);
    }
    let padded = changed(0, |record| {
        let at = record.len() - 129;
        record[at] = 1;
        mend(record);
    });
    let words = "padding after the payload";
    refuses(&[journal_of(&padded)], "record: padding", words, Who::CountAndInspect);
    let hashed = changed(0, |record| {
        record[96] ^= 1;
        mend_checksum(record, 128);
    });
    refuses(&[journal_of(&hashed)], "record: body hash", "body hash", Who::CountAndInspect);
}

#[test]
fn text_of_a_decision_has_one_spelling() {
    let at = "at\t1793800000000\n";
    let long = format!("ساعت هشت{}", "x".repeat(1_024));
    let twice = |key: &str, number: usize| {
        let text = String::from_utf8(text_of(&golden()[number])).unwrap();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        (format!("{line}\n"), format!("{line}\n{line}\n"))
    };
    let (new, new_twice) = twice("new", 14);
    let (pair, pair_twice) = twice("pair", 8);
    let upper = new.to_uppercase().replace("NEW", "new");
    let cases: &[(&str, usize, &str, &str)] = &[
        ("control: lines", 0, "shomar-control 1", "shomar-control 2"),
        ("control: lines", 0, "shomar-control 1", " shomar-control 1"),
        ("control: fields", 0, "shomar-control 1", "shomar-control 1\t"),
        ("control: lines", 0, at, ""),
        ("control: lines", 0, &format!("action\topen\n{at}"), &format!("{at}action\topen\n")),
        ("control: lines", 0, "why\t", "Why\t"),
        ("control: fields", 0, "why\t", "why\t\t"),
        ("control: fields", 0, at, "at\n"),
        ("control: empty", 0, "ساعت هشت؛ صندوق‌ها خالی است", ""),
        ("control: long field", 0, "ساعت هشت", &long),
        ("control: control character", 0, "\n", "\r\n"),
        ("control: control character", 0, "why\t", "why\t\u{0}"),
        ("control: control character", 0, "why\t", "why\t\u{85}"),
        ("control: number", 0, "at\t", "at\t0"),
        ("control: number", 0, "at\t", "at\t+"),
        ("control: number", 0, "at\t", "at\t99999999"),
        ("control: number", 0, "at\t1793800000000", "at\t۱"),
        ("control: action", 0, "action\topen", "action\tOpen"),
        ("control: action", 0, "action\topen", "action\tballots"),
        ("control: lines", 26, "action\tclose", "action\treinstate"),
        ("control: lines", 12, "station\tS4", "place\tS4"),
        ("control: lines", 12, "station\tS4\n", ""),
        ("control: lines", 12, "station\tS4\n", "station\tS4\nstation\tS4\n"),
        (
            "control: lines",
            12,
            "reason\tb-threat\nstation\tS4\n",
            "station\tS4\nreason\tb-threat\n",
        ),
        ("control: empty", 12, "b-threat", ""),
        ("control: empty", 12, "S4", ""),
        ("control: empty", 8, "شعبه۲", ""),
        ("control: fields", 8, "شعبه۲\t", ""),
        ("control: lines", 8, &pair, &pair_twice),
        ("control: order", 14, &new, &new_twice),
        ("control: lines", 14, &new, ""),
        ("control: lines", 14, "new\t", "old\t"),
        ("control: hash", 14, &new, &upper),
        ("control: hash", 14, "new\t", "new\t0"),
        ("control: lines", 25, "winner\t103\n", ""),
        ("control: empty", 25, "person", ""),
        ("control: number", 25, "place\t1", "place\t0"),
        ("control: number", 25, "place\t1", "place\t4294967296"),
        ("control: number", 27, "elected\t101", "elected\t0101"),
        ("control: number", 27, "elected\t101", "elected\t0"),
        ("control: order", 27, "elected\t101", "elected\t104"),
        ("control: order", 27, "elected\t101", "elected\t103"),
    ];
    let words = "text of the control record";
    for (plain, number, from, to) in cases {
        let records = reworded(*number, from, to);
        refuses(&[journal_of(&records)], plain, words, Who::CountAndInspect);
    }
    let cases: [(&str, Change<'_>); 6] = [
        ("control: line end", &|text| text.truncate(text.len() - 1)),
        ("control: line end", &|text| text.clear()),
        ("control: lines", &|text| text.push(b'\n')),
        ("control: lines", &|text| text.extend(b"why\tagain\n")),
        ("control: UTF-8", &|text| text[40] = 0xff),
        ("control: too long", &|text| text.resize((1 << 20) + 1, b'\n')),
    ];
    for (plain, change) in cases {
        let records = changed(0, |record| {
            let mut text = text_of(record);
            change(&mut text);
            *record = with_text(record, &text);
        });
        refuses(&[journal_of(&records)], plain, words, Who::CountAndInspect);
    }
}

/// The order of the group, little-endian: s and s + L are the same number in it.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The second spelling of a signature.
fn respell(record: &mut [u8]) {
    let place = record.len() - 64;
    let mut carry = 0;
    for (byte, order) in record[place..place + 32].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "s + L has 256 bits");
    mend_checksum(record, 128);
}

#[test]
fn a_decision_is_signed_by_its_officer_in_the_officers_order() {
    let trailer = |record: &[u8]| record.len() - 128;
    let cases: [(&str, &str, usize, Change<'_>); 10] = [
        ("control: officer", "officer: found 2, expected below 2", 0, &|record| {
            record[52] = 2;
            sign(record, CHAIR, "test");
        }),
        ("record: signature", "signature", 0, &|record| sign(record, DEPUTY, "test")),
        ("record: signature", "signature", 0, &|record| sign(record, 1, "test")),
        ("record: signature", "signature", 0, &|record| sign(record, CHAIR, "official")),
        ("record: signature", "signature", 0, &|record| respell(record)),
        ("record: signature", "signature", 8, &|record| {
            let at = trailer(record);
            record[at] ^= 1;
            mend(record);
        }),
        ("record: previous hash", "hash of the officer's previous record", 10, &|record| {
            let at = trailer(record);
            record[at] ^= 1;
            sign(record, CHAIR, "test");
        }),
        ("record: previous hash", "hash of the officer's previous record", 0, &|record| {
            let at = trailer(record);
            record[at] = 1;
            sign(record, CHAIR, "test");
        }),
        ("control: sequence", "sequence of the officer's records", 10, &|record| {
            record[56] += 1;
            sign(record, CHAIR, "test");
        }),
        ("control: sequence", "sequence of the officer's records", 0, &|record| {
            record[56] += 1;
            sign(record, CHAIR, "test");
        }),
    ];
    for (plain, words, number, change) in cases {
        let records = changed(number, |record| change(record));
        refuses(&[journal_of(&records)], plain, words, Who::Count);
    }
    // One that is left out, and two of one number.
    let mut missing = golden();
    missing.remove(10);
    let words = "sequence of the officer's records";
    refuses(&[journal_of(&missing[..11])], "control: sequence", words, Who::Count);
    let mut twice = golden()[..1].to_vec();
    let mut other = twice[0].clone();
    other[192 + 44] ^= 1;
    sign(&mut other, CHAIR, "test");
    twice.push(other);
    let (plain, words) =
        ("record: another one of the same number", "another record of the same address");
    refuses(&[journal_of(&twice)], plain, words, Who::Count);
}

#[test]
fn a_decision_that_cannot_be_applied_where_it_stands_is_refused() {
    let golden = golden();
    let hash = |number: usize| super::hex(&record_hash(&golden[number]));
    let [first, other, village] = [1, 2, 4].map(hash);
    let recount = hash(13);
    let nobody = "ab".repeat(32);
    let cases: &[(&str, &str, usize, &str, &str)] = &[
        ("open: twice", "the vote is open already", 26, "action\tclose", "action\topen"),
        ("close: before open", "expected an open record", 0, "action\topen", "action\tclose"),
        ("annul: reason", "found the reason 'a-blank'", 12, "b-threat", "a-blank"),
        ("annul: reason", "found the reason 'b'", 12, "b-threat", "b"),
        ("decision: no such station", "found the station 's4'", 12, "S4", "s4"),
        ("decision: no such district", "found the district 'V'", 8, "\tV\"1\"", "\tV"),
        ("decision: not served", "a pair of serves.csv", 8, "شعبه۲", "S,3"),
        ("decision: no such batch before it", "found the batch ab", 10, &hash(3), &nobody),
        // A decision is no batch, nor is one that comes later.
        ("decision: no such batch before it", "found the batch", 10, &hash(3), &hash(8)),
        ("decision: no such batch before it", "found the batch", 10, &hash(3), &recount),
        ("annul: annulled already", "it is annulled already", 11, &other, &hash(3)),
        ("reinstate: not annulled", "an annulment of the same", 16, "S4", "S1"),
        ("reinstate: not annulled", "an annulment of the same", 18, &other, &village),
        ("supersede: old", "those that stand now", 14, &first, &other),
        ("supersede: old", "those that stand now", 14, &format!("old\t{first}\n"), ""),
        ("supersede: new", "a recount of this pair", 14, &recount, &other),
        ("decision: no such batch before it", "found the batch ab", 14, &recount, &nobody),
        ("supersede: old", "as old batches", 14, "S1\tT", "S1\tV\"1\""),
        ("decision: no such batch before it", "found the batch ab", 19, &village, &nobody),
        ("decision: no such batch before it", "found the batch ab", 20, &hash(7), &nobody),
        ("lot: kind", "found the kind 'persons'", 25, "person", "persons"),
        ("decision: no such district", "found the district 'M'", 25, "V\"1\"", "M"),
        ("lot: winner", "found '105' in a lot, expected a code of", 25, "103\nb", "105\nb"),
        ("lot: winner", "found '' in a lot", 25, "103\nb", "\nb"),
        ("lot: winner", "found 'lists' in a lot", 25, "103\nb", "lists\nb"),
        ("lot: between", "found '102 103' in a lot", 25, "102;103", "102 103"),
        ("lot: between", "found '1' in a lot", 25, "102;103", "1;103"),
        ("lot: winner of others", "a lot between '101;102' won by '103'", 25, "102;103", "101;102"),
        ("declare: code", "the code 105 declared elected", 27, "103", "105"),
        ("decision: no such district", "found the district 'M'", 27, "V\"1\"", "M"),
    ];
    for (plain, words, number, from, to) in cases {
        let records = reworded(*number, from, to);
        refuses(&[journal_of(&records)], plain, words, Who::Count);
    }
    // The close of a vote that is closed: the declaration says so instead.
    let closed = changed(27, |record| {
        let text = "shomar-control 1\naction\tclose\nat\t1\nwhy\tagain\n";
        *record = with_text(record, text.as_bytes());
    });
    refuses(&[journal_of(&closed)], "close: twice", "the vote is closed already", Who::Count);
    // The same recount put in place twice.
    let mut again = golden[..15].to_vec();
    let text = String::from_utf8(text_of(&again[14])).unwrap().replace(&first, &recount);
    let mut record = again[14].clone();
    record[56] += 1;
    let (previous, place) = (record_hash(&again[14]), record.len() - 128);
    record[place..place + 32].copy_from_slice(&previous);
    again.push(with_text(&record, text.as_bytes()));
    refuses(&[journal_of(&again)], "supersede: new", "a recount of this pair", Who::Count);
}

/// What a receiver of the election says of a record alone.
fn received(record: &[u8]) -> Option<RefusalCode> {
    let folder = SIGNED.path().join("election");
    let definition = shomar_engine::Definition::open(&folder).unwrap();
    let (election, _) = shomar_format::Election::read(&folder).unwrap();
    let mut aligned = RecordBytes::new();
    aligned.extend_from_slice(record);
    let receiver = Receiver::new(&definition, &election);
    let received = receiver.receive(&aligned, &mut Workspace::default());
    received.err().map(|refused| refused.code)
}

/// Signature and chain of a batch: section 10 leaves them to whoever receives it.
#[test]
fn signatures_and_chains_of_batches_are_checked_by_whoever_receives_them() {
    assert!(golden().iter().all(|record| received(record).is_none()));
    let trailer = |record: &[u8]| record.len() - 128;
    let cases: [(usize, Change<'_>); 6] = [
        (1, &|record| sign(record, 2, "test")),
        (3, &|record| sign(record, 2, "test")),
        (13, &|record| sign(record, CHAIR, "test")),
        (1, &|record| sign(record, 1, "official")),
        (1, &|record| respell(record)),
        (9, &|record| {
            let at = trailer(record);
            record[at] ^= 1;
            mend(record);
        }),
    ];
    for (number, change) in cases {
        let records = changed(number, |record| change(record));
        assert_eq!(received(&records[number]), Some(RefusalCode::Signature), "record {number}");
        refuses(&[journal_of(&records)], "record: signature", "", Who::Nobody);
    }
    // Signed by the device itself, and not behind the record that it names, or behind none.
    for (number, seed, first_byte) in [(4, 1, 9), (9, 3, 9), (1, 1, 1)] {
        let records = changed(number, |record| {
            let at = trailer(record);
            record[at] = record[at].wrapping_add(first_byte);
            sign(record, seed, "test");
        });
        assert_eq!(received(&records[number]), None, "sound alone");
        refuses(&[journal_of(&records)], "record: previous hash", "", Who::Nobody);
    }
    let none = changed(4, |record| {
        let at = trailer(record);
        record[at..at + 32].fill(0);
        sign(record, 1, "test");
    });
    refuses(&[journal_of(&none)], "record: previous hash", "", Who::Nobody);
}

/// What an official election asks for; `corrections.rs` and `signed.rs` ask the program.
#[test]
fn official_elections_and_keys_are_checked_by_the_plain_reader() {
    // Not the election of the digest: its mode is what the folder should say, and does not.
    let mut election = SIGNED.election();
    election.mode = "official".to_owned();
    let said =
        |records: &[Vec<u8>], election: &_| verdict_of(&[journal_of(records)], election).err();
    let official = |number: usize, seed: u8| {
        let mut record = golden()[number].clone();
        sign(&mut record, seed, "official");
        record
    };
    let (open, batch) = (official(0, CHAIR), official(1, 1));
    let mut close = with_text(&open, b"shomar-control 1\naction\tclose\nat\t1\nwhy\tx\n");
    close[56] += 1;
    let place = close.len() - 128;
    close[place..place + 32].copy_from_slice(&record_hash(&open));
    sign(&mut close, CHAIR, "official");
    let night = [open.clone(), batch.clone(), close];
    assert_eq!(said(&night, &election), None);
    let early = said(&[batch, open], &election);
    assert_eq!(early.as_deref(), Some("record: before the vote is open"));
    assert_eq!(said(&night[..2], &election).as_deref(), Some("journal: not closed"));
    let test = said(&golden()[..1], &election);
    assert_eq!(test.as_deref(), Some("record: signature"), "of a test");
    let mut unsigned = COLUMNAR.election();
    unsigned.mode = "official".to_owned();
    let verdict = verdict_of(&COLUMNAR.segments(), &unsigned).err();
    assert_eq!(verdict.as_deref(), Some("record: unsigned"));
    let mut keyless = SIGNED.election();
    keyless.stations[0].devices[0] = None;
    assert_eq!(said(&golden()[..2], &keyless).as_deref(), Some("record: no key"));
    // No point, one of small order, and another spelling of one.
    let (mut small, mut other) = ([0; 32], [0xff; 32]);
    small[0] = 1;
    other[31] = 0x7f;
    for key in [[0xfd; 32], small, other] {
        keyless.stations[0].devices[0] = Some(key);
        assert_eq!(said(&golden()[..2], &keyless).as_deref(), Some("signature: key"), "{key:?}");
    }
}

#[test]
fn two_records_of_one_number_are_refused() {
    let same = "record: another one of the same number";
    // As a recount of the same number: another record of the same address.
    let mut records = golden()[..2].to_vec();
    let mut recount = records[1].clone();
    recount[10] = 3;
    sign(&mut recount, 1, "test");
    records.push(recount);
    let words = "another record of the same address";
    refuses(&[journal_of(&records)], same, words, Who::Count);
    // Of another district it is another address, and only its chain tells.
    let mut records = golden()[..5].to_vec();
    let place = records[4].len() - 128;
    records[4][56] = 0;
    records[4][place..place + 32].fill(0);
    sign(&mut records[4], 1, "test");
    refuses(&[journal_of(&records)], same, "", Who::Nobody);
}
