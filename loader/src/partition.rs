//! Accepted rows in temporary files, one per range of stations.
//!
//! In: parsed rows, from all workers. Out: for each range, its rows again, in any order. Never: a
//! file left behind (they are removed with their folder), or buffers that grow with the input.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use shomar_format::{Election, OptionIndex};

use crate::row::ParsedRow;
use crate::stored::{Block, is_narrow};
use crate::{LoaderError, io_error};

/// Bytes that a worker gathers for one partition before it writes them, and what all workers may
/// gather together.
const BLOCK_BYTES: usize = 32 << 10;
const BLOCK_BYTES_MIN: usize = 1 << 10;
const GATHERED_BYTES_MAX: usize = 8 << 20;
/// Text bytes per partition, about; and the largest number of partitions.
const PARTITION_TEXT_BYTES: u64 = 8 << 20;
const PARTITIONS_MAX: u64 = 256;
/// Bytes of a row beside its choices when nothing is left unsaid.
const ROW_BYTES: u64 = 14;

/// The rows of an election, in ranges of stations.
pub(crate) struct Partitions {
    stations: u64,
    /// Whether choices of a district are stored as one byte.
    narrow: Vec<bool>,
    parts: Vec<Mutex<Part>>,
    directory: PathBuf,
}

/// The rows of one range.
#[derive(Default)]
struct Part {
    file: Option<File>,
    size: PartitionSize,
}

/// How large a partition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartitionSize {
    /// Bytes as it is stored.
    stored_bytes: u64,
    /// Bytes of its rows when nothing is left unsaid, about.
    pub(crate) row_bytes: u64,
    /// The same when every `count` is written out.
    pub(crate) expanded_bytes: u64,
    /// Ballots.
    pub(crate) ballots: u64,
}

impl PartitionSize {
    fn add(&mut self, other: Self) {
        self.stored_bytes += other.stored_bytes;
        self.row_bytes += other.row_bytes;
        self.expanded_bytes += other.expanded_bytes;
        self.ballots += other.ballots;
    }
}

impl Partitions {
    /// Makes partitions for a text of `text_bytes`; temporary files go to `directory`.
    pub(crate) fn new(directory: &Path, election: &Election, text_bytes: u64) -> Self {
        let stations = (election.stations.len() as u64).max(1);
        let wanted = text_bytes.div_ceil(PARTITION_TEXT_BYTES);
        let count = wanted.clamp(1, PARTITIONS_MAX.min(stations));
        let shapes = election.districts.iter().map(|district| district.shape());
        Self {
            stations,
            narrow: shapes.map(|shape| is_narrow(shape.option_count)).collect(),
            parts: (0..count).map(|_| Mutex::default()).collect(),
            directory: directory.to_owned(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.parts.len()
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The partition of a station: ranges in station order, so that the output is in that order.
    fn of(&self, station: u32) -> usize {
        let place = u64::from(station) * self.parts.len() as u64 / self.stations;
        usize::try_from(place).expect("below the number of partitions")
    }

    fn part(&self, partition: usize) -> std::sync::MutexGuard<'_, Part> {
        self.parts[partition].lock().expect("no worker panics while it stores rows")
    }

    pub(crate) fn size(&self, partition: usize) -> PartitionSize {
        self.part(partition).size
    }

    /// Writes rows; the file is made for the first ones.
    fn store(
        &self,
        partition: usize,
        bytes: &[u8],
        size: PartitionSize,
    ) -> Result<(), LoaderError> {
        let mut part = self.part(partition);
        part.size.add(size);
        let file = match &mut part.file {
            Some(file) => file,
            None => {
                let file = tempfile::tempfile_in(&self.directory)
                    .map_err(io_error(&self.directory, "create a temporary file"))?;
                part.file.insert(file)
            }
        };
        file.write_all(bytes).map_err(io_error(&self.directory, "write a temporary file"))
    }

    /// The file of a partition, at its beginning, if it has rows. It is here no more, so that its
    /// space is free as soon as it was read.
    pub(crate) fn take(&self, partition: usize) -> Result<Option<File>, LoaderError> {
        let Some(mut file) = self.part(partition).file.take() else { return Ok(None) };
        file.rewind().map_err(io_error(&self.directory, "read a temporary file"))?;
        Ok(Some(file))
    }

    /// The rows of a partition, into `bytes`. They are here no more.
    pub(crate) fn read_into(
        &self,
        partition: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), LoaderError> {
        bytes.clear();
        if let Some(mut file) = self.take(partition)? {
            file.read_to_end(bytes).map_err(io_error(&self.directory, "read a temporary file"))?;
        }
        let stored = self.size(partition).stored_bytes;
        assert_eq!(bytes.len() as u64, stored, "a partition is what was stored in it");
        Ok(())
    }
}

/// What one worker has gathered for each partition.
pub(crate) struct PartitionWriter<'a> {
    partitions: &'a Partitions,
    gathered: Vec<(Block, PartitionSize)>,
    block_bytes: usize,
    /// The station of the row before, and its partition.
    last: (u32, usize),
}

impl<'a> PartitionWriter<'a> {
    /// For one of so many workers.
    pub(crate) fn new(partitions: &'a Partitions, workers: usize) -> Self {
        let share = GATHERED_BYTES_MAX / (partitions.count() * workers);
        Self {
            partitions,
            gathered: partitions.parts.iter().map(|_| Default::default()).collect(),
            block_bytes: share.clamp(BLOCK_BYTES_MIN, BLOCK_BYTES),
            last: (0, partitions.of(0)),
        }
    }

    #[inline]
    pub(crate) fn add(
        &mut self,
        row: ParsedRow,
        choices: &[OptionIndex],
    ) -> Result<(), LoaderError> {
        if self.last.0 != row.station {
            self.last = (row.station, self.partitions.of(row.station));
        }
        let partition = self.last.1;
        let (block, size) = &mut self.gathered[partition];
        let narrow = self.partitions.narrow[row.district as usize];
        block.push((row.station, row.district), narrow, choices, row.count);
        let row_bytes = ROW_BYTES + 2 * choices.len() as u64;
        size.row_bytes += row_bytes;
        size.expanded_bytes += row_bytes * u64::from(row.count);
        size.ballots += u64::from(row.count);
        if block.bytes().len() >= self.block_bytes {
            self.flush(partition)?;
        }
        Ok(())
    }

    fn flush(&mut self, partition: usize) -> Result<(), LoaderError> {
        let (block, size) = &mut self.gathered[partition];
        size.stored_bytes = block.bytes().len() as u64;
        self.partitions.store(partition, block.bytes(), std::mem::take(size))?;
        block.clear();
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> Result<(), LoaderError> {
        (0..self.gathered.len()).try_for_each(|partition| {
            match self.gathered[partition].0.bytes() {
                [] => Ok(()),
                _ => self.flush(partition),
            }
        })
    }
}
