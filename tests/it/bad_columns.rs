//! Damage to columns: every check of section 4.4 of FORMAT.md bites, with every checksum mended.
//!
//! In: one sound batch in columns, laid out by the document, changed in one thing at a time. Out:
//! the plain reader names the check, `tally` refuses by every kernel, `inspect` refuses. Never: a
//! record of the program as the sound one, except where each of its bits is flipped.

mod laid_out;

use crate::plain_reader::{
    columnar_records, mend_checksum, record_of, segment_of, sparse_record, verdict,
};
use laid_out::{
    Case, Columns, END, Folder, LISTS_LISTED, LISTS_MAPPED, NAMES_LISTED, NAMES_MAPPED, OF_LIST_0,
    OF_LIST_1, OF_NAME_1, OF_NAME_3, names_alone, refused, sound,
};

#[test]
fn the_sound_batches_are_accepted_by_all() {
    let folder = Folder::new();
    for columns in [sound(), names_alone()] {
        let bytes = columns.segment();
        assert_eq!(verdict(&bytes), Ok(()));
        assert_eq!(folder.tally(&bytes), [] as [String; 0]);
        assert_eq!(folder.inspect(&bytes), None);
    }
    let golden = columnar_records();
    for record in &golden {
        // The document's layout of a record's own payload is that record.
        let counts =
            [68, 72, 76].map(|at| u32::from_le_bytes(record[at..at + 4].try_into().unwrap()));
        let length =
            usize::try_from(u64::from_le_bytes(record[88..96].try_into().unwrap())).unwrap();
        assert!(record_of(record, counts, &record[192..192 + length]) == *record);
    }
}

#[test]
fn every_flipped_bit_of_columns_is_refused() {
    let golden = columnar_records();
    // Lists and names; and a mapped cell beside listed ones.
    let mut bytes = segment_of(&[&golden[5], &golden[10]]);
    let folder = Folder::new();
    assert_eq!(verdict(&bytes), Ok(()));
    assert!(folder.tally(&bytes).is_empty());
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(verdict(&bytes).is_err(), "bit {bit}: plain reader");
        assert!(!folder.tally(&bytes).is_empty(), "bit {bit}: tally");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for length in 0..bytes.len() {
        assert!(verdict(&bytes[..length]).is_err(), "{length} bytes: plain reader");
    }
}

/// Few flips of a payload give another batch that could exist.
#[test]
fn both_readers_say_the_same_of_every_flipped_bit_when_the_checksums_are_mended() {
    let folder = Folder::new();
    let columns = sound();
    let payload = columns.payload();
    let (mut accepted, mut counted) = (0, 0);
    for bit in 0..payload.len() * 8 {
        let mut payload = payload.clone();
        payload[bit / 8] ^= 1 << (bit % 8);
        // The header says what the payload says, so that nothing else is wrong.
        let root = payload.len() - 56;
        let [entered, lists, names, blank] = [20, 44, 48, 52]
            .map(|at| u32::from_le_bytes(payload[root + at..][..4].try_into().unwrap()));
        let counts = [lists.saturating_add(names), entered, blank];
        let bytes = segment_of(&[&record_of(&columnar_records()[10], counts, &payload)]);
        let tallied = folder.tally(&bytes).is_empty();
        match verdict(&bytes) {
            Ok(()) => {
                assert!(tallied, "bit {bit}: tally refuses");
                accepted += 1;
            }
            Err(what) => {
                let evidence = ["columns: a ballot with", "payload: order of"];
                let evidence = evidence.iter().any(|begins| what.starts_with(begins));
                assert_eq!(tallied, evidence, "bit {bit}: {what}");
                counted += u32::from(evidence);
            }
        }
    }
    // Other numbers of blank ballots, other choices as entered; and votes elsewhere, as evidence.
    assert_eq!((accepted, counted), (19, 9), "of {} bits", payload.len() * 8);
}

