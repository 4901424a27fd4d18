//! One election computed by both implementations, and what they do not agree on.
//!
//! In: an [`Election`]. Out: what was met on the way, or a [`Difference`] that prints everything
//! needed to see it again. Lots of both sides follow from the same preference; the engine is asked
//! as an office would ask it, one lot after another. It never corrects a result before it compares.
//!
//! One thing is not compared: the engine refuses votes that no ballots can have
//! ([`contradicts_itself`] says which), and the second implementation computes with them.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use shomar_seats::{
    Departure, GroupKey, Lot, LotKind, Members, Outcome, PendingLot, Rule, Status, allocate,
};
use shomar_verify::seats::{Names, Party, Race, Settled, Tie, TieKind};

use super::elections::Election;

/// More lots than any election of this size can ask for.
const LOTS_MAX: usize = 200;

/// What differs where one side has a result, and the other refuses or panics.
const REFUSALS: &str = "refusals";

/// What an election on which both agree was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// No votes like these can be: only the engine looks.
    Contradiction,
    /// Refused by both.
    Refused,
    /// Computed by both.
    Settled {
        /// Whether a lot was needed.
        tied: bool,
        /// Whether somebody was replaced.
        replaced: bool,
    },
}

/// Something on which they do not agree.
#[derive(Debug)]
pub(super) struct Difference {
    what: &'static str,
    election: Election,
    engine: String,
    second: String,
}

impl Difference {
    /// The seed of its election.
    pub(super) fn seed(&self) -> u64 {
        self.election.seed
    }

    /// Whether only one side has a result.
    pub(super) fn is_refusal(&self) -> bool {
        self.what == REFUSALS
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Election { seed, race, method, options, .. } = &self.election;
        writeln!(formatter, "seed {seed}: {} differ", self.what)?;
        let options: Vec<String> =
            options.iter().map(|(name, value)| format!("{}={value}", name.name())).collect();
        writeln!(formatter, "  {} {}", method.name(), options.join(" "))?;
        let Race { seats, alternates, valid_ballots, taken_ballots, .. } = race;
        writeln!(
            formatter,
            "  {seats} seats, {alternates} alternates, valid {valid_ballots:?}, taken \
             {taken_ballots:?}"
        )?;
        for (index, list) in race.lists.iter().enumerate() {
            writeln!(formatter, "  list {index}: {} votes, {:?}", list.votes, list.names)?;
        }
        for (index, candidate) in race.candidates.iter().enumerate() {
            writeln!(formatter, "  candidate {index}: {candidate:?}")?;
        }
        writeln!(formatter, "  engine: {}", self.engine)?;
        writeln!(formatter, "  second: {}", self.second)
    }
}

/// Who wins a lot and who leaves on the engine's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// As on the other side.
    Same,
    /// The first lot is won by whoever is preferred least.
    FirstLotSwapped,
    /// Those who leave do it in the opposite order.
    LeaversReversed,
}

/// Computes the election twice.
pub(super) fn compare(election: &Election) -> Result<Met, Box<Difference>> {
    compare_with(election, election, Course::Same)
}

