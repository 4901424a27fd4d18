//! Text into partitions: the header, then pieces of lines, parsed on all cores.
//!
//! In: a file of ballots. Out: its rows in partitions, and its rejects to the sink, by line. Never:
//! a row that depends on where the text was cut, or on who parsed it.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Mutex;

use crossbeam::channel::{Receiver, Sender, bounded};
use shomar_format::table::read_header;
use shomar_format::{Election, OptionIndex, RejectCode, limits};

use crate::chunk::{CHUNK_SIZE, ChunkReader, Piece};
use crate::codes::Codes;
use crate::partition::{PartitionWriter, Partitions};
use crate::quick::QuickParser;
use crate::row::{Columns, ParsedRow, Reject, RowParser};
use crate::seal::{Progress, SealReport, SealSink};
use crate::{LoaderError, io_error};

/// Reads the header line: which column stands where.
pub(crate) fn read_columns(path: &Path, input: &mut impl BufRead) -> Result<Columns, LoaderError> {
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

/// What parsing alone gave: the first stage of sealing, by one thread, with nothing kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCount {
    /// Rows that can be sealed.
    pub accepted: u64,
    /// Rows that cannot.
    pub rejected: u64,
    /// Ballots of the accepted rows.
    pub ballots: u64,
}

/// Parses a whole text with its header, and counts its rows.
///
/// # Errors
/// If the header does not tell where station, district and choices stand.
pub fn count_rows(election: &Election, text: &[u8]) -> Result<RowCount, LoaderError> {
    let mut rows = text;
    let columns = read_columns(Path::new("text"), &mut rows)?;
    let codes = Codes::new(election);
    let mut parser = PieceParser::new(columns, &codes);
    let parsed = parser.parse(rows, 2, |_, _| Ok(()))?;
    let (accepted, ballots) = (parsed.accepted, parsed.ballots);
    Ok(RowCount { accepted, rejected: parsed.rejects.len() as u64, ballots })
}

/// What one piece of the text gave.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parsed {
    bytes: u64,
    accepted: u64,
    ballots: u64,
    rejects: Vec<Reject>,
}

/// A piece's number, and what it gave.
type Numbered = (u64, Result<Parsed, LoaderError>);

/// Parses the text on all cores into the partitions; rejects go to the sink in line order.
pub(crate) fn parse_all(
    path: &Path,
    input: impl Read + Send,
    columns: Columns,
    codes: &Codes<'_>,
    partitions: &Partitions,
    sink: &mut impl SealSink,
) -> Result<SealReport, LoaderError> {
    let workers = rayon::current_num_threads().max(1);
    let (sender, parsed) = bounded::<Numbered>(workers * 2);
    // Who parses a piece reads it as well, so that it is still in that core's cache.
    let reader = Mutex::new((0, ChunkReader::new(input, 2, CHUNK_SIZE)));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, reader) = (sender.clone(), &reader);
            let mut parser = PieceParser::new(columns, codes);
            let mut writer = PartitionWriter::new(partitions, workers);
            scope.spawn(move || {
                let result = parse_pieces(path, reader, &sender, &mut parser, &mut writer);
                if let Err(error) = result.and_then(|()| writer.finish()) {
                    // Nobody listens any more only if another error has ended the run.
                    let _ = sender.send((u64::MAX, Err(error)));
                }
            });
        }
        // The workers own the only other ends: when they stop, the channel closes.
        drop(sender);
        let result = collect(&parsed, sink);
        drop(parsed);
        result
    })
}

