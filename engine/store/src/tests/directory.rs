//! The journal on a real folder.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Instant;

use shomar_format::segment::SegmentReader;

use super::harness::{DEFINITION, OPTIONS, received, record};
use crate::disk::DirectoryDisk;
use crate::journal::{Durable, Journal, JournalError, JournalOptions, open_for_reading};
use crate::{StoreError, list_segments};

fn open_in(directory: &Path) -> (Journal<DirectoryDisk>, Vec<u64>) {
    let disk = DirectoryDisk::create(directory).unwrap();
    let mut shown = Vec::new();
    let journal = Journal::open(disk, DEFINITION, OPTIONS, |visited| {
        assert_eq!(visited.position, shown.len() as u64);
        shown.push(visited.received_at_ms);
    })
    .unwrap();
    (journal, shown)
}

fn append(journal: &mut Journal<DirectoryDisk>, serials: std::ops::Range<usize>) -> Durable {
    for serial in serials {
        let record = record(serial, serial % 5);
        journal.append(&record, received(&record)).unwrap();
    }
    journal.commit().unwrap()
}

fn times(count: usize) -> Vec<u64> {
    (0..count).map(|serial| received(&record(serial, serial % 5))).collect()
}

/// How many records another process sees, each the right one.
fn readable(directory: &Path) -> usize {
    let mut count = 0;
    for segment in open_for_reading(directory).unwrap() {
        let mut bytes = Vec::new();
        (&segment.file).rewind().unwrap();
        (&segment.file).take(segment.length).read_to_end(&mut bytes).unwrap();
        let mut reader = SegmentReader::open_unclosed(&bytes).unwrap();
        while let Some(framed) = reader.next_record().unwrap() {
            assert_eq!(framed.record, record(count, count % 5));
            count += 1;
        }
    }
    count
}

#[test]
fn killed_and_closed_journals_go_on_in_a_real_folder() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("journal");
    let (mut journal, shown) = open_in(&directory);
    assert!(shown.is_empty());
    append(&mut journal, 0..2);
    let durable = append(&mut journal, 2..9);
    assert_eq!(fs::metadata(&durable.path).unwrap().len(), durable.length);
    assert_eq!(readable(&directory), 9);
    let second = Journal::open(DirectoryDisk::new(&directory), DEFINITION, OPTIONS, |_| {});
    assert!(matches!(second, Err(JournalError::Locked { .. })), "{second:?}");
    assert!(matches!(list_segments(&directory), Err(StoreError::LeftOpen { .. })));
    // What is not committed is gone with the process; a torn tail is cut, and kept.
    let lost = record(9, 0);
    journal.append(&lost, received(&lost)).unwrap();
    drop(journal);
    let mut file = OpenOptions::new().append(true).open(&durable.path).unwrap();
    file.write_all(&lost[..100]).unwrap();
    drop(file);
    assert_eq!(readable(&directory), 9);
    let (mut journal, shown) = open_in(&directory);
    assert_eq!(shown, times(9));
    let torn = directory.join(format!("{:06}.{}.torn", durable.segment, durable.length));
    assert_eq!(fs::read(torn).unwrap(), lost[..100]);
    append(&mut journal, 9..14);
    journal.close().unwrap();
    assert_eq!(readable(&directory), 14);
    let segments = list_segments(&directory).unwrap();
    assert!(segments.iter().all(|path| fs::metadata(path).unwrap().permissions().readonly()));
    let (journal, shown) = open_in(&directory);
    assert_eq!(shown, times(14));
    journal.close().unwrap();
    assert_eq!(list_segments(&directory).unwrap().len(), segments.len() + 1);
}

#[test]
fn a_journal_without_a_record_is_one_closed_segment() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open_in(folder.path());
    assert_eq!(journal.close().unwrap().next_position, 0);
    let segments = list_segments(folder.path()).unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!(fs::metadata(&segments[0]).unwrap().len(), 128);
}

#[test]
fn readers_see_no_less_than_was_acknowledged_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_in(folder.path());
    std::thread::scope(|scope| {
        let (send, acknowledged) = std::sync::mpsc::channel();
        scope.spawn(move || {
            for serial in 0..200 {
                append(&mut journal, serial..serial + 1);
                send.send(serial + 1).unwrap();
            }
        });
        let mut looks = 0;
        while let Ok(mut count) = acknowledged.recv() {
            count = acknowledged.try_iter().last().unwrap_or(count);
            assert!(readable(folder.path()) >= count);
            looks += 1;
        }
        assert!(looks > 0);
    });
}

/// A nation is 130,000 records of 5 kB; `SHOMAR_SOAK_RECORDS` asks for as many.
#[test]
fn a_long_journal_is_opened_without_reading_bodies() {
    let asked = std::env::var("SHOMAR_SOAK_RECORDS").ok().and_then(|text| text.parse().ok());
    let records: usize = asked.unwrap_or(2_000);
    let folder = tempfile::tempdir().unwrap();
    let options = JournalOptions::default();
    let disk = DirectoryDisk::new(folder.path());
    let mut journal = Journal::open(disk.clone(), DEFINITION, options, |_| {}).unwrap();
    let record = record(1, 75);
    let began = Instant::now();
    for position in 0..records {
        journal.append(&record, 1).unwrap();
        if position % 500 == 499 {
            journal.commit().unwrap();
        }
    }
    journal.commit().unwrap();
    drop(journal);
    eprintln!("{records} records of {} bytes: {:?} to write", record.len(), began.elapsed());
    for what in ["killed", "closed"] {
        let began = Instant::now();
        let mut shown = 0;
        let journal = Journal::open(disk.clone(), DEFINITION, options, |visited| {
            assert!(record.starts_with(visited.header) && record.ends_with(visited.trailer));
            shown += 1;
        });
        eprintln!("{:?} to open when it was {what}", began.elapsed());
        assert_eq!(shown, records as u64);
        journal.unwrap().close().unwrap();
    }
}
