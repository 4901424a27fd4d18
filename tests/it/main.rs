//! One integration binary; modules are named by the property or failure they guard.

mod bad_election;
mod bad_segments;
mod bad_text;
mod kit;
mod one_digest;
mod pabulib;
mod readings;
mod real_ballots;
mod seats_real;
mod small_election;
