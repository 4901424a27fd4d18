//! The columnar payload: option by option, the ballots that name it.
//!
//! In: the rows of a canonical batch. Out: rkyv bytes; checked zero-copy access to them; the cells
//! and the ballots, one after another. Never: a payload with two spellings, or a number of votes:
//! the votes of an option are its ballots, and whoever wants to know them counts.
//!
//! Ballots are numbered in canonical order and cut into *chunks* of 128, ballots with a list apart
//! from ballots with names. What an option has in a chunk is a *cell*: nothing; a list of up to 16
//! ballot numbers, the last one marked; or a map of 128 bits. Two words of 64 bits say for 64 cells
//! which are listed and which are mapped. Why this form: `docs/decisions/0006-columns.md`.

use std::ops::Range;

use rkyv::rend::u64_le;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Serialize};

use super::{Entered, PayloadError, SparsePayload, bytecheck, check_places, expect};
use crate::{DistrictShape, OptionIndex, limits};

/// Ballots of a chunk; the last one of a section has what is left.
pub const CHUNK_BALLOTS: u32 = 128;
/// Cells that one pair of words describes.
pub const GROUP_CELLS: u32 = 64;
/// Most ballots of a listed cell; from the next on it is mapped.
pub const LISTED_MAX: u32 = 16;
/// Set in the last number of a list.
pub const LAST: u8 = 0x80;

/// The columnar payload of one batch. Every array holds plain little-endian integers.
#[derive(Archive, Serialize, Debug, Default, Clone, PartialEq, Eq)]
#[rkyv(
    derive(Debug),
    attr(allow(missing_docs, reason = "the fields are those of ColumnarPayload"))
)]
pub struct ColumnarPayload {
    /// Per section, chunk and group of 64 options: which cells are listed, then which are mapped.
    pub cells: Vec<u64>,
    /// Two words per mapped cell; bit b of word w stands for ballot 64 w + b of the chunk.
    pub maps: Vec<u64>,
    /// Number of choices of each ballot kept as entered, ascending; never 0.
    pub entered_lengths: Vec<u16>,
    /// Choices of the ballots kept as entered, in entry order inside each ballot.
    pub entered_choices: Vec<u16>,
    /// Per listed cell the numbers of its ballots in the chunk, ascending; [`LAST`] ends it.
    pub numbers: Vec<u8>,
    /// Lists of the district: its first options.
    pub lists: u32,
    /// Clean ballots with a list.
    pub list_ballots: u32,
    /// Clean ballots with names.
    pub name_ballots: u32,
    /// Blank ballots: so that the body hash covers every ballot of the batch.
    pub blank_ballots: u32,
}

/// Bytes of the root: five arrays, each a relative offset (i32) and a length (u32); four numbers.
const ROOT_BYTES: usize = 56;

impl ColumnarPayload {
    /// Turns rows into columns. The rows stand in canonical order, and so do the ballot numbers.
    ///
    /// # Panics
    /// If a row is no clean ballot of this district, or a ballot were lost.
    #[must_use]
    pub fn of(rows: &SparsePayload, shape: DistrictShape) -> Self {
        let is_list = |choice: OptionIndex| u32::from(choice) < shape.list_count;
        // Ballots with a list are the first ones of the shortest.
        let list_ballots = match rows.strides.first() {
            Some(1) => rows.choices[..rows.group_ballots[0] as usize]
                .partition_point(|&choice| is_list(choice)),
            _ => 0,
        };
        let mut payload = Self {
            entered_lengths: rows.entered_lengths.clone(),
            entered_choices: rows.entered_choices.clone(),
            lists: shape.list_count,
            blank_ballots: rows.blank_ballots,
            ..Self::default()
        };
        let mut writer = SectionWriter::new(0..shape.list_count, &mut payload);
        for choice in &rows.choices[..list_ballots] {
            writer.add(std::slice::from_ref(choice));
        }
        payload.list_ballots = writer.finish();
        let mut writer = SectionWriter::new(shape.list_count..shape.option_count, &mut payload);
        let mut rest = &rows.choices[list_ballots..];
        let mut skipped = list_ballots;
        for (&stride, &ballots) in rows.strides.iter().zip(&rows.group_ballots) {
            let ballots = ballots as usize - std::mem::take(&mut skipped);
            let (group, tail) = rest.split_at(ballots * usize::from(stride));
            rest = tail;
            for ballot in group.chunks_exact(usize::from(stride)) {
                writer.add(ballot);
            }
        }
        payload.name_ballots = writer.finish();
        let clean: u32 = rows.group_ballots.iter().sum();
        assert_eq!(payload.list_ballots + payload.name_ballots, clean, "every row is a ballot");
        payload
    }

