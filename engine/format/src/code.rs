//! Codes as voters type them: ASCII, Persian and Arabic-Indic digits.
//!
//! In: a token of text. Out: a number, "all digits but no code", or "not a number". Never: a guess
//! about letters, signs or spaces.

/// What a token of digits is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A number that can be a code: 1 to 4,294,967,295.
    Code(u32),
    /// All digits, but no code can have this value (0, or too large): an unknown code.
    OutOfRange,
    /// Something that is not a digit stands in it, or nothing at all.
    NotANumber,
}

/// Reads a token. Leading zeros do not change a number.
#[must_use]
pub fn read_token(token: &[u8]) -> Token {
    match read_number(token) {
        Some(Some(value)) => match u32::try_from(value) {
            Ok(code) if code >= crate::limits::CODE_MIN => Token::Code(code),
            _ => Token::OutOfRange,
        },
        Some(None) => Token::OutOfRange,
        None => Token::NotANumber,
    }
}

/// Reads digits: `None` if a character is not a digit, `Some(None)` if the number passes 64 bits.
#[must_use]
pub fn read_number(token: &[u8]) -> Option<Option<u64>> {
    if token.is_empty() {
        return None;
    }
    let mut value = Some(0_u64);
    let mut rest = token;
    while let Some((&first, tail)) = rest.split_first() {
        let digit = match (first, tail) {
            (b'0'..=b'9', _) => {
                rest = tail;
                first - b'0'
            }
            // U+06F0..U+06F9 (Persian) is DB B0..B9, U+0660..U+0669 (Arabic-Indic) is D9 A0..A9.
            (0xdb, [second @ 0xb0..=0xb9, ..]) => {
                rest = &tail[1..];
                second - 0xb0
            }
            (0xd9, [second @ 0xa0..=0xa9, ..]) => {
                rest = &tail[1..];
                second - 0xa0
            }
            _ => return None,
        };
        value = value.and_then(|value| value.checked_mul(10)?.checked_add(u64::from(digit)));
    }
    Some(value)
}

/// Writes ASCII digits as Persian ones.
#[must_use]
pub fn persian_digits(text: &str) -> String {
    text.chars()
        .map(|character| match character.to_digit(10) {
            Some(digit) if character.is_ascii() => {
                char::from_u32(0x06f0 + digit).unwrap_or(character)
            }
            _ => character,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_kinds_of_digits_are_one_number() {
        for token in ["1405", "۱۴۰۵", "١٤٠٥", "۱4٠5", "001405"] {
            assert_eq!(read_token(token.as_bytes()), Token::Code(1405), "{token}");
        }
        for digits in ["1234567890", "۱۲۳۴۵۶۷۸۹۰", "١٢٣٤٥٦٧٨٩٠"] {
            assert_eq!(read_token(digits.as_bytes()), Token::Code(1_234_567_890), "every digit");
        }
        assert_eq!(read_token(b"4294967295"), Token::Code(u32::MAX));
        assert_eq!(persian_digits("1405 a"), "۱۴۰۵ a");
    }

    #[test]
    fn digits_without_a_code_are_unknown_not_refused() {
        for token in ["0", "000", "4294967296", "99999999999999999999999999"] {
            assert_eq!(read_token(token.as_bytes()), Token::OutOfRange, "{token}");
        }
    }

    #[test]
    fn anything_else_is_not_a_number() {
        for token in ["", " 1", "1 ", "-1", "+1", "1.0", "1e3", "ا", "12a", "१२"] {
            assert_eq!(read_token(token.as_bytes()), Token::NotANumber, "{token}");
        }
        assert_eq!(read_token(&[0xdb]), Token::NotANumber);
        assert_eq!(read_token(&[0xd9, 0x90]), Token::NotANumber);
    }
}
