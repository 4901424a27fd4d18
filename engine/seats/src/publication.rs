//! Somebody else's published seats, held against a rule.
//!
//! What comes in: a race, a rule, the seats that were published for each group, and perhaps the
//! persons. What goes out: the outcome that comes nearest, the lots that must have been drawn for
//! it, and where the publication departs from the rule. A tie that was settled is no departure; a
//! seat that no lot can give is.

use std::collections::BTreeSet;

use crate::{
    GroupKey, Lot, LotKind, Method, Outcome, Party, PendingLot, Race, Rule, SeatsError, allocate,
};

/// What was published.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// Seats of each group, in the order of [`Outcome::groups`].
    pub seats: &'a [u32],
    /// Persons elected, where they were published.
    pub elected: Option<&'a BTreeSet<u32>>,
}

/// Where a publication departs from the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The outcome under the rule, ties settled as the publication must have.
    pub outcome: Outcome,
    /// Lots that must have been drawn for it.
    pub lots: Vec<Lot>,
    /// Whether persons were published and compared.
    has_persons: bool,
    /// Groups with another number of seats: by the rule, and as published.
    pub seats: Vec<(GroupKey, u32, u32)>,
    /// Persons who are elected by the rule and were not published.
    pub missing: Vec<u32>,
    /// Persons who were published and are not elected by the rule.
    pub extra: Vec<u32>,
}

impl Comparison {
    /// Whether the publication is what the rule gives, or what lots can give under it.
    pub fn is_consistent(&self) -> bool {
        let is_open = self.outcome.lots.iter().any(|lot| lot.kind == LotKind::Seat);
        let is_complete = !is_open && (!self.has_persons || self.outcome.undecided == 0);
        is_complete
            && self.seats.is_empty()
            && self.missing.is_empty()
            && self.extra.is_empty()
            && (!self.has_persons || !self.waits_for_a_person())
    }

    fn waits_for_a_person(&self) -> bool {
        self.outcome.lots.iter().any(|lot| lot.kind == LotKind::Person)
    }

    /// Pairs of groups: the first has a seat in the publication that is the second's by the rule.
    pub fn moved(&self) -> Vec<(GroupKey, GroupKey)> {
        let times = |more: bool| {
            self.seats.iter().flat_map(move |(group, by_rule, published)| {
                let (high, low) = if more { (published, by_rule) } else { (by_rule, published) };
                std::iter::repeat_n(*group, high.saturating_sub(*low) as usize)
            })
        };
        times(true).zip(times(false)).collect()
    }
}

/// Compares a publication with a rule.
///
/// # Errors
/// [`SeatsError`] if the race cannot be computed under the rule.
///
/// # Panics
/// If there are not as many published numbers as groups.
pub fn compare(
    race: &Race<'_>,
    rule: &Rule,
    published: Published<'_>,
) -> Result<Comparison, SeatsError> {
    let mut lots: Vec<Lot> = Vec::new();
    let mut outcome = allocate(race, rule, &lots)?;
    assert_eq!(outcome.groups.len(), published.seats.len(), "a number for each group");
    while let Some(lot) = lot_as_published(&outcome, published) {
        lots.push(lot);
        outcome = allocate(race, rule, &lots)?;
    }
    let seats = outcome
        .groups
        .iter()
        .zip(published.seats)
        .filter(|(group, published)| group.seats != **published)
        .map(|(group, published)| (group.key, group.seats, *published))
        .collect();
    let (mut missing, mut extra) = (Vec::new(), Vec::new());
    if let Some(elected) = published.elected {
        let by_rule: BTreeSet<u32> = outcome.elected.iter().copied().collect();
        missing.extend(by_rule.difference(elected));
        extra.extend(elected.difference(&by_rule));
    }
    let has_persons = published.elected.is_some();
    Ok(Comparison { outcome, lots, has_persons, seats, missing, extra })
}

/// The lot that the publication must have drawn for the first tie that it shows: won by one of the
/// tied who has more in the publication than is certain.
fn lot_as_published(outcome: &Outcome, published: Published<'_>) -> Option<Lot> {
    let has_more = |party: &Party| match party {
        Party::Group(key) => {
            let at = outcome.groups.iter().position(|group| group.key == *key);
            at.is_some_and(|at| published.seats[at] > outcome.groups[at].seats)
        }
        Party::Candidate(who) => {
            let is_published = published.elected.is_some_and(|elected| elected.contains(who));
            is_published && !outcome.elected.contains(who)
        }
    };
    let is_shown = |lot: &&PendingLot| matches!(lot.kind, LotKind::Seat | LotKind::Person);
    outcome.lots.iter().filter(is_shown).find_map(|open| {
        let winner = open.between.iter().find(|party| has_more(party))?;
        let between = open.between.clone();
        Some(Lot { between, ..Lot::new(open.kind, open.next_place, *winner) })
    })
}

/// Methods under which the publication is consistent, with the other options as they are. A hint at
/// which rule was used in place of the right one.
pub fn methods_that_fit(race: &Race<'_>, rule: &Rule, published: Published<'_>) -> Vec<Method> {
    let values = rule.option_values();
    let of_method = |method: Method| {
        let mut other = Rule::new(method);
        for (name, value) in &values {
            // What the other method does not have is of no consequence to it.
            other = other.with_option(name, value).unwrap_or(other);
        }
        other
    };
    Method::all()
        .filter(|method| *method != rule.method() && !method.is_plurality())
        .filter(|method| *method != Method::Article24)
        .filter(|method| {
            compare(race, &of_method(*method), published)
                .is_ok_and(|comparison| comparison.is_consistent())
        })
        .collect()
}
