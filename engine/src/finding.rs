//! What the engine says when evidence is not what it should be.
//!
//! In: a file and a fault. Out: one line for people. Never: a finding swallowed; whoever gets
//! findings gets no totals.

use std::fmt;
use std::path::{Path, PathBuf};

use shomar_format::{ElectionError, Fault};

/// Something in the evidence that fails a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// Where in it, and what; the offset is that in the file.
    pub fault: Fault,
    /// Whose batch it is, when that is known.
    pub whose: Option<String>,
}

impl Finding {
    /// A finding in `file`.
    pub(crate) fn new(file: &Path, fault: Fault) -> Self {
        Self { file: file.to_owned(), fault, whose: None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.file.display(), self.fault)?;
        match &self.whose {
            Some(whose) => write!(formatter, " ({whose})"),
            None => Ok(()),
        }
    }
}

/// Why the engine could not begin.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file cannot be opened or mapped.
    #[error("{path}: cannot {action}")]
    Io {
        /// File.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The election folder cannot be used.
    #[error(transparent)]
    Election(#[from] ElectionError),
}
