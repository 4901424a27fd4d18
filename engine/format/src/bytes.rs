//! Small helpers on bytes: hexadecimal, SHA-256, the checksum, reading integers at offsets.
//!
//! In: byte slices. Out: numbers and digests. Never: a panic on short input from outside; callers
//! check lengths first, and the readers here say so in their contract.

use sha2::{Digest, Sha256};

/// A SHA-256 digest (FIPS 180-4).
pub type Digest32 = [u8; 32];

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest32 {
    Sha256::digest(bytes).into()
}

/// SHA-256 of the concatenation of `parts`.
#[must_use]
pub fn sha256_of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Digest32 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// CRC-64/NVME of `bytes`: it detects every single flipped bit, and every burst up to 64 bits
/// beside the checksum itself, by its mathematics and not by luck
/// (`docs/decisions/0002-checksum.md`).
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
pub fn checksum_with_hole(bytes: &[u8], hole: usize) -> u64 {
    let mut digest = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    digest.update(&bytes[..hole]);
    digest.update(&[0; 8]);
    digest.update(&bytes[hole + 8..]);
    digest.finalize()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads 64 hexadecimal digits.
#[must_use]
pub fn digest_from_hex(text: &str) -> Option<Digest32> {
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(digest)
}

/// The array at `offset` of `bytes`.
///
/// # Panics
/// If it does not lie inside; callers have checked the length against the layout.
#[must_use]
pub fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    bytes[offset..offset + N].try_into().expect("the slice has N bytes")
}

/// The little-endian u16 at `offset` (see [`array_at`]).
#[must_use]
pub fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, offset))
}

/// The little-endian u32 at `offset` (see [`array_at`]).
#[must_use]
pub fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, offset))
}

/// The little-endian u64 at `offset` (see [`array_at`]).
#[must_use]
pub fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, offset))
}

/// The first byte of `bytes` that is not zero, as its offset.
#[must_use]
pub fn first_nonzero(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte != 0)
}

/// `length` rounded up to the alignment of records.
#[must_use]
pub const fn aligned(length: usize) -> usize {
    length.next_multiple_of(crate::limits::ALIGNMENT)
}

/// How the first bytes of a foreign file are shown in a message: printable ASCII, dots for the
/// rest.
#[must_use]
pub fn preview(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(8)];
    if shown.iter().all(|&byte| byte == 0) {
        return "zeros".to_owned();
    }
    let text: String = shown
        .iter()
        .map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' })
        .collect();
    format!("'{text}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_crc_64_nvme_as_published() {
        // The check value of the CRC catalogue for "123456789".
        assert_eq!(checksum(b"123456789"), 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn a_hole_is_read_as_zero() {
        let mut bytes = [7_u8; 100];
        let expected = {
            let mut copy = bytes;
            copy[40..48].fill(0);
            checksum(&copy)
        };
        assert_eq!(checksum_with_hole(&bytes, 40), expected);
        bytes[44] = 99;
        assert_eq!(checksum_with_hole(&bytes, 40), expected);
        bytes[48] = 99;
        assert_ne!(checksum_with_hole(&bytes, 40), expected);
    }

    #[test]
    fn hexadecimal_there_and_back() {
        let digest = sha256(b"shomar");
        assert_eq!(digest_from_hex(&hex(&digest)), Some(digest));
        assert_eq!(digest_from_hex("00"), None);
        assert_eq!(digest_from_hex(&"g".repeat(64)), None);
    }
}
