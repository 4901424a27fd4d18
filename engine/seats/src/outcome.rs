//! What a count of seats ends in.
//!
//! Everything is by position of the caller's slices. Nothing here is guessed: while a lot is
//! open, only what no lot can change is listed.

use std::collections::BTreeSet;

use crate::{Members, OptionName, PendingLot, Race, Rule, Step};

/// Whether the outcome stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// All is decided (the caller may still call it provisional).
    Final,
    /// [`Outcome::lots`] says which lots are needed.
    LotRequired,
    /// The first round leaves seats to a second one: [`Outcome::runoff`].
    RunoffRequired,
    /// Nobody has a vote: nobody is elected.
    NoVotes,
}

impl Status {
    /// `final`, `lot-required`, `runoff-required` or `no-votes`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Final => "final",
            Status::LotRequired => "lot-required",
            Status::RunoffRequired => "runoff-required",
            Status::NoVotes => "no-votes",
        }
    }
}

/// Who collects votes for seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupKey {
    /// The list at this position of [`Race::lists`].
    List(u32),
    /// An independent who is a group of his own, at this position of [`Race::candidates`].
    Independent(u32),
    /// All independents together (article 24; in plurality methods only a heading).
    Independents,
    /// All lists together (article 24 in two stages); never a group of an outcome.
    AllLists,
}

/// Who can be tied: a group (for a seat) or a candidate (for election, for the order).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A group.
    Group(GroupKey),
    /// The candidate at this position of [`Race::candidates`].
    Candidate(u32),
}

/// The result of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which one.
    pub key: GroupKey,
    /// Its votes.
    pub votes: u64,
    /// Seats that are certain.
    pub seats: u32,
    /// Vacant seats that are its own: those it won and has no names for, and those nobody can
    /// take if it is the only group in play. Seats that several groups could not take are in
    /// [`Outcome::vacant`] only.
    pub vacant: u32,
    /// Persons elected for certain, in the order in which they get its seats.
    pub elected: Vec<u32>,
    /// Its alternates, in order; ends before the first place that waits for a lot.
    pub alternates: Vec<u32>,
    /// Places of alternates after those that wait for a lot.
    pub alternates_undecided: u32,
}

/// Alternates who follow one another: of a group, or of the district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlternateOrder<'a> {
    /// Whose, where groups have their own.
    pub group: Option<GroupKey>,
    /// Those who are certain, from the first.
    pub named: &'a [u32],
    /// Places after those that wait for a lot.
    pub undecided: u32,
}

/// A second round that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runoff {
    /// Seats that are open.
    pub seats: u32,
    /// Who is in it for certain: most votes first, equals in the caller's order.
    pub between: Vec<u32>,
}

/// Seats, persons, and how they came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it stands.
    pub status: Status,
    /// Seats of the district.
    pub seats: u32,
    /// Lists in the caller's order, then independents (each, or all together).
    pub groups: Vec<Group>,
    /// Candidates elected for certain: most votes first, equals in the caller's order.
    pub elected: Vec<u32>,
    /// Alternates in order; by group in the order of `groups` where groups have their own. The
    /// list of each ends before the first place that waits for a lot.
    pub alternates: Vec<u32>,
    /// Places of alternates that wait for a lot; where a lot decides how many a group has, those
    /// are not among them.
    pub alternates_undecided: u32,
    /// Lots that are needed now; settling one may bring up another.
    pub lots: Vec<PendingLot>,
    /// The second round that is needed, if one is.
    pub runoff: Option<Runoff>,
    /// Seats that nobody can take.
    pub vacant: u32,
    /// Seats that wait for a lot between groups, or between persons where no group owns them.
    pub undecided: u32,
    /// How it came about.
    pub steps: Vec<Step>,
}

impl Outcome {
    /// The options on which the outcome rests: with other values of all others it is the same.
    pub fn readings(&self) -> BTreeSet<OptionName> {
        self.steps.iter().flat_map(|step| step.readings.iter().copied()).collect()
    }

    /// Alternates as they follow one another: each group has an order of its own, or the district
    /// has one. Orders without a place are left out.
    pub fn alternate_orders(&self) -> Vec<AlternateOrder<'_>> {
        let groups = self.groups.iter().map(|group| AlternateOrder {
            group: Some(group.key),
            named: &group.alternates,
            undecided: group.alternates_undecided,
        });
        let has_place = |order: &AlternateOrder<'_>| !order.named.is_empty() || order.undecided > 0;
        let orders: Vec<AlternateOrder<'_>> = groups.filter(has_place).collect();
        if !orders.is_empty() {
            return orders;
        }
        let (named, undecided) = (&self.alternates[..], self.alternates_undecided);
        let one = AlternateOrder { group: None, named, undecided };
        std::iter::once(one).filter(has_place).collect()
    }

    /// The step that gave a group each of its seats, in the order in which its persons take them.
    pub fn seat_steps(&self, group: GroupKey) -> Vec<usize> {
        let mut given: Vec<usize> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            match step.fact.seats_moved() {
                Some((key, seats)) if key == group => {
                    let length = i64::try_from(given.len()).unwrap_or(i64::MAX) + seats;
                    let length = usize::try_from(length).unwrap_or(0);
                    given.resize(length, index);
                }
                _ => {}
            }
        }
        given
    }

    /// Panics if a seat was lost or made up: a fault of this program, never of its input.
    pub(crate) fn assert_conserved(&self, race: &Race<'_>, rule: &Rule) {
        let group_seats: u64 = self.groups.iter().map(|group| u64::from(group.seats)).sum();
        let runoff = self.runoff.as_ref().map_or(0, |runoff| u64::from(runoff.seats));
        assert_eq!(
            group_seats + u64::from(self.vacant) + u64::from(self.undecided) + runoff,
            u64::from(race.seats),
            "seats of groups + vacant + undecided + runoff = seats of the district"
        );
        let open = self.lots.iter().filter(|lot| lot.kind == crate::LotKind::Person);
        let open: u64 = open.map(|lot| u64::from(lot.places)).sum();
        let waiting = if rule.method().is_plurality() {
            0 // those places are in `undecided`, no group owns them
        } else {
            // A group that is tied for a further seat may leave the persons of its certain seats
            // open too, so persons are only bounded while a seat is undecided.
            open
        };
        let named: u64 = self
            .groups
            .iter()
            .filter(|group| match group.key {
                GroupKey::List(list) => race.lists[list as usize].members == Members::Named,
                GroupKey::Independent(_) | GroupKey::Independents => true,
                GroupKey::AllLists => unreachable!("never a group of an outcome"),
            })
            .map(|group| u64::from(group.seats))
            .sum();
        let persons = self.elected.len() as u64 + waiting;
        if self.undecided == 0 || rule.method().is_plurality() {
            assert_eq!(persons, named, "persons elected or waiting = seats of named groups");
        } else {
            assert!(persons <= named, "no more persons than seats");
        }
        let vacant: u64 = self.groups.iter().map(|group| u64::from(group.vacant)).sum();
        assert!(vacant <= u64::from(self.vacant), "vacant seats of groups are vacant seats");
        assert_eq!(self.status == Status::LotRequired, !self.lots.is_empty(), "status and lots");
    }
}
