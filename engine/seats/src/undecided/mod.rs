//! Whether what is held or missing can still change who is elected in a district.
//!
//! What comes in: a race as counted now, its rule, and what is outstanding: batches in hand that a
//! check holds outside the totals, with their exact content, and ballots that may still come. What
//! goes out: a [`Finality`]. What it never does: guess how likely anything is, or say `Decided`
//! where some allowed content gives another result.
//!
//! *Allowed* is: any set of the held batches is released and the others are rejected, and of the
//! missing ballots any number up to the bound comes, each of them as a voter can cast it: names,
//! a list, or blank. The *result* is the set of those elected, the seats of the groups, and who is
//! in a second round. It stands if it is the same for every allowed content *without a lot about
//! it*: a tie is a change. A lot about the order of alternates is none.
//!
//! * A result that needs a lot now is open while anything is outstanding: without a single further
//!   vote it takes a lot. Lots that were drawn are not looked at: they were drawn too early.
//! * Nobody has a vote: nobody is elected, and the first vote changes that.
//! * Nothing is outstanding: the result is what it is, [`Verdict::Decided`], even where it is a
//!   lot, or that nobody is elected.
//!
//! Votes are only ever added: neither a release nor a missing ballot takes one away. That is what
//! all proofs here rest on.
//!
//! * Plurality in one round (pairs.rs): exact.
//! * Every other method: held batches alone, at most [`HELD_MAX`] of them, are tried in every
//!   combination: exact. Otherwise `Decided` is proven (groups.rs, first_round.rs) and the other
//!   answers are bounds, unless a content that changes the result was found (released.rs).

mod first_round;
mod groups;
mod pairs;
mod released;
mod seats;

use crate::rule::Family;
use crate::{LotKind, Outcome, Race, Round, Rule, SeatsError, allocate};

/// Most held batches of which every combination is tried: 4,096 counts.
pub const HELD_MAX: usize = 12;

/// What is not in the totals and may still come into them.
#[derive(Debug, Clone, Copy)]
pub struct Outstanding<'a> {
    /// At most so many ballots may still come; `None`: no bound is known.
    pub missing_ballots_max: Option<u64>,
    /// Most names that one ballot may give a vote; `None`: as many as there are seats. Larger
    /// where the limit of names is larger, or where a list has members who no longer stand and
    /// keep their votes. A list gives each of its members one, whatever is said here.
    pub names_max: Option<u32>,
    /// Batches in hand.
    pub held: &'a [Held<'a>],
}

/// One batch that is held outside the totals: what it adds if it is released.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The caller's name for it.
    pub id: u64,
    /// What is added to [`crate::List::votes`], list by list; plurality ignores it.
    pub list_votes: &'a [u64],
    /// What is added to [`crate::Candidate::votes`], candidate by candidate.
    pub candidate_votes: &'a [u64],
    /// Its valid ballots.
    pub valid_ballots: u64,
    /// Its ballots, valid and void.
    pub taken_ballots: u64,
}

/// Whether the result can still change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing that is outstanding can change it. Always proven.
    Decided,
    /// Missing ballots can change it, or force a lot, although no held batch is released.
    Open,
    /// Missing ballots alone cannot; with held batches released it can change. The ids, in the
    /// order given, are of those that can contribute: under plurality, those that narrow a gap
    /// that can be closed; where every combination was tried, those that turn some combination
    /// that leaves the result as it is into one that does not; otherwise all.
    DependsOn(Vec<u64>),
}

impl Verdict {
    /// `decided`, `open` or `depends-on`.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Decided => "decided",
            Verdict::Open => "open",
            Verdict::DependsOn(_) => "depends-on",
        }
    }
}

/// The answer for a district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finality {
    /// Whether the result can still change.
    pub verdict: Verdict,
    /// Whether the verdict is exact. If not, it errs on the safe side: what is said to be open, or
    /// to depend on batches, may be decided, or open only with more of what is outstanding.
    pub is_exact: bool,
    /// Plurality in one round: who comes nearest to being overtaken.
    pub critical: Option<Critical>,
}

