//! The live page and the API of election night.
//!
//! In: immutable snapshots of the live count, pulled. Out: pages that people at headquarters read,
//! and streams that move their numbers. Never: a wait of whoever receives or counts; a number that
//! is not of the frontier that the page names; anything fetched from elsewhere.
//!
//! ```text
//! shomar-board -> refresh.rs -> board_pages.rs (pages/) -> http.rs, streams.rs
//! ```

mod api;
mod assets;
mod board_pages;
mod desk;
mod http;
mod packed;
mod page;
mod pages;
mod refresh;
mod streams;
mod view;

pub use desk::{DeskParts, ReadEvidence};
pub use http::{Dashboard, DashboardError, Limits, SeesEverything};
pub use refresh::yield_to_others;
