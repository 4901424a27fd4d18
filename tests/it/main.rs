//! One integration binary; modules are named by the property or failure they guard.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has found something")]

mod bad_columns;
mod bad_election;
mod bad_segments;
mod bad_text;
mod browser;
mod corrections;
mod golden_two;
mod journal;
mod keyed;
mod kit;
mod law;
mod live;
mod odd_elections;
mod one_digest;
mod pabulib;
mod papers;
mod plain_reader;
mod publish;
mod readings;
mod real_ballots;
mod seats_real;
mod second_implementation;
mod serve;
mod signed;
mod small_election;
mod synthetic_nation;
mod undecided;
