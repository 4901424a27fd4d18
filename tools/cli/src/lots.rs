//! The small CSV files that people write by hand, and one of them: recorded lots.
//!
//! What comes in: a path. What goes out: rows with their line numbers, columns in the order asked
//! for; or a message that names file, line, what was found and what was expected. A lots file is
//! `district,kind,place,winner`; what a winner means (list, candidate, independents) is known to
//! the caller only. Nothing here decides anything.

use std::path::Path;

use anyhow::{Context, bail};
use shomar_seats::LotKind;

/// A row of a table: fields in the order of the columns asked for, blanks around them removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Line in the file, from 1.
    pub(crate) line: u64,
    /// One field per column.
    pub(crate) fields: Vec<String>,
}

/// A recorded lot, before names are looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LotRow {
    /// Line in the file, from 1.
    pub(crate) line: u64,
    /// The district; empty for `shomar seats`.
    pub(crate) district: String,
    /// What it decides.
    pub(crate) kind: LotKind,
    /// Which lot of its tie it is, from 1.
    pub(crate) place: u32,
    /// Name or code of the winner; empty: the independents together.
    pub(crate) winner: String,
}

/// Reads a lots file.
///
/// # Errors
/// A message with file, line, found and expected.
pub(crate) fn read_lots(path: &Path) -> anyhow::Result<Vec<LotRow>> {
    let rows = read_table(path, &["district", "kind", "place", "winner"])?;
    rows.into_iter().map(|row| lot_row(path, row)).collect()
}

fn lot_row(path: &Path, row: Row) -> anyhow::Result<LotRow> {
    let line = row.line;
    let [district, kind, place, winner] =
        <[String; 4]>::try_from(row.fields).expect("read_table gives one field per column");
    let Some(kind) = LotKind::parse(&kind) else {
        bail!(
            "{}, line {line}: found kind {kind:?}, expected seat, person or alternate",
            path.display()
        );
    };
    let number = whole_number(&place).and_then(|place| u32::try_from(place).ok());
    let Some(place) = number.filter(|place| *place > 0) else {
        bail!("{}, line {line}: found place {place:?}, expected 1, 2, 3, ...", path.display());
    };
    if winner.is_empty() && kind != LotKind::Seat {
        bail!("{}, line {line}: found no winner, expected a candidate", path.display());
    }
    Ok(LotRow { line, district, kind, place, winner })
}

/// Reads a CSV file with exactly these columns, in any order; a byte order mark is tolerated.
///
/// # Errors
/// A message with file, line, found and expected.
pub(crate) fn read_table(path: &Path, columns: &[&str]) -> anyhow::Result<Vec<Row>> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("{shown}: cannot be read"))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| bad_record(path, bytes, &error))?.clone();
    let order = column_order(path, &headers, columns)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad_record(path, bytes, &error))?;
        let line = line_of(bytes, record.position());
        let fields = order.iter().map(|index| record[*index].to_owned()).collect();
        rows.push(Row { line, fields });
    }
    Ok(rows)
}

/// Where each column asked for is in the file.
fn column_order(
    path: &Path,
    headers: &csv::StringRecord,
    columns: &[&str],
) -> anyhow::Result<Vec<usize>> {
    let shown = path.display();
    let expected = columns.join(",");
    for (index, found) in headers.iter().enumerate() {
        if !columns.contains(&found) {
            let hint = nearest(found, columns)
                .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            bail!("{shown}, line 1: found column {found:?}, expected {expected}{hint}");
        }
        if headers.iter().take(index).any(|earlier| earlier == found) {
            bail!("{shown}, line 1: found column {found:?} twice, expected it once");
        }
    }
    let place = |column: &&str| {
        headers.iter().position(|found| found == *column).with_context(|| {
            let found = headers.iter().collect::<Vec<_>>().join(",");
            format!(
                "{shown}, line 1: column {column:?} is missing: found {found}, expected {expected}"
            )
        })
    };
    columns.iter().map(place).collect()
}

/// Line of a record, from 1. The position that the CSV reader gives is where the previous record
/// ended: before the second half of a CRLF, and before blank lines.
fn line_of(bytes: &[u8], position: Option<&csv::Position>) -> u64 {
    let offset = position.map_or(0, csv::Position::byte);
    let start = usize::try_from(offset).unwrap_or(bytes.len()).min(bytes.len());
    let is_break = |byte: &&u8| matches!(byte, b'\r' | b'\n');
    let skipped = bytes[start..].iter().take_while(is_break).count();
    1 + bytes[..start + skipped].iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

fn bad_record(path: &Path, bytes: &[u8], error: &csv::Error) -> anyhow::Error {
    let shown = path.display();
    let line = line_of(bytes, error.position());
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            anyhow::anyhow!("{shown}, line {line}: found {len} fields, expected {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => {
            anyhow::anyhow!("{shown}, line {line}: found bytes that are not UTF-8, expected UTF-8")
        }
        _ => anyhow::anyhow!("{shown}: {error}"),
    }
}

/// The known name that is most like `found`, if any is like it at all.
pub(crate) fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let found = found.to_lowercase();
    known
        .iter()
        .copied()
        .map(|name| (strsim::damerau_levenshtein(&found, name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len())
        .min()
        .map(|(_, name)| name)
}

/// A whole number of plain ASCII digits: no sign, no decimals, no exponent.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lots(text: &str) -> anyhow::Result<Vec<LotRow>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lots.csv");
        std::fs::write(&path, text).unwrap();
        read_lots(&path)
    }

    #[test]
    fn lots_are_read_in_any_column_order() {
        let rows = lots("\u{feff}winner,kind,district,place\r\nA, person ,,1\r\n,seat,D,2\r\n");
        let rows = rows.unwrap();
        assert_eq!((rows[0].line, rows[0].kind, rows[0].place), (2, LotKind::Person, 1));
        assert_eq!((rows[1].district.as_str(), rows[1].winner.as_str()), ("D", ""));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("district,kind,place\n", "\"winner\" is missing"),
            ("district,kind,plce,winner\n", "did you mean \"place\"?"),
            ("district,kind,place,winner,note\n", "found column \"note\""),
            ("district,kind,kind,place,winner\n", "twice"),
            ("district,kind,place,winner\n,seat,1\n", "line 2: found 3 fields, expected 4"),
            ("district,kind,place,winner\n,chair,1,A\n", "line 2: found kind \"chair\""),
            ("district,kind,place,winner\n,seat,0,A\n", "line 2: found place \"0\""),
            ("district,kind,place,winner\n,person,1,\n", "found no winner"),
            ("", "is missing"),
        ] {
            let message = format!("{:#}", lots(text).unwrap_err());
            assert!(message.contains("lots.csv") && message.contains(expected), "{message}");
        }
    }
}
