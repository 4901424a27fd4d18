//! The way of text: read, parse on all cores, partition, canonicalise, seal, hand over in order.
//!
//! In: a [`SealJob`] and a file. Out: batches and rejects to a [`SealSink`], and a [`SealReport`]
//! whose sums were asserted. Never: output that depends on threads, on the order of rows, or on
//! whether a partition was sorted in memory or on disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crossbeam::channel::{Receiver, Sender, bounded};
use rayon::prelude::*;
use shomar_format::bytes::Digest32;
use shomar_format::canonical::BatchCutter;
use shomar_format::table::read_header;
use shomar_format::{
    BatchAddress, CanonicalBatch, Canonicaliser, Election, RejectCode, SealedBatch, limits,
};

use crate::chunk::{CHUNK_BYTES, ChunkReader, Piece};
use crate::codes::Codes;
use crate::partition::{PartitionWriter, Partitions, StoredRow, read_row};
use crate::row::{Columns, Reject, RowParser};
use crate::{LoaderError, external, io_error};

/// A partition larger than this, written out, is sorted on disk.
const SORT_IN_MEMORY_BYTES: u64 = 32 << 20;

/// What to seal for, and where to work.
#[derive(Clone, Copy, Debug)]
pub struct SealJob<'a> {
    /// The election.
    pub election: &'a Election,
    /// Its definition digest.
    pub definition: &'a Digest32,
    /// A folder for temporary files.
    pub temporary: &'a Path,
    /// Sort every partition on disk, however small: for tests of that path.
    pub sort_on_disk: bool,
}

/// How far sealing is, in bytes of the text: read first, then sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of text read so far.
    Read(u64),
    /// Ballots sealed so far, of all accepted ones.
    Sealed(u64, u64),
}

/// Takes what sealing gives.
pub trait SealSink {
    /// The next sealed batch, by station, then district, then cut.
    ///
    /// # Errors
    /// Any; sealing then ends with it.
    fn batch(
        &mut self,
        batch: &SealedBatch,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// The next refused row, by line.
    ///
    /// # Errors
    /// Any; sealing then ends with it.
    fn reject(&mut self, reject: &Reject) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// How far it is.
    fn progress(&mut self, _progress: Progress) {}
}

/// What was sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealReport {
    /// Rows received: accepted + rejected. Empty lines are no rows.
    pub rows_received: u64,
    /// Rows accepted.
    pub rows_accepted: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
    /// Ballots of the accepted rows, each counted `count` times; all of them sealed.
    pub ballots: u64,
    /// Batches sealed.
    pub batches: u64,
}

/// Seals a file of ballots.
///
/// # Errors
/// If the file or a temporary one cannot be read or written, the header is wrong, or the sink
/// refuses.
///
/// # Panics
/// If a row or a ballot were lost or doubled.
pub fn seal_text(
    text: &Path,
    job: &SealJob<'_>,
    sink: &mut impl SealSink,
) -> Result<SealReport, LoaderError> {
    let file = File::open(text).map_err(io_error(text, "open"))?;
    let metadata = file.metadata().map_err(io_error(text, "read"))?;
    if metadata.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(io_error(text, "read")(source));
    }
    let mut input = BufReader::with_capacity(1 << 20, file);
    let columns = read_columns(text, &mut input)?;
    let stations = job.election.stations.len();
    let partitions = Partitions::create(job.temporary, stations, metadata.len())?;
    let codes = Codes::new(job.election);
    let mut report = parse_all(text, input, columns, &codes, &partitions, sink)?;
    assert_eq!(
        report.rows_received,
        report.rows_accepted + report.rows_rejected,
        "received = accepted + rejected"
    );
    let partitioned: u64 = (0..partitions.count()).map(|at| partitions.size(at).ballots).sum();
    assert_eq!(partitioned, report.ballots, "every accepted ballot is in one partition");
    let mut handover = Handover { sink, sealed: 0, ballots: report.ballots, batches: 0 };
    seal_all(job, &partitions, &mut handover)?;
    assert_eq!(handover.sealed, report.ballots, "every accepted ballot is sealed, once");
    report.batches = handover.batches;
    Ok(report)
}

/// Reads the header line: which column stands where.
fn read_columns(path: &Path, input: &mut impl BufRead) -> Result<Columns, LoaderError> {
    let header_error = |problems| LoaderError::Header { path: path.to_owned(), problems };
    let mut line = Vec::new();
    let most = limits::ROW_BYTES_MAX as u64;
    input.take(most).read_until(b'\n', &mut line).map_err(io_error(path, "read"))?;
    if line.len() as u64 == most && line.last() != Some(&b'\n') {
        let found = shomar_format::bytes::preview(&line);
        let text = format!("found a header of over {most} bytes ({found}...), expected less");
        return Err(header_error(vec![text]));
    }
    let known = ["station", "district", "choices", "count"];
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // The reader passes over one byte order mark, and takes nothing else for the end of the line.
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(line);
    let Some(header) = reader.records().next() else {
        let text = "found no header, expected station,district,choices";
        return Err(header_error(vec![text.into()]));
    };
    let Ok(names) = header else {
        return Err(header_error(vec!["found bytes that are not UTF-8, expected text".into()]));
    };
    let mut problems = Vec::new();
    let places = read_header(names.iter(), &known, 3, |found, expected| {
        let short: String = found.chars().take(80).collect();
        let short = short.replace(char::is_control, "\u{fffd}");
        problems.push(format!("found {short}, expected {expected}"));
    });
    let Some(places) = places else {
        return Err(header_error(problems));
    };
    let place = |column| places.iter().position(|&place| place == column);
    let (Some(station), Some(district), Some(choices)) = (place(0), place(1), place(2)) else {
        return Err(header_error(problems));
    };
    Ok(Columns { field_count: names.len(), station, district, choices, count: place(3) })
}

