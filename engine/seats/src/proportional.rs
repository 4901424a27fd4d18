//! The common way of all methods for groups: groups, threshold, seats, lots, persons.
//!
//! What comes in: a race and a rule. What goes out: an outcome. The methods themselves (divisor,
//! quota, article 24) only distribute seats to groups; persons, alternates and vacant seats are
//! settled here, in one way for all.

use crate::contenders::{Contender, Contenders, Independents};
use crate::count::{Count, Open};
use crate::persons::{Chosen, Wanted, choose, in_list_order, sort_by_votes};
use crate::race::position;
use crate::rule::Family;
use crate::{Article, Fact, Group, GroupKey, Lot, Outcome, PersonOrder, Race, Rule};
use crate::{Members, SeatsError, Status, Step, article24, divisor, quota};

pub(crate) fn allocate(race: &Race<'_>, rule: &Rule, lots: &[Lot]) -> Result<Outcome, SeatsError> {
    let family = rule.method().family();
    let independents = match family {
        Family::Article24 => Independents::Pooled,
        _ => Independents::Each,
    };
    let mut contenders = Contenders::of(race, rule, independents);
    let mut count = Count::new(race, rule, lots);
    if contenders.votes_in_play() == 0 {
        count.close()?;
        let groups = contenders.all.iter().map(|group| empty_group(group.key, 0)).collect();
        return Ok(no_votes(race, groups));
    }
    contenders.apply_threshold(&mut count);
    let all = &mut contenders.all;
    let (vacant, open) = match family {
        Family::Divisor(series) => {
            let held = beforehand(&mut count, all)?;
            let given = minimum(&mut count, all)?;
            divisor::distribute(&mut count, all, race.seats - given, held, series)?
        }
        Family::Quota(quota) => {
            let held = beforehand(&mut count, all)?;
            check_minimum(&count, all)?;
            let given: u32 = all.iter().map(|entry| entry.seats).sum();
            quota::distribute(&mut count, all, race.seats - given, held, quota)?
        }
        Family::Article24 => article24::distribute(&mut count, all)?,
        Family::Plurality | Family::TwoRound => unreachable!("plurality has its own way"),
    };
    if vacant > 0 {
        count.step(Article::Vacant, Fact::Vacant { seats: vacant });
    }
    let persons = settle_persons(&mut count, &contenders, &open)?;
    assemble(count, &contenders, vacant, persons)
}

/// Seats of every group in play before the method begins; the number, for the divisors.
fn beforehand(count: &mut Count<'_>, all: &mut [Contender]) -> Result<u32, SeatsError> {
    let seats = count.options().initial_seats;
    if seats == 0 {
        return Ok(0);
    }
    let in_play: Vec<&mut Contender> = all.iter_mut().filter(|entry| entry.in_play).collect();
    let groups = position(in_play.len());
    let sum: u64 = in_play.iter().map(|entry| u64::from(entry.at_most(seats))).sum();
    if sum > u64::from(count.race.seats) {
        return Err(SeatsError::InitialSeatsTooMany {
            initial_seats: seats,
            seats: count.race.seats,
        });
    }
    in_play.into_iter().for_each(|entry| entry.seats = entry.at_most(seats));
    count.step(Article::InitialSeats, Fact::Beforehand { seats, groups });
    Ok(seats)
}

/// Refuses more fewest seats than there are.
fn check_minimum(count: &Count<'_>, all: &[Contender]) -> Result<(), SeatsError> {
    let min_seats = count.options().min_seats;
    let least = |entry: &Contender| u64::from(entry.at_most(min_seats).max(entry.seats));
    let sum: u64 = all.iter().filter(|entry| entry.in_play).map(least).sum();
    if sum > u64::from(count.race.seats) {
        return Err(SeatsError::MinSeatsTooMany { min_seats, seats: count.race.seats });
    }
    Ok(())
}

/// The fewest seats of every group in play, given before the divisors begin; the sum of all seats
/// given so far.
fn minimum(count: &mut Count<'_>, all: &mut [Contender]) -> Result<u32, SeatsError> {
    check_minimum(count, all)?;
    let min_seats = count.options().min_seats;
    for entry in all.iter_mut().filter(|entry| entry.in_play) {
        let least = entry.at_most(min_seats);
        if least > entry.seats {
            let fact = Fact::MinimumSeats { group: entry.key, seats: least - entry.seats };
            count.step(Article::MinSeats, fact);
            entry.seats = least;
        }
    }
    Ok(all.iter().map(|entry| entry.seats).sum())
}

