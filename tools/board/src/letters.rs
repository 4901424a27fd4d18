//! Letters that people type in several ways, made one.
//!
//! In: text as somebody typed it. Out: text to compare: Arabic ي and ك as Persian ی and ک, no
//! diacritics, a plain space for every kind of space and for the zero-width non-joiner, ASCII
//! digits, small Latin letters. Never: text to show.

/// A text in the one form in which texts are compared.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        let letter = match letter {
            'ي' | 'ى' | 'ئ' | 'ۍ' => 'ی',
            'ك' => 'ک',
            'ة' | 'ۀ' => 'ه',
            'أ' | 'إ' | 'ٱ' => 'ا',
            'ؤ' => 'و',
            // Tatweel, diacritics, direction marks, the joiner.
            'ـ' | '\u{064b}'..='\u{065f}' | '\u{0670}' => continue,
            '\u{200d}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => continue,
            '\u{200c}' | '\u{00ad}' | '-' | '،' | ',' | '.' | '(' | ')' => ' ',
            '۰'..='۹' | '٠'..='٩' => ascii_digit(letter),
            other if other.is_whitespace() => ' ',
            other => other,
        };
        if letter != ' ' {
            folded.extend(letter.to_lowercase());
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Persian and Arabic-Indic digits follow each other as ASCII ones do.
fn ascii_digit(digit: char) -> char {
    let zero = if digit >= '۰' { '۰' } else { '٠' };
    char::from_digit(u32::from(digit) - u32::from(zero), 10).unwrap_or(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_alike_is_written_alike() {
        for (one, other) in [
            ("علي كريمي", "علی کریمی"),
            ("بستان‌آباد", "بستان آباد"),
            ("  رضا   عباسی ", "رضا عباسی"),
            ("محمّد", "محمد"),
            ("فاطِمَه", "فاطمه"),
            ("۱۰۴۰٥", "10405"),
            ("Bandar-e Anzali", "bandar e anzali"),
            ("علـــی", "علی"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} and {other}");
        }
        assert_ne!(folded("حسن"), folded("حسین"));
        assert_eq!(folded(" \u{200c} "), "");
    }
}
