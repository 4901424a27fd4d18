//! How close a result is: the smallest change of votes that would move the last seat or person.
//!
//! What comes in: a race, its rule, its outcome. What goes out: a number of votes, exact where the
//! method has a closed form, else a bound that is proven; always labelled.
//!
//! One *change* is one vote added, taken away, or moved from one to another. A margin of m says:
//! after fewer than m changes the outcome that was found is still possible (at most, a lot is
//! needed for it); an exact margin says besides that m votes moved from `from` to `to` change it
//! for certain. Moving a vote is the strongest change there is in every method here: it does to a
//! pair of groups at least what adding and taking one away do together.
//!
//! Closed forms: plurality and block vote compare two persons; a divisor method gives the last seat
//! of one group to another when the quotients of those two seats change places; a quota method with
//! largest remainders when V x seats / total less the seats held does. With thresholds, and where
//! names or a majority decide, each border is one more event. Where a reading of article 24, or a
//! list that left the quota, allows none of these, every comparison that was made is kept at a
//! distance: while no share passes a whole number (or a half) and no two that were ranked change
//! places, nothing changes.

mod bound;
mod groups;

use crate::contenders::{Contenders, Independents};
use crate::persons::sort_by_votes;
use crate::race::position;
use crate::rule::Family;
use crate::{
    Fact, GroupKey, LotKind, Outcome, Party, PersonOrder, Race, Round, Rule, Status, ZeroVotes,
};

/// What a margin is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The smallest change.
    Exact,
    /// No smaller change does it; the smallest may be larger.
    AtLeast,
}

impl Certainty {
    /// `exact` or `at-least`.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Exact => "exact",
            Certainty::AtLeast => "at-least",
        }
    }
}

/// A smallest change of votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margin {
    /// Votes to be changed; 0 where a lot decides, or has decided.
    pub votes: u64,
    /// Whether that is the smallest number, or a bound.
    pub certainty: Certainty,
    /// Who would lose.
    pub from: Option<Party>,
    /// Who would gain.
    pub to: Option<Party>,
}

/// The margins of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins {
    /// Of the last seat among groups; `None` under plurality, and where no change moves a seat.
    pub seat: Option<Margin>,
    /// Of the last person elected; `None` where no change of votes replaces a person, the seats of
    /// the groups being what they are.
    pub person: Option<Margin>,
}

/// The smallest of several events.
#[derive(Debug, Default)]
struct Smallest {
    best: Option<Margin>,
}

impl Smallest {
    /// Something happens after so many changes: for certain, or perhaps.
    fn event(&mut self, votes: u64, certainty: Certainty, from: Option<Party>, to: Option<Party>) {
        let is_better = self.best.is_none_or(|best| {
            votes < best.votes
                || votes == best.votes
                    && certainty == Certainty::Exact
                    && best.certainty == Certainty::AtLeast
        });
        if is_better {
            self.best = Some(Margin { votes, certainty, from, to });
        }
    }

    fn exact(&mut self, votes: u64, from: Party, to: Party) {
        self.event(votes, Certainty::Exact, Some(from), Some(to));
    }

    fn at_least(&mut self, votes: u64) {
        self.event(votes, Certainty::AtLeast, None, None);
    }
}

/// Votes that must change so that the second of two overtakes the first.
fn overtake(ahead: u64, behind: u64) -> u64 {
    (ahead - behind) / 2 + 1
}

/// The margins of an outcome of [`crate::allocate`] for this race and rule.
pub fn margins(race: &Race<'_>, rule: &Rule, outcome: &Outcome) -> Margins {
    if outcome.status == Status::NoVotes {
        return Margins { seat: None, person: None };
    }
    let family = rule.method().family();
    if let Family::Plurality | Family::TwoRound = family {
        return Margins { seat: None, person: plurality(race, rule, outcome) };
    }
    let independents = match family {
        Family::Article24 => Independents::Pooled,
        _ => Independents::Each,
    };
    let contenders = Contenders::of(race, rule, independents);
    let seat = match tie(outcome, LotKind::Seat) {
        Some(tie) => Some(tie),
        None => groups::seat_margin(race, rule, outcome, &contenders),
    };
    let person = match tie(outcome, LotKind::Person) {
        Some(tie) => Some(tie),
        None => persons_of_groups(race, rule, outcome, &contenders),
    };
    Margins { seat, person }
}

