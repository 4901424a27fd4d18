//! Files mapped into memory: the one place of the engine with `unsafe`.
//!
//! In: a path. Out: the file's bytes, aligned to a page, never copied. Never: a file that is still
//! being written; closed segments and compiled definitions are written once and read-only.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::finding::EngineError;

/// A file in memory.
#[derive(Debug)]
pub(crate) struct MappedFile {
    path: PathBuf,
    map: Mmap,
}

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
        Ok(Self { path: path.to_owned(), map })
    }

    /// Where the bytes come from.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}
