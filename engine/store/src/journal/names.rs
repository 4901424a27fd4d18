//! Names of the files of a journal, and which segments a folder has.
//!
//! In: names as the folder lists them. Out: how many segments are closed, and whether one is open.
//! Never: a gap passed over, or a file that a count would take for a segment and the journal not.

use super::error::{JournalError, refused};
use crate::disk::Disk;
use crate::{OPEN_EXTENSION, OTHER_EXTENSIONS, SEGMENT_EXTENSION};

/// Locked by whoever writes. Hidden, as is the hint: neither is evidence.
pub(super) const LOCK_NAME: &str = ".journal.lock";
/// See [`super::hint`].
pub(super) const HINT_NAME: &str = ".durable";

pub(super) fn closed_name(number: u64) -> String {
    format!("{number:06}.{SEGMENT_EXTENSION}")
}

pub(super) fn open_name(number: u64) -> String {
    format!("{}.{OPEN_EXTENSION}", closed_name(number))
}

/// Where a torn tail is kept. The same place can be torn more than once, `again` counts.
pub(super) fn torn_name(number: u64, offset: usize, again: usize) -> String {
    match again {
        0 => format!("{number:06}.{offset}.torn"),
        _ => format!("{number:06}.{offset}-{again}.torn"),
    }
}

/// The segments of a folder: closed ones from 0, then perhaps one that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segments {
    pub(super) closed: u64,
    pub(super) open: bool,
}

impl Segments {
    pub(super) fn list<D: Disk>(disk: &D) -> Result<Self, JournalError> {
        let names = disk.list().map_err(refused(&disk.path(""), "list the folder"))?;
        let (mut closed, mut open) = (Vec::new(), Vec::new());
        for name in &names {
            if let Some(number) = number_of(name, closed_name) {
                closed.push(number);
            } else if let Some(number) = number_of(name, open_name) {
                open.push(number);
            } else if !is_beside(name) {
                return Err(JournalError::Folder {
                    path: disk.path(name),
                    found: "a file that no journal writes".to_owned(),
                    expected: format!("{}, {} and so on", closed_name(0), closed_name(1)),
                });
            }
        }
        closed.sort_unstable();
        open.sort_unstable();
        let gap = (0..).zip(closed.iter().chain(&open)).find(|(number, found)| number != *found);
        if let Some((number, found)) = gap {
            let is_open = open.contains(found);
            let found = if is_open { open_name(*found) } else { closed_name(*found) };
            return Err(JournalError::Folder {
                path: disk.path(&found),
                found: "this segment".to_owned(),
                expected: format!("{} in its place", closed_name(number)),
            });
        }
        if let [_, .., last] = open[..] {
            return Err(JournalError::Folder {
                path: disk.path(&open_name(last)),
                found: format!("{} open segments", open.len()),
                expected: "one at most".to_owned(),
            });
        }
        Ok(Self { closed: closed.len() as u64, open: !open.is_empty() })
    }

    /// How many there are.
    pub(super) fn count(self) -> u64 {
        self.closed + u64::from(self.open)
    }
}

fn number_of(name: &str, named: fn(u64) -> String) -> Option<u64> {
    let digits = name.split('.').next()?;
    let number = digits.parse().ok()?;
    (named(number) == name).then_some(number)
}

/// What may lie beside segments (FORMAT.md, section 2.4).
fn is_beside(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    name.starts_with('.')
        || extension.is_some_and(|extension| OTHER_EXTENSIONS.contains(&extension.as_str()))
}