    /// Appends the sealed form to `out`, whose length is a multiple of 16.
    ///
    /// # Panics
    /// Only if memory ends: flat arrays below the record limit always serialise.
    #[must_use]
    pub fn append_to(&self, out: AlignedVec) -> AlignedVec {
        let start = out.len();
        assert!(start.is_multiple_of(16), "arrays keep their alignment");
        let bytes = rkyv::api::high::to_bytes_in::<_, rkyv::rancor::Error>(self, out)
            .expect("flat arrays below the record limit serialise");
        // Pair assertion: what was just written is what a reader will accept.
        assert!(access(&bytes[start..]).is_ok(), "the encoder wrote what it would refuse");
        bytes
    }
}

/// The two words of a map.
#[must_use]
#[inline]
pub fn map_words(map: u128) -> [u64; 2] {
    let bytes = map.to_le_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])]
}

/// Writes the cells of one section, chunk by chunk.
struct SectionWriter<'a> {
    payload: &'a mut ColumnarPayload,
    first_option: u32,
    /// Per option of the section the ballots of this chunk that name it.
    columns: Vec<u128>,
    ballots: u32,
}

impl<'a> SectionWriter<'a> {
    fn new(options: Range<u32>, payload: &'a mut ColumnarPayload) -> Self {
        let columns = vec![0; options.len()];
        Self { payload, first_option: options.start, columns, ballots: 0 }
    }

    #[inline]
    fn add(&mut self, ballot: &[OptionIndex]) {
        let bit = 1 << (self.ballots % CHUNK_BALLOTS);
        for &choice in ballot {
            let column = &mut self.columns[(u32::from(choice) - self.first_option) as usize];
            debug_assert!(*column & bit == 0, "a clean ballot names an option once");
            *column |= bit;
        }
        self.ballots += 1;
        if self.ballots.is_multiple_of(CHUNK_BALLOTS) {
            self.end_chunk();
        }
    }

    fn end_chunk(&mut self) {
        let payload = &mut *self.payload;
        for group in self.columns.chunks_mut(GROUP_CELLS as usize) {
            let (mut listed, mut mapped) = (0_u64, 0_u64);
            for (cell, column) in group.iter_mut().enumerate() {
                let mut ballots = std::mem::take(column);
                match ballots.count_ones() {
                    0 => {}
                    1..=LISTED_MAX => {
                        listed |= 1 << cell;
                        while ballots != 0 {
                            // Below 128: the first byte is all of it.
                            payload.numbers.push(ballots.trailing_zeros().to_le_bytes()[0]);
                            ballots &= ballots - 1;
                        }
                        *payload.numbers.last_mut().expect("just pushed") |= LAST;
                    }
                    _ => {
                        mapped |= 1 << cell;
                        payload.maps.extend(map_words(ballots));
                    }
                }
            }
            payload.cells.extend([listed, mapped]);
        }
    }

    fn finish(mut self) -> u32 {
        if !self.ballots.is_multiple_of(CHUNK_BALLOTS) {
            self.end_chunk();
        }
        self.ballots
    }
}

/// Zero-copy view of a columnar payload: its arrays stand in their places. Whether its cells are
/// sound is told by [`ColumnarView::visit_cells`], or by who counts them.
#[derive(Clone, Copy, Debug)]
pub struct ColumnarView<'a> {
    archived: &'a ArchivedColumnarPayload,
}

/// Ballots whose options are numbered together: those with a list, or those with names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Options that these ballots may name.
    pub options: Range<u32>,
    /// Ballots.
    pub ballots: u32,
}

impl Section {
    /// Chunks of the section.
    #[must_use]
    #[inline]
    pub fn chunks(&self) -> u32 {
        self.ballots.div_ceil(CHUNK_BALLOTS)
    }

    /// Groups of 64 cells in each chunk.
    #[must_use]
    #[inline]
    pub fn groups(&self) -> u32 {
        (self.options.end - self.options.start).div_ceil(GROUP_CELLS)
    }

    /// Ballots of a chunk.
    #[must_use]
    #[inline]
    pub fn chunk_ballots(&self, chunk: u32) -> u32 {
        (self.ballots - chunk * CHUNK_BALLOTS).min(CHUNK_BALLOTS)
    }

    /// The bits of the cells that exist in a group.
    #[must_use]
    #[inline]
    pub fn group_mask(&self, group: u32) -> u64 {
        let cells = self.options.end - self.options.start - group * GROUP_CELLS;
        u64::MAX >> (GROUP_CELLS - cells.min(GROUP_CELLS))
    }
}

/// What one option has in one chunk; never without a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Index of the option in its district.
    pub option: u32,
    /// Chunk, from 0 in each section.
    pub chunk: u32,
    /// Bit b stands for ballot b of the chunk.
    pub ballots: u128,
}

