//! Recorded lots: from codes to the seat rules' positions, and their refusals back into codes.
//!
//! In: lots as people recorded them. Out: lots as the seat rules take them; or why one is refused,
//! in the words of its file. Never: a lot drawn, or one passed over in silence.

use shomar_format::CountingDefinition;
use shomar_format::code::{Token, read_token};
use shomar_format::control;
use shomar_format::election::District;
use shomar_seats::{GroupKey, Lot, LotKind, Method, Party, SeatsError};

use crate::field::Field;
use crate::inapplicable::Inapplicable;
use crate::ledger::{Ledger, find_district};

/// The kind of a lot between alternates of several lists, drawn when a member left.
pub const REPLACEMENT_LOT: &str = "replacement";
/// How the lists together are written, as a winner and among those tied.
pub const ALL_LISTS: &str = "lists";
/// How the independents together are written among those tied, where an empty name would vanish.
pub const INDEPENDENTS: &str = "independents";

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

impl OutcomeError {
    /// Whether this lot is what is refused.
    pub(crate) fn is_of(&self, lot: &RecordedLot) -> bool {
        self.lot_line == Some(lot.line)
    }
}

/// Who won a lot, or took part in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotParty {
    /// A list or a candidate, by code.
    Code(u32),
    /// The independents together.
    Independents,
    /// The lists together.
    AllLists,
}

impl LotParty {
    /// Reads a code, or one of the two words; empty: the independents together.
    ///
    /// # Errors
    /// What was found and expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" | INDEPENDENTS => Ok(Self::Independents),
            ALL_LISTS => Ok(Self::AllLists),
            code => match read_token(code.as_bytes()) {
                Token::Code(code) => Ok(Self::Code(code)),
                _ => Err(format!("found '{code}', expected a code, {INDEPENDENTS} or {ALL_LISTS}")),
            },
        }
    }
}

impl std::fmt::Display for LotParty {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "{code}"),
            Self::Independents => formatter.write_str("the independents"),
            Self::AllLists => formatter.write_str("all lists together"),
        }
    }
}

/// A recorded lot, in codes, with what its minutes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedLot {
    /// Line in the file of lots.
    pub line: u64,
    /// Index of the district.
    pub district: u32,
    /// The lot's kind.
    pub kind: LotKind,
    /// It is a record of the journal, which nobody can edit, and not a row of a file.
    pub is_on_record: bool,
    /// It was drawn when a member left, and is about who comes in.
    pub is_replacement: bool,
    /// Which lot of its tie, from 1.
    pub place: u32,
    /// Who won.
    pub winner: LotParty,
    /// Between whom it was drawn; empty: not said.
    pub between: Vec<LotParty>,
    /// When it was drawn, as recorded; may be empty.
    pub drawn_at: String,
    /// Who was present, as recorded; may be empty.
    pub present: String,
}

impl RecordedLot {
    /// A lot of the journal, its line the position of its record.
    ///
    /// # Errors
    /// Nobody of the district can have won it, whatever the votes are.
    pub fn of_record(
        position: u64,
        lot: &control::Lot,
        definition: &CountingDefinition<'_>,
    ) -> Result<Self, Inapplicable> {
        let district = find_district(definition, &lot.district)?;
        let is_replacement = lot.kind == REPLACEMENT_LOT;
        let kind =
            if is_replacement { Some(LotKind::Alternate) } else { LotKind::parse(&lot.kind) };
        let kind = kind.ok_or_else(|| Inapplicable::UnknownLotKind(lot.kind.clone()))?;
        let codes = definition.option_codes(district);
        let party = |text: &str| match LotParty::parse(text) {
            Ok(LotParty::Code(code)) if codes.iter().any(|own| own.to_native() == code) => {
                Ok(LotParty::Code(code))
            }
            Ok(group @ (LotParty::Independents | LotParty::AllLists)) if kind.is_of_groups() => {
                Ok(group)
            }
            _ => Err(Inapplicable::UnknownLotParty {
                party: text.to_owned(),
                district: lot.district.clone(),
                is_of_groups: kind.is_of_groups(),
            }),
        };
        let winner = party(&lot.winner)?;
        let between = lot.between.split(';').map(str::trim).filter(|party| !party.is_empty());
        let between: Vec<LotParty> = between.map(party).collect::<Result<_, _>>()?;
        if !between.is_empty() && !between.contains(&winner) {
            let (winner, between) = (lot.winner.clone(), lot.between.clone());
            return Err(Inapplicable::WinnerNotAmong { winner, between });
        }
        Ok(Self {
            line: position,
            district,
            kind,
            is_on_record: true,
            is_replacement,
            place: lot.place,
            winner,
            between,
            drawn_at: lot.drawn_at.clone(),
            present: lot.present.clone(),
        })
    }
}

