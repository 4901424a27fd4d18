//! What is wrong with sealed bytes: where, what was found, what was expected.
//!
//! In: the place and the two values. Out: one line for people. Never: a file name; whoever opened
//! the file adds it.

use std::fmt::{self, Display};

/// A fault in sealed bytes. The offset is relative to the bytes that were given to the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes.
    pub offset: u64,
    /// Which field or rule.
    pub what: &'static str,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
}

impl Fault {
    /// A fault at `offset`.
    #[cold]
    pub fn new(
        offset: usize,
        what: &'static str,
        found: impl Display,
        expected: impl Display,
    ) -> Self {
        Self {
            offset: offset as u64,
            what,
            found: found.to_string(),
            expected: expected.to_string(),
        }
    }

    /// The same fault, seen from a reader whose bytes begin `base` earlier.
    #[must_use]
    pub fn shifted(mut self, base: u64) -> Self {
        self.offset += base;
        self
    }
}

impl Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, what, found, expected } = self;
        write!(formatter, "offset {offset}: {what}: found {found}, expected {expected}")
    }
}

impl std::error::Error for Fault {}
