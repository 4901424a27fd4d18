//! The board: what people are told of a count, at one frontier.
//!
//! In: snapshots of the live count. Out: sums of places, outcomes, how complete each is; numbers,
//! dates and names in Persian and English. Never: HTML, the network, a clock; a number of another
//! frontier beside those of this one.
//!
//! ```text
//! source.rs (pulled) + setting.rs (known before) -> board.rs (progress.rs) -> pages, papers
//!                                                                          -> documents/ -> API
//! ```

mod alarm;
pub mod board;
pub mod declaration;
pub mod documents;
pub mod file_names;
pub mod letters;
pub mod places;
pub mod progress;
pub mod provinces;
pub mod search;
pub mod setting;
pub mod source;
pub mod stations;
pub mod status;
pub mod telling;
pub mod words;
