//! Random elections that are full of ties.
//!
//! In: a seed. Out: an [`Election`]: a race, a method, options and who leaves later, always the
//! same for the same seed. Votes are few, equal or multiples of each other, thresholds and bars lie
//! exactly on somebody's votes, and now and then something is missing, repeated or out of bounds.
//! It never computes a seat, and never avoids a race because it is hard: what the rules refuse must
//! be refused twice.

use shomar_seats::{Method, OptionName};
use shomar_verify::seats::{Candidate, List, Names, Party, Race};

use crate::one_digest::Shuffle;

/// Most lists and most persons of an election.
const LISTS_MAX: usize = 6;
const PERSONS_MAX: usize = 12;

/// One election and what is done to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Election {
    /// Makes it again.
    pub(super) seed: u64,
    pub(super) race: Race,
    pub(super) method: Method,
    /// Those that are said; all others have their default.
    pub(super) options: Vec<(OptionName, String)>,
    /// Who leaves, as places among the elected, the alternates and one more.
    pub(super) leavers: Vec<usize>,
}

impl Election {
    /// The election of this seed.
    pub(super) fn of(seed: u64) -> Election {
        let mut chance = Shuffle(seed);
        let methods: Vec<Method> = Method::all().collect();
        // Article 24 has the most options, so it needs more elections to show them all.
        let method =
            if once_in(&mut chance, 6) { Method::Article24 } else { one(&mut chance, &methods) };
        let mut race = race(&mut chance, method);
        if once_in(&mut chance, 4) && !method.is_plurality() {
            half_of_all(&mut chance, &mut race);
        }
        ballots(&mut chance, method, &mut race);
        let options = options(&mut chance, method, &race);
        let leavers = (0..1 + chance.below(5)).map(|_| chance.below(PERSONS_MAX)).collect();
        Election { seed, race, method, options, leavers }
    }

    /// Whoever has the lower number wins a lot, in every tie of this election.
    pub(super) fn preference(&self, party: Party) -> u64 {
        let (kind, index) = match party {
            Party::List(index) => (1, index),
            Party::Independent(index) => (2, index),
            Party::Candidate(index) => (3, index),
            Party::Pool => (4, 0),
            Party::AllLists => (5, 0),
        };
        Shuffle(Shuffle(self.seed ^ (index as u64)).next() ^ kind).next()
    }
}

