//! Lots: drawn by people, recorded, and given to the rules as input.
//!
//! What comes in: the lots drawn so far. What goes out, tie by tie: the winners in order of place,
//! and how many places still wait. A lot belongs to the tie of its kind that contains its winner
//! (a party can be in one tie of a kind only); the lots of one tie are numbered 1, 2, 3, ... Every
//! lot must be used: one that is not is refused, so an old or foreign lots file cannot pass.
//!
//! It never draws a lot, and never lets an order stand in for one.

use crate::{Article, Fact, Party, SeatsError, Step};

/// What a lot decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LotKind {
    /// Which group gets a seat.
    Seat,
    /// Which person is elected.
    Person,
    /// Which person is the earlier alternate.
    Alternate,
}

impl LotKind {
    /// `seat`, `person` or `alternate`.
    pub fn name(self) -> &'static str {
        match self {
            LotKind::Seat => "seat",
            LotKind::Person => "person",
            LotKind::Alternate => "alternate",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<LotKind> {
        [LotKind::Seat, LotKind::Person, LotKind::Alternate]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A lot that has been drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// What it decides.
    pub kind: LotKind,
    /// Which lot of its tie it is, from 1.
    pub place: u32,
    /// Who won it.
    pub winner: Party,
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
    /// Places still waiting for a lot.
    pub(crate) places_left: u32,
}

/// The lots given, and which of them were used.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    lots: &'a [Lot],
    used: Vec<bool>,
    ties: Vec<PendingLot>,
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
        tie: PendingLot,
        article: Article,
        steps: &mut Vec<Step>,
    ) -> Result<Drawn, SeatsError> {
        let mut push = |fact| steps.push(Step { article, fact });
        let kind = tie.kind;
        push(Fact::Tie { kind, places: tie.places, between: tie.between.clone() });
        let party_count = tie.between.len();
        assert!(tie.places >= 1 && tie.places as usize <= party_count, "a tie has its places");
        assert!(party_count >= 2, "a tie is between two at least");
        let mut found: Vec<usize> = (0..self.lots.len())
            .filter(|index| {
                let lot = &self.lots[*index];
                lot.kind == tie.kind && tie.between.contains(&lot.winner)
            })
            .collect();
        found.sort_by_key(|index| self.lots[*index].place);
        let mut winners: Vec<Party> = Vec::new();
        for (expected, lot_index) in (1..).zip(found) {
            let lot = self.lots[lot_index];
            if lot.place != expected {
                return Err(SeatsError::LotPlace { lot_index, lot, expected });
            }
            if winners.contains(&lot.winner) {
                return Err(SeatsError::LotWinnerRepeated { lot_index, lot });
            }
            if expected > tie.places {
                return Err(SeatsError::LotBeyondPlaces { lot_index, lot, places: tie.places });
            }
            winners.push(lot.winner);
            push(Fact::LotDrawn { kind, place: lot.place, winner: lot.winner });
            self.used[lot_index] = true;
        }
        let losers: Vec<Party> =
            tie.between.iter().copied().filter(|party| !winners.contains(party)).collect();
        let mut places_left = tie.places - crate::race::position(winners.len());
        if places_left == 1 && losers.len() == 1 {
            winners.push(losers[0]);
            places_left = 0;
        } else if places_left > 0 {
            let places = places_left;
            push(Fact::LotNeeded { kind, places, between: losers.clone() });
            let next_place = tie.places - places + 1;
            self.pending.push(PendingLot { kind, places, next_place, between: losers });
        }
        self.ties.push(tie);
        Ok(Drawn { winners, places_left })
    }

    /// Ends the count: refuses a lot that nothing asked for; returns what is still open.
    pub(crate) fn close(self) -> Result<Vec<PendingLot>, SeatsError> {
        match self.used.iter().position(|used| !used) {
            Some(lot_index) => Err(SeatsError::LotMismatch {
                lot_index,
                lot: self.lots[lot_index],
                ties: self.ties,
            }),
            None => Ok(self.pending),
        }
    }
}
