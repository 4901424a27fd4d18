//! CRC-64/NVME of whole blocks of 64 bytes, by carry-less multiplication of 512 bits at a time.
//!
//! In: 64 bytes, or 256 and more, whole blocks. Out: the same number as `crc-fast` gives, which
//! the property tests of `checksum.rs` hold it to. Never: a length with a rest; a machine without
//! the instructions gets `None`.
//!
//! `crc-fast` needs 100 to 200 ns more for the three parts of a record with a hole in its header,
//! as long as for some kilobytes: more than most records have. Here the hole is a mask on one load.
//! Folding and Barrett's reduction as in Gopal et al., "Fast CRC computation for generic
//! polynomials using PCLMULQDQ" (Intel, 2009), for a reflected polynomial of 64 bits.
//!
//! In a word the lowest bit is the highest power, so a product of two words comes out multiplied by
//! x once too often, and every constant below is one power lower than the distance it folds.

use std::arch::x86_64::{
    __m128i, __m512i, _mm_clmulepi64_si128, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_srli_si128,
    _mm_xor_si128, _mm512_clmulepi64_epi128, _mm512_extracti32x4_epi32, _mm512_loadu_si512,
    _mm512_maskz_loadu_epi64, _mm512_set_epi64, _mm512_ternarylogic_epi64, _mm512_xor_si512,
};

const BLOCK_BYTES: usize = 64;
/// Blocks that are folded side by side, because one product takes longer than the next one waits.
const SIDE_BY_SIDE: usize = 4;

/// The polynomial of CRC-64/NVME without x^64; the highest power is the highest bit.
const POLYNOMIAL: u64 = 0xad93_d235_94c9_3659;

/// x^`power` modulo the polynomial, reflected.
const fn power_of_x(power: u32) -> i64 {
    let mut value = 1_u64 << 63;
    let mut done = 0;
    while done < power {
        let carry = value & 1 == 1;
        value >>= 1;
        if carry {
            value ^= POLYNOMIAL.reverse_bits();
        }
        done += 1;
    }
    value.cast_signed()
}

/// x^128 divided by the polynomial, without its x^64, reflected: Barrett's constant.
const fn barrett() -> i64 {
    let (mut rest, mut quotient) = (POLYNOMIAL, 0_u64);
    let mut bit = 64;
    while bit > 0 {
        bit -= 1;
        let carry = rest >> 63 == 1;
        rest <<= 1;
        if carry {
            quotient |= 1 << bit;
            rest ^= POLYNOMIAL;
        }
    }
    quotient.reverse_bits().cast_signed()
}

/// The pair of constants that moves 128 bits forward by `bits`: for their first and second word.
const fn fold_by(bits: u32) -> (i64, i64) {
    (power_of_x(bits + 64 - 1), power_of_x(bits - 1))
}

const FOLD_BLOCK: (i64, i64) = fold_by(512);
const FOLD_SIDE_BY_SIDE: (i64, i64) = fold_by(512 * 4);
const FOLD_LANES: [(i64, i64); 3] = [fold_by(384), fold_by(256), fold_by(128)];
const BY_128: i64 = power_of_x(128 - 1);
const BARRETT: i64 = barrett();
const REFLECTED: i64 = POLYNOMIAL.reverse_bits().cast_signed();

/// The checksum of `bytes` with the word at `hole` read as zero; `None` if the machine or the
/// length is not one for this way.
pub(crate) fn checksum_of_blocks(bytes: &[u8], hole: usize) -> Option<u64> {
    let least = SIDE_BY_SIDE * BLOCK_BYTES;
    let fits = bytes.len().is_multiple_of(BLOCK_BYTES)
        && (bytes.len() == BLOCK_BYTES || bytes.len() >= least)
        && hole.is_multiple_of(8)
        && hole + 8 <= bytes.len().min(least);
    if !fits || !is_available() {
        return None;
    }
    #[expect(unsafe_code, reason = "instructions that not every processor has")]
    // SAFETY: `is_available` has just found the instructions that `folded` is compiled for.
    Some(unsafe { folded(bytes, hole) })
}

fn is_available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("vpclmulqdq")
        && is_x86_feature_detected!("pclmulqdq")
}

