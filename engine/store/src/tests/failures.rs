//! A system that refuses: no room, a failed sync, a second writer.

use shomar_format::unclosed::examine_unclosed;

use super::harness::Step::{Append, Commit};
use super::harness::{Model, OpenError, TestDisk, open, received, record};
use crate::crash_disk::{CrashDisk, Failure};
use crate::disk::Disk;
use crate::journal::{CommitError, Journal, JournalError};

/// A journal with one record, and a second one in memory.
fn about_to_commit() -> (CrashDisk, Model, Journal<CrashDisk>) {
    let disk = CrashDisk::new();
    let mut model = Model::default();
    model.run(&disk, &[Append(1), Commit]).unwrap();
    let (mut journal, _) = open(disk.clone(), examine_unclosed, &model).unwrap();
    let more = record(99, 3);
    journal.append(&more, received(&more)).unwrap();
    model.appended.push(more);
    (disk, model, journal)
}

fn refuses_everything(mut journal: Journal<CrashDisk>, disk: &CrashDisk) {
    let operations = disk.operations();
    let again = journal.append(&record(100, 0), 0);
    assert!(matches!(again, Err(CommitError::PreviousFailure)), "{again:?}");
    assert!(matches!(journal.commit(), Err(CommitError::PreviousFailure)));
    assert_eq!(journal.durable().next_position, 1);
    assert!(matches!(journal.close(), Err(CommitError::PreviousFailure)));
    assert_eq!(disk.operations(), operations, "nothing is tried again");
}

#[test]
fn no_room_in_the_middle_of_a_write_leaves_what_was_acknowledged() {
    let group = 64 + record(99, 3).len();
    for room in 0..group {
        let (disk, model, mut journal) = about_to_commit();
        disk.fail_at(disk.operations(), Failure::NoRoomAfter(room));
        let error = journal.commit().unwrap_err();
        assert!(matches!(error, CommitError::StorageFull { .. }), "{error:?}");
        assert!(error.to_string().contains("no room is left"), "{error}");
        refuses_everything(journal, &disk);
        for (state, image) in disk.power_cuts() {
            assert_eq!(model.check(&image), Ok(1), "{state}");
        }
        assert_eq!(model.check(&disk), Ok(1));
    }
}

#[test]
fn no_room_for_the_next_segment_is_told_as_such() {
    // The first operations of a group that rolls over: close frame, sync, read-only, rename, sync
    // of the folder, create, header.
    for (operation, full) in
        [(0, true), (1, false), (2, true), (3, true), (4, false), (5, true), (6, true), (7, false)]
    {
        let disk = CrashDisk::new();
        let mut model = Model::default();
        model.run(&disk, &[Append(9), Append(9), Commit]).unwrap();
        let (mut journal, _) = open(disk.clone(), examine_unclosed, &model).unwrap();
        let more = record(99, 0);
        journal.append(&more, received(&more)).unwrap();
        model.appended.push(more);
        disk.fail_at(disk.operations() + operation, Failure::NoRoomAfter(0));
        let error = journal.commit().unwrap_err();
        assert_eq!(
            matches!(error, CommitError::StorageFull { .. }),
            full,
            "{operation}: {error:?}"
        );
        assert_eq!(matches!(error, CommitError::Fatal { .. }), !full, "{operation}: {error:?}");
        drop(journal);
        assert_eq!(model.check(&disk), Ok(2));
    }
}

#[test]
fn a_failed_sync_is_fatal_and_final() {
    let (disk, model, mut journal) = about_to_commit();
    disk.fail_at(disk.operations() + 1, Failure::Refused);
    let error = journal.commit().unwrap_err();
    assert!(matches!(error, CommitError::Fatal { action: "sync", .. }), "{error:?}");
    assert!(error.to_string().contains("the process must stop"), "{error}");
    refuses_everything(journal, &disk);
    // The system shows the bytes and calls them clean; the disk does not have them. Who takes them
    // over must write them again.
    let (journal, count) = open(disk.clone(), examine_unclosed, &model).unwrap();
    assert_eq!(count, 2);
    drop(journal);
    let model = Model { acknowledged: 2, ..model };
    for (state, image) in disk.power_cuts() {
        assert_eq!(model.check(&image), Ok(2), "{state}");
    }
}

#[test]
fn a_second_writer_is_refused_by_name() {
    let (disk, model, journal) = about_to_commit();
    let Err(OpenError::Refused(error)) = open(disk.clone(), examine_unclosed, &model) else {
        panic!("two writers");
    };
    assert!(matches!(error, JournalError::Locked { .. }));
    assert!(error.to_string().contains(".journal.lock: found it locked"), "{error}");
    drop(journal);
    open(disk, examine_unclosed, &model).unwrap();
}

#[test]
fn a_hint_that_cannot_be_written_is_no_failure() {
    let (disk, mut model, mut journal) = about_to_commit();
    disk.fail_at(disk.operations() + 2, Failure::Refused);
    journal.commit().unwrap();
    model.acknowledged = 2;
    assert!(disk.log().last().unwrap().starts_with("write 32 bytes at 0"));
    let more = record(98, 0);
    journal.append(&more, received(&more)).unwrap();
    model.appended.push(more);
    journal.commit().unwrap();
    model.acknowledged = 3;
    drop(journal);
    assert_eq!(model.check(&disk), Ok(3));
}

#[test]
fn a_commit_of_nothing_asks_nothing_of_the_disk() {
    let disk = TestDisk::default();
    let (mut journal, _) = open(disk.clone(), examine_unclosed, &Model::default()).unwrap();
    let operations = disk.inner.operations();
    let durable = journal.commit().unwrap();
    assert_eq!((durable.length, durable.next_position), (64, 0));
    assert_eq!(durable.path, disk.path("000000.segment.open"));
    assert_eq!(disk.inner.operations(), operations);
}
