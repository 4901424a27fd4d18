//! Races in which groups win seats and persons take them.
//!
//! In: a race and one of the methods of groups. Out: its outcome: seats of groups, then persons
//! inside each group, then the alternates that article 25 asks for. Seats and vacancies always add
//! up to the seats of the race, or the race is refused.

use super::alternates::alternates;
use super::exact::seats_u32;
use super::groups::{Contender, Group, groups, seats_for_all};
use super::lots::Lots;
use super::options::Options;
use super::persons::{elect, ranked_in_group, without};
use super::race::{Race, Settled, TieKind};
use super::{Method, article24, divisors, quotas, threshold};

/// Settles a race of groups.
pub(crate) fn settle(
    race: &Race,
    method: Method,
    options: &Options,
    lots: &mut Lots,
) -> Result<Settled, String> {
    let is_article_24 = matches!(method, Method::Article24);
    let groups = groups(race, is_article_24, options)?;
    let no_votes = groups.iter().all(|group| group.contender.votes == 0);
    let seats = if no_votes {
        vec![0; groups.len()]
    } else {
        seats_of_groups(race, method, &groups, options, lots)?
    };
    let mut settled = Settled { no_votes, ..Settled::default() };
    let mut vacant = u64::from(race.seats);
    let mut people_left = Vec::new();
    for (group, &held) in groups.iter().zip(&seats) {
        vacant = vacant.checked_sub(held).ok_or_else(|| {
            format!("groups win {} seats, expected {}", seats.iter().sum::<u64>(), race.seats)
        })?;
        settled.groups.push((group.contender.party, seats_u32(held)?));
        let party = group.contender.party;
        let ranked = ranked_in_group(race, party, &group.eligible, options)?;
        let elected = elect(ranked, held, TieKind::Person, lots);
        // Who is equal is asked anew: the winners of a lot are no longer among the others.
        let others = without(&group.eligible, &elected);
        people_left.push(ranked_in_group(race, party, &others, options)?);
        settled.elected.extend(elected);
    }
    settled.vacant = seats_u32(vacant)?;
    settled.elected.sort_unstable();
    if is_article_24 && !no_votes {
        let parties: Vec<_> = groups.iter().map(|group| group.contender.party).collect();
        settled.alternates = alternates(&parties, &seats, &people_left, options, lots)?;
    }
    settled.ties = lots.take_ties();
    Ok(settled)
}

/// The seats of every group, in play or not.
fn seats_of_groups(
    race: &Race,
    method: Method,
    groups: &[Group],
    options: &Options,
    lots: &mut Lots,
) -> Result<Vec<u64>, String> {
    let in_play = threshold::in_play(race, groups, options)?;
    let playing: Vec<usize> = (0..groups.len()).filter(|&index| in_play[index]).collect();
    let all: Vec<Contender> = groups.iter().map(|group| group.contender).collect();
    let mut contenders: Vec<Contender> = playing.iter().map(|&index| all[index]).collect();
    let beforehand = options.count("initial_seats")?.unwrap_or(0);
    let least = options.count("min_seats")?.unwrap_or(0);
    let seats = race.seats.into();
    let (initial, rest) = seats_for_all(&contenders, seats, beforehand, "initial_seats")?;
    // The seats beforehand are among the least: both together are the larger of the two.
    seats_for_all(&contenders, seats, least.max(beforehand), "min_seats")?;
    let least = least.saturating_sub(beforehand);
    for (contender, initial) in contenders.iter_mut().zip(&initial) {
        contender.capacity = contender.capacity.map(|capacity| capacity - initial);
    }
    let won = match method {
        Method::Divisor(method) => {
            divisors::distribute(&contenders, rest, least, method, options, lots)?
        }
        Method::Quota(method) => {
            quotas::distribute(&contenders, rest, least, method, options, lots)?
        }
        Method::Article24 => {
            let valid = race.valid_ballots;
            article24::distribute(&all, &contenders, rest, valid, options, lots)?
        }
        Method::Plurality | Method::TwoRound => {
            return Err("a method of persons, expected one of groups".into());
        }
    };
    let mut seats = vec![0; groups.len()];
    for ((index, initial), won) in playing.into_iter().zip(initial).zip(won) {
        seats[index] = initial + won;
    }
    Ok(seats)
}
