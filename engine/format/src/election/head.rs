//! `election.toml`: id, titles, mode, contests with their rules.
//!
//! In: the file's text. Out: an [`ElectionHead`], or every problem with its line. Never: a rule
//! applied, an unknown key ignored.

use std::collections::BTreeMap;
use std::path::Path;

use super::check::Check;
use super::{Contest, ElectionError, ElectionHead, Mode, Officer, WrittenCheck};
use crate::bytes::digest_from_hex;
use crate::record::is_sound_key;
use crate::table::{Problem, hint};
use crate::{Reading, limits};

/// File name inside the folder.
pub(super) const FILE: &str = "election.toml";
const KEYS: [&str; 8] =
    ["id", "title_fa", "title_en", "mode", "date", "contest", "officer", "check"];

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
    let officers = parse_officers(table.get("officer"), &mut problem);
    let checks = parse_checks(table.get("check"), &mut problem);
    Some(ElectionHead { id, title_fa, title_en, mode, date, contests, officers, checks })
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

/// Officers are in the definition: their keys decide what is counted.
fn parse_officers(
    value: Option<&toml::Value>,
    problem: &mut impl FnMut(u64, String, String),
) -> Vec<Officer> {
    let tables = match value {
        None => return Vec::new(),
        Some(toml::Value::Array(tables)) => tables.as_slice(),
        Some(other) => std::slice::from_ref(other),
    };
    if tables.len() > limits::OFFICERS_MAX {
        let expected = format!("at most {}", limits::OFFICERS_MAX);
        problem(0, format!("{} [[officer]]", tables.len()), expected);
        return Vec::new();
    }
    let mut officers: Vec<Officer> = Vec::new();
    for (index, value) in tables.iter().enumerate() {
        let place = format!("[[officer]] {}", index + 1);
        let Some(table) = value.as_table() else {
            problem(0, place, "a table with id and key".into());
            continue;
        };
        let mut officer = Officer {
            id: String::new(),
            name_fa: String::new(),
            name_en: String::new(),
            key: [0; 32],
        };
        let mut key = None;
        for (name, value) in table {
            let Some(value) = plain_value(value) else {
                problem(0, format!("{place}: {name} = {value}"), "text on one line".into());
                continue;
            };
            match name.as_str() {
                "id" => officer.id = value,
                "name_fa" => officer.name_fa = value,
                "name_en" => officer.name_en = value,
                "key" => key = Some(value),
                _ => {
                    let known = ["id", "name_fa", "name_en", "key"];
                    problem(0, format!("{place}: the unknown key '{name}'"), hint(name, &known));
                }
            }
        }
        match key.as_deref().and_then(digest_from_hex).filter(is_sound_key) {
            Some(key) => officer.key = key,
            None => {
                let found = key.map_or("no key".to_owned(), |key| format!("key = \"{key}\""));
                let expected = "an Ed25519 public key, 64 hexadecimal digits";
                problem(0, format!("{place}: {found}"), expected.into());
            }
        }
        if officer.id.is_empty() {
            problem(0, format!("{place}: no 'id'"), "id = \"...\"".into());
        }
        let same = |other: &Officer| other.id == officer.id || other.key == officer.key;
        if officers.iter().any(same) {
            problem(0, format!("{place}: the officer, or the key, twice"), "each once".into());
        }
        officers.push(officer);
    }
    officers
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

/// Checks are kept as written, for the rules text, and as read.
fn parse_checks(
    value: Option<&toml::Value>,
    problem: &mut impl FnMut(u64, String, String),
) -> Vec<WrittenCheck> {
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
        let Some(written) = entries.collect::<Option<BTreeMap<_, _>>>() else {
            problem(0, place, "keys with text, whole numbers, true or false".into());
            continue;
        };
        match Check::read(&written) {
            Ok(check) => checks.push(WrittenCheck { written, check }),
            Err(wrong) => wrong.into_iter().for_each(|(found, expected)| {
                problem(0, format!("{place}: {found}"), expected);
            }),
        }
    }
    checks
}