#[test]
fn cells_that_do_not_exist_or_exist_twice_are_refused() {
    let beyond = "columns: a cell beyond the options";
    let twice = "columns: a cell both listed and mapped";
    let words = "both listed and mapped, or beyond the options";
    refused(&[
        (beyond, words, |columns| columns.cells[LISTS_LISTED] |= 1 << 2),
        (beyond, words, |columns| columns.cells[LISTS_MAPPED] |= 1 << 2),
        (beyond, words, |columns| columns.cells[NAMES_LISTED] |= 1 << 4),
        (beyond, words, |columns| columns.cells[NAMES_MAPPED] |= 1 << 63),
        (twice, words, |columns| columns.cells[NAMES_LISTED] |= 1),
        (twice, words, |columns| columns.cells[LISTS_MAPPED] |= 1),
        ("columns: words of cells", "words of cells", |columns| columns.cells.truncate(2)),
        ("columns: words of cells", "words of cells", |columns| columns.cells.extend([0, 0])),
        ("columns: words of cells", "words of cells", |columns| columns.cells.push(0)),
        ("columns: words of cells", "words of cells", |columns| columns.name_ballots = 129),
    ]);
}

#[test]
fn lists_that_the_encoder_does_not_write_are_refused() {
    let falling = "columns: a list that does not ascend";
    let unended = "columns: a list without an end";
    let foreign = "columns: a number beyond the chunk";
    let foreign_words = "its list names a ballot beyond the last";
    refused(&[
        (falling, "does not ascend", |columns| {
            columns.numbers.splice(OF_LIST_0..OF_LIST_1, [1, END]);
        }),
        (falling, "does not ascend", |columns| columns.numbers[OF_NAME_1] = 19),
        (unended, "missing or not ended", |columns| columns.numbers[OF_NAME_3 + 1] = 19),
        (unended, "missing or not ended", |columns| columns.numbers.truncate(OF_NAME_3)),
        (unended, "missing or not ended", |columns| columns.numbers.truncate(OF_NAME_3 + 1)),
        (foreign, foreign_words, |columns| columns.numbers[OF_LIST_1] = 3 | END),
        (foreign, foreign_words, |columns| columns.numbers[OF_NAME_3 + 1] = 20 | END),
        (foreign, foreign_words, |columns| columns.numbers[OF_NAME_3 + 1] = 127 | END),
        ("columns: a list that is too long", "enough ballots for a map", |columns| {
            // The 17 ballots of candidate 0, listed.
            columns.cells[NAMES_LISTED..].copy_from_slice(&[0b1011, 0]);
            columns.maps.clear();
            columns.numbers.splice(OF_NAME_1..OF_NAME_1, (0..16).chain([16 | END]));
        }),
        ("columns: a number left over", "ballot numbers left", |columns| columns.numbers.push(END)),
        ("columns: a number left over", "ballot numbers left", |columns| {
            // A list without its bit, in the middle.
            columns.cells[LISTS_LISTED] = 0b01;
            columns.list_ballots = 2;
            columns.numbers[OF_LIST_1] = 18 | END;
            columns.numbers[OF_NAME_1..].copy_from_slice(&[18, 19 | END, 18, 19 | END]);
        }),
    ]);
}

#[test]
fn maps_that_the_encoder_does_not_write_are_refused() {
    let foreign = "columns: a bit beyond the chunk";
    let foreign_words = "its map names a ballot beyond the last";
    refused(&[
        (foreign, foreign_words, |columns| columns.maps[0] |= 1 << 20),
        (foreign, foreign_words, |columns| columns.maps[1] |= 1 << 63),
        ("columns: a map that is too empty", "few enough ballots for a list", |columns| {
            // A batch of 16 ballots for candidate 0, in which nothing else is wrong.
            columns.maps[0] = (1 << 16) - 1;
            columns.name_ballots = 19;
            columns.numbers[OF_NAME_1..].copy_from_slice(&[16, 18 | END, 17, 18 | END]);
        }),
        ("columns: a map that is too empty", "few enough ballots", |columns| columns.maps[0] = 0),
        ("columns: a map that is missing", "its map is missing", |columns| columns.maps.clear()),
        ("columns: a map that is missing", "its map is missing", |columns| {
            columns.maps.truncate(1);
        }),
        ("columns: a map left over", "words of maps left", |columns| columns.maps.push(0)),
        ("columns: a map left over", "words of maps left", |columns| {
            columns.maps.extend([(1 << 17) - 1, 0]);
        }),
    ]);
}

