//! Damage of what was acknowledged is refused, and nothing is changed then.

use shomar_format::Fault;
use shomar_format::segment::SegmentReader;
use shomar_format::unclosed::{Rest, Unclosed, examine_unclosed};

use super::harness::Step::{Append, Close, Commit};
use super::harness::{Model, OpenError, open};
use crate::crash_disk::CrashDisk;
use crate::journal::{CommitError, JournalError};

const ACTIVE: &str = "000001.segment.open";
const HINT: &str = ".durable";

type Examine = fn(&[u8]) -> Result<Unclosed, Fault>;

/// One closed segment, and an active one with three groups; everything acknowledged and synced.
fn journal() -> (CrashDisk, Model) {
    let disk = CrashDisk::new();
    let mut model = Model::default();
    let steps = [
        Append(0),
        Append(1),
        Commit,
        Close,
        Append(1),
        Commit,
        Append(0),
        Append(2),
        Commit,
        Append(1),
        Append(0),
        Commit,
    ];
    model.run(&disk, &steps).unwrap();
    (disk, model)
}

/// Where the last group of the active segment begins: records 5 and 6.
fn last_group(bytes: &[u8]) -> usize {
    let mut reader = SegmentReader::open_unclosed(bytes).unwrap();
    loop {
        let at = reader.offset();
        if reader.next_record().unwrap().unwrap().position == 5 {
            return at;
        }
    }
}

/// Flips every bit of the active segment in turn; the bits after which a journal opens, with less
/// in it. Whatever is refused must stay as it is.
pub(super) fn bits_cut(with_hint: bool, examine: Examine) -> Result<Vec<usize>, String> {
    let (disk, model) = journal();
    if !with_hint {
        disk.put(HINT, None);
    }
    let bytes = disk.contents(ACTIVE).unwrap();
    let mut cut = Vec::new();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let damaged = disk.copy();
        damaged.put(ACTIVE, Some(&flipped));
        let before = damaged.files();
        match open(damaged.clone(), examine, &model) {
            Err(OpenError::Refused(JournalError::Fault { path, .. })) => {
                assert!(path.ends_with(ACTIVE), "{}", path.display());
                assert!(damaged.files() == before, "bit {bit}: something was changed");
            }
            Err(OpenError::Wrong(lost)) if lost.starts_with("lost") => {
                if bit / 8 < last_group(&bytes) {
                    return Err(format!("bit {bit}: {lost}"));
                }
                // Cut, and kept.
                let torn = damaged.files().into_iter().find(|(name, _)| name.ends_with(".torn"));
                assert!(flipped.ends_with(&torn.unwrap().1));
                cut.push(bit);
            }
            other => panic!("bit {bit}: {other:?}"),
        }
    }
    Ok(cut)
}

#[test]
fn every_flipped_bit_is_refused_but_in_the_last_group() {
    let cut = bits_cut(false, examine_unclosed).unwrap();
    let (disk, _) = journal();
    let bytes = disk.contents(ACTIVE).unwrap();
    // Exactly these, every one of them: nothing behind says that they were acknowledged.
    assert_eq!(cut, (last_group(&bytes) * 8..bytes.len() * 8).collect::<Vec<_>>());
}

#[test]
fn with_the_hint_every_flipped_bit_is_refused() {
    assert_eq!(bits_cut(true, examine_unclosed), Ok(Vec::new()));
}

#[test]
fn a_lost_end_is_refused_with_the_hint_and_cannot_be_noticed_without() {
    let (disk, model) = journal();
    let bytes = disk.contents(ACTIVE).unwrap();
    for length in 0..bytes.len() {
        let damaged = disk.copy();
        damaged.put(ACTIVE, Some(&bytes[..length]));
        let before = damaged.files();
        let opened = open(damaged.clone(), examine_unclosed, &model);
        let refused = matches!(opened, Err(OpenError::Refused(JournalError::Fault { .. })));
        assert!(refused && damaged.files() == before, "cut to {length} bytes");
        damaged.put(HINT, None);
        let opened = open(damaged, examine_unclosed, &model);
        assert!(matches!(opened, Err(OpenError::Wrong(_))), "cut to {length} bytes: {opened:?}");
    }
}

