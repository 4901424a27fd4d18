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
    _mm512_cmplt_epu8_mask, _mm512_cvtepi64_epi8, _mm512_cvtepu8_epi16, _mm512_cvtepu8_epi32,
    _mm512_cvtepu16_epi32, _mm512_extracti32x4_epi32, _mm512_extracti64x4_epi64,
    _mm512_loadu_si512, _mm512_mask_storeu_epi32, _mm512_maskz_compress_epi8,
    _mm512_maskz_compress_epi64, _mm512_maskz_expand_epi8, _mm512_maskz_loadu_epi8,
    _mm512_maskz_loadu_epi32, _mm512_maskz_loadu_epi64, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_popcnt_epi64, _mm512_reduce_add_epi64, _mm512_sad_epu8, _mm512_set1_epi8,
    _mm512_setzero_si512, _mm512_shuffle_epi32, _mm512_storeu_si512, _mm512_sub_epi8,
};

use rkyv::rend::u64_le;
use shomar_format::payload::ColumnarView;
use shomar_format::payload::columnar::{
    CHUNK_BALLOTS, GROUP_CELLS, LAST, LISTED_MAX, Section, map_words,
};

use super::Sums;

/// Bytes of a register.
const LANES: usize = 64;

/// Buffers that are kept between batches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Behind [`LANES`] bytes: the place of the last number of each list, modulo 256.
    ends: Vec<u8>,
    /// Bits of each map.
    map_ballots: Vec<u8>,
}

/// Whether this processor has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
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
    let lists = find_ends(view.numbers, &mut scratch.ends)?;
    let maps = count_maps(view.maps, &mut scratch.map_ballots)?;
    // As many lists and maps as the words announce: below, none can be read that is not there.
    let (mut listed, mut mapped) = (0, 0);
    for pair in view.cells.as_chunks::<2>().0 {
        listed += pair[0].to_native().count_ones() as usize;
        mapped += pair[1].to_native().count_ones() as usize;
    }
    if listed != lists || mapped != maps {
        return None;
    }
    let mut columns = Columns {
        view,
        scratch,
        words: 0,
        list: 0,
        map: 0,
        number: 0,
        wrong: 0,
        listed: _mm512_setzero_si512(),
        all: _mm512_setzero_si512(),
    };
    let [lists, names] = view.sections(option_count);
    let sums = Sums { lists: columns.count(&lists, counts), names: columns.count(&names, counts) };
    (columns.wrong == 0).then_some(sums)
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
        let (here, next) = (load_some(rest), load_some(&rest[1..]));
        let marks = _mm512_movepi8_mask(here);
        let ascends = _mm512_cmplt_epu8_mask(here, _mm512_and_si512(next, low));
        wrong |= !(ascends | marks) & first(rest.len());
        store(&mut ends[to..to + LANES], _mm512_maskz_compress_epi8(marks, places));
        to += marks.count_ones() as usize;
        if rest[rest.len() - 1] & LAST == 0 {
            return None;
        }
    }
    (wrong == 0).then_some(to - LANES)
}

/// Writes the number of bits of each map; gives the number of maps, or `None` if half a map is
/// left.
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
    for (four, to) in words.chunks(8).zip(map_ballots.chunks_exact_mut(4)) {
        let bits = _mm512_popcnt_epi64(load_words(four));
        // The two words of a map stand side by side; their sum is in both places then.
        let sums = _mm512_add_epi64(bits, _mm512_shuffle_epi32::<0b01_00_11_10>(bits));
        let four: __m128i = _mm512_cvtepi64_epi8(_mm512_maskz_compress_epi64(0x55, sums));
        to.copy_from_slice(&_mm_cvtsi128_si32(four).to_le_bytes());
    }
    Some(maps)
}

/// Where counting stands in the arrays.
struct Columns<'a> {
    view: &'a ColumnarView<'a>,
    scratch: &'a Scratch,
    words: usize,
    list: usize,
    map: usize,
    number: usize,
    /// Not zero as soon as a cell is not as the encoder writes it.
    wrong: u64,
    /// Ballots in listed cells since a section or its last chunk began, in eight sums.
    listed: __m512i,
    /// Ballots in all cells since a section began, in eight sums.
    all: __m512i,
}

