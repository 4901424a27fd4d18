//! Lots: who wins a tie that the rules leave open.
//!
//! In: the tied and the number of places. Out: the winners, and a record of the tie. A tie that
//! the votes decide (`tie_seats`) is no tie. It never looks at the order of input: whoever the
//! caller prefers wins.

use std::cmp::Reverse;

use super::exact::count;
use super::groups::Contender;
use super::options::Options;
use super::race::{Party, Tie, TieKind};
use super::rounds::{classes, cut};

/// Draws every lot of a race.
pub(crate) struct Lots<'a> {
    /// Whoever is ranked lower wins; `None`: nobody does, only what is certain is wanted.
    prefer: Option<&'a dyn Fn(Party) -> u64>,
    larger_votes_first: bool,
    ties: Vec<Tie>,
}

impl<'a> Lots<'a> {
    /// Lots of which none has been drawn.
    pub(crate) fn new(prefer: &'a dyn Fn(Party) -> u64, options: &Options) -> Result<Self, String> {
        let values = [("lot_required", false), ("larger_vote_total", true)];
        let larger_votes_first = options.choice("tie_seats", false, &values)?;
        Ok(Lots { prefer: Some(prefer), larger_votes_first, ties: Vec::new() })
    }

    /// Lots under the same rules that nobody wins.
    pub(crate) fn that_nobody_wins(&self) -> Self {
        Lots { prefer: None, larger_votes_first: self.larger_votes_first, ties: Vec::new() }
    }

    /// The ties drawn so far, which are then forgotten here.
    pub(crate) fn take_ties(&mut self) -> Vec<Tie> {
        std::mem::take(&mut self.ties)
    }

    /// Records the tie and returns its winners, the most preferred first.
    pub(crate) fn draw(
        &mut self,
        kind: TieKind,
        tied: &[usize],
        party_of: impl Fn(usize) -> Party,
        places: u64,
    ) -> Vec<usize> {
        let mut between: Vec<Party> = tied.iter().map(|&index| party_of(index)).collect();
        between.sort_unstable();
        // Places are at most as many as the tied, who are counted in memory.
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        self.ties.push(Tie { kind, places, between });
        let Some(prefer) = self.prefer else { return Vec::new() };
        let mut winners = tied.to_vec();
        winners.sort_by_key(|&index| (prefer(party_of(index)), party_of(index)));
        winners.truncate(usize::try_from(places).unwrap_or(usize::MAX));
        winners
    }

    /// Who of the groups with an equal claim gets the places, of which there are too few.
    pub(crate) fn seats(
        &mut self,
        contenders: &[Contender],
        tied: &[usize],
        places: u64,
    ) -> Vec<usize> {
        let classes = if self.larger_votes_first {
            classes(tied, |index| Reverse(contenders[index].votes))
        } else {
            vec![tied.to_vec()]
        };
        let cut = cut(classes, places);
        let mut winners = cut.sure;
        if !cut.tied.is_empty() {
            let party_of = |index: usize| contenders[index].party;
            winners.extend(self.draw(TieKind::Seat, &cut.tied, party_of, cut.places));
        }
        debug_assert!(self.prefer.is_none() || count(winners.len()) == places);
        winners
    }
}
