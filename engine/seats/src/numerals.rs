//! Numbers as people write them: strict reading, grouped writing, Persian digits.
//!
//! Reading takes ASCII digits only. Writing groups by three, with `,` or the Persian separator.

use crate::text::Language;

/// A number of plain ASCII digits; no sign, no blank; `None` beyond `u64`.
pub(crate) fn parse_digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A number grouped by three: `1,234,567` or its Persian form.
pub(crate) fn grouped(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    localized(&text, language)
}

/// Digits, `,` and `.` of a number in the writing of the language.
pub(crate) fn localized(text: &str, language: Language) -> String {
    match language {
        Language::English => text.to_owned(),
        Language::Persian => text
            .chars()
            .map(|character| match character {
                ',' => '٬',
                '.' => '٫',
                '0'..='9' => {
                    let offset = u32::from(character) - u32::from('0');
                    char::from_u32(u32::from('۰') + offset)
                        .expect("ten Persian digits follow each other in Unicode")
                }
                other => other,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, parse_digits};
    use crate::Language;

    #[test]
    fn reading_is_strict_and_writing_is_grouped() {
        assert_eq!(parse_digits("18446744073709551615"), Some(u64::MAX));
        for text in ["", "+5", "-5", "1e3", "1.5", " 5", "18446744073709551616"] {
            assert_eq!(parse_digits(text), None, "{text:?}");
        }
        assert_eq!(grouped(1_234_567, Language::English), "1,234,567");
        assert_eq!(grouped(123, Language::English), "123");
        assert_eq!(grouped(1_204_567, Language::Persian), "۱٬۲۰۴٬۵۶۷");
    }
}
