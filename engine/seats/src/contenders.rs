//! Groups that compete for seats, and the persons inside them.
//!
//! What comes in: a race. What goes out: one contender per list, and one per independent or one
//! for all of them; every contender with its votes, how many names it has, how many seats it can
//! take, and its eligible persons, most votes first. Contenders without a vote, or below the
//! threshold, are out of play.

use std::ops::Range;

use crate::count::Count;
use crate::race::position;
use crate::{
    Fact, GroupKey, Members, Method, OptionName, Race, Rule, ShortLists, ThresholdBase,
    ThresholdScope, ZeroVotes,
};

/// A group in the distribution of seats.
#[derive(Debug, Clone)]
pub(crate) struct Contender {
    pub(crate) key: GroupKey,
    pub(crate) votes: u64,
    /// Names, eligible or not; `None`: not known.
    pub(crate) names: Option<u32>,
    /// Most seats it can take; `None`: any number.
    pub(crate) capacity: Option<u32>,
    pub(crate) in_play: bool,
    pub(crate) seats: u32,
    /// Seats of its own that stay vacant.
    pub(crate) vacant: u32,
    /// Its eligible persons, as a range of [`Contenders::ranked`].
    persons: Range<usize>,
}

impl Contender {
    pub(crate) fn new(key: GroupKey, votes: u64, members: Members) -> Contender {
        let (names, capacity) = match members {
            Members::Named => (Some(0), Some(0)),
            Members::Counted(names) => (Some(names), Some(names)),
            Members::Unnamed => (None, None),
        };
        Contender {
            key,
            votes,
            names,
            capacity,
            in_play: false,
            seats: 0,
            vacant: 0,
            persons: 0..0,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|capacity| self.seats >= capacity)
    }

    /// So many seats, or as many as it can take.
    pub(crate) fn at_most(&self, seats: u32) -> u32 {
        self.capacity.map_or(seats, |capacity| capacity.min(seats))
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
    independents: Independents,
    ranked: Vec<u32>,
}

impl Contenders {
    /// Lists in the caller's order, then independents in the caller's order, or their pool.
    pub(crate) fn of(race: &Race<'_>, rule: &Rule, independents: Independents) -> Contenders {
        let mut all: Vec<Contender> = (0..)
            .zip(race.lists)
            .map(|(list, entry)| Contender::new(GroupKey::List(list), entry.votes, entry.members))
            .collect();
        let mut pool: Option<usize> = None;
        // (contender, votes, candidate) of everybody who can be elected.
        let mut persons: Vec<(usize, u64, u32)> = Vec::with_capacity(race.candidates.len());
        for (index, candidate) in race.candidates.iter().enumerate() {
            let group = match (candidate.list, independents) {
                (Some(list), _) => list as usize,
                (None, Independents::Each) => {
                    let key = GroupKey::Independent(position(index));
                    all.push(Contender::new(key, 0, Members::Named));
                    all.len() - 1
                }
                (None, Independents::Pooled) => *pool.get_or_insert_with(|| {
                    all.push(Contender::new(GroupKey::Independents, 0, Members::Named));
                    all.len() - 1
                }),
            };
            let entry = &mut all[group];
            if candidate.list.is_none() {
                entry.votes += candidate.votes; // the sum of all was checked by Race::check
            }
            entry.names = entry.names.map(|names| names + 1);
            if candidate.votes > 0 || rule.options().zero_votes == ZeroVotes::Elected {
                persons.push((group, candidate.votes, position(index)));
                entry.capacity = entry.capacity.map(|capacity| capacity + 1);
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
        let seats_max = Race::seats_max(rule);
        for group in &mut all {
            group.in_play = group.votes > 0;
            if seats_max < u32::MAX {
                group.capacity = Some(group.at_most(seats_max));
            }
        }
        Contenders {
            all,
            independents,
            ranked: persons.into_iter().map(|(_, _, person)| person).collect(),
        }
    }

    /// How independents compete here.
    pub(crate) fn independents(&self) -> Independents {
        self.independents
    }

    /// Puts groups below the threshold out of play.
    pub(crate) fn apply_threshold(&mut self, count: &mut Count<'_>) {
        let options = count.options();
        if options.threshold.is_zero() {
            return;
        }
        let base = match options.threshold_base {
            ThresholdBase::Votes => self.votes_in_play(),
            ThresholdBase::Valid => count.race.valid_ballots.expect("checked by Race::check"),
            ThresholdBase::Taken => count.race.taken_ballots.expect("checked by Race::check"),
            ThresholdBase::Number(base) => base,
        };
        let lists_only = count.rule.method() == Method::Article24
            && options.threshold_scope == ThresholdScope::Lists;
        let seats = count.race.seats;
        let concerns = |group: &Contender| !lists_only || group.key != GroupKey::Independents;
        let part = |group: &Contender| match (options.short_lists, group.names) {
            (ShortLists::Prorated, Some(names)) => names.min(seats),
            _ => seats,
        };
        let reaches = |group: &Contender, percent: crate::Percent| {
            !concerns(group) || percent.is_reached_of_part(group.votes, base, part(group), seats)
        };
        let article = count.cites.threshold;
        let readings = if count.rule.method() == Method::Article24 {
            &[OptionName::Threshold, OptionName::ThresholdBase, OptionName::ThresholdScope][..]
        } else {
            &[]
        };
        let mut percent = options.threshold;
        count.step_of(article, readings, Fact::Threshold { percent, base });
        let passing = |percent| {
            let passing = |group: &&Contender| group.in_play && reaches(group, percent);
            position(self.all.iter().filter(passing).count())
        };
        while passing(percent) < options.min_groups && !percent.is_zero() {
            percent = percent.one_less();
        }
        // With one group there is nothing that it could fall for.
        if percent != options.threshold && self.all.len() > 1 {
            let fact = Fact::ThresholdLowered { percent, groups: passing(percent) };
            count.step_of(article, &[], fact);
        }
        for group in self.all.iter_mut().filter(|group| group.in_play) {
            if !reaches(group, percent) {
                group.in_play = false;
                let (part, whole) = (part(group), seats);
                let (group, votes) = (group.key, group.votes);
                let fact = Fact::BelowThreshold { group, votes, base, part, whole };
                count.step_of(article, &[], fact);
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
