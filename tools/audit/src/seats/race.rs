//! What goes in and what comes out: races, groups and persons, outcomes and ties.
//!
//! In: the caller's numbers. Out: the same, found free of contradiction by [`Race::check`]. Nothing
//! is computed here.

/// The most seats that the rules know.
const SEATS_MAX: u32 = 10_000;

/// A race: whoever no longer stands has been left out by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Race {
    /// Seats to fill, 1 to 10,000.
    pub seats: u32,
    /// Alternates, where the method does not compute their number.
    pub alternates: u32,
    /// The lists, in an order that decides nothing.
    pub lists: Vec<List>,
    /// The candidates, in an order that decides nothing.
    pub candidates: Vec<Candidate>,
    /// Valid ballots, where known.
    pub valid_ballots: Option<u64>,
    /// Ballots taken, where known.
    pub taken_ballots: Option<u64>,
}

/// A list and its total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The total, which need not be the sum of its members.
    pub votes: u64,
    /// Who can take its seats.
    pub names: Names,
}

/// Who can take the seats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They are among the candidates.
    Named,
    /// So many, not named.
    Counted(u32),
    /// No limit.
    Unlimited,
}

/// A person who stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Index of the list; `None` is an independent.
    pub list: Option<usize>,
    /// All votes of the person.
    pub votes: u64,
    /// Goes first among equals under `tie_persons = old_order`.
    pub veteran: bool,
    /// Rank of the degree where known; higher is better.
    pub degree_rank: Option<u32>,
    /// Position on the list where known; 1 is first.
    pub position: Option<u32>,
}

/// Whoever can win or lose a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A list, by index.
    List(usize),
    /// An independent who is a group alone, by index of the candidate.
    Independent(usize),
    /// All independents together.
    Pool,
    /// All lists together (`two_stage`).
    AllLists,
    /// A person, by index.
    Candidate(usize),
}

/// What a tie is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TieKind {
    /// Seats of groups.
    Seat,
    /// Which person is elected.
    Person,
    /// The number of alternates of a group, or their order.
    Alternate,
    /// Who is in the runoff.
    Runoff,
}

/// A tie that needs a lot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// What it is about.
    pub kind: TieKind,
    /// How many of the tied win.
    pub places: u32,
    /// Who is tied, sorted.
    pub between: Vec<Party>,
}

/// The outcome of a race.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Seats of every group: lists in order, then independents (each, or the pool if there is an
    /// independent).
    pub groups: Vec<(Party, u32)>,
    /// Seats that nobody takes; those that a runoff will fill are not among them.
    pub vacant: u32,
    /// Who is elected, by index of the candidate, sorted.
    pub elected: Vec<usize>,
    /// In order; under `article-24` group by group (lists in order, then the pool).
    pub alternates: Vec<usize>,
    /// Who is in the runoff of `two-round`, by index of the candidate, sorted.
    pub runoff: Vec<usize>,
    /// Every tie that needed a lot, in the order in which they came up.
    pub ties: Vec<Tie>,
    /// Nobody has a vote: the outcome is `no-votes` and every seat is vacant.
    pub no_votes: bool,
}

impl Race {
    /// Refuses what contradicts itself, so that later steps may rely on it.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.seats == 0 || self.seats > SEATS_MAX {
            return Err(format!("{} seats, expected 1 to {SEATS_MAX}", self.seats));
        }
        for (index, candidate) in self.candidates.iter().enumerate() {
            let Some(list) = candidate.list else { continue };
            match self.lists.get(list).map(|list| list.names) {
                Some(Names::Named) => {}
                Some(_) => {
                    return Err(format!(
                        "candidate {index} is on list {list}, of which nobody is named: \
                         expected names among the candidates"
                    ));
                }
                None => {
                    return Err(format!(
                        "candidate {index} is on list {list}, expected one of {} lists",
                        self.lists.len()
                    ));
                }
            }
        }
        Ok(())
    }

    /// The people of a list, or the independents, whether eligible or not.
    pub(crate) fn people_of(&self, list: Option<usize>) -> Vec<usize> {
        (0..self.candidates.len()).filter(|&index| self.candidates[index].list == list).collect()
    }
}
