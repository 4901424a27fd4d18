//! What other programs may read of a journal, while it is being written or after.
//!
//! In: the folder of a journal. Out: its segments, open, each with the length that may be read.
//! Never: a lock taken, a file changed, a damaged segment handed out as a shorter one.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use shomar_format::Fault;
use shomar_format::limits;
use shomar_format::unclosed::{Rest, examine_unclosed};

use super::error::{JournalError, refused};
use super::hint::Hint;
use super::names::{self, Segments};
use super::walk::to_usize;
use crate::disk::{DirectoryDisk, Disk};

/// A writer may close a segment between two looks at the folder; not time after time.
const LOOKS_MAX: usize = 16;

/// A segment that may be read.
#[derive(Debug)]
pub struct Readable<F> {
    /// Its number.
    pub number: u64,
    /// Its name when it was opened; a writer may have closed it since, and renamed it.
    pub path: PathBuf,
    /// The file, which stays this one whatever it is called. Its cursor may stand anywhere.
    pub file: F,
    /// Bytes that may be read. They end between two records, or with the close frame.
    pub length: u64,
    /// It is closed: it must end in a close frame. Else read it with
    /// [`shomar_format::segment::SegmentReader::open_unclosed`].
    pub closed: bool,
}

/// The segments of the journal in `directory` (see [`readable_segments`]).
///
/// # Errors
/// As [`readable_segments`].
pub fn open_for_reading(directory: &Path) -> Result<Vec<Readable<File>>, JournalError> {
    readable_segments(&DirectoryDisk::new(directory))
}

/// The segments of a journal, the one that is being written last. Of that the hint says how much
/// may be read; without a hint for it, all records that are sound are.
///
/// # Errors
/// If segments are missing or foreign, the open one is damaged, or the system refuses.
pub fn readable_segments<D: Disk>(disk: &D) -> Result<Vec<Readable<D::File>>, JournalError> {
    let mut looks = 1;
    loop {
        match look(disk) {
            Err(error) if may_pass(&error) && looks < LOOKS_MAX => looks += 1,
            result => return result,
        }
    }
}

/// If this may be a writer at work, of which a second look sees the end.
fn may_pass(error: &JournalError) -> bool {
    match error {
        JournalError::Folder { .. } => true,
        JournalError::Io { source, .. } => source.kind() == ErrorKind::NotFound,
        _ => false,
    }
}

fn look<D: Disk>(disk: &D) -> Result<Vec<Readable<D::File>>, JournalError> {
    // First the hint: what it speaks of is there by then.
    let hint = Hint::read(disk);
    let segments = Segments::list(disk)?;
    if let Some(hint) = hint.filter(|hint| hint.segment >= segments.count()) {
        return Err(JournalError::Folder {
            path: disk.path(""),
            found: format!("{} segments", segments.count()),
            expected: format!("{} too", names::open_name(hint.segment)),
        });
    }
    let mut readable = Vec::new();
    for number in 0..segments.closed {
        let name = names::closed_name(number);
        let path = disk.path(&name);
        let file = disk.open(&name, false).map_err(refused(&path, "open"))?;
        let length = disk.length(&file).map_err(refused(&path, "read"))?;
        readable.push(Readable { number, path, file, length, closed: true });
    }
    if segments.open {
        readable.extend(look_at_open(disk, segments.closed, hint)?);
    }
    Ok(readable)
}

fn look_at_open<D: Disk>(
    disk: &D,
    number: u64,
    hint: Option<Hint>,
) -> Result<Option<Readable<D::File>>, JournalError> {
    let name = names::open_name(number);
    let path = disk.path(&name);
    let file = disk.open(&name, false).map_err(refused(&path, "open"))?;
    let length = disk.length(&file).map_err(refused(&path, "read"))?;
    let damaged = |fault| JournalError::Fault { path: path.clone(), fault };
    if let Some(hint) = hint.filter(|hint| hint.segment == number) {
        if hint.length > length || !hint.length.is_multiple_of(limits::ALIGNMENT as u64) {
            let found = format!("{length} bytes");
            let expected = format!("{}, which were durable", hint.length);
            let at = to_usize(length);
            return Err(damaged(Fault::new(at, "end of the segment", found, expected)));
        }
        let length = hint.length;
        return Ok(Some(Readable { number, path, file, length, closed: false }));
    }
    let mut bytes = vec![0; to_usize(length)];
    disk.read(&file, 0, &mut bytes).map_err(refused(&path, "read"))?;
    let unclosed = examine_unclosed(&bytes).map_err(damaged)?;
    if let Rest::Damage(fault) = unclosed.rest {
        return Err(damaged(fault));
    }
    let length = unclosed.sound_length as u64;
    // Without a header there is nothing to read: it was being created.
    Ok(unclosed.header.map(|_| Readable { number, path, file, length, closed: false }))
}
