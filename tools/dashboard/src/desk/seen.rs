//! What was looked at: a decision, and what it would do, in a few digits.
//!
//! In: a decision and what it would change. Out: a hash that a form bears, and that is made again
//! when the form comes back. Never: a vote of other batches in it: while batches come in, those
//! change all the time, and the decision does the same as before.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use shomar_engine::outcome::DistrictOutcome;
use shomar_format::bytes::{hex, sha256};
use shomar_format::control::{Action, Control};

use super::Would;

/// Codes of those elected for certain, ascending.
pub(crate) fn elected_codes(outcome: &DistrictOutcome<'_>) -> Vec<u32> {
    let elected = outcome.outcome.elected.iter();
    let codes: BTreeSet<u32> = elected.map(|at| outcome.candidate_code(*at)).collect();
    codes.into_iter().collect()
}

impl Would {
    /// What a decision says, but for its time; the batches that it would move; and, where it is
    /// about who is elected, who would be. `None` if its text cannot be written.
    pub(crate) fn seen(&self, control: &Control) -> Option<String> {
        let mut text = Control { at_ms: 0, ..control.clone() }.to_text().ok()?;
        for (batch, comes) in &self.moved {
            let _ = writeln!(text, "{} {comes}", hex(batch));
        }
        if let Action::Declare { district, .. } = &control.action {
            self.write_elected(&mut text, district);
        }
        if let Action::Lot(lot) = &control.action {
            self.write_elected(&mut text, &lot.district);
        }
        Some(hex(&sha256(text.as_bytes())))
    }

    fn write_elected(&self, text: &mut String, district: &str) {
        let at = self.board.setting.counting.find_district(district);
        let _ = match at.and_then(|at| self.board.counted_outcome(at)) {
            None => writeln!(text, "nothing is counted"),
            Some(Err(refused)) => writeln!(text, "{}", refused.message),
            Some(Ok(outcome)) => {
                let (elected, waits) = (elected_codes(&outcome), outcome.needs_lot());
                writeln!(text, "{elected:?} {waits}")
            }
        };
    }
}
