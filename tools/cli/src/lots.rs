//! The small CSV files that people write by hand, and one of them: recorded lots.
//!
//! What comes in: a path. What goes out: rows with their line numbers, columns in the order asked
//! for; or a message that names file, line, what was found and what was expected. A lots file is
//! `district,kind,place,winner`; what a winner means (list, candidate, independents) is known to
//! the caller only. Nothing here decides anything.

use std::path::Path;

use anyhow::{Context, bail};
use shomar_format::table;
use shomar_seats::LotKind;

/// A row of a table: fields in the order of the columns asked for.
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
        bail!("{}:{line}: found kind {kind:?}, expected seat, person or alternate", path.display());
    };
    let number = whole_number(&place).and_then(|place| u32::try_from(place).ok());
    let Some(place) = number.filter(|place| *place > 0) else {
        bail!("{}:{line}: found place {place:?}, expected 1, 2, 3, ...", path.display());
    };
    if winner.is_empty() && kind != LotKind::Seat {
        bail!("{}:{line}: found no winner, expected a candidate", path.display());
    }
    Ok(LotRow { line, district, kind, place, winner })
}

/// Reads a CSV file with exactly these columns, in any order, as the files of an election are read.
///
/// # Errors
/// A message with file, line, found and expected, for every problem of the table.
pub(crate) fn read_table(path: &Path, columns: &[&str]) -> anyhow::Result<Vec<Row>> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("{file}: cannot be read"))?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    table::read_table(&file, &bytes, columns, &[], &mut problems, |row, _| {
        let fields = (0..columns.len()).map(|column| row.field(column).to_owned()).collect();
        rows.push(Row { line: row.line, fields });
    });
    if problems.is_empty() {
        return Ok(rows);
    }
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    bail!("{}", problems.join("\n"))
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
        let rows = lots("\u{feff}winner,kind,district,place\r\nA,person,,1\r\n,seat,D,2\r\n");
        let rows = rows.unwrap();
        assert_eq!((rows[0].line, rows[0].kind, rows[0].place), (2, LotKind::Person, 1));
        assert_eq!((rows[1].district.as_str(), rows[1].winner.as_str()), ("D", ""));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("district,kind,place\n", "lots.csv:1: found no column 'winner'"),
            ("district,kind,plce,winner\n", "expected 'place', perhaps"),
            ("district,kind,place,winner,note\n", "the unknown column 'note'"),
            ("district,kind,kind,place,winner\n", "twice"),
            ("district,kind,place,winner\n,seat,1\n", "lots.csv:2: found 3 fields, expected 4"),
            ("district,kind,place,winner\n,chair,1,A\n", "lots.csv:2: found kind \"chair\""),
            ("district,kind,place,winner\n,seat,0,A\n", "lots.csv:2: found place \"0\""),
            ("district,kind,place,winner\n,person,1,\n", "found no winner"),
            ("", "an empty file"),
        ] {
            let message = format!("{:#}", lots(text).unwrap_err());
            assert!(message.contains("lots.csv") && message.contains(expected), "{message}");
        }
    }
}
