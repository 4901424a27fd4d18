//! Segments on disk: begin one, append sealed records, sync, close; list the closed ones. And the
//! journal, which is never lost and never ahead of the disk: [`journal`].
//!
//! In: sealed records, in journal order. Out: segment files that are closed, synced and named only
//! when whole. Never: a record looked into, re-encoded or rewritten; a file that ends in `.open`
//! counted as evidence.

#[cfg(any(test, feature = "crash-disk"))]
pub mod crash_disk;
pub mod disk;
pub mod journal;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use shomar_format::bytes::Digest32;
use shomar_format::limits;
use shomar_format::segment::{close_frame, record_frame, segment_header};

/// Extension of a closed segment as this crate writes it. Readers go by content, not by name.
pub const SEGMENT_EXTENSION: &str = "segment";
/// Extension of the segment that is being written.
const OPEN_EXTENSION: &str = "open";
/// What may lie beside segments without being one: text for people and programs, marks of a store.
const OTHER_EXTENSIONS: [&str; 8] = ["csv", "json", "toml", "txt", "md", "hgrm", "svg", "torn"];

/// Why a segment could not be written or listed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused; after this the writer must not be used again.
    #[error("{path}: cannot {action}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A folder that must be empty is not.
    #[error("{path}: found {found} in it, expected an empty or new folder")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// Something that is in it.
        found: String,
    },
    /// A writer left its folder without having finished.
    #[error("{path}: found the mark of a writer that has not finished, expected closed segments")]
    LeftOpen {
        /// The file.
        path: PathBuf,
    },
}

fn io_error(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, action, source }
}

/// Makes `directory`, or accepts it if it is there and empty.
///
/// # Errors
/// If something lies in it, or the system refuses.
pub fn create_empty(directory: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(directory).map_err(io_error(directory, "create the folder"))?;
    let mut entries = fs::read_dir(directory).map_err(io_error(directory, "list the folder"))?;
    match entries.next() {
        None => Ok(()),
        Some(entry) => {
            let entry = entry.map_err(io_error(directory, "list the folder"))?;
            let found = format!("'{}'", entry.file_name().to_string_lossy());
            Err(StoreError::NotEmpty { path: directory.to_owned(), found })
        }
    }
}

/// A folder that is being filled; until [`Unfinished::complete`], nobody lists its segments, so
/// that a run that was killed between two segments leaves nothing that could be taken for all of
/// them.
#[derive(Debug)]
#[must_use = "a folder that is never completed is never counted"]
pub struct Unfinished {
    mark: PathBuf,
}

/// Makes an empty folder (see [`create_empty`]) and marks it as unfinished.
///
/// # Errors
/// If something lies in it, or the system refuses.
pub fn begin_folder(directory: &Path) -> Result<Unfinished, StoreError> {
    create_empty(directory)?;
    let mark = directory.join(format!("unfinished.{OPEN_EXTENSION}"));
    File::create_new(&mark).and_then(|file| file.sync_all()).map_err(io_error(&mark, "create"))?;
    sync_directory(directory)?;
    Ok(Unfinished { mark })
}

impl Unfinished {
    /// Removes the mark: everything that belongs into the folder is in it, and synced.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn complete(self) -> Result<(), StoreError> {
        fs::remove_file(&self.mark).map_err(io_error(&self.mark, "remove"))?;
        self.mark.parent().map_or(Ok(()), sync_directory)
    }
}

/// The segments of a folder, by name. Every regular file counts as one unless its name says
/// otherwise (hidden, or an extension of text), so that a damaged or foreign file is found by its
/// content and not passed over.
///
/// # Errors
/// If the folder cannot be read, or a writer has not finished in it.
pub fn list_segments(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory).map_err(io_error(directory, "list the folder"))? {
        let path = entry.map_err(io_error(directory, "list the folder"))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let extension =
            path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        let extension = extension.as_deref().unwrap_or("");
        if hidden || OTHER_EXTENSIONS.contains(&extension) {
            continue;
        }
        if !fs::metadata(&path).map_err(io_error(&path, "read"))?.is_file() {
            continue;
        }
        if extension == OPEN_EXTENSION {
            return Err(StoreError::LeftOpen { path });
        }
        segments.push(path);
    }
    segments.sort_unstable();
    Ok(segments)
}

/// What a finished writer wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// Bytes of all segments.
    pub bytes: u64,
    /// Segment files.
    pub segments: u64,
}

/// Appends records to one segment after another.
#[derive(Debug)]
pub struct SegmentWriter {
    directory: PathBuf,
    definition: Digest32,
    segment_bytes_max: u64,
    active: Option<Active>,
    written: Written,
}

