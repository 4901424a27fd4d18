//! Recorded lots: from codes to the seat rules' positions, and their refusals back into codes.
//!
//! In: lots as people recorded them. Out: lots as the seat rules take them; or why one is refused,
//! in the words of its file. Never: a lot drawn, or one passed over in silence.

use shomar_format::election::District;
use shomar_seats::{GroupKey, Lot, LotKind, Method, Party, SeatsError};

use crate::outcome::ContestRule;

/// Why a district has no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeError {
    /// District id.
    pub district: String,
    /// Line of the recorded lot that is refused, if it is one.
    pub lot_line: Option<u64>,
    /// What the seat rules refused, in codes.
    pub message: String,
}

/// A recorded lot, in codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedLot {
    /// Line in the file of lots.
    pub line: u64,
    /// Index of the district.
    pub district: u32,
    /// The lot's kind.
    pub kind: LotKind,
    /// Which lot of its tie, from 1.
    pub place: u32,
    /// Code of the winner; `None` for the independents together.
    pub winner: Option<u32>,
}

/// The lots of one district, in positions. A winner that is nobody of the district becomes a
/// position that no tie contains, so that the seat rules refuse it.
pub(crate) fn lots_of(
    lots: &[RecordedLot],
    district: &District,
    standing: &[usize],
    rule: &ContestRule,
) -> Vec<Lot> {
    let position = |at: usize| u32::try_from(at).expect("within DISTRICT_OPTIONS_MAX");
    let candidate = |code| {
        let place = standing.iter().position(|&at| district.candidates[at].code == code);
        place.map_or(u32::MAX, position)
    };
    lots.iter()
        .map(|lot| {
            let winner = match (lot.kind, lot.winner) {
                (LotKind::Seat, None) => Party::Group(GroupKey::Independents),
                (LotKind::Seat, Some(code)) => {
                    let list = district.lists.iter().position(|list| list.code == code);
                    Party::Group(match list {
                        Some(list) => GroupKey::List(position(list)),
                        None if rule.rule.method() == Method::Article24 => GroupKey::List(u32::MAX),
                        None => GroupKey::Independent(candidate(code)),
                    })
                }
                (_, Some(code)) => Party::Candidate(candidate(code)),
                (_, None) => Party::Candidate(u32::MAX),
            };
            Lot { kind: lot.kind, place: lot.place, winner }
        })
        .collect()
}

/// A refusal of the seat rules in the words of the files: codes, and the line of the lot.
pub(crate) fn refused(
    district: &District,
    standing: &[usize],
    recorded: &[RecordedLot],
    error: &SeatsError,
) -> OutcomeError {
    let code = |party: &Party| match party {
        Party::Group(GroupKey::List(list)) => district.lists[*list as usize].code.to_string(),
        Party::Group(GroupKey::Independents) => "the independents".to_owned(),
        Party::Group(GroupKey::Independent(candidate)) | Party::Candidate(candidate) => {
            district.candidates[standing[*candidate as usize]].code.to_string()
        }
    };
    let Some((lot_index, expected)) = error.refused_lot(code) else {
        let district = district.id.clone();
        return OutcomeError { district, lot_line: None, message: error.to_string() };
    };
    let lot = recorded[lot_index];
    let winner = lot.winner.map_or("the independents".to_owned(), |code| code.to_string());
    OutcomeError {
        district: district.id.clone(),
        lot_line: Some(lot.line),
        message: format!(
            "found a lot of kind {}, place {}, won by {winner}, expected {expected}",
            lot.kind.name(),
            lot.place
        ),
    }
}
