//! Columns: their bytes, what a view gives back, what it refuses.
//!
//! In: small payloads, and batches sealed in both encodings. Out: equal ballots, or refusals.
//! Never: a payload laid out by hand; `tests/it/bad_columns.rs` does that, with the whole program.

use proptest::prelude::*;

use rkyv::util::AlignedVec;

use super::columnar::{ColumnarPayload, LAST, access};
use super::order::is_canonical;
use super::{Payload, PayloadError, SparsePayload};
use crate::record::verify_bytes;
use crate::{
    BatchAddress, CanonicalBatch, Canonicaliser, DistrictShape, Encoding, SealedBatch,
    UNKNOWN_OPTION,
};

/// Bytes of the root.
const ROOT: usize = 56;
const SHAPE: DistrictShape = DistrictShape { option_count: 5, list_count: 2, seats: 3 };

/// Three ballots with a list, 20 with names, one as entered, four blank.
fn batch() -> CanonicalBatch {
    let mut canonicaliser = Canonicaliser::new(SHAPE);
    canonicaliser.add(&[0], 2);
    canonicaliser.add(&[1], 1);
    canonicaliser.add(&[3], 17);
    canonicaliser.add(&[4], 2);
    canonicaliser.add(&[4, 2, 3], 1);
    canonicaliser.add(&[3, 3], 1);
    canonicaliser.add(&[], 4);
    canonicaliser.finish().remove(0)
}

fn sample() -> ColumnarPayload {
    ColumnarPayload::of(batch().rows(), SHAPE)
}

fn sealed(payload: &ColumnarPayload) -> AlignedVec {
    payload.append_to(AlignedVec::new())
}

/// Past the encoder, which would refuse.
fn serialised(payload: &ColumnarPayload) -> AlignedVec {
    rkyv::to_bytes::<rkyv::rancor::Error>(payload).unwrap()
}

#[test]
fn rows_become_the_columns_of_the_document() {
    let expected = ColumnarPayload {
        // Lists: both listed. Names: 0 and 2 listed, 1 mapped.
        cells: vec![0b11, 0, 0b101, 0b010],
        maps: vec![0x0009_ffff, 0],
        entered_lengths: vec![2],
        entered_choices: vec![3, 3],
        numbers: vec![0, 1 | LAST, 2 | LAST, 19 | LAST, 17, 18, 19 | LAST],
        lists: 2,
        list_ballots: 3,
        name_ballots: 20,
        blank_ballots: 4,
    };
    assert_eq!(sample(), expected);
    assert!(ColumnarPayload::of(&SparsePayload::default(), SHAPE).cells.is_empty());
}

