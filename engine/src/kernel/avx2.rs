//! Columns by AVX2: 32 ballot numbers, or 16 cells, at a time.
//!
//! In: a columnar view, counters of one worker. Out: the choices counted, or `None` if a cell is
//! not as the encoder writes it. Never: an array read or written beyond its end; every load and
//! store below takes the array in which it stays.
//!
//! The same three passes as with AVX-512. What there compresses and expands bytes is here two
//! tables of 256 words: for each mask of eight, where its bits stand, and how a shuffle spreads
//! eight bytes to them.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi64, _mm_cvtsi128_si64, _mm_max_epu8, _mm_or_si128, _mm_sad_epu8,
    _mm_set_epi64x, _mm_setzero_si128, _mm_shuffle_epi8, _mm_storeu_si128, _mm_unpackhi_epi64,
    _mm256_add_epi16, _mm256_and_si256, _mm256_cmpgt_epi8, _mm256_cvtepu8_epi16,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_storeu_si256,
};

use rkyv::rend::u64_le;
use shomar_format::payload::ColumnarView;
use shomar_format::payload::columnar::{CHUNK_BALLOTS, GROUP_CELLS, LISTED_MAX, Section};

use super::Sums;
use super::portable::any_beyond;

/// Cells of a group.
const CELLS: usize = GROUP_CELLS as usize;
/// Bytes of a register.
const LANES: usize = 32;
/// Bytes that one table spreads or gathers.
const EIGHT: usize = 8;

/// Buffers that are kept between batches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Behind the end of the list before the first one: the place of the last number of each
    /// list, modulo 256.
    ends: Vec<u8>,
    /// Bits of each map.
    map_ballots: Vec<u8>,
    /// Counts of each group of a section. A batch has no more ballots than 16 bits can hold.
    counts: Vec<[u16; CELLS]>,
}

/// Whether this processor has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("popcnt")
}

/// Counts all cells; the view has as many words of cells as its sections need.
pub(super) fn count(
    view: &ColumnarView<'_>,
    option_count: u32,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Option<Sums> {
    assert!(is_available(), "chosen only where the processor has the instructions");
    #[expect(unsafe_code, reason = "instructions that not every processor has")]
    // SAFETY: the processor has the instructions that `count_here` is compiled for.
    unsafe {
        count_here(view, option_count, scratch, counts)
    }
}

#[target_feature(enable = "avx2,bmi1,popcnt")]
fn count_here(
    view: &ColumnarView<'_>,
    option_count: u32,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Option<Sums> {
    let lists = find_ends(view.numbers(), &mut scratch.ends)?;
    let maps = count_maps(view.maps(), &mut scratch.map_ballots)?;
    let mut cells = Cells {
        words: view.cells(),
        ends: &scratch.ends[..=lists + EIGHT],
        map_ballots: &scratch.map_ballots[..maps + EIGHT],
        wrong: 0,
        longest: _mm_setzero_si128(),
        numbers: _mm_setzero_si128(),
    };
    let [list_section, name_section] = view.sections(option_count);
    let sums = &mut scratch.counts;
    let lists = count_section(view, &mut cells, &list_section, sums, counts)?;
    let names = count_section(view, &mut cells, &name_section, sums, counts)?;
    let mut longest = [0; 16];
    store(&mut longest, cells.longest);
    let longest = longest.into_iter().max().map_or(0, u32::from);
    // As many lists and maps as the words announce: where they announce more, something was
    // counted that is not there.
    let all = cells.ends.len() == EIGHT + 1 && cells.map_ballots.len() == EIGHT;
    (all && cells.wrong == 0 && longest <= LISTED_MAX).then_some(Sums { lists, names })
}

/// Writes where lists end, modulo 256; gives their number, or `None` if one does not ascend or the
/// last one has no end.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn find_ends(numbers: &[u8], ends: &mut Vec<u8>) -> Option<usize> {
    let room = numbers.len() + 1 + LANES;
    if ends.len() < room {
        ends.resize(room, 0);
    }
    // The list before the first one ends one place before the first number.
    ends[0] = u8::MAX;
    let (mut at, mut to, mut wrong) = (0, 1, 0);
    while let Some(window) = numbers.get(at..).and_then(|rest| rest.first_chunk()) {
        let (marks, falls) = marks_and_falls(window);
        wrong |= falls;
        to = write_ends(marks, at, ends, to);
        at += LANES;
    }
    let rest = &numbers[at..];
    if !rest.is_empty() {
        // Behind the last number stands zero: it falls unless it is marked.
        let mut window = [0; LANES + 1];
        window[..rest.len()].copy_from_slice(rest);
        let (marks, falls) = marks_and_falls(&window);
        wrong |= falls & u32::MAX >> (LANES - rest.len().min(LANES));
        to = write_ends(marks, at, ends, to);
    }
    (wrong == 0).then_some(to - 1)
}

/// For 32 numbers and the one behind them: which are marked, and which are neither marked nor below
/// the next one.
#[inline]
#[target_feature(enable = "avx2")]
fn marks_and_falls(window: &[u8; LANES + 1]) -> (u32, u32) {
    let (here, next) = (load(&window[..LANES]), load(&window[1..]));
    let marks = _mm256_movemask_epi8(here).cast_unsigned();
    // As signed numbers: a marked one is below every other.
    let next = _mm256_and_si256(next, _mm256_set1_epi8(0x7f));
    let ascends = _mm256_movemask_epi8(_mm256_cmpgt_epi8(next, here)).cast_unsigned();
    (marks, !(ascends | marks))
}

/// Appends the places of the marks, of which the first is `at`, modulo 256; gives the new end.
#[inline]
#[target_feature(enable = "popcnt")]
fn write_ends(marks: u32, at: usize, ends: &mut [u8], mut to: usize) -> usize {
    let [first, ..] = at.to_le_bytes();
    for (eight, mask) in (0..).zip(marks.to_le_bytes()) {
        // The places of eight numbers differ in their last three bits alone.
        let base = u64::from(first | eight << 3) * 0x0101_0101_0101_0101;
        let places = PLACES[usize::from(mask)] | base;
        ends[to..to + EIGHT].copy_from_slice(&places.to_le_bytes());
        to += mask.count_ones() as usize;
    }
    to
}

/// Writes the number of bits of each map; gives the number of maps, or `None` if one has as few as
/// a list, or half a map is left.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn count_maps(words: &[u64_le], map_ballots: &mut Vec<u8>) -> Option<usize> {
    let (maps, []) = words.as_chunks::<2>() else { return None };
    let room = maps.len() + EIGHT;
    if map_ballots.len() < room {
        map_ballots.resize(room, 0);
    }
    let mut few = false;
    for ([low, high], ballots) in maps.iter().zip(map_ballots) {
        let bits = low.to_native().count_ones() + high.to_native().count_ones();
        few |= bits <= LISTED_MAX;
        [*ballots, ..] = bits.to_le_bytes();
    }
    (!few).then_some(maps.len())
}

