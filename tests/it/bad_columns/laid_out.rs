//! A batch in columns, laid out by FORMAT.md alone, and who is asked about it.
//!
//! In: what the columns hold. Out: the bytes of a segment; the words of the plain reader, of every
//! kernel and of `inspect`. Never: the encoder of the program.

use std::path::PathBuf;

use shomar_engine::{Definition, Kernel};

use crate::bad_segments::count;
use crate::kit::{self, run, text};
use crate::plain_reader::{columnar_records, record_of, segment_of, verdict};

/// What a columnar payload holds.
#[derive(Clone)]
pub(super) struct Columns {
    pub(super) cells: Vec<u64>,
    pub(super) maps: Vec<u64>,
    pub(super) entered_lengths: Vec<u16>,
    pub(super) entered_choices: Vec<u16>,
    pub(super) numbers: Vec<u8>,
    pub(super) lists: u32,
    pub(super) list_ballots: u32,
    pub(super) name_ballots: u32,
    pub(super) blank: u32,
}

/// Ends a list.
pub(super) const END: u8 = 0x80;

/// The words of cells of the batch below: one chunk of one group in each section.
pub(super) const LISTS_LISTED: usize = 0;
pub(super) const LISTS_MAPPED: usize = 1;
pub(super) const NAMES_LISTED: usize = 2;
pub(super) const NAMES_MAPPED: usize = 3;

/// The places of its numbers.
pub(super) const OF_LIST_0: usize = 0;
pub(super) const OF_LIST_1: usize = 2;
pub(super) const OF_NAME_1: usize = 3;
pub(super) const OF_NAME_3: usize = 5;

/// A batch of district `M-9`: two lists, four candidates, two seats. Three ballots with a list: two
/// of the first, one of the second. Twenty with names: 17 of candidate 0, one of candidate 1, one
/// of candidate 3, one of both. One as entered, one blank.
pub(super) fn sound() -> Columns {
    Columns {
        cells: vec![0b11, 0, 0b1010, 0b0001],
        maps: vec![(1 << 17) - 1, 0],
        entered_lengths: vec![2],
        entered_choices: vec![4, 4],
        numbers: vec![0, 1 | END, 2 | END, 17, 19 | END, 18, 19 | END],
        lists: 2,
        list_ballots: 3,
        name_ballots: 20,
        blank: 1,
    }
}

/// The same without the ballots with a list; sound, too.
pub(super) fn names_alone() -> Columns {
    let mut columns = sound();
    columns.list_ballots = 0;
    columns.cells.drain(..2);
    columns.numbers.drain(..OF_NAME_1);
    columns
}

impl Columns {
    fn arrays(&self) -> [(Vec<u8>, usize); 5] {
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let shorts = |shorts: &[u16]| shorts.iter().flat_map(|short| short.to_le_bytes()).collect();
        [
            (words(&self.cells), self.cells.len()),
            (words(&self.maps), self.maps.len()),
            (shorts(&self.entered_lengths), self.entered_lengths.len()),
            (shorts(&self.entered_choices), self.entered_choices.len()),
            (self.numbers.clone(), self.numbers.len()),
        ]
    }

    /// The payload, with its arrays where they belong.
    pub(super) fn payload(&self) -> Vec<u8> {
        let arrays = self.arrays();
        let mut payload: Vec<u8> = arrays.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        payload.resize(payload.len().next_multiple_of(4), 0);
        let mut place = 0;
        for (bytes, elements) in &arrays {
            let offset = i32::try_from(place).unwrap() - i32::try_from(payload.len()).unwrap();
            payload.extend(offset.to_le_bytes());
            payload.extend(u32::try_from(*elements).unwrap().to_le_bytes());
            place += bytes.len();
        }
        for number in [self.lists, self.list_ballots, self.name_ballots, self.blank] {
            payload.extend(number.to_le_bytes());
        }
        payload
    }

    /// Clean, as entered, blank.
    pub(super) fn counts(&self) -> [u32; 3] {
        let entered = u32::try_from(self.entered_lengths.len()).unwrap();
        [self.list_ballots + self.name_ballots, entered, self.blank]
    }

    /// A segment with this batch alone, all checksums and the body hash mended.
    pub(super) fn segment(&self) -> Vec<u8> {
        self.segment_with(&self.payload())
    }

    pub(super) fn segment_with(&self, payload: &[u8]) -> Vec<u8> {
        segment_of(&[&record_of(&columnar_records()[10], self.counts(), payload)])
    }
}

/// The golden election, and a place for a segment beside it.
pub(super) struct Folder {
    _directory: tempfile::TempDir,
    segment: PathBuf,
    definition: Definition,
}

impl Folder {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let golden = kit::workspace().join("bench-data/golden/v1-columnar/election");
        kit::copy_files(&golden, &directory.path().join("election"));
        let definition = Definition::open(&directory.path().join("election")).unwrap();
        Self {
            segment: directory.path().join("damaged.segment"),
            _directory: directory,
            definition,
        }
    }

    /// What every kernel finds, one after another; empty if all of them count the segment.
    pub(super) fn tally(&self, bytes: &[u8]) -> Vec<String> {
        std::fs::write(&self.segment, bytes).unwrap();
        let mut found = Vec::new();
        for &kernel in Kernel::available() {
            if let Err(findings) = count(&self.definition, &self.segment, kernel) {
                found.push(findings.iter().map(ToString::to_string).collect());
            }
        }
        assert!([0, Kernel::available().len()].contains(&found.len()), "kernels differ: {found:?}");
        found
    }

    /// What `shomar inspect` finds.
    pub(super) fn inspect(&self, bytes: &[u8]) -> Option<String> {
        std::fs::write(&self.segment, bytes).unwrap();
        let (code, _, stderr) = run(["inspect", text(&self.segment)]);
        assert_eq!(code, i32::from(!stderr.is_empty()), "{stderr}");
        (code == 1).then_some(stderr)
    }

    /// Expects all three to refuse, each with these words.
    pub(super) fn refuses(&self, bytes: &[u8], plain: &str, words: &str) {
        assert_eq!(verdict(bytes).err().as_deref(), Some(plain), "{words}");
        let found = self.tally(bytes);
        assert!(!found.is_empty(), "{plain}: counted");
        for finding in found {
            assert!(finding.contains(words), "{plain}: '{words}' is not in: {finding}");
        }
    }
}

/// What the plain reader says, what the program says, what is changed in the sound batch.
pub(super) type Case = (&'static str, &'static str, fn(&mut Columns));

pub(super) fn refused(cases: &[Case]) {
    let folder = Folder::new();
    for (plain, words, change) in cases {
        let mut columns = sound();
        change(&mut columns);
        let bytes = columns.segment();
        folder.refuses(&bytes, plain, words);
        assert!(folder.inspect(&bytes).is_some(), "{plain}: inspect accepts");
    }
}
