//! The checksum of every sealed byte: CRC-64/NVME, with its own field read as zero.
//!
//! In: bytes, and where the checksum stands among them. Out: 64 bits. Never: a proof against
//! people, who can compute it again (`docs/decisions/0002-checksum.md`).
//!
//! It detects every single flipped bit, and every burst of up to 64 bits beside the checksum
//! itself, by its mathematics and not by luck. `crc-fast` computes it on every machine; records
//! and frames, which are whole blocks of 64 bytes and are read at every count, have a shorter way
//! where the processor knows it (`checksum_avx512.rs`).

#[cfg(target_arch = "x86_64")]
use crate::checksum_avx512;

/// CRC-64/NVME of `bytes`.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes)
}

/// The checksum of `bytes` with the eight bytes at `hole` read as zero: how a checksum covers the
/// header in which it stands itself.
///
/// # Panics
/// If `hole + 8` is past the end; callers pass constants of the layout.
#[must_use]
#[inline]
pub fn checksum_with_hole(bytes: &[u8], hole: usize) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(checksum) = checksum_avx512::checksum_of_blocks(bytes, hole) {
        return checksum;
    }
    portable(bytes, hole)
}

fn portable(bytes: &[u8], hole: usize) -> u64 {
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    digest.update(&bytes[..hole]);
    digest.update(&[0; 8]);
    digest.update(&bytes[hole + 8..]);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn checksum_is_crc_64_nvme_as_published() {
        // The check value of the CRC catalogue for "123456789".
        assert_eq!(checksum(b"123456789"), 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn a_hole_is_read_as_zero() {
        for length in [100, 64, 320, 4096] {
            let mut bytes = vec![7_u8; length];
            let expected = {
                let mut copy = bytes.clone();
                copy[40..48].fill(0);
                checksum(&copy)
            };
            assert_eq!(checksum_with_hole(&bytes, 40), expected);
            bytes[44] = 99;
            assert_eq!(checksum_with_hole(&bytes, 40), expected);
            bytes[48] = 99;
            assert_ne!(checksum_with_hole(&bytes, 40), expected);
        }
    }

    proptest! {
        #[test]
        fn every_way_to_compute_it_agrees(
            blocks in 1_usize..40,
            odd in 0_usize..2,
            hole in 0_usize..32,
            shift in 0_usize..64,
            seed in any::<u64>(),
        ) {
            let length = blocks * 64 + odd * 13;
            let hole = (hole * 8).min(length - 8);
            let mut state = seed;
            let bytes: Vec<u8> = (0..length + 64)
                .map(|_| {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                    state.to_be_bytes()[0]
                })
                .collect();
            let bytes = &bytes[shift..shift + length];
            let mut filled = bytes.to_vec();
            filled[hole..hole + 8].fill(0);
            prop_assert_eq!(checksum_with_hole(bytes, hole), checksum(&filled));
            prop_assert_eq!(portable(bytes, hole), checksum(&filled));
        }
    }
}
