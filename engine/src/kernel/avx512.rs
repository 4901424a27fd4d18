//! Columns by AVX-512: 64 ballot numbers, or 64 cells, at a time.
//!
//! In: a columnar view, counters of one worker. Out: the choices counted, or `None` if a cell is
//! not as the encoder writes it. Never: an array read or written beyond its end; every load and
//! store below takes the slice in which it stays.
//!
//! Three passes over one batch, all of it in the first cache. (1) Ballot numbers: the marks of 64
//! numbers are one mask; where they stand is compressed into a stream of ends, modulo 256. (2)
//! Maps: their bits are counted (VPOPCNTQ) into a stream of bytes. (3) Cells: the words that say
//! which of 64 cells are listed or mapped expand (VPEXPANDB) the differences of neighbouring ends,
//! and the counts of maps, to the places of their options. No branch depends on a ballot.

use std::arch::x86_64::{
    __m128i, __m512i, _mm_cvtsi128_si32, _mm512_add_epi8, _mm512_add_epi16, _mm512_add_epi32,
    _mm512_add_epi64, _mm512_and_si512, _mm512_castsi512_si256, _mm512_cmpgt_epu8_mask,
    _mm512_cmplt_epu8_mask, _mm512_cvtepi64_epi8, _mm512_cvtepu16_epi32, _mm512_extracti64x4_epi64,
    _mm512_loadu_si512, _mm512_mask_cmple_epu64_mask, _mm512_mask_storeu_epi32,
    _mm512_maskz_compress_epi8, _mm512_maskz_compress_epi64, _mm512_maskz_expand_epi8,
    _mm512_maskz_loadu_epi8, _mm512_maskz_loadu_epi32, _mm512_maskz_loadu_epi64, _mm512_max_epu8,
    _mm512_movepi8_mask, _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_popcnt_epi64,
    _mm512_reduce_add_epi32, _mm512_reduce_add_epi64, _mm512_sad_epu8, _mm512_set1_epi8,
    _mm512_set1_epi16, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_epi32,
    _mm512_srli_epi16, _mm512_storeu_si512, _mm512_sub_epi8, _mm512_unpackhi_epi16,
    _mm512_unpacklo_epi16,
};

use rkyv::rend::u64_le;
use shomar_format::payload::ColumnarView;
use shomar_format::payload::columnar::{
    CHUNK_BALLOTS, GROUP_CELLS, LISTED_MAX, Section, map_words,
};

use super::Sums;

/// Bytes of a register, and cells of a group.
const LANES: usize = GROUP_CELLS as usize;

/// Buffers that are kept between batches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Behind [`LANES`] bytes: the place of the last number of each list, modulo 256.
    ends: Vec<u8>,
    /// Bits of each map.
    map_ballots: Vec<u8>,
    /// [`Counts`] of each group of a wide district.
    counts: Vec<StoredCounts>,
}

/// Whether this processor has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vpopcntdq")
        && is_x86_feature_detected!("bmi2")
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