/// The cells from one place on, and what was seen of those before it.
#[derive(Clone, Copy)]
struct Cells<'a> {
    words: &'a [u64_le],
    /// From the end of the last list before this place; behind the last list stand eight more.
    ends: &'a [u8],
    /// Behind the last map stand eight more.
    map_ballots: &'a [u8],
    /// Cells that are both listed and mapped, or beyond the options.
    wrong: u64,
    /// Per lane the longest list.
    longest: __m128i,
    /// How many ballot numbers stood in lists, in two sums.
    numbers: __m128i,
}

impl Cells<'_> {
    /// Adds the ballots of the next 64 cells, of which those with a bit in `exist` may have some.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn add_next(&mut self, exist: u64, sums: &mut [u16; CELLS]) -> Option<()> {
        let ([listed, mapped], words) = self.words.split_first_chunk()?;
        let (listed, mapped) = (listed.to_native(), mapped.to_native());
        self.words = words;
        self.wrong |= listed & mapped | (listed | mapped) & !exist;
        let (listed, mapped) = (listed.to_le_bytes(), mapped.to_le_bytes());
        let (listed, mapped) = (listed.as_chunks::<2>().0, mapped.as_chunks::<2>().0);
        // Most districts have far fewer than 64 options.
        let sixteens = (u64::BITS - exist.leading_zeros()).div_ceil(16) as usize;
        let sums = &mut sums.as_chunks_mut().0[..sixteens];
        for ((listed, mapped), sums) in listed.iter().zip(mapped).zip(sums) {
            let ((low, low_spread), (high, high_spread)) =
                (self.take_lists(listed[0])?, self.take_lists(listed[1])?);
            let lists = spread([low, high], [low_spread, high_spread]);
            let ((low, low_spread), (high, high_spread)) =
                (self.take_maps(mapped[0])?, self.take_maps(mapped[1])?);
            let maps = spread([low, high], [low_spread, high_spread]);
            self.longest = _mm_max_epu8(self.longest, lists);
            let numbers = _mm_sad_epu8(lists, _mm_setzero_si128());
            self.numbers = _mm_add_epi64(self.numbers, numbers);
            add_bytes(sums, _mm_or_si128(lists, maps));
        }
        Some(())
    }

    /// The lengths of the next lists, and how to spread them to the cells of a mask.
    #[inline]
    #[target_feature(enable = "popcnt")]
    fn take_lists(&mut self, mask: u8) -> Option<(u64, u64)> {
        let ends: &[u8; EIGHT + 1] = self.ends.first_chunk()?;
        self.ends = &self.ends[mask.count_ones() as usize..];
        // A list is as long as its end is behind the end of the one before.
        let (before, here) = (word(&ends[..EIGHT]), word(&ends[1..]));
        let lengths = ((here | HIGH).wrapping_sub(before & !HIGH)) ^ ((here ^ !before) & HIGH);
        Some((lengths, SPREAD[usize::from(mask)]))
    }

    /// The ballots of the next maps, and how to spread them to the cells of a mask.
    #[inline]
    #[target_feature(enable = "popcnt")]
    fn take_maps(&mut self, mask: u8) -> Option<(u64, u64)> {
        let ballots = word(self.map_ballots.get(..EIGHT)?);
        self.map_ballots = &self.map_ballots[mask.count_ones() as usize..];
        Some((ballots, SPREAD[usize::from(mask)]))
    }
}

