//! The generator's own reading of a ballot, by the default rules of docs/law.md, and its own count.
//!
//! In: ballots as entered. Out: ballots by kind, and votes per option, of one station and district.
//! Never: a call into the canonicaliser or the engine. That this is written a second time is its
//! purpose: it is what they are compared with.

use shomar_format::document::BallotCounts;
use shomar_format::{DistrictShape, OptionIndex, UNKNOWN_OPTION};

/// What a ballot was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Something was read.
    Valid,
    /// Something was entered, nothing was read.
    Void,
    /// Nothing was entered: void as well.
    Blank,
}

/// The count of one station's ballots for one district, and then of the next.
#[derive(Debug)]
pub(crate) struct Count {
    shape: DistrictShape,
    /// Ballots by kind.
    pub(crate) ballots: BallotCounts,
    /// Lists: ballots read as that list; candidates: votes by name.
    pub(crate) votes: Vec<u32>,
    /// For each option, of whatever district, the number of the ballot on which it was read last.
    read_on: Vec<u32>,
    /// Number of the ballot, from 1, of all stations together.
    ballot: u32,
}

impl Count {
    /// A count of nothing: a district has to [`Self::begin`] first.
    pub(crate) fn new() -> Self {
        Self {
            shape: DistrictShape { option_count: 0, list_count: 0, seats: 0 },
            ballots: BallotCounts::default(),
            votes: Vec::new(),
            read_on: Vec::new(),
            ballot: 0,
        }
    }

    /// Begins with the ballots of a district.
    pub(crate) fn begin(&mut self, shape: DistrictShape) {
        let options = shape.option_count as usize;
        self.shape = shape;
        self.ballots = BallotCounts::default();
        self.votes.clear();
        self.votes.resize(options, 0);
        self.read_on.resize(options.max(self.read_on.len()), 0);
    }

    /// Reads a ballot and counts what was read.
    pub(crate) fn read(&mut self, entered: &[OptionIndex]) {
        self.read_each(entered, |_| ());
    }

    /// As [`Count::read`], and gives `each` every choice that was read.
    pub(crate) fn read_each(
        &mut self,
        entered: &[OptionIndex],
        each: impl FnMut(OptionIndex),
    ) -> Kind {
        self.ballot += 1;
        self.ballots.taken += 1;
        if self.read_choices(entered, each) {
            self.ballots.valid += 1;
            return Kind::Valid;
        }
        // (5) nothing is left: void; empty from the start: blank as well.
        self.ballots.void += 1;
        if entered.is_empty() {
            self.ballots.blank += 1;
            return Kind::Blank;
        }
        Kind::Void
    }

    /// Whether anything was read.
    fn read_choices(&mut self, entered: &[OptionIndex], mut each: impl FnMut(OptionIndex)) -> bool {
        // (1) unknown codes are not read; (2) the first list code, if there is one, is read alone.
        let is_list = |&&choice: &&OptionIndex| u32::from(choice) < self.shape.list_count;
        if self.shape.list_count > 0
            && let Some(&list) = entered.iter().find(is_list)
        {
            self.votes[usize::from(list)] += 1;
            each(list);
            return true;
        }
        let mut read = 0;
        for &choice in entered {
            if choice == UNKNOWN_OPTION {
                continue;
            }
            // (3) a repeated code counts once.
            let read_on = &mut self.read_on[usize::from(choice)];
            if *read_on == self.ballot {
                continue;
            }
            // (4) names beyond the number of seats are not read.
            if read == self.shape.seats {
                break;
            }
            *read_on = self.ballot;
            read += 1;
            self.votes[usize::from(choice)] += 1;
            each(choice);
        }
        read > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: DistrictShape = DistrictShape { option_count: 8, list_count: 2, seats: 3 };
    const UNKNOWN: OptionIndex = UNKNOWN_OPTION;

    fn votes(entered: &[OptionIndex]) -> Vec<u32> {
        let mut count = Count::new();
        count.begin(SHAPE);
        count.read(entered);
        let read = count.votes.iter().any(|&votes| votes > 0);
        assert_eq!((count.ballots.taken, count.ballots.valid), (1, u64::from(read)));
        assert_eq!(count.ballots.blank, u64::from(entered.is_empty()));
        count.votes
    }

    #[test]
    fn every_reading_rule() {
        assert_eq!(votes(&[5, 2]), [0, 0, 1, 0, 0, 1, 0, 0], "names");
        assert_eq!(votes(&[5, 1, 0, 5]), [0, 1, 0, 0, 0, 0, 0, 0], "first list alone");
        assert_eq!(votes(&[UNKNOWN, 1]), [0, 1, 0, 0, 0, 0, 0, 0], "unknown, list");
        assert_eq!(votes(&[4, UNKNOWN, 4, 4]), [0, 0, 0, 0, 1, 0, 0, 0], "repeated");
        assert_eq!(votes(&[7, 6, 5, 4]), [0, 0, 0, 0, 0, 1, 1, 1], "beyond the seats");
        assert_eq!(
            votes(&[7, 7, UNKNOWN, 6, 5, 4]),
            [0, 0, 0, 0, 0, 1, 1, 1],
            "repeated and unknown ones take no seat away"
        );
        assert_eq!(votes(&[UNKNOWN, UNKNOWN]), [0; 8], "void");
        assert_eq!(votes(&[]), [0; 8], "blank");
    }

    #[test]
    fn a_count_that_begins_anew_knows_nothing_of_the_district_before() {
        let mut count = Count::new();
        for shape in [SHAPE, DistrictShape { option_count: 5, ..SHAPE }, SHAPE] {
            count.begin(shape);
            count.read(&[4, 3]);
            assert_eq!((count.ballots.taken, count.ballots.valid), (1, 1));
            assert_eq!(count.votes.len(), shape.option_count as usize);
            assert_eq!(count.votes[..5], [0, 0, 0, 1, 1]);
        }
    }
}
