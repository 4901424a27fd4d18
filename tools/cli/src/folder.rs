//! Folders that a command fills: whole, or not at all.
//!
//! In: a new or empty folder, and what fills it. Out: the folder complete; or empty again, and the
//! error. Never: something removed that was there before.

use std::path::Path;

use shomar_store::begin_folder;

/// Fills a new or empty folder by `fill`: whole, or not at all.
pub(crate) fn fill_folder<T>(
    folder: &Path,
    fill: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let unfinished = begin_folder(folder)?;
    match fill() {
        Ok(filled) => {
            unfinished.complete()?;
            Ok(filled)
        }
        Err(error) => {
            empty(folder);
            Err(error)
        }
    }
}

/// Removes what was written into a folder that was empty before.
fn empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // The failure that is being reported matters more than one in tidying up after it.
        let _ = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
    }
}
