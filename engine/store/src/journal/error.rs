//! Why a journal cannot be opened, and why a group cannot be committed.
//!
//! In: what was tried, what the system or the bytes said. Out: one line for people, and a kind for
//! the caller. Never: a failure that could be taken for success.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use shomar_format::Fault;

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Somebody else writes to it.
    #[error("{path}: found it locked by another process, expected to be the only writer")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// Files are missing, or there are others than a journal has.
    #[error("{path}: found {found}, expected {expected}")]
    Folder {
        /// The file, or the folder.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// Bytes are not what they were, or not those of this journal.
    #[error("{path}: {fault}")]
    Fault {
        /// The segment.
        path: PathBuf,
        /// Where in it, and what.
        fault: Fault,
    },
    /// The system refused.
    #[error("{path}: cannot {action}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// Why records are not acknowledged. After any of these but [`CommitError::NoRecord`] the journal
/// refuses everything.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// No room: what was acknowledged stays readable, and the process may go on serving it.
    #[error("{path}: cannot {action}: no room is left")]
    StorageFull {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// What the disk holds is not known any more: the process must stop, and nothing may be tried
    /// again (FORMAT.md, section 12).
    #[error("{path}: cannot {action}; the process must stop")]
    Fatal {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The journal has failed before.
    #[error("found a journal that has failed before, expected it to be dropped")]
    PreviousFailure,
    /// The bytes are no record; nothing was appended.
    #[error("found a record of {length} bytes, expected a multiple of 64 from 320 to 2^30")]
    NoRecord {
        /// Their length.
        length: usize,
    },
}

/// The system refused something.
#[derive(Debug)]
pub(super) struct Refusal {
    path: PathBuf,
    action: &'static str,
    source: io::Error,
}

impl Refusal {
    /// The action after whose failure nobody knows what is durable.
    pub(super) const SYNC: &'static str = "sync";
}

pub(super) fn refused(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Refusal {
    let path = path.to_owned();
    move |source| Refusal { path, action, source }
}

impl From<Refusal> for CommitError {
    fn from(Refusal { path, action, source }: Refusal) -> Self {
        // A system that finds no room only when it syncs has taken the bytes before: which of them
        // it lost is not known.
        let full = matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        if full && action != Refusal::SYNC {
            return Self::StorageFull { path, action, source };
        }
        Self::Fatal { path, action, source }
    }
}

impl From<Refusal> for JournalError {
    fn from(Refusal { path, action, source }: Refusal) -> Self {
        Self::Io { path, action, source }
    }
}
