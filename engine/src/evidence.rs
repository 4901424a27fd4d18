//! The sealed segments, mapped.
//!
//! In: paths. Out: bytes with their paths. Never: a byte changed, copied or trusted; verifying is
//! the tally's.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::finding::EngineError;
use crate::map::MappedFile;

/// Mapped segment files.
#[derive(Debug)]
pub struct Evidence {
    segments: Vec<MappedFile>,
}

impl Evidence {
    /// Maps the segments at `paths`.
    ///
    /// # Errors
    /// If one cannot be opened or mapped.
    pub fn open(paths: &[PathBuf]) -> Result<Self, EngineError> {
        let segments =
            paths.par_iter().map(|path| MappedFile::open(path)).collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    /// Segments.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Bytes of all segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.len() as u64).sum()
    }

    /// Path and bytes of a segment, in the order of the paths given.
    ///
    /// # Panics
    /// If there is no such segment.
    #[must_use]
    pub fn segment(&self, index: u32) -> (&Path, &[u8]) {
        let segment = &self.segments[index as usize];
        (segment.path(), segment)
    }
}
