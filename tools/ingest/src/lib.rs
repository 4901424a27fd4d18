//! Election night: batches are received durably, and counted live.
//!
//! In: sealed records, over HTTP or as files in a watched folder. Out: acknowledgements, each given
//! after the record is on disk; snapshots of the count; metrics. Never: an acknowledgement before
//! the sync, an unbounded queue, a second store of truth beside the journal.
//!
//! ```text
//! network.rs -> http.rs, inbox.rs -> gate.rs (verify) -> writer.rs (chain, append, sync, answer)
//! -> follower.rs (count, publish) + recount
//! ```

pub mod answer;
pub mod config;
mod follower;
mod gate;
mod http;
mod inbox;
mod metrics;
mod network;
mod records;
mod server;
pub mod small_cells;
mod start;
#[cfg(test)]
mod tests;
mod tls;
mod window;
mod writer;

pub use answer::{Answer, Code};
pub use config::{Config, ConfigError};
pub use follower::{Published, RecountReport};
pub use metrics::Numbers;
pub use server::{Running, ServeError, start, start_with};
pub use start::StartError;
pub use window::{Pages, SeesEverything, Window};
