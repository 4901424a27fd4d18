//! How the numbers on the pages of a server move, said beside its journal: by how many ballots, and
//! by which rules.
//!
//! In: the data folder, a number, an election. Out: number and digest in files, for whoever
//! publishes from the same journal. Never: another number, or other rules, than before: the
//! difference of two states, of which each alone moves in chunks, can be a single ballot if the
//! chunks are not the same.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use shomar_engine::disclosure::cells_digest;
use shomar_engine::outcome::contest_rules;
use shomar_format::bytes::{digest_from_hex, hex};
use shomar_format::election::Mode;
use shomar_store::write_durably;

use crate::start::{Election, StartError};

/// Below the data folder, where only segments lie.
const FOLDER: &str = "pages";
/// A number in digits.
const BALLOTS: &str = "small-cell-ballots";
/// A digest in hexadecimal digits.
const RULES: &str = "cells-digest";

fn place(data: &Path, file: &str) -> PathBuf {
    data.join(FOLDER).join(file)
}

/// By how many ballots the server of a data folder has said that its numbers move; `None` where no
/// server was at work.
///
/// # Errors
/// If the file cannot be read, or has no number.
pub fn read(data: &Path) -> Result<Option<u64>, StartError> {
    read_file(data, BALLOTS, "a number of ballots", |text| text.parse().ok())
}

/// By which rules, as a digest.
///
/// # Errors
/// If the file cannot be read, or has no digest.
pub fn read_rules(data: &Path) -> Result<Option<String>, StartError> {
    let digest = |text: &str| digest_from_hex(text).map(|digest| hex(&digest));
    read_file(data, RULES, "a digest, 64 hexadecimal digits", digest)
}

fn read_file<T>(
    data: &Path,
    file: &str,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, StartError> {
    let path = place(data, file);
    let wrong = |found: String| StartError::Data {
        path: path.clone(),
        found,
        expected: expected.to_owned(),
    };
    match fs::read_to_string(&path) {
        Ok(text) => match parse(text.trim_end()) {
            Some(value) => Ok(Some(value)),
            None => Err(wrong(format!("'{}'", text.trim_end()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Says it before the first page is shown. `has_shown`: numbers per option may have been shown of
/// this journal; before that nobody can take anything off a later number.
pub(crate) fn say(
    data: &Path,
    election: &Election,
    ballots: u64,
    has_shown: bool,
) -> Result<(), StartError> {
    let refused = |file: &str, found: String, expected: String| {
        Err(StartError::Data { path: place(data, file), found, expected })
    };
    if election.definition.head.mode == Mode::Official && ballots == 0 {
        let expected = "at least 1: the election is official".to_owned();
        return refused(BALLOTS, "small_cell_ballots = 0".to_owned(), expected);
    }
    match read(data)? {
        Some(before) if before == ballots => {}
        Some(before) => {
            return refused(
                BALLOTS,
                format!("small_cell_ballots = {ballots}"),
                format!("{before}, as pages of this journal have moved until now"),
            );
        }
        None => write(data, BALLOTS, &ballots.to_string())?,
    }
    let head = &election.election.head;
    let rules = contest_rules(head, &[]).map_err(|problems| StartError::Data {
        path: data.join("election"),
        found: problems.join("; "),
        expected: "rules that are known".to_owned(),
    })?;
    let digest = cells_digest(&election.election, &rules);
    match read_rules(data)? {
        Some(before) if before == digest => Ok(()),
        Some(before) if has_shown => refused(
            RULES,
            format!("the rules {digest} (serves.csv, checks, readings)"),
            format!(
                "{before}, by which pages of this journal have moved until now: by others the \
                 difference may be one ballot. To go on, once that is decided, remove this file \
                 (docs/serve.md)"
            ),
        ),
        _ => write(data, RULES, &digest),
    }
}

fn write(data: &Path, file: &str, text: &str) -> Result<(), StartError> {
    // The folder itself must outlast a power cut as well.
    let made =
        fs::create_dir_all(data.join(FOLDER)).and_then(|()| fs::File::open(data)?.sync_all());
    made.map_err(|error| StartError::Data {
        path: place(data, file),
        found: error.to_string(),
        expected: "a folder that can be written".to_owned(),
    })?;
    Ok(write_durably(&place(data, file), format!("{text}\n").as_bytes())?)
}