#[test]
fn bytes_stand_where_the_document_says() {
    let bytes = sealed(&sample());
    // 32 bytes of cells, 16 of maps, 2 of lengths, 4 of choices, 7 of numbers, 3 of padding.
    assert_eq!(bytes.len(), 64 + ROOT);
    assert_eq!(bytes[..9], [3, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes[16..25], [5, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert_eq!(bytes[32..36], [0xff, 0xff, 0x09, 0]);
    assert_eq!(bytes[48..54], [2, 0, 3, 0, 3, 0]);
    assert_eq!(bytes[54..64], [0, 0x81, 0x82, 0x93, 17, 18, 0x93, 0, 0, 0]);
    let words: Vec<i32> =
        bytes[64..].as_chunks::<4>().0.iter().map(|word| i32::from_le_bytes(*word)).collect();
    assert_eq!(words, [-64, 4, 32 - 72, 2, 48 - 80, 1, 50 - 88, 2, 54 - 96, 7, 2, 3, 20, 4]);
    assert_eq!(sealed(&ColumnarPayload::default()).len(), ROOT);
    // Behind a header it is the same bytes.
    let mut header: AlignedVec = AlignedVec::new();
    header.extend_from_slice(&[7; 192]);
    assert_eq!(sample().append_to(header)[192..], bytes[..]);
}

#[test]
fn the_view_gives_back_what_was_sealed() {
    let bytes = sealed(&sample());
    let view = access(&bytes).unwrap();
    let mut ballots = Vec::new();
    view.visit_ballots(5, |ballot| ballots.push(ballot.to_vec())).unwrap();
    let expected =
        [vec![vec![0], vec![0], vec![1]], vec![vec![3]; 17], vec![vec![4], vec![4], vec![2, 3, 4]]];
    assert_eq!(ballots, expected.concat());
    let mut cells = Vec::new();
    view.visit_cells(5, |cell| cells.push((cell.option, cell.chunk, cell.ballots))).unwrap();
    let expected =
        [(0, 0, 0b011), (1, 0, 0b100), (2, 0, 1 << 19), (3, 0, 0x0009_ffff), (4, 0, 0b111 << 17)];
    assert_eq!(cells, expected);
    let entered: Vec<Vec<u16>> = view
        .entered()
        .ballots()
        .map(|ballot| ballot.iter().map(|choice| choice.to_native()).collect())
        .collect();
    assert_eq!(entered, [[3, 3]]);
    assert_eq!((view.clean_ballots(), view.blank_ballots()), (23, 4));
}

#[test]
fn a_cell_is_listed_up_to_16_ballots_and_chunks_end_at_128() {
    for (ballots, listed, mapped) in [(1, 1, 0), (16, 1, 0), (17, 0, 1), (128, 0, 1), (129, 1, 1)] {
        let mut canonicaliser = Canonicaliser::new(SHAPE);
        canonicaliser.add(&[2], ballots);
        let payload = ColumnarPayload::of(canonicaliser.finish()[0].rows(), SHAPE);
        let lists = payload.numbers.iter().filter(|number| **number & LAST != 0).count();
        assert_eq!((lists, payload.maps.len() / 2), (listed, mapped), "{ballots} ballots");
        assert_eq!(payload.cells.len(), 2 * (listed + mapped), "a pair of words for each chunk");
    }
}

#[test]
fn nothing_hides_between_the_arrays() {
    let mut bytes = sealed(&sample());
    let mut longer: AlignedVec = AlignedVec::new();
    longer.extend_from_slice(&[0; 16]);
    longer.extend_from_slice(&bytes);
    assert!(matches!(access(&longer), Err(PayloadError::NotCanonical { .. })));
    let mut longer = bytes.clone();
    longer.extend_from_slice(&[0; 16]);
    assert!(access(&longer).is_err());
    for bit in 61 * 8..(64 + 40) * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        // The padding, and the five arrays of the root.
        assert!(access(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(access(&bytes).is_ok());
}

#[test]
fn arrays_that_disagree_are_refused() {
    let more = |array: &[u64], word| [array, &[word]].concat();
    let sound = sample();
    let by_access = [
        ColumnarPayload { entered_lengths: vec![0, 2], ..sample() },
        ColumnarPayload { entered_lengths: vec![3], ..sample() },
        ColumnarPayload { entered_lengths: vec![1], ..sample() },
        ColumnarPayload {
            entered_lengths: vec![1_025],
            entered_choices: vec![3; 1_025],
            ..sample()
        },
    ];
    for payload in by_access {
        let bytes = serialised(&payload);
        assert!(matches!(access(&bytes), Err(PayloadError::Counts { .. })), "{payload:?}");
    }
    let by_cells = [
        ColumnarPayload { cells: more(&sound.cells, 0), ..sample() },
        ColumnarPayload { cells: sound.cells[..2].to_vec(), ..sample() },
        ColumnarPayload { lists: 6, ..sample() },
        ColumnarPayload { name_ballots: 129, ..sample() },
        ColumnarPayload { list_ballots: 65_535, ..sample() },
        ColumnarPayload { name_ballots: u32::MAX, list_ballots: u32::MAX, ..sample() },
        ColumnarPayload { maps: more(&sound.maps, 0), ..sample() },
        ColumnarPayload { numbers: [&sound.numbers[..], &[LAST]].concat(), ..sample() },
    ];
    for payload in by_cells {
        let bytes = serialised(&payload);
        let view = access(&bytes).expect("its arrays stand in their places");
        let refused = view.visit_cells(5, |_| ());
        assert!(matches!(refused, Err(PayloadError::Counts { .. })), "{payload:?}");
        assert_eq!(view.visit_ballots(5, |_| panic!("a ballot")), refused);
    }
}

#[test]
fn cells_that_the_encoder_does_not_write_are_refused_by_name() {
    let with = |change: fn(&mut ColumnarPayload)| {
        let mut payload = sample();
        change(&mut payload);
        let bytes = serialised(&payload);
        match access(&bytes).unwrap().visit_cells(5, |_| ()) {
            Err(PayloadError::Cell { option, first_ballot, what }) => (option, first_ballot, what),
            other => panic!("{other:?}"),
        }
    };
    let foreign = "both listed and mapped, or beyond the options";
    assert_eq!(with(|payload| payload.cells[0] |= 1 << 2), (2, 0, foreign));
    assert_eq!(with(|payload| payload.cells[3] |= 1), (2, 0, foreign));
    let beyond = "its list names a ballot beyond the last";
    assert_eq!(with(|payload| payload.numbers[2] = 3 | LAST), (1, 0, beyond));
    assert_eq!(with(|payload| payload.numbers[5] = 17), (4, 0, "its list does not ascend"));
    assert_eq!(with(|payload| payload.numbers[4] = 19), (4, 0, "its list does not ascend"));
    let unended = "its list is missing or not ended";
    assert_eq!(with(|payload| payload.numbers[6] = 19), (4, 0, unended));
    assert_eq!(with(|payload| payload.numbers.truncate(4)), (4, 0, unended));
    let beyond = "its map names a ballot beyond the last";
    assert_eq!(with(|payload| payload.maps[1] = 1), (3, 0, beyond));
    let few = "mapped with few enough ballots for a list";
    assert_eq!(with(|payload| payload.maps[0] = (1 << 16) - 1), (3, 0, few));
    assert_eq!(with(|payload| payload.maps.clear()), (3, 0, "its map is missing"));
    let many = with(|payload| {
        payload.cells[2..].copy_from_slice(&[0b111, 0]);
        payload.maps.clear();
        payload.numbers.splice(4..4, (0..16).chain([16 | LAST]));
    });
    assert_eq!(many, (3, 0, "listed with enough ballots for a map"));
}

/// Clean ballots, ballots as entered, blank ones, as the record gives them.
fn ballots_of(record: &[u8], option_count: u32) -> (Vec<Vec<u16>>, Vec<Vec<u16>>, u32) {
    let numbers = |ballot: &[rkyv::rend::u16_le]| -> Vec<u16> {
        ballot.iter().map(|choice| choice.to_native()).collect()
    };
    let (_, payload) = verify_bytes(record).unwrap();
    let mut clean = Vec::new();
    match &payload {
        Payload::Sparse(view) => {
            for group in view.groups() {
                clean.extend(group.choices.chunks_exact(group.stride).map(numbers));
            }
        }
        Payload::Columnar(view) => {
            view.visit_ballots(option_count, |ballot| clean.push(ballot.to_vec())).unwrap();
        }
    }
    (clean, payload.entered().ballots().map(numbers).collect(), payload.blank_ballots())
}

/// The same as `is_canonical`, ballot by ballot.
fn is_canonical_by_ballots(payload: &ColumnarPayload, options: u32, names_max: usize) -> bool {
    let bytes = serialised(payload);
    let view = access(&bytes).unwrap();
    let mut ballots = Vec::new();
    view.visit_ballots(options, |ballot| ballots.push((ballot.len(), ballot.to_vec()))).unwrap();
    let (with_list, with_names) = ballots.split_at(payload.list_ballots as usize);
    with_list.iter().all(|(length, _)| *length == 1)
        && with_names.iter().all(|(length, _)| (1..=names_max).contains(length))
        && with_list.is_sorted()
        && with_names.is_sorted()
}

/// Ballots with names as columns, in the order in which they are given.
fn columns_of(ballots: &[Vec<u16>], shape: DistrictShape) -> ColumnarPayload {
    let rows = SparsePayload {
        strides: ballots.iter().map(|ballot| u16::try_from(ballot.len()).unwrap()).collect(),
        group_ballots: vec![1; ballots.len()],
        choices: ballots.concat(),
        ..SparsePayload::default()
    };
    ColumnarPayload::of(&rows, shape)
}

fn in_order(payload: &ColumnarPayload, options: u32, names_max: u32) -> bool {
    let bytes = serialised(payload);
    is_canonical(&access(&bytes).unwrap(), options, names_max).unwrap()
}

#[test]
fn ballots_without_a_choice_are_seen_wherever_they_hide() {
    let sound = sample();
    assert!(in_order(&sound, 5, 3));
    assert!(!in_order(&sound, 5, 2), "one of them has three names");
    let names = &sound.cells[2..];
    let whole_chunks = |chunks: u32| ColumnarPayload {
        cells: [&sound.cells[..2], &vec![0; 2 * chunks as usize], names].concat(),
        name_ballots: 20 + chunks * 128,
        ..sample()
    };
    assert!(in_order(&whole_chunks(0), 5, 3));
    for payload in [
        ColumnarPayload { name_ballots: 21, ..sample() },
        ColumnarPayload { list_ballots: 4, ..sample() },
        whole_chunks(1),
        whole_chunks(2),
        ColumnarPayload { cells: vec![0, 0], list_ballots: 7, ..ColumnarPayload::default() },
    ] {
        let payload = ColumnarPayload { lists: 2, ..payload };
        assert!(!in_order(&payload, 5, 3), "{payload:?}");
        assert!(!is_canonical_by_ballots(&payload, 5, 3));
    }
}

#[test]
fn order_is_kept_from_one_chunk_to_the_next() {
    let shape = DistrictShape { option_count: 5, list_count: 0, seats: 2 };
    for (before, after, expected) in [
        (vec![3], vec![3], true),
        (vec![3], vec![4], true),
        (vec![4], vec![3], false),
        (vec![4], vec![0, 1], true),
        (vec![0, 1], vec![4], false),
        (vec![0, 3], vec![0, 2], false),
    ] {
        let ballots = [vec![before; 128], vec![after; 3]].concat();
        let payload = columns_of(&ballots, shape);
        assert_eq!(in_order(&payload, 5, 2), expected, "{:?}", &ballots[127..129]);
        assert_eq!(is_canonical_by_ballots(&payload, 5, 2), expected);
    }
}

proptest! {
    #[test]
    fn order_is_the_same_seen_in_columns_and_ballot_by_ballot(
        option_count in 1..140_u16,
        names_max in 1..9_u32,
        // Few options, so that neighbours are often equal, or nearly so.
        distinct in 1..9_u16,
        drawn in prop::collection::vec(
            (prop::collection::btree_set(any::<u16>(), 1..9), 1..90_usize), 1..9),
        swapped in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let options: Vec<u16> =
            (0..distinct).map(|number| (number * 37 + distinct) % option_count).collect();
        let mut ballots: Vec<Vec<u16>> = Vec::new();
        for (choices, count) in drawn {
            let choices = choices.iter().map(|choice| options[usize::from(choice % distinct)]);
            let ballot: std::collections::BTreeSet<u16> = choices.collect();
            ballots.extend(std::iter::repeat_n(ballot.into_iter().collect(), count));
        }
        ballots.sort_by_key(|ballot| (ballot.len(), ballot.clone()));
        if let Some((one, other)) = swapped {
            let [one, other] = [one, other].map(|index| index.index(ballots.len()));
            ballots.swap(one, other);
        }
        let options = u32::from(option_count);
        let shape = DistrictShape { option_count: options, list_count: 0, seats: 8 };
        let payload = columns_of(&ballots, shape);
        let expected = is_canonical_by_ballots(&payload, options, names_max as usize);
        prop_assert_eq!(in_order(&payload, options, names_max), expected);
    }

    #[test]
    fn both_encodings_hold_the_same_ballots(
        option_count in prop_oneof![
            1..70_u32, Just(64), Just(65), Just(128), Just(129), 1..300_u32,
        ],
        lists in 0..80_u32,
        seats in 1..13_u32,
        ballots in prop::collection::vec(
            (prop::collection::vec((any::<u16>(), 1..8_u16), 0..14), 1..40_u32), 0..60),
    ) {
        let shape = DistrictShape { option_count, list_count: lists.min(option_count), seats };
        let mut canonicaliser = Canonicaliser::new(shape);
        for (choices, count) in ballots {
            // The small ones are the popular ones, so that there are cells of every kind.
            let choice = |(choice, divisor): (u16, u16)| match choice % 50 {
                0 => UNKNOWN_OPTION,
                _ => choice % u16::try_from(option_count).unwrap() / divisor,
            };
            let choices: Vec<u16> = choices.into_iter().map(choice).collect();
            canonicaliser.add(&choices, count);
        }
        let batch = canonicaliser.finish().remove(0);
        let address = BatchAddress { district: 1, station: 2, device: 3, sequence: 4 };
        let records = [Encoding::Sparse, Encoding::Columnar]
            .map(|encoding| SealedBatch::seal_as(encoding, &[9; 32], address, &batch));
        let [rows, columns] =
            records.each_ref().map(|record| ballots_of(record.bytes(), option_count));
        prop_assert_eq!(rows, columns);
        let [rows, columns] = records.each_ref().map(|record| {
            let (header, _) = verify_bytes(record.bytes()).unwrap();
            prop_assert!(crate::record::verify_evidence(record.bytes()).is_ok());
            let counts = (header.taken(), header.clean(), header.entered(), header.blank());
            let rest = (header.kind(), header.definition(), header.address());
            Ok((counts, rest, header.option_count(), header.seats()))
        });
        prop_assert_eq!(rows?, columns?);
    }
}