#[target_feature(
    enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,bmi2,popcnt"
)]
fn count_here(
    view: &ColumnarView<'_>,
    option_count: u32,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Option<Sums> {
    let lists = find_ends(view.numbers(), &mut scratch.ends)?;
    let maps = count_maps(view.maps(), &mut scratch.map_ballots)?;
    let zero = _mm512_setzero_si512();
    let mut cells = Cells {
        words: view.cells(),
        ends: &scratch.ends[LANES - 1..2 * LANES + lists],
        map_ballots: &scratch.map_ballots[..LANES + maps],
        wrong: 0,
        longest: zero,
        numbers: zero,
    };
    let [list_section, name_section] = view.sections(option_count);
    let sums = &mut scratch.counts;
    let lists = count_section(view, &mut cells, &list_section, sums, counts)?;
    let names = count_section(view, &mut cells, &name_section, sums, counts)?;
    let longer = _mm512_cmpgt_epu8_mask(cells.longest, in_every_lane(LISTED_MAX));
    // As many lists and maps as the words announce: where they announce more, something was
    // counted that is not there.
    let all = cells.ends.len() == LANES + 1 && cells.map_ballots.len() == LANES;
    (all & (cells.wrong | longer == 0)).then_some(Sums { lists, names })
}

/// Writes where lists end, modulo 256; gives their number, or `None` if one does not ascend or the
/// last one has no end.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")]
fn find_ends(numbers: &[u8], ends: &mut Vec<u8>) -> Option<usize> {
    let room = numbers.len() + 3 * LANES;
    if ends.len() < room {
        ends.resize(room, 0);
    }
    // The list before the first one ends one place before the first number.
    ends[LANES - 1] = u8::MAX;
    let low = in_every_lane(0x7f);
    let step = in_every_lane(64);
    let mut places = load(&PLACES);
    let (mut at, mut to, mut wrong) = (0, LANES, 0);
    while let Some(window) = numbers.get(at..at + LANES + 1) {
        let (here, next) = (load(&window[..LANES]), load(&window[1..]));
        let marks = _mm512_movepi8_mask(here);
        // A marked number is 128 and more, and no other number is above it: it never ascends.
        let ascends = _mm512_cmplt_epu8_mask(here, _mm512_and_si512(next, low));
        wrong |= !(ascends | marks);
        store(&mut ends[to..to + LANES], _mm512_maskz_compress_epi8(marks, places));
        to += marks.count_ones() as usize;
        places = _mm512_add_epi8(places, step);
        at += LANES;
    }
    let rest = &numbers[at..];
    if !rest.is_empty() {
        // Behind the last number stands zero: it falls unless it is marked.
        let (here, next) = (load_some(rest), load_some(&rest[1..]));
        let marks = _mm512_movepi8_mask(here);
        let ascends = _mm512_cmplt_epu8_mask(here, _mm512_and_si512(next, low));
        wrong |= !(ascends | marks) & first(rest.len());
        store(&mut ends[to..to + LANES], _mm512_maskz_compress_epi8(marks, places));
        to += marks.count_ones() as usize;
    }
    (wrong == 0).then_some(to - LANES)
}

/// Writes the number of bits of each map; gives the number of maps, or `None` if one has as few
/// as a list, or half a map is left.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq")]
fn count_maps(words: &[u64_le], map_ballots: &mut Vec<u8>) -> Option<usize> {
    let maps = words.len() / 2;
    if !words.len().is_multiple_of(2) {
        return None;
    }
    let room = maps + 2 * LANES;
    if map_ballots.len() < room {
        map_ballots.resize(room, 0);
    }
    let most = _mm512_set1_epi64(i64::from(LISTED_MAX));
    let mut few = 0;
    for (four, to) in words.chunks(8).zip(map_ballots.chunks_exact_mut(4)) {
        let there = first_of_8(four.len());
        let bits = _mm512_popcnt_epi64(load_words(four));
        // The two words of a map stand side by side; their sum is in both places then.
        let sums = _mm512_add_epi64(bits, _mm512_shuffle_epi32::<0b01_00_11_10>(bits));
        few |= _mm512_mask_cmple_epu64_mask(there, sums, most);
        let four: __m128i = _mm512_cvtepi64_epi8(_mm512_maskz_compress_epi64(0x55, sums));
        to.copy_from_slice(&_mm_cvtsi128_si32(four).to_le_bytes());
    }
    (few == 0).then_some(maps)
}

/// The cells from one place on, and what was seen of those before it.
#[derive(Clone, Copy)]
struct Cells<'a> {
    words: &'a [u64_le],
    /// From the end of the last list before this place; behind the last list stands a register.
    ends: &'a [u8],
    /// Behind the last map stands a register.
    map_ballots: &'a [u8],
    /// Cells that are both listed and mapped, or beyond the options.
    wrong: u64,
    /// Per lane the longest list.
    longest: __m512i,
    /// How many ballot numbers stood in lists, in eight sums.
    numbers: __m512i,
}

impl Cells<'_> {
    /// The ballots of the next 64 cells, of which those with a bit in `exist` may have some.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn next(&mut self, exist: u64) -> Option<__m512i> {
        let ([listed, mapped], words) = self.words.split_first_chunk()?;
        let (listed, mapped) = (listed.to_native(), mapped.to_native());
        // A list is as long as its end is behind the end of the one before.
        let (before, ends) = (self.ends.get(..LANES)?, self.ends.get(1..=LANES)?);
        let lengths = _mm512_sub_epi8(load(ends), load(before));
        let lists = _mm512_maskz_expand_epi8(listed, lengths);
        let maps = _mm512_maskz_expand_epi8(mapped, load(self.map_ballots.get(..LANES)?));
        self.words = words;
        self.ends = &self.ends[listed.count_ones() as usize..];
        self.map_ballots = &self.map_ballots[mapped.count_ones() as usize..];
        self.wrong |= listed & mapped | (listed | mapped) & !exist;
        self.longest = _mm512_max_epu8(self.longest, lists);
        let numbers = _mm512_sad_epu8(lists, _mm512_setzero_si512());
        self.numbers = _mm512_add_epi64(self.numbers, numbers);
        Some(_mm512_or_si512(lists, maps))
    }
}

/// Counts of 64 options in 16 bits: of those in even places, and of those in odd ones. A batch has
/// no more ballots than these can hold.
type Counts = [__m512i; 2];

