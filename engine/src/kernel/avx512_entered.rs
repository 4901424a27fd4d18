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
    __m128i, __m512i, _mm_bslli_si128, _mm_cmpeq_epi16, _mm_cmpneq_epu16_mask,
    _mm_mask_cmpge_epu16_mask, _mm_mask_cmplt_epu16_mask, _mm_mask_loadu_epi16,
    _mm_maskz_compress_epi16, _mm_movepi16_mask, _mm_or_si128, _mm_set1_epi16, _mm_setzero_si128,
    _mm_storeu_si128, _mm_test_epi16_mask, _mm_xor_si128, _mm512_cmpeq_epi16_mask,
    _mm512_cmpneq_epu16_mask, _mm512_mask_cmpge_epu16_mask, _mm512_mask_cmplt_epu16_mask,
    _mm512_mask_loadu_epi16, _mm512_maskz_compress_epi16, _mm512_permutexvar_epi16,
    _mm512_set1_epi16, _mm512_storeu_si512, _mm512_sub_epi16, _pdep_u32,
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
    /// The lowest bits, as many as names are read.
    limit: u32,
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
    for length in ballots.lengths {
        let length = usize::from(length.to_native());
        let (ballot, tail) = rest.split_at_checked(length)?;
        rest = tail;
        let to = &mut names[gathered..gathered + LONG];
        let kept = if length <= SHORT {
            let choices = load_short(ballot);
            // Half of all ballots as entered hold nothing known; those of one length stand together.
            if nothing_known(choices) {
                count.void += 1;
                continue;
            }
            let kept = keep(&look_at_short(choices, &bounds), length, &bounds)?;
            let [keep, ..] = kept.unwrap_or_default().to_le_bytes();
            store_short(to, _mm_maskz_compress_epi16(keep, choices));
            kept
        } else if length <= LONG {
            let choices = load_long(ballot);
            let kept = keep(&look_at_long(choices, length, &bounds), length, &bounds)?;
            store_long(to, _mm512_maskz_compress_epi16(kept.unwrap_or_default(), choices));
            kept
        } else {
            None
        };
        let Some(kept) = kept else {
            plain.count_ballot(ballot, &mut count, counts).ok()?;
            continue;
        };
        gathered += kept.count_ones() as usize;
        count.read += u64::from(kept != 0);
        count.void += u64::from(kept == 0);
    }
    Some((count, gathered))
}

/// Which choices are read: `None` if the ballot should not be there, `Some(None)` if the plain
/// reader must decide.
#[inline]
#[target_feature(enable = "bmi2,popcnt")]
fn keep(found: &Found, length: usize, bounds: &Bounds) -> Option<Option<u32>> {
    let all_known = found.known.count_ones() as usize == length;
    let clean = all_known & (found.repeated == 0) & (length <= bounds.seats.max(1));
    if (found.foreign != 0) | (clean & (found.lists == 0)) {
        return None;
    }
    if found.lists != 0 {
        return Some(None);
    }
    Some(Some(_pdep_u32(bounds.limit, found.known & !found.repeated)))
}

/// Whether all of up to eight choices are unknown codes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn nothing_known(choices: __m128i) -> bool {
    _mm_cmpneq_epu16_mask(choices, _mm_set1_epi16(UNKNOWN_OPTION.cast_signed())) == 0
}

/// Looks at up to eight choices; behind them stand unknown ones.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn look_at_short(choices: __m128i, bounds: &Bounds) -> Found {
    // Inverted, an unknown code is zero, as is what a shift moves in: equal zeros are no repeat.
    let inverted = _mm_xor_si128(choices, _mm_set1_epi16(-1));
    let known = _mm_test_epi16_mask(inverted, inverted);
    let repeated = [
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<2>(inverted)),
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<4>(inverted)),
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<6>(inverted)),
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<8>(inverted)),
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<10>(inverted)),
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<12>(inverted)),
        _mm_cmpeq_epi16(inverted, _mm_bslli_si128::<14>(inverted)),
    ];
    let repeated =
        repeated.into_iter().fold(_mm_setzero_si128(), |any, one| _mm_or_si128(any, one));
    let repeated = _mm_movepi16_mask(repeated) & known;
    let lists = _mm_mask_cmplt_epu16_mask(known, choices, _mm_set1_epi16(bounds.lists));
    let foreign = _mm_mask_cmpge_epu16_mask(known, choices, _mm_set1_epi16(bounds.options));
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

/// Up to eight choices, and unknown ones behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn load_short(choices: &[u16_le]) -> __m128i {
    let length = choices.len();
    assert!((1..=SHORT).contains(&length), "a short ballot");
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the mask has a bit for each choice of the slice and no other; what is masked out is
    // not read; a little-endian number has the bytes of a native one here.
    unsafe {
        let unknown = _mm_set1_epi16(UNKNOWN_OPTION.cast_signed());
        _mm_mask_loadu_epi16(unknown, u8::MAX >> (SHORT - length), choices.as_ptr().cast())
    }
}

/// Up to 32 choices, and unknown ones behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_long(choices: &[u16_le]) -> __m512i {
    let length = choices.len();
    assert!((1..=LONG).contains(&length), "a long ballot");
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: as in `load_short`.
    unsafe {
        let unknown = _mm512_set1_epi16(UNKNOWN_OPTION.cast_signed());
        _mm512_mask_loadu_epi16(unknown, u32::MAX >> (LONG - length), choices.as_ptr().cast())
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
