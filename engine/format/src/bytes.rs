//! Small helpers on bytes: hexadecimal, SHA-256, reading integers at offsets.
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
#[inline]
pub fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    bytes[offset..offset + N].try_into().expect("the slice has N bytes")
}

/// The little-endian u16 at `offset` (see [`array_at`]).
#[must_use]
#[inline]
pub fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, offset))
}

/// The little-endian u32 at `offset` (see [`array_at`]).
#[must_use]
#[inline]
pub fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, offset))
}

/// The little-endian u64 at `offset` (see [`array_at`]).
#[must_use]
#[inline]
pub fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, offset))
}

/// The first byte of `bytes` that is not zero, as its offset.
#[must_use]
#[inline]
pub fn first_nonzero(bytes: &[u8]) -> Option<usize> {
    // Nearly always there is none, in every record of a count: eight at a time.
    let (words, rest) = bytes.as_chunks::<8>();
    let any = words.iter().fold(0, |any, word| any | u64::from_ne_bytes(*word));
    if any == 0 && rest.iter().all(|&byte| byte == 0) {
        return None;
    }
    bytes.iter().position(|&byte| byte != 0)
}

/// `length` rounded up to the alignment of records.
#[must_use]
#[inline]
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
    fn hexadecimal_there_and_back() {
        let digest = sha256(b"shomar");
        assert_eq!(digest_from_hex(&hex(&digest)), Some(digest));
        assert_eq!(digest_from_hex("00"), None);
        assert_eq!(digest_from_hex(&"g".repeat(64)), None);
    }
}
