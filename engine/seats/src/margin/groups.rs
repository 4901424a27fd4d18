//! The margin of the last seat among groups, by closed forms.
//!
//! What comes in: a race without a tie for a seat. What goes out: the smallest of all events that
//! move a seat. Quotients and remainders of two groups are compared as the method compares them;
//! how many votes it takes is found by halving, since a pair that has changed places stays so.

use std::cmp::Ordering;

use super::{Certainty, Margin, Smallest, bound};
use crate::contenders::{Contender, Contenders};
use crate::count::Count;
use crate::divisor::{DivisorSeries, compare_quotients};
use crate::rule::Family;
use crate::{
    Fact, GroupKey, Leftover, Majority, Members, Method, Options, Outcome, Party, PoolGetsLeftover,
    Race, Rounding, Rule, ShortLists, ThresholdBase, TieSeats, ZeroVotes,
};

/// The smallest number of changes, 1 to `most`, after which something holds that then goes on
/// holding; `None` if it never does.
fn smallest_change(most: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if most == 0 || !holds(most) {
        return None;
    }
    let (mut low, mut high) = (1, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    Some(low)
}

pub(super) fn seat_margin(
    race: &Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    contenders: &Contenders,
) -> Option<Margin> {
    let mut in_play = Contenders::of(race, rule, contenders.independents());
    in_play.apply_threshold(&mut Count::new(race, rule, &[]));
    let mut groups = in_play.all;
    for (entry, group) in groups.iter_mut().zip(&outcome.groups) {
        entry.seats = group.seats;
    }
    let mut smallest = Smallest::default();
    super::no_votes_left(groups.iter().map(|entry| entry.votes).sum(), &mut smallest);
    names_border(race, rule, outcome, contenders, &groups, &mut smallest);
    threshold_borders(race, rule, &groups, &mut smallest);
    if rule.options().majority == Majority::MoreThanHalf {
        majority_borders(&groups, &mut smallest);
    }
    let has_closed_form = match rule.method().family() {
        Family::Divisor(series) => {
            divisor_pairs(rule, &groups, series, &mut smallest);
            true
        }
        Family::Quota(_) => quota_pairs(rule, outcome, &groups, &mut smallest),
        Family::Article24 => {
            is_largest_remainder(rule, outcome)
                && quota_pairs(rule, outcome, &groups, &mut smallest)
        }
        Family::Plurality | Family::TwoRound => unreachable!("no seats of groups"),
    };
    if !has_closed_form {
        smallest.at_least(bound::of_steps(rule, outcome, &groups));
    }
    smallest.best
}

/// Whether article 24 was counted as plain largest remainders of one stage.
fn is_largest_remainder(rule: &Rule, outcome: &Outcome) -> bool {
    let options: &Options = rule.options();
    let is_plain = |fact: &Fact| {
        !matches!(fact, Fact::FirstStage { .. } | Fact::NamesLimit { .. } | Fact::OwnVacant { .. })
    };
    let has_pool = outcome.groups.iter().any(|group| group.key == GroupKey::Independents);
    options.rounding == Rounding::FloorThenRemainder
        && options.leftover == Leftover::LargestRemainder
        && (options.pool_gets_leftover == PoolGetsLeftover::Yes || !has_pool)
        && options.threshold.is_zero()
        && outcome.steps.iter().all(|step| is_plain(&step.fact))
}

/// Whether a few more votes could give the group a seat: it is in play, or would be with one vote.
/// A group below a threshold would have to reach it first.
fn can_gain(rule: &Rule, entry: &Contender) -> bool {
    let has_no_threshold = rule.options().threshold.is_zero();
    !entry.is_full() && (entry.in_play || entry.votes == 0 && has_no_threshold)
}

/// Whether people without a vote could be given one, and so a seat.
fn grows(race: &Race<'_>, rule: &Rule, entry: &Contender) -> bool {
    let is_named = match entry.key {
        GroupKey::List(list) => race.lists[list as usize].members == Members::Named,
        _ => true,
    };
    let names = entry.names.unwrap_or(u32::MAX).min(Race::seats_max(rule));
    is_named
        && rule.options().zero_votes == ZeroVotes::NotElected
        && entry.at_most(u32::MAX) < names
}

/// A group that fills its last name loses that seat when the name loses its votes, and one that is
/// full gets room when somebody without a vote gets one.
fn names_border(
    race: &Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    contenders: &Contenders,
    groups: &[Contender],
    smallest: &mut Smallest,
) {
    for (index, entry) in groups.iter().enumerate() {
        // A seat by right needs a vote first where seats are given beforehand, or at least.
        let by_right = rule.options().initial_seats.max(rule.options().min_seats);
        let fills_vacancies = outcome.vacant > 0 && !entry.is_full();
        if entry.votes == 0 && (by_right > 0 || fills_vacancies) {
            smallest.at_least(1);
        }
        if entry.in_play && (by_right > 0 || entry.seats > 0) {
            smallest.event(entry.votes, Certainty::AtLeast, Some(Party::Group(entry.key)), None);
        }
        if entry.is_full() && grows(race, rule, entry) {
            smallest.at_least(1);
        }
        let persons = contenders.persons(index);
        let depends = entry.seats > 0
            && rule.options().zero_votes == ZeroVotes::NotElected
            && entry.seats as usize == persons.len();
        if let Some(least) = persons.last().filter(|_| depends) {
            let votes = race.candidates[*least as usize].votes;
            smallest.event(votes, Certainty::AtLeast, Some(Party::Group(entry.key)), None);
        }
    }
}

/// Groups near the threshold, at every percentage to which it may fall.
fn threshold_borders(race: &Race<'_>, rule: &Rule, groups: &[Contender], smallest: &mut Smallest) {
    let options = rule.options();
    if options.threshold.is_zero() {
        return;
    }
    let total: u64 = groups.iter().map(|entry| entry.votes).sum();
    let base = match options.threshold_base {
        ThresholdBase::Votes => total,
        ThresholdBase::Valid => race.valid_ballots.unwrap_or(0),
        ThresholdBase::Taken => race.taken_ballots.unwrap_or(0),
        ThresholdBase::Number(base) => base,
    };
    let part = |entry: &Contender| match (options.short_lists, entry.names) {
        (ShortLists::Prorated, Some(names)) => names.min(race.seats),
        _ => race.seats,
    };
    let mut percent = options.threshold;
    loop {
        for entry in groups {
            let reaches =
                |votes: u64| percent.is_reached_of_part(votes, base, part(entry), race.seats);
            let change = if reaches(entry.votes) {
                smallest_change(entry.votes, |change| !reaches(entry.votes - change))
            } else {
                // Of the sum of votes, a vote moved is a vote of the others; elsewhere votes can
                // be added too.
                let most = match options.threshold_base {
                    ThresholdBase::Votes => total - entry.votes,
                    _ => base.saturating_sub(entry.votes),
                };
                smallest_change(most, |change| reaches(entry.votes + change))
            };
            if let Some(change) = change {
                smallest.at_least(change);
            }
        }
        let passing = groups.iter().filter(|entry| {
            entry.votes > 0
                && percent.is_reached_of_part(entry.votes, base, part(entry), race.seats)
        });
        if percent.is_zero() || passing.count() >= options.min_groups as usize {
            return;
        }
        percent = percent.one_less();
    }
}

/// Whether a claim compared like this gets the seat for certain: it is larger, or equal with more
/// votes where that decides (A9).
fn goes_first(rule: &Rule, claims: Ordering, votes: u64, other: u64) -> bool {
    let by_total = rule.options().tie_seats == TieSeats::LargerVoteTotal;
    claims.is_gt() || claims.is_eq() && by_total && votes > other
}

/// The last seat of one group against the next of another, by their quotients.
fn divisor_pairs(
    rule: &Rule,
    groups: &[Contender],
    series: DivisorSeries,
    smallest: &mut Smallest,
) {
    let options = rule.options();
    let held = options.initial_seats;
    for from in groups.iter().filter(|entry| entry.seats > 0) {
        let fewest = from.at_most(options.min_seats.max(held));
        if from.seats <= fewest {
            continue;
        }
        let last = series.divisor(from.seats - 1 - held, options);
        for to in groups.iter().filter(|entry| entry.key != from.key && can_gain(rule, entry)) {
            let next = series.divisor(to.seats.saturating_sub(held), options);
            let wins = |change: u64| {
                let (gains, keeps) = (to.votes + change, from.votes - change);
                goes_first(rule, compare_quotients((gains, next), (keeps, last)), gains, keeps)
            };
            if let Some(change) = smallest_change(from.votes, wins) {
                smallest.exact(change, Party::Group(from.key), Party::Group(to.key));
            }
        }
    }
}

/// The last seat of one group against the next of another, by V x multiplier / denominator less the
/// seats held. False if a group left the quota, so that there is no one quota for all.
fn quota_pairs(
    rule: &Rule,
    outcome: &Outcome,
    groups: &[Contender],
    smallest: &mut Smallest,
) -> bool {
    let mut quota = None;
    for step in &outcome.steps {
        match &step.fact {
            Fact::Share { seats, denominator, .. } => {
                let this = (*seats, *denominator);
                if quota.is_some_and(|quota| quota != this) {
                    return false;
                }
                quota = Some(this);
            }
            Fact::TooShort { .. } | Fact::MinimumSeats { .. } | Fact::MajoritySeat { .. } => {
                return false;
            }
            _ => {}
        }
    }
    let Some((multiplier, denominator)) = quota else { return false };
    if rule.options().min_seats > 0 {
        return false;
    }
    let in_play_votes: u64 =
        groups.iter().filter(|entry| entry.in_play).map(|entry| entry.votes).sum();
    if rule.method() == Method::Droop {
        // A vote more or less can change the whole number that is the quota.
        let given: u32 =
            outcome.seats - groups.iter().map(|entry| held_by(rule, entry)).sum::<u32>();
        let parts = u64::from(given) + 1;
        let over = in_play_votes % parts;
        smallest.at_least((over + 1).min(parts - over));
    }
    let has_majority = |entry: &Contender| u128::from(entry.votes) * 2 > u128::from(in_play_votes);
    if rule.options().majority == Majority::MoreThanHalf && groups.iter().any(has_majority) {
        // Whoever has more than half the votes may get any seat that is left, whatever remains.
        return false;
    }
    let held = rule.options().initial_seats;
    let multiplier = i128::from(multiplier);
    let claim = |votes: u64, seats: u32| {
        i128::from(votes) * multiplier - i128::from(seats) * i128::from(denominator)
    };
    if let Family::Quota(_) = rule.method().family() {
        // Who has more whole quotas than it can take leaves with its votes, and the quota changes.
        for (entry, most) in groups.iter().filter_map(|entry| Some((entry, entry.capacity?))) {
            let leaves = |votes: u64| claim(votes, (most - held.min(most)).saturating_add(1)) >= 0;
            if !entry.in_play {
                continue;
            }
            if leaves(entry.votes) {
                return false;
            }
            let others = in_play_votes - entry.votes;
            if let Some(change) = smallest_change(others, |change| leaves(entry.votes + change)) {
                smallest.at_least(change);
            }
        }
    }
    for from in groups.iter().filter(|entry| entry.seats > held) {
        for to in groups.iter().filter(|entry| entry.key != from.key && can_gain(rule, entry)) {
            let wins = |change: u64| {
                let (gains, keeps) = (to.votes + change, from.votes - change);
                let next = claim(gains, to.seats - held.min(to.seats));
                let last = claim(keeps, from.seats - 1 - held);
                goes_first(rule, next.cmp(&last), gains, keeps)
            };
            match smallest_change(from.votes, wins) {
                Some(change) => {
                    smallest.exact(change, Party::Group(from.key), Party::Group(to.key));
                }
                // All votes of the one are not enough; with votes of others it may be.
                None => smallest.at_least(from.votes.max(1)),
            }
        }
    }
    true
}

/// Seats that a group has beforehand.
fn held_by(rule: &Rule, entry: &Contender) -> u32 {
    if entry.in_play { entry.at_most(rule.options().initial_seats) } else { 0 }
}

/// Groups near half of the votes of those in play.
fn majority_borders(groups: &[Contender], smallest: &mut Smallest) {
    let in_play = || groups.iter().filter(|entry| entry.in_play);
    let total: u64 = in_play().map(|entry| entry.votes).sum();
    for entry in in_play() {
        let twice = u128::from(entry.votes) * 2;
        let change = if twice > u128::from(total) {
            (twice - u128::from(total)).div_ceil(2)
        } else {
            (u128::from(total) - twice) / 2 + 1
        };
        smallest.at_least(u64::try_from(change).unwrap_or(u64::MAX));
    }
}
