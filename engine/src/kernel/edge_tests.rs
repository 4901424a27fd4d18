//! The kernels at every edge, one damage at a time: what chance seldom hits.

use rkyv::rend::u16_le;
use shomar_format::payload::columnar::{self, ColumnarPayload, LAST};
use shomar_format::payload::{Entered, Payload};
use shomar_format::reading::{ListPlusNames, NameLimit, TwoLists};
use shomar_format::{DistrictShape, OptionIndex, Reading, UNKNOWN_OPTION};

use super::entered::EnteredCount;
use super::{Kernel, Scratch, entered};
use crate::reading::District;

/// Whether each kernel, and the reference, accept a payload of names alone.
fn accepted(payload: &ColumnarPayload, option_count: u32) -> bool {
    let shape = DistrictShape { option_count, list_count: 0, seats: option_count };
    let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(payload).unwrap();
    let view = columnar::access(&bytes).unwrap();
    let expected = view.visit_cells(option_count, |_| ()).is_ok();
    let mut scratch = Scratch::default();
    for &kernel in Kernel::available() {
        let mut counts = vec![0; option_count as usize];
        let counted = kernel.count_columns(&view, option_count, &mut scratch, &mut counts);
        assert_eq!(counted.is_some(), expected, "{}", kernel.name());
        if expected {
            let payload = Payload::Columnar(view);
            kernel.count_clean(&payload, shape, &mut scratch, &mut counts).unwrap();
        }
    }
    expected
}

/// Ballot numbers of one list.
fn list(numbers: std::ops::Range<u8>) -> Vec<u8> {
    let mut list: Vec<u8> = numbers.collect();
    *list.last_mut().unwrap() |= LAST;
    list
}

/// Lists of 16 for each of eight options.
fn lists() -> ColumnarPayload {
    let numbers = list(0..16).repeat(8);
    ColumnarPayload { cells: vec![0xff, 0], numbers, name_ballots: 16, ..Default::default() }
}

/// Maps of 17 ballots for each of eight options.
fn maps() -> ColumnarPayload {
    let maps = [0x1_ffff, 0].repeat(8);
    ColumnarPayload { cells: vec![0, 0xff], maps, name_ballots: 17, ..Default::default() }
}

#[test]
fn sound_lists_and_maps_are_accepted() {
    assert!(accepted(&lists(), 8));
    assert!(accepted(&maps(), 8));
}

#[test]
fn a_list_has_at_most_16_ballots_and_a_map_more() {
    let mut longer = lists();
    longer.name_ballots = 17;
    longer.numbers.splice(112.., list(0..17));
    assert!(!accepted(&longer, 8));
    longer.cells.extend([1, 0]);
    longer.numbers.extend(list(0..1));
    assert!(!accepted(&longer, 70), "another group behind it");
    for map in 0..8 {
        let mut fewer = maps();
        fewer.maps[map * 2] = 0x1_fffe;
        assert!(!accepted(&fewer, 8), "map {map}");
    }
}

#[test]
fn lists_ascend_at_every_place_and_end() {
    // Short lists in front, so that every place of a register is one inside a list.
    for (shift, at) in (0..4).flat_map(|shift| (0..127).map(move |at| (shift, at))) {
        let mut sound = lists();
        sound.numbers.splice(0..0, list(0..1).repeat(shift));
        sound.cells[0] = 0xfff >> (4 - shift);
        assert!(accepted(&sound, 12));
        let at = at + shift;
        if sound.numbers[at] & LAST == 0 && sound.numbers[at + 1] & LAST == 0 {
            let mut falling = sound.clone();
            falling.numbers.swap(at, at + 1);
            assert!(!accepted(&falling, 12), "number {at} behind {shift} lists");
            let mut equal = sound;
            equal.numbers[at] = equal.numbers[at + 1];
            assert!(!accepted(&equal, 12), "number {at} behind {shift} lists");
        }
    }
    for last in [0, 15, 16, 31, 32, 33, 63, 64, 65] {
        let mut numbers = list(0..1).repeat(last);
        numbers.push(0);
        let mut cells = vec![u64::MAX >> (63 - last.min(63)), 0];
        cells.extend(if last > 63 { [u64::MAX >> (127 - last), 0] } else { [0, 0] });
        let mut payload = ColumnarPayload { cells, numbers, name_ballots: 1, ..Default::default() };
        assert!(!accepted(&payload, 128), "no end at number {last}");
        *payload.numbers.last_mut().unwrap() |= LAST;
        assert!(accepted(&payload, 128), "number {last}");
    }
}

