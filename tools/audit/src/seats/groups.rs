//! Groups: lists and independents, with their votes, people and capacity.
//!
//! In: a race and the options `zero_votes` and `max_seats`. Out: the groups in the order in which
//! they are reported. Whether a group is in play is decided elsewhere.

use super::exact::count;
use super::options::Options;
use super::race::{Names, Party, Race};

/// What the methods see of a group.
#[derive(Clone, Copy)]
pub(crate) struct Contender {
    pub(crate) party: Party,
    pub(crate) votes: u128,
    /// The most seats that it can take; `None`: any number.
    pub(crate) capacity: Option<u64>,
}

impl Contender {
    /// So many seats, or as many as it can take.
    pub(crate) fn at_most(&self, seats: u64) -> u64 {
        self.capacity.map_or(seats, |capacity| seats.min(capacity))
    }

    /// Whether it can take no more than it holds.
    pub(crate) fn is_full(&self, held: u64) -> bool {
        self.capacity.is_some_and(|capacity| held >= capacity)
    }
}

/// A group with its people.
pub(crate) struct Group {
    pub(crate) contender: Contender,
    /// Names, eligible or not; `None` where nobody is named or counted.
    pub(crate) names: Option<u64>,
    /// Who can be elected for it.
    pub(crate) eligible: Vec<usize>,
}

/// Whether `zero_votes` lets everybody be elected.
pub(crate) fn everybody_is_eligible(options: &Options) -> Result<bool, String> {
    options.choice("zero_votes", false, &[("not_elected", false), ("elected", true)])
}

/// Those of the people who can be elected.
pub(crate) fn eligible_of(race: &Race, people: &[usize], everybody: bool) -> Vec<usize> {
    let is_eligible = |&person: &usize| everybody || race.candidates[person].votes > 0;
    people.iter().copied().filter(is_eligible).collect()
}

/// The lists in order, then the pool (`pooled`) or every independent alone.
pub(crate) fn groups(race: &Race, pooled: bool, options: &Options) -> Result<Vec<Group>, String> {
    let everybody = everybody_is_eligible(options)?;
    let capacity_max = options.count("max_seats")?;
    let group = |party, votes, names: Option<u64>, people: &[usize], is_named: bool| {
        let eligible = eligible_of(race, people, everybody);
        let capacity = if is_named { Some(count(eligible.len())) } else { names };
        let capacity = match (capacity, capacity_max) {
            (Some(capacity), Some(limit)) => Some(capacity.min(limit)),
            (capacity, limit) => capacity.or(limit),
        };
        Group { contender: Contender { party, votes, capacity }, names, eligible }
    };
    let mut groups = Vec::new();
    for (index, list) in race.lists.iter().enumerate() {
        let people = race.people_of(Some(index));
        let names = match list.names {
            Names::Named => Some(count(people.len())),
            Names::Counted(names) => Some(u64::from(names)),
            Names::Unlimited => None,
        };
        let is_named = matches!(list.names, Names::Named);
        let votes = u128::from(list.votes);
        groups.push(group(Party::List(index), votes, names, &people, is_named));
    }
    let independents = race.people_of(None);
    let votes_of = |person: &usize| u128::from(race.candidates[*person].votes);
    if !pooled {
        for person in independents {
            let party = Party::Independent(person);
            groups.push(group(party, votes_of(&person), Some(1), &[person], true));
        }
    } else if !independents.is_empty() {
        let votes = independents.iter().map(votes_of).sum();
        let names = Some(count(independents.len()));
        groups.push(group(Party::Pool, votes, names, &independents, true));
    }
    Ok(groups)
}

/// So many seats for everybody, or as many as each can take, and how many seats are left; `name`
/// is the option that asks for them.
pub(crate) fn seats_for_all(
    contenders: &[Contender],
    seats: u64,
    number: u64,
    name: &str,
) -> Result<(Vec<u64>, u64), String> {
    let held: Vec<u64> = contenders.iter().map(|contender| contender.at_most(number)).collect();
    let sum: u128 = held.iter().copied().map(u128::from).sum();
    match u64::try_from(sum).ok().and_then(|sum| seats.checked_sub(sum)) {
        Some(left) => Ok((held, left)),
        None => Err(format!("{name} = {number} needs {sum} seats, expected at most {seats}")),
    }
}

/// The votes of several contenders together.
pub(crate) fn sum_of_votes<'a>(contenders: impl IntoIterator<Item = &'a Contender>) -> u128 {
    contenders.into_iter().map(|contender| contender.votes).sum()
}
