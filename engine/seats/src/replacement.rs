//! Who comes in when somebody leaves.
//!
//! What comes in: a race, its outcome, those who leave in order, the lots drawn for this. What goes
//! out: one replacement for each, with steps. Under article 25 (article 20 bis 5 of the plenary)
//! the next alternate of the same list comes in, or, if that list has none left, the alternate with
//! most votes among all others; everywhere else the next alternate. An alternate who leaves only
//! leaves the row. It never replaces anybody while the outcome itself waits for a lot.

use crate::count::Count;
use crate::persons::take;
use crate::rule::Family;
use crate::{Fact, Lot, LotKind, Outcome, PendingLot, Race, Rule, SeatsError, Step};

/// What became of somebody who left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// A member left and this alternate comes in.
    ReplacedBy(u32),
    /// A member left and no alternate is left: the seat is vacant.
    Vacant,
    /// An alternate left; no seat is touched.
    WasAlternate,
}

/// What became of all who left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacements {
    /// One for each who left, in order; ends before the first that waits for a lot.
    pub departures: Vec<(u32, Departure)>,
    /// Alternates who are left, in order.
    pub alternates: Vec<u32>,
    /// The lot that is needed, if one is.
    pub lots: Vec<PendingLot>,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Replaces members who leave, one after another.
///
/// # Errors
/// [`SeatsError::OutcomeOpen`] if the outcome waits for a lot or a runoff,
/// [`SeatsError::NotAMember`] for somebody who is neither member nor alternate (any more), and what
/// is wrong with a lot.
pub fn replace(
    race: &Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    leavers: &[u32],
    lots: &[Lot],
) -> Result<Replacements, SeatsError> {
    if !outcome.lots.is_empty() || outcome.runoff.is_some() {
        return Err(SeatsError::OutcomeOpen { status: outcome.status.name() });
    }
    let mut count = Count::new(race, rule, lots);
    let article = count.cites.replacement;
    let is_by_group = rule.method().family() == Family::Article24;
    let mut members = outcome.elected.clone();
    let mut alternates = outcome.alternates.clone();
    let mut departures = Vec::with_capacity(leavers.len());
    for leaver in leavers {
        if let Some(at) = alternates.iter().position(|who| who == leaver) {
            alternates.remove(at);
            departures.push((*leaver, Departure::WasAlternate));
            continue;
        }
        let Some(seat) = members.iter().position(|who| who == leaver) else {
            return Err(SeatsError::NotAMember { candidate: *leaver });
        };
        members.remove(seat);
        let list = |who: u32| race.candidates[who as usize].list;
        let same =
            alternates.iter().copied().find(|who| !is_by_group || list(*who) == list(*leaver));
        let successor = match same {
            Some(next) => Some(next),
            None => match best_of_all(&mut count, &alternates)? {
                Best::Nobody => None,
                Best::One(next) => Some(next),
                Best::Open => break,
            },
        };
        let fact = Fact::Replaced { leaver: *leaver, successor, same_group: same.is_some() };
        count.step(article, fact);
        let Some(successor) = successor else {
            departures.push((*leaver, Departure::Vacant));
            continue;
        };
        alternates.retain(|who| *who != successor);
        members.push(successor);
        departures.push((*leaver, Departure::ReplacedBy(successor)));
    }
    let (lots, steps) = count.close()?;
    Ok(Replacements { departures, alternates, lots, steps })
}

enum Best {
    Nobody,
    One(u32),
    /// A lot is needed.
    Open,
}

/// The alternate with most votes.
fn best_of_all(count: &mut Count<'_>, alternates: &[u32]) -> Result<Best, SeatsError> {
    let votes = |who: &u32| count.race.candidates[*who as usize].votes;
    let Some(most) = alternates.iter().map(votes).max() else {
        return Ok(Best::Nobody);
    };
    let equals: Vec<u32> = alternates.iter().copied().filter(|who| votes(who) == most).collect();
    if let [only] = equals[..] {
        return Ok(Best::One(only));
    }
    let taken = take(count, LotKind::Alternate, 1, &equals)?;
    Ok(taken.named.first().map_or(Best::Open, |who| Best::One(*who)))
}
