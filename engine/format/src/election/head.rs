//! `election.toml`: id, titles, mode, contests with their rules.
//!
//! In: the file's text. Out: an [`ElectionHead`], or every problem with its line. Never: a rule
//! applied, an unknown key ignored.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Contest, ElectionError, ElectionHead, Mode};
use crate::Reading;
use crate::table::{Problem, hint};

/// File name inside the folder.
pub(super) const FILE: &str = "election.toml";
const KEYS: [&str; 7] = ["id", "title_fa", "title_en", "mode", "date", "contest", "check"];

/// Reads `election.toml` of a folder alone: enough to count, without any name.
///
/// # Errors
/// If it cannot be read, or with every problem that it has.
pub fn read_head(folder: &Path) -> Result<ElectionHead, ElectionError> {
    let path = folder.join(FILE);
    let text = std::fs::read(&path).map_err(|source| ElectionError::Unreadable { path, source })?;
    let mut problems = Vec::new();
    match parse_head(&text, &mut problems) {
        Some(head) if problems.is_empty() => Ok(head),
        _ => Err(ElectionError::Unsound { folder: folder.to_owned(), problems }),
    }
}

/// Parses the text; what cannot be used is told in `problems`.
pub(super) fn parse_head(text: &[u8], problems: &mut Vec<Problem>) -> Option<ElectionHead> {
    let mut problem = |line, found: String, expected: String| {
        problems.push(Problem { file: FILE.to_owned(), line, found, expected });
    };
    let text = match std::str::from_utf8(text) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            problem(0, format!("bytes that are not UTF-8 ({error})"), "TOML in UTF-8".into());
            return None;
        }
    };
    let table: toml::Table = match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(0, |span| {
                1 + text[..span.start.min(text.len())].matches('\n').count() as u64
            });
            problem(line, error.message().replace('\n', " "), "TOML".into());
            return None;
        }
    };
    for key in table.keys() {
        if !KEYS.contains(&key.as_str()) {
            problem(0, format!("the unknown key '{key}'"), hint(key, &KEYS));
        }
    }
    let mut string = |key: &str, required: bool| match table.get(key) {
        Some(toml::Value::String(text)) if sound(text) && !(required && text.is_empty()) => {
            text.clone()
        }
        None if !required => String::new(),
        None => {
            problem(0, format!("no '{key}'"), format!("{key} = \"...\""));
            String::new()
        }
        Some(other) => {
            problem(0, format!("{key} = {other}"), "text on one line".into());
            String::new()
        }
    };
    let id = string("id", true);
    let (title_fa, title_en) = (string("title_fa", false), string("title_en", false));
    let (mode, date) = (string("mode", false), string("date", false));
    let mode = match mode.as_str() {
        "" | "test" => Mode::Test,
        "official" => Mode::Official,
        other => {
            problem(0, format!("mode = \"{other}\""), "\"test\" or \"official\"".into());
            Mode::Test
        }
    };
    let contests = match table.get("contest") {
        Some(toml::Value::Array(array)) if !array.is_empty() => parse_contests(array, &mut problem),
        _ => {
            problem(0, "no contest".into(), "[[contest]] with id and rule".into());
            Vec::new()
        }
    };
    let checks = parse_checks(table.get("check"), &mut problem);
    Some(ElectionHead { id, title_fa, title_en, mode, date, contests, checks })
}

fn sound(text: &str) -> bool {
    text.len() <= crate::limits::FIELD_BYTES_MAX && !text.chars().any(char::is_control)
}

fn parse_contests(
    array: &[toml::Value],
    problem: &mut impl FnMut(u64, String, String),
) -> Vec<Contest> {
    let mut contests: Vec<Contest> = Vec::new();
    for (index, value) in array.iter().enumerate() {
        let mut place = format!("[[contest]] {}", index + 1);
        let Some(table) = value.as_table() else {
            problem(0, place, "a table with id and rule".into());
            continue;
        };
        let mut contest = Contest {
            id: String::new(),
            rule: String::new(),
            reading: Reading::default(),
            options: BTreeMap::new(),
        };
        for (key, value) in table {
            let Some(value) = plain_value(value) else {
                let expected = "text, a whole number, true or false".into();
                problem(0, format!("{place}: {key} = {value}"), expected);
                continue;
            };
            match key.as_str() {
                "id" => contest.id = value,
                "rule" => contest.rule = value,
                _ => match contest.reading.set(key, &value) {
                    Ok(true) => {}
                    Ok(false) => {
                        contest.options.insert(key.clone(), value);
                    }
                    Err(unknown) => problem(
                        0,
                        format!("{place}: {key} = \"{}\"", unknown.found),
                        format!("one of: {}", unknown.expected.join(", ")),
                    ),
                },
            }
        }
        if !contest.id.is_empty() {
            place = format!("[[contest]] {}", contest.id);
        }
        for (key, value) in [("id", &contest.id), ("rule", &contest.rule)] {
            if value.is_empty() {
                problem(0, format!("{place}: no '{key}'"), format!("{key} = \"...\""));
            }
        }
        if contests.iter().any(|other| other.id == contest.id) {
            problem(0, format!("{place}: the contest twice"), "each id once".into());
        }
        contests.push(contest);
    }
    contests
}

/// A value that has one spelling as text.
fn plain_value(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) if sound(text) && !text.is_empty() => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(true) => Some("yes".to_owned()),
        toml::Value::Boolean(false) => Some("no".to_owned()),
        _ => None,
    }
}

/// Checks are kept as written. This version runs none of them: one that only warns can wait, one
/// that holds batches back would be passed over in silence, and is refused.
fn parse_checks(
    value: Option<&toml::Value>,
    problem: &mut impl FnMut(u64, String, String),
) -> Vec<BTreeMap<String, String>> {
    let tables = match value {
        None => return Vec::new(),
        Some(toml::Value::Array(tables)) => tables.as_slice(),
        Some(other) => std::slice::from_ref(other),
    };
    let mut checks = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let place = format!("[[check]] {}", index + 1);
        let entries = table.as_table().into_iter().flatten();
        let entries = entries.map(|(key, value)| Some((key.clone(), plain_value(value)?)));
        let Some(check) = entries.collect::<Option<BTreeMap<_, _>>>() else {
            problem(0, place, "keys with text, whole numbers, true or false".into());
            continue;
        };
        match check.get("action").map(String::as_str) {
            Some("warn") => checks.push(check),
            Some("hold") => {
                let expected = "\"warn\": this version runs no checks, and holds nothing back";
                problem(0, format!("{place}: action = \"hold\""), expected.into());
            }
            _ => problem(0, format!("{place} without action"), "\"warn\" or \"hold\"".into()),
        }
    }
    checks
}
