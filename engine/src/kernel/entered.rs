//! Ballots kept as entered: checked, read under the options in force, counted.
//!
//! In: the entered ballots of one batch, a district and its reading. Out: how many were read and
//! how many are void; what was read is in the counters. Never: a clean ballot taken for an entered
//! one, which would be a second spelling of the same batch.
//!
//! Three ways with one result. The plain one asks the reader (`reading.rs`) about one ballot after
//! another, and says what is wrong. The quick one looks at each choice once: a stamp per option
//! tells whether this ballot has named it already, and what is read is gathered without a branch
//! that depends on a choice. `avx512_entered.rs` looks at many choices at once. Each leaves to the
//! next plainer one what it does not know, and everything that should not be there.

use rkyv::rend::u16_le;
use shomar_format::payload::Entered;
use shomar_format::reading::{ListPlusNames, TwoLists};
use shomar_format::{BallotClass, DistrictShape, OptionIndex, UNKNOWN_OPTION};

#[cfg(target_arch = "x86_64")]
use super::avx512_entered;
use super::{Invalid, Kernel};
use crate::reading::{BallotReader, District, Read};

/// What reading the entered ballots of a batch gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnteredCount {
    /// Ballots of which something was read.
    pub(crate) read: u64,
    /// Ballots of which nothing was read.
    pub(crate) void: u64,
}

/// Buffers that are kept between batches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    ballot: Vec<OptionIndex>,
    /// What is read from the ballots of a batch.
    names: Vec<OptionIndex>,
    /// Per option, and one more for all that is none: the last ballot that named it.
    stamps: Vec<u32>,
    /// The stamp of the ballot that was read last, in all batches.
    stamp: u32,
}

#[cfg(test)]
impl Scratch {
    pub(super) fn with_stamp(stamp: u32) -> Self {
        Self { stamp, stamps: vec![1; 71], ..Self::default() }
    }
}

pub(super) fn count(
    kernel: Kernel,
    ballots: &Entered<'_>,
    district: District<'_>,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Result<EnteredCount, Invalid> {
    if ballots.lengths.is_empty() {
        return Ok(EnteredCount::default());
    }
    let count = match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => avx512_entered::count(ballots, &district, &mut scratch.names, counts),
        _ => None,
    };
    if let Some(count) = count.or_else(|| count_quickly(ballots, &district, scratch, counts)) {
        return Ok(count);
    }
    let mut reader = BallotReader::new(district);
    count_plainly(ballots, &mut reader, &mut scratch.ballot, counts)
}

/// Looks at each choice once. `None` if the plain way must decide; nothing was counted then.
fn count_quickly(
    ballots: &Entered<'_>,
    district: &District<'_>,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Option<EnteredCount> {
    let DistrictShape { option_count, list_count, seats } = district.shape;
    let first_list_alone = district.reading.list_plus_names == ListPlusNames::ListWins
        && district.reading.two_lists == TwoLists::FirstListOnly;
    let none = option_count as usize;
    let clean_length = seats.max(1) as usize;
    let mut stamp = begin_stamps(scratch, none + 1, ballots.lengths.len());
    let stamps = &mut scratch.stamps[..=none];
    let room = ballots.choices.len();
    if scratch.names.len() < room {
        scratch.names.resize(room, 0);
    }
    let names = &mut scratch.names[..room];
    let (mut gathered, mut void, mut wrong) = (0, 0, false);
    let (mut choices, mut before) = (ballots.choices, 0);
    for length in ballots.lengths {
        let length = usize::from(length.to_native());
        let (ballot, rest) = choices.split_at_checked(length)?;
        wrong |= length < before;
        (choices, before) = (rest, length);
        stamp += 1;
        // What is no option counts as named already.
        stamps[none] = stamp;
        let (start, mut different, mut any_list) = (gathered, 0, false);
        for choice in ballot {
            let choice = choice.to_native();
            let place = usize::from(choice).min(none);
            wrong |= (place == none) & (choice != UNKNOWN_OPTION);
            any_list |= u32::from(choice) < list_count;
            let is_new = stamps[place] != stamp;
            stamps[place] = stamp;
            different += usize::from(is_new);
            names[gathered] = choice;
            gathered += usize::from(is_new & (different <= district.name_limit));
        }
        wrong |= (different == length) & ((length <= clean_length) & !any_list);
        if any_list {
            let is_list = |choice: &&u16_le| u32::from(choice.to_native()) < list_count;
            names[start] = ballot.iter().find(is_list)?.to_native();
            gathered = start + 1;
            wrong |= !first_list_alone | (length == 1);
        }
        void += u64::from(gathered == start);
    }
    scratch.stamp = stamp;
    if wrong {
        return None;
    }
    for &name in &names[..gathered] {
        counts[usize::from(name)] += 1;
    }
    Some(EnteredCount { read: ballots.lengths.len() as u64 - void, void })
}

/// Makes room for stamps of so many options, of which none will be that of a ballot to come.
fn begin_stamps(scratch: &mut Scratch, options: usize, ballots: usize) -> u32 {
    let ballots = u32::try_from(ballots).expect("a batch has less than 2^32 ballots");
    if scratch.stamp.checked_add(ballots).is_none() {
        scratch.stamps.fill(0);
        scratch.stamp = 0;
    }
    if scratch.stamps.len() < options {
        scratch.stamps.resize(options, 0);
    }
    scratch.stamp
}

/// One ballot after another, by the reader.
fn count_plainly(
    ballots: &Entered<'_>,
    reader: &mut BallotReader<'_>,
    ballot_scratch: &mut Vec<OptionIndex>,
    counts: &mut [u32],
) -> Result<EnteredCount, Invalid> {
    if !ballots.lengths.is_sorted_by_key(|length| length.to_native()) {
        return Err(Invalid {
            what: "ballots as entered",
            found: "a ballot behind a longer one".to_owned(),
            expected: "canonical order".to_owned(),
        });
    }
    let shape = reader.district().shape;
    let mut count = EnteredCount::default();
    for ballot in ballots.ballots() {
        check(ballot, shape, ballot_scratch)?;
        match reader.read(ballot) {
            Read::Nothing => count.void += 1,
            Read::Votes { list } => {
                count.read += 1;
                for &option in list.iter().chain(reader.names()) {
                    counts[usize::from(option)] += 1;
                }
            }
        }
    }
    Ok(count)
}

fn check(
    ballot: &[u16_le],
    shape: DistrictShape,
    scratch: &mut Vec<OptionIndex>,
) -> Result<(), Invalid> {
    let foreign =
        |choice: OptionIndex| choice != UNKNOWN_OPTION && u32::from(choice) >= shape.option_count;
    if let Some(bad) = ballot.iter().find(|choice| foreign(choice.to_native())) {
        return Err(Invalid {
            what: "option",
            found: format!("option {bad} on a ballot as entered"),
            expected: format!("below {}", shape.option_count),
        });
    }
    scratch.clear();
    scratch.extend(ballot.iter().map(|choice| choice.to_native()));
    if shape.classify(scratch) != BallotClass::Entered {
        return Err(Invalid {
            what: "ballot",
            found: "a clean ballot among those as entered".to_owned(),
            expected: "every multiset of ballots stored in one way only".to_owned(),
        });
    }
    Ok(())
}
