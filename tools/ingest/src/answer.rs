//! What is answered to a record: its place in the journal, or why it is not taken.
//!
//! In: a verdict. Out: JSON. Never: "accepted" for what is not durable.

use serde::Serialize;
use shomar_engine::chain::findings;
use shomar_engine::receive::RefusalCode;

/// Why a record is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// It does not pass a check of its own.
    Refused(RefusalCode),
    /// It is larger than this server takes.
    TooLarge,
    /// The device has signed another record of this sequence.
    Equivocation,
    /// It does not follow the device's records that are here.
    Fork,
    /// It is not the first of its device and names none before it, or the reverse.
    Chain,
    /// The vote is not open.
    NotOpen,
    /// A control record that cannot be applied here.
    Control,
    /// A control record that did not come from the desk, where only those are taken.
    DeskOnly,
    /// No room is left on the disk.
    StorageFull,
    /// Too much is waiting: later.
    Busy,
    /// The server is stopping: later, or elsewhere.
    Stopping,
}

impl Code {
    /// Whether it says nothing against the record, which may be sent again later.
    #[must_use]
    pub fn is_for_now(self) -> bool {
        matches!(self, Self::StorageFull | Self::Busy | Self::Stopping)
    }

    /// As answers and metrics have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused(code) => code.name(),
            Self::TooLarge => "too-large",
            Self::Equivocation => findings::EQUIVOCATION,
            Self::Fork => findings::FORK,
            Self::Chain => "chain",
            Self::NotOpen => "not-open",
            Self::Control => "control",
            Self::DeskOnly => "desk-only",
            Self::StorageFull => "storage-full",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
        }
    }
}

/// The answer to one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Answer {
    /// It is in the journal, and durable.
    Accepted {
        /// Its number in the journal.
        position: u64,
        /// Its hash.
        record: String,
    },
    /// The same bytes were accepted before.
    Duplicate {
        /// Their number in the journal.
        position: u64,
        /// Their hash.
        record: String,
    },
    /// It is not taken.
    Refused {
        /// For programs.
        code: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
        /// Its hash, if it has the length of a record.
        record: Option<String>,
        /// The same, as a value.
        #[serde(skip)]
        reason: Code,
    },
}

/// Longest text of a refusal, in bytes: whoever sends has the record, and thousands of answers of
/// one request wait together.
const TEXT_BYTES_MAX: usize = 512;

/// As much of a text as a refusal has.
fn brief(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let ends = text.char_indices().map(|(at, _)| at);
        let end = ends.take_while(|at| *at <= TEXT_BYTES_MAX).last();
        text.truncate(end.unwrap_or(0));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

impl Answer {
    /// A refusal.
    pub(crate) fn refused(
        reason: Code,
        found: impl Into<String>,
        expected: impl Into<String>,
        record: Option<String>,
    ) -> Self {
        let (found, expected) = (brief(found.into()), brief(expected.into()));
        Self::Refused { code: reason.name(), found, expected, record, reason }
    }

    /// `accepted`, `duplicate` or `refused`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Duplicate { .. } => "duplicate",
            Self::Refused { .. } => "refused",
        }
    }

    /// Why it is refused, if it is.
    #[must_use]
    pub fn reason(&self) -> Option<Code> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_short_whatever_was_found() {
        for found in ["x".repeat(7 << 20), "ش".repeat(300), "\u{7f}".repeat(512)] {
            let answer = Answer::refused(Code::Chain, found, "y".repeat(1 << 20), None);
            let length = serde_json::to_vec(&answer).unwrap().len();
            assert!((500..5_000).contains(&length), "{length}");
        }
        let short = Answer::refused(Code::Chain, "ش".repeat(256), "y", None);
        assert!(!serde_json::to_string(&short).unwrap().contains('…'));
    }
}
