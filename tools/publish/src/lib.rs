//! Static signed files of a count: what any web server can carry, and anybody can check.
//!
//! In: a board of public numbers, a publisher's key, a folder. Out: a folder per frontier, its
//! checksums signed, and which one is the latest. Never: a file of an earlier frontier changed; a
//! number that the pages do not show; a row per ballot; a publication half there.
//!
//! ```text
//! files.rs (what stands in them) -> folder.rs (whole or not at all) <- minisign.rs (signatures)
//! ```

mod error;
mod files;
mod folder;
mod minisign;

pub use error::PublishError;
pub use folder::{Publication, Published, publish};