#[test]
fn sums_that_no_valid_ballots_could_have_are_refused() {
    let lists = "columns: sum of the lists";
    let lists_words = "choices of ballots with a list";
    let names_words = "choices of ballots with names";
    refused(&[
        // A ballot with two lists; one without any.
        (lists, lists_words, |columns| {
            columns.numbers.insert(OF_LIST_1, 1);
        }),
        (lists, lists_words, |columns| {
            columns.numbers.remove(OF_LIST_0);
        }),
        ("columns: fewer names than ballots", names_words, |columns| {
            columns.numbers.splice(OF_NAME_1.., [17 | END, 18 | END]);
        }),
        ("columns: more names than seats", names_words, |columns| {
            // Three names on 18 ballots, two seats; 54 of at most 36.
            columns.name_ballots = 18;
            columns.cells[NAMES_LISTED..].copy_from_slice(&[0, 0b0111]);
            columns.numbers.truncate(OF_NAME_1);
            columns.maps = [(1 << 18) - 1, 0].repeat(3);
        }),
        ("columns: more names than seats", names_words, |columns| {
            // One more than there may be: every ballot has two, and the last one three.
            columns.cells[NAMES_LISTED..].copy_from_slice(&[0b0100, 0b0011]);
            columns.maps = [(1 << 20) - 1, 0].repeat(2);
            columns.numbers.splice(OF_NAME_1.., [19 | END]);
        }),
    ]);
}

#[test]
fn most_names_that_there_may_be_are_accepted() {
    let mut columns = sound();
    columns.cells[NAMES_LISTED..].copy_from_slice(&[0, 0b0011]);
    columns.maps = [(1 << 20) - 1, 0].repeat(2);
    columns.numbers.truncate(OF_NAME_1);
    let (folder, bytes) = (Folder::new(), columns.segment());
    assert_eq!((verdict(&bytes), folder.inspect(&bytes)), (Ok(()), None));
    assert!(folder.tally(&bytes).is_empty());
}

#[test]
fn another_number_of_lists_is_refused() {
    refused(&[
        ("columns: more lists than options", "lists, at most", |columns| columns.lists = 7),
        ("columns: more lists than options", "lists, at most", |columns| columns.lists = u32::MAX),
        // All lists are options, and the words of cells are as many; only their meaning moves.
        ("columns: a cell beyond the options", "lists of the district", |columns| {
            columns.lists = 3
        }),
        ("columns: a cell beyond the options", "lists of the district", |columns| {
            columns.lists = 1
        }),
    ]);
    // Sound in itself: only the election tells, and `inspect` does without.
    let folder = Folder::new();
    for lists in [0, 1] {
        let mut columns = names_alone();
        columns.lists = lists;
        let bytes = columns.segment();
        folder.refuses(&bytes, "columns: lists", "lists of the district");
        assert_eq!(folder.inspect(&bytes), None);
    }
}

#[test]
fn ballots_of_a_section_without_options_are_refused() {
    // District `V"1"` has four candidates and no lists; all of its options are one section.
    let golden = columnar_records();
    let mut columns = names_alone();
    columns.lists = 0;
    columns.entered_choices = vec![3, 3];
    let folder = Folder::new();
    let segment = |columns: &Columns| {
        segment_of(&[&record_of(&golden[6], columns.counts(), &columns.payload())])
    };
    assert_eq!(verdict(&segment(&columns)), Ok(()));
    assert!(folder.tally(&segment(&columns)).is_empty());
    for list_ballots in [1, 129, 60_000] {
        columns.list_ballots = list_ballots;
        let bytes = segment(&columns);
        let plain = "columns: ballots of a section without options";
        folder.refuses(&bytes, plain, "choices of ballots with a list");
        assert!(folder.inspect(&bytes).is_some());
    }
}

