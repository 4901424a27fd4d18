//! Why a replay could not begin, or had to stop.
//!
//! In: what was found where. Out: one line for people: file, line, found, expected. Never: what the
//! server did wrong; that is a finding of the report.

use std::path::{Path, PathBuf};

use shomar_format::{ElectionError, Fault};
use shomar_store::StoreError;

/// What went wrong with all its causes: of a connection that broke, the last one says why.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let mut text = error.to_string();
    for cause in causes.map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Why a replay could not begin, or had to stop. Usage or unreadable input: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The system refused a file.
    #[error("{path}: cannot {action}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file, or one line of it, is not what it should be.
    #[error("{}{}: found {found}, expected {expected}", path.display(), line_of(*line))]
    Input {
        /// The file or folder.
        path: PathBuf,
        /// Line, from 1; 0 for the file as a whole.
        line: u64,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// A segment is damaged.
    #[error("{path}: {fault}")]
    Segment {
        /// The file.
        path: PathBuf,
        /// What is wrong with its bytes.
        fault: Fault,
    },
    /// An argument is none.
    #[error("{what}: found {found}, expected {expected}")]
    Argument {
        /// Which.
        what: &'static str,
        /// What was given.
        found: String,
        /// What could have been.
        expected: String,
    },
    /// The folder cannot be listed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The election folder cannot be used.
    #[error(transparent)]
    Election(#[from] ElectionError),
    /// This machine gave no connection, thread or runtime at all.
    #[error("this machine: {0}")]
    Machine(String),
}

fn line_of(line: u64) -> String {
    if line == 0 { String::new() } else { format!(":{line}") }
}

impl ReplayError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }

    pub(crate) fn input(
        path: &Path,
        line: u64,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Input { path: path.to_owned(), line, found: found.into(), expected: expected.into() }
    }
}
