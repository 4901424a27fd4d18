//! The kernels against the plain reference: every width, length, alignment and tail, sound or not.

use proptest::prelude::*;
use rkyv::rend::u16_le;
use rkyv::util::AlignedVec;
use shomar_format::payload::columnar::{self, ColumnarPayload};
use shomar_format::payload::{ColumnarView, Entered, Payload};
use shomar_format::reading::{ListPlusNames, NameLimit, TwoLists};
use shomar_format::{Canonicaliser, DistrictShape, OptionIndex, Reading, UNKNOWN_OPTION};

use super::{EnteredCount, Kernel, Scratch, Sums, check_sums};
use crate::reading::{BallotReader, District, Read};

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        u32::try_from((self.0 >> 33) % u64::from(bound)).unwrap()
    }
}

/// Widths around every edge of the cells: 64 to a group.
fn shapes() -> impl Strategy<Value = DistrictShape> {
    let widths = prop_oneof![
        Just(1_u32),
        Just(2),
        Just(3),
        Just(15),
        Just(16),
        Just(17),
        Just(33),
        Just(63),
        Just(64),
        Just(65),
        Just(127),
        Just(128),
        Just(129),
        Just(300),
        Just(2_709),
        1..200_u32,
    ];
    (widths, 0..4_u32, 1..12_u32).prop_map(|(option_count, lists, seats)| DistrictShape {
        option_count,
        list_count: lists.min(option_count),
        seats,
    })
}

/// Ballots around every edge of the chunks: 128 to a chunk.
fn ballot_counts() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0_u32),
        Just(1),
        Just(16),
        Just(17),
        Just(63),
        Just(64),
        Just(65),
        Just(127),
        Just(128),
        Just(129),
        Just(255),
        Just(256),
        Just(257),
        1..700_u32,
    ]
}

/// Clean ballots; `popular` options take most of the names, so that cells are listed and mapped.
fn clean_batch(shape: DistrictShape, ballots: u32, seed: u64) -> ColumnarPayload {
    let mut numbers = Numbers(seed);
    let popular = 1 + numbers.below(shape.option_count);
    let mut canonicaliser = Canonicaliser::new(shape);
    for _ in 0..ballots {
        let names = shape.option_count - shape.list_count;
        if shape.list_count > 0 && (names == 0 || numbers.below(3) == 0) {
            let list = numbers.below(shape.list_count);
            canonicaliser.add(&[OptionIndex::try_from(list).unwrap()], 1);
            continue;
        }
        let mut ballot: Vec<OptionIndex> = Vec::new();
        for _ in 0..1 + numbers.below(shape.seats.min(names)) {
            let bound = if numbers.below(4) > 0 { popular.min(names) } else { names };
            let name = shape.list_count + numbers.below(bound);
            let name = OptionIndex::try_from(name).unwrap();
            if !ballot.contains(&name) {
                ballot.push(name);
            }
        }
        canonicaliser.add(&ballot, 1);
    }
    let batches = canonicaliser.finish();
    ColumnarPayload::of(batches[0].rows(), shape)
}

/// The payload's bytes, beginning at a place of memory that differs from case to case.
fn bytes_at(payload: &ColumnarPayload, shift: usize) -> AlignedVec {
    let mut before = AlignedVec::new();
    before.resize(shift * 16, 0);
    payload.append_to(before)
}

/// What the reference counts; `None` if it refuses.
fn reference(view: &ColumnarView<'_>, shape: DistrictShape) -> Option<(Vec<u32>, Sums)> {
    let mut counts = vec![0; shape.option_count as usize];
    let mut sums = Sums::default();
    view.visit_cells(shape.option_count, |cell| {
        let ballots = cell.ballots.count_ones();
        counts[cell.option as usize] += ballots;
        let sum = if cell.option < view.lists() { &mut sums.lists } else { &mut sums.names };
        *sum += u64::from(ballots);
    })
    .ok()?;
    check_sums(view, shape, sums).ok()?;
    Some((counts, sums))
}