#[test]
fn arrays_in_another_place_are_refused() {
    let folder = Folder::new();
    let columns = sound();
    let payload = columns.payload();
    let root = payload.len() - 56;
    let refuses = |payload: &[u8], plain: &str, words: &str| {
        let bytes = columns.segment_with(payload);
        folder.refuses(&bytes, plain, words);
        assert!(folder.inspect(&bytes).is_some(), "{plain}: inspect accepts");
    };
    let place = "payload: place of an array";
    // Each offset by the width of an element: the array before or behind it is read.
    for (field, width) in [8_i32, 8, 2, 2, 1].into_iter().enumerate() {
        for width in [width, -width] {
            let at = root + field * 8;
            let offset = i32::from_le_bytes(payload[at..at + 4].try_into().unwrap()) + width;
            let mut moved = payload.clone();
            moved[at..at + 4].copy_from_slice(&offset.to_le_bytes());
            refuses(&moved, place, "payload");
        }
    }
    // Room before the arrays, between them and the root, behind the root; a padding that speaks.
    refuses(&[&[0; 8], payload.as_slice()].concat(), place, "payload");
    let mut hole = [&payload[..root], &[0; 4], &payload[root..]].concat();
    refuses(&hole, place, "payload");
    for field in 0..5 {
        let at = root + 4 + field * 8;
        let offset = i32::from_le_bytes(hole[at..at + 4].try_into().unwrap()) - 4;
        hole[at..at + 4].copy_from_slice(&offset.to_le_bytes());
    }
    refuses(&hole, "payload: place of the root", "payload");
    refuses(&[payload.as_slice(), &[0; 4]].concat(), place, "payload");
    let mut padded = payload.clone();
    assert_eq!(padded[root - 3..root], [0; 3], "seven numbers and one byte are left");
    padded[root - 1] = 1;
    refuses(&padded, "payload: padding", "not laid out as the encoder does it");
    refuses(&payload[root + 4..], "payload: shorter than its root", "payload");
    let mut longer = payload.clone();
    longer[root + 36] += 6;
    refuses(&longer, "payload: an array reaches into the root", "payload");
}

#[test]
fn ballots_as_entered_are_checked_in_columns_too() {
    refused(&[
        ("payload: a ballot without choices", "length of a ballot kept as entered", |columns| {
            columns.entered_lengths = vec![0, 2];
        }),
        ("payload: too many choices", "choices of one ballot, at most", |columns| {
            columns.entered_lengths = vec![1_025];
            columns.entered_choices = vec![4; 1_025];
        }),
        ("payload: choices as entered", "choices as entered", |columns| {
            columns.entered_lengths = vec![3];
        }),
        ("payload: choices as entered", "choices as entered", |columns| {
            columns.entered_lengths = vec![1];
        }),
    ]);
    // What kind a ballot is depends on the election, which `inspect` does without.
    let folder = Folder::new();
    let cases: [(&str, &str, &[u16]); 4] = [
        ("option", "option 6 on a ballot as entered", &[4, 6]),
        ("ballot as entered: clean", "a clean ballot among those as entered", &[4, 5]),
        ("ballot as entered: clean", "a clean ballot among those as entered", &[5, 4]),
        ("ballot as entered: clean", "a clean ballot among those as entered", &[1]),
    ];
    for (plain, words, choices) in cases {
        let mut columns = sound();
        columns.entered_lengths = vec![u16::try_from(choices.len()).unwrap()];
        columns.entered_choices = choices.to_vec();
        folder.refuses(&columns.segment(), plain, words);
    }
}

