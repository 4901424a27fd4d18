//! Whom a decision is about: a station, what it reports of a district, or a district.
//!
//! In: decisions of the journal, every batch that was received. Out: the place of each, whether it
//! changed a number or not. Never: a batch that a decision names by its hash and nobody looks up.

use std::collections::HashMap;

use shomar_board::board::Board;
use shomar_format::bytes::Digest32;
use shomar_format::control::{Action, Subject};

/// Where something was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Of the election as a whole, or of nothing that it has.
    Nowhere,
    /// A station, by index, with every district that it reports.
    Station(u32),
    /// What a station reports of a district, or a batch of that; by index.
    Pair(u32, u32),
    /// A district, by index.
    District(u32),
}

/// Batches that decisions name by their hash, and whose they are.
pub(crate) struct NamedBatches(HashMap<Digest32, Option<(u32, u32)>>);

impl NamedBatches {
    /// Looks through everything that was received, once.
    pub(crate) fn of(board: &Board) -> Self {
        let actions = board.snapshot.decisions.iter().map(|own| &own.control.action);
        let mut pairs: HashMap<Digest32, _> =
            actions.filter_map(batch_of).map(|batch| (batch, None)).collect();
        for batch in board.snapshot.received.iter() {
            if let Some(pair) = pairs.get_mut(&batch.hash) {
                *pair = Some((batch.address.station, batch.address.district));
            }
        }
        Self(pairs)
    }

    /// Where a decision was taken.
    pub(crate) fn place(&self, board: &Board, action: &Action) -> Place {
        let counting = &board.setting.counting;
        let district =
            |id: &str| counting.find_district(id).map_or(Place::Nowhere, Place::District);
        let pair = |station: &str, id: &str| {
            let station = counting.find_station(station);
            let pair = station.zip(counting.find_district(id));
            pair.map_or(Place::Nowhere, |(station, district)| Place::Pair(station, district))
        };
        match action {
            Action::Open | Action::Close => Place::Nowhere,
            Action::Lot(lot) => district(&lot.district),
            Action::Declare { district: id, .. } => district(id),
            Action::Supersede { station, district, .. } => pair(station, district),
            Action::Annul { subject, .. } | Action::Reinstate { subject } => match subject {
                Subject::Station(station) => {
                    counting.find_station(station).map_or(Place::Nowhere, Place::Station)
                }
                Subject::Pair(station, district) => pair(station, district),
                Subject::Batch(batch) => self.batch(batch),
            },
            Action::Release { batch } | Action::Reject { batch } => self.batch(batch),
        }
    }

    fn batch(&self, batch: &Digest32) -> Place {
        let pair = self.0.get(batch).copied().flatten();
        pair.map_or(Place::Nowhere, |(station, district)| Place::Pair(station, district))
    }
}

/// The batch that a decision names by its hash and nothing else.
fn batch_of(action: &Action) -> Option<Digest32> {
    match action {
        Action::Release { batch }
        | Action::Reject { batch }
        | Action::Annul { subject: Subject::Batch(batch), .. }
        | Action::Reinstate { subject: Subject::Batch(batch) } => Some(*batch),
        _ => None,
    }
}