fn by_kernel(
    kernel: Kernel,
    view: &ColumnarView<'_>,
    shape: DistrictShape,
    scratch: &mut Scratch,
) -> Option<Vec<u32>> {
    let mut counts = vec![7; shape.option_count as usize];
    let payload = Payload::Columnar(*view);
    kernel.count_clean(&payload, shape, scratch, &mut counts).ok()?;
    Some(counts.iter().map(|count| count - 7).collect())
}

proptest! {
    #[test]
    fn every_kernel_counts_what_the_reference_counts(
        shape in shapes(), ballots in ballot_counts(), seed in any::<u64>(), shift in 0..4_usize,
    ) {
        let payload = clean_batch(shape, ballots, seed);
        let bytes = bytes_at(&payload, shift);
        let view = columnar::access(&bytes[shift * 16..]).unwrap();
        let (counts, sums) = reference(&view, shape).expect("a clean batch");
        let mut rows = vec![0_u32; shape.option_count as usize];
        view.visit_ballots(shape.option_count, |ballot| {
            ballot.iter().for_each(|&option| rows[usize::from(option)] += 1);
        }).unwrap();
        prop_assert_eq!(&rows, &counts);
        prop_assert_eq!(sums.lists + sums.names, u64::from(rows.iter().sum::<u32>()));
        let mut scratch = Scratch::default();
        for &kernel in Kernel::available() {
            // Twice with the same buffers: nothing is left in them from the batch before.
            for _ in 0..2 {
                let counted = by_kernel(kernel, &view, shape, &mut scratch);
                prop_assert_eq!(counted.as_ref(), Some(&counts), "{}", kernel.name());
            }
        }
    }

    #[test]
    fn every_kernel_refuses_what_the_reference_refuses(
        shape in shapes(), ballots in ballot_counts(), seed in any::<u64>(),
        damage in prop::collection::vec((0..6_u8, any::<u64>(), any::<u8>()), 1..4),
    ) {
        let mut payload = clean_batch(shape, ballots, seed);
        for (array, place, change) in damage {
            fn pick<T>(array: &mut [T], place: u64) -> Option<&mut T> {
                let length = array.len().max(1) as u64;
                array.get_mut(usize::try_from(place % length).unwrap())
            }
            match array {
                0 => pick(&mut payload.numbers, place).map(|number| *number ^= change),
                1 => pick(&mut payload.numbers, place).map(|number| *number ^= 0x80),
                2 => pick(&mut payload.cells, place).map(|word| *word ^= 1 << (change % 64)),
                3 => pick(&mut payload.maps, place).map(|word| *word ^= 1 << (change % 64)),
                4 => pick(&mut payload.maps, place).map(|word| *word &= u64::from(change)),
                _ => {
                    payload.name_ballots ^= u32::from(change) % 128;
                    None
                }
            };
        }
        let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(&payload).unwrap();
        let view = columnar::access(&bytes).unwrap();
        let expected = reference(&view, shape).map(|(counts, _)| counts);
        let mut scratch = Scratch::default();
        for &kernel in Kernel::available() {
            let counted = by_kernel(kernel, &view, shape, &mut scratch);
            prop_assert_eq!(&counted, &expected, "{}", kernel.name());
        }
    }

    #[test]
    fn every_kernel_reads_entered_ballots_as_the_reader_does(
        shape in shapes(), ballots in 0..60_u32, seed in any::<u64>(), sound in 0..8_u8,
        options in (0..4_u8, 0..2_u8, 0..2_u8),
    ) {
        let mut numbers = Numbers(seed);
        let mut all = Vec::new();
        for _ in 0..ballots {
            let longest = if numbers.below(6) == 0 { 40 } else { 9 };
            let length = 1 + numbers.below(longest);
            let near = 1 + numbers.below(shape.option_count);
            let mut ballot: Vec<OptionIndex> = (0..length)
                .map(|_| match numbers.below(6) {
                    0 => UNKNOWN_OPTION,
                    _ => OptionIndex::try_from(numbers.below(near)).unwrap(),
                })
                .collect();
            let mut sorted = ballot.clone();
            if sound > 0 && shape.classify(&mut sorted) != shomar_format::BallotClass::Entered {
                ballot.push(UNKNOWN_OPTION);
            }
            if sound == 0 && numbers.below(40) == 0 {
                ballot[0] = OptionIndex::try_from(shape.option_count).unwrap();
            }
            all.push(ballot);
        }
        if sound > 1 || numbers.below(4) > 0 {
            all.sort_by_key(Vec::len);
        }
        let lengths: Vec<u16_le> = all
            .iter()
            .map(|ballot| u16_le::from_native(u16::try_from(ballot.len()).unwrap()))
            .collect();
        let choices: Vec<u16_le> =
            all.iter().flatten().map(|&choice| u16_le::from_native(choice)).collect();
        let entered = Entered { lengths: &lengths, choices: &choices };
        let reading = Reading {
            list_plus_names: [
                ListPlusNames::ListWins,
                ListPlusNames::DeviceForbids,
                ListPlusNames::FirstEnteredWins,
                ListPlusNames::BothUpToLimit,
            ][usize::from(options.0)],
            two_lists: [TwoLists::FirstListOnly, TwoLists::Void][usize::from(options.1)],
            limit: [NameLimit::Seats, NameLimit::SeatsAndAlternates][usize::from(options.2)],
        };
        let option_lists: Vec<u16_le> = (0..shape.option_count)
            .map(|option| {
                let member = option >= shape.list_count && shape.list_count > 0;
                let list = if member { option % (shape.list_count + 1) } else { u32::MAX };
                u16_le::from_native(u16::try_from(list).unwrap_or(UNKNOWN_OPTION))
            })
            .collect();
        let name_limit = shape.seats as usize + usize::from(options.2) * 3;
        let district = District { shape, reading, name_limit, option_lists: &option_lists };
        let expected = read_plainly(&entered, district);
        let mut scratch = Scratch::default();
        for &kernel in Kernel::available() {
            let mut counts = vec![0; shape.option_count as usize];
            let counted = kernel
                .count_entered(&entered, district, &mut scratch, &mut counts)
                .ok()
                .map(|count| (count, counts));
            prop_assert_eq!(&counted, &expected, "{}", kernel.name());
        }
    }
}