#[test]
fn counts_of_the_header_are_those_of_the_columns() {
    let folder = Folder::new();
    let (golden, columns) = (columnar_records(), sound());
    let [clean, entered, blank] = columns.counts();
    for (counts, words) in [
        ([clean + 1, entered, blank], "clean ballots"),
        ([clean - 1, entered, blank], "clean ballots"),
        ([clean, entered + 1, blank], "ballots as entered"),
        ([clean, entered, 0], "blank ballots"),
    ] {
        let record = record_of(&golden[10], counts, &columns.payload());
        folder.refuses(&segment_of(&[&record]), "record: counts", words);
    }
    let mut columns = sound();
    columns.blank = 65_535;
    folder.refuses(&columns.segment(), "record: taken", "at most 65535");
    // Sparse bytes that are called columns, and columns that are called sparse.
    for (record, encoding) in [(sparse_record(10), 2), (golden[10].clone(), 1)] {
        let mut record = record;
        record[11] = encoding;
        mend_checksum(&mut record, 128);
        let bytes = segment_of(&[&record]);
        assert!(verdict(&bytes).is_err());
        assert!(!folder.tally(&bytes).is_empty());
    }
}

/// What only the spread ballots tell: refused as evidence, though the votes could be valid.
fn refused_as_evidence_alone(cases: &[Case]) {
    let folder = Folder::new();
    for (plain, words, change) in cases {
        let mut columns = sound();
        change(&mut columns);
        let bytes = columns.segment();
        assert_eq!(verdict(&bytes).err().as_deref(), Some(*plain));
        let found = folder.inspect(&bytes).expect(plain);
        assert!(found.contains(words), "{plain}: '{words}' is not in: {found}");
        assert_eq!(folder.tally(&bytes), [] as [String; 0], "{plain}");
    }
}

#[test]
fn a_ballot_that_nobody_can_cast_is_refused_as_evidence_and_counted_while_the_sums_hold() {
    refused_as_evidence_alone(&[
        // The last ballot has three names, two seats; 22 names on 20 ballots.
        ("columns: a ballot with too much", "clean ballot", |columns| {
            columns.cells[NAMES_LISTED] |= 0b0100;
            columns.numbers.splice(OF_NAME_3..OF_NAME_3, [19 | END]);
        }),
        // One ballot with two lists, one without.
        ("columns: a ballot with nothing", "clean ballot", |columns| {
            columns.numbers[OF_LIST_1] = 1 | END;
        }),
        // One ballot with two names, one without any: the 19th.
        ("columns: a ballot with nothing", "clean ballot", |columns| {
            columns.numbers.splice(OF_NAME_1.., [17, 19 | END, 17, 19 | END]);
        }),
    ]);
}

#[test]
fn ballots_out_of_order_are_refused_as_evidence_and_counted() {
    let out_of_order = "payload: order of clean ballots";
    refused_as_evidence_alone(&[
        // Candidate 3 before candidate 1; two names before one; list 1 before list 0.
        (out_of_order, "order of ballots", |columns| {
            columns.numbers.splice(OF_NAME_1.., [18, 19 | END, 17, 19 | END]);
        }),
        (out_of_order, "order of ballots", |columns| {
            columns.numbers.splice(OF_NAME_1.., [17, 18 | END, 18, 19 | END]);
        }),
        (out_of_order, "order of ballots", |columns| {
            columns.numbers.splice(OF_LIST_0..OF_NAME_1, [0, 2 | END, 1 | END]);
        }),
        ("payload: order of ballots as entered", "ballots as entered unsorted", |columns| {
            columns.entered_lengths = vec![2, 2];
            columns.entered_choices = vec![4, 4, 3, 3];
        }),
    ]);
}

#[test]
fn a_false_body_hash_is_refused_as_evidence_and_counted() {
    let folder = Folder::new();
    let columns = sound();
    let mut record = record_of(&columnar_records()[10], columns.counts(), &columns.payload());
    record[96] ^= 1;
    mend_checksum(&mut record, 128);
    let bytes = segment_of(&[&record]);
    assert_eq!(verdict(&bytes).err().as_deref(), Some("record: body hash"));
    assert!(folder.inspect(&bytes).is_some_and(|found| found.contains("body hash")));
    assert!(folder.tally(&bytes).is_empty());
}
