//! `--option K=V`, and output formats.
//!
//! In: words of the command line. Out: pairs. Never: a meaning; the format and the seat rules know
//! their options.

use std::path::{Path, PathBuf};

/// Splits `K=V`.
pub(crate) fn parse_option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err(format!("found '{text}', expected NAME=VALUE")),
    }
}

/// Refuses an option that is given twice: which one would count?
pub(crate) fn refuse_repeated(options: &[(String, String)]) -> anyhow::Result<()> {
    for (index, (name, value)) in options.iter().enumerate() {
        if let Some((_, first)) = options[..index].iter().find(|(other, _)| other == name) {
            anyhow::bail!("option {name}: found '{first}' and '{value}', expected it once");
        }
    }
    Ok(())
}

/// The election folder of a folder of segments, unless another one is named.
pub(crate) fn election_folder(directory: &Path, named: Option<&PathBuf>) -> PathBuf {
    named.cloned().unwrap_or_else(|| directory.join("election"))
}