/// Computes the election twice, where the engine may be `given` something else: to see that this is
/// found.
pub(super) fn compare_with(
    election: &Election,
    given: &Election,
    course: Course,
) -> Result<Met, Box<Difference>> {
    let engine = caught(|| engine_result(given, course));
    let second = caught(|| second_result(election));
    let differ = |what, engine: String, second: String| {
        Err(Box::new(Difference { what, election: election.clone(), engine, second }))
    };
    let (engine, second) = match (engine, second) {
        (engine, second) if contradicts_itself(election) => {
            return match engine {
                Err(Refusal::Refused(_)) => Ok(Met::Contradiction),
                engine => differ("contradictions", text(&engine), text(&second)),
            };
        }
        (Err(Refusal::Refused(_)), Err(Refusal::Refused(_))) => return Ok(Met::Refused),
        (Ok(engine), Ok(second)) => (engine, second),
        (engine, second) => return differ(REFUSALS, text(&engine), text(&second)),
    };
    if engine.settled != second.settled {
        return differ("outcomes", text(&engine), text(&second));
    }
    // The first tie comes up before any lot is drawn, so it is asked for at once; and nothing is
    // asked for at once that turns out to be no tie. Another lot may still add places to it.
    let first_is_asked = second.ties.first().is_none_or(|tie| engine.asked_first.contains(tie));
    let is_needed = |asked: &Tie| second.ties.iter().any(|tie| is_part_of(asked, tie));
    let are_needed = engine.asked_first.iter().all(is_needed);
    if engine.asked_first.is_empty() != second.ties.is_empty() || !first_is_asked || !are_needed {
        return differ("first ties", text(&engine), text(&second));
    }
    if !are_the_same_ties(&engine.ties, &second.ties, is_in_order(election)) {
        return differ("ties", text(&engine), text(&second));
    }
    if engine.successors != second.successors {
        return differ("replacements", text(&engine), text(&second));
    }
    Ok(Met::Settled {
        tied: !second.ties.is_empty(),
        replaced: second.successors.iter().flatten().flatten().next().is_some(),
    })
}

fn text<T: fmt::Debug>(value: &T) -> String {
    format!("{value:?}")
}

/// Whether the lots are drawn in the order in which the engine lists them. An office may draw them
/// in any order, so every other election does.
fn is_in_order(election: &Election) -> bool {
    election.seed.is_multiple_of(2)
}

fn is_part_of(asked: &Tie, tie: &Tie) -> bool {
    (asked.kind, &asked.between) == (tie.kind, &tie.between) && asked.places <= tie.places
}

/// Whether the ties that the engine asked about are all that there are, in whatever order. Of those
/// that were not drawn in order, the places can have been more in the end.
fn are_the_same_ties(asked: &[Tie], ties: &[Tie], in_order: bool) -> bool {
    let [mut asked, mut ties] = [asked, ties].map(<[Tie]>::to_vec);
    for ties in [&mut asked, &mut ties] {
        ties.sort_by(|one, other| {
            (one.kind, &one.between, one.places).cmp(&(other.kind, &other.between, other.places))
        });
    }
    let is_same = |(asked, tie): (&Tie, &Tie)| asked == tie || !in_order && is_part_of(asked, tie);
    asked.len() == ties.len() && asked.iter().zip(&ties).all(is_same)
}

/// Everything that one side says.
#[derive(Debug)]
struct Said {
    /// Without its ties.
    settled: Settled,
    /// Ties in the order in which they came up.
    ties: Vec<Tie>,
    /// Those that were asked for before any lot was drawn (the engine alone).
    asked_first: Vec<Tie>,
    /// Who came in; `None`: somebody left who does not sit.
    successors: Option<Vec<Option<usize>>>,
}

/// Why one side says nothing.
#[derive(Debug)]
enum Refusal {
    #[expect(dead_code, reason = "read by a person, in the text of a difference")]
    Refused(String),
    #[expect(dead_code, reason = "read by a person, in the text of a difference")]
    Panicked(String),
}

fn caught(run: impl FnOnce() -> Result<Said, String>) -> Result<Said, Refusal> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(Refusal::Refused),
        Err(panic) => {
            let fixed = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = panic.downcast_ref::<String>().cloned().or(fixed);
            Err(Refusal::Panicked(text.unwrap_or_default()))
        }
    }
}

/// Whether no ballots can have these votes, which the engine alone looks at: sums beyond `u64`, a
/// member with more votes than there are ballots or than the list, votes for a heading.
fn contradicts_itself(election: &Election) -> bool {
    let race = &election.race;
    let is_article_24 = election.method == shomar_seats::Method::Article24;
    let is_plurality = election.method.is_plurality();
    let votes_of = |list: Option<usize>| -> u128 {
        let members = race.candidates.iter().filter(|candidate| candidate.list == list);
        members.map(|candidate| u128::from(candidate.votes)).sum()
    };
    let mut total = votes_of(None);
    for (index, list) in race.lists.iter().enumerate() {
        let members = votes_of(Some(index));
        if is_article_24 && u128::from(list.votes) < members
            || is_plurality && list.names != Names::Named && list.votes > 0
            || members > u128::from(u64::MAX)
        {
            return true;
        }
        total += if is_plurality { members } else { u128::from(list.votes) };
    }
    let has_more = |ballots: u64| race.candidates.iter().any(|who| who.votes > ballots);
    total > u128::from(u64::MAX)
        || (is_article_24 || is_plurality) && race.valid_ballots.is_some_and(has_more)
}

