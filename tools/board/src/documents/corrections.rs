//! Decisions of officers, the last one first: who, when, why, and ballots before and after.

use serde::Serialize;
use shomar_engine::decision::{Decision, Effects};
use shomar_format::bytes::hex;
use shomar_format::control::{Action, Subject};

use super::{Head, PageOf, page_of};
use crate::board::Board;
use crate::words::rfc3339;

/// Decisions of one page.
const DECISIONS_SHOWN: usize = 1_000;

#[derive(Serialize)]
pub(super) struct CorrectionsDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(flatten)]
    page: PageOf,
    decisions: Vec<DecisionRow<'a>>,
}

#[derive(Serialize)]
struct DecisionRow<'a> {
    /// Number of its record in the journal.
    position: u64,
    /// Hash of its record.
    record: String,
    officer: &'a str,
    signed_at: Option<String>,
    received_at: Option<String>,
    action: &'static str,
    /// Code of the reason of an annulment.
    reason: Option<&'a str>,
    why: &'a str,
    station: Option<&'a str>,
    district: Option<&'a str>,
    /// Hash of the record of the batch that it is about.
    batch: Option<String>,
    /// Codes of those declared elected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    elected: Vec<u32>,
    /// Ballots taken in districts whose totals changed; votes are for officers.
    effects: Vec<EffectRow<'a>>,
}

#[derive(Serialize)]
struct EffectRow<'a> {
    district: &'a str,
    /// Before.
    from: u64,
    /// After.
    to: u64,
}

pub(super) fn document(board: &Board, page: u32) -> Option<CorrectionsDocument<'_>> {
    let all: Vec<&Decision> = board.snapshot.decisions.iter().rev().map(AsRef::as_ref).collect();
    let (page, shown) = page_of(&all, page, DECISIONS_SHOWN)?;
    let decisions = shown.iter().map(|decision| row(board, decision)).collect();
    Some(CorrectionsDocument { head: board.head(board.status()), page, decisions })
}

fn row<'a>(board: &'a Board, decision: &'a Decision) -> DecisionRow<'a> {
    let control = &decision.control;
    let officers = &board.setting.subject.election.head.officers;
    let officer = officers.get(decision.officer as usize);
    let effects = match &decision.effects {
        Effects::Districts(effects) => &effects[..],
        Effects::NoNumbers | Effects::NumbersBegin => &[],
    };
    let mut row = DecisionRow {
        position: decision.position,
        record: hex(&decision.hash),
        officer: officer.map_or("", |officer| officer.id.as_str()),
        signed_at: rfc3339(control.at_ms),
        received_at: rfc3339(decision.received_at_ms).filter(|_| decision.received_at_ms > 0),
        action: control.action.name(),
        reason: None,
        why: &control.why,
        station: None,
        district: None,
        batch: None,
        elected: Vec::new(),
        effects: effects
            .iter()
            .map(|effect| EffectRow {
                district: &board.setting.district(effect.district).id,
                from: effect.before.ballots.taken,
                to: effect.after.ballots.taken,
            })
            .collect(),
    };
    let mut about = |subject: &'a Subject| match subject {
        Subject::Station(station) => row.station = Some(station),
        Subject::Pair(station, district) => {
            row.station = Some(station);
            row.district = Some(district);
        }
        Subject::Batch(hash) => row.batch = Some(hex(hash)),
    };
    match &control.action {
        Action::Open | Action::Close => {}
        Action::Annul { reason, subject } => {
            about(subject);
            row.reason = Some(reason);
        }
        Action::Reinstate { subject } => about(subject),
        Action::Supersede { station, district, .. } => {
            row.station = Some(station);
            row.district = Some(district);
        }
        Action::Release { batch } | Action::Reject { batch } => row.batch = Some(hex(batch)),
        Action::Lot(lot) => row.district = Some(&lot.district),
        Action::Declare { district, elected } => {
            row.district = Some(district);
            row.elected.clone_from(elected);
        }
    }
    row
}
