//! Canonical order on disk, for a partition that is too large to sort in memory.
//!
//! In: the rows of one partition. Out: ballots in canonical order, equal ones with a count. Never:
//! more memory than one piece and one buffer per sorted run, whatever the size of a single station.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use shomar_format::{BallotClass, DistrictShape, OptionIndex};

use crate::stored::{Item, read_items};
use crate::{LoaderError, io_error};

/// Memory of one piece that is sorted at once, about.
const PIECE_BYTES: usize = 16 << 20;
/// Sorted runs that are merged at once: open files, and one buffer each.
const RUNS_MAX: u64 = 512;
const RUN_BUFFER_BYTES: usize = 32 << 10;
const READ_BYTES: usize = 1 << 20;

/// A ballot in canonical order: the field order is the sort order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) station: u32,
    pub(crate) district: u32,
    pub(crate) class: BallotClass,
    length: usize,
    pub(crate) choices: Vec<u16>,
    pub(crate) count: u64,
}

/// Sorts the rows of `input` and gives every entry to `each` in order. `row_bytes` is what they
/// take, about; a row that stands for many ballots is one row.
pub(crate) fn sort_rows(
    input: File,
    row_bytes: u64,
    directory: &Path,
    shape: impl Fn(u32) -> DistrictShape,
    mut each: impl FnMut(Entry) -> Result<(), LoaderError>,
) -> Result<(), LoaderError> {
    let failed = |action| io_error(directory, action);
    // Pieces grow only when there would be more runs than can be merged at once.
    let piece_bytes = (row_bytes / RUNS_MAX * 4).max(PIECE_BYTES as u64);
    let mut runs = Vec::new();
    let mut piece = Piece::default();
    let mut choices = Vec::new();
    let mut pair = (0, 0);
    let read = read_items(input, READ_BYTES, |item| {
        match item {
            Item::Pair(station, district) => pair = (station, district),
            Item::Row(row) => {
                row.read_into(&mut choices);
                piece.add(to_entry(pair, &choices, row.count, shape(pair.1)));
            }
        }
        if piece.bytes >= piece_bytes {
            let run = piece.write(directory).map_err(failed("write a temporary file"))?;
            runs.push(BufReader::with_capacity(RUN_BUFFER_BYTES, run));
        }
        Ok(())
    });
    read.map_err(failed("read a temporary file"))??;
    let run = piece.write(directory).map_err(failed("write a temporary file"))?;
    runs.push(BufReader::with_capacity(RUN_BUFFER_BYTES, run));
    drop(piece);
    let mut heap = BinaryHeap::new();
    for (index, run) in runs.iter_mut().enumerate() {
        let first = read_entry(run).map_err(failed("read a temporary file"))?;
        heap.extend(first.map(|entry| Reverse((entry, index))));
    }
    while let Some(Reverse((entry, index))) = heap.pop() {
        let next = read_entry(&mut runs[index]).map_err(failed("read a temporary file"))?;
        heap.extend(next.map(|entry| Reverse((entry, index))));
        each(entry)?;
    }
    Ok(())
}

fn to_entry(
    (station, district): (u32, u32),
    choices: &[OptionIndex],
    count: u32,
    shape: DistrictShape,
) -> Entry {
    let mut choices = choices.to_vec();
    let class = shape.classify(&mut choices);
    Entry { station, district, class, length: choices.len(), choices, count: u64::from(count) }
}

/// Entries that are sorted at once.
#[derive(Default)]
struct Piece {
    entries: Vec<Entry>,
    bytes: u64,
}

impl Piece {
    fn add(&mut self, entry: Entry) {
        self.bytes += size_of::<Entry>() as u64 + 2 * entry.choices.len() as u64;
        self.entries.push(entry);
    }

    /// Writes the entries in order, equal ones as one, and forgets them.
    fn write(&mut self, directory: &Path) -> std::io::Result<File> {
        self.entries.sort_unstable();
        self.entries.dedup_by(|next, kept| {
            let equal = (next.station, next.district, next.class, &next.choices)
                == (kept.station, kept.district, kept.class, &kept.choices);
            if equal {
                kept.count += next.count;
            }
            equal
        });
        let run = write_run(&self.entries, directory)?;
        self.entries.clear();
        self.bytes = 0;
        Ok(run)
    }
}

fn write_run(piece: &[Entry], directory: &Path) -> std::io::Result<File> {
    let mut out = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(directory)?);
    for entry in piece {
        out.write_all(&entry.station.to_le_bytes())?;
        out.write_all(&entry.district.to_le_bytes())?;
        out.write_all(&[match entry.class {
            BallotClass::Clean => 0,
            BallotClass::Entered => 1,
            BallotClass::Blank => 2,
        }])?;
        out.write_all(&entry.count.to_le_bytes())?;
        let length = u16::try_from(entry.length).expect("a ballot is within its limit");
        out.write_all(&length.to_le_bytes())?;
        for choice in &entry.choices {
            out.write_all(&choice.to_le_bytes())?;
        }
    }
    let mut file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn read_entry(input: &mut impl Read) -> std::io::Result<Option<Entry>> {
    let mut first = [0; 1];
    if input.read(&mut first)? == 0 {
        return Ok(None);
    }
    let mut station = [first[0], 0, 0, 0];
    input.read_exact(&mut station[1..])?;
    let class = |byte| match byte {
        0 => BallotClass::Clean,
        1 => BallotClass::Entered,
        _ => BallotClass::Blank,
    };
    let (mut district, mut kind, mut count, mut length) = ([0; 4], [0; 1], [0; 8], [0; 2]);
    input.read_exact(&mut district)?;
    input.read_exact(&mut kind)?;
    input.read_exact(&mut count)?;
    input.read_exact(&mut length)?;
    let length = usize::from(u16::from_le_bytes(length));
    let mut choices = Vec::with_capacity(length);
    for _ in 0..length {
        let mut choice = [0; 2];
        input.read_exact(&mut choice)?;
        choices.push(u16::from_le_bytes(choice));
    }
    Ok(Some(Entry {
        station: u32::from_le_bytes(station),
        district: u32::from_le_bytes(district),
        class: class(kind[0]),
        length,
        choices,
        count: u64::from_le_bytes(count),
    }))
}