#[test]
fn every_flipped_bit_of_frames_in_a_closed_segment_is_refused() {
    let (disk, model) = journal();
    let name = "000000.segment";
    let bytes = disk.contents(name).unwrap();
    // Bodies are not read when the journal is opened: header, first frame, close frame.
    for byte in (0..128).chain(bytes.len() - 64..bytes.len()) {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[byte] ^= 1 << bit;
            let damaged = disk.copy();
            damaged.put(name, Some(&flipped));
            let opened = open(damaged, examine_unclosed, &model);
            let refused = matches!(opened, Err(OpenError::Refused(JournalError::Fault { .. })));
            assert!(refused, "bit {bit} of byte {byte}");
        }
    }
    for length in 0..bytes.len() {
        let damaged = disk.copy();
        damaged.put(name, Some(&bytes[..length]));
        let opened = open(damaged, examine_unclosed, &model);
        let refused = matches!(opened, Err(OpenError::Refused(JournalError::Fault { .. })));
        assert!(refused, "cut to {length} bytes");
    }
}

#[test]
fn a_flipped_bit_of_the_hint_changes_nothing() {
    let (disk, model) = journal();
    let bytes = disk.contents(HINT).unwrap();
    assert_eq!(bytes.len(), 32);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let damaged = disk.copy();
        damaged.put(HINT, Some(&flipped));
        assert_eq!(model.check(&damaged), Ok(7));
    }
}

#[test]
fn missing_foreign_and_doubled_files_are_named() {
    let (disk, model) = journal();
    let refused = |name: &str, contents: Option<&[u8]>| {
        let damaged = disk.copy();
        damaged.put(name, contents);
        match open(damaged, examine_unclosed, &model) {
            Err(OpenError::Refused(error)) => error.to_string(),
            other => panic!("{name}: {other:?}"),
        }
    };
    let active = disk.contents(ACTIVE).unwrap();
    let closed = disk.contents("000000.segment").unwrap();
    assert!(refused("000000.segment", None).contains("expected 000000.segment in its place"));
    assert!(refused("000003.segment", Some(&closed)).contains("expected 000001.segment in its"));
    assert!(refused("000002.segment.open", Some(&active)).contains("2 open segments"));
    assert!(refused("000001.segment", Some(&closed)).contains("in its place"));
    assert!(refused("notes", Some(b"x")).contains("no journal writes"));
    assert!(refused("1.segment", Some(b"x")).contains("no journal writes"));
    assert!(refused(ACTIVE, None).contains("found 1 closed segments with 2 records"));
    assert!(refused(ACTIVE, Some(&closed)).contains("number of the first record"));
    assert!(refused(ACTIVE, Some(&active[..64])).contains("all records below 7"));
    assert!(refused(ACTIVE, Some(b"")).contains("all records below 7"));
}

#[test]
fn what_is_no_segment_may_lie_beside_the_journal() {
    let (disk, model) = journal();
    for name in ["expected.json", "000000.64.torn", ".hidden", "Notes.TXT"] {
        disk.put(name, Some(b"x"));
    }
    assert_eq!(model.check(&disk), Ok(7));
}

#[test]
fn a_journal_of_another_election_is_refused() {
    let (disk, _) = journal();
    let opened = crate::journal::Journal::open(disk, [8; 32], Default::default(), |_| {});
    let error = opened.unwrap_err().to_string();
    assert!(error.contains("000000.segment: offset 24: definition digest"), "{error}");
}

#[test]
fn what_is_no_record_is_not_appended() {
    let (disk, model) = journal();
    let (mut journal, _) = open(disk, examine_unclosed, &model).unwrap();
    for length in [0, 64, 256, 321, 383] {
        let error = journal.append(&vec![0; length], 0).unwrap_err();
        assert!(matches!(error, CommitError::NoRecord { length: found } if found == length));
    }
    assert_eq!(journal.append(&model.appended[0], 0).unwrap(), 7);
}

/// Cuts whatever is not sound, as a reader of version 1 would have to.
pub(super) fn examine_without_durable(bytes: &[u8]) -> Result<Unclosed, Fault> {
    let mut unclosed = examine_unclosed(bytes)?;
    if let Rest::Damage(fault) = unclosed.rest {
        unclosed.rest = Rest::Torn { bytes: bytes.len() - unclosed.sound_length, fault };
    }
    Ok(unclosed)
}
