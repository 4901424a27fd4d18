//! Ballots kept as entered, by AVX-512: one ballot in a register, or several short ones.
//!
//! In: the entered ballots of one batch. Out: how many were read and how many are void, what was
//! read counted; `None`, and nothing counted, if one of them should not be there or is of a rare
//! kind: with a list under other options than the default ones, or of more than 32 choices. Never:
//! a word about what is wrong; the plain way has it (`entered.rs`).
//!
//! Most ballots as entered hold unknown codes, a repeated name or too many names. Which choices are
//! known, and which come again, are masks; the names read are the lowest bits that are left, up to
//! the limit. They are gathered first and counted together, so that no branch depends on a ballot.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_cmpneq_epu16_mask, _mm256_mask_cmpge_epu16_mask,
    _mm256_mask_cmplt_epu16_mask, _mm256_mask_loadu_epi16, _mm256_maskz_compress_epi16,
    _mm256_set1_epi16, _mm256_storeu_si256, _mm512_cmpeq_epi16_mask, _mm512_cmpgt_epu16_mask,
    _mm512_cmple_epu16_mask, _mm512_cmpneq_epu16_mask, _mm512_conflict_epi32,
    _mm512_cvtepu16_epi32, _mm512_mask_cmpge_epu16_mask, _mm512_mask_cmplt_epu16_mask,
    _mm512_mask_loadu_epi16, _mm512_maskz_compress_epi16, _mm512_permutexvar_epi16,
    _mm512_set1_epi16, _mm512_storeu_si512, _mm512_sub_epi16, _mm512_test_epi32_mask, _pdep_u32,
};

use rkyv::rend::u16_le;
use shomar_format::payload::Entered;
use shomar_format::reading::{ListPlusNames, TwoLists};
use shomar_format::{OptionIndex, UNKNOWN_OPTION};

use super::entered::EnteredCount;
use crate::reading::District;

/// Choices of the longest ballots that are counted several at a time.
const SEVERAL_MAX: usize = 4;
/// Choices of a short ballot.
const SHORT: usize = 16;
/// Most choices that fit a register.
const LONG: usize = 32;

/// Reads and counts; `None` if another way must decide.
pub(super) fn count(
    ballots: &Entered<'_>,
    district: &District<'_>,
    names: &mut Vec<OptionIndex>,
    counts: &mut [u32],
) -> Option<EnteredCount> {
    assert!(super::avx512::is_available(), "chosen only where the processor has the instructions");
    let room = ballots.choices.len() + LONG;
    if names.len() < room {
        names.resize(room, 0);
    }
    #[expect(unsafe_code, reason = "instructions that not every processor has")]
    // SAFETY: the processor has the instructions that `gather` is compiled for.
    let (count, gathered) = unsafe { gather(ballots, district, names) }?;
    for &name in &names[..gathered] {
        counts[usize::from(name)] += 1;
    }
    Some(count)
}

/// What the ballots of a district are compared with.
struct Bounds {
    lists: i16,
    options: i16,
    seats: usize,
    /// The lowest bits, as many as names are read.
    limit: u32,
    /// Whether the first list on a ballot is read, and nothing besides.
    first_list_alone: bool,
}

/// What was found on one ballot, a bit per choice.
struct Found {
    /// Choices that are no unknown code.
    known: u32,
    /// Known choices that stand on the ballot already.
    repeated: u32,
    /// Known choices that are lists.
    lists: u32,
    /// Choices that are no option of the district.
    foreign: u32,
}

