//! The small CSV files that people write by hand, and one of them: recorded lots.
//!
//! What comes in: a path. What goes out: rows with their line numbers, columns in the order asked
//! for; or a message that names file, line, what was found and what was expected. A lots file is
//! `district,kind,place,winner`, and of its minutes `between`, `drawn_at` and `present` where they
//! are kept; what a winner means (list, candidate, independents) is known to the caller only.
//! Nothing here decides anything.

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
    /// It decides who replaces a member who left, not the outcome itself.
    pub(crate) is_replacement: bool,
    /// Which lot of its tie it is, from 1.
    pub(crate) place: u32,
    /// Name or code of the winner; empty: the independents together; `lists`: all lists together.
    pub(crate) winner: String,
    /// Names or codes of those between whom it was drawn; empty: not said.
    pub(crate) between: Vec<String>,
    /// When it was drawn, in the words of the minutes.
    pub(crate) drawn_at: String,
    /// Who was present, in the words of the minutes.
    pub(crate) present: String,
}

/// The kind of a lot between alternates of several lists, drawn when a member left.
pub(crate) const REPLACEMENT: &str = shomar_engine::lots::REPLACEMENT_LOT;
pub(crate) use shomar_engine::lots::{ALL_LISTS, INDEPENDENTS};
/// Reads a lots file.
///
/// # Errors
/// A message with file, line, found and expected.
pub(crate) fn read_lots(path: &Path) -> anyhow::Result<Vec<LotRow>> {
    let optional = ["between", "drawn_at", "present"];
    let rows = read_table(path, &["district", "kind", "place", "winner"], &optional)?;
    rows.into_iter().map(|row| lot_row(path, row)).collect()
}

fn lot_row(path: &Path, row: Row) -> anyhow::Result<LotRow> {
    let Row { line, fields } = row;
    let fields = <[String; 7]>::try_from(fields).expect("read_table gives one field per column");
    let [district, kind, place, winner, between, drawn_at, present] = fields;
    let is_replacement = kind == REPLACEMENT;
    let parsed = if is_replacement { Some(LotKind::Alternate) } else { LotKind::parse(&kind) };
    let Some(kind) = parsed else {
        bail!(
            "{}:{line}: found kind {kind:?}, expected seat, person, alternate, runoff or \
             {REPLACEMENT}",
            path.display()
        );
    };
    let number = whole_number(&place).and_then(|place| u32::try_from(place).ok());
    let Some(place) = number.filter(|place| *place > 0) else {
        bail!("{}:{line}: found place {place:?}, expected 1, 2, 3, ...", path.display());
    };
    if winner.is_empty() && !kind.is_of_groups() {
        bail!("{}:{line}: found no winner, expected a candidate", path.display());
    }
    let between = between.split(';').map(|party| party.trim().to_owned());
    let between = between.filter(|party| !party.is_empty()).collect();
    Ok(LotRow { line, district, kind, is_replacement, place, winner, between, drawn_at, present })
}

/// Reads a CSV file with these columns, and perhaps the optional ones, in any order, as the files
/// of an election are read. Fields of optional columns come last, empty where there is none.
///
/// # Errors
/// A message with file, line, found and expected, for every problem of the table.
pub(crate) fn read_table(
    path: &Path,
    columns: &[&str],
    optional: &[&str],
) -> anyhow::Result<Vec<Row>> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("{file}: cannot be read"))?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    table::read_table(&file, &bytes, columns, optional, &mut problems, |row, _| {
        let fields = (0..columns.len() + optional.len())
            .map(|column| row.field(column).to_owned())
            .collect();
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
