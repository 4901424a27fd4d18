//! The journal of an election night: records go in, and are acknowledged when they are durable.
//!
//! In: sealed records, and when each was received. Out: the durable frontier, up to which every
//! record survives a loss of power. Never: a record looked into; a clock read; a number given out
//! for what is not synced; a write or a sync tried again after it failed; a byte that was ever
//! acknowledged cut, changed or passed over.
//!
//! One process writes, and the lock holds that. It writes group by group: [`Journal::append`] puts
//! records together in memory, [`Journal::commit`] writes and syncs them at once.

mod error;
mod hint;
mod names;
mod reading;
mod recovery;
mod walk;

use std::path::PathBuf;

use shomar_format::bytes::Digest32;
use shomar_format::layout::segment;
use shomar_format::limits;
use shomar_format::segment::{journal_close_frame, journal_header, journal_record_frame};

use crate::disk::Disk;
pub use error::{CommitError, JournalError};
use error::{Refusal, refused};
use hint::{Hint, HintFile};
pub use reading::{Readable, open_for_reading, readable_segments};
#[cfg(test)]
pub(crate) use recovery::open_with;
pub use walk::Visited;

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// A segment of this length or more gets no further group. It has one in any case.
    pub segment_bytes_max: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { segment_bytes_max: limits::SEGMENT_BYTES_MAX }
    }
}

/// Up to where everything is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    /// Number of the segment in which it ends.
    pub segment: u64,
    /// The file of that segment.
    pub path: PathBuf,
    /// Its durable bytes. They end between two records.
    pub length: u64,
    /// Records of the journal that are durable: all with lower numbers than this.
    pub next_position: u64,
}

/// A journal, open for writing.
#[derive(Debug)]
pub struct Journal<D: Disk> {
    disk: D,
    _lock: D::Lock,
    definition: Digest32,
    options: JournalOptions,
    active: Active<D::File>,
    durable: Durable,
    hint: HintFile<D::File>,
    /// Frames and records that are not written yet.
    group: Vec<u8>,
    /// The number of the next record that is appended.
    next_position: u64,
    /// A write or a sync has failed: what is on disk behind the frontier is anybody's guess.
    failed: bool,
}

/// The segment that is being written.
#[derive(Debug)]
struct Active<F> {
    number: u64,
    file: F,
    length: u64,
}

