//! The rows that most rows are, in one pass: the columns in their usual order, ASCII digits, no
//! quotation mark.
//!
//! In: text at the beginning of a line. Out: the row, and where the next line begins; or nothing,
//! and then the line is for [`crate::row::RowParser`], which knows every rule. Never: a row read
//! otherwise than there, and no reject: a quick look may not refuse.

use shomar_format::{OptionIndex, limits};

use crate::codes::{Codes, DistrictCodes};
use crate::row::{Columns, ParsedRow};

/// Choices of a row that is read here; the largest council has 32 places.
const CHOICES_MAX: usize = 32;
/// Bytes of station and district that are read here.
const IDS_BYTES_MAX: usize = 256;
/// Digits of a number that are read at once: one word, less the byte that ends it.
const DIGITS_MAX: usize = 7;

/// Reads plain rows; one per worker.
pub(crate) struct QuickParser<'a> {
    codes: &'a Codes<'a>,
    /// Whether columns stand as they usually do, and whether `count` is one of them.
    usual: bool,
    counted: bool,
    /// The two pairs that were seen last: a voter votes in several contests, one after another.
    pairs: [KnownPair<'a>; 2],
    /// Which of them was seen last.
    last: usize,
    choices: [OptionIndex; CHOICES_MAX],
    length: usize,
}

/// A station and a district that it may report.
#[derive(Default)]
struct KnownPair<'a> {
    /// Both as they were written, with both commas; empty before there is one.
    ids: Vec<u8>,
    station: u32,
    district: u32,
    options: Option<&'a DistrictCodes>,
}

impl<'a> QuickParser<'a> {
    pub(crate) fn new(columns: Columns, codes: &'a Codes<'a>) -> Self {
        let Columns { field_count, station, district, choices, count } = columns;
        let counted = count.is_some();
        let in_order = (station, district, choices) == (0, 1, 2) && count.is_none_or(|at| at == 3);
        Self {
            codes,
            usual: in_order && field_count == 3 + usize::from(counted),
            counted,
            pairs: Default::default(),
            last: 0,
            choices: [0; CHOICES_MAX],
            length: 0,
        }
    }

    /// The choices of the row that was read last, in entry order.
    pub(crate) fn choices(&self) -> &[OptionIndex] {
        &self.choices[..self.length]
    }

    /// Reads the line at the beginning of `text`: the row, and its bytes with its line end.
    #[inline]
    pub(crate) fn read(&mut self, text: &[u8]) -> Option<(ParsedRow, usize)> {
        if !begins_with(text, &self.pairs[self.last].ids) {
            self.last = 1 - self.last;
            if !begins_with(text, &self.pairs[self.last].ids) {
                self.read_ids(text)?;
            }
        }
        let KnownPair { ref ids, station, district, options } = self.pairs[self.last];
        let options = options?;
        let mut place = ids.len();
        self.length = 0;
        // A blank ballot has no code before the end of the field.
        if text.get(place)?.is_ascii_digit() {
            loop {
                let (code, digits) = read_digits(text, place)?;
                // 0 is no code: every district's codes begin above it.
                *self.choices.get_mut(self.length)? = options.option(code);
                self.length += 1;
                place += digits;
                if text[place] != b' ' {
                    break;
                }
                place += 1;
            }
        }
        let mut count = 1;
        if self.counted {
            if text[place] != b',' {
                return None;
            }
            let (number, digits) = read_digits(text, place + 1)?;
            if !(1..=limits::ROW_COUNT_MAX).contains(&number) {
                return None;
            }
            count = number;
            place += 1 + digits;
        }
        if text[place] == b'\r' {
            place += 1;
        }
        if text.get(place) != Some(&b'\n') {
            return None;
        }
        Some((ParsedRow { station, district, count }, place + 1))
    }

    /// Reads station and district as the last pair, if this station may report that district.
    fn read_ids(&mut self, text: &[u8]) -> Option<()> {
        if !self.usual {
            return None;
        }
        let head = &text[..text.len().min(IDS_BYTES_MAX)];
        let mut commas = memchr::memchr_iter(b',', head);
        let (first, second) = (commas.next()?, commas.next()?);
        let ids = &head[..=second];
        // No id has a line end in it; where a mark stands, RFC 4180 has a word to say.
        if memchr::memchr(b'"', ids).is_some() {
            return None;
        }
        let station = self.codes.station(&ids[..first])?;
        let district = self.codes.district(&ids[first + 1..second])?;
        if !self.codes.serves(station, district) {
            return None;
        }
        let pair = &mut self.pairs[self.last];
        pair.ids.clear();
        pair.ids.extend_from_slice(ids);
        (pair.station, pair.district) = (station, district);
        pair.options = Some(self.codes.of_district(district));
        Some(())
    }
}

/// Whether there are `ids` and `text` begins with them: word by word, for they are short, and the
/// last word overlaps the one before.
#[inline]
fn begins_with(text: &[u8], ids: &[u8]) -> bool {
    let (Some(head), Some(last)) = (text.get(..ids.len()), ids.last_chunk::<8>()) else {
        return !ids.is_empty() && text.starts_with(ids);
    };
    let (head_words, words) = (head.as_chunks::<8>().0, ids.as_chunks::<8>().0);
    head.last_chunk::<8>() == Some(last) && words.iter().zip(head_words).all(|(a, b)| a == b)
}

/// Reads the number of 1 to [`DIGITS_MAX`] ASCII digits at `place`, and how many they are; whatever
/// byte follows them is there.
#[inline]
fn read_digits(text: &[u8], place: usize) -> Option<(u32, usize)> {
    let bytes = text.get(place..place + 8)?;
    let word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    // Of a digit, this leaves its value; of any other byte, more than 9.
    let values = word ^ 0x3030_3030_3030_3030;
    let low = values & 0x7f7f_7f7f_7f7f_7f7f;
    let others = (low.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    let digits = others.trailing_zeros() as usize / 8;
    if digits == 0 || digits > DIGITS_MAX {
        return None;
    }
    // The digits as eight, zeros in front; then pairs, fours and the whole in three steps.
    let eight = values << (64 - 8 * digits);
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    let even = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let odd = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    let number = even.wrapping_add(odd) >> 32;
    Some((u32::try_from(number).expect("a word shifted by its half"), digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shomar_format::code::read_number;

    proptest! {
        #[test]
        fn digits_are_read_as_one_after_another(
            front in 0..3_usize, digits in "[0-9]{0,9}", behind in any::<[u8; 9]>(),
        ) {
            let mut text = vec![b'7'; front];
            text.extend_from_slice(digits.as_bytes());
            text.extend_from_slice(&behind);
            let length = text[front..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let expected = (1..=DIGITS_MAX).contains(&length).then(|| {
                let number = read_number(&text[front..front + length]).flatten().unwrap();
                (u32::try_from(number).unwrap(), length)
            });
            prop_assert_eq!(read_digits(&text, front), expected);
        }
    }

    #[test]
    fn every_byte_but_ten_ends_a_number() {
        for byte in 0..=u8::MAX {
            for digits in 0..8_usize {
                let mut text = [b'9'; 8];
                text[digits] = byte;
                let expected = match digits {
                    1..=DIGITS_MAX if !byte.is_ascii_digit() => {
                        let nines = std::str::from_utf8(&text[..digits]).unwrap();
                        Some((nines.parse().unwrap(), digits))
                    }
                    _ => None,
                };
                assert_eq!(read_digits(&text, 0), expected, "{text:?}");
            }
        }
        assert_eq!(read_digits(b"1234567", 0), None, "a word is not read past the end");
    }
}
