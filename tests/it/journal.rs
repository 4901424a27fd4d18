//! What a live journal wrote counts like what was sealed at once.
//!
//! In: the records of a small sealed folder. Out: the same, appended to a journal, killed and
//! closed. Never: a record changed on the way.

use std::path::{Path, PathBuf};

use shomar_engine::{Definition, Kernel};
use shomar_format::segment::SegmentReader;
use shomar_store::disk::DirectoryDisk;
use shomar_store::journal::{Journal, JournalOptions};

use crate::bad_segments::count;
use crate::kit::{self, fixture, run, text};

/// A sealed folder, and its election and records in a journal of several segments.
fn journal() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let (sealed, live) = (directory.path().join("sealed"), directory.path().join("live"));
    kit::seal(&fixture("small/election"), &fixture("small/ballots.csv"), &sealed);
    let definition = Definition::open(&sealed.join("election")).unwrap();
    let open = |records: u64| {
        let disk = DirectoryDisk::create(&live).unwrap();
        let options = JournalOptions { segment_bytes_max: 1 };
        let mut shown = 0;
        let digest = *definition.counting().digest();
        let journal = Journal::open(disk, digest, options, |_| shown += 1).unwrap();
        assert_eq!(shown, records);
        journal
    };
    let mut journal = open(0);
    let mut records = 0;
    for segment in shomar_store::list_segments(&sealed).unwrap() {
        let bytes = std::fs::read(segment).unwrap();
        let mut reader = SegmentReader::open(&bytes).unwrap();
        while let Some(framed) = reader.next_record().unwrap() {
            journal.append(framed.record, 1_700_000_000_000 + framed.position).unwrap();
            records += 1;
            journal.commit().unwrap();
            if records == 2 {
                drop(journal);
                journal = open(records);
            }
        }
    }
    assert!(records > 2);
    journal.close().unwrap();
    kit::copy_files(&sealed.join("election"), &live.join("election"));
    (directory, sealed, live)
}

fn tally(directory: &Path) -> String {
    let (code, stdout, stderr) = run(["tally", text(directory), "--format", "json"]);
    assert_eq!(code, 0, "{stderr}");
    stdout
}

#[test]
fn a_journal_counts_like_a_sealed_folder() {
    let (_directory, sealed, live) = journal();
    assert_eq!(tally(&live), tally(&sealed));
    let segments = shomar_store::list_segments(&live).unwrap();
    assert!(segments.len() > 1);
    let (code, stdout, stderr) = run(["inspect", text(&segments[0])]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("segment, format version 2"), "{stdout}");
    assert!(stdout.contains("received at 1700000000000 ms"), "{stdout}");
    let (code, stdout, _) =
        run(["inspect", text(&shomar_store::list_segments(&sealed).unwrap()[0])]);
    assert_eq!(code, 0);
    assert!(stdout.contains("segment, format version 1"), "{stdout}");
}

#[test]
fn every_flipped_bit_of_a_segment_of_a_journal_is_refused() {
    let (directory, _, live) = journal();
    let definition = Definition::open(&live.join("election")).unwrap();
    let mut bytes = std::fs::read(&shomar_store::list_segments(&live).unwrap()[0]).unwrap();
    let segment = directory.path().join("flipped.segment");
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&segment, &bytes).unwrap();
        count(&definition, &segment, Kernel::best()).expect_err(&format!("bit {bit}"));
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    std::fs::write(&segment, &bytes).unwrap();
    count(&definition, &segment, Kernel::best()).expect("the undamaged segment counts");
}