#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512vl,avx512vbmi2,bmi2,popcnt")]
fn gather(
    ballots: &Entered<'_>,
    district: &District<'_>,
    names: &mut [OptionIndex],
) -> Option<(EnteredCount, usize)> {
    let small = |number: u32| {
        u16::try_from(number).expect("a district has at most 65,535 options").cast_signed()
    };
    let bounds = Bounds {
        lists: small(district.shape.list_count),
        options: small(district.shape.option_count),
        seats: district.shape.seats as usize,
        limit: u32::MAX >> (LONG - district.name_limit.clamp(1, LONG)),
        first_list_alone: district.reading.list_plus_names == ListPlusNames::ListWins
            && district.reading.two_lists == TwoLists::FirstListOnly,
    };
    let shorter = count_short(ballots.lengths)?;
    let Entered { lengths, choices } = *ballots;
    let count = EnteredCount::default();
    let mut gatherer = Gatherer { bounds, lengths, choices, names, gathered: 0, count };
    let run = |length: usize| shorter[length] - shorter[length - 1];
    let _up_to_a_list = gatherer.count_unknown(run(1))?
        && gatherer.count_run::<2>(run(2))?
        && gatherer.count_run::<3>(run(3))?
        && gatherer.count_run::<4>(run(4))?;
    for length in gatherer.lengths {
        let length = usize::from(length.to_native());
        let (ballot, rest) = gatherer.choices.split_at_checked(length)?;
        gatherer.count_ballot(ballot)?;
        gatherer.choices = rest;
    }
    Some((gatherer.count, gatherer.gathered))
}

/// How many ballots have no more than 0, 1, 2, 3, 4 choices; `None` if they do not stand by length.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,popcnt")]
fn count_short(lengths: &[u16_le]) -> Option<[usize; SEVERAL_MAX + 1]> {
    let mut shorter = [0; SEVERAL_MAX + 1];
    let mut falls = 0;
    for (at, part) in lengths.chunks(LONG).enumerate() {
        // Behind the lengths stand ones that are longer than any.
        let here = load_long(part);
        let next = match &lengths[at * LONG + 1..] {
            [] => here,
            next => load_long(&next[..next.len().min(LONG)]),
        };
        falls |= _mm512_cmpgt_epu16_mask(here, next);
        for (shorter, number) in shorter.iter_mut().zip(0_i16..) {
            let no_more = _mm512_cmple_epu16_mask(here, _mm512_set1_epi16(number));
            *shorter += no_more.count_ones() as usize;
        }
    }
    (falls == 0).then_some(shorter)
}

/// Ballots that were not counted yet, and where names are gathered.
struct Gatherer<'a> {
    bounds: Bounds,
    lengths: &'a [u16_le],
    choices: &'a [u16_le],
    names: &'a mut [OptionIndex],
    gathered: usize,
    count: EnteredCount,
}

