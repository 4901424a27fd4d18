//! One row of ballots: told apart, looked up, or refused with a stable code.
//!
//! In: a line and the places of its columns. Out: station, district, choices in entry order, count;
//! or a [`Reject`]. Never: a choice dropped; codes nobody has stand as one sentinel.

use csv_core::{ReadFieldResult, ReaderBuilder, Terminator};
use shomar_format::code::{Token, read_number, read_token};
use shomar_format::{OptionIndex, RejectCode, UNKNOWN_OPTION, limits};

use crate::codes::Codes;

/// Where the columns stand in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) field_count: usize,
    pub(crate) station: usize,
    pub(crate) district: usize,
    pub(crate) choices: usize,
    pub(crate) count: Option<usize>,
}

/// A row that is not a ballot of this election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Line in the file, from 1.
    pub line: u64,
    /// Why.
    pub code: RejectCode,
    /// What stands there, shortened.
    pub found: String,
}

/// An accepted row; its choices are in the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParsedRow {
    pub(crate) station: u32,
    pub(crate) district: u32,
    pub(crate) count: u32,
}

/// Parses rows; one per worker, so that nothing is allocated per row.
pub(crate) struct RowParser<'a> {
    columns: Columns,
    codes: &'a Codes<'a>,
    fields: Vec<(usize, usize)>,
    unquoted: Vec<u8>,
    choices: Vec<OptionIndex>,
    last_station: (Vec<u8>, u32),
    last_district: (Vec<u8>, u32),
}

/// Characters of a refused value that are shown.
const FOUND_SHOWN: usize = 60;

impl<'a> RowParser<'a> {
    pub(crate) fn new(columns: Columns, codes: &'a Codes<'a>) -> Self {
        Self {
            columns,
            codes,
            fields: Vec::new(),
            unquoted: Vec::new(),
            choices: Vec::new(),
            last_station: (Vec::new(), 0),
            last_district: (Vec::new(), 0),
        }
    }

    /// The choices of the row that was parsed last, in entry order.
    pub(crate) fn choices(&self) -> &[OptionIndex] {
        &self.choices
    }

    /// Parses a line without its line end.
    pub(crate) fn parse(&mut self, line: &[u8]) -> Result<ParsedRow, (RejectCode, String)> {
        if line.len() > limits::ROW_BYTES_MAX {
            return Err((RejectCode::RowTooLong, format!("{} bytes", line.len())));
        }
        let mut unquoted = std::mem::take(&mut self.unquoted);
        let result = self.split(line, &mut unquoted).and_then(|()| {
            let text = if unquoted.is_empty() { line } else { &unquoted };
            self.read(text)
        });
        self.unquoted = unquoted;
        result
    }

    /// Finds the fields: places in `line`, or in `unquoted` if there are quotation marks.
    fn split(&mut self, line: &[u8], unquoted: &mut Vec<u8>) -> Result<(), (RejectCode, String)> {
        self.fields.clear();
        unquoted.clear();
        if memchr::memchr(b'"', line).is_some() {
            split_quoted(line, unquoted, &mut self.fields)?;
        } else {
            let mut start = 0;
            for comma in memchr::memchr_iter(b',', line) {
                self.fields.push((start, comma));
                start = comma + 1;
            }
            self.fields.push((start, line.len()));
        }
        if self.fields.len() != self.columns.field_count {
            let found = format!("{} fields", self.fields.len());
            return Err((RejectCode::WrongFieldCount, found));
        }
        Ok(())
    }

    fn read(&mut self, text: &[u8]) -> Result<ParsedRow, (RejectCode, String)> {
        let field = |column: usize| {
            let (start, end) = self.fields[column];
            &text[start..end]
        };
        let (station, district, choices) = (
            field(self.columns.station),
            field(self.columns.district),
            field(self.columns.choices),
        );
        let count = match self.columns.count.map(field) {
            None => 1,
            Some(text) => match read_number(text).flatten().map(u32::try_from) {
                Some(Ok(count)) if (1..=limits::ROW_COUNT_MAX).contains(&count) => count,
                _ => return Err((RejectCode::BadCount, show(text))),
            },
        };
        let codes = self.codes;
        let station = remembered(&mut self.last_station, station, |id| codes.station(id))
            .ok_or_else(|| (RejectCode::UnknownStation, show(station)))?;
        let district = remembered(&mut self.last_district, district, |id| codes.district(id))
            .ok_or_else(|| (RejectCode::UnknownDistrict, show(district)))?;
        if !codes.serves(station, district) {
            let places = [self.columns.station, self.columns.district].map(|at| self.fields[at]);
            let pair = places.map(|(start, end)| show(&text[start..end])).join(",");
            return Err((RejectCode::PairNotServed, pair));
        }
        self.choices.clear();
        if !choices.is_empty() {
            for token in choices.split(|&byte| byte == b' ') {
                let option = match read_token(token) {
                    Token::Code(code) => codes.option(district, code),
                    Token::OutOfRange => UNKNOWN_OPTION,
                    Token::NotANumber => {
                        return Err((RejectCode::ChoiceNotANumber, show(choices)));
                    }
                };
                self.choices.push(option);
            }
        }
        if self.choices.len() > limits::BALLOT_CHOICES_MAX {
            let found = format!("{} codes", self.choices.len());
            return Err((RejectCode::TooManyChoices, found));
        }
        Ok(ParsedRow { station, district, count })
    }
}

