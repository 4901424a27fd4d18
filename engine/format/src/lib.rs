//! The contract of Shomar: what an election is, what a sealed batch is, and the limits of both.
//!
//! In: an election folder (text), ballots as option indices, sealed bytes. Out: a read
//! [`Election`], a [`CountingDefinition`] that counting can use without touching a name, sealed
//! records, verified views of them, digests. `FORMAT.md` beside this crate gives every byte.
//!
//! Never: it counts nothing, decides no seat, knows no clock, network, environment or thread, and
//! prints nothing.

pub mod bytes;
pub mod canonical;
pub mod canonicaliser;
pub mod checksum;
#[cfg(target_arch = "x86_64")]
mod checksum_avx512;
pub mod code;
pub mod control;
pub mod counting_definition;
pub mod document;
pub mod election;
pub mod fault;
pub mod frame;
pub mod layout;
pub mod limits;
pub mod payload;
pub mod reading;
pub mod record;
pub mod reject;
pub mod segment;
pub mod table;
pub mod totals;
pub mod unclosed;

pub use canonical::{BallotClass, CanonicalBatch, DistrictShape};
pub use canonicaliser::Canonicaliser;
pub use control::Control;
pub use counting_definition::CountingDefinition;
pub use election::{Election, ElectionError, Problem};
pub use fault::Fault;
pub use reading::Reading;
pub use record::{BatchAddress, Encoding, SealedBatch, VerifiedBatch};
pub use reject::RejectCode;

/// The index of an option inside its district: lists by code first, then candidates by code.
pub type OptionIndex = u16;

/// Stands for a code that is on no list of the district. No reading ever reads it, so that what a
/// voter typed instead of a name cannot be recovered from the evidence.
pub const UNKNOWN_OPTION: OptionIndex = u16::MAX;
