//! A decision of an officer in the journal, and what it changed in each district.
//!
//! In: a control record that was applied, the counts just before it and just after. Out: who, when,
//! why, old and new numbers. Never: an effect of anything else that came meanwhile.

use shomar_format::bytes::Digest32;
use shomar_format::control::Control;
use shomar_format::document::DistrictTally;

/// A control record that was applied.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Number of its record in the journal.
    pub position: u64,
    /// When it was received, in milliseconds since 1970-01-01 UTC; 0 where nobody said.
    pub received_at_ms: u64,
    /// Index of the officer.
    pub officer: u32,
    /// Hash of its record.
    pub hash: Digest32,
    /// What it says.
    pub control: Control,
    /// What it changed.
    pub effects: Effects,
}

/// What a decision changed.
#[derive(Clone, Debug)]
pub enum Effects {
    /// An official election before its close: there are no numbers per option.
    NoNumbers,
    /// It is the close: from here on there are numbers.
    NumbersBegin,
    /// Districts whose totals are others than before.
    Districts(Vec<DistrictEffect>),
}

/// The totals of a district before and after a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistrictEffect {
    /// Index of the district.
    pub district: u32,
    /// Before.
    pub before: DistrictTally,
    /// After.
    pub after: DistrictTally,
}

impl DistrictEffect {
    /// Every list and candidate whose votes are others than before: code, votes before and after.
    pub fn options(&self) -> impl Iterator<Item = (u32, u64, u64)> {
        let lists = self.before.lists.iter().zip(&self.after.lists);
        let lists = lists.map(|(before, after)| (before.code, before.votes, after.votes));
        let candidates = self.before.candidates.iter().zip(&self.after.candidates);
        let candidates = candidates.map(|(before, after)| (before.code, before.votes, after.votes));
        lists.chain(candidates).filter(|(_, before, after)| before != after)
    }
}
