//! The canonical totals and their digest (FORMAT.md, "Canonical totals").
//!
//! In: the numbers of every district in definition order. Out: SHA-256 of their one spelling.
//! Never: anything about batches, threads or files; equal counts give equal digests however the
//! ballots were cut, ordered or divided.

use crate::Reading;
use crate::bytes::Digest32;
use crate::document::BallotCounts;
use sha2::{Digest, Sha256};

/// Feeds districts in definition order into the digest.
#[derive(Debug)]
pub struct TotalsDigest {
    hasher: Sha256,
    /// Numbers that are not hashed yet: one by one they would cost more to hand over than to hash.
    waiting: Vec<u8>,
}

/// Bytes that are handed over together.
const HANDED_OVER: usize = 1 << 14;

impl TotalsDigest {
    /// Begins with the definition and the reading of each contest, in definition order.
    #[must_use]
    pub fn new<'a>(
        definition: &Digest32,
        readings: impl IntoIterator<Item = (&'a str, Reading)>,
    ) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"shomar-totals 1\n");
        hasher.update(definition);
        for (contest, reading) in readings {
            hasher.update(b"reading\t");
            hasher.update(contest);
            for (name, value) in reading.entries() {
                hasher.update(format!("\t{name}={value}"));
            }
            hasher.update(b"\n");
        }
        Self { hasher, waiting: Vec::with_capacity(HANDED_OVER) }
    }

    /// Adds a district: its ballots, then per list the ballots read as it, then per candidate the
    /// votes by name and through the list; all u64, little-endian.
    pub fn district(
        &mut self,
        ballots: &BallotCounts,
        lists: &[u64],
        candidates: impl Iterator<Item = (u64, u64)>,
    ) {
        for number in [ballots.taken, ballots.valid, ballots.void, ballots.blank] {
            self.number(number);
        }
        for &votes in lists {
            self.number(votes);
        }
        for (direct, via_list) in candidates {
            self.number(direct);
            self.number(via_list);
        }
    }

    fn number(&mut self, number: u64) {
        self.waiting.extend_from_slice(&number.to_le_bytes());
        if self.waiting.len() >= HANDED_OVER {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    /// The digest.
    #[must_use]
    pub fn finish(mut self) -> Digest32 {
        self.hasher.update(&self.waiting);
        self.hasher.finalize().into()
    }
}