/// Looks up an id, unless it is the one of the row before.
fn remembered(
    last: &mut (Vec<u8>, u32),
    id: &[u8],
    look_up: impl FnOnce(&[u8]) -> Option<u32>,
) -> Option<u32> {
    if id.is_empty() {
        return None;
    }
    if last.0 != id {
        let index = look_up(id)?;
        last.0.clear();
        last.0.extend_from_slice(id);
        last.1 = index;
    }
    Some(last.1)
}

/// Splits a line with quotation marks as RFC 4180 says; a field ends on its own line.
fn split_quoted(
    line: &[u8],
    unquoted: &mut Vec<u8>,
    fields: &mut Vec<(usize, usize)>,
) -> Result<(), (RejectCode, String)> {
    if !memchr::memchr_iter(b'"', line).count().is_multiple_of(2) {
        return Err((RejectCode::BadQuote, show(line)));
    }
    // A record is a line: whatever else csv-core might take for the end of one is data here, or a
    // rest of the line would be dropped unseen.
    let mut reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
    if line.starts_with(b"\xef\xbb\xbf") {
        return Err((RejectCode::BadQuote, show(line)));
    }
    // Without its marks a line is never longer.
    unquoted.resize(line.len() + 1, 0);
    let (mut read, mut written) = (0, 0);
    let mut start = 0;
    loop {
        let (result, taken, given) = reader.read_field(&line[read..], &mut unquoted[written..]);
        read += taken;
        written += given;
        match result {
            ReadFieldResult::Field { record_end } => {
                fields.push((start, written));
                start = written;
                if record_end {
                    assert_eq!(read, line.len(), "a line is one record");
                    return Ok(());
                }
            }
            // The end of the input is told by an empty slice, which the next turn passes.
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::End => return Ok(()),
            ReadFieldResult::OutputFull => return Err((RejectCode::BadQuote, show(line))),
        }
    }
}

fn show(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown: String = text
        .chars()
        .take(FOUND_SHOWN)
        .map(|character| if character.is_control() { '\u{fffd}' } else { character })
        .collect();
    if text.chars().nth(FOUND_SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_are_read_as_rfc_4180_says() {
        let cases: [(&str, &[&str]); 5] = [
            ("\"a\",b,c", &["a", "b", "c"]),
            ("\"a,b\",\"\",\"1 2\"", &["a,b", "", "1 2"]),
            ("\"say \"\"x\"\"\",b,", &["say \"x\"", "b", ""]),
            ("a,b,\"\"", &["a", "b", ""]),
            ("\"\",\"\",\"\"", &["", "", ""]),
        ];
        for (line, expected) in cases {
            let (mut unquoted, mut fields) = (Vec::new(), Vec::new());
            split_quoted(line.as_bytes(), &mut unquoted, &mut fields).unwrap();
            let found: Vec<_> = fields
                .iter()
                .map(|&(start, end)| std::str::from_utf8(&unquoted[start..end]).unwrap())
                .collect();
            assert_eq!(found, expected, "{line}");
        }
        let (mut unquoted, mut fields) = (Vec::new(), Vec::new());
        split_quoted(b"S1,V1,\"101\"\rS1,V1,102", &mut unquoted, &mut fields).unwrap();
        assert_eq!(fields.len(), 5, "a bare carriage return ends no record");
        let open = split_quoted(b"\"a,b,c", &mut Vec::new(), &mut Vec::new());
        assert_eq!(open.unwrap_err().0, RejectCode::BadQuote);
    }

    #[test]
    fn what_is_shown_is_short_and_on_one_line() {
        assert_eq!(show(b"a\tb\0"), "a\u{fffd}b\u{fffd}");
        assert_eq!(show(&[b'x'; 100]).len(), FOUND_SHOWN + 3);
    }
}