/// Reads and parses pieces until the text ends or nobody listens any more.
fn parse_pieces<R: Read>(
    path: &Path,
    reader: &Mutex<(u64, ChunkReader<R>)>,
    parsed: &Sender<Numbered>,
    parser: &mut PieceParser<'_>,
    writer: &mut PartitionWriter<'_>,
) -> Result<(), LoaderError> {
    let mut bytes = Vec::new();
    loop {
        let (number, piece) = {
            let mut guard = reader.lock().expect("reading does not panic");
            let (next, reader) = &mut *guard;
            let Some(piece) = reader.next_piece(&mut bytes).map_err(io_error(path, "read"))? else {
                return Ok(());
            };
            *next += 1;
            (*next - 1, piece)
        };
        let result = match piece {
            Piece::Lines { first_line } => {
                parser.parse(&bytes, first_line, |row, choices| writer.add(row, choices))?
            }
            Piece::LongLine { line, bytes } => {
                let found = format!("{bytes} bytes");
                let reject = Reject { line, code: RejectCode::RowTooLong, found };
                Parsed { bytes, rejects: vec![reject], ..Parsed::default() }
            }
        };
        if parsed.send((number, Ok(result))).is_err() {
            return Ok(());
        }
    }
}

/// Parses lines; one per worker.
struct PieceParser<'a> {
    quick: QuickParser<'a>,
    general: RowParser<'a>,
}

impl<'a> PieceParser<'a> {
    fn new(columns: Columns, codes: &'a Codes<'a>) -> Self {
        Self { quick: QuickParser::new(columns, codes), general: RowParser::new(columns, codes) }
    }