impl Columns<'_> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn count(&mut self, section: &Section, counts: &mut [u32]) -> u64 {
        if section.ballots == 0 {
            return 0;
        }
        let options = section.options.start as usize..section.options.end as usize;
        let counts = &mut counts[options];
        let full = section.ballots / CHUNK_BALLOTS;
        self.all = _mm512_setzero_si512();
        if section.groups() == 1 {
            // Most districts: their counts stay in two registers from chunk to chunk.
            let exist = section.group_mask(0);
            let mut sums = [_mm512_setzero_si512(); 2];
            for _ in 0..full {
                self.add_to_words(exist, &mut sums);
            }
            self.end_full_chunks();
            let (list, map) = (self.list, self.map);
            if full < section.chunks() {
                self.add_to_words(exist, &mut sums);
                self.check_last(section.chunk_ballots(full), list, map);
            }
            add_words(counts, sums);
        } else {
            for _ in 0..full {
                self.add_chunk(section, counts);
            }
            self.end_full_chunks();
            let (list, map) = (self.list, self.map);
            if full < section.chunks() {
                self.add_chunk(section, counts);
                self.check_last(section.chunk_ballots(full), list, map);
            }
        }
        _mm512_reduce_add_epi64(self.all).cast_unsigned()
    }

    /// The ballots of the next 64 cells, a byte each.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn next_cells(&mut self, exist: u64) -> __m512i {
        let words = &self.view.cells[self.words..self.words + 2];
        let (listed, mapped) = (words[0].to_native(), words[1].to_native());
        self.words += 2;
        let most = in_every_lane(LISTED_MAX);
        let ends = &self.scratch.ends[LANES - 1 + self.list..][..LANES + 1];
        let lengths = _mm512_sub_epi8(load(&ends[1..]), load(&ends[..LANES]));
        let lists = _mm512_maskz_expand_epi8(listed, lengths);
        let map_ballots = load(&self.scratch.map_ballots[self.map..][..LANES]);
        let maps = _mm512_maskz_expand_epi8(mapped, map_ballots);
        self.list += listed.count_ones() as usize;
        self.map += mapped.count_ones() as usize;
        self.wrong |= listed & mapped
            | (listed | mapped) & !exist
            | _mm512_cmpgt_epu8_mask(lists, most)
            | mapped & !_mm512_cmpgt_epu8_mask(maps, most);
        let cells = _mm512_or_si512(lists, maps);
        let zero = _mm512_setzero_si512();
        self.listed = _mm512_add_epi64(self.listed, _mm512_sad_epu8(lists, zero));
        self.all = _mm512_add_epi64(self.all, _mm512_sad_epu8(cells, zero));
        cells
    }

    /// Adds one chunk of a district of up to 64 options to 64 counts of 16 bits: a batch has no
    /// more ballots than these can hold.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn add_to_words(&mut self, exist: u64, sums: &mut [__m512i; 2]) {
        let cells = self.next_cells(exist);
        let halves = [_mm512_castsi512_si256(cells), _mm512_extracti64x4_epi64::<1>(cells)];
        for (sum, half) in sums.iter_mut().zip(halves) {
            *sum = _mm512_add_epi16(*sum, _mm512_cvtepu8_epi16(half));
        }
    }

    /// Adds one chunk to the counts.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn add_chunk(&mut self, section: &Section, counts: &mut [u32]) {
        let groups = (0..).zip(counts.chunks_mut(GROUP_CELLS as usize));
        for (group, counts) in groups {
            let cells = self.next_cells(section.group_mask(group));
            add_some(counts, 0, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<0>(cells)));
            add_some(counts, 16, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<1>(cells)));
            add_some(counts, 32, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<2>(cells)));
            add_some(counts, 48, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<3>(cells)));
        }
    }

    /// Moves on to the numbers of the last chunk.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn end_full_chunks(&mut self) {
        let listed = _mm512_reduce_add_epi64(self.listed).cast_unsigned();
        // At most one number per listed ballot, which are in the array if nothing is wrong.
        self.number += usize::try_from(listed).expect("within the numbers of one batch");
        self.listed = _mm512_setzero_si512();
    }

    /// Checks that the last chunk, with its lists and maps since these, names no ballot beyond.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn check_last(&mut self, ballots: u32, list: usize, map: usize) {
        let number = self.number;
        self.end_full_chunks();
        let Some(numbers) = self.view.numbers.get(number..self.number) else {
            self.wrong = u64::MAX;
            return;
        };
        debug_assert!(list <= self.list);
        let low = in_every_lane(0x7f);
        let end = in_every_lane(ballots - 1);
        for part in numbers.chunks(LANES) {
            let numbers = _mm512_and_si512(load_some(part), low);
            self.wrong |= _mm512_cmpgt_epu8_mask(numbers, end);
        }
        let beyond = map_words(!(u128::MAX >> (CHUNK_BALLOTS - ballots)));
        for pair in &self.view.maps.as_chunks::<2>().0[map..self.map] {
            self.wrong |= pair[0].to_native() & beyond[0] | pair[1].to_native() & beyond[1];
        }
    }
}

/// Adds 64 sums of 16 bits to the counts, of which there may be fewer.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_words(counts: &mut [u32], [low, high]: [__m512i; 2]) {
    let words = [
        _mm512_castsi512_si256(low),
        _mm512_extracti64x4_epi64::<1>(low),
        _mm512_castsi512_si256(high),
        _mm512_extracti64x4_epi64::<1>(high),
    ];
    for (counts, words) in counts.chunks_mut(16).zip(words) {
        add_some(counts, 0, _mm512_cvtepu16_epi32(words));
    }
}

/// Adds 16 numbers to the counts from `at` on, as far as there are any.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_some(counts: &mut [u32], at: usize, numbers: __m512i) {
    let counts = counts.get_mut(at..).unwrap_or_default();
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
