//! Ballots kept as entered, by AVX-512: one ballot in a register.
//!
//! In: the entered ballots of one batch. Out: how many were read and how many are void, their names
//! counted; `None` if one of them should not be there. Never: a reading rule of its own: a ballot
//! that holds a list code, or more than 32 choices, goes to the plain reader.
//!
//! Most ballots as entered hold unknown codes, a repeated name or too many names. Which choices are
//! known, and which come again, are masks; the names read are the lowest bits that are left, up to
//! the limit. They are gathered first and counted together, so that no branch depends on a ballot.

use std::arch::x86_64::{
    __m128i, __m512i, _mm_cmpeq_epi16_mask, _mm_mask_cmpge_epu16_mask, _mm_mask_cmplt_epu16_mask,
    _mm_mask_cmpneq_epi16_mask, _mm_maskz_compress_epi16, _mm_maskz_loadu_epi16,
    _mm_permutexvar_epi16, _mm_set1_epi16, _mm_storeu_si128, _mm_sub_epi16,
    _mm512_cmpeq_epi16_mask, _mm512_cmpneq_epi16_mask, _mm512_mask_cmpge_epu16_mask,
    _mm512_mask_cmplt_epu16_mask, _mm512_mask_cmpneq_epi16_mask, _mm512_maskz_compress_epi16,
    _mm512_maskz_loadu_epi16, _mm512_permutexvar_epi16, _mm512_set1_epi16, _mm512_storeu_si512,
    _mm512_sub_epi16, _pdep_u32,
};

use rkyv::rend::u16_le;
use shomar_format::payload::Entered;
use shomar_format::{OptionIndex, UNKNOWN_OPTION};

use super::entered::{EnteredCount, Plain};

/// Choices of a short ballot.
const SHORT: usize = 8;
/// Most choices that fit a register.
const LONG: usize = 32;

/// Reads and counts; `None` if a ballot should not be there.
pub(super) fn count(
    ballots: &Entered<'_>,
    plain: &mut Plain<'_, '_>,
    names: &mut Vec<OptionIndex>,
    counts: &mut [u32],
) -> Option<EnteredCount> {
    assert!(super::avx512::is_available(), "chosen only where the processor has the instructions");
    let room = ballots.choices.len() + LONG;
    if names.len() < room {
        names.resize(room, 0);
    }
    // `Entered` is checked when it is made, but only this makes it sure that no load goes astray.
    let lengths: usize = ballots.lengths.iter().map(|length| usize::from(length.to_native())).sum();
    assert_eq!(lengths, ballots.choices.len(), "the lengths sum up to the choices");
    #[expect(unsafe_code, reason = "instructions that not every processor has")]
    // SAFETY: the processor has the instructions that `gather` is compiled for.
    let (count, gathered) = unsafe { gather(ballots, plain, names, counts) }?;
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
    limit: u32,
}

/// What was found on one ballot.
struct Found {
    /// Choices that are an option of the district, and among them those of a list.
    known: u32,
    with_list: bool,
    /// Choices that come again.
    repeated: u32,
    foreign: bool,
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]
fn gather(
    ballots: &Entered<'_>,
    plain: &mut Plain<'_, '_>,
    names: &mut [OptionIndex],
    counts: &mut [u32],
) -> Option<(EnteredCount, usize)> {
    let small = |number: u32| {
        u16::try_from(number).expect("a district has at most 65,535 options").cast_signed()
    };
    let district = plain.reader.district();
    let bounds = Bounds {
        lists: small(district.shape.list_count),
        options: small(district.shape.option_count),
        seats: district.shape.seats as usize,
        limit: u32::MAX >> (LONG - district.name_limit.clamp(1, LONG)),
    };
    let mut count = EnteredCount::default();
    let (mut rest, mut gathered) = (ballots.choices, 0);
    // Ballots stand by length, and by their choices: unknown codes are the largest.
    for run in ballots.lengths.chunk_by(|length, other| length == other) {
        let length = usize::from(run[0].to_native());
        let (choices, tail) = rest.split_at(length * run.len());
        rest = tail;
        let known = choices.len() - unknown_at_end(choices);
        let some_known = known.div_ceil(length);
        count.void += (run.len() - some_known) as u64;
        for ballot in choices[..some_known * length].chunks_exact(length) {
            if length > LONG {
                plain.count_ballot(ballot, &mut count, counts).ok()?;
                continue;
            }
            let to = &mut names[gathered..gathered + LONG];
            let all = u32::MAX >> (LONG - length);
            let kept = if length <= SHORT {
                let choices = load_short(ballot);
                let kept = keep(&look_at_short(choices, length, &bounds), all, length, &bounds)?;
                let [keep, ..] = kept.unwrap_or_default().to_le_bytes();
                store_short(to, _mm_maskz_compress_epi16(keep, choices));
                kept
            } else {
                let choices = load_long(ballot);
                let kept =
                    keep(&look_at_long(choices, all, length, &bounds), all, length, &bounds)?;
                store_long(to, _mm512_maskz_compress_epi16(kept.unwrap_or_default(), choices));
                kept
            };
            match kept {
                Some(kept) => {
                    gathered += kept.count_ones() as usize;
                    count.read += u64::from(kept != 0);
                    count.void += u64::from(kept == 0);
                }
                None => plain.count_ballot(ballot, &mut count, counts).ok()?,
            }
        }
    }
    Some((count, gathered))
}