/// Reads one ballot after another; `None` if one should not be there.
fn read_plainly(entered: &Entered<'_>, district: District<'_>) -> Option<(EnteredCount, Vec<u32>)> {
    if !entered.lengths.is_sorted_by_key(|length| length.to_native()) {
        return None;
    }
    let mut reader = BallotReader::new(district);
    let mut counts = vec![0; district.shape.option_count as usize];
    let mut count = EnteredCount::default();
    for ballot in entered.ballots() {
        let mut choices: Vec<OptionIndex> =
            ballot.iter().map(|choice| choice.to_native()).collect();
        let known = |&&choice: &&OptionIndex| choice != UNKNOWN_OPTION;
        if choices
            .iter()
            .filter(known)
            .any(|&choice| u32::from(choice) >= district.shape.option_count)
            || district.shape.classify(&mut choices) != shomar_format::BallotClass::Entered
        {
            return None;
        }
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
    Some((count, counts))
}

#[test]
fn sums_that_no_clean_ballots_give_are_refused() {
    let shape = DistrictShape { option_count: 5, list_count: 2, seats: 2 };
    let payload = clean_batch(shape, 40, 1);
    let bytes = bytes_at(&payload, 0);
    let view = columnar::access(&bytes).unwrap();
    let names = u64::from(view.name_ballots());
    let lists = u64::from(view.list_ballots());
    for (lists_found, names_found, accepted) in [
        (lists, names, true),
        (lists, names * 2, true),
        (lists, names * 2 + 1, false),
        (lists, names - 1, false),
        (lists - 1, names, false),
        (lists + 1, names, false),
    ] {
        let sums = Sums { lists: lists_found, names: names_found };
        assert_eq!(check_sums(&view, shape, sums).is_ok(), accepted, "{sums:?}");
    }
}
