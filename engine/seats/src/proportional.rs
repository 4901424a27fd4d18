//! The common way of all methods for groups: groups, threshold, seats, lots, persons.
//!
//! What comes in: a race and a rule. What goes out: an outcome. The methods themselves (divisor,
//! quota, article 24) only distribute seats to groups; ties, persons, alternates and vacant seats
//! are settled here, in one way for all.

use crate::contenders::{Contender, Contenders, Independents};
use crate::lots::Ledger;
use crate::persons::{Chosen, Wanted, choose, sort_by_votes};
use crate::rule::Family;
use crate::{Article, Fact, Group, GroupKey, Lot, LotKind, Outcome, Party, PendingLot, Race, Rule};
use crate::{Members, SeatsError, Status, Step, article24, divisor, quota};

/// What a method leaves behind after giving the seats that are certain.
#[derive(Debug)]
pub(crate) struct Distribution {
    /// Seats that nobody can take.
    vacant: u32,
    /// Seats that several groups have an equal claim to, and those groups.
    tie: Option<(u32, Vec<usize>)>,
}

impl Distribution {
    pub(crate) fn unfilled(vacant: u32) -> Distribution {
        Distribution { vacant, tie: None }
    }

    pub(crate) fn tie(places: u32, mut tied: Vec<usize>) -> Distribution {
        tied.sort_unstable();
        Distribution { vacant: 0, tie: Some((places, tied)) }
    }
}

pub(crate) fn allocate(race: &Race<'_>, rule: &Rule, lots: &[Lot]) -> Result<Outcome, SeatsError> {
    let family = rule.method().family();
    let independents = match family {
        Family::Article24 => Independents::Pooled,
        _ => Independents::Each,
    };
    let mut contenders = Contenders::of(race, rule, independents);
    let mut ledger = Ledger::new(lots);
    if contenders.votes_in_play() == 0 {
        ledger.close()?;
        let groups = contenders.all.iter().map(|group| empty_group(group.key, 0)).collect();
        return Ok(no_votes(race, groups));
    }
    let mut steps = Vec::new();
    contenders.apply_threshold(rule, &mut steps);
    let article = rule.method().article();
    let all = &mut contenders.all;
    let distribution = match family {
        Family::Divisor(series) => {
            divisor::distribute(all, race.seats, series, article, &mut steps)
        }
        Family::Quota(series) => quota::distribute(all, race.seats, series, article, &mut steps),
        Family::Article24 => article24::distribute(all, race.seats, rule.article_24(), &mut steps),
        Family::Plurality => unreachable!("plurality has its own way"),
    };
    let open = settle_seats(rule, all, &distribution, &mut ledger, &mut steps)?;
    if distribution.vacant > 0 {
        let fact = Fact::Vacant { seats: distribution.vacant };
        steps.push(Step { article: Article::Vacant, fact });
    }
    let persons = settle_persons(race, rule, &contenders, &open, &mut ledger, &mut steps)?;
    let lots = ledger.close()?;
    Ok(assemble(race, &contenders, &distribution, open.places, persons, lots, steps))
}

/// Groups that wait for a lot, and the seats they wait for.
#[derive(Debug, Default)]
struct Open {
    places: u32,
    groups: Vec<usize>,
}

/// Gives the tied seats to the winners of the recorded lots.
fn settle_seats(
    rule: &Rule,
    all: &mut [Contender],
    distribution: &Distribution,
    ledger: &mut Ledger<'_>,
    steps: &mut Vec<Step>,
) -> Result<Open, SeatsError> {
    let Some((places, tied)) = &distribution.tie else {
        return Ok(Open::default());
    };
    let article = match rule.method().family() {
        Family::Article24 => Article::Councils24TieSeats,
        _ => rule.method().article(),
    };
    let between = tied.iter().map(|group| Party::Group(all[*group].key)).collect();
    let tie = PendingLot { kind: LotKind::Seat, places: *places, next_place: 1, between };
    let drawn = ledger.draw(tie, article, steps)?;
    let has_won = |group: &Contender| drawn.winners.contains(&Party::Group(group.key));
    let mut open = Open { places: drawn.places_left, groups: Vec::new() };
    for index in tied {
        if has_won(&all[*index]) {
            all[*index].award();
        } else if drawn.places_left > 0 {
            open.groups.push(*index);
        }
    }
    Ok(open)
}

/// Persons and alternates of every group that has names.
fn settle_persons(
    race: &Race<'_>,
    rule: &Rule,
    contenders: &Contenders,
    open: &Open,
    ledger: &mut Ledger<'_>,
    steps: &mut Vec<Step>,
) -> Result<Vec<Chosen>, SeatsError> {
    let mut persons = Vec::with_capacity(contenders.all.len());
    for (index, entry) in contenders.all.iter().enumerate() {
        let is_unnamed = match entry.key {
            GroupKey::List(list) => race.lists[list as usize].members == Members::Unnamed,
            GroupKey::Independent(_) | GroupKey::Independents => false,
        };
        if is_unnamed || entry.seats == 0 {
            persons.push(Chosen::default());
            continue;
        }
        let is_open = open.groups.contains(&index);
        let (article, alternates) = match rule.method().family() {
            Family::Article24 => {
                let alternates = article24::alternates(entry.seats, rule.article_24());
                (Article::Councils24Persons, alternates)
            }
            _ => (Article::PersonsOfList, 0),
        };
        if alternates > 0 && !is_open {
            steps.push(article24::alternate_step(entry, alternates));
        }
        let wanted = Wanted {
            group: Some(entry.key),
            seats: entry.seats,
            alternates,
            is_open,
            article,
            article_alternates: Article::Councils25Item2,
        };
        let chosen = choose(race, contenders.persons(index), wanted, ledger, steps)?;
        assert_eq!(chosen.unfilled, 0, "no group has more seats than persons");
        persons.push(chosen);
    }
    Ok(persons)
}

fn assemble(
    race: &Race<'_>,
    contenders: &Contenders,
    distribution: &Distribution,
    undecided: u32,
    persons: Vec<Chosen>,
    lots: Vec<PendingLot>,
    steps: Vec<Step>,
) -> Outcome {
    let mut elected = Vec::new();
    let mut alternates = Vec::new();
    let mut groups = Vec::with_capacity(persons.len());
    for (entry, chosen) in contenders.all.iter().zip(persons) {
        elected.extend(&chosen.elected);
        alternates.extend(&chosen.alternates);
        groups.push(Group {
            seats: entry.seats,
            alternates: chosen.alternates,
            ..empty_group(entry.key, entry.votes)
        });
    }
    if let [only] = contenders.in_play()[..] {
        groups[only].vacant = distribution.vacant;
    }
    sort_by_votes(race, &mut elected);
    Outcome {
        status: if lots.is_empty() { Status::Final } else { Status::LotRequired },
        seats: race.seats,
        groups,
        elected,
        alternates,
        lots,
        vacant: distribution.vacant,
        undecided,
        steps,
    }
}

/// A group with votes and no seats.
pub(crate) fn empty_group(key: GroupKey, votes: u64) -> Group {
    Group { key, votes, seats: 0, vacant: 0, alternates: Vec::new() }
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
        lots: Vec::new(),
        vacant: race.seats,
        undecided: 0,
        steps: vec![Step { article: Article::NoVotes, fact }],
    }
}