impl<'a> Gatherer<'a> {
    /// Counts ballots of one choice; `None` if one is known, which would be clean.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn count_unknown(&mut self, ballots: usize) -> Option<bool> {
        let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
        let (own, rest) = self.choices.split_at_checked(ballots)?;
        for part in own.chunks(LONG) {
            if _mm512_cmpneq_epu16_mask(load_long(part), unknown) != 0 {
                return None;
            }
        }
        self.count.void += ballots as u64;
        self.pass(ballots, rest)
    }

    /// Counts ballots of K choices each, several in a register. `None` if one should not be there,
    /// false if they must be counted one by one, because a list is on one.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    fn count_run<const K: usize>(&mut self, run: usize) -> Option<bool> {
        let lists = _mm512_set1_epi16(self.bounds.lists);
        let options = _mm512_set1_epi16(self.bounds.options);
        let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
        let (before, gathered) = (self.count, self.gathered);
        let (mut own, rest) = self.choices.split_at_checked(run * K)?;
        // Most runs are of one register or of none: both go through here once.
        loop {
            let (part, others) = own.split_at(own.len().min(LONG / K * K));
            let ballots = part.len() / K;
            let values = load_long(part);
            let known = _mm512_cmpneq_epu16_mask(values, unknown);
            if _mm512_mask_cmplt_epu16_mask(known, values, lists) != 0 {
                (self.count, self.gathered) = (before, gathered);
                return Some(false);
            }
            if _mm512_mask_cmpge_epu16_mask(known, values, options) != 0 {
                return None;
            }
            let mut repeated = 0;
            let mut places = load_long(&PLACES);
            for from in &FROM_PLACE[K][1..K] {
                places = _mm512_sub_epi16(places, _mm512_set1_epi16(1));
                let other = _mm512_permutexvar_epi16(places, values);
                repeated |= _mm512_cmpeq_epi16_mask(values, other) & from;
            }
            let different = known & !repeated;
            let (mut any, mut all) = (different, different);
            for distance in 1..K {
                any |= different >> distance;
                all &= different >> distance;
            }
            let kept = different & !beyond_limit::<K>(different, self.bounds.limit);
            let firsts = FIRST_PLACE[K] & first(ballots * K);
            if all & firsts != 0 && K <= self.bounds.seats.max(1) {
                return None;
            }
            let read = (any & firsts).count_ones();
            self.count.read += u64::from(read);
            self.count.void += ballots as u64 - u64::from(read);
            let to = &mut self.names[self.gathered..self.gathered + LONG];
            store_long(to, _mm512_maskz_compress_epi16(kept, values));
            self.gathered += kept.count_ones() as usize;
            if others.is_empty() {
                return self.pass(run, rest);
            }
            own = others;
        }
    }

    /// Goes on behind so many ballots.
    #[inline]
    fn pass(&mut self, ballots: usize, rest: &'a [u16_le]) -> Option<bool> {
        self.lengths = self.lengths.get(ballots..)?;
        self.choices = rest;
        Some(true)
    }

    /// Counts one ballot; `None` if another way must decide.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512vl,avx512vbmi2,bmi2,popcnt")]
    fn count_ballot(&mut self, ballot: &[u16_le]) -> Option<()> {
        let length = ballot.len();
        let to = &mut self.names[self.gathered..self.gathered + LONG];
        let kept = if length <= SHORT {
            let choices = load_short(ballot);
            let kept = keep(&look_at_short(choices, &self.bounds), length, &self.bounds)?;
            let [low, high, ..] = kept.to_le_bytes();
            let keep = u16::from_le_bytes([low, high]);
            store_short(to, _mm256_maskz_compress_epi16(keep, choices));
            kept
        } else if length <= LONG {
            let choices = load_long(ballot);
            let kept = keep(&look_at_long(choices, length, &self.bounds), length, &self.bounds)?;
            store_long(to, _mm512_maskz_compress_epi16(kept, choices));
            kept
        } else {
            return None;
        };
        self.gathered += kept.count_ones() as usize;
        self.count.read += u64::from(kept != 0);
        self.count.void += u64::from(kept == 0);
        Some(())
    }
}

/// Of the names of ballots of K choices, those that have as many names of their ballot before them
/// as are read.
#[inline]
fn beyond_limit<const K: usize>(names: u32, limit: u32) -> u32 {
    let before = |distance: usize| {
        if distance < K { names << distance & FROM_PLACE[K][distance] } else { 0 }
    };
    let (first, second, third) = (before(1), before(2), before(3));
    match limit.count_ones() {
        1 => first | second | third,
        2 => first & second | first & third | second & third,
        3 => first & second & third,
        _ => 0,
    }
}

/// By the length of the ballots in a register: the places that are not among the first 0, 1, 2, 3
/// of their ballot.
const FROM_PLACE: [[u32; SEVERAL_MAX]; SEVERAL_MAX + 1] = {
    let mut places = [[0; SEVERAL_MAX]; SEVERAL_MAX + 1];
    let mut length = 1;
    while length <= SEVERAL_MAX {
        let mut at = 0;
        while at < LONG {
            let mut place = 0;
            while place <= at % length {
                places[length][place] |= 1 << at;
                place += 1;
            }
            at += 1;
        }
        length += 1;
    }
    places
};

/// By the length of the ballots in a register: where each begins.
const FIRST_PLACE: [u32; SEVERAL_MAX + 1] = [0, u32::MAX, 0x5555_5555, 0x4924_9249, 0x1111_1111];

/// Which choices are read; `None` if another way must decide.
#[inline]
#[target_feature(enable = "bmi2,popcnt")]
fn keep(found: &Found, length: usize, bounds: &Bounds) -> Option<u32> {
    let all_known = found.known.count_ones() as usize == length;
    let clean = all_known & (found.repeated == 0) & (length <= bounds.seats.max(1));
    if (found.foreign != 0) | (clean & (found.lists == 0)) {
        return None;
    }
    if found.lists != 0 {
        let first = found.lists & found.lists.wrapping_neg();
        return (bounds.first_list_alone & (length > 1)).then_some(first);
    }
    Some(_pdep_u32(bounds.limit, found.known & !found.repeated))
}

