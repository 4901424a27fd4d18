//! The votes of one district, by position.
//!
//! What comes in: lists and candidates as slices, in the caller's order. What goes out: the same,
//! checked against the bounds that every rule relies on. It never sees a name or a code.

use crate::rule::Family;
use crate::{
    Denominator, Method, PersonOrder, Round, Rule, SEATS_MAX, SeatLimit, SeatsError, ThresholdBase,
};

/// Votes of one district.
#[derive(Debug, Clone, Copy, Default)]
pub struct Race<'a> {
    /// Seats to fill, 1 to [`SEATS_MAX`].
    pub seats: u32,
    /// Alternates to name after the seats; ignored by methods that set their own number
    /// (`article-24`) and by list methods that have none.
    pub alternates: u32,
    /// The lists, in the caller's order.
    pub lists: &'a [List],
    /// The candidates, in the caller's order; those who no longer stand are left out by the caller.
    pub candidates: &'a [Candidate],
    /// Valid ballots, where known.
    pub valid_ballots: Option<u64>,
    /// Ballots taken, valid and void, where known.
    pub taken_ballots: Option<u64>,
}

/// One list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Total of the list, in votes. Plurality methods, where lists collect nothing, ignore it
    /// and report the sum of the members.
    pub votes: u64,
    /// Whether its candidates are known.
    pub members: Members,
}

/// Whether the candidates of a list are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// They are in [`Race::candidates`]; the list can take no more seats than it has names,
    /// and none at all if it has no name left.
    Named,
    /// So many names, which are not told.
    Counted(u32),
    /// Nobody is named: the list can take any number of seats.
    Unnamed,
}

/// One candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Candidate {
    /// Position of the list in [`Race::lists`]; `None`: independent.
    pub list: Option<u32>,
    /// Votes of the person: direct ones and those through the list, already added.
    pub votes: u64,
    /// Veteran (isargar); matters to the old order of ties only.
    pub veteran: bool,
    /// Rank of the degree, higher is better; `None`: not known.
    pub degree_rank: Option<u32>,
    /// Place on the list, from 1; matters to rules that follow its order.
    pub position: Option<u32>,
}