fn said(options: &[(OptionName, String)], name: OptionName) -> Option<&str> {
    options.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// One of `items`.
fn one<T: Copy>(chance: &mut Shuffle, items: &[T]) -> T {
    items[chance.below(items.len())]
}

/// One time in so many.
fn once_in(chance: &mut Shuffle, times: usize) -> bool {
    chance.below(times) == 0
}

fn small(chance: &mut Shuffle, limit: usize) -> u64 {
    chance.below(limit) as u64
}

/// How votes are drawn in one election.
#[derive(Clone, Copy)]
enum Votes {
    Below(usize),
    Multiples(u64),
    /// As large as they can be without a sum that nothing could hold.
    Huge,
}

impl Votes {
    fn of(chance: &mut Shuffle) -> Votes {
        match chance.below(16) {
            0..=3 => Votes::Below(3),
            4..=6 => Votes::Below(7),
            7..=12 => Votes::Multiples(one(chance, &[5, 6, 7, 12, 30, 100])),
            13..=14 => Votes::Below(1_000),
            _ => Votes::Huge,
        }
    }

    fn draw(self, chance: &mut Shuffle) -> u64 {
        match self {
            Votes::Below(limit) => small(chance, limit),
            Votes::Multiples(step) => step * small(chance, 4),
            Votes::Huge => (small(chance, 6) << 57) + small(chance, 3),
        }
    }
}

fn race(chance: &mut Shuffle, method: Method) -> Race {
    let votes = Votes::of(chance);
    let seats = match chance.below(8) {
        0..=2 => 1 + chance.below(3),
        3..=5 => 1 + chance.below(8),
        _ => 1 + chance.below(30),
    };
    let mut lists: Vec<Names> = Vec::new();
    let of_list = chance.below(5);
    for _ in 0..chance.below(LISTS_MAX + 1) {
        let kind = if of_list == 4 { chance.below(3) } else { of_list };
        lists.push(match kind {
            0 => Names::Unlimited,
            1 => Names::Counted(u32::try_from(chance.below(seats + 3)).unwrap()),
            _ => Names::Named,
        });
    }
    if method.is_plurality() && !once_in(chance, 8) {
        lists.iter_mut().for_each(|names| *names = Names::Named);
    }
    let candidates = candidates(chance, votes, &lists);
    let total = |chance: &mut Shuffle, index: usize, names: Names| {
        let members = candidates.iter().filter(|candidate| candidate.list == Some(index));
        let members = members.fold(0u64, |sum, candidate| sum.saturating_add(candidate.votes));
        match method {
            _ if names != Names::Named && method.is_plurality() => {
                if once_in(chance, 4) {
                    votes.draw(chance)
                } else {
                    0
                }
            }
            _ if names != Names::Named => votes.draw(chance),
            Method::Article24 if once_in(chance, 60) => members.saturating_sub(1),
            Method::Article24 if once_in(chance, 3) => members.saturating_add(votes.draw(chance)),
            Method::Article24 => members,
            _ if once_in(chance, 2) => votes.draw(chance),
            _ => members,
        }
    };
    let lists = lists.iter().enumerate();
    let lists =
        lists.map(|(index, &names)| List { votes: total(chance, index, names), names }).collect();
    Race {
        seats: u32::try_from(seats).unwrap(),
        alternates: u32::try_from(chance.below(6)).unwrap(),
        lists,
        candidates,
        valid_ballots: None,
        taken_ballots: None,
    }
}

fn candidates(chance: &mut Shuffle, votes: Votes, lists: &[Names]) -> Vec<Candidate> {
    let named = |index: &usize| lists[*index] == Names::Named;
    let named: Vec<usize> = (0..lists.len()).filter(named).collect();
    // All of one list, all independent, or mixed.
    let independent_in = one(chance, &[1, 2, 3, 6]);
    let [veteran_in, degree_unknown_in] = [(); 2].map(|()| one(chance, &[2, 4]));
    let votes_of_all = once_in(chance, 4).then(|| votes.draw(chance));
    let mut candidates: Vec<Candidate> = (0..chance.below(PERSONS_MAX + 1))
        .map(|_| {
            let is_independent = named.is_empty() || once_in(chance, independent_in);
            Candidate {
                list: (!is_independent).then(|| one(chance, &named)),
                votes: votes_of_all.unwrap_or_else(|| votes.draw(chance)),
                veteran: once_in(chance, veteran_in),
                degree_rank: (!once_in(chance, degree_unknown_in))
                    .then(|| u32::try_from(chance.below(3)).unwrap()),
                position: None,
            }
        })
        .collect();
    positions(chance, &mut candidates);
    candidates
}

/// Places on the lists, in no order of input; sometimes one is missing or repeated.
fn positions(chance: &mut Shuffle, candidates: &mut [Candidate]) {
    let mut places: Vec<u32> = (1..).take(candidates.len()).collect();
    chance.shuffle(&mut places);
    for (candidate, place) in candidates.iter_mut().zip(places) {
        candidate.position = candidate.list.map(|_| place);
    }
    if let Some(last) = candidates.len().checked_sub(1)
        && once_in(chance, 12)
    {
        let first = candidates[0].position;
        candidates[last].position = if once_in(chance, 2) { first } else { None };
    }
}

/// The votes of every group, whichever way independents are grouped: enough to find borders.
fn votes_of_groups(race: &Race) -> Vec<u64> {
    let lists = race.lists.iter().map(|list| list.votes);
    let independents = race.candidates.iter().filter(|candidate| candidate.list.is_none());
    lists.chain(independents.map(|candidate| candidate.votes)).collect()
}

/// Gives the first list as many votes as all others together, or one more.
fn half_of_all(chance: &mut Shuffle, race: &mut Race) {
    let others = votes_of_groups(race).split_first().map_or(0, |(_, others)| sum(others));
    if let Some(list) = race.lists.first_mut() {
        list.votes = list.votes.max(others.saturating_add(small(chance, 2)));
    }
}

fn sum(votes: &[u64]) -> u64 {
    votes.iter().fold(0, |sum, votes| sum.saturating_add(*votes))
}

fn ballots(chance: &mut Shuffle, method: Method, race: &mut Race) {
    let groups = votes_of_groups(race);
    let most = race.candidates.iter().map(|candidate| candidate.votes).max().unwrap_or(0);
    let somebody = race.candidates.iter().map(|candidate| candidate.votes).collect::<Vec<_>>();
    let mut valid = match chance.below(6) {
        0 => most,
        1 => most.saturating_add(small(chance, 4)),
        2 if !somebody.is_empty() => one(chance, &somebody).saturating_mul(small(chance, 6)),
        3 => sum(&groups),
        // Shares of ballots are then about the number of seats.
        _ => (sum(&groups) / u64::from(race.seats)).saturating_add(small(chance, 2)),
    };
    let each_once = method.is_plurality() || method == Method::Article24;
    if each_once && !once_in(chance, 60) {
        valid = valid.max(most);
    }
    let taken = valid.saturating_add(if once_in(chance, 2) { 0 } else { small(chance, 9) });
    race.valid_ballots = (!once_in(chance, 6)).then_some(valid);
    race.taken_ballots = (!once_in(chance, 6)).then_some(taken);
}

/// Values of each option that the method has; how many are said differs by election.
fn options(chance: &mut Shuffle, method: Method, race: &Race) -> Vec<(OptionName, String)> {
    let said_of_six = one(chance, &[0, 1, 3, 5]);
    let mut options = Vec::new();
    for name in method.options() {
        if chance.below(6) < said_of_six {
            options.push((name, value(chance, name, race)));
        }
    }
    if once_in(chance, 2) {
        borders(chance, race, &mut options);
    }
    if once_in(chance, 100) {
        out_of_bounds(chance, &mut options);
    }
    options
}

fn value(chance: &mut Shuffle, name: OptionName, race: &Race) -> String {
    let fixed = |value: &&&str| !value.starts_with('<');
    let values: Vec<&str> = name.values().iter().filter(fixed).copied().collect();
    let is_choice = values.len() == name.values().len();
    // A form in angle brackets stands for numbers, which are the more interesting ones.
    if is_choice || once_in(chance, values.len() + 3) {
        return one(chance, &values).to_owned();
    }
    match name {
        OptionName::Threshold | OptionName::FirstRoundPercent => {
            let percents = ["1", "5", "10", "12.5", "20", "25", "33.3", "50", "0.001", "100"];
            one(chance, &percents).to_owned()
        }
        OptionName::FirstDivisor => {
            one(chance, &["1", "1.2", "1.40", "1.5", "2", "2.5", "2.999999"]).to_owned()
        }
        OptionName::ThresholdBase => {
            let groups = votes_of_groups(race);
            let base = match groups.len() {
                0 => 1,
                _ => one(chance, &groups).saturating_mul(one(chance, &[1, 2, 4, 10, 20])),
            };
            base.max(1).to_string()
        }
        OptionName::MaxSeats => chance.below(8).to_string(),
        OptionName::MinGroups => chance.below(8).to_string(),
        OptionName::MinList => chance.below(8).to_string(),
        OptionName::InitialSeats | OptionName::MinSeats => {
            let limit = one(chance, &[1, 2, 2, 4]);
            chance.below(limit).to_string()
        }
        other => panic!("no kind of number is known here for option {}", other.name()),
    }
}

/// Moves a threshold or a bar to exactly the votes of somebody.
fn borders(chance: &mut Shuffle, race: &Race, options: &mut [(OptionName, String)]) {
    let groups = votes_of_groups(race);
    let base = match said(options, OptionName::ThresholdBase).unwrap_or("votes") {
        "votes" => Some(sum(&groups)),
        "valid" => race.valid_ballots,
        "taken" => race.taken_ballots,
        number => number.parse().ok(),
    };
    let prorated = said(options, OptionName::ShortLists) == Some("prorated") && once_in(chance, 2);
    // The base of a group with c names: base x c / seats.
    let (names, seats) = if prorated {
        (1 + small(chance, race.seats as usize), u64::from(race.seats))
    } else {
        (1, 1)
    };
    for (name, value) in options.iter_mut() {
        let (votes, base) = match name {
            OptionName::Threshold if !groups.is_empty() => (one(chance, &groups), base),
            OptionName::FirstRoundPercent if !race.candidates.is_empty() => {
                let place = chance.below(race.candidates.len());
                (race.candidates[place].votes, race.valid_ballots)
            }
            _ => continue,
        };
        let parts = u128::from(votes) * 100 * u128::from(seats);
        let whole = u128::from(base.unwrap_or(0)) * u128::from(names);
        if let Some(percent) = exact_percent(parts, whole) {
            *value = percent;
        }
    }
}

/// The quotient as decimal text, if it has at most nine decimals and is 100 or less.
fn exact_percent(parts: u128, whole: u128) -> Option<String> {
    if whole == 0 || parts > 100 * whole {
        return None;
    }
    let (units, mut rest) = (parts / whole, parts % whole);
    let mut text = units.to_string();
    for place in 0..9 {
        if rest == 0 {
            break;
        }
        if place == 0 {
            text.push('.');
        }
        rest *= 10;
        text.push_str(&(rest / whole).to_string());
        rest %= whole;
    }
    (rest == 0).then_some(text)
}

fn out_of_bounds(chance: &mut Shuffle, options: &mut [(OptionName, String)]) {
    for (name, value) in options {
        let wrong: &[&str] = match name {
            OptionName::Threshold => &["100.001", "-1", "5%", ""],
            OptionName::FirstDivisor => &["0.999", "3", "1,4"],
            OptionName::InitialSeats | OptionName::MinSeats => &["-1", "1.5", "many"],
            OptionName::TieSeats => &["coin"],
            _ => continue,
        };
        *value = one(chance, wrong).to_owned();
    }
}
