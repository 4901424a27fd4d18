//! The sealed segments, mapped.
//!
//! In: paths, or the open segments of a journal. Out: bytes with their paths. Never: a byte
//! changed, copied or trusted; verifying is the tally's.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use shomar_format::Fault;
use shomar_format::segment::SegmentReader;

use crate::finding::EngineError;
use crate::map::MappedFile;

/// Mapped segment files.
#[derive(Debug)]
pub struct Evidence {
    segments: Vec<MappedFile>,
    /// Which of them end without a close frame: the one that a journal is writing.
    unclosed: Option<usize>,
}

/// A segment of a journal, as its writer or `open_for_reading` of the store gives it.
#[derive(Debug)]
pub struct JournalSegment {
    /// What messages call it.
    pub path: PathBuf,
    /// The file, whatever it is called by now.
    pub file: File,
    /// Durable bytes, between two records; or with the close frame.
    pub length: u64,
    /// Whether it ends in a close frame.
    pub closed: bool,
}

impl Evidence {
    /// Maps the segments at `paths`.
    ///
    /// # Errors
    /// If one cannot be opened or mapped.
    pub fn open(paths: &[PathBuf]) -> Result<Self, EngineError> {
        let segments =
            paths.par_iter().map(|path| MappedFile::open(path)).collect::<Result<_, _>>()?;
        Ok(Self { segments, unclosed: None })
    }

    /// Maps the segments of a journal that may be written to meanwhile, as far as they are durable.
    ///
    /// # Errors
    /// If one cannot be mapped, or is shorter than what was durable.
    ///
    /// # Panics
    /// If another segment than the last is not closed.
    pub fn open_journal(journal: &[JournalSegment]) -> Result<Self, EngineError> {
        let map = |segment: &JournalSegment| {
            let length = usize::try_from(segment.length).expect("a segment fits in memory");
            MappedFile::part(&segment.path, &segment.file, length)
        };
        let segments = journal.par_iter().map(map).collect::<Result<_, _>>()?;
        let unclosed = journal.iter().position(|segment| !segment.closed);
        assert!(unclosed.is_none_or(|at| at + 1 == journal.len()), "only the last one is open");
        Ok(Self { segments, unclosed })
    }

    /// A reader of a segment, in the order of the paths given.
    ///
    /// # Errors
    /// If its header is not one.
    pub(crate) fn reader(&self, index: u32) -> Result<SegmentReader<'_>, Fault> {
        let bytes = self.segment(index).1;
        if self.unclosed == Some(index as usize) {
            return SegmentReader::open_unclosed(bytes);
        }
        SegmentReader::open(bytes)
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
