//! Papers out of a stream of JSON.
//!
//! In: a file, or stdin. Out: papers one by one, each with what is needed here; the rest of it is
//! the template's. Never: a paper of a form that is not known; a name that is a path.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// The form of papers that the template knows.
const FORMAT: u64 = 1;

/// A paper, as far as this program looks at it.
pub(crate) struct Paper {
    /// What its file is called, without its ending.
    pub(crate) name: String,
    /// `fa` or `en`.
    pub(crate) language: String,
    /// What makes it this paper.
    pub(crate) identity: String,
    /// Its last moment, year to second, in UTC.
    pub(crate) as_of: Option<[u16; 6]>,
    /// All of it, for the template.
    pub(crate) json: Vec<u8>,
}

/// Reads papers one after another.
pub(crate) fn papers(
    source: &Path,
    take: impl FnMut(Paper) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if source == Path::new("-") {
        return read("stdin", std::io::stdin().lock(), take);
    }
    let shown = source.display().to_string();
    let file = File::open(source).with_context(|| shown.clone())?;
    read(&shown, file, take)
}

fn read(
    shown: &str,
    source: impl Read,
    mut take: impl FnMut(Paper) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let values = serde_json::Deserializer::from_reader(BufReader::new(source)).into_iter();
    for (number, value) in (1..).zip(values) {
        let value: Value = value.with_context(|| format!("{shown}: paper {number}"))?;
        take(paper(&value).with_context(|| format!("{shown}: paper {number}"))?)?;
    }
    Ok(())
}

fn paper(value: &Value) -> anyhow::Result<Paper> {
    match value["format"].as_u64() {
        Some(FORMAT) => {}
        Some(other) => bail!("format: found {other}, expected {FORMAT}"),
        None => bail!("format: found none, expected {FORMAT}"),
    }
    let text = |field: &str| {
        let found = value[field].as_str();
        found.map(str::to_owned).with_context(|| format!("{field}: found no text, expected one"))
    };
    let name = text("name")?;
    ensure!(
        !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']),
        "name: found '{name}', expected the name of a file"
    );
    let language = text("language")?;
    ensure!(
        ["fa", "en"].contains(&language.as_str()),
        "language: found '{language}', expected fa or en"
    );
    let as_of = match &value["as_of"] {
        Value::Null => None,
        Value::String(text) => Some(moment(text).with_context(|| {
            format!("as_of: found '{text}', expected a moment as 2026-05-01T20:44:05Z")
        })?),
        other => bail!("as_of: found {other}, expected a moment or null"),
    };
    let json = serde_json::to_vec(value)?;
    Ok(Paper { name, language, identity: text("identity")?, as_of, json })
}

/// `2026-05-01T20:44:05Z` as numbers.
fn moment(text: &str) -> Option<[u16; 6]> {
    let text = text.strip_suffix('Z')?;
    let numbers: Vec<u16> =
        text.split(['-', 'T', ':']).map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        let error = read("x", json.as_bytes(), |_| Ok(())).expect_err("it is no paper");
        format!("{error:#}")
    }

    #[test]
    fn what_is_no_paper_is_refused_with_its_place_and_what_was_expected() {
        for (json, part) in [
            ("{", "x: paper 1: EOF"),
            ("[]", "format: found none"),
            (r#"{"format": 2}"#, "format: found 2, expected 1"),
            (r#"{"format": 1}"#, "name: found no text"),
            (r#"{"format": 1, "name": "../a"}"#, "expected the name of a file"),
            (r#"{"format": 1, "name": "a", "language": "de"}"#, "found 'de', expected fa or en"),
            (
                r#"{"format": 1, "name": "a", "language": "fa", "as_of": "today"}"#,
                "found 'today', expected a moment",
            ),
            (r#"{"format": 1, "name": "a", "language": "fa"}"#, "identity: found no text"),
        ] {
            let refusal = refusal(json);
            assert!(refusal.contains(part), "{refusal}");
        }
        assert_eq!(moment("2026-05-01T20:44:05Z"), Some([2026, 5, 1, 20, 44, 5]));
        assert_eq!(moment("2026-05-01T20:44Z"), None);
    }
}