    /// Gives every accepted row to `accept`.
    fn parse(
        &mut self,
        bytes: &[u8],
        first_line: u64,
        mut accept: impl FnMut(ParsedRow, &[OptionIndex]) -> Result<(), LoaderError>,
    ) -> Result<Parsed, LoaderError> {
        let mut result = Parsed { bytes: bytes.len() as u64, ..Parsed::default() };
        let mut rest = bytes;
        let mut line_number = first_line;
        while !rest.is_empty() {
            if let Some((row, length)) = self.quick.read(rest) {
                result.accepted += 1;
                result.ballots += u64::from(row.count);
                accept(row, self.quick.choices())?;
                rest = &rest[length..];
                line_number += 1;
                continue;
            }
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            rest = rest.get(end + 1..).unwrap_or(&[]);
            if !line.is_empty() {
                match self.general.parse(line) {
                    Ok(row) => {
                        result.accepted += 1;
                        result.ballots += u64::from(row.count);
                        accept(row, self.general.choices())?;
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
}

/// Takes results in the order of the text.
fn collect(
    parsed: &Receiver<Numbered>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::tests::election;
    use proptest::prelude::*;
    use shomar_format::UNKNOWN_OPTION;

    const PLAIN: Columns =
        Columns { field_count: 3, station: 0, district: 1, choices: 2, count: None };
    const COUNTED: Columns = Columns { field_count: 4, count: Some(3), ..PLAIN };
    const OTHERS: [Columns; 2] = [
        Columns { field_count: 3, station: 1, district: 0, choices: 2, count: None },
        Columns { field_count: 4, station: 1, district: 2, choices: 3, count: Some(0) },
    ];

    /// What is accepted, and what was found.
    type Outcome = (Vec<(ParsedRow, Vec<OptionIndex>)>, Parsed);

    /// Parses with the quick look, or without.
    fn outcome(columns: Columns, text: &[u8], quick: bool) -> Outcome {
        let election = election();
        let codes = Codes::new(&election);
        let mut parser = PieceParser::new(columns, &codes);
        if !quick {
            // No row has this many fields, so that it sees none.
            let none = Columns { field_count: usize::MAX, ..columns };
            parser.quick = QuickParser::new(none, &codes);
        }
        let mut rows = Vec::new();
        let parsed = parser.parse(text, 2, |row, choices| {
            rows.push((row, choices.to_vec()));
            Ok(())
        });
        (rows, parsed.unwrap())
    }

    /// A field: mostly one of `plain`, sometimes one of `odd`.
    fn field(
        plain: &'static [&'static str],
        odd: &'static [&'static str],
    ) -> BoxedStrategy<String> {
        let pick =
            |from: &'static [&'static str]| prop::sample::select(from).prop_map(String::from);
        prop_oneof![15 => pick(plain), 1 => pick(odd)].boxed()
    }

    fn row(counted: bool) -> impl Strategy<Value = String> {
        let choice = field(
            &["101", "102", "103", "7", "70000", "999", "1", "9999999"],
            &[
                "0",
                "0101",
                "0000000102",
                "۱۰۱",
                "١٠٢",
                "4294967295",
                "4294967296",
                "12345678",
                "",
                "99999999999999999999",
                "12a",
                "-5",
                "1\r",
                "101\"",
                "\"",
                "101;102",
            ],
        );
        let choices = prop_oneof![
            6 => prop::collection::vec(choice.clone(), 0..6),
            1 => prop::collection::vec(choice, 25..40),
        ];
        let quoted = prop_oneof![9 => Just(false), 1 => Just(true)];
        (
            field(
                &["S1", "station-2", "ztation-2"],
                &["S9", "", "\"S1\"", "\u{feff}S1", "S1 ", "S\"4", "\"S\"\"4\""],
            ),
            field(&["V", "tehran-T"], &["X", "", "\"V\"", "V\r", "tehran-W"]),
            (choices, field(&[" "], &["  ", ","]), quoted),
            field(&["1", "5", "1000000"], &["0", "1000001", "", "۵", "00000001", "x", "1,1"]),
            field(&["\n", "\r\n"], &["\r\r\n", "\n\n", "\n\r\n", "\r", ""]),
        )
            .prop_map(move |(station, district, (choices, space, quoted), count, end)| {
                let choices = choices.join(&space);
                let choices = if quoted { format!("\"{choices}\"") } else { choices };
                let count = if counted { format!(",{count}") } else { String::new() };
                format!("{station},{district},{choices}{count}{end}")
            })
    }

    fn text(counted: bool) -> impl Strategy<Value = Vec<u8>> {
        let change =
            (any::<prop::sample::Index>(), prop::sample::select(b"\",\r\n 01\0\xdb\xb1".to_vec()));
        let changes = prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec(change, 0..4)];
        (prop::collection::vec(row(counted), 0..20), changes).prop_map(|(rows, changes)| {
            let mut text = rows.concat().into_bytes();
            for (place, byte) in changes {
                if !text.is_empty() {
                    let place = place.index(text.len());
                    text[place] = byte;
                }
            }
            text
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000.max(ProptestConfig::default().cases)))]

        #[test]
        fn the_quick_look_sees_what_the_general_one_sees(
            text in text(false), other in any::<bool>(),
        ) {
            let columns = if other { OTHERS[0] } else { PLAIN };
            prop_assert_eq!(outcome(columns, &text, true), outcome(columns, &text, false));
        }

        #[test]
        fn and_so_it_does_with_counts(text in text(true), other in any::<bool>()) {
            let columns = if other { OTHERS[1] } else { COUNTED };
            prop_assert_eq!(outcome(columns, &text, true), outcome(columns, &text, false));
        }
    }

    #[test]
    fn plain_rows_are_seen_by_the_quick_look() {
        let election = election();
        let codes = Codes::new(&election);
        let cases: [(&str, Columns, &[OptionIndex], u32); 5] = [
            ("S1,V,101 7 102\n", PLAIN, &[1, UNKNOWN_OPTION, 2], 1),
            ("S1,V,\n       ", PLAIN, &[], 1),
            ("S1,V,0101 0\r\n       ", PLAIN, &[1, UNKNOWN_OPTION], 1),
            ("station-2,tehran-T,70000,1000000\n       ", COUNTED, &[1], 1_000_000),
            ("station-2,tehran-T,,5\r\n       ", COUNTED, &[], 5),
        ];
        for (text, columns, choices, count) in cases {
            let mut quick = QuickParser::new(columns, &codes);
            let text = format!("{text}S1,V,101\n");
            let (row, length) = quick.read(text.as_bytes()).expect(&text);
            assert_eq!(length, text.find('\n').unwrap() + 1);
            assert_eq!((quick.choices(), row.count), (choices, count), "{text}");
        }
    }
}
