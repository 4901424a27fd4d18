//! Plurality: the seats go to the persons with most votes, in one round or in two.
//!
//! In: a race whose groups are headings only. Out: its outcome. No vote of a list moves a seat
//! here, and no threshold of groups applies.

use super::exact::{count, seats_u32, whole};
use super::groups::{eligible_of, everybody_is_eligible};
use super::lots::Lots;
use super::options::Options;
use super::persons::{elect, queue, ranked_by_votes, without};
use super::race::{Party, Race, Settled, TieKind};

/// `relative-plurality`, `block-plurality` and the second round of `two-round`.
pub(crate) fn relative(race: &Race, options: &Options, lots: &mut Lots) -> Result<Settled, String> {
    let Some(people) = people(race, options)? else { return outcome(race, Vec::new(), lots) };
    let ranked = ranked_by_votes(race, &people, options)?;
    let elected = elect(ranked, race.seats.into(), TieKind::Person, lots);
    // Who is equal is asked anew: the winners of a lot are no longer among the others.
    let others = ranked_by_votes(race, &without(&people, &elected), options)?;
    let alternates = queue(&others, race.alternates.into(), lots);
    Ok(Settled { alternates, ..outcome(race, elected, lots)? })
}

/// `two-round`, in the round that the options name.
pub(crate) fn two_round(
    race: &Race,
    options: &Options,
    lots: &mut Lots,
) -> Result<Settled, String> {
    if options.choice("round", false, &[("first", false), ("second", true)])? {
        return relative(race, options, lots);
    }
    let percent = options.percent("first_round_percent", 20)?;
    let Some(people) = people(race, options)? else { return outcome(race, Vec::new(), lots) };
    let missing = "first round without valid_ballots, expected their number to be known";
    let bar = percent * whole(race.valid_ballots.ok_or(missing)?);
    let reaches_bar =
        |person: &usize| whole(race.candidates[*person].votes) * whole(100_u32) >= bar;
    // The bar lies between two numbers of votes, so no class of equals is on both sides of it.
    let (above, below) = ranked_by_votes(race, &people, options)?
        .into_iter()
        .partition(|class: &Vec<usize>| class.iter().all(reaches_bar));
    let elected = elect(above, race.seats.into(), TieKind::Person, lots);
    let open = u64::from(race.seats) - count(elected.len());
    // Whoever is above the bar is elected as long as a seat is open: the others are below it.
    let mut runoff = elect(below, open * 2, TieKind::Runoff, lots);
    runoff.sort_unstable();
    let mut settled = outcome(race, elected, lots)?;
    if !runoff.is_empty() {
        settled.vacant = 0;
    }
    Ok(Settled { runoff, ..settled })
}

/// Who can be elected; `None` if nobody in the race has a vote.
fn people(race: &Race, options: &Options) -> Result<Option<Vec<usize>>, String> {
    let everybody: Vec<usize> = (0..race.candidates.len()).collect();
    let people = eligible_of(race, &everybody, everybody_is_eligible(options)?);
    Ok(has_votes(race).then_some(people))
}

fn has_votes(race: &Race) -> bool {
    race.candidates.iter().any(|candidate| candidate.votes > 0)
}

/// The elected under the headings of their groups.
fn outcome(race: &Race, mut elected: Vec<usize>, lots: &mut Lots) -> Result<Settled, String> {
    elected.sort_unstable();
    let seats_of = |list: Option<usize>| {
        let members = elected.iter().filter(|&&person| race.candidates[person].list == list);
        seats_u32(count(members.count()))
    };
    let mut groups = Vec::new();
    for list in 0..race.lists.len() {
        groups.push((Party::List(list), seats_of(Some(list))?));
    }
    if race.candidates.iter().any(|candidate| candidate.list.is_none()) {
        groups.push((Party::Pool, seats_of(None)?));
    }
    let vacant = seats_u32(u64::from(race.seats) - count(elected.len()))?;
    let no_votes = !has_votes(race);
    Ok(Settled { groups, vacant, elected, ties: lots.take_ties(), no_votes, ..Settled::default() })
}
