//! One CSV file of an election folder: columns checked, every problem kept, rows given out.
//!
//! In: bytes, the names of required and optional columns. Out: rows by column, and problems with
//! file and line. Never: the first problem only, a field changed or trimmed, a column guessed.

use crate::{code, limits};

/// One problem of an election folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// File name inside the folder.
    pub file: String,
    /// Line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, found, expected } = self;
        if *line == 0 {
            write!(formatter, "{file}: found {found}, expected {expected}")
        } else {
            write!(formatter, "{file}:{line}: found {found}, expected {expected}")
        }
    }
}

/// A row with its line number and its fields in the order of the columns asked for.
#[derive(Debug)]
pub struct Row<'a> {
    /// Line on which the row begins, from 1.
    pub line: u64,
    fields: &'a [Option<String>],
}

impl Row<'_> {
    /// The field of a column, by its place in `required` followed by `optional`; empty if the
    /// column is absent.
    #[must_use]
    pub fn field(&self, column: usize) -> &str {
        self.fields[column].as_deref().unwrap_or("")
    }
}

/// Reads a table, calling `each` for every row whose fields could be told apart.
pub fn read_table(
    file: &str,
    bytes: &[u8],
    required: &[&str],
    optional: &[&str],
    problems: &mut Vec<Problem>,
    mut each: impl FnMut(&Row<'_>, &mut Vec<Problem>),
) {
    let problem = |line, found: String, expected: String| Problem {
        file: file.to_owned(),
        line,
        found,
        expected,
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let known: Vec<&str> = required.iter().chain(optional).copied().collect();
    let mut record = csv::StringRecord::new();
    let header = match reader.read_record(&mut record) {
        Ok(true) => record.clone(),
        Ok(false) => {
            problems.push(problem(0, "an empty file".into(), header_of(required)));
            return;
        }
        Err(error) => {
            problems.push(problem(1, describe(&error), "a header in UTF-8".into()));
            return;
        }
    };
    let Some(places) = read_header(&header, &known, required.len(), |found, expected| {
        problems.push(problem(1, found, expected));
    }) else {
        return;
    };
    let mut fields: Vec<Option<String>> = vec![None; known.len()];
    let mut lines = LineCounter { bytes, offset: 0, line: 1 };
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => {
                let line = lines.line_of(error.position());
                problems.push(problem(line, describe(&error), "a row in UTF-8".into()));
                continue;
            }
        }
        let line = lines.line_of(record.position());
        if record.len() != header.len() {
            let found = format!("{} fields", record.len());
            problems.push(problem(line, found, format!("{} as in the header", header.len())));
            continue;
        }
        let mut sound = true;
        for (place, value) in places.iter().zip(&record) {
            if let Err((found, expected)) = check_field(known[*place], value) {
                sound = false;
                problems.push(problem(line, format!("{found} in '{}'", known[*place]), expected));
            }
            fields[*place] = Some(value.to_owned());
        }
        if sound {
            each(&Row { line, fields: &fields }, problems);
        }
    }
}

/// Counts lines up to a row. The csv crate's own count is one short after `\r\n`.
struct LineCounter<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl LineCounter<'_> {
    fn line_of(&mut self, position: Option<&csv::Position>) -> u64 {
        let at = position.and_then(|position| usize::try_from(position.byte()).ok());
        let Some(at) = at.filter(|at| (self.offset..=self.bytes.len()).contains(at)) else {
            return 0;
        };
        // A row begins behind the line ends that are left over before it.
        let blank =
            self.bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = &self.bytes[self.offset..at + blank];
        self.line += passed.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.offset = at + blank;
        self.line
    }
}

/// Finds the place of each header field among the known columns, or tells every problem.
pub fn read_header<'a>(
    header: impl IntoIterator<Item = &'a str>,
    known: &[&str],
    required: usize,
    mut problem: impl FnMut(String, String),
) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    let mut sound = true;
    for name in header {
        match known.iter().position(|column| *column == name) {
            Some(place) if places.contains(&place) => {
                sound = false;
                problem(format!("the column '{name}' twice"), "each column once".into());
            }
            Some(place) => places.push(place),
            None => {
                sound = false;
                problem(format!("the unknown column '{name}'"), hint(name, known));
            }
        }
    }
    for (place, name) in known.iter().enumerate().take(required) {
        if !places.contains(&place) {
            sound = false;
            problem(format!("no column '{name}'"), header_of(&known[..required]));
        }
    }
    sound.then_some(places)
}

