//! Plurality: the persons with most votes, lists or not.
//!
//! What comes in: a race. What goes out: its seats to the candidates with most votes, alternates
//! next. Fewer candidates than seats: the rest is vacant. Groups are a heading only: the lists
//! (and the independents together) with the votes and the seats of their members.

use crate::contenders::{Contenders, Independents};
use crate::lots::Ledger;
use crate::persons::{Wanted, choose, sort_by_votes};
use crate::race::position;
use crate::{Article, Fact, Group, GroupKey, Lot, Outcome, Race, Rule, SeatsError, Status, Step};
use crate::{ZeroVotes, proportional};

pub(crate) fn allocate(race: &Race<'_>, rule: &Rule, lots: &[Lot]) -> Result<Outcome, SeatsError> {
    let mut groups = headings(race, rule);
    let mut ledger = Ledger::new(lots);
    if groups.iter().all(|group| group.votes == 0) {
        ledger.close()?;
        return Ok(proportional::no_votes(race, groups));
    }
    let mut steps = Vec::new();
    let is_eligible = |candidate: &u32| {
        rule.zero_votes() == ZeroVotes::Elected || race.candidates[*candidate as usize].votes > 0
    };
    let mut ranked: Vec<u32> =
        (0..race.candidates.len()).map(position).filter(is_eligible).collect();
    sort_by_votes(race, &mut ranked);
    let article = rule.method().article();
    let wanted = Wanted {
        group: None,
        seats: race.seats,
        alternates: race.alternates,
        is_open: false,
        article,
        article_alternates: article,
    };
    let chosen = choose(race, &ranked, wanted, &mut ledger, &mut steps)?;
    let pool = groups.len().saturating_sub(1);
    for person in &chosen.elected {
        let list = race.candidates[*person as usize].list;
        groups[list.map_or(pool, |list| list as usize)].seats += 1;
    }
    if chosen.unfilled > 0 {
        let fact = Fact::Vacant { seats: chosen.unfilled };
        steps.push(Step { article: Article::Vacant, fact });
        proportional::give_vacant_to_only_claimant(&mut groups, chosen.unfilled);
    }
    let mut elected = chosen.elected;
    sort_by_votes(race, &mut elected);
    let lots = ledger.close()?;
    Ok(Outcome {
        status: if lots.is_empty() { Status::Final } else { Status::LotRequired },
        seats: race.seats,
        groups,
        elected,
        alternates: chosen.alternates,
        lots,
        vacant: chosen.unfilled,
        undecided: chosen.undecided,
        steps,
    })
}

/// Lists in the caller's order, then the independents together if there are any. The total of a
/// list is the sum of its members: under plurality nothing else collects votes.
fn headings(race: &Race<'_>, rule: &Rule) -> Vec<Group> {
    let mut groups: Vec<Group> = Contenders::of(race, rule, Independents::Pooled)
        .all
        .into_iter()
        .map(|contender| proportional::empty_group(contender.key, 0))
        .collect();
    let pool = groups.len().saturating_sub(1);
    for candidate in race.candidates {
        groups[candidate.list.map_or(pool, |list| list as usize)].votes += candidate.votes;
    }
    debug_assert!(
        groups.last().is_none_or(|group| group.key == GroupKey::Independents
            || race.candidates.iter().all(|candidate| candidate.list.is_some())),
        "the pool is last"
    );
    groups
}
