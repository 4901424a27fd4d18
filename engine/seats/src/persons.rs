//! Who is elected among persons, and who are the alternates.
//!
//! What comes in: the eligible persons of one group in their order, how many seats and alternates.
//! What goes out: persons who are certain. A lot is asked for only where the set of those elected,
//! or the order of the alternates, depends on it; after an open lot nothing further down is listed,
//! since it depends on that lot.

use std::cmp::Reverse;

use crate::citations::Article;
use crate::contenders::Contender;
use crate::count::Count;
use crate::race::position;
use crate::{
    Fact, GroupKey, LotKind, OptionName, Party, PersonOrder, Race, SeatsError, TiePersons,
};

/// What is wanted of one group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) group: Option<GroupKey>,
    pub(crate) seats: u32,
    pub(crate) alternates: u32,
    /// The group waits for a lot about a further seat: only those elected either way, no lots.
    pub(crate) is_open: bool,
    /// The order of the list decides, so that nobody is equal to anybody.
    pub(crate) is_ordered: bool,
    pub(crate) article: Article,
}

/// Persons of one group.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) elected: Vec<u32>,
    pub(crate) alternates: Vec<u32>,
    /// Places of alternates after those that wait for a lot.
    pub(crate) alternates_undecided: u32,
    /// Places that wait for a lot.
    pub(crate) undecided: u32,
    /// Seats beyond the last eligible person.
    pub(crate) unfilled: u32,
}

/// The persons of a list in the order that the rule gives them, if it is not that of votes.
pub(crate) fn in_list_order(
    count: &mut Count<'_>,
    entry: &Contender,
    by_votes: &[u32],
) -> Option<Vec<u32>> {
    let race = count.race;
    let place = |person: &u32| race.candidates[*person as usize].position;
    let mut order = by_votes.to_vec();
    match count.options().persons {
        PersonOrder::OwnVotes => return None,
        PersonOrder::ListOrder => order.sort_unstable_by_key(place),
        PersonOrder::Czech => {
            let names = entry.names.expect("a list with persons has names");
            let votes = |person: &u32| race.candidates[*person as usize].votes;
            // The average is a whole number, cut off and not rounded (§ 45 (4)).
            let average = entry.votes / u64::from(names);
            let is_first =
                |person: &u32| u128::from(votes(person)) * 10 >= u128::from(average) * 11;
            order.sort_unstable_by_key(|person| {
                let is_first = is_first(person);
                let by_votes = if is_first { votes(person) } else { 0 };
                (Reverse(is_first), Reverse(by_votes), place(person))
            });
            let first = order.iter().copied().filter(is_first).collect();
            let (group, votes) = (entry.key, entry.votes);
            let article = count.cites.persons;
            count.step(article, Fact::CzechFirst { group, votes, names, first });
        }
    }
    Some(order)
}

/// Settles one group.
pub(crate) fn choose(
    count: &mut Count<'_>,
    ranked: &[u32],
    wanted: Wanted,
) -> Result<Chosen, SeatsError> {
    let race = count.race;
    let votes = |index: usize| race.candidates[ranked[index] as usize].votes;
    let is_equal = |left: usize, right: usize| !wanted.is_ordered && votes(left) == votes(right);
    let cut = ranked.len().min(wanted.seats as usize);
    let mut chosen = Chosen { unfilled: wanted.seats - position(cut), ..Chosen::default() };
    if cut > 0 {
        let next_votes = (cut < ranked.len()).then(|| votes(cut));
        let fact = Fact::Persons {
            group: wanted.group,
            seats: wanted.seats,
            elected: position(cut),
            last_votes: votes(cut - 1),
            next_votes,
        };
        count.step(wanted.article, fact);
    }
    let mut rest: Vec<u32> = ranked[cut..].to_vec();
    let alternates_most = wanted.alternates.min(position(rest.len()));
    if cut > 0 && cut < ranked.len() && is_equal(cut - 1, cut) {
        let start = (0..cut).find(|index| is_equal(*index, cut)).unwrap_or(cut);
        let end = (cut..ranked.len()).find(|index| !is_equal(*index, cut));
        let end = end.unwrap_or(ranked.len());
        chosen.elected.extend(&ranked[..start]);
        let places = position(cut - start);
        if wanted.is_open {
            return Ok(chosen);
        }
        let taken = take(count, LotKind::Person, places, &ranked[start..end])?;
        chosen.elected.extend(&taken.named);
        chosen.undecided = taken.places_left;
        if taken.places_left > 0 {
            // Whoever loses it is the next alternate, so all of them wait.
            chosen.alternates_undecided = alternates_most;
            return Ok(chosen);
        }
        let is_left = |who: &u32| !taken.named.contains(who);
        rest = ranked[start..].iter().copied().filter(is_left).collect();
    } else {
        chosen.elected.extend(&ranked[..cut]);
    }
    if !wanted.is_open {
        chosen.alternates = alternates(count, &rest, wanted)?;
        chosen.alternates_undecided = alternates_most - position(chosen.alternates.len());
    }
    Ok(chosen)
}

