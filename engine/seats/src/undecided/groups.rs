//! Seats of groups, and their persons: a proof that nothing changes, or none.
//!
//! What comes in: a race, its outcome, what is outstanding. What goes out: whether it is proven
//! that the result stands. It never says that something can change: the ranges are wider than what
//! ballots can do together.
//!
//! Votes are only added, so that each group has from its votes now (`low`) to those and the most
//! that can be added (`high`); the same for the sum of all and for ballots. The proof has three
//! parts: the same groups are in play (thresholds); the seats are the same (seats.rs); in each
//! group the same persons get them, every two of them compared as in pairs.rs. There a list's
//! ballot gives both of two members a vote, so that what tells them apart is names.

use super::{Held, Outstanding, pairs, seats};
use crate::contenders::{Contenders, Independents};
use crate::count::Count;
use crate::rule::Family;
use crate::{
    Candidate, GroupKey, Members, Outcome, PersonOrder, Race, Rule, ShortLists, ThresholdBase,
    ThresholdScope, WithdrawnMember, ZeroVotes,
};

/// What a group can have.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) key: GroupKey,
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) in_play: bool,
    /// It has no vote, and with the first one it is in play.
    pub(super) can_enter: bool,
    pub(super) seats: u32,
    /// Most seats it can take now.
    pub(super) capacity: Option<u32>,
    /// Most seats it can take once everybody who can get a vote has one.
    pub(super) capacity_max: Option<u32>,
    names: Option<u32>,
}

/// What all groups can have.
#[derive(Debug)]
pub(super) struct Ranges {
    pub(super) groups: Vec<Range>,
    /// Votes that can be added to all groups together.
    pub(super) added: u64,
    /// Valid ballots that can be added.
    pub(super) valid_added: u64,
    taken_added: u64,
}

pub(super) fn stands(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
) -> bool {
    let Some(ranges) = Ranges::of(race, rule, now, outstanding) else { return false };
    if ranges.added == 0 && ranges.valid_added == 0 && ranges.taken_added == 0 {
        return true;
    }
    if ranges.groups.iter().all(|group| group.low == 0) {
        return ranges.added == 0;
    }
    play_is_fixed(race, rule, &ranges)
        && seats::are_fixed(race, rule, now, &ranges)
        && persons_are_fixed(race, rule, now, outstanding, &ranges)
}

impl Ranges {
    /// `None`: there is no bound, or a number exceeds `u64`.
    fn of(
        race: &Race<'_>,
        rule: &Rule,
        now: &Outcome,
        outstanding: &Outstanding<'_>,
    ) -> Option<Ranges> {
        let missing = outstanding.missing_ballots_max?;
        let is_article_24 = rule.method().family() == Family::Article24;
        let independents = if is_article_24 { Independents::Pooled } else { Independents::Each };
        let mut contenders = Contenders::of(race, rule, independents);
        contenders.apply_threshold(&mut Count::new(race, rule, &[]));
        let longest = contenders.all.iter().filter_map(|entry| match entry.key {
            GroupKey::List(_) => entry.names,
            _ => None,
        });
        let names_max = outstanding.names_max.unwrap_or(race.seats);
        let longest = longest.chain([names_max]).max().unwrap_or(names_max);
        let ballot = Ballot { longest, is_article_24, keeps_withdrawn: keeps_withdrawn(rule) };
        let capacities = capacities(race, rule, outstanding, &contenders);
        let mut groups = Vec::with_capacity(contenders.all.len());
        let mut added = missing.checked_mul(ballot.of_all())?;
        let mut total = 0u64;
        for ((entry, capacity_max), group) in contenders.all.iter().zip(capacities).zip(&now.groups)
        {
            let held: u64 =
                outstanding.held.iter().map(|batch| votes_of(race, entry.key, batch)).sum();
            let most = missing.checked_mul(ballot.of_group(entry.key, entry.names))?;
            let high = entry.votes.checked_add(held)?.checked_add(most)?;
            let is_exempt = rule.options().threshold.is_zero() || !is_concerned(rule, entry.key);
            added = added.checked_add(held)?;
            total = total.checked_add(entry.votes)?;
            groups.push(Range {
                key: entry.key,
                low: entry.votes,
                high,
                in_play: entry.in_play,
                can_enter: entry.votes == 0 && high > 0 && is_exempt,
                seats: group.seats,
                capacity: entry.capacity,
                capacity_max,
                names: entry.names,
            });
        }
        total.checked_add(added)?; // every sum of votes is within `u64` from here on
        let sum = |of: fn(&Held<'_>) -> u64| {
            let mut batches = outstanding.held.iter().map(of);
            batches.try_fold(missing, u64::checked_add)
        };
        let valid_added = sum(|batch| batch.valid_ballots)?;
        let taken_added = sum(|batch| batch.taken_ballots)?;
        race.valid_ballots.unwrap_or(0).checked_add(valid_added)?;
        race.taken_ballots.unwrap_or(0).checked_add(taken_added)?;
        Some(Ranges { groups, added, valid_added, taken_added })
    }