/// Unknown codes at the end of the choices of a run.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn unknown_at_end(choices: &[u16_le]) -> usize {
    let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
    let mut left = choices;
    while !left.is_empty() {
        let part = &left[left.len().saturating_sub(LONG)..];
        let known = _mm512_cmpneq_epi16_mask(load_long(part), unknown);
        let known = known & u32::MAX >> (LONG - part.len());
        if known != 0 {
            let last = (u32::BITS - known.leading_zeros()) as usize;
            return choices.len() - left.len() + part.len() - last;
        }
        left = &left[..left.len() - part.len()];
    }
    choices.len()
}

/// Which choices are read: `None` if the ballot should not be there, `Some(None)` if the plain
/// reader must decide.
#[inline]
#[target_feature(enable = "bmi2")]
fn keep(found: &Found, all: u32, length: usize, bounds: &Bounds) -> Option<Option<u32>> {
    if found.foreign {
        return None;
    }
    if found.with_list {
        return Some(None);
    }
    let clean = found.known == all && found.repeated == 0 && length <= bounds.seats.max(1);
    (!clean).then(|| Some(_pdep_u32(bounds.limit, found.known & !found.repeated)))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn look_at_short(choices: __m128i, length: usize, bounds: &Bounds) -> Found {
    let all = u8::MAX >> (SHORT - length);
    let known =
        _mm_mask_cmpneq_epi16_mask(all, choices, _mm_set1_epi16(UNKNOWN_OPTION.cast_signed()));
    let mut repeated = 0;
    if known != 0 {
        let mut places = load_short(&PLACES[..SHORT]);
        for distance in 1..length {
            places = _mm_sub_epi16(places, _mm_set1_epi16(1));
            let before = _mm_permutexvar_epi16(places, choices);
            repeated |= _mm_cmpeq_epi16_mask(choices, before) & u8::MAX << distance;
        }
    }
    let lists = _mm_mask_cmplt_epu16_mask(known, choices, _mm_set1_epi16(bounds.lists));
    let foreign = _mm_mask_cmpge_epu16_mask(known, choices, _mm_set1_epi16(bounds.options));
    Found {
        known: u32::from(known),
        with_list: lists != 0,
        repeated: u32::from(repeated & known),
        foreign: foreign != 0,
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn look_at_long(choices: __m512i, all: u32, length: usize, bounds: &Bounds) -> Found {
    let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
    let known = _mm512_mask_cmpneq_epi16_mask(all, choices, unknown);
    let mut repeated = 0;
    if known != 0 {
        let mut places = load_long(&PLACES);
        for distance in 1..length {
            places = _mm512_sub_epi16(places, _mm512_set1_epi16(1));
            let before = _mm512_permutexvar_epi16(places, choices);
            repeated |= _mm512_cmpeq_epi16_mask(choices, before) & u32::MAX << distance;
        }
    }
    let lists = _mm512_mask_cmplt_epu16_mask(known, choices, _mm512_set1_epi16(bounds.lists));
    let foreign = _mm512_mask_cmpge_epu16_mask(known, choices, _mm512_set1_epi16(bounds.options));
    Found { known, with_list: lists != 0, repeated: repeated & known, foreign: foreign != 0 }
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

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn load_short(choices: &[u16_le]) -> __m128i {
    let some = u8::MAX >> (SHORT - choices.len().clamp(1, SHORT));
    assert!(!choices.is_empty(), "a ballot as entered is not blank");
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the mask has a bit for no more choices than the slice has; what is masked out is not
    // read; a little-endian number has the bytes of a native one here.
    unsafe {
        _mm_maskz_loadu_epi16(some, choices.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_long(choices: &[u16_le]) -> __m512i {
    let some = u32::MAX >> (LONG - choices.len().clamp(1, LONG));
    assert!(!choices.is_empty(), "a ballot as entered is not blank");
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: as in `load_short`.
    unsafe {
        _mm512_maskz_loadu_epi16(some, choices.as_ptr().cast())
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn store_short(names: &mut [OptionIndex], value: __m128i) {
    assert!(names.len() >= SHORT);
    #[expect(unsafe_code, reason = "a store to a pointer")]
    // SAFETY: the slice has room for the eight numbers that are written.
    unsafe {
        _mm_storeu_si128(names.as_mut_ptr().cast(), value);
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
