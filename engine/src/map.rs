//! Files mapped into memory: the one place of the engine with `unsafe`.
//!
//! In: a path, or an open file and how much of it is durable. Out: those bytes, aligned to a page,
//! never copied. Never: bytes that are still being written: closed segments and compiled
//! definitions are written once and read-only, and of the segment that grows only the durable part
//! is shown, which the journal never touches again.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use memmap2::{Mmap, MmapOptions};

use crate::finding::EngineError;

/// A file in memory.
#[derive(Debug)]
pub(crate) struct MappedFile {
    path: PathBuf,
    map: Mmap,
    /// Bytes that may be read; the map may reach further.
    length: usize,
}

/// Bytes by which a map reaches beyond what is durable now, so that a growing segment is mapped
/// again only now and then. They are addresses, not memory.
const GROWTH_BYTES: usize = 64 << 20;

impl MappedFile {
    /// Maps a whole file, read-only.
    pub(crate) fn open(path: &Path) -> Result<Self, EngineError> {
        let failed = |action| {
            let path = path.to_owned();
            move |source| EngineError::Io { path, action, source }
        };
        let file = File::open(path).map_err(failed("open"))?;
        #[expect(unsafe_code, reason = "mapping a file is unsafe by its nature")]
        // SAFETY: the bytes must not change while they are mapped. Only files that are written once
        // are given here: a segment is renamed to its name after it was synced and made read-only,
        // and the journal's writer, the only program that may write there, never touches it again.
        // FORMAT.md names this under "Assumptions about the medium"; an operator who truncates a
        // closed segment under a running count ends the program, and no total is printed.
        let map = unsafe { Mmap::map(&file) }.map_err(failed("map"))?;
        let length = map.len();
        Ok(Self { path: path.to_owned(), map, length })
    }

    /// Maps the first `length` bytes of an open file, which are durable, with room to grow.
    pub(crate) fn part(path: &Path, file: &File, length: usize) -> Result<Self, EngineError> {
        let failed = |action| {
            let path = path.to_owned();
            move |source| EngineError::Io { path, action, source }
        };
        let size = file.metadata().map_err(failed("read"))?.len();
        if size < length as u64 {
            let source = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(failed("find its durable length")(source));
        }
        let mut options = MmapOptions::new();
        options.len(length + GROWTH_BYTES);
        #[expect(unsafe_code, reason = "mapping a file is unsafe by its nature")]
        // SAFETY: as above for the first `length` bytes, and nothing else of the map is ever shown:
        // the journal appends, and never writes again where it has synced. The addresses beyond the
        // end of the file are not touched before `grow` was told that the file has reached them.
        let map = unsafe { options.map(file) }.map_err(failed("map"))?;
        Ok(Self { path: path.to_owned(), map, length })
    }

    /// Shows more of a growing file, up to what is durable now; false if the map has no room.
    ///
    /// # Panics
    /// If the durable part had become shorter.
    pub(crate) fn grow(&mut self, length: usize) -> bool {
        assert!(length >= self.length, "what is durable stays durable");
        let fits = length <= self.map.len();
        if fits {
            self.length = length;
        }
        fits
    }

    /// Where the bytes come from.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map[..self.length]
    }
}