impl<'a> ColumnarView<'a> {
    /// See [`ColumnarPayload::cells`].
    #[must_use]
    #[inline]
    pub fn cells(&self) -> &'a [u64_le] {
        &self.archived.cells
    }

    /// See [`ColumnarPayload::maps`].
    #[must_use]
    #[inline]
    pub fn maps(&self) -> &'a [u64_le] {
        &self.archived.maps
    }

    /// The ballots kept as entered.
    #[must_use]
    #[inline]
    pub fn entered(&self) -> Entered<'a> {
        let Self { archived } = *self;
        Entered { lengths: &archived.entered_lengths, choices: &archived.entered_choices }
    }

    /// See [`ColumnarPayload::numbers`].
    #[must_use]
    #[inline]
    pub fn numbers(&self) -> &'a [u8] {
        &self.archived.numbers
    }

    /// See [`ColumnarPayload::lists`].
    #[must_use]
    #[inline]
    pub fn lists(&self) -> u32 {
        self.archived.lists.to_native()
    }

    /// See [`ColumnarPayload::list_ballots`].
    #[must_use]
    #[inline]
    pub fn list_ballots(&self) -> u32 {
        self.archived.list_ballots.to_native()
    }

    /// See [`ColumnarPayload::name_ballots`].
    #[must_use]
    #[inline]
    pub fn name_ballots(&self) -> u32 {
        self.archived.name_ballots.to_native()
    }

    /// See [`ColumnarPayload::blank_ballots`].
    #[must_use]
    #[inline]
    pub fn blank_ballots(&self) -> u32 {
        self.archived.blank_ballots.to_native()
    }

    /// Clean ballots.
    #[must_use]
    #[inline]
    pub fn clean_ballots(&self) -> u64 {
        u64::from(self.list_ballots()) + u64::from(self.name_ballots())
    }

    /// The two sections of a district of `option_count` options: lists, then names.
    #[must_use]
    #[inline]
    pub fn sections(&self, option_count: u32) -> [Section; 2] {
        let lists = self.lists().min(option_count);
        [
            Section { options: 0..lists, ballots: self.list_ballots() },
            Section { options: lists..option_count, ballots: self.name_ballots() },
        ]
    }

    /// Checks that the words of [`ColumnarView::cells`] are as many as the sections need.
    ///
    /// # Errors
    /// If they are not, or there are more lists than options.
    #[inline]
    pub fn check_sections(&self, option_count: u32) -> Result<(), PayloadError> {
        if self.lists() > option_count {
            let (found, expected) = (u64::from(self.lists()), u64::from(option_count));
            return Err(PayloadError::Counts { what: "lists, at most", found, expected });
        }
        let most = u64::from(limits::BATCH_BALLOTS_MAX);
        if self.clean_ballots() > most {
            let found = self.clean_ballots();
            return Err(PayloadError::Counts { what: "clean ballots", found, expected: most });
        }
        let words = self.sections(option_count).map(|section| {
            // At most 512 chunks of 1,024 groups.
            u64::from(section.chunks()) * u64::from(section.groups()) * 2
        });
        expect("words of cells", self.cells().len() as u64, words[0] + words[1])
    }

    /// Gives every cell that has a ballot to `visit`, by section, chunk and option, and checks
    /// everything about it that does not need the other cells. This is the plain reference for
    /// the kernels of the engine.
    ///
    /// # Errors
    /// If a cell is not as the encoder writes it; `visit` may have seen others by then.
    pub fn visit_cells(
        &self,
        option_count: u32,
        mut visit: impl FnMut(Cell),
    ) -> Result<(), PayloadError> {
        self.check_sections(option_count)?;
        let mut words = self.cells().iter().map(|word| word.to_native());
        let mut maps = self.maps().iter().map(|word| word.to_native());
        let mut numbers = self.numbers().iter().copied();
        for section in self.sections(option_count) {
            for (chunk, group) in (0..section.chunks())
                .flat_map(|chunk| (0..section.groups()).map(move |group| (chunk, group)))
            {
                let mut word = || words.next().expect("as many as the sections need");
                let (listed, mapped) = (word(), word());
                let first = section.options.start + group * GROUP_CELLS;
                let fault = |cell: u32, what| PayloadError::Cell {
                    option: first + cell,
                    first_ballot: chunk * CHUNK_BALLOTS,
                    what,
                };
                let foreign = (listed | mapped) & !section.group_mask(group) | listed & mapped;
                if foreign != 0 {
                    let what = "both listed and mapped, or beyond the options";
                    return Err(fault(foreign.trailing_zeros(), what));
                }
                let here = section.chunk_ballots(chunk);
                let mut cells = listed | mapped;
                while cells != 0 {
                    let cell = cells.trailing_zeros();
                    cells &= cells - 1;
                    let ballots = if mapped >> cell & 1 == 1 {
                        read_map(&mut maps, here)
                    } else {
                        read_list(&mut numbers, here)
                    };
                    let ballots = ballots.map_err(|what| fault(cell, what))?;
                    visit(Cell { option: first + cell, chunk, ballots });
                }
            }
        }
        expect("words of maps left", maps.count() as u64, 0)?;
        expect("ballot numbers left", numbers.count() as u64, 0)
    }

    /// Gives every clean ballot to `visit`, as ascending option indices, in the order in which they
    /// are numbered. It is slower than counting: a ballot is spread over its options.
    ///
    /// # Errors
    /// As [`ColumnarView::visit_cells`].
    pub fn visit_ballots(
        &self,
        option_count: u32,
        mut visit: impl FnMut(&[OptionIndex]),
    ) -> Result<(), PayloadError> {
        self.check_sections(option_count)?;
        let lists = self.lists();
        let number = |option: u32, chunk: u32, ballot: u32| {
            let section = if option < lists { 0 } else { self.list_ballots() };
            (section + chunk * CHUNK_BALLOTS + ballot) as usize
        };
        // Where the choices of each ballot end in one array of all: first how many each has, then
        // where it begins, which moves on with every choice that is put there.
        let mut ends = vec![0_usize; (self.list_ballots() + self.name_ballots()) as usize + 1];
        self.visit_cells(option_count, |mut cell| {
            while cell.ballots != 0 {
                ends[number(cell.option, cell.chunk, cell.ballots.trailing_zeros()) + 1] += 1;
                cell.ballots &= cell.ballots - 1;
            }
        })?;
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        // Forged columns may name everybody on every ballot: that is not even written out.
        let (found, most) = (ends[ends.len() - 1], (ends.len() - 1) * limits::SEATS_MAX as usize);
        if found > most {
            let (found, expected) = (found as u64, most as u64);
            return Err(PayloadError::Counts {
                what: "choices of ballots, at most",
                found,
                expected,
            });
        }
        let mut choices = vec![0; found];
        self.visit_cells(option_count, |mut cell| {
            let option = OptionIndex::try_from(cell.option).expect("within the options");
            while cell.ballots != 0 {
                let place =
                    &mut ends[number(cell.option, cell.chunk, cell.ballots.trailing_zeros())];
                choices[*place] = option;
                *place += 1;
                cell.ballots &= cell.ballots - 1;
            }
        })?;
        // Each place has moved on to the beginning of the next ballot.
        let mut start = 0;
        for end in &ends[..ends.len() - 1] {
            visit(&choices[start..*end]);
            start = *end;
        }
        Ok(())
    }
}

