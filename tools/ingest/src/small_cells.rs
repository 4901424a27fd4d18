//! By how many ballots the pages of a server move, said beside its journal.
//!
//! In: the data folder, a number. Out: the number in a file, for whoever publishes from the same
//! journal. Never: another number than before: the difference of two states, of which each alone
//! moves in chunks, can be a single ballot if the chunks are not the same.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use shomar_format::election::Mode;
use shomar_store::write_durably;

use crate::start::StartError;

/// Below the data folder, where only segments lie; a number in digits.
const FOLDER: &str = "pages";
const FILE: &str = "small-cell-ballots";

fn place(data: &Path) -> PathBuf {
    data.join(FOLDER).join(FILE)
}

/// What the server of a data folder has said; `None` where no server was at work.
///
/// # Errors
/// If the file cannot be read, or has no number.
pub fn read(data: &Path) -> Result<Option<u64>, StartError> {
    let path = place(data);
    let wrong = |found: String| StartError::Data {
        path: path.clone(),
        found,
        expected: "a number of ballots".to_owned(),
    };
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim_end().parse() {
            Ok(ballots) => Ok(Some(ballots)),
            Err(_) => Err(wrong(format!("'{}'", text.trim_end()))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Says it before the first page is shown.
pub(crate) fn say(data: &Path, mode: Mode, ballots: u64) -> Result<(), StartError> {
    let refused = |found: String, expected: String| {
        Err(StartError::Data { path: place(data), found, expected })
    };
    if mode == Mode::Official && ballots == 0 {
        let expected = "at least 1: the election is official".to_owned();
        return refused("small_cell_ballots = 0".to_owned(), expected);
    }
    match read(data)? {
        Some(before) if before == ballots => Ok(()),
        Some(before) => refused(
            format!("small_cell_ballots = {ballots}"),
            format!("{before}, as pages of this journal have moved until now"),
        ),
        None => {
            // The folder itself must outlast a power cut as well.
            let made = fs::create_dir_all(data.join(FOLDER))
                .and_then(|()| fs::File::open(data)?.sync_all());
            if let Err(error) = made {
                return refused(error.to_string(), "a folder that can be written".to_owned());
            }
            Ok(write_durably(&place(data), format!("{ballots}\n").as_bytes())?)
        }
    }
}
