//! Folders that a command fills: whole, or not at all.
//!
//! In: a new or empty folder, and what fills it. Out: the folder complete; or empty again, and the
//! error. Never: something removed that was there before.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use shomar_store::begin_folder;

/// Fills a new or empty folder by `fill`: whole, or not at all.
pub(crate) fn fill_folder<T>(
    folder: &Path,
    fill: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let unfinished = begin_folder(folder)?;
    let filled = fill().and_then(|filled| {
        unfinished.complete()?;
        Ok(filled)
    });
    if filled.is_err() {
        empty(folder);
    }
    filled
}

/// Refuses a place for a file beside the folder that would harm something: inside the folder only
/// `own_name` may stand, and elsewhere only a new file, or an earlier one of its kind, which begins
/// with `head`.
pub(crate) fn check_side_file(
    path: &Path,
    folder: &Path,
    own_name: &str,
    head: &str,
) -> anyhow::Result<()> {
    let shown = path.display();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = std::path::absolute(parent.unwrap_or(Path::new(".")))?;
    let folder = std::path::absolute(folder)?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (parent, folder) = (real(&parent), real(&folder));
    let is_own = parent == folder && path.file_name().is_some_and(|name| name == own_name);
    if parent.starts_with(&folder) && !is_own {
        bail!(
            "{shown}: found a place inside the output folder, expected {own_name} there, or another place"
        );
    }
    if path.exists() {
        let mut begin = Vec::new();
        File::open(path)
            .and_then(|file| file.take(head.len() as u64).read_to_end(&mut begin))
            .with_context(|| shown.to_string())?;
        if !begin.is_empty() && begin != head.as_bytes() {
            bail!(
                "{shown}: found a file of something else, expected a new file, or one that begins '{head}'"
            );
        }
    }
    Ok(())
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