/// Counts the cells of a section, and gives the number of choices; `None` if a cell is not as the
/// encoder writes it.
#[inline]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn count_section(
    view: &ColumnarView<'_>,
    place: &mut Cells<'_>,
    section: &Section,
    sums: &mut Vec<[u16; CELLS]>,
    counts: &mut [u32],
) -> Option<u64> {
    if section.ballots == 0 {
        return Some(0);
    }
    let options = section.options.start as usize..section.options.end as usize;
    let counts = &mut counts[options];
    let groups = counts.len().div_ceil(CELLS);
    sums.clear();
    sums.resize(groups, [0; CELLS]);
    let (mut cells, mut last_chunk) = (*place, *place);
    for _ in 0..section.chunks() {
        last_chunk = cells;
        for (group, sums) in (0..).zip(&mut *sums) {
            cells.add_next(section.group_mask(group), sums)?;
        }
    }
    *place = cells;
    let mut choices = 0;
    for (counts, sums) in counts.chunks_mut(CELLS).zip(sums) {
        for (count, sum) in counts.iter_mut().zip(sums) {
            *count += u32::from(*sum);
            choices += u32::from(*sum);
        }
    }
    let ballots = section.ballots % CHUNK_BALLOTS;
    if ballots > 0 {
        let numbers = view.numbers().get(sum(last_chunk.numbers)..sum(place.numbers))?;
        let (maps, _) = view.maps().as_chunks();
        let map = |place: &Cells<'_>| (maps.len() + EIGHT).checked_sub(place.map_ballots.len());
        let maps = maps.get(map(&last_chunk)?..map(place)?)?;
        place.wrong |= u64::from(any_beyond(numbers, maps, ballots));
    }
    Some(u64::from(choices))
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// For each mask of eight: the places of its bits, one after another.
const PLACES: [u64; 256] = {
    let mut table = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut rank, mut place) = (0, 0);
        while place < 8 {
            if mask >> place & 1 == 1 {
                table[mask] |= place << (rank * 8);
                rank += 1;
            }
            place += 1;
        }
        mask += 1;
    }
    table
};

/// For each mask of eight: which byte a shuffle puts to each place; 128 puts a zero.
const SPREAD: [u64; 256] = {
    let mut table = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut rank, mut place) = (0, 0);
        while place < 8 {
            if mask >> place & 1 == 1 {
                table[mask] |= rank << (place * 8);
                rank += 1;
            } else {
                table[mask] |= 0x80 << (place * 8);
            }
            place += 1;
        }
        mask += 1;
    }
    table
};

/// Spreads the low eight bytes and the high eight.
#[inline]
#[target_feature(enable = "avx2")]
fn spread([low, high]: [u64; 2], [low_spread, high_spread]: [u64; 2]) -> __m128i {
    let of_the_high = 0x0808_0808_0808_0808;
    let bytes = _mm_set_epi64x(high.cast_signed(), low.cast_signed());
    let by = _mm_set_epi64x((high_spread | of_the_high).cast_signed(), low_spread.cast_signed());
    _mm_shuffle_epi8(bytes, by)
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// The sum of two sums.
#[inline]
#[target_feature(enable = "avx2")]
fn sum(sums: __m128i) -> usize {
    let both = _mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums));
    let sum = _mm_cvtsi128_si64(both).cast_unsigned();
    usize::try_from(sum).expect("ballots of one batch, times options")
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8]) -> __m256i {
    assert_eq!(bytes.len(), LANES);
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the slice has the 32 bytes that are read; the load needs no alignment.
    unsafe {
        _mm256_loadu_si256(bytes.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(bytes: &mut [u8; 16], value: __m128i) {
    #[expect(unsafe_code, reason = "a store to a pointer")]
    // SAFETY: the array has room for the 16 bytes that are written; the store needs no alignment.
    unsafe {
        _mm_storeu_si128(bytes.as_mut_ptr().cast(), value);
    }
}

/// Adds 16 bytes to 16 sums.
#[inline]
#[target_feature(enable = "avx2")]
fn add_bytes(sums: &mut [u16; 16], bytes: __m128i) {
    let place = sums.as_mut_ptr().cast();
    #[expect(unsafe_code, reason = "a load from and a store to a pointer")]
    // SAFETY: the array has the 16 numbers that are read and written; neither needs an alignment.
    unsafe {
        let before = _mm256_loadu_si256(place);
        _mm256_storeu_si256(place, _mm256_add_epi16(before, _mm256_cvtepu8_epi16(bytes)));
    }
}
