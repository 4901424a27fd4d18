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

/// Bytes of a register, and cells of a group.
const LANES: usize = GROUP_CELLS as usize;

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
    let columns = Columns { view, scratch };
    let [lists, names] = view.sections(option_count);
    let (lists, place) = columns.count_section(&lists, Place::default(), counts)?;
    let (names, _) = columns.count_section(&names, place, counts)?;
    Some(Sums { lists, names })
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

/// What is counted.
#[derive(Clone, Copy)]
struct Columns<'a> {
    view: &'a ColumnarView<'a>,
    scratch: &'a Scratch,
}

/// Where counting stands in the arrays.
#[derive(Clone, Copy, Default)]
struct Place {
    word: usize,
    list: usize,
    map: usize,
    number: usize,
}

impl Columns<'_> {
    /// Counts the cells of a section; `None` if one is not as the encoder writes it.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn count_section(
        self,
        section: &Section,
        mut place: Place,
        counts: &mut [u32],
    ) -> Option<(u64, Place)> {
        if section.ballots == 0 {
            return Some((0, place));
        }
        let Self { view: ColumnarView { cells, .. }, scratch: Scratch { ends, map_ballots } } =
            self;
        let options = section.options.start as usize..section.options.end as usize;
        let counts = &mut counts[options];
        let most = in_every_lane(LISTED_MAX);
        let zero = _mm512_setzero_si512();
        let (mut listed_ballots, mut all_ballots) = (zero, zero);
        let mut few_counts = [zero; 2];
        let few = counts.len() <= LANES;
        let (mut wrong, mut left) = (0, section.ballots);
        while left > 0 {
            let begin = place;
            if left < CHUNK_BALLOTS {
                // The last chunk: where its numbers begin.
                place.number += sum(listed_ballots);
                listed_ballots = zero;
            }
            for counts in counts.chunks_mut(LANES) {
                let words = &cells[place.word..place.word + 2];
                let (listed, mapped) = (words[0].to_native(), words[1].to_native());
                place.word += 2;
                // A list is as long as its end is behind the end of the one before.
                let ends = &ends[LANES - 1 + place.list..][..LANES + 1];
                let lengths = _mm512_sub_epi8(load(&ends[1..]), load(&ends[..LANES]));
                let lists = _mm512_maskz_expand_epi8(listed, lengths);
                let maps = load(&map_ballots[place.map..][..LANES]);
                let maps = _mm512_maskz_expand_epi8(mapped, maps);
                place.list += listed.count_ones() as usize;
                place.map += mapped.count_ones() as usize;
                wrong |= listed & mapped
                    | (listed | mapped) & !first(counts.len())
                    | _mm512_cmpgt_epu8_mask(lists, most)
                    | mapped & !_mm512_cmpgt_epu8_mask(maps, most);
                let cells = _mm512_or_si512(lists, maps);
                listed_ballots = _mm512_add_epi64(listed_ballots, _mm512_sad_epu8(lists, zero));
                all_ballots = _mm512_add_epi64(all_ballots, _mm512_sad_epu8(cells, zero));
                if few {
                    few_counts = add_bytes_to_words(few_counts, cells);
                } else {
                    add_bytes(counts, cells);
                }
            }
            if left < CHUNK_BALLOTS {
                let begin = Place { number: place.number, ..begin };
                place.number += sum(listed_ballots);
                listed_ballots = zero;
                wrong |= self.beyond(begin, place, left)?;
            }
            left -= left.min(CHUNK_BALLOTS);
        }
        place.number += sum(listed_ballots);
        if few {
            add_words(counts, few_counts);
        }
        (wrong == 0).then(|| (sum(all_ballots) as u64, place))
    }

    /// Not zero if the lists and maps between two places name a ballot beyond the last one.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn beyond(self, begin: Place, end: Place, ballots: u32) -> Option<u64> {
        let low = in_every_lane(0x7f);
        let last = in_every_lane(ballots - 1);
        let mut wrong = 0;
        for part in self.view.numbers.get(begin.number..end.number)?.chunks(LANES) {
            let numbers = _mm512_and_si512(load_some(part), low);
            wrong |= _mm512_cmpgt_epu8_mask(numbers, last);
        }
        let beyond = map_words(!(u128::MAX >> (CHUNK_BALLOTS - ballots)));
        for pair in &self.view.maps.as_chunks::<2>().0[begin.map..end.map] {
            wrong |= pair[0].to_native() & beyond[0] | pair[1].to_native() & beyond[1];
        }
        Some(wrong)
    }
}

/// Adds 64 bytes to 64 sums of 16 bits: a batch has no more ballots than these can hold. So the
/// counts of most districts stay in two registers from chunk to chunk.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_bytes_to_words([low, high]: [__m512i; 2], bytes: __m512i) -> [__m512i; 2] {
    let lower = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(bytes));
    let upper = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(bytes));
    [_mm512_add_epi16(low, lower), _mm512_add_epi16(high, upper)]
}

/// Adds 64 bytes to the counts, of which there may be fewer.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add_bytes(counts: &mut [u32], bytes: __m512i) {
    let (parts, rest) = counts.as_chunks_mut::<16>();
    let lanes = [
        _mm512_extracti32x4_epi32::<0>(bytes),
        _mm512_extracti32x4_epi32::<1>(bytes),
        _mm512_extracti32x4_epi32::<2>(bytes),
        _mm512_extracti32x4_epi32::<3>(bytes),
    ];
    for (counts, lanes) in parts.iter_mut().zip(lanes) {
        add_16(counts, _mm512_cvtepu8_epi32(lanes));
    }
    if let Some(lanes) = lanes.get(parts.len()) {
        add_some(rest, _mm512_cvtepu8_epi32(*lanes));
    }
}

/// The sum of eight sums.
#[inline]
#[target_feature(enable = "avx512f")]
fn sum(sums: __m512i) -> usize {
    let sum = _mm512_reduce_add_epi64(sums).cast_unsigned();
    usize::try_from(sum).expect("ballots of one batch, times options")
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
        add_some(counts, _mm512_cvtepu16_epi32(words));
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_16(counts: &mut [u32; 16], numbers: __m512i) {
    let place = counts.as_mut_ptr().cast();
    #[expect(unsafe_code, reason = "a load from and a store to a pointer")]
    // SAFETY: the array has the 16 numbers that are read and written; neither needs an alignment.
    unsafe {
        let before = _mm512_loadu_si512(place);
        _mm512_storeu_si512(place, _mm512_add_epi32(before, numbers));
    }
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