#[derive(Debug)]
struct Active {
    path: PathBuf,
    file: File,
    /// What follows what the file has: less than [`BLOCK_BYTES`].
    block: Vec<u8>,
    bytes: u64,
}

/// Bytes that are written at a time, each time at a multiple of them. So the system can keep a
/// segment in pages of 2 MiB, and a count of it waits less for addresses to be looked up.
const BLOCK_BYTES: usize = 1 << 22;

impl SegmentWriter {
    /// Begins a journal in `directory`, which must exist; records are numbered from 0.
    #[must_use]
    pub fn new(directory: &Path, definition: Digest32) -> Self {
        Self {
            directory: directory.to_owned(),
            definition,
            segment_bytes_max: limits::SEGMENT_BYTES_MAX,
            active: None,
            written: Written::default(),
        }
    }

    /// Closes a segment after this many bytes instead of [`limits::SEGMENT_BYTES_MAX`].
    #[must_use]
    pub fn with_segment_bytes_max(mut self, bytes: u64) -> Self {
        self.segment_bytes_max = bytes;
        self
    }

    /// Appends a sealed record as it is. It is durable only when [`Self::finish`] has returned.
    ///
    /// # Errors
    /// If the system refuses; the writer must then be dropped.
    pub fn append(&mut self, record: &[u8]) -> Result<(), StoreError> {
        if self.active.as_ref().is_some_and(|active| active.bytes >= self.segment_bytes_max) {
            self.close()?;
        }
        let active = match &mut self.active {
            Some(active) => active,
            None => {
                let opened = self.open()?;
                self.active.insert(opened)
            }
        };
        let frame = record_frame(record.len(), self.written.records, 0);
        active.write(&frame)?;
        active.write(record)?;
        self.written.records += 1;
        Ok(())
    }

    /// Closes and syncs the last segment and the folder: everything appended is on disk.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish(mut self) -> Result<Written, StoreError> {
        if self.active.is_none() && self.written.segments == 0 {
            // A journal without a record is still a journal: one empty, closed segment.
            self.active = Some(self.open()?);
        }
        self.close()?;
        Ok(self.written)
    }

    fn open(&self) -> Result<Active, StoreError> {
        let name = format!("{:06}.{SEGMENT_EXTENSION}.{OPEN_EXTENSION}", self.written.segments);
        let path = self.directory.join(name);
        let file = File::create_new(&path).map_err(io_error(&path, "create"))?;
        let mut active = Active { path, file, block: Vec::with_capacity(BLOCK_BYTES), bytes: 0 };
        active.write(&segment_header(&self.definition, self.written.records))?;
        Ok(active)
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let Some(mut active) = self.active.take() else {
            return Ok(());
        };
        active.write(&close_frame(self.written.records))?;
        let Active { path, mut file, block, bytes } = active;
        file.write_all(&block).map_err(io_error(&path, "write"))?;
        // Once synced and renamed, a segment is evidence and is never written again.
        file.sync_all().map_err(io_error(&path, "sync"))?;
        let mut permissions = file.metadata().map_err(io_error(&path, "read"))?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).map_err(io_error(&path, "make read-only"))?;
        let closed = path.with_extension("");
        fs::rename(&path, &closed).map_err(io_error(&closed, "rename"))?;
        sync_directory(&self.directory)?;
        self.written.bytes += bytes;
        self.written.segments += 1;
        Ok(())
    }
}

impl Active {
    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut rest = bytes;
        while self.block.len() + rest.len() >= BLOCK_BYTES {
            let (full, others) = rest.split_at(BLOCK_BYTES - self.block.len());
            self.block.extend_from_slice(full);
            self.file.write_all(&self.block).map_err(io_error(&self.path, "write"))?;
            self.block.clear();
            rest = others;
        }
        self.block.extend_from_slice(rest);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Writes a whole file so that it is there complete or not at all.
///
/// # Errors
/// If the system refuses.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_durably_by(path, |file| file.write_all(bytes))
}

/// Writes a file piece by piece, so that it is there complete or not at all.
///
/// # Errors
/// If the system refuses, or `write` does.
pub fn write_durably_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), StoreError> {
    let mut open = path.as_os_str().to_owned();
    open.push(".");
    open.push(OPEN_EXTENSION);
    let open = PathBuf::from(open);
    let file = File::create(&open).map_err(io_error(&open, "create"))?;
    let mut buffer = BufWriter::with_capacity(1 << 20, &file);
    write(&mut buffer).and_then(|()| buffer.flush()).map_err(io_error(&open, "write"))?;
    file.sync_all().map_err(io_error(&open, "sync"))?;
    fs::rename(&open, path).map_err(io_error(path, "rename"))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes names in a folder durable.
fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    // The parent of a bare name is where we are.
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error(directory, "sync the folder"))
}
