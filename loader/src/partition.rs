//! Accepted rows in temporary files, one per range of stations.
//!
//! In: parsed rows, from all workers. Out: for each range, its rows again, in any order. Never: a
//! file left behind (they are removed with their folder), or buffers that grow with the input.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::sync::Mutex;

use shomar_format::OptionIndex;

use crate::row::ParsedRow;
use crate::{LoaderError, io_error};

/// Bytes that a worker gathers for one partition before it writes them.
const BUFFER_BYTES: usize = 32 << 10;
/// Text bytes per partition, about; and the largest number of partitions.
const PARTITION_TEXT_BYTES: u64 = 8 << 20;
const PARTITIONS_MAX: u64 = 256;
/// Bytes of a stored row before its choices.
const ROW_HEAD_BYTES: usize = 14;

/// The temporary files.
pub(crate) struct Partitions {
    stations: u64,
    files: Vec<Mutex<PartitionFile>>,
    directory: std::path::PathBuf,
}

struct PartitionFile {
    file: File,
    size: PartitionSize,
}

/// How large a partition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartitionSize {
    /// Bytes in its file.
    pub(crate) stored_bytes: u64,
    /// Bytes when every `count` is written out.
    pub(crate) expanded_bytes: u64,
    /// Ballots.
    pub(crate) ballots: u64,
}

/// A row as it stands in a partition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoredRow {
    pub(crate) station: u32,
    pub(crate) district: u32,
    pub(crate) choices: Vec<OptionIndex>,
    pub(crate) count: u32,
}

impl Partitions {
    /// Makes the files for a text of `text_bytes` in `directory`.
    pub(crate) fn create(
        directory: &Path,
        stations: usize,
        text_bytes: u64,
    ) -> Result<Self, LoaderError> {
        let stations = (stations as u64).max(1);
        let wanted = text_bytes.div_ceil(PARTITION_TEXT_BYTES);
        let count = wanted.clamp(1, PARTITIONS_MAX.min(stations));
        let files = (0..count)
            .map(|_| {
                let file = tempfile::tempfile_in(directory)
                    .map_err(io_error(directory, "create a temporary file"))?;
                Ok(Mutex::new(PartitionFile { file, size: PartitionSize::default() }))
            })
            .collect::<Result<Vec<_>, LoaderError>>()?;
        Ok(Self { stations, files, directory: directory.to_owned() })
    }

    pub(crate) fn count(&self) -> usize {
        self.files.len()
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The partition of a station: ranges in station order, so that the output is in that order.
    fn of(&self, station: u32) -> usize {
        let place = u64::from(station) * self.files.len() as u64 / self.stations;
        usize::try_from(place).expect("below the number of files")
    }

    pub(crate) fn size(&self, partition: usize) -> PartitionSize {
        self.files[partition].lock().expect("no worker panics while it writes").size
    }

    /// The file of a partition, at its beginning.
    pub(crate) fn reader(&self, partition: usize) -> Result<File, LoaderError> {
        let guard = self.files[partition].lock().expect("no worker panics while it writes");
        let rewound = guard.file.try_clone().and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        rewound.map_err(io_error(&self.directory, "read a temporary file"))
    }
}

/// What one worker has gathered for each partition.
pub(crate) struct PartitionWriter<'a> {
    partitions: &'a Partitions,
    buffers: Vec<(Vec<u8>, PartitionSize)>,
}

impl<'a> PartitionWriter<'a> {
    pub(crate) fn new(partitions: &'a Partitions) -> Self {
        let buffers = partitions.files.iter().map(|_| (Vec::new(), PartitionSize::default()));
        Self { partitions, buffers: buffers.collect() }
    }

    pub(crate) fn add(
        &mut self,
        row: ParsedRow,
        choices: &[OptionIndex],
    ) -> Result<(), LoaderError> {
        let partition = self.partitions.of(row.station);
        let (buffer, size) = &mut self.buffers[partition];
        let before = buffer.len();
        buffer.extend_from_slice(&row.station.to_le_bytes());
        buffer.extend_from_slice(&row.district.to_le_bytes());
        buffer.extend_from_slice(&row.count.to_le_bytes());
        let length = u16::try_from(choices.len()).expect("a ballot is within its limit");
        buffer.extend_from_slice(&length.to_le_bytes());
        for choice in choices {
            buffer.extend_from_slice(&choice.to_le_bytes());
        }
        let stored = (buffer.len() - before) as u64;
        size.stored_bytes += stored;
        size.expanded_bytes += stored * u64::from(row.count);
        size.ballots += u64::from(row.count);
        if buffer.len() >= BUFFER_BYTES {
            self.flush(partition)?;
        }
        Ok(())
    }

    fn flush(&mut self, partition: usize) -> Result<(), LoaderError> {
        let (buffer, size) = &mut self.buffers[partition];
        let mut guard =
            self.partitions.files[partition].lock().expect("no worker panics while it writes");
        guard
            .file
            .write_all(buffer)
            .map_err(io_error(&self.partitions.directory, "write a temporary file"))?;
        guard.size.stored_bytes += size.stored_bytes;
        guard.size.expanded_bytes += size.expanded_bytes;
        guard.size.ballots += size.ballots;
        buffer.clear();
        *size = PartitionSize::default();
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> Result<(), LoaderError> {
        (0..self.buffers.len()).try_for_each(|partition| self.flush(partition))
    }
}

/// Reads one stored row; `None` at the end.
pub(crate) fn read_row(input: &mut impl Read, row: &mut StoredRow) -> io::Result<bool> {
    let mut head = [0; ROW_HEAD_BYTES];
    if input.read(&mut head[..1])? == 0 {
        return Ok(false);
    }
    input.read_exact(&mut head[1..])?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    (row.station, row.district, row.count) = (word(0), word(4), word(8));
    row.choices.clear();
    for _ in 0..u16::from_le_bytes([head[12], head[13]]) {
        let mut choice = [0; 2];
        input.read_exact(&mut choice)?;
        row.choices.push(OptionIndex::from_le_bytes(choice));
    }
    Ok(true)
}
