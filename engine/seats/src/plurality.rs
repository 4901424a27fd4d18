//! Plurality: the persons with most votes, lists or not; in one round, or with a bar and a runoff.
//!
//! What comes in: a race. What goes out: its seats to the candidates with most votes, alternates
//! next. Fewer candidates than seats: the rest is vacant. Groups are a heading only: the lists
//! (and the independents together) with the votes and the seats of their members.
//!
//! The first of two rounds (Majlis elections law arts. 9 and 10) elects who has 20 % of the valid
//! ballots; for the seats that stay open it names twice as many for the second round.

use crate::count::Count;
use crate::persons::{Wanted, choose, sort_by_votes, take};
use crate::race::position;
use crate::rule::Family;
use crate::{Article, Fact, Group, GroupKey, Lot, LotKind, Outcome, Race, Round, Rule, Runoff};
use crate::{SeatsError, Status, ZeroVotes, proportional};

pub(crate) fn allocate(race: &Race<'_>, rule: &Rule, lots: &[Lot]) -> Result<Outcome, SeatsError> {
    let mut groups = headings(race);
    let mut count = Count::new(race, rule, lots);
    if groups.iter().all(|group| group.votes == 0) {
        count.close()?;
        return Ok(proportional::no_votes(race, groups));
    }
    let is_eligible = |candidate: &u32| {
        rule.options().zero_votes == ZeroVotes::Elected
            || race.candidates[*candidate as usize].votes > 0
    };
    let mut ranked: Vec<u32> =
        (0..race.candidates.len()).map(position).filter(is_eligible).collect();
    sort_by_votes(race, &mut ranked);
    let is_first_round =
        rule.method().family() == Family::TwoRound && rule.options().round == Round::First;
    let passed = if is_first_round { over_the_bar(&mut count, &ranked) } else { ranked.len() };
    let article = count.cites.persons;
    let seats = if is_first_round { race.seats.min(position(passed)) } else { race.seats };
    let wanted = Wanted {
        group: None,
        seats,
        alternates: if is_first_round { 0 } else { race.alternates },
        is_open: false,
        is_ordered: false,
        article,
    };
    let chosen = choose(&mut count, &ranked[..passed], wanted)?;
    let runoff = match race.seats - seats {
        0 => None,
        open => runoff(&mut count, &ranked[passed..], open)?,
    };
    let vacant = match runoff {
        None if is_first_round => race.seats - seats,
        _ => chosen.unfilled,
    };
    let pool = groups.len().saturating_sub(1);
    for person in &chosen.elected {
        let list = race.candidates[*person as usize].list;
        let group = &mut groups[list.map_or(pool, |list| list as usize)];
        group.seats += 1;
        group.elected.push(*person);
    }
    if vacant > 0 {
        count.step(Article::Vacant, Fact::Vacant { seats: vacant });
        proportional::give_vacant_to_only_claimant(&mut groups, vacant);
    }
    let mut elected = chosen.elected;
    sort_by_votes(race, &mut elected);
    let (lots, steps) = count.close()?;
    let status = match (&runoff, lots.is_empty()) {
        (_, false) => Status::LotRequired,
        (Some(_), true) => Status::RunoffRequired,
        (None, true) => Status::Final,
    };
    Ok(Outcome {
        status,
        seats: race.seats,
        groups,
        elected,
        alternates: chosen.alternates,
        alternates_undecided: chosen.alternates_undecided,
        lots,
        runoff,
        vacant,
        undecided: chosen.undecided,
        steps,
    })
}

/// How many of those in order of votes have the percentage of valid ballots that elects.
fn over_the_bar(count: &mut Count<'_>, ranked: &[u32]) -> usize {
    let ballots = count.race.valid_ballots.expect("checked by Race::check");
    let percent = count.options().first_round_percent.0;
    let votes = |person: &u32| count.race.candidates[*person as usize].votes;
    let passed = ranked.partition_point(|person| percent.is_reached(votes(person), ballots));
    let fact = Fact::Bar { percent, ballots, reached: position(passed) };
    count.step(count.cites.seats, fact);
    passed
}

/// Twice as many as seats are open, by most votes; all, if fewer are left; none, if nobody is.
fn runoff(count: &mut Count<'_>, rest: &[u32], open: u32) -> Result<Option<Runoff>, SeatsError> {
    if rest.is_empty() {
        return Ok(None);
    }
    let race = count.race;
    let votes = |index: usize| race.candidates[rest[index] as usize].votes;
    let cut = rest.len().min(open as usize * 2);
    let mut between = rest[..cut].to_vec();
    if cut < rest.len() && votes(cut - 1) == votes(cut) {
        let start = (0..cut).find(|index| votes(*index) == votes(cut)).unwrap_or(cut);
        let end = (cut..rest.len()).find(|index| votes(*index) != votes(cut));
        let equals = &rest[start..end.unwrap_or(rest.len())];
        let taken = take(count, LotKind::Runoff, position(cut - start), equals)?;
        between.truncate(start);
        between.extend(taken.named);
    }
    sort_by_votes(race, &mut between);
    // With fewer people than open seats the rest stays open all the same: the second round tells.
    count.step(count.cites.runoff, Fact::Runoff { seats: open, between: between.clone() });
    Ok(Some(Runoff { seats: open, between }))
}

/// Lists in the caller's order, then the independents together if there are any. The total of a
/// list is the sum of its members: under plurality nothing else collects votes.
fn headings(race: &Race<'_>) -> Vec<Group> {
    let lists = (0..position(race.lists.len())).map(GroupKey::List);
    let mut groups: Vec<Group> = lists.map(|list| proportional::empty_group(list, 0)).collect();
    if race.candidates.iter().any(|candidate| candidate.list.is_none()) {
        groups.push(proportional::empty_group(GroupKey::Independents, 0));
    }
    let pool = groups.len().saturating_sub(1);
    for candidate in race.candidates {
        groups[candidate.list.map_or(pool, |list| list as usize)].votes += candidate.votes;
    }
    groups
}