/// The next in order; equals next to each other need a lot for their order.
fn alternates(count: &mut Count<'_>, rest: &[u32], wanted: Wanted) -> Result<Vec<u32>, SeatsError> {
    let race = count.race;
    let mut named: Vec<u32> = Vec::new();
    let votes = |candidate: u32| race.candidates[candidate as usize].votes;
    let is_equal = |left: &u32, right: &u32| !wanted.is_ordered && votes(*left) == votes(*right);
    for equals in rest.chunk_by(is_equal) {
        let places = (wanted.alternates - position(named.len())).min(position(equals.len()));
        if places == 0 {
            break;
        }
        if equals.len() == 1 {
            named.push(equals[0]);
            continue;
        }
        let taken = take(count, LotKind::Alternate, places, equals)?;
        named.extend(&taken.named);
        if taken.places_left > 0 {
            break;
        }
    }
    if wanted.alternates > 0 {
        let fact = Fact::Alternates {
            group: wanted.group,
            wanted: wanted.alternates,
            named: position(named.len()),
        };
        count.step(count.cites.alternates, fact);
    }
    Ok(named)
}

/// Persons taken from among equals.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Those who are certain; for alternates and replacements in order.
    pub(crate) named: Vec<u32>,
    /// Places that wait for a lot.
    pub(crate) places_left: u32,
}

/// Takes some of those with equal votes: by veterans and degrees if that is the reading (A8), then
/// by lot. Where only the set matters, no lot is asked for the order inside it.
pub(crate) fn take(
    count: &mut Count<'_>,
    kind: LotKind,
    places: u32,
    equals: &[u32],
) -> Result<Taken, SeatsError> {
    let article = count.cites.tie_persons;
    let readings = &[OptionName::TiePersons];
    let is_ordered = kind == LotKind::Alternate;
    let classes = match count.options().tie_persons {
        TiePersons::LotRequired => vec![equals.to_vec()],
        TiePersons::OldOrder => {
            let order = old_order(count.race, equals);
            count.step_of(article, readings, Fact::OldOrder { order: order.clone() });
            order
        }
    };
    let mut taken = Taken { places_left: places, ..Taken::default() };
    for class in classes {
        if taken.places_left == 0 {
            break;
        }
        let size = position(class.len());
        if size == 1 || !is_ordered && size <= taken.places_left {
            taken.named.extend(&class);
            taken.places_left -= size;
            continue;
        }
        let places = taken.places_left.min(size);
        let mut between: Vec<Party> = class.iter().copied().map(Party::Candidate).collect();
        between.sort_unstable(); // the order drawn so far must not show
        let drawn = count.draw(kind, places, between, article, readings)?;
        taken.named.extend(candidates(&drawn.winners));
        taken.places_left -= position(drawn.winners.len());
        if drawn.places_left > 0 {
            break;
        }
    }
    Ok(taken)
}

/// Those with equal votes, veterans first, then by degree where the degree of all of them is known;
/// who is still equal stands together, in the caller's order (councils law art. 17 note, old).
fn old_order(race: &Race<'_>, equals: &[u32]) -> Vec<Vec<u32>> {
    let candidate = |person: &u32| race.candidates[*person as usize];
    let (veterans, others): (Vec<u32>, Vec<u32>) =
        equals.iter().partition(|person| candidate(person).veteran);
    let mut classes = Vec::new();
    for mut same in [veterans, others] {
        if same.iter().any(|person| candidate(person).degree_rank.is_none()) {
            classes.push(same);
            continue;
        }
        let rank = |person: &u32| Reverse(candidate(person).degree_rank);
        same.sort_by_key(rank); // stable: order decides nothing
        let equal_rank = |left: &u32, right: &u32| rank(left) == rank(right);
        classes.extend(same.chunk_by(equal_rank).map(<[u32]>::to_vec));
    }
    classes.retain(|class| !class.is_empty());
    classes
}

fn candidates(parties: &[Party]) -> Vec<u32> {
    parties
        .iter()
        .map(|party| match party {
            Party::Candidate(candidate) => *candidate,
            Party::Group(_) => unreachable!("a tie of persons is between persons"),
        })
        .collect()
}

/// Most votes first, equals in the caller's order: how those elected are listed.
pub(crate) fn sort_by_votes(race: &Race<'_>, persons: &mut [u32]) {
    let votes = |candidate: &u32| race.candidates[*candidate as usize].votes;
    persons.sort_unstable_by(|left, right| (votes(right), left).cmp(&(votes(left), right)));
}
