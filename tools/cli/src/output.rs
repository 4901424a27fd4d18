//! What all commands print alike: stdout, JSON, tables, the mark of a test.
//!
//! In: numbers and rows. Out: text for people or programs. Never: colour or bars where nobody
//! looks.

use std::io::{self, Write};

use anyhow::Context;
use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;
use shomar_format::election::Mode;

/// What a command prints: a table for people, JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

/// Writes to stdout with `write`, buffered. Whoever closes the pipe has seen enough; the exit code
/// stays what it would have been.
pub(crate) fn to_stdout(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("stdout"),
    }
}

/// Prints a document as JSON, alone on stdout.
pub(crate) fn print_json(document: &impl Serialize) -> anyhow::Result<()> {
    to_stdout(|out| {
        serde_json::to_writer_pretty(&mut *out, document)?;
        out.write_all(b"\n")
    })
}

/// A whole number with separators, as people read it.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `part` of `whole` in percent with two decimals, cut off and never rounded up; `-` of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let hundredths = u128::from(part) * 10_000 / u128::from(whole);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// A table without lines: the first `text_columns` columns to the left, the others to the right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>], text_columns: usize) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 2 } else { 1 }, 1));
        if index >= text_columns {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

/// What stands above every table of a test.
pub(crate) fn test_mark(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "TEST - not an official result\n",
        Mode::Official => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_percentages_cut() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_405), "1,405");
        assert_eq!(grouped(60_000_000), "60,000,000");
        assert_eq!(percent(1, 3), "33.33 %");
        assert_eq!(percent(49_999, 50_000), "99.99 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.00 %");
        assert_eq!(percent(1, 0), "-");
    }
}