/// Persons and alternates of every group that has names.
fn settle_persons(
    count: &mut Count<'_>,
    contenders: &Contenders,
    open: &Open,
) -> Result<Vec<Chosen>, SeatsError> {
    let all = &contenders.all;
    let is_named = |entry: &Contender| match entry.key {
        GroupKey::List(list) => count.race.lists[list as usize].members == Members::Named,
        _ => true,
    };
    let named: Vec<bool> = all.iter().map(is_named).collect();
    let is_article_24 = count.rule.method().family() == Family::Article24;
    let mut alternates = vec![0; all.len()];
    if is_article_24 {
        let is_sure = |index: &usize| !open.groups.contains(index);
        let sure: Vec<usize> = (0..all.len()).filter(is_sure).collect();
        let filled: Vec<(GroupKey, u32)> =
            sure.iter().map(|index| (all[*index].key, all[*index].seats)).collect();
        let numbers = article24::alternates(count, &filled, !open.groups.is_empty())?;
        for (index, number) in sure.iter().zip(numbers) {
            alternates[*index] = number;
        }
    }
    let mut persons = Vec::with_capacity(all.len());
    for (index, entry) in all.iter().enumerate() {
        if !named[index] || entry.seats == 0 {
            persons.push(Chosen::default());
            continue;
        }
        let by_votes = contenders.persons(index);
        let is_of_list = matches!(entry.key, GroupKey::List(_)) && !is_article_24;
        let in_order = if is_of_list { in_list_order(count, entry, by_votes) } else { None };
        let wanted = Wanted {
            group: Some(entry.key),
            seats: entry.seats,
            alternates: alternates[index],
            is_open: open.groups.contains(&index),
            is_ordered: in_order.is_some(),
            article: match count.options().persons {
                PersonOrder::ListOrder if in_order.is_some() => Article::ListOrder,
                _ => count.cites.persons,
            },
        };
        let chosen = choose(count, in_order.as_deref().unwrap_or(by_votes), wanted)?;
        assert_eq!(chosen.unfilled, 0, "no group has more seats than persons");
        persons.push(chosen);
    }
    Ok(persons)
}

fn assemble(
    count: Count<'_>,
    contenders: &Contenders,
    vacant: u32,
    persons: Vec<Chosen>,
) -> Result<Outcome, SeatsError> {
    let race = count.race;
    let mut elected = Vec::new();
    let (mut alternates, mut alternates_undecided) = (Vec::new(), 0);
    let mut groups = Vec::with_capacity(persons.len());
    for (entry, chosen) in contenders.all.iter().zip(persons) {
        elected.extend(&chosen.elected);
        alternates.extend(&chosen.alternates);
        alternates_undecided += chosen.alternates_undecided;
        groups.push(Group {
            seats: entry.seats,
            vacant: entry.vacant,
            elected: chosen.elected,
            alternates: chosen.alternates,
            alternates_undecided: chosen.alternates_undecided,
            ..empty_group(entry.key, entry.votes)
        });
    }
    if let [only] = contenders.in_play()[..] {
        groups[only].vacant += vacant;
    }
    let own: u32 = contenders.all.iter().map(|entry| entry.vacant).sum();
    let vacant = vacant + own;
    let given: u32 = groups.iter().map(|group| group.seats).sum();
    sort_by_votes(race, &mut elected);
    let (lots, steps) = count.close()?;
    Ok(Outcome {
        status: if lots.is_empty() { Status::Final } else { Status::LotRequired },
        seats: race.seats,
        groups,
        elected,
        alternates,
        alternates_undecided,
        lots,
        runoff: None,
        vacant,
        undecided: race.seats - given - vacant,
        steps,
    })
}

/// A group with votes and no seats.
pub(crate) fn empty_group(key: GroupKey, votes: u64) -> Group {
    Group {
        key,
        votes,
        seats: 0,
        vacant: 0,
        elected: Vec::new(),
        alternates: Vec::new(),
        alternates_undecided: 0,
    }
}

/// Vacant seats belong to a group only if it is the only one that has votes.
pub(crate) fn give_vacant_to_only_claimant(groups: &mut [Group], vacant: u32) {
    let mut claimants = groups.iter_mut().filter(|group| group.votes > 0);
    if let (Some(only), None) = (claimants.next(), claimants.next()) {
        only.vacant = vacant;
    }
}

/// Nobody has a vote: every seat is vacant.
pub(crate) fn no_votes(race: &Race<'_>, groups: Vec<Group>) -> Outcome {
    let fact = Fact::NoVotes { seats: race.seats };
    Outcome {
        status: Status::NoVotes,
        seats: race.seats,
        groups,
        elected: Vec::new(),
        alternates: Vec::new(),
        alternates_undecided: 0,
        lots: Vec::new(),
        runoff: None,
        vacant: race.seats,
        undecided: 0,
        steps: vec![Step { article: Article::NoVotes, readings: &[], fact }],
    }
}
