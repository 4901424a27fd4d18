//! Runs a workload on a disk that loses what is not synced, and holds what is found afterwards to
//! what was appended and acknowledged.
//!
//! In: steps, and a disk that was frozen, killed or made to fail at some operation. Out: how many
//! states were tried, or what was wrong in the first bad one. It never asks the journal what should
//! be there: the model is two lists.

use std::io;
use std::path::PathBuf;

use shomar_format::Fault;
use shomar_format::bytes::Digest32;
use shomar_format::checksum::checksum_with_hole;
use shomar_format::layout::record as at;
use shomar_format::segment::SegmentReader;
use shomar_format::unclosed::{Unclosed, examine_unclosed};

use crate::crash_disk::{CrashDisk, CrashFile, CrashLock, Failure};
use crate::disk::Disk;
use crate::journal::{Journal, JournalError, JournalOptions, open_with, readable_segments};

pub(super) const DEFINITION: Digest32 = [7; 32];
pub(super) const OPTIONS: JournalOptions = JournalOptions { segment_bytes_max: 1500 };

/// One thing that a headquarters does with its journal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Append a record of 320 bytes and this many blocks of 64 more.
    Append(usize),
    Commit,
    /// Close, and open again.
    Close,
    /// Stop without closing, and open again; the system stays up.
    Kill,
}

/// What a test plants in the disk or in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Bug {
    #[default]
    None,
    /// Acknowledges before anything is synced.
    SyncDoesNothing,
    FolderSyncDoesNothing,
    /// Takes over what a killed process had written as if it were durable.
    NoSyncWhileOpening,
}

/// What is tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trial {
    pub(super) bug: Bug,
    /// The system lets nobody write a hint, so that nothing but the segments speaks.
    pub(super) without_hint: bool,
}

/// A [`CrashDisk`] as a trial wants it.
#[derive(Clone, Debug, Default)]
pub(super) struct TestDisk {
    pub(super) inner: CrashDisk,
    pub(super) trial: Trial,
}

impl TestDisk {
    fn refuses(&self, name: &str) -> io::Result<()> {
        let refused = self.trial.without_hint && name == ".durable";
        if refused { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }
}

impl Disk for TestDisk {
    type File = CrashFile;
    type Lock = CrashLock;

