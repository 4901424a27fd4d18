//! Groups that compete for seats, and the order of persons inside them.
//!
//! What comes in: a race. What goes out: one contender per list, and one per independent or one
//! for all of them; every contender with its votes, how many seats it can take, and its persons,
//! most votes first. Contenders without a vote, or below the threshold, are out of play.

use std::ops::Range;

use crate::race::position;
use crate::{Article, Fact, GroupKey, Members, Race, Rule, Step, ZeroVotes};

/// A group in the distribution of seats.
#[derive(Debug)]
pub(crate) struct Contender {
    pub(crate) key: GroupKey,
    pub(crate) votes: u64,
    /// Most seats it can take; `None`: any number.
    pub(crate) capacity: Option<u32>,
    pub(crate) in_play: bool,
    pub(crate) seats: u32,
    /// Its eligible persons, as a range of [`Contenders::ranked`].
    persons: Range<usize>,
}

impl Contender {
    pub(crate) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.seats >= capacity)
    }

    pub(crate) fn award(&mut self) {
        assert!(self.in_play && !self.is_full(), "a seat goes to a group that can take it");
        self.seats += 1;
    }
}

/// How independents compete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Independents {
    /// Each is a group.
    Each,
    /// All are one group.
    Pooled,
}

/// All groups of a race, and all eligible persons in order.
#[derive(Debug)]
pub(crate) struct Contenders {
    pub(crate) all: Vec<Contender>,
    ranked: Vec<u32>,
}

impl Contenders {
    /// Lists in the caller's order, then independents in the caller's order, or their pool.
    pub(crate) fn of(race: &Race<'_>, rule: &Rule, independents: Independents) -> Contenders {
        let mut all: Vec<Contender> = (0..)
            .zip(race.lists)
            .map(|(list, entry)| {
                let capacity = (entry.members == Members::Named).then_some(0);
                contender(GroupKey::List(list), entry.votes, capacity)
            })
            .collect();
        let mut pool: Option<usize> = None;
        // (contender, votes, candidate) of everybody who can be elected.
        let mut persons: Vec<(usize, u64, u32)> = Vec::with_capacity(race.candidates.len());
        for (index, candidate) in race.candidates.iter().enumerate() {
            let group = match (candidate.list, independents) {
                (Some(list), _) => list as usize,
                (None, Independents::Each) => {
                    all.push(contender(GroupKey::Independent(position(index)), 0, Some(0)));
                    all.len() - 1
                }
                (None, Independents::Pooled) => *pool.get_or_insert_with(|| {
                    all.push(contender(GroupKey::Independents, 0, Some(0)));
                    all.len() - 1
                }),
            };
            if candidate.list.is_none() {
                all[group].votes += candidate.votes; // the sum of all was checked by Race::check
            }
            if candidate.votes > 0 || rule.zero_votes() == ZeroVotes::Elected {
                persons.push((group, candidate.votes, position(index)));
                all[group].capacity = all[group].capacity.map(|capacity| capacity + 1);
            }
        }
        persons.sort_unstable_by(|left, right| {
            (left.0, right.1, left.2).cmp(&(right.0, left.1, right.2))
        });
        let mut start = 0;
        for run in persons.chunk_by(|left, right| left.0 == right.0) {
            all[run[0].0].persons = start..start + run.len();
            start += run.len();
        }
        for group in &mut all {
            group.in_play = group.votes > 0;
        }
        Contenders { all, ranked: persons.into_iter().map(|(_, _, person)| person).collect() }
    }

    /// Puts groups below the threshold out of play.
    pub(crate) fn apply_threshold(&mut self, rule: &Rule, steps: &mut Vec<Step>) {
        let threshold = rule.threshold();
        if threshold.percent.is_zero() {
            return;
        }
        let base = threshold.base.unwrap_or_else(|| self.votes_in_play());
        let article = Article::Threshold;
        let percent = threshold.percent;
        steps.push(Step { article, fact: Fact::Threshold { percent, base } });
        for group in self.all.iter_mut().filter(|group| group.in_play) {
            if !percent.is_reached(group.votes, base) {
                group.in_play = false;
                let fact = Fact::BelowThreshold { group: group.key, votes: group.votes, base };
                steps.push(Step { article, fact });
            }
        }
    }

    /// Sum of the votes of the groups in play; fits `u64` as the sum of all does.
    pub(crate) fn votes_in_play(&self) -> u64 {
        self.all.iter().filter(|group| group.in_play).map(|group| group.votes).sum()
    }

    /// Positions of the groups in play.
    pub(crate) fn in_play(&self) -> Vec<usize> {
        (0..self.all.len()).filter(|index| self.all[*index].in_play).collect()
    }

    /// Eligible persons of a group: most votes first, equals in the caller's order.
    pub(crate) fn persons(&self, group: usize) -> &[u32] {
        &self.ranked[self.all[group].persons.clone()]
    }
}

fn contender(key: GroupKey, votes: u64, capacity: Option<u32>) -> Contender {
    Contender { key, votes, capacity, in_play: false, seats: 0, persons: 0..0 }
}
