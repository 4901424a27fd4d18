//! The papers of headquarters: the minutes of a district, turnout, the review after the day.
//!
//! In: a board. Out: papers as values ([`paper`]), and each as HTML ready to print ([`html`]); a
//! program of its own makes PDF of the same values. Never: a file, the network, a clock; a number
//! that the board does not have; somebody named as elected who may still not be.
//!
//! ```text
//! board -> minutes.rs | turnout.rs | review.rs -> paper.rs -> html.rs
//!                                                 `-> JSON -> tools/report -> PDF
//! ```

mod about;
pub mod html;
mod maker;
pub mod minutes;
pub mod paper;
mod pictures;
pub mod review;
pub mod turnout;
