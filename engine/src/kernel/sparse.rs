//! Rows, the first encoding: validates and counts the clean ballots group by group.
//!
//! In: option indices with a stride, the district's shape, counters of one worker. Out: every
//! index counted once, or the first ballot that no voter of this district can have cast. Never: an
//! index counted outside the district's options. Plain code: only old evidence comes this way.

use rkyv::rend::u16_le;
use shomar_format::DistrictShape;
use shomar_format::payload::SparseView;
use shomar_format::payload::sparse::Group;

use super::Invalid;

/// Counts all groups. `counts` has one counter per option of the district.
pub(super) fn count(
    view: &SparseView<'_>,
    shape: DistrictShape,
    counts: &mut [u32],
) -> Result<(), Invalid> {
    for group in view.groups() {
        count_group(group, shape, counts).map_err(|invalid| Invalid {
            what: "clean ballot",
            found: format!("ballot {} of those with {} choices", invalid.ballot, group.stride),
            expected: "one list, or different candidates of the district, no more than its seats"
                .to_owned(),
        })?;
    }
    Ok(())
}

/// A clean ballot that breaks its district's rules, by its number in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InvalidBallot {
    ballot: usize,
}

/// Counts a group. `counts` has one counter per option of the district.
///
/// A ballot of one choice may name any option. Longer ones name candidates only, each once, in
/// ascending order, no more than the seats: so canonicalising leaves them.
fn count_group(
    group: Group<'_>,
    shape: DistrictShape,
    counts: &mut [u32],
) -> Result<(), InvalidBallot> {
    assert_eq!(counts.len(), shape.option_count as usize, "one counter per option");
    if group.stride > 1 && group.stride > shape.seats as usize {
        return Err(InvalidBallot { ballot: 0 });
    }
    let least = if group.stride > 1 { shape.list_count } else { 0 };
    for (ballot, choices) in group.choices.chunks_exact(group.stride).enumerate() {
        if !is_valid(choices, least, counts.len()) {
            return Err(InvalidBallot { ballot });
        }
        for choice in choices {
            // No more than the ballots of a bank, which spills before 2^32 (counters.rs).
            counts[usize::from(choice.to_native())] += 1;
        }
    }
    Ok(())
}

fn is_valid(choices: &[u16_le], least: u32, option_count: usize) -> bool {
    choices.is_sorted_by(|a, b| a.to_native() < b.to_native())
        && choices.first().is_some_and(|first| u32::from(first.to_native()) >= least)
        && choices.last().is_some_and(|last| usize::from(last.to_native()) < option_count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: DistrictShape = DistrictShape { option_count: 6, list_count: 2, seats: 3 };

    fn count(stride: usize, choices: &[u16]) -> Result<Vec<u32>, InvalidBallot> {
        let choices: Vec<u16_le> =
            choices.iter().map(|&choice| u16_le::from_native(choice)).collect();
        let mut counts = vec![0; 6];
        count_group(Group { stride, choices: &choices }, SHAPE, &mut counts).map(|()| counts)
    }

    #[test]
    fn every_choice_is_counted_once() {
        assert_eq!(count(1, &[0, 0, 1, 5]), Ok(vec![2, 1, 0, 0, 0, 1]));
        assert_eq!(count(2, &[2, 3, 2, 5]), Ok(vec![0, 0, 2, 1, 0, 1]));
        assert_eq!(count(3, &[]), Ok(vec![0; 6]));
    }

    #[test]
    fn ballots_that_no_canonicaliser_leaves_are_refused_by_number() {
        let invalid = |ballot| Err(InvalidBallot { ballot });
        assert_eq!(count(1, &[0, 6]), invalid(1), "no such option");
        assert_eq!(count(2, &[2, 3, 3, 3]), invalid(1), "repeated");
        assert_eq!(count(2, &[3, 2]), invalid(0), "not ascending");
        assert_eq!(count(2, &[2, 3, 1, 3]), invalid(1), "a list among names");
        assert_eq!(count(4, &[2, 3, 4, 5]), invalid(0), "more names than seats");
    }
}