/// Who leaves, from the outcome that is there.
fn leavers(election: &Election, settled: &Settled) -> Vec<usize> {
    let known: Vec<usize> = settled.elected.iter().chain(&settled.alternates).copied().collect();
    let leaver = |place: &usize| {
        let place = place % (known.len() + 1);
        // The place after all others is somebody who often neither sits nor waits.
        known.get(place).copied().or_else(|| election.race.candidates.len().checked_sub(1))
    };
    election.leavers.iter().filter_map(leaver).collect()
}

fn second_result(election: &Election) -> Result<Said, String> {
    let name = election.method.name();
    let options = election.options.iter().filter(|(name, value)| {
        // The naive side knows only that there is a limit, or that there is none.
        (name.name(), value.as_str()) != ("max_seats", "none")
    });
    let options: BTreeMap<String, String> =
        options.map(|(name, value)| (name.name().to_owned(), value.clone())).collect();
    let prefer = |party: Party| election.preference(party);
    let mut settled = shomar_verify::seats::settle(&election.race, name, &options, &prefer)?;
    let successors = if settled.runoff.is_empty() {
        let leavers = leavers(election, &settled);
        let race = &election.race;
        shomar_verify::seats::replace(race, name, &settled, &options, &leavers, &prefer).ok()
    } else {
        None
    };
    let ties = std::mem::take(&mut settled.ties);
    Ok(Said { settled, ties, asked_first: Vec::new(), successors })
}

/// The engine's side, with the numbers of the race as it wants them.
fn engine_result(election: &Election, course: Course) -> Result<Said, String> {
    let race = &election.race;
    let index = |index: usize| u32::try_from(index).unwrap();
    let lists: Vec<shomar_seats::List> = race
        .lists
        .iter()
        .map(|list| shomar_seats::List {
            votes: list.votes,
            members: match list.names {
                Names::Named => Members::Named,
                Names::Counted(names) => Members::Counted(names),
                Names::Unlimited => Members::Unnamed,
            },
        })
        .collect();
    let candidates: Vec<shomar_seats::Candidate> = race
        .candidates
        .iter()
        .map(|candidate| shomar_seats::Candidate {
            list: candidate.list.map(index),
            votes: candidate.votes,
            veteran: candidate.veteran,
            degree_rank: candidate.degree_rank,
            position: candidate.position,
        })
        .collect();
    let engine_race = shomar_seats::Race {
        seats: race.seats,
        alternates: race.alternates,
        lists: &lists,
        candidates: &candidates,
        valid_ballots: race.valid_ballots,
        taken_ballots: race.taken_ballots,
    };
    let options = election.options.iter().map(|(name, value)| (name.name(), value.as_str()));
    let refusal = |error: shomar_seats::SeatsError| error.to_string();
    let rule = Rule::parse(election.method.name(), options).map_err(refusal)?;

    let mut lots: Vec<Lot> = Vec::new();
    let mut ties: Vec<Tie> = Vec::new();
    let mut outcome = allocate(&engine_race, &rule, &lots).map_err(refusal)?;
    let asked_first: Vec<Tie> = outcome.lots.iter().map(tie_of).collect();
    while !outcome.lots.is_empty() {
        assert!(lots.len() < LOTS_MAX, "it asks for ever more lots: {lots:?}");
        let drawn = if is_in_order(election) { 0 } else { outcome.lots.len() - 1 };
        let pending = &outcome.lots[drawn];
        if pending.next_place == 1 {
            ties.push(tie_of(pending));
        }
        let is_swapped = course == Course::FirstLotSwapped && lots.is_empty();
        lots.push(lot(election, pending, is_swapped));
        outcome = allocate(&engine_race, &rule, &lots).map_err(refusal)?;
    }
    let settled = settled(&outcome);
    let successors = if outcome.runoff.is_some() {
        None
    } else {
        let mut leavers = leavers(election, &settled);
        if course == Course::LeaversReversed {
            leavers.reverse();
        }
        let leavers: Vec<u32> = leavers.into_iter().map(index).collect();
        successors(election, &engine_race, &rule, &outcome, &leavers)
    };
    Ok(Said { settled, ties, asked_first, successors })
}