    fn path(&self, name: &str) -> PathBuf {
        self.inner.path(name)
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }
    fn lock(&self, name: &str) -> io::Result<Option<CrashLock>> {
        self.inner.lock(name)
    }
    fn create_new(&self, name: &str) -> io::Result<CrashFile> {
        self.refuses(name)?;
        self.inner.create_new(name)
    }
    fn open(&self, name: &str, writing: bool) -> io::Result<CrashFile> {
        self.refuses(name)?;
        self.inner.open(name, writing)
    }
    fn length(&self, file: &CrashFile) -> io::Result<u64> {
        self.inner.length(file)
    }
    fn read(&self, file: &CrashFile, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.inner.read(file, offset, buffer)
    }
    fn write(&self, file: &CrashFile, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.inner.write(file, offset, bytes)
    }
    fn truncate(&self, file: &CrashFile, length: u64) -> io::Result<()> {
        self.inner.truncate(file, length)
    }
    fn sync_data(&self, file: &CrashFile) -> io::Result<()> {
        if self.trial.bug == Bug::SyncDoesNothing { Ok(()) } else { self.inner.sync_data(file) }
    }
    fn sync_all(&self, file: &CrashFile) -> io::Result<()> {
        let skipped = match self.trial.bug {
            Bug::SyncDoesNothing => true,
            // Groups are synced by `sync_data`. A header is what has just been written at 0.
            Bug::NoSyncWhileOpening => {
                let log = self.inner.log();
                !log.last().is_some_and(|last| last.starts_with("write 64 bytes at 0 "))
            }
            _ => false,
        };
        if skipped { Ok(()) } else { self.inner.sync_all(file) }
    }
    fn make_read_only(&self, file: &CrashFile) -> io::Result<()> {
        self.inner.make_read_only(file)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn sync_folder(&self) -> io::Result<()> {
        if self.trial.bug == Bug::FolderSyncDoesNothing { Ok(()) } else { self.inner.sync_folder() }
    }
}

/// A record as the journal knows one: a length, a checksum, and bytes that no other record has.
pub(super) fn record(serial: usize, blocks: usize) -> Vec<u8> {
    let mut state = (serial as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut record: Vec<u8> = (0..320 + 64 * blocks)
        .map(|_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .collect();
    let checksum = checksum_with_hole(&record, at::CHECKSUM_OFFSET);
    record[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
    record
}

/// When a record was received, so that this too can be told apart.
pub(super) fn received(record: &[u8]) -> u64 {
    1_700_000_000_000 + u64::from(record[0]) * 256 + u64::from(record[1])
}

/// What was given to a journal, by position, and how much of it was acknowledged.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) appended: Vec<Vec<u8>>,
    pub(super) acknowledged: usize,
    pub(super) serial: usize,
}

type Examine = fn(&[u8]) -> Result<Unclosed, Fault>;

/// Opens the journal and holds what it shows to the model; how many records it has shown.
pub(super) fn open<D: Disk>(
    disk: D,
    examine: Examine,
    model: &Model,
) -> Result<(Journal<D>, usize), OpenError> {
    let mut wrong = None;
    let mut count = 0;
    let journal = open_with(disk, DEFINITION, OPTIONS, examine, &mut |visited| {
        let same = model.appended.get(count).is_some_and(|record| {
            visited.position == count as u64
                && visited.length == record.len() as u64
                && visited.received_at_ms == received(record)
                && record.starts_with(visited.header)
                && record.ends_with(visited.trailer)
        });
        if !same && wrong.is_none() {
            wrong = Some(format!("shown as record {count} is {visited:?}"));
        }
        count += 1;
    })
    .map_err(OpenError::Refused)?;
    if let Some(wrong) = wrong {
        return Err(OpenError::Wrong(wrong));
    }
    if count < model.acknowledged {
        let lost = format!("lost: {} acknowledged, {count} shown", model.acknowledged);
        return Err(OpenError::Wrong(lost));
    }
    assert_eq!(journal.durable().next_position, count as u64);
    Ok((journal, count))
}

#[derive(Debug)]
pub(super) enum OpenError {
    Refused(JournalError),
    Wrong(String),
}

impl Model {
    /// Does the steps as far as the disk lets it; says so if a journal shows something wrong.
    pub(super) fn run<D: Disk + Clone>(&mut self, disk: &D, steps: &[Step]) -> Result<(), String> {
        let Some(mut journal) = self.reopen(disk)? else { return Ok(()) };
        for step in steps {
            match step {
                Step::Append(blocks) => {
                    let record = record(self.serial, *blocks);
                    self.serial += 1;
                    let position = journal.append(&record, received(&record));
                    assert_eq!(position.unwrap(), self.appended.len() as u64);
                    self.appended.push(record);
                }
                Step::Commit => {
                    let Ok(durable) = journal.commit() else { return Ok(()) };
                    assert_eq!(durable.next_position, self.appended.len() as u64);
                    self.acknowledged = self.appended.len();
                }
                Step::Close | Step::Kill => {
                    if matches!(step, Step::Close) {
                        let Ok(_) = journal.close() else { return Ok(()) };
                        self.acknowledged = self.appended.len();
                    } else {
                        drop(journal);
                    }
                    match self.reopen(disk)? {
                        Some(again) => journal = again,
                        None => return Ok(()),
                    }
                }
            }
        }
        Ok(())
    }

    /// `None` if the disk let it not.
    fn reopen<D: Disk + Clone>(&mut self, disk: &D) -> Result<Option<Journal<D>>, String> {
        match open(disk.clone(), examine_unclosed, self) {
            Ok((journal, count)) => {
                // What was shown is durable, and what was not shown was never written.
                self.acknowledged = count;
                self.appended.truncate(count);
                Ok(Some(journal))
            }
            Err(OpenError::Refused(JournalError::Io { .. })) => Ok(None),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    /// Opens what a crash has left, uses it on, closes it, and reads all of it as a count would.
    pub(super) fn check(&self, disk: &CrashDisk) -> Result<usize, String> {
        self.check_readable(disk)?;
        let opened = open(disk.clone(), examine_unclosed, self);
        let (mut journal, count) = opened.map_err(|error| format!("opening failed: {error:?}"))?;
        let mut expected = self.appended[..count].to_vec();
        let more = record(usize::MAX >> 1, 1);
        journal.append(&more, received(&more)).unwrap();
        journal.commit().unwrap();
        journal.close().unwrap();
        expected.push(more);
        let found = closed_records(disk)?;
        if found != expected {
            return Err(format!("{} records found, {} expected", found.len(), expected.len()));
        }
        Ok(count)
    }

    /// What another process may read is a beginning of what was appended.
    fn check_readable(&self, disk: &CrashDisk) -> Result<(), String> {
        let readable = readable_segments(disk).map_err(|error| format!("reading: {error}"))?;
        let mut count = 0;
        for segment in readable {
            let mut bytes = vec![0; usize::try_from(segment.length).unwrap()];
            disk.read(&segment.file, 0, &mut bytes).unwrap();
            let fault = |fault| format!("reading: {fault}");
            let mut reader = match segment.closed {
                true => SegmentReader::open(&bytes).map_err(fault)?,
                false => SegmentReader::open_unclosed(&bytes).map_err(fault)?,
            };
            while let Some(framed) = reader.next_record().map_err(fault)? {
                if self.appended.get(count).is_none_or(|record| record != framed.record) {
                    return Err(format!("readable as record {count} is something else"));
                }
                count += 1;
            }
        }
        Ok(())
    }
}

/// The records of a journal that was closed.
pub(super) fn closed_records(disk: &CrashDisk) -> Result<Vec<Vec<u8>>, String> {
    let mut found = Vec::new();
    for (name, bytes) in disk.files() {
        if name.ends_with(".open") {
            return Err(format!("{name} was left open"));
        }
        if !name.ends_with(".segment") {
            continue;
        }
        let mut reader = SegmentReader::open(&bytes).map_err(|fault| format!("{name}: {fault}"))?;
        while let Some(framed) = reader.next_record().map_err(|fault| format!("{name}: {fault}"))? {
            if framed.position != found.len() as u64
                || framed.received_at_ms != received(framed.record)
            {
                return Err(format!("{name}: {framed:?} in place of record {}", found.len()));
            }
            found.push(framed.record.to_vec());
        }
    }
    Ok(found)
}

/// How much was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tried {
    /// Operations at which the power went.
    pub(super) operations: usize,
    /// States after that, each opened, used on, closed and read.
    pub(super) states: usize,
    /// Of these, states after a crash of the recovery of another crash.
    pub(super) recoveries: usize,
}

impl Tried {
    pub(super) fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.states += other.states;
        self.recoveries += other.recoveries;
    }
}

/// Tries the workload with a loss of power, a killed process and a failed sync at every operation,
/// and with another loss of power at every operation of the recovery of every `stride`-th state.
pub(super) fn crash_everywhere(
    trial: Trial,
    steps: &[Step],
    stride: usize,
) -> Result<Tried, String> {
    let whole = TestDisk { inner: CrashDisk::new(), trial };
    Model::default().run(&whole, steps)?;
    let mut tried = Tried::default();
    for operation in 0..=whole.inner.operations() {
        let disk = TestDisk { inner: CrashDisk::new(), trial };
        disk.inner.freeze_at(operation);
        let mut model = Model::default();
        model.run(&disk, steps)?;
        let place = |what: &str, error| format!("{what} before operation {operation}: {error}");
        for (number, (state, image)) in disk.inner.power_cuts().into_iter().enumerate() {
            if (number + operation).is_multiple_of(stride) {
                crash_the_recovery(trial, &model, &image.copy(), &mut tried)
                    .map_err(|error| place(&format!("power cut twice, first {state},"), error))?;
            }
            tried.states += 1;
            model.check(&image).map_err(|error| place(&format!("power cut, {state},"), error))?;
        }
        crash_the_recovery(trial, &model, &disk.inner.copy(), &mut tried)
            .map_err(|error| place("process killed", error))?;
        tried.operations += 1;
        let failing = TestDisk { inner: CrashDisk::new(), trial };
        failing.inner.fail_at(operation, Failure::Refused);
        let mut model = Model::default();
        model.run(&failing, steps)?;
        crash_the_recovery(trial, &model, &failing.inner.copy(), &mut tried)
            .map_err(|error| place("refused, and power cut,", error))?;
    }
    Ok(tried)
}

/// The power goes at every operation of an opening, and after it.
fn crash_the_recovery(
    trial: Trial,
    model: &Model,
    found: &CrashDisk,
    tried: &mut Tried,
) -> Result<(), String> {
    let mut operation = 0;
    loop {
        let disk = TestDisk { inner: found.copy(), trial };
        disk.inner.freeze_at(operation);
        let mut model = model.clone();
        let opened = open(disk.clone(), examine_unclosed, &model);
        let done = match opened {
            Ok((journal, count)) => {
                model.acknowledged = count;
                model.appended.truncate(count);
                drop(journal);
                !disk.inner.is_frozen()
            }
            Err(OpenError::Refused(_)) if disk.inner.is_frozen() => false,
            Err(error) => return Err(format!("opening failed: {error:?}")),
        };
        for (state, image) in disk.inner.power_cuts() {
            tried.states += 1;
            tried.recoveries += 1;
            model.check(&image).map_err(|error| {
                format!("again at operation {operation} of the recovery, {state}: {error}")
            })?;
        }
        if done {
            return Ok(());
        }
        operation += 1;
    }
}
