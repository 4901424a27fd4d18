//! Whole runs against a small server of our own that knows the contract, and how to break it.

mod faults;
pub(crate) mod kit;
mod latency;
mod mock;
mod runs;
mod tls;