#[test]
fn no_list_or_map_is_left_over_or_missing() {
    let mut left = lists();
    left.numbers.extend(list(0..1));
    assert!(!accepted(&left, 8));
    *left.numbers.last_mut().unwrap() &= !LAST;
    assert!(!accepted(&left, 8), "a list that has not ended");
    let mut missing = lists();
    missing.numbers.truncate(112);
    assert!(!accepted(&missing, 8));
    let mut left = maps();
    left.maps.extend([0x1_ffff, 0]);
    assert!(!accepted(&left, 8));
    let mut missing = maps();
    missing.maps.truncate(14);
    assert!(!accepted(&missing, 8));
    let mut half = maps();
    half.maps.push(0);
    assert!(!accepted(&half, 8));
}

#[test]
fn no_cell_is_twice_or_beyond_the_options_or_the_ballots() {
    let mut both = lists();
    both.cells[1] = 1;
    both.maps = vec![0x1_ffff, 0];
    assert!(!accepted(&both, 8));
    assert!(!accepted(&lists(), 7));
    assert!(!accepted(&maps(), 7));
    let mut fewer = lists();
    fewer.name_ballots = 15;
    assert!(!accepted(&fewer, 8));
    let mut fewer = maps();
    fewer.name_ballots = 16;
    assert!(!accepted(&fewer, 8));
}

const SHAPE: DistrictShape = DistrictShape { option_count: 70, list_count: 2, seats: 3 };
const DEFAULT: Reading = Reading {
    list_plus_names: ListPlusNames::ListWins,
    two_lists: TwoLists::FirstListOnly,
    limit: NameLimit::Seats,
};

/// What each kernel reads of ballots, which must be the same.
fn read(ballots: &[Vec<OptionIndex>], scratch: &mut Scratch) -> Option<(u64, u64, Vec<u32>)> {
    let little = |number: usize| u16_le::from_native(u16::try_from(number).unwrap());
    let lengths: Vec<u16_le> = ballots.iter().map(|ballot| little(ballot.len())).collect();
    let choices: Vec<u16_le> =
        ballots.iter().flatten().map(|&choice| u16_le::from_native(choice)).collect();
    let entered = Entered { lengths: &lengths, choices: &choices };
    let lists = vec![u16_le::from_native(UNKNOWN_OPTION); 70];
    let district = District { shape: SHAPE, reading: DEFAULT, name_limit: 3, option_lists: &lists };
    let all: Vec<_> = Kernel::available()
        .iter()
        .map(|kernel| {
            let mut counts = vec![0; 70];
            let count = kernel.count_entered(&entered, district, scratch, &mut counts).ok()?;
            let EnteredCount { read, void } = count;
            Some((read, void, counts))
        })
        .collect();
    assert!(all.iter().all(|one| *one == all[0]), "{ballots:?}: {all:?}");
    all[0].clone()
}

#[test]
fn clean_ballots_and_foreign_choices_are_refused_at_every_length() {
    let unknown = UNKNOWN_OPTION;
    let scratch = &mut Scratch::default();
    for clean in [vec![0], vec![5], vec![5, 6], vec![5, 6, 7]] {
        assert!(read(std::slice::from_ref(&clean), scratch).is_none(), "{clean:?}");
        let mut longer = clean.clone();
        longer.push(unknown);
        assert!(read(&[longer], scratch).is_some(), "{clean:?} and an unknown code");
    }
    assert!(read(&[vec![5, 6, 7, 8]], scratch).is_some(), "more names than seats");
    for length in 1..60 {
        for place in 0..length {
            let mut ballot = vec![unknown; length];
            ballot[place] = 70;
            assert!(read(&[ballot], scratch).is_none(), "{length}, {place}");
        }
    }
    assert!(read(&[vec![unknown, 5], vec![unknown]], scratch).is_none(), "a longer one first");
}

#[test]
fn a_repeated_name_counts_once_wherever_it_stands() {
    let scratch = &mut Scratch::default();
    for length in 2..60_usize {
        for (first, second) in [(0, 1), (0, length - 1), (length / 2, length - 1)] {
            if first == second {
                continue;
            }
            let mut ballot = vec![UNKNOWN_OPTION; length];
            (ballot[first], ballot[second]) = (69, 69);
            let (read, void, counts) = read(&[ballot], scratch).unwrap();
            assert_eq!((read, void, counts[69]), (1, 0, 1), "{length}: {first}, {second}");
            assert_eq!(counts.iter().sum::<u32>(), 1);
        }
    }
}

#[test]
fn names_of_one_batch_are_new_in_the_next_one_when_stamps_begin_again() {
    let mut scratch = Scratch::default();
    let ballots = [vec![5, UNKNOWN_OPTION], vec![5, 5]];
    scratch.entered = entered::Scratch::with_stamp(u32::MAX - 3);
    for _ in 0..4 {
        assert_eq!(read(&ballots, &mut scratch).unwrap().2[5], 2);
    }
}
