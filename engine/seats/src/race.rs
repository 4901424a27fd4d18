//! The votes of one district, by position.
//!
//! What comes in: lists and candidates as slices, in the caller's order. What goes out: the same,
//! checked against the bounds that every rule relies on. It never sees a name or a code.

use crate::{Method, Rule, SEATS_MAX, SeatsError, rule::Family};

/// Votes of one district.
#[derive(Debug, Clone, Copy)]
pub struct Race<'a> {
    /// Seats to fill, 1 to [`SEATS_MAX`].
    pub seats: u32,
    /// Alternates to name after the seats; ignored by methods that set their own number
    /// (`article-24`) and by list methods that have none.
    pub alternates: u32,
    /// The lists, in the caller's order.
    pub lists: &'a [List],
    /// The candidates, in the caller's order; withdrawn ones are left out by the caller.
    pub candidates: &'a [Candidate],
    /// Valid ballots, where known.
    pub valid_ballots: Option<u64>,
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
    /// Nobody is named: the list can take any number of seats.
    Unnamed,
}

/// One candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Position of the list in [`Race::lists`]; `None`: independent.
    pub list: Option<u32>,
    /// Votes of the person: direct ones and those through the list, already added.
    pub votes: u64,
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
        self.check_ballots(rule)
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
            if self.lists[list as usize].members == Members::Unnamed {
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
                Family::Plurality => {
                    if list.members == Members::Unnamed && list.votes > 0 {
                        return Err(SeatsError::PersonsNeeded {
                            method: rule.method().name(),
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

    /// Where a voter may name a person once at most, nobody has more votes than ballots. Methods
    /// for lists are also used with several votes for one person, so nothing follows for them.
    fn check_ballots(&self, rule: &Rule) -> Result<(), SeatsError> {
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
}

/// A slice index as a position; [`Race::check`] has proved that it fits.
pub(crate) fn position(index: usize) -> u32 {
    u32::try_from(index).expect("positions fit u32: proved by Race::check")
}