/// The lots that officers recorded in a journal, in its order.
pub fn journal_lots(
    ledger: &Ledger,
    definition: &CountingDefinition<'_>,
) -> impl Iterator<Item = RecordedLot> {
    ledger.lots().map(|(position, lot)| {
        RecordedLot::of_record(position, lot, definition).expect("the ledger refuses any other")
    })
}

/// The lots of one district, in positions. Whoever is nobody of the district becomes a position
/// that no tie contains, so that the seat rules refuse it.
pub(crate) fn lots_of(lots: &[RecordedLot], district: &District, field: &Field) -> Vec<Lot> {
    let position = |at: usize| u32::try_from(at).expect("within DISTRICT_OPTIONS_MAX");
    let candidate = |code| {
        let place =
            field.standing.iter().position(|&at| district.candidates[at as usize].code == code);
        place.map_or(u32::MAX, position)
    };
    let list = |code| district.lists.iter().position(|list| list.code == code).map(position);
    let party = |kind: LotKind, party: LotParty| match (kind, party) {
        (_, LotParty::Independents) => Party::Group(GroupKey::Independents),
        (_, LotParty::AllLists) => Party::Group(GroupKey::AllLists),
        (LotKind::Seat, LotParty::Code(code)) => Party::Group(match list(code) {
            Some(list) => GroupKey::List(list),
            None if field.rule.method() == Method::Article24 => GroupKey::List(u32::MAX),
            None => GroupKey::Independent(candidate(code)),
        }),
        // Alternates: of one group by person, or, under A7, a group has one more. Codes are unique
        // in a district across lists and candidates.
        (LotKind::Alternate, LotParty::Code(code)) => match list(code) {
            Some(list) => Party::Group(GroupKey::List(list)),
            None => Party::Candidate(candidate(code)),
        },
        (LotKind::Person | LotKind::Runoff, LotParty::Code(code)) => {
            Party::Candidate(candidate(code))
        }
    };
    lots.iter()
        .map(|lot| Lot {
            kind: lot.kind,
            place: lot.place,
            winner: party(lot.kind, lot.winner),
            between: lot.between.iter().map(|of| party(lot.kind, *of)).collect(),
        })
        .collect()
}

/// A refusal of the seat rules in the words of the files: codes, and the line of the lot.
pub(crate) fn refused(
    district: &District,
    standing: &[u32],
    recorded: &[RecordedLot],
    error: &SeatsError,
) -> OutcomeError {
    let code = |party: &Party| match party {
        Party::Group(GroupKey::List(list)) => district.lists[*list as usize].code.to_string(),
        Party::Group(GroupKey::Independents) => LotParty::Independents.to_string(),
        Party::Group(GroupKey::AllLists) => LotParty::AllLists.to_string(),
        Party::Group(GroupKey::Independent(candidate)) | Party::Candidate(candidate) => {
            district.candidates[standing[*candidate as usize] as usize].code.to_string()
        }
    };
    let Some((lot_index, expected)) = error.refused_lot(code) else {
        let district = district.id.clone();
        return OutcomeError { district, lot_line: None, message: error.to_string() };
    };
    let lot = &recorded[lot_index];
    OutcomeError {
        district: district.id.clone(),
        lot_line: Some(lot.line),
        message: format!(
            "found a lot of kind {}, place {}, won by {}, expected {expected}",
            lot.kind.name(),
            lot.place,
            lot.winner
        ),
    }
}
