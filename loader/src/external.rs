//! Canonical order on disk, for a partition that is too large to sort in memory.
//!
//! In: the rows of one partition. Out: ballots in canonical order, equal ones with a count. Never:
//! more memory than one piece and one buffer per sorted run, whatever the size of a single station.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use shomar_format::{BallotClass, DistrictShape};

use crate::partition::{StoredRow, read_row};
use crate::{LoaderError, io_error};

/// Memory of one piece that is sorted at once, about.
const PIECE_BYTES: usize = 16 << 20;
/// Sorted runs that are merged at once: open files, and one buffer each.
const RUNS_MAX: u64 = 512;
const RUN_BUFFER_BYTES: usize = 32 << 10;

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

/// Sorts the rows of `input` (`stored_bytes` long) and gives every entry to `each` in order.
pub(crate) fn sort_rows(
    input: File,
    stored_bytes: u64,
    directory: &Path,
    shape: impl Fn(u32) -> DistrictShape,
    mut each: impl FnMut(Entry) -> Result<(), LoaderError>,
) -> Result<(), LoaderError> {
    let failed = |action| io_error(directory, action);
    let mut input = BufReader::with_capacity(1 << 20, input);
    // Pieces grow only when there would be more runs than can be merged at once.
    let piece_bytes = (stored_bytes / RUNS_MAX * 4).max(PIECE_BYTES as u64);
    let mut runs = Vec::new();
    loop {
        let mut piece: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        let mut row = StoredRow { station: 0, district: 0, choices: Vec::new(), count: 0 };
        while bytes < piece_bytes
            && read_row(&mut input, &mut row).map_err(failed("read a temporary file"))?
        {
            bytes += size_of::<Entry>() as u64 + 2 * row.choices.len() as u64;
            piece.push(to_entry(&row, shape(row.district)));
        }
        if piece.is_empty() {
            break;
        }
        piece.sort_unstable();
        piece.dedup_by(|next, kept| {
            let equal = (next.station, next.district, next.class, &next.choices)
                == (kept.station, kept.district, kept.class, &kept.choices);
            if equal {
                kept.count += next.count;
            }
            equal
        });
        let run = write_run(&piece, directory).map_err(failed("write a temporary file"))?;
        runs.push(BufReader::with_capacity(RUN_BUFFER_BYTES, run));
    }
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

fn to_entry(row: &StoredRow, shape: DistrictShape) -> Entry {
    let mut choices = row.choices.clone();
    let class = shape.classify(&mut choices);
    Entry {
        station: row.station,
        district: row.district,
        class,
        length: choices.len(),
        choices,
        count: u64::from(row.count),
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