#[target_feature(enable = "avx512f,vpclmulqdq,pclmulqdq")]
fn folded(bytes: &[u8], hole: usize) -> u64 {
    let (first, rest) = bytes.split_at(bytes.len().min(SIDE_BY_SIDE * BLOCK_BYTES));
    let mut sums = [_mm512_set_epi64(0, 0, 0, 0, 0, 0, 0, 0); SIDE_BY_SIDE];
    let count = first.len() / BLOCK_BYTES;
    for (at, (sum, block)) in sums.iter_mut().zip(first.chunks_exact(BLOCK_BYTES)).enumerate() {
        let holed = hole / BLOCK_BYTES == at;
        let word = (hole % BLOCK_BYTES) / 8;
        *sum = load_words(block, if holed { !(1 << word) } else { u8::MAX });
    }
    // The initial value, all ones, is added to the first eight bytes.
    sums[0] = _mm512_xor_si512(sums[0], _mm512_set_epi64(0, 0, 0, 0, 0, 0, 0, -1));
    let mut groups = rest.chunks_exact(SIDE_BY_SIDE * BLOCK_BYTES);
    let constants = pair(FOLD_SIDE_BY_SIDE);
    for group in groups.by_ref() {
        for (sum, block) in sums.iter_mut().zip(group.chunks_exact(BLOCK_BYTES)) {
            *sum = fold(*sum, constants, load(block));
        }
    }
    let constants = pair(FOLD_BLOCK);
    let mut sum = sums[0];
    for next in &sums[1..count] {
        sum = fold(sum, constants, *next);
    }
    for block in groups.remainder().chunks_exact(BLOCK_BYTES) {
        sum = fold(sum, constants, load(block));
    }
    !reduced(lanes_folded(sum))
}

/// The same pair of constants for each 128 bits.
#[target_feature(enable = "avx512f")]
fn pair((first, second): (i64, i64)) -> __m512i {
    _mm512_set_epi64(second, first, second, first, second, first, second, first)
}

/// Moves `sum` forward by the distance of `constants` and adds `next`.
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn fold(sum: __m512i, constants: __m512i, next: __m512i) -> __m512i {
    const XOR_OF_THREE: i32 = 0x96;
    _mm512_ternarylogic_epi64::<XOR_OF_THREE>(
        _mm512_clmulepi64_epi128::<0x00>(sum, constants),
        _mm512_clmulepi64_epi128::<0x11>(sum, constants),
        next,
    )
}

/// Moves the first three lanes of 128 bits to the place of the last one.
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn lanes_folded(sum: __m512i) -> __m128i {
    let [first, second, third] = FOLD_LANES;
    let constants = _mm512_set_epi64(0, 0, third.1, third.0, second.1, second.0, first.1, first.0);
    let moved = fold(sum, constants, _mm512_set_epi64(0, 0, 0, 0, 0, 0, 0, 0));
    let [first, second, third] = [
        _mm512_extracti32x4_epi32::<0>(moved),
        _mm512_extracti32x4_epi32::<1>(moved),
        _mm512_extracti32x4_epi32::<2>(moved),
    ];
    let last = _mm512_extracti32x4_epi32::<3>(sum);
    _mm_xor_si128(_mm_xor_si128(first, second), _mm_xor_si128(third, last))
}

/// 128 bits, times x^64, modulo the polynomial.
#[target_feature(enable = "pclmulqdq,sse2")]
fn reduced(sum: __m128i) -> u64 {
    let moved = _mm_clmulepi64_si128::<0x00>(sum, _mm_cvtsi64_si128(BY_128));
    let high = low_word(moved) ^ low_word(_mm_srli_si128::<8>(sum));
    let low = low_word(_mm_srli_si128::<8>(moved));
    // Barrett: how often the polynomial goes into high * x^64, then what is left of it.
    let product = product(high, BARRETT);
    let quotient = high ^ low_word(product) << 1;
    let multiple = self::product(quotient, REFLECTED);
    let left = low_word(multiple).cast_unsigned() >> 63
        | low_word(_mm_srli_si128::<8>(multiple)).cast_unsigned() << 1;
    low.cast_unsigned() ^ left
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn product(a: i64, b: i64) -> __m128i {
    _mm_clmulepi64_si128::<0x00>(_mm_cvtsi64_si128(a), _mm_cvtsi64_si128(b))
}

#[target_feature(enable = "sse2")]
fn low_word(value: __m128i) -> i64 {
    _mm_cvtsi128_si64(value)
}

#[target_feature(enable = "avx512f")]
fn load(block: &[u8]) -> __m512i {
    assert_eq!(block.len(), BLOCK_BYTES);
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the block has the 64 bytes that are read; the load needs no alignment.
    unsafe {
        _mm512_loadu_si512(block.as_ptr().cast())
    }
}

#[target_feature(enable = "avx512f")]
fn load_words(block: &[u8], words: u8) -> __m512i {
    assert_eq!(block.len(), BLOCK_BYTES);
    #[expect(unsafe_code, reason = "a load from a pointer")]
    // SAFETY: the block has the 64 bytes of which some are read; the load needs no alignment.
    unsafe {
        _mm512_maskz_loadu_epi64(words, block.as_ptr().cast())
    }
}
