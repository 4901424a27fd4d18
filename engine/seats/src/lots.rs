//! Lots: drawn by people, recorded, and given to the rules as input.
//!
//! What comes in: the lots drawn so far. What goes out, tie by tie: the winners in order of place,
//! and how many places still wait. A lot belongs to the tie of its kind that contains its winner;
//! the lots of one tie are numbered 1, 2, 3, ..., and who is in two ties of a kind, one after the
//! other, wins the first of them with the first lot. A lot that names the tied must name exactly
//! them. Every lot must be used: one that is not is refused, so an old or foreign lots file cannot
//! pass.
//!
//! It never draws a lot, and never lets an order stand in for one.

use crate::{Party, SeatsError};

/// What a lot decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LotKind {
    /// Which group gets a seat.
    Seat,
    /// Which person is elected.
    Person,
    /// Which person is the earlier alternate; or which group has one more.
    Alternate,
    /// Which person is in the runoff.
    Runoff,
}

impl LotKind {
    const ALL: [LotKind; 4] = [LotKind::Seat, LotKind::Person, LotKind::Alternate, LotKind::Runoff];

    /// `seat`, `person`, `alternate` or `runoff`.
    pub fn name(self) -> &'static str {
        match self {
            LotKind::Seat => "seat",
            LotKind::Person => "person",
            LotKind::Alternate => "alternate",
            LotKind::Runoff => "runoff",
        }
    }

    /// Whether lists and the independents, as groups, take part in it as well, not persons alone.
    pub fn is_of_groups(self) -> bool {
        matches!(self, LotKind::Seat | LotKind::Alternate)
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<LotKind> {
        LotKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A lot that has been drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// What it decides.
    pub kind: LotKind,
    /// Which lot of its tie it is, from 1.
    pub place: u32,
    /// Who won it.
    pub winner: Party,
    /// Between whom it was drawn, in any order; empty: the record does not say.
    pub between: Vec<Party>,
}

impl Lot {
    /// A lot of which only the winner is recorded.
    pub fn new(kind: LotKind, place: u32, winner: Party) -> Lot {
        Lot { kind, place, winner, between: Vec::new() }
    }

    /// Whether it was drawn between the tied, all of them or those who had won no place before.
    fn is_between(&self, tied: &[Party], winners: &[Party]) -> bool {
        let mut between = self.between.clone();
        between.sort_unstable();
        let mut all = tied.to_vec();
        all.sort_unstable();
        let open: Vec<Party> =
            all.iter().copied().filter(|party| !winners.contains(party)).collect();
        between.is_empty() || between == all || between == open
    }
}

/// A tie that needs (or needed) a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingLot {
    /// What it decides.
    pub kind: LotKind,
    /// Places open to those tied. For [`LotKind::Alternate`] they may be as many as those tied:
    /// it is the order that is open, and the last one follows from the others.
    pub places: u32,
    /// Number of the lot that is due, from 1: what [`Lot::place`] has to be.
    pub next_place: u32,
    /// Those tied, in the caller's order.
    pub between: Vec<Party>,
}

/// The result of a tie.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// Winners in order of place.
    pub(crate) winners: Vec<Party>,
    /// Of them, those whose lot is recorded; the last place may follow from the others.
    pub(crate) recorded: usize,
    /// Places still waiting for a lot.
    pub(crate) places_left: u32,
}

/// The lots given, and which of them were used.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    lots: &'a [Lot],
    used: Vec<bool>,
    /// Every tie so far, with those who won it.
    ties: Vec<(PendingLot, Vec<Party>)>,
    /// What is still open.
    pending: Vec<PendingLot>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(lots: &'a [Lot]) -> Ledger<'a> {
        Ledger { lots, used: vec![false; lots.len()], ties: Vec::new(), pending: Vec::new() }
    }

    /// Settles one tie with the lots recorded for it.
    ///
    /// With as many places as parties the order is drawn, and the last place follows; a lot that
    /// states it is accepted too.
    pub(crate) fn draw(
        &mut self,
        kind: LotKind,
        places: u32,
        between: &[Party],
    ) -> Result<Drawn, SeatsError> {
        let party_count = between.len();
        assert!(places >= 1 && places as usize <= party_count, "a tie has its places");
        assert!(party_count >= 2, "a tie is between two at least");
        let mut winners: Vec<Party> = Vec::new();
        for expected in 1..=places {
            let found = (0..self.lots.len()).find(|index| {
                let lot = &self.lots[*index];
                !self.used[*index]
                    && lot.kind == kind
                    && lot.place == expected
                    && between.contains(&lot.winner)
                    && !winners.contains(&lot.winner)
            });
            let Some(lot_index) = found else { break };
            let lot = &self.lots[lot_index];
            if !lot.is_between(between, &winners) {
                let lot = lot.clone();
                let tied = between.to_vec();
                return Err(SeatsError::LotBetweenOthers { lot_index, lot, tied });
            }
            winners.push(lot.winner);
            self.used[lot_index] = true;
        }
        let recorded = winners.len();
        let tie = PendingLot { kind, places, next_place: 1, between: between.to_vec() };
        self.ties.push((tie, winners.clone()));
        let losers: Vec<Party> =
            between.iter().copied().filter(|party| !winners.contains(party)).collect();
        let mut places_left = places - crate::race::position(recorded);
        if places_left == 1 && losers.len() == 1 {
            winners.push(losers[0]);
            places_left = 0;
        } else if places_left > 0 {
            let next_place = places - places_left + 1;
            self.pending.push(PendingLot {
                kind,
                places: places_left,
                next_place,
                between: losers,
            });
        }
        Ok(Drawn { winners, recorded, places_left })
    }

    /// Ends the count: refuses a lot that nothing asked for; returns what is still open.
    pub(crate) fn close(self) -> Result<Vec<PendingLot>, SeatsError> {
        let Some(lot_index) = self.used.iter().position(|used| !used) else {
            return Ok(self.pending);
        };
        let lot = self.lots[lot_index].clone();
        let is_its = |(tie, _): &&(PendingLot, Vec<Party>)| {
            tie.kind == lot.kind && tie.between.contains(&lot.winner)
        };
        let error = match self.ties.iter().find(is_its) {
            None => {
                let ties = self.ties.into_iter().map(|(tie, _)| tie).collect();
                SeatsError::LotMismatch { lot_index, lot, ties }
            }
            Some((_, winners)) if winners.contains(&lot.winner) => {
                SeatsError::LotWinnerRepeated { lot_index, lot }
            }
            Some((tie, winners)) if winners.len() < tie.places as usize => {
                let expected = crate::race::position(winners.len()) + 1;
                SeatsError::LotPlace { lot_index, lot, expected }
            }
            Some((tie, _)) => SeatsError::LotBeyondPlaces { lot_index, lot, places: tie.places },
        };
        Err(error)
    }
}