/// What one piece of the text gave.
#[derive(Default)]
struct Parsed {
    bytes: u64,
    accepted: u64,
    ballots: u64,
    rejects: Vec<Reject>,
}

/// Parses the text on all cores into the partitions; rejects go to the sink in line order.
fn parse_all(
    path: &Path,
    input: impl Read + Send,
    columns: Columns,
    codes: &Codes<'_>,
    partitions: &Partitions,
    sink: &mut impl SealSink,
) -> Result<SealReport, LoaderError> {
    let workers = rayon::current_num_threads().max(1);
    let (piece_sender, pieces) = bounded::<(u64, Piece)>(workers);
    let (parsed_sender, parsed) = bounded::<(u64, Result<Parsed, LoaderError>)>(workers * 2);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || -> Result<(), LoaderError> {
            let mut chunks = ChunkReader::new(input, 2, CHUNK_BYTES);
            let mut number = 0;
            while let Some(piece) = chunks.next_piece().map_err(io_error(path, "read"))? {
                if piece_sender.send((number, piece)).is_err() {
                    break;
                }
                number += 1;
            }
            Ok(())
        });
        for _ in 0..workers {
            let (pieces, parsed_sender) = (pieces.clone(), parsed_sender.clone());
            scope.spawn(move || parse_pieces(&pieces, &parsed_sender, columns, codes, partitions));
        }
        // The workers own the only other ends: when they stop, the channels close.
        drop((pieces, parsed_sender));
        let result = collect(&parsed, sink);
        drop(parsed);
        let read = reader.join().expect("reading does not panic");
        result.and_then(|report| read.map(|()| report))
    })
}

fn parse_pieces(
    pieces: &Receiver<(u64, Piece)>,
    parsed: &Sender<(u64, Result<Parsed, LoaderError>)>,
    columns: Columns,
    codes: &Codes<'_>,
    partitions: &Partitions,
) {
    let mut parser = RowParser::new(columns, codes);
    let mut writer = PartitionWriter::new(partitions);
    for (number, piece) in pieces {
        let result = parse_piece(&piece, &mut parser, &mut writer);
        let failed = result.is_err();
        if parsed.send((number, result)).is_err() || failed {
            return;
        }
    }
    if let Err(error) = writer.finish() {
        // Nobody listens any more only if another error has ended the run.
        let _ = parsed.send((u64::MAX, Err(error)));
    }
}

fn parse_piece(
    piece: &Piece,
    parser: &mut RowParser<'_>,
    writer: &mut PartitionWriter<'_>,
) -> Result<Parsed, LoaderError> {
    let mut result = Parsed::default();
    let (first_line, bytes) = match piece {
        Piece::LongLine { line, bytes } => {
            let found = format!("{bytes} bytes");
            result.rejects.push(Reject { line: *line, code: RejectCode::RowTooLong, found });
            result.bytes = *bytes;
            return Ok(result);
        }
        Piece::Lines { first_line, bytes } => (*first_line, bytes.as_slice()),
    };
    result.bytes = bytes.len() as u64;
    let mut rest = bytes;
    let mut line_number = first_line;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or(&[]);
        if !line.is_empty() {
            match parser.parse(line) {
                Ok(row) => {
                    result.accepted += 1;
                    result.ballots += u64::from(row.count);
                    writer.add(row, parser.choices())?;
                }
                Err((code, found)) => {
                    result.rejects.push(Reject { line: line_number, code, found });
                }
            }
        }
        line_number += 1;
    }
    Ok(result)
}

/// Takes results in the order of the text.
fn collect(
    parsed: &Receiver<(u64, Result<Parsed, LoaderError>)>,
    sink: &mut impl SealSink,
) -> Result<SealReport, LoaderError> {
    let mut report = SealReport::default();
    let (mut waiting, mut next, mut bytes) = (BTreeMap::new(), 0, 0);
    for (number, result) in parsed {
        waiting.insert(number, result?);
        while let Some(result) = waiting.remove(&next) {
            next += 1;
            bytes += result.bytes;
            report.rows_accepted += result.accepted;
            report.rows_rejected += result.rejects.len() as u64;
            report.rows_received += result.accepted + result.rejects.len() as u64;
            report.ballots += result.ballots;
            for reject in &result.rejects {
                sink.reject(reject).map_err(LoaderError::Sink)?;
            }
            sink.progress(Progress::Read(bytes));
        }
    }
    assert!(waiting.is_empty(), "every piece of the text was taken in its turn");
    Ok(report)
}

