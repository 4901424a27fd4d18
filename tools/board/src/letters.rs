//! Letters that people type in several ways, made one.
//!
//! In: text as somebody typed it, or took it from a document. Out: text to compare: letters of
//! Arabic, Urdu and Kurdish as those of Persian, آ as ا, shapes of letters as the letters, no
//! diacritics, a plain space for every kind of space and for the half-space (zero-width
//! non-joiner), ASCII digits, small Latin letters. Never: text to show.

/// A text in the one form in which texts are compared.
pub fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let one = |letter: char| std::iter::once(letter).chain(None);
    let letters = text.chars().flat_map(|letter| match shaped(letter) {
        Some((first, second)) => std::iter::once(first).chain(second),
        None => one(letter),
    });
    for letter in letters {
        let letter = match letter {
            'ي' | 'ى' | 'ئ' | 'ۍ' | 'ې' | 'ے' => 'ی',
            'ك' | 'ڪ' => 'ک',
            'ة' | 'ۀ' | 'ھ' | 'ہ' | 'ۂ' | 'ە' => 'ه',
            'آ' | 'أ' | 'إ' | 'ٱ' => 'ا',
            'ؤ' => 'و',
            // Tatweel, diacritics, direction marks, the joiner.
            'ـ' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{fe70}'..='\u{fe7f}' => continue,
            '\u{200d}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => continue,
            '\u{00ad}' | '\u{feff}' => continue,
            '\u{200b}' | '\u{200c}' | '-' | '،' | ',' | '.' | '(' | ')' => ' ',
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

/// The form in which words are written together that a half-space parts, where there is one: many
/// keyboards have none, and people write علیآباد.
pub fn joined(text: &str) -> Option<String> {
    let half_spaces = ['\u{200b}', '\u{200c}'];
    text.contains(half_spaces).then(|| folded(&text.replace(half_spaces, "")))
}

/// The letters of a shape, as old documents have them: where each letter's shapes begin.
const SHAPES: [(char, char); 49] = [
    ('\u{fb56}', 'پ'),
    ('\u{fb5a}', '\0'),
    ('\u{fb7a}', 'چ'),
    ('\u{fb7e}', '\0'),
    ('\u{fb8a}', 'ژ'),
    ('\u{fb8c}', '\0'),
    ('\u{fb8e}', 'ک'),
    ('\u{fb92}', 'گ'),
    ('\u{fb96}', '\0'),
    ('\u{fba4}', 'ه'),
    ('\u{fbae}', 'ی'),
    ('\u{fbb0}', '\0'),
    ('\u{fbfc}', 'ی'),
    ('\u{fc00}', '\0'),
    ('\u{fe80}', 'ء'),
    ('\u{fe81}', 'ا'),
    ('\u{fe85}', 'و'),
    ('\u{fe87}', 'ا'),
    ('\u{fe89}', 'ی'),
    ('\u{fe8d}', 'ا'),
    ('\u{fe8f}', 'ب'),
    ('\u{fe93}', 'ه'),
    ('\u{fe95}', 'ت'),
    ('\u{fe99}', 'ث'),
    ('\u{fe9d}', 'ج'),
    ('\u{fea1}', 'ح'),
    ('\u{fea5}', 'خ'),
    ('\u{fea9}', 'د'),
    ('\u{feab}', 'ذ'),
    ('\u{fead}', 'ر'),
    ('\u{feaf}', 'ز'),
    ('\u{feb1}', 'س'),
    ('\u{feb5}', 'ش'),
    ('\u{feb9}', 'ص'),
    ('\u{febd}', 'ض'),
    ('\u{fec1}', 'ط'),
    ('\u{fec5}', 'ظ'),
    ('\u{fec9}', 'ع'),
    ('\u{fecd}', 'غ'),
    ('\u{fed1}', 'ف'),
    ('\u{fed5}', 'ق'),
    ('\u{fed9}', 'ک'),
    ('\u{fedd}', 'ل'),
    ('\u{fee1}', 'م'),
    ('\u{fee5}', 'ن'),
    ('\u{fee9}', 'ه'),
    ('\u{feed}', 'و'),
    ('\u{feef}', 'ی'),
    ('\u{fef5}', 'ل'),
];
/// Shapes of lam with alef, which are two letters.
const LAM_ALEF: std::ops::RangeInclusive<char> = '\u{fef5}'..='\u{fefc}';

/// The letters of a shape of the blocks of presentation forms; `None` for anything else.
fn shaped(shape: char) -> Option<(char, Option<char>)> {
    if shape > *LAM_ALEF.end() {
        return None;
    }
    let at = SHAPES.partition_point(|(begins, _)| *begins <= shape).checked_sub(1)?;
    let letter = Some(SHAPES[at].1).filter(|letter| *letter != '\0')?;
    Some((letter, LAM_ALEF.contains(&shape).then_some('ا')))
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
            ("آمل", "امل"),
            ("مهھہە", "مهههه"),
            ("علے", "علی"),
            ("ڪرمان", "کرمان"),
            ("علی\u{200b}آباد", "علی\u{200c}آباد"),
            ("\u{feff}قم\u{200f}", "قم"),
            // As old documents have it: the shapes of letters, and lam with alef as one.
            ("ﻋﻠﯽ ﭼﺎﻭﻭﺷﯽ", "علی چاووشی"),
            ("ﮔﯿﻼﻥ", "گیلان"),
            ("ﺗﻬﺮﺍﻥ", "تهران"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} and {other}");
        }
        assert_ne!(folded("حسن"), folded("حسین"));
        assert_eq!(joined("علی\u{200c}آباد"), Some(folded("علیاباد")));
        assert_eq!(joined("علی آباد"), None);
        assert!(SHAPES.is_sorted(), "a search by halves needs it");
        assert_eq!(folded(" \u{200c} "), "");
    }
}
