//! Ballots as text into sealed batches.
//!
//! In: an election and a file of `station,district,choices[,count]` (FORMAT.md), of any size, in
//! any order. Out: sealed batches in canonical order, the same bytes however the rows were
//! shuffled, and rejects with stable codes. Never: a row lost (received = accepted + rejected is
//! asserted), a reading rule applied, a file of segments written, more memory because the file is
//! larger.

mod chunk;
mod codes;
mod external;
mod pairs;
mod parse;
mod partition;
mod quick;
mod row;
mod seal;
mod secret_keys;
mod stored;

pub use parse::{RowCount, count_rows};
pub use row::Reject;
pub use seal::{Chains, Link, Progress, SealJob, SealReport, SealSink, seal_text};
pub use secret_keys::SecretKeys;

use std::io;
use std::path::PathBuf;

/// Why text could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// A file cannot be read or written.
    #[error("{path}: cannot {action}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The header does not tell where station, district and choices stand.
    #[error("{path}:1: {}", problems.join(&format!("\n{}:1: ", path.display())))]
    Header {
        /// File.
        path: PathBuf,
        /// Every problem: found and expected.
        problems: Vec<String>,
    },
    /// A station has ballots, and no key to sign them with.
    #[error(
        "station {station}: found no secret key for its device {device}, expected one in the key file"
    )]
    NoKey {
        /// Id of the station.
        station: String,
        /// Id of its first device.
        device: String,
    },
    /// Whoever takes the batches or the rejects refused.
    #[error(transparent)]
    Sink(Box<dyn std::error::Error + Send + Sync>),
}

/// An [`LoaderError::Io`] for `path`.
fn io_error(path: &std::path::Path, action: &'static str) -> impl FnOnce(io::Error) -> LoaderError {
    let path = path.to_owned();
    move |source| LoaderError::Io { path, action, source }
}