/// The pair whose order is least safe: the one for which `needed` less `missing` less `held` is
/// smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Critical {
    /// The place that is in question, from 1.
    pub place: u32,
    /// Who has it; `None`: nobody, for want of people with votes.
    pub winner: Option<u32>,
    /// Who could get it, or draw level.
    pub rival: u32,
    /// Votes between the two now.
    pub gap: u64,
    /// Votes that the rival must gain on the winner to change the result or force a lot: the gap;
    /// one more where equal votes would be the winner's by the old order; the first vote for an
    /// empty place; 0 where a lot is needed now.
    pub needed: u64,
    /// The most that the rival can gain from missing ballots; `None`: no bound.
    pub missing: Option<u64>,
    /// The most that the rival can gain from held batches.
    pub held: u64,
}

/// Whether what is held or missing can still change who is elected.
///
/// `rule` is that of the district ([`Rule::of_district`]).
///
/// # Errors
/// [`SeatsError`] when the race as counted now has no outcome, or a held batch does not fit it.
pub fn finality(
    race: &Race<'_>,
    rule: &Rule,
    outstanding: &Outstanding<'_>,
) -> Result<Finality, SeatsError> {
    let now = allocate(race, rule, &[])?;
    released::check(race, rule, outstanding.held)?;
    let is_one_round = is_one_round(rule);
    let critical = is_one_round.then(|| pairs::critical(race, rule, &now, outstanding)).flatten();
    let exact = |verdict| Finality { verdict, is_exact: true, critical };
    let no_more_ballots = outstanding.missing_ballots_max == Some(0);
    if no_more_ballots && outstanding.held.is_empty() {
        return Ok(exact(Verdict::Decided));
    }
    if needs_lot(&now) {
        return Ok(exact(Verdict::Open));
    }
    if is_one_round {
        return Ok(exact(pairs::verdict(race, rule, &now, outstanding)));
    }
    let stands = |held| {
        let outstanding = Outstanding { held, ..*outstanding };
        match rule.method().family() {
            Family::TwoRound => first_round::stands(race, rule, &now, &outstanding),
            _ => groups::stands(race, rule, &now, &outstanding),
        }
    };
    let bound = |verdict, is_exact| Finality { verdict, is_exact, critical };
    if !no_more_ballots && !stands(&[]) {
        let is_exact = released::ballots_change_it(race, rule, &now, outstanding);
        return Ok(bound(Verdict::Open, is_exact));
    }
    if stands(outstanding.held) {
        return Ok(exact(Verdict::Decided));
    }
    if no_more_ballots && outstanding.held.len() <= HELD_MAX {
        return Ok(exact(released::try_all(race, rule, &now, outstanding.held)));
    }
    let all = outstanding.held.iter().map(|batch| batch.id).collect();
    Ok(bound(Verdict::DependsOn(all), false))
}

/// Whether the persons with most votes are elected, and that is all.
fn is_one_round(rule: &Rule) -> bool {
    match rule.method().family() {
        Family::Plurality => true,
        Family::TwoRound => rule.options().round == Round::Second,
        Family::Divisor(_) | Family::Quota(_) | Family::Article24 => false,
    }
}

/// Whether the result, and not only the order of alternates, takes a lot.
fn needs_lot(outcome: &Outcome) -> bool {
    outcome.lots.iter().any(|lot| lot.kind != LotKind::Alternate)
}

/// Whether two outcomes of one district are the same result, the second without a lot.
fn is_same(now: &Outcome, then: &Outcome) -> bool {
    let sorted = |people: &[u32]| {
        let mut people = people.to_vec();
        people.sort_unstable();
        people
    };
    let seats = |outcome: &Outcome| -> Vec<(crate::GroupKey, u32)> {
        outcome.groups.iter().map(|group| (group.key, group.seats)).collect()
    };
    let runoff = |outcome: &Outcome| {
        outcome.runoff.as_ref().map(|runoff| (runoff.seats, sorted(&runoff.between)))
    };
    !needs_lot(then)
        && sorted(&now.elected) == sorted(&then.elected)
        && seats(now) == seats(then)
        && runoff(now) == runoff(then)
}