/// Gives batches to the sink and counts what goes through.
struct Handover<'a, S> {
    sink: &'a mut S,
    sealed: u64,
    ballots: u64,
    batches: u64,
}

impl<S: SealSink> Handover<'_, S> {
    fn batch(&mut self, batch: &SealedBatch, ballots: u32) -> Result<(), LoaderError> {
        self.sink.batch(batch).map_err(LoaderError::Sink)?;
        self.sealed += u64::from(ballots);
        self.batches += 1;
        Ok(())
    }
}

fn seal_all(
    job: &SealJob<'_>,
    partitions: &Partitions,
    handover: &mut Handover<'_, impl SealSink>,
) -> Result<(), LoaderError> {
    let on_disk =
        |at: usize| job.sort_on_disk || partitions.size(at).expanded_bytes > SORT_IN_MEMORY_BYTES;
    let window = rayon::current_num_threads().max(1) * 2;
    handover.sink.progress(Progress::Sealed(0, handover.ballots));
    let mut next = 0;
    while next < partitions.count() {
        if on_disk(next) {
            seal_on_disk(job, partitions, next, handover)?;
            next += 1;
        } else {
            let last = partitions.count().min(next + window);
            let end = (next..last).find(|&at| on_disk(at)).unwrap_or(last);
            let sealed: Vec<_> = (next..end)
                .into_par_iter()
                .map(|at| seal_in_memory(job, partitions, at))
                .collect::<Result<_, LoaderError>>()?;
            for (batch, ballots) in sealed.iter().flatten() {
                handover.batch(batch, *ballots)?;
            }
            next = end;
        }
        let progress = Progress::Sealed(handover.sealed, handover.ballots);
        handover.sink.progress(progress);
    }
    Ok(())
}

/// Numbers the batches of a device as they come: 0, 1, 2 for each station.
struct Sequence {
    station: u32,
    next: u64,
}

impl Sequence {
    fn address(&mut self, station: u32, district: u32) -> BatchAddress {
        if station != self.station {
            *self = Self { station, next: 0 };
        }
        self.next += 1;
        BatchAddress { station, district, device: 0, sequence: self.next - 1 }
    }
}

fn seal_in_memory(
    job: &SealJob<'_>,
    partitions: &Partitions,
    partition: usize,
) -> Result<Vec<(SealedBatch, u32)>, LoaderError> {
    let mut input = BufReader::with_capacity(1 << 18, partitions.reader(partition)?);
    let mut pairs: BTreeMap<(u32, u32), Canonicaliser> = BTreeMap::new();
    let mut row = StoredRow { station: 0, district: 0, choices: Vec::new(), count: 0 };
    let failed = || io_error(partitions.directory(), "read a temporary file");
    while read_row(&mut input, &mut row).map_err(failed())? {
        let shape = job.election.districts[row.district as usize].shape();
        pairs
            .entry((row.station, row.district))
            .or_insert_with(|| Canonicaliser::new(shape))
            .add(&row.choices, row.count);
    }
    let mut sequence = Sequence { station: 0, next: 0 };
    let mut sealed = Vec::new();
    for ((station, district), ballots) in pairs {
        for batch in ballots.finish() {
            let address = sequence.address(station, district);
            sealed.push((SealedBatch::seal(job.definition, address, &batch), batch.taken()));
        }
    }
    Ok(sealed)
}

fn seal_on_disk(
    job: &SealJob<'_>,
    partitions: &Partitions,
    partition: usize,
    handover: &mut Handover<'_, impl SealSink>,
) -> Result<(), LoaderError> {
    let shape = |district: u32| job.election.districts[district as usize].shape();
    let mut sequence = Sequence { station: 0, next: 0 };
    let mut cutter: Option<(u32, u32, BatchCutter)> = None;
    let mut seal = |station, district, batch: &CanonicalBatch| {
        let address = sequence.address(station, district);
        handover.batch(&SealedBatch::seal(job.definition, address, batch), batch.taken())
    };
    let stored_bytes = partitions.size(partition).stored_bytes;
    let input = partitions.reader(partition)?;
    external::sort_rows(input, stored_bytes, partitions.directory(), shape, |entry| {
        let (station, district) = (entry.station, entry.district);
        if let Some((s, d, full)) = cutter.take_if(|(s, d, _)| (*s, *d) != (station, district)) {
            seal(s, d, &full.finish())?;
        }
        let (_, _, cutter) =
            cutter.get_or_insert_with(|| (station, district, BatchCutter::new(shape(district))));
        cutter.add(entry.class, &entry.choices, entry.count, &mut |batch| {
            seal(station, district, &batch)
        })
    })?;
    match cutter {
        Some((station, district, last)) => seal(station, district, &last.finish()),
        None => Ok(()),
    }
}