/// The known name that is nearest to `name`, or all of them.
#[must_use]
pub fn hint(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("'{near}', perhaps"),
        None => format!("one of: {}", known.join(", ")),
    }
}

/// The known name that is nearest to `name`, if one is near at all.
#[must_use]
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_lowercase();
    let distances =
        known.iter().map(|known| (strsim::osa_distance(&name, &known.to_lowercase()), *known));
    distances.min().filter(|(distance, near)| *distance <= 1 + near.len() / 4).map(|(_, near)| near)
}

fn header_of(required: &[&str]) -> String {
    format!("a header with {}", required.join(","))
}

fn describe(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => format!("bytes that are not UTF-8 ({err})"),
        _ => error.to_string(),
    }
}

fn check_field(column: &str, value: &str) -> Result<(), (String, String)> {
    if value.len() > limits::FIELD_BYTES_MAX {
        let expected = format!("at most {}", limits::FIELD_BYTES_MAX);
        return Err((format!("{} bytes", value.len()), expected));
    }
    if value.chars().any(char::is_control) {
        return Err(("a control character".into(), "text on one line, without tabs".into()));
    }
    // Names are shown, never compared; ids and numbers with spaces would be other ids, unseen.
    if !column.starts_with("name_") && value.trim() != value {
        return Err((format!("spaces around '{}'", value.trim()), "none".into()));
    }
    Ok(())
}

/// A number without sign, in any of the three kinds of digits, or the problem.
pub fn number(value: &str, largest: u64) -> Result<u64, (String, String)> {
    match code::read_number(value.as_bytes()) {
        Some(Some(number)) if number <= largest => Ok(number),
        _ => Err((format!("'{value}'"), format!("a whole number from 0 to {largest}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &[u8]) -> Vec<String> {
        let mut problems = Vec::new();
        read_table("t.csv", text, &["district", "seats"], &["county"], &mut problems, |_, _| {});
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn any_column_order_and_a_byte_order_mark_are_fine() {
        let mut rows = Vec::new();
        let text = b"\xef\xbb\xbfseats,district\r\n5,A\r\n\r\n7,\"B, C\"\r\n";
        let mut problems = Vec::new();
        read_table("t.csv", text, &["district", "seats"], &["county"], &mut problems, |row, _| {
            rows.push((row.line, row.field(0).to_owned(), row.field(1).to_owned()));
            assert_eq!(row.field(2), "");
        });
        assert_eq!(problems, []);
        let expected = [(2, "A".to_owned(), "5".to_owned()), (4, "B, C".into(), "7".into())];
        assert_eq!(rows, expected);
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        assert_eq!(
            problems(b""),
            ["t.csv: found an empty file, expected a header with district,seats"]
        );
        assert_eq!(
            problems(b"distrct,seats,seats\n"),
            [
                "t.csv:1: found the unknown column 'distrct', expected 'district', perhaps",
                "t.csv:1: found the column 'seats' twice, expected each column once",
                "t.csv:1: found no column 'district', expected a header with district,seats",
            ]
        );
        assert_eq!(
            problems(b"district,seats\nA\nB, 5\n\xff,3\nC,\"1\t2\"\n"),
            [
                "t.csv:2: found 1 fields, expected 2 as in the header",
                "t.csv:3: found spaces around '5' in 'seats', expected none",
                "t.csv:4: found bytes that are not UTF-8 (invalid utf-8: invalid UTF-8 in field 0 \
                 near byte index 0), expected a row in UTF-8",
                "t.csv:5: found a control character in 'seats', expected text on one line, without \
                 tabs",
            ]
        );
    }

    #[test]
    fn hints_are_near_or_complete() {
        assert_eq!(hint("Seats", &["district", "seats"]), "'seats', perhaps");
        assert_eq!(hint("colour", &["district", "seats"]), "one of: district, seats");
    }
}