/// A tie that a lot decides or has decided.
fn tie(outcome: &Outcome, of: LotKind) -> Option<Margin> {
    let between = outcome.steps.iter().find_map(|step| match &step.fact {
        Fact::Tie { kind, between, .. } if *kind == of => Some(between),
        _ => None,
    })?;
    let (from, to) = (between.first().copied(), between.get(1).copied());
    Some(Margin { votes: 0, certainty: Certainty::Exact, from, to })
}

/// Persons in order of votes, those without a vote last: one vote makes them eligible.
fn by_votes(race: &Race<'_>, of: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut persons: Vec<u32> =
        (0..race.candidates.len()).map(position).filter(|who| of(*who)).collect();
    sort_by_votes(race, &mut persons);
    persons
}

fn plurality(race: &Race<'_>, rule: &Rule, outcome: &Outcome) -> Option<Margin> {
    for kind in [LotKind::Person, LotKind::Runoff] {
        if let Some(tie) = tie(outcome, kind) {
            return Some(tie);
        }
    }
    let votes = |who: u32| race.candidates[who as usize].votes;
    let ranked = by_votes(race, |_| true);
    let mut smallest = Smallest::default();
    no_votes_left(ranked.iter().map(|who| votes(*who)).sum(), &mut smallest);
    let is_elected = |who: &u32| outcome.elected.contains(who);
    let last = ranked.iter().copied().rfind(is_elected);
    let next = ranked.iter().copied().find(|who| !is_elected(who));
    let is_first_round =
        rule.method().family() == Family::TwoRound && rule.options().round == Round::First;
    if let (Some(last), Some(next)) = (last, next)
        && (outcome.elected.len() == race.seats as usize)
    {
        let change = overtake(votes(last), votes(next));
        smallest.exact(change, Party::Candidate(last), Party::Candidate(next));
    }
    if is_first_round {
        borders_of_a_first_round(race, rule, outcome, &ranked, &mut smallest);
    } else {
        unfilled(race, rule, outcome, last, next, &mut smallest);
    }
    smallest.best
}

/// When the last vote is gone, nobody is elected.
fn no_votes_left(total: u64, smallest: &mut Smallest) {
    smallest.at_least(total);
}

/// Fewer people with votes than seats: one vote for somebody without fills a seat, and who has few
/// can lose them all.
fn unfilled(
    race: &Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    last: Option<u32>,
    next: Option<u32>,
    smallest: &mut Smallest,
) {
    if rule.options().zero_votes == ZeroVotes::Elected {
        return;
    }
    if let Some(last) = last {
        let votes = race.candidates[last as usize].votes;
        smallest.event(votes, Certainty::Exact, Some(Party::Candidate(last)), None);
    }
    if let Some(next) = next.filter(|_| outcome.vacant > 0) {
        smallest.event(1, Certainty::Exact, None, Some(Party::Candidate(next)));
    }
}