impl Race<'_> {
    /// Refuses what the rules could not compute exactly.
    pub(crate) fn check(&self, rule: &Rule) -> Result<(), SeatsError> {
        if self.seats == 0 || self.seats > SEATS_MAX {
            return Err(SeatsError::SeatsOutOfRange { found: self.seats, limit: SEATS_MAX });
        }
        if self.alternates > SEATS_MAX {
            return Err(SeatsError::AlternatesOutOfRange {
                found: self.alternates,
                limit: SEATS_MAX,
            });
        }
        // Groups are lists, independents and a pool: all their positions must fit `u32`.
        let positions = self.lists.len().saturating_add(self.candidates.len()).saturating_add(1);
        if u32::try_from(positions).is_err() {
            return Err(SeatsError::TooMany { found: positions, limit: u32::MAX });
        }
        let members = self.member_votes()?;
        self.check_totals(rule, &members)?;
        self.check_ballots(rule)?;
        self.check_positions(rule)
    }

    /// Sum of the votes of the members of every list.
    fn member_votes(&self) -> Result<Vec<u64>, SeatsError> {
        let mut members = vec![0u64; self.lists.len()];
        for (index, candidate) in self.candidates.iter().enumerate() {
            let Some(list) = candidate.list else { continue };
            let Some(sum) = members.get_mut(list as usize) else {
                return Err(SeatsError::ListOutOfRange {
                    candidate: position(index),
                    list,
                    lists: self.lists.len(),
                });
            };
            if self.lists[list as usize].members != Members::Named {
                return Err(SeatsError::UnnamedListHasCandidate {
                    candidate: position(index),
                    list,
                });
            }
            *sum = sum.checked_add(candidate.votes).ok_or(SeatsError::TooManyVotes)?;
        }
        Ok(members)
    }

    fn check_totals(&self, rule: &Rule, members: &[u64]) -> Result<(), SeatsError> {
        let mut total = 0u64;
        for (index, list) in self.lists.iter().enumerate() {
            let counted = match rule.method().family() {
                Family::Plurality | Family::TwoRound => {
                    if list.members != Members::Named && list.votes > 0 {
                        return Err(SeatsError::PersonsNeeded {
                            method: rule.name(),
                            list: position(index),
                            votes: list.votes,
                        });
                    }
                    members[index]
                }
                Family::Article24 if list.votes < members[index] => {
                    return Err(SeatsError::ListTotalTooSmall {
                        list: position(index),
                        total: list.votes,
                        members: members[index],
                    });
                }
                Family::Article24 | Family::Divisor(_) | Family::Quota(_) => list.votes,
            };
            total = total.checked_add(counted).ok_or(SeatsError::TooManyVotes)?;
        }
        for candidate in self.candidates.iter().filter(|candidate| candidate.list.is_none()) {
            total = total.checked_add(candidate.votes).ok_or(SeatsError::TooManyVotes)?;
        }
        Ok(())
    }

    /// Ballots must be known where the rule needs them. Where a voter may name a person once at
    /// most, nobody has more votes than ballots; methods for lists are also used with several
    /// votes for one person, so nothing follows for them.
    fn check_ballots(&self, rule: &Rule) -> Result<(), SeatsError> {
        let options = rule.options();
        let has_threshold = !options.threshold.is_zero() && !rule.method().is_plurality();
        let needs_valid = match rule.method() {
            Method::Article24 => options.denominator == Denominator::ValidBallots,
            Method::TwoRound => options.round == Round::First,
            _ => false,
        } || has_threshold && options.threshold_base == ThresholdBase::Valid;
        if needs_valid && self.valid_ballots.is_none() {
            return Err(SeatsError::BallotsNeeded { rule: rule.name(), which: "valid ballots" });
        }
        let needs_taken = has_threshold && options.threshold_base == ThresholdBase::Taken;
        if needs_taken && self.taken_ballots.is_none() {
            return Err(SeatsError::BallotsNeeded { rule: rule.name(), which: "ballots taken" });
        }
        let is_once_each = rule.method().is_plurality() || rule.method() == Method::Article24;
        let Some(ballots) = self.valid_ballots.filter(|_| is_once_each) else {
            return Ok(());
        };
        match self.candidates.iter().position(|candidate| candidate.votes > ballots) {
            Some(index) => Err(SeatsError::MoreVotesThanBallots {
                candidate: position(index),
                votes: self.candidates[index].votes,
                ballots,
            }),
            None => Ok(()),
        }
    }

    /// Where the order of a list decides, it must be known, and be an order.
    fn check_positions(&self, rule: &Rule) -> Result<(), SeatsError> {
        let is_for_lists = matches!(rule.method().family(), Family::Divisor(_) | Family::Quota(_));
        if !is_for_lists || rule.options().persons == PersonOrder::OwnVotes {
            return Ok(());
        }
        let mut places = Vec::new();
        for (index, candidate) in self.candidates.iter().enumerate() {
            let Some(list) = candidate.list else { continue };
            let candidate_at = position(index);
            let Some(place) = candidate.position else {
                return Err(SeatsError::PositionNeeded { candidate: candidate_at });
            };
            places.push((list, place, candidate_at));
        }
        places.sort_unstable();
        match places.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
            Some(pair) => {
                Err(SeatsError::PositionRepeated { candidate: pair[1].2, position: pair[1].1 })
            }
            None => Ok(()),
        }
    }

    /// Most seats of one group under the limit of the rule.
    pub(crate) fn seats_max(rule: &Rule) -> u32 {
        match rule.options().max_seats {
            SeatLimit::None => u32::MAX,
            SeatLimit::Seats(seats) => seats,
        }
    }
}

/// A slice index as a position; [`Race::check`] has proved that it fits.
pub(crate) fn position(index: usize) -> u32 {
    u32::try_from(index).expect("positions fit u32: proved by Race::check")
}
