//! One count of seats under way: the race, the rule, the lots, the steps so far.
//!
//! What comes in: facts and ties, as the methods find them. What goes out: steps that cite their
//! article and reading; winners of ties, from recorded lots only.

use std::collections::BTreeSet;

use crate::citations::{Article, Citations};
use crate::contenders::Contender;
use crate::lots::{Drawn, Ledger};
use crate::{
    Fact, Lot, LotKind, OptionName, Options, Party, PendingLot, Race, Rule, SeatsError, Step,
    TieSeats,
};

pub(crate) struct Count<'a> {
    pub(crate) race: &'a Race<'a>,
    pub(crate) rule: &'a Rule,
    pub(crate) cites: Citations,
    ledger: Ledger<'a>,
    steps: Vec<Step>,
}

/// Seats that wait for a lot, and the groups that may get them.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) groups: Vec<usize>,
}

impl<'a> Count<'a> {
    pub(crate) fn new(race: &'a Race<'a>, rule: &'a Rule, lots: &'a [Lot]) -> Count<'a> {
        let cites = rule.citations();
        Count { race, rule, cites, ledger: Ledger::new(lots), steps: Vec::new() }
    }

    pub(crate) fn options(&self) -> &'a Options {
        self.rule.options()
    }

    /// Records a step.
    pub(crate) fn step(&mut self, article: Article, fact: Fact) {
        self.step_of(article, &[], fact);
    }

    /// Records a step that rests on these readings.
    pub(crate) fn step_of(
        &mut self,
        article: Article,
        readings: &'static [OptionName],
        fact: Fact,
    ) {
        self.steps.push(Step { article, readings, fact });
    }

    /// The options on which the steps so far rest.
    pub(crate) fn readings(&self) -> Vec<OptionName> {
        let all: BTreeSet<OptionName> =
            self.steps.iter().flat_map(|step| step.readings.iter().copied()).collect();
        all.into_iter().collect()
    }

    /// Settles a tie with the lots recorded for it.
    pub(crate) fn draw(
        &mut self,
        kind: LotKind,
        places: u32,
        between: Vec<Party>,
        article: Article,
        readings: &'static [OptionName],
    ) -> Result<Drawn, SeatsError> {
        self.step_of(article, readings, Fact::Tie { kind, places, between: between.clone() });
        let drawn = self.ledger.draw(kind, places, &between)?;
        for (place, winner) in (1..).zip(&drawn.winners[..drawn.recorded]) {
            self.step_of(article, readings, Fact::LotDrawn { kind, place, winner: *winner });
        }
        if drawn.places_left > 0 {
            let between = between.into_iter().filter(|party| !drawn.winners.contains(party));
            let between = between.collect();
            let fact = Fact::LotNeeded { kind, places: drawn.places_left, between };
            self.step_of(article, readings, fact);
        }
        Ok(drawn)
    }

    /// Gives seats to groups that have an equal claim to them: by their totals, if that is the
    /// reading, then by lot. What stays open is returned.
    pub(crate) fn settle_seats(
        &mut self,
        all: &mut [Contender],
        mut places: u32,
        mut tied: Vec<usize>,
    ) -> Result<Open, SeatsError> {
        let article = self.cites.tie_seats;
        if self.options().tie_seats == TieSeats::LargerVoteTotal {
            tied.sort_by_key(|group| std::cmp::Reverse(all[*group].votes));
            let last = all[tied[places as usize - 1]].votes;
            let next = all[tied[places as usize]].votes;
            let is_certain = |group: &usize| all[*group].votes > last || last > next;
            let certain: Vec<usize> =
                tied[..places as usize].iter().copied().filter(is_certain).collect();
            for group in &certain {
                let entry = &mut all[*group];
                entry.award();
                let fact = Fact::LargerTotal { group: entry.key, votes: entry.votes };
                self.step_of(article, &[OptionName::TieSeats], fact);
            }
            places -= crate::race::position(certain.len());
            tied.retain(|group| !certain.contains(group) && all[*group].votes == last);
            if places == 0 {
                return Ok(Open::default());
            }
        }
        tied.sort_unstable();
        let between = tied.iter().map(|group| Party::Group(all[*group].key)).collect();
        let drawn = self.draw(LotKind::Seat, places, between, article, &[OptionName::TieSeats])?;
        let mut open = Open::default();
        for index in tied {
            if drawn.winners.contains(&Party::Group(all[index].key)) {
                all[index].award();
            } else if drawn.places_left > 0 {
                open.groups.push(index);
            }
        }
        Ok(open)
    }

    /// Ends the count: the lots that are still needed, and the steps.
    pub(crate) fn close(self) -> Result<(Vec<PendingLot>, Vec<Step>), SeatsError> {
        Ok((self.ledger.close()?, self.steps))
    }
}