/// [`Counts`] in memory.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct StoredCounts([[u16; 32]; 2]);

/// Counts the cells of a section, and gives the number of choices; `None` if a cell is not as the
/// encoder writes it.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn count_section(
    view: &ColumnarView<'_>,
    place: &mut Cells<'_>,
    section: &Section,
    stored: &mut Vec<StoredCounts>,
    counts: &mut [u32],
) -> Option<u64> {
    if section.ballots == 0 || section.options.is_empty() {
        return Some(0);
    }
    let options = section.options.start as usize..section.options.end as usize;
    let counts = &mut counts[options];
    let groups = counts.len().div_ceil(LANES);
    let last_cells = first(counts.len() - (groups - 1) * LANES);
    let zero = _mm512_setzero_si512();
    let (mut cells, mut last_chunk, mut choices) = (*place, *place, zero);
    if groups == 1 {
        // The counts of most districts stay in two registers from chunk to chunk.
        let mut sums = [zero; 2];
        for _ in 0..section.chunks() {
            last_chunk = cells;
            sums = add_bytes(sums, cells.next(last_cells)?);
        }
        choices = add_counts(counts, sums);
    } else {
        if stored.len() < groups {
            stored.resize(groups, StoredCounts::default());
        }
        let stored = &mut stored[..groups];
        stored.fill(StoredCounts::default());
        for _ in 0..section.chunks() {
            last_chunk = cells;
            let (last, others) = stored.split_last_mut()?;
            for sums in others {
                store_counts(sums, add_bytes(load_counts(sums), cells.next(u64::MAX)?));
            }
            store_counts(last, add_bytes(load_counts(last), cells.next(last_cells)?));
        }
        for (counts, sums) in counts.chunks_mut(LANES).zip(stored) {
            choices = _mm512_add_epi32(choices, add_counts(counts, load_counts(sums)));
        }
    }
    *place = cells;
    let ballots = section.ballots % CHUNK_BALLOTS;
    if ballots > 0 {
        place.wrong |= beyond(view, &last_chunk, place, ballots)?;
    }
    Some(u64::from(_mm512_reduce_add_epi32(choices).cast_unsigned()))
}

/// Not zero if a list or a map between two places names a ballot beyond the last one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn beyond(
    view: &ColumnarView<'_>,
    begin: &Cells<'_>,
    end: &Cells<'_>,
    ballots: u32,
) -> Option<u64> {
    let low = in_every_lane(0x7f);
    let last = in_every_lane(ballots - 1);
    let mut wrong = 0;
    for part in view.numbers().get(sum(begin.numbers)..sum(end.numbers))?.chunks(LANES) {
        let numbers = _mm512_and_si512(load_some(part), low);
        wrong |= _mm512_cmpgt_epu8_mask(numbers, last);
    }
    let beyond = map_words(!(u128::MAX >> (CHUNK_BALLOTS - ballots)));
    let (maps, _) = view.maps().as_chunks::<2>();
    let number = |place: &Cells<'_>| (maps.len() + LANES).checked_sub(place.map_ballots.len());
    for pair in maps.get(number(begin)?..number(end)?)? {
        wrong |= pair[0].to_native() & beyond[0] | pair[1].to_native() & beyond[1];
    }
    Some(wrong)
}

/// The sum of eight sums.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum(sums: __m512i) -> usize {
    let sum = _mm512_reduce_add_epi64(sums).cast_unsigned();
    usize::try_from(sum).expect("ballots of one batch, times options")
}

/// Adds 64 bytes to 64 sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_bytes([even, odd]: Counts, bytes: __m512i) -> Counts {
    let low = _mm512_and_si512(bytes, _mm512_set1_epi16(0xff));
    [_mm512_add_epi16(even, low), _mm512_add_epi16(odd, _mm512_srli_epi16::<8>(bytes))]
}

/// Adds 64 sums to the counts, of which there may be fewer. Gives sums of what was added.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_counts(counts: &mut [u32], [even, odd]: Counts) -> __m512i {
    let (low, high) = (_mm512_unpacklo_epi16(even, odd), _mm512_unpackhi_epi16(even, odd));
    let mut sum = _mm512_setzero_si512();
    let first_half = _mm512_permutex2var_epi64(low, load_words(&FIRST_HALF), high);
    let second_half = _mm512_permutex2var_epi64(low, load_words(&SECOND_HALF), high);
    let words = [
        _mm512_castsi512_si256(first_half),
        _mm512_extracti64x4_epi64::<1>(first_half),
        _mm512_castsi512_si256(second_half),
        _mm512_extracti64x4_epi64::<1>(second_half),
    ];
    for (quarter, words) in words.into_iter().enumerate() {
        let numbers = _mm512_cvtepu16_epi32(words);
        sum = _mm512_add_epi32(sum, numbers);
        let from = counts.len().min(quarter * 16);
        add_some(&mut counts[from..], numbers);
    }
    sum
}