/// Looks at up to 16 choices; behind them stand unknown ones.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512vl")]
fn look_at_short(choices: __m256i, bounds: &Bounds) -> Found {
    let unknown = _mm256_set1_epi16(UNKNOWN_OPTION.cast_signed());
    let known = _mm256_cmpneq_epu16_mask(choices, unknown);
    // For each choice, which ones before it are equal.
    let equals = _mm512_conflict_epi32(_mm512_cvtepu16_epi32(choices));
    let repeated = _mm512_test_epi32_mask(equals, equals) & known;
    let lists = _mm256_mask_cmplt_epu16_mask(known, choices, _mm256_set1_epi16(bounds.lists));
    let foreign = _mm256_mask_cmpge_epu16_mask(known, choices, _mm256_set1_epi16(bounds.options));
    Found {
        known: u32::from(known),
        repeated: u32::from(repeated),
        lists: u32::from(lists),
        foreign: u32::from(foreign),
    }
}

/// Looks at up to 32 choices; behind them stand unknown ones.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn look_at_long(choices: __m512i, length: usize, bounds: &Bounds) -> Found {
    let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
    let known = _mm512_cmpneq_epu16_mask(choices, unknown);
    let mut repeated = 0;
    let mut places = load_long(&PLACES);
    for distance in 1..length {
        places = _mm512_sub_epi16(places, _mm512_set1_epi16(1));
        let before = _mm512_permutexvar_epi16(places, choices);
        repeated |= _mm512_cmpeq_epi16_mask(choices, before) & u32::MAX << distance;
    }
    let lists = _mm512_mask_cmplt_epu16_mask(known, choices, _mm512_set1_epi16(bounds.lists));
    let foreign = _mm512_mask_cmpge_epu16_mask(known, choices, _mm512_set1_epi16(bounds.options));
    Found { known, repeated: repeated & known, lists, foreign }
}

/// 0, 1, 2 ... 31.
const PLACES: [u16_le; LONG] = {
    let mut places = [u16_le::from_native(0); LONG];
    let (mut at, mut place) = (0, 0);
    while at < LONG {
        places[at] = u16_le::from_native(place);
        at += 1;
        place += 1;
    }
    places
};

/// A mask of the first `count` lanes, up to 32.
#[inline]
fn first(count: usize) -> u32 {
    if count == 0 { 0 } else { u32::MAX >> (LONG - count) }
}

/// Up to 16 choices, and unknown ones behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn load_short(choices: &[u16_le]) -> __m256i {
    let length = choices.len();
    assert!((1..=SHORT).contains(&length), "a short ballot");
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the mask has a bit for each choice of the slice and no other; what is masked out is
    // not read; a little-endian number has the bytes of a native one here.
    unsafe {
        let unknown = _mm256_set1_epi16(UNKNOWN_OPTION.cast_signed());
        _mm256_mask_loadu_epi16(unknown, u16::MAX >> (SHORT - length), choices.as_ptr().cast())
    }
}

/// Up to 32 choices, and unknown ones behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_long(choices: &[u16_le]) -> __m512i {
    let some = first(choices.len());
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: as in `load_short`.
    unsafe {
        let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
        _mm512_mask_loadu_epi16(unknown, some, choices.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx")]
fn store_short(names: &mut [OptionIndex], value: __m256i) {
    assert!(names.len() >= SHORT);
    #[expect(unsafe_code, reason = "a store to a pointer")]
    // SAFETY: the slice has room for the 16 numbers that are written.
    unsafe {
        _mm256_storeu_si256(names.as_mut_ptr().cast(), value);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_long(names: &mut [OptionIndex], value: __m512i) {
    assert!(names.len() >= LONG);
    #[expect(unsafe_code, reason = "a store to a pointer")]
    // SAFETY: the slice has room for the 32 numbers that are written.
    unsafe {
        _mm512_storeu_si512(names.as_mut_ptr().cast(), value);
    }
}
