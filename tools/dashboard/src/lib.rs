//! The live page and the API of election night.
//!
//! In: immutable snapshots of the live count, pulled. Out: pages that people at headquarters read,
//! and streams that move their numbers. Never: a wait of whoever receives or counts; a number that
//! is not of the frontier that the page names; anything fetched from elsewhere.
//!
//! ```text
//! source.rs (pulled) -> refresh.rs (board.rs: progress) -> pages/ -> http.rs, streams.rs
//! ```

mod assets;
mod board;
mod http;
mod letters;
mod page;
mod pages;
mod places;
mod progress;
mod provinces;
mod refresh;
mod search;
mod setting;
mod source;
mod streams;
mod view;
mod words;

pub use http::{Dashboard, DashboardError};
pub use refresh::yield_to_others;
pub use setting::Subject;
pub use source::{FullCount, Quantiles, Reception, Source};