/// Words of two registers in which 64 numbers stand by turns of 8: the first 32 of them.
const FIRST_HALF: [u64_le; 8] = words_by_turns(0);
/// The other 32.
const SECOND_HALF: [u64_le; 8] = words_by_turns(4);

const fn words_by_turns(first: u64) -> [u64_le; 8] {
    let from_both =
        [first, first + 1, first + 8, first + 9, first + 2, first + 3, first + 10, first + 11];
    let mut words = [u64_le::from_native(0); 8];
    let mut at = 0;
    while at < 8 {
        words[at] = u64_le::from_native(from_both[at]);
        at += 1;
    }
    words
}

/// Adds up to 16 numbers to the counts.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_some(counts: &mut [u32], numbers: __m512i) {
    let some = first_of_16(counts.len());
    let place = counts.as_mut_ptr().cast();
    #[expect(unsafe_code, reason = "a load from and a store to a pointer")]
    // SAFETY: `some` has a bit for no more numbers than the slice has, and what is masked out is
    // neither read nor written.
    unsafe {
        let before = _mm512_maskz_loadu_epi32(some, place);
        _mm512_mask_storeu_epi32(place, some, _mm512_add_epi32(before, numbers));
    }
}

/// 0, 1, 2 ... 63.
const PLACES: [u8; LANES] = {
    let mut places = [0; LANES];
    let (mut at, mut place) = (0, 0);
    while at < LANES {
        places[at] = place;
        at += 1;
        place += 1;
    }
    places
};

/// The same number, below 256, in each of 64 lanes.
#[inline]
#[target_feature(enable = "avx512f")]
fn in_every_lane(number: u32) -> __m512i {
    let [byte, 0, 0, 0] = number.to_le_bytes() else { unreachable!("below 256") };
    _mm512_set1_epi8(byte.cast_signed())
}

/// A mask of the first `count` lanes, up to 64.
#[inline]
fn first(count: usize) -> u64 {
    if count == 0 { 0 } else { u64::MAX >> (LANES - count) }
}

/// A mask of the first `count` lanes, and of no more than 16.
#[inline]
fn first_of_16(count: usize) -> u16 {
    if count == 0 { 0 } else { u16::MAX >> (16 - count.min(16)) }
}

/// A mask of the first `count` lanes, and of no more than 8.
#[inline]
fn first_of_8(count: usize) -> u8 {
    if count == 0 { 0 } else { u8::MAX >> (8 - count.min(8)) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8]) -> __m512i {
    assert_eq!(bytes.len(), LANES);
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the slice has the 64 bytes that are read; the load needs no alignment.
    unsafe {
        _mm512_loadu_si512(bytes.as_ptr().cast())
    }
}

/// Up to 64 bytes, and zeros behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_some(bytes: &[u8]) -> __m512i {
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the mask has a bit for no more bytes than the slice has; what is masked out is not
    // read.
    unsafe {
        _mm512_maskz_loadu_epi8(first(bytes.len().min(LANES)), bytes.as_ptr().cast())
    }
}

/// Up to eight words, and zeros behind them.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_words(words: &[u64_le]) -> __m512i {
    let some = first_of_8(words.len());
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the mask has a bit for no more words than the slice has; what is masked out is not
    // read; a little-endian word has the bytes of a native one here.
    unsafe {
        _mm512_maskz_loadu_epi64(some, words.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(bytes: &mut [u8], value: __m512i) {
    assert_eq!(bytes.len(), LANES);
    #[expect(unsafe_code, reason = "a store to a pointer")]
    // SAFETY: the slice has the 64 bytes that are written; the store needs no alignment.
    unsafe {
        _mm512_storeu_si512(bytes.as_mut_ptr().cast(), value);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_counts(StoredCounts([even, odd]): &StoredCounts) -> Counts {
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: each half has the 32 numbers that are read; the load needs no alignment.
    unsafe {
        [_mm512_loadu_si512(even.as_ptr().cast()), _mm512_loadu_si512(odd.as_ptr().cast())]
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_counts(StoredCounts([even, odd]): &mut StoredCounts, counts: Counts) {
    #[expect(unsafe_code, reason = "a store to a pointer")]
    // SAFETY: each half has room for the 32 numbers that are written; the store needs no alignment.
    unsafe {
        _mm512_storeu_si512(even.as_mut_ptr().cast(), counts[0]);
        _mm512_storeu_si512(odd.as_mut_ptr().cast(), counts[1]);
    }
}
