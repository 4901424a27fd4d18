//! Who may decide at headquarters, and what two people have decided.
//!
//! In: names, passwords, proposals and approvals. Out: control records, each signed by the officer
//! of whoever approved it; a log of who proposed, approved and refused what. Never: a decision of
//! one person; a secret key in memory longer than it takes to sign; HTML or HTTP.
//!
//! ```text
//! accounts.rs (passwords, keys) -> sessions.rs, attempts.rs -> desk.rs -> proposals.rs (log.rs)
//! ```

pub mod accounts;
mod attempts;
pub mod desk;
#[cfg(test)]
mod desk_tests;
mod log;
pub mod proposals;
pub mod sessions;
mod unfit;

pub use accounts::{Account, AccountError, Operators};
pub use desk::{ChainEnd, Desk, DeskError, Facts, Journal, LoginRefused, Sent};
pub use proposals::{LogError, Proposal, State};
pub use sessions::{Opened, Session};
pub use unfit::Unfit;