    /// Votes of all groups now.
    fn total(&self) -> u64 {
        self.groups.iter().map(|group| group.low).sum()
    }
}

/// The most that one ballot can do.
struct Ballot {
    /// The limit of names, or the names of the longest list.
    longest: u32,
    is_article_24: bool,
    keeps_withdrawn: bool,
}

impl Ballot {
    /// Votes for all groups together. Outside article 24 a list has a vote of its own besides those
    /// of the names.
    fn of_all(&self) -> u64 {
        u64::from(self.longest) + u64::from(!self.is_article_24)
    }

    /// Votes for one group: each of its names once.
    fn of_group(&self, key: GroupKey, names: Option<u32>) -> u64 {
        let names = names.filter(|_| !(self.keeps_withdrawn && matches!(key, GroupKey::List(_))));
        let of_names = u64::from(names.map_or(self.longest, |names| names.min(self.longest)));
        let has_own = !self.is_article_24 && matches!(key, GroupKey::List(_));
        of_names + u64::from(has_own)
    }
}

/// Whether members who no longer stand, and whom nobody told us of, add to the total of a list.
fn keeps_withdrawn(rule: &Rule) -> bool {
    rule.options().withdrawn_member == WithdrawnMember::Keep
}

fn is_of(race: &Race<'_>, key: GroupKey, who: usize) -> bool {
    match key {
        GroupKey::List(list) => race.candidates[who].list == Some(list),
        GroupKey::Independents => race.candidates[who].list.is_none(),
        GroupKey::Independent(only) => who == only as usize,
        GroupKey::AllLists => false,
    }
}

/// What a held batch adds to a group; within `u64`, as the batch was checked.
fn votes_of(race: &Race<'_>, key: GroupKey, batch: &Held<'_>) -> u64 {
    match key {
        GroupKey::List(list) => batch.list_votes[list as usize],
        GroupKey::Independent(who) => batch.candidate_votes[who as usize],
        _ => {
            let all = batch.candidate_votes.iter().enumerate();
            all.filter(|(who, _)| is_of(race, key, *who)).map(|(_, votes)| *votes).sum()
        }
    }
}

/// Whether somebody has no vote and can get one.
fn can_get_first(outstanding: &Outstanding<'_>, who: usize, candidate: &Candidate) -> bool {
    let is_held = || outstanding.held.iter().any(|batch| batch.candidate_votes[who] > 0);
    candidate.votes == 0 && (outstanding.missing_ballots_max != Some(0) || is_held())
}

/// The largest capacity that each group can come to.
fn capacities(
    race: &Race<'_>,
    rule: &Rule,
    outstanding: &Outstanding<'_>,
    contenders: &Contenders,
) -> Vec<Option<u32>> {
    let all = &contenders.all;
    let mut capacities: Vec<Option<u32>> = all.iter().map(|entry| entry.capacity).collect();
    if rule.options().zero_votes == ZeroVotes::Elected {
        return capacities;
    }
    let lists = race.lists.len();
    let mut alone = lists; // independents follow the lists, each or all together
    for (who, candidate) in race.candidates.iter().enumerate() {
        let group = match (candidate.list, contenders.independents()) {
            (Some(list), _) => list as usize,
            (None, Independents::Pooled) => lists,
            (None, Independents::Each) => {
                alone += 1;
                alone - 1
            }
        };
        if can_get_first(outstanding, who, candidate) {
            capacities[group] = capacities[group].map(|capacity| capacity.saturating_add(1));
        }
    }
    let seats_max = Race::seats_max(rule);
    capacities.into_iter().map(|capacity| capacity.map(|most| most.min(seats_max))).collect()
}

/// Whether the threshold is about this group.
fn is_concerned(rule: &Rule, key: GroupKey) -> bool {
    let lists_only = rule.method().family() == Family::Article24
        && rule.options().threshold_scope == ThresholdScope::Lists;
    !lists_only || key != GroupKey::Independents
}