/// The bar, and the edge of the runoff.
fn borders_of_a_first_round(
    race: &Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    ranked: &[u32],
    smallest: &mut Smallest,
) {
    let ballots = race.valid_ballots.unwrap_or(0);
    let bar = rule.options().first_round_percent.0;
    let votes = |who: u32| race.candidates[who as usize].votes;
    let mut needed = 0u64;
    let mut high = ballots;
    while needed < high {
        let middle = needed + (high - needed) / 2;
        if bar.is_reached(middle, ballots) { high = middle } else { needed = middle + 1 }
    }
    for who in ranked {
        let party = Some(Party::Candidate(*who));
        let is_elected = outcome.elected.contains(who);
        if is_elected {
            smallest.event(votes(*who) - needed + 1, Certainty::Exact, party, None);
        } else if outcome.elected.len() < race.seats as usize && votes(*who) < needed {
            smallest.event(needed - votes(*who), Certainty::Exact, None, party);
        }
    }
    let Some(runoff) = &outcome.runoff else {
        // Seats that stay open because nobody else has a vote: one vote makes a runoff.
        if outcome.vacant > 0 && ranked.iter().any(|who| !outcome.elected.contains(who)) {
            smallest.at_least(1);
        }
        return;
    };
    let is_in = |who: &u32| runoff.between.contains(who);
    let last = ranked.iter().copied().rfind(is_in);
    let is_out = |who: &u32| !is_in(who) && !outcome.elected.contains(who);
    let next = ranked.iter().copied().find(is_out);
    if let (Some(last), Some(next)) = (last, next) {
        if runoff.between.len() == runoff.seats as usize * 2 {
            let change = overtake(votes(last), votes(next));
            smallest.exact(change, Party::Candidate(last), Party::Candidate(next));
        } else {
            smallest.event(1, Certainty::Exact, None, Some(Party::Candidate(next)));
        }
    }
    if let Some(last) = last.filter(|_| rule.options().zero_votes == ZeroVotes::NotElected) {
        smallest.event(votes(last), Certainty::Exact, Some(Party::Candidate(last)), None);
    }
}

/// Inside the groups, the seats of each being what they are: votes move between its own people.
fn persons_of_groups(
    race: &Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    contenders: &Contenders,
) -> Option<Margin> {
    let votes = |who: u32| race.candidates[who as usize].votes;
    let mut smallest = Smallest::default();
    for (group, entry) in outcome.groups.iter().zip(&contenders.all) {
        if group.elected.is_empty() {
            continue;
        }
        let is_of_group = |who: u32| match group.key {
            GroupKey::List(list) => race.candidates[who as usize].list == Some(list),
            GroupKey::Independents => race.candidates[who as usize].list.is_none(),
            GroupKey::Independent(only) => who == only,
            GroupKey::AllLists => false,
        };
        let ranked = by_votes(race, is_of_group);
        let is_in = |who: &u32| group.elected.contains(who);
        let Some(next) = ranked.iter().copied().find(|who| !is_in(who)) else { continue };
        let is_of_list = matches!(group.key, GroupKey::List(_));
        let order = match rule.method().family() {
            Family::Article24 => PersonOrder::OwnVotes,
            _ if is_of_list => rule.options().persons,
            _ => PersonOrder::OwnVotes,
        };
        if order != PersonOrder::OwnVotes && rule.options().zero_votes == ZeroVotes::NotElected {
            // The first vote of somebody, or the last of an elected one, moves those behind.
            for who in &ranked {
                match votes(*who) {
                    0 => smallest.at_least(1),
                    votes if is_in(who) => smallest.at_least(votes),
                    _ => {}
                }
            }
        }
        match order {
            PersonOrder::OwnVotes => {
                let Some(last) = ranked.iter().copied().rfind(is_in) else { continue };
                let change = overtake(votes(last), votes(next));
                smallest.exact(change, Party::Candidate(last), Party::Candidate(next));
            }
            PersonOrder::ListOrder => {}
            PersonOrder::Czech => {
                smallest.at_least(czech(&ranked, votes, entry.votes, entry.names.unwrap_or(1)));
            }
        }
    }
    smallest.best
}

/// How far every person of a list is from the border of 10 % over the average, and how far those
/// above it are from each other.
fn czech(ranked: &[u32], votes: impl Fn(u32) -> u64, total: u64, names: u32) -> u64 {
    // First with votes x 10 >= average x 11; the total stays while votes move inside.
    let needed = (u128::from(total / u64::from(names)) * 11).div_ceil(10);
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    let distance = |who: &u32| {
        let votes = votes(*who);
        if votes >= needed { votes - needed + 1 } else { needed - votes }
    };
    let border = ranked.iter().map(distance).min().unwrap_or(u64::MAX);
    let first: Vec<u64> =
        ranked.iter().map(|who| votes(*who)).filter(|votes| *votes >= needed).collect();
    // Equals stand as the list has them: it is enough to draw level.
    let between = first.windows(2).map(|pair| (pair[0] - pair[1]).div_ceil(2).max(1)).min();
    border.min(between.unwrap_or(u64::MAX))
}