impl<D: Disk> Journal<D> {
    /// Opens the journal in the folder of `disk`, or begins one. Every record that is there is
    /// shown to `visit` once, in order; when this returns all of them are durable. What a crash
    /// left behind is put right first: a torn tail is kept beside the segment and cut, a closing
    /// that was interrupted is finished.
    ///
    /// # Errors
    /// If another process has the journal open; if bytes that were acknowledged are damaged or
    /// missing, or anything stands there that no crash explains (then nothing was changed); or if
    /// the system refuses. What was shown to `visit` then means nothing.
    pub fn open(
        disk: D,
        definition: Digest32,
        options: JournalOptions,
        mut visit: impl FnMut(&Visited<'_>),
    ) -> Result<Self, JournalError> {
        recovery::open(disk, definition, options, &mut visit)
    }

    /// Adds a sealed record, as it is, to the group in memory; its number in the journal. Nothing
    /// of it is on disk before the next [`Journal::commit`]. The caller bounds the group.
    ///
    /// # Errors
    /// If the bytes have not the length of a record, or the journal has failed before.
    pub fn append(&mut self, record: &[u8], received_at_ms: u64) -> Result<u64, CommitError> {
        if self.failed {
            return Err(CommitError::PreviousFailure);
        }
        let length = record.len();
        let fits = (limits::RECORD_BYTES_MIN as u64..=limits::RECORD_BYTES_MAX)
            .contains(&(length as u64))
            && length.is_multiple_of(limits::ALIGNMENT);
        if !fits {
            return Err(CommitError::NoRecord { length });
        }
        let position = self.next_position;
        let durable = self.durable.next_position;
        let frame = journal_record_frame(length, position, received_at_ms, durable);
        self.group.extend_from_slice(&frame);
        self.group.extend_from_slice(record);
        self.next_position += 1;
        Ok(position)
    }

    /// Bytes of the group in memory.
    #[must_use]
    pub fn group_bytes(&self) -> usize {
        self.group.len()
    }

    /// The frontier as it stands.
    #[must_use]
    pub fn durable(&self) -> &Durable {
        &self.durable
    }

    /// Writes and syncs the group. Only when this has returned, its records may be acknowledged.
    ///
    /// # Errors
    /// If the system refuses: nothing of the group is acknowledged, and the journal must not be
    /// used again. [`CommitError`] says whether the process may go on without it.
    pub fn commit(&mut self) -> Result<Durable, CommitError> {
        if self.failed {
            return Err(CommitError::PreviousFailure);
        }
        if !self.group.is_empty() {
            // Until it has come out well.
            self.failed = true;
            self.write_group()?;
            self.failed = false;
        }
        Ok(self.durable.clone())
    }

    /// Commits what is left and closes the active segment: the folder then has closed ones only.
    ///
    /// # Errors
    /// As [`Journal::commit`].
    pub fn close(mut self) -> Result<Durable, CommitError> {
        self.commit()?;
        self.close_segment()?;
        Ok(self.durable)
    }

    fn write_group(&mut self) -> Result<(), Refusal> {
        // However small the limit, a segment has room for one group.
        let is_empty = self.active.length <= segment::HEADER_BYTES as u64;
        if !is_empty && self.active.length >= self.options.segment_bytes_max {
            self.close_segment()?;
            let number = self.active.number + 1;
            self.active = begin_segment(&self.disk, &self.definition, number, &self.durable)?;
        }
        let path = self.disk.path(&names::open_name(self.active.number));
        let active = &mut self.active;
        self.disk
            .write(&active.file, active.length, &self.group)
            .map_err(refused(&path, "write"))?;
        self.disk.sync_data(&active.file).map_err(refused(&path, Refusal::SYNC))?;
        active.length += self.group.len() as u64;
        self.group.clear();
        self.durable = Durable {
            segment: active.number,
            path,
            length: active.length,
            next_position: self.next_position,
        };
        self.hint.write(&self.disk, &Hint::of(&self.durable));
        Ok(())
    }

    /// Gives the active segment, in which everything is synced, its close frame and its name.
    fn close_segment(&mut self) -> Result<(), Refusal> {
        let Active { number, file, length } = &self.active;
        let path = self.disk.path(&names::open_name(*number));
        let frame = journal_close_frame(self.durable.next_position);
        self.disk.write(file, *length, &frame).map_err(refused(&path, "write"))?;
        finish_closing(&self.disk, *number, file)?;
        self.durable = Durable {
            segment: *number,
            path: self.disk.path(&names::closed_name(*number)),
            length: length + frame.len() as u64,
            next_position: self.durable.next_position,
        };
        Ok(())
    }
}

/// What is to be done once the close frame is written.
fn finish_closing<D: Disk>(disk: &D, number: u64, file: &D::File) -> Result<(), Refusal> {
    let (open, closed) = (names::open_name(number), names::closed_name(number));
    let path = disk.path(&open);
    disk.sync_all(file).map_err(refused(&path, Refusal::SYNC))?;
    disk.make_read_only(file).map_err(refused(&path, "make read-only"))?;
    disk.rename(&open, &closed).map_err(refused(&path, "rename"))?;
    sync_folder(disk)
}

fn sync_folder<D: Disk>(disk: &D) -> Result<(), Refusal> {
    disk.sync_folder().map_err(refused(&disk.path(""), Refusal::SYNC))
}

/// Makes an empty segment behind everything that is durable.
fn begin_segment<D: Disk>(
    disk: &D,
    definition: &Digest32,
    number: u64,
    durable: &Durable,
) -> Result<Active<D::File>, Refusal> {
    let name = names::open_name(number);
    let file = disk.create_new(&name).map_err(refused(&disk.path(&name), "create"))?;
    write_header(disk, definition, number, file, durable.next_position)
}

/// Writes the header of a segment that has none.
fn write_header<D: Disk>(
    disk: &D,
    definition: &Digest32,
    number: u64,
    file: D::File,
    first_position: u64,
) -> Result<Active<D::File>, Refusal> {
    let path = disk.path(&names::open_name(number));
    let header = journal_header(definition, first_position);
    disk.write(&file, 0, &header).map_err(refused(&path, "write"))?;
    disk.sync_all(&file).map_err(refused(&path, Refusal::SYNC))?;
    sync_folder(disk)?;
    Ok(Active { number, file, length: header.len() as u64 })
}
