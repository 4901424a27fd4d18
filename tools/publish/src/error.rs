//! Why nothing is published.

use std::path::PathBuf;

use shomar_store::StoreError;

/// Why nothing is published. What was published before stands as it was.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A file or a folder refuses.
    #[error("{path}: cannot {action}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file cannot be written durably.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder holds something that this publication does not continue.
    #[error("{path}: found {found}, expected {expected}")]
    NoContinuation {
        /// The file that says so.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What it should say.
        expected: String,
    },
}