fn read_map(words: &mut impl Iterator<Item = u64>, ballots: u32) -> Result<u128, &'static str> {
    let (Some(low), Some(high)) = (words.next(), words.next()) else {
        return Err("its map is missing");
    };
    let map = u128::from(high) << 64 | u128::from(low);
    if map & !(u128::MAX >> (CHUNK_BALLOTS - ballots)) != 0 {
        return Err("its map names a ballot beyond the last");
    }
    if map.count_ones() <= LISTED_MAX {
        return Err("mapped with few enough ballots for a list");
    }
    Ok(map)
}

fn read_list(numbers: &mut impl Iterator<Item = u8>, ballots: u32) -> Result<u128, &'static str> {
    let (mut words, mut length, mut least) = ([0_u64; 2], 0, 0);
    loop {
        let Some(number) = numbers.next() else { return Err("its list is missing or not ended") };
        let ballot = u32::from(number & !LAST);
        if ballot >= ballots {
            return Err("its list names a ballot beyond the last");
        }
        if ballot < least {
            return Err("its list does not ascend");
        }
        words[ballot as usize / 64] |= 1 << (ballot % 64);
        (length, least) = (length + 1, ballot + 1);
        if number & LAST != 0 {
            break;
        }
    }
    if length > LISTED_MAX {
        return Err("listed with enough ballots for a map");
    }
    Ok(u128::from(words[1]) << 64 | u128::from(words[0]))
}

/// Checks where the arrays of `bytes` (aligned to 16) stand, and gives a view of them.
///
/// # Errors
/// If bytecheck refuses them, if anything stands elsewhere than the encoder puts it, or if the
/// lengths of the ballots as entered do not sum up to their choices.
#[inline]
pub fn access(bytes: &[u8]) -> Result<ColumnarView<'_>, PayloadError> {
    let archived = rkyv::access::<ArchivedColumnarPayload, rkyv::rancor::Error>(bytes)
        .map_err(|error| bytecheck(&error))?;
    let view = ColumnarView { archived };
    let entered = view.entered();
    let arrays = [
        (view.cells().len(), 8),
        (view.maps().len(), 8),
        (entered.lengths.len(), 2),
        (entered.choices.len(), 2),
        (view.numbers().len(), 1),
    ];
    check_places(bytes, &arrays, ROOT_BYTES)?;
    entered.check()?;
    Ok(view)
}