fn successors(
    election: &Election,
    race: &shomar_seats::Race<'_>,
    rule: &Rule,
    outcome: &Outcome,
    leavers: &[u32],
) -> Option<Vec<Option<usize>>> {
    let mut lots: Vec<Lot> = Vec::new();
    loop {
        let found = shomar_seats::replace(race, rule, outcome, leavers, &lots).ok()?;
        let Some(pending) = found.lots.first() else {
            assert_eq!(found.departures.len(), leavers.len(), "everybody who leaves has an answer");
            let successor = |(_, departure): &(u32, Departure)| match departure {
                Departure::ReplacedBy(who) => Some(*who as usize),
                Departure::Vacant | Departure::WasAlternate => None,
            };
            return Some(found.departures.iter().map(successor).collect());
        };
        assert!(lots.len() < LOTS_MAX, "it asks for ever more lots: {lots:?}");
        lots.push(lot(election, pending, false));
    }
}

/// The lot that the preference gives, or its opposite.
fn lot(election: &Election, pending: &PendingLot, is_swapped: bool) -> Lot {
    let rank = |party: &&shomar_seats::Party| {
        let rank = election.preference(party_of(**party));
        if is_swapped { u64::MAX - rank } else { rank }
    };
    let winner = pending.between.iter().min_by_key(rank).expect("a tie is between two at least");
    let lot = Lot::new(pending.kind, pending.next_place, *winner);
    // A record may also say between whom the lot was drawn.
    let between =
        if election.seed.is_multiple_of(3) { pending.between.clone() } else { Vec::new() };
    Lot { between, ..lot }
}

/// The outcome as the second implementation would say it.
fn settled(outcome: &Outcome) -> Settled {
    assert_eq!(outcome.undecided, 0, "no lot is pending, so nothing is undecided");
    let indexes =
        |persons: &[u32]| -> Vec<usize> { persons.iter().map(|person| *person as usize).collect() };
    let sorted = |persons: &[u32]| {
        let mut persons = indexes(persons);
        persons.sort_unstable();
        persons
    };
    let groups = outcome.groups.iter();
    let groups = groups.map(|group| (group_of(group.key), group.seats)).collect();
    let runoff = outcome.runoff.as_ref().map(|runoff| sorted(&runoff.between));
    Settled {
        groups,
        vacant: outcome.vacant,
        elected: sorted(&outcome.elected),
        alternates: indexes(&outcome.alternates),
        runoff: runoff.unwrap_or_default(),
        ties: Vec::new(),
        no_votes: outcome.status == Status::NoVotes,
    }
}

fn tie_of(pending: &PendingLot) -> Tie {
    let kind = match pending.kind {
        LotKind::Seat => TieKind::Seat,
        LotKind::Person => TieKind::Person,
        LotKind::Alternate => TieKind::Alternate,
        LotKind::Runoff => TieKind::Runoff,
    };
    let mut between: Vec<Party> = pending.between.iter().map(|party| party_of(*party)).collect();
    between.sort_unstable();
    Tie { kind, places: pending.places, between }
}

fn party_of(party: shomar_seats::Party) -> Party {
    match party {
        shomar_seats::Party::Group(key) => group_of(key),
        shomar_seats::Party::Candidate(person) => Party::Candidate(person as usize),
    }
}

fn group_of(key: GroupKey) -> Party {
    match key {
        GroupKey::List(list) => Party::List(list as usize),
        GroupKey::Independent(person) => Party::Independent(person as usize),
        GroupKey::Independents => Party::Pool,
        GroupKey::AllLists => Party::AllLists,
    }
}