/// Whether every group stays on its side of the threshold, at every percentage to which it may
/// fall: then it falls as far as it did.
fn play_is_fixed(race: &Race<'_>, rule: &Rule, ranges: &Ranges) -> bool {
    let options = rule.options();
    if options.threshold.is_zero() {
        return true;
    }
    let total = ranges.total();
    let part = |group: &Range| match (options.short_lists, group.names) {
        (ShortLists::Prorated, Some(names)) => names.min(race.seats),
        _ => race.seats,
    };
    // The base beside the fewest votes of the group, and beside the most: of the sum of votes its
    // own added ones are a part, and raise its share.
    let bases = |group: &Range| match options.threshold_base {
        ThresholdBase::Votes => (total + ranges.added, total + (group.high - group.low)),
        ThresholdBase::Valid => {
            let ballots = race.valid_ballots.expect("checked by Race::check");
            (ballots + ranges.valid_added, ballots)
        }
        ThresholdBase::Taken => {
            let ballots = race.taken_ballots.expect("checked by Race::check");
            (ballots + ranges.taken_added, ballots)
        }
        ThresholdBase::Number(base) => (base, base),
    };
    let mut percent = options.threshold;
    loop {
        let mut passing = 0u32;
        for group in &ranges.groups {
            if !is_concerned(rule, group.key) {
                passing += u32::from(group.low > 0);
                continue;
            }
            let reaches =
                |votes, base| percent.is_reached_of_part(votes, base, part(group), race.seats);
            let (beside_low, beside_high) = bases(group);
            let is_sure = group.low > 0 && reaches(group.low, beside_low);
            let is_possible = group.high > 0 && reaches(group.high, beside_high);
            if is_sure != is_possible {
                return false;
            }
            passing += u32::from(is_sure);
        }
        if passing >= options.min_groups || percent.is_zero() {
            // A group that is not concerned, and enters, could stop the fall (no method has both).
            let enters = ranges.groups.iter().any(|group| group.can_enter);
            return !enters || options.min_groups == 0;
        }
        percent = percent.one_less();
    }
}

/// Whether the persons of every group are the same, its seats being the same.
fn persons_are_fixed(
    race: &Race<'_>,
    rule: &Rule,
    now: &Outcome,
    outstanding: &Outstanding<'_>,
    ranges: &Ranges,
) -> bool {
    let is_article_24 = rule.method().family() == Family::Article24;
    let mut is_elected = vec![false; race.candidates.len()];
    now.elected.iter().for_each(|who| is_elected[*who as usize] = true);
    now.groups.iter().zip(&ranges.groups).all(|(group, range)| {
        let is_named = match group.key {
            GroupKey::List(list) => race.lists[list as usize].members == Members::Named,
            _ => true,
        };
        if group.elected.is_empty() || !is_named {
            return true;
        }
        let members = (0..).zip(0..race.candidates.len());
        let others: Vec<u32> = members
            .filter(|(_, who)| !is_elected[*who] && is_of(race, group.key, *who))
            .map(|(who, _)| who)
            .collect();
        let order = match group.key {
            GroupKey::List(_) if !is_article_24 => rule.options().persons,
            _ => PersonOrder::OwnVotes,
        };
        let mut pairs =
            group.elected.iter().flat_map(|one| others.iter().map(move |two| (*one, *two)));
        match order {
            PersonOrder::OwnVotes => {
                pairs.all(|(one, two)| pairs::is_safe(race, rule, outstanding, one, two))
            }
            PersonOrder::ListOrder => !others.iter().any(|who| {
                let candidate = &race.candidates[*who as usize];
                let is_before =
                    |one: &u32| race.candidates[*one as usize].position > candidate.position;
                rule.options().zero_votes == ZeroVotes::NotElected
                    && can_get_first(outstanding, *who as usize, candidate)
                    && group.elected.iter().any(is_before)
            }),
            PersonOrder::Czech => {
                czech_is_fixed(race, rule, outstanding, range, &group.elected, &others)
            }
        }
    })
}

/// Nobody passes the border of 10 % over the average of the list, nobody gets a first vote, and
/// those above it keep their order wherever the seats end among them: equal votes go by position.
fn czech_is_fixed(
    race: &Race<'_>,
    rule: &Rule,
    outstanding: &Outstanding<'_>,
    range: &Range,
    elected: &[u32],
    others: &[u32],
) -> bool {
    let Some(missing) = outstanding.missing_ballots_max else { return false };
    let names = u64::from(range.names.unwrap_or(1).max(1));
    let votes = |who: u32| race.candidates[who as usize].votes;
    let is_above =
        |votes: u64, total: u64| u128::from(votes) * 10 >= u128::from(total / names) * 11;
    let is_first = |who: &u32| is_above(votes(*who), range.low);
    let stays = |who: &u32| {
        let most = pairs::held_gain(outstanding, None, *who).checked_add(missing);
        let most = most.and_then(|most| most.checked_add(votes(*who)));
        let can_be_first = most.is_none_or(|most| is_above(most, range.low));
        is_above(votes(*who), range.high) == can_be_first
    };
    let gets_first = |who: &u32| {
        rule.options().zero_votes == ZeroVotes::NotElected
            && can_get_first(outstanding, *who as usize, &race.candidates[*who as usize])
    };
    let first: Vec<u32> = elected.iter().copied().filter(is_first).collect();
    let next: Vec<u32> = others.iter().copied().filter(is_first).collect();
    let mut pairs = first.iter().flat_map(|one| next.iter().map(move |two| (*one, *two)));
    elected.iter().chain(others).all(stays)
        && !others.iter().any(gets_first)
        && pairs.all(|(one, two)| pairs::is_ahead(race, outstanding, one, two))
}
