//! Who is elected among persons, and who are the alternates: most votes first.
//!
//! What comes in: the eligible persons of one group in order of votes, how many seats and
//! alternates. What goes out: persons who are certain. A lot is asked for only where the set of
//! those elected, or the order of the alternates, depends on it; after an open lot nothing
//! further down is listed, since it depends on that lot.

use crate::lots::Ledger;
use crate::race::position;
use crate::{Article, Fact, GroupKey, LotKind, Party, PendingLot, Race, SeatsError, Step};

/// What is wanted of one group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) group: Option<GroupKey>,
    pub(crate) seats: u32,
    pub(crate) alternates: u32,
    /// The group waits for a lot about a further seat: only those elected either way, no lots.
    pub(crate) is_open: bool,
    pub(crate) article: Article,
    pub(crate) article_alternates: Article,
}

/// Persons of one group.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) elected: Vec<u32>,
    pub(crate) alternates: Vec<u32>,
    /// Places that wait for a lot.
    pub(crate) undecided: u32,
    /// Seats beyond the last eligible person.
    pub(crate) unfilled: u32,
}

/// Settles one group.
pub(crate) fn choose(
    race: &Race<'_>,
    ranked: &[u32],
    wanted: Wanted,
    ledger: &mut Ledger<'_>,
    steps: &mut Vec<Step>,
) -> Result<Chosen, SeatsError> {
    let votes = |index: usize| race.candidates[ranked[index] as usize].votes;
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
        steps.push(Step { article: wanted.article, fact });
    }
    let mut rest: Vec<u32> = ranked[cut..].to_vec();
    if cut > 0 && cut < ranked.len() && votes(cut - 1) == votes(cut) {
        let start = (0..cut).find(|index| votes(*index) == votes(cut)).unwrap_or(cut);
        let end = (cut..ranked.len()).find(|index| votes(*index) != votes(cut));
        let end = end.unwrap_or(ranked.len());
        chosen.elected.extend(&ranked[..start]);
        if wanted.is_open {
            return Ok(chosen);
        }
        let places = position(cut - start);
        let tie = tie(LotKind::Person, places, &ranked[start..end]);
        let drawn = ledger.draw(tie, wanted.article, steps)?;
        let winners = candidates(&drawn.winners);
        chosen.elected.extend(&winners);
        chosen.undecided = drawn.places_left;
        if drawn.places_left > 0 {
            return Ok(chosen);
        }
        rest = ranked[start..].iter().copied().filter(|who| !winners.contains(who)).collect();
    } else {
        chosen.elected.extend(&ranked[..cut]);
    }
    if !wanted.is_open {
        chosen.alternates = alternates(race, &rest, wanted, ledger, steps)?;
    }
    Ok(chosen)
}

/// The next by votes; equals next to each other need a lot for their order.
fn alternates(
    race: &Race<'_>,
    rest: &[u32],
    wanted: Wanted,
    ledger: &mut Ledger<'_>,
    steps: &mut Vec<Step>,
) -> Result<Vec<u32>, SeatsError> {
    let article = wanted.article_alternates;
    let mut named: Vec<u32> = Vec::new();
    let votes = |candidate: u32| race.candidates[candidate as usize].votes;
    for equals in rest.chunk_by(|left, right| votes(*left) == votes(*right)) {
        let places = (wanted.alternates - position(named.len())).min(position(equals.len()));
        if places == 0 {
            break;
        }
        if equals.len() == 1 {
            named.push(equals[0]);
            continue;
        }
        let drawn = ledger.draw(tie(LotKind::Alternate, places, equals), article, steps)?;
        named.extend(candidates(&drawn.winners));
        if drawn.places_left > 0 {
            break;
        }
    }
    if wanted.alternates > 0 {
        let fact = Fact::Alternates {
            group: wanted.group,
            wanted: wanted.alternates,
            named: position(named.len()),
        };
        steps.push(Step { article, fact });
    }
    Ok(named)
}

fn tie(kind: LotKind, places: u32, between: &[u32]) -> PendingLot {
    let mut between: Vec<Party> = between.iter().copied().map(Party::Candidate).collect();
    between.sort_unstable(); // the order drawn so far must not show
    PendingLot { kind, places, next_place: 1, between }
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
