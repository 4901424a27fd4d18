//! Accepted rows as bytes: what a partition holds between parsing and sealing.
//!
//! In: rows. Out: the same rows, in the order in which they were stored. Never: a row that needs
//! another block to be understood; a block says its pair before its first row.
//!
//! A row is its number of choices and its choices. What rows mostly share is said once: the pair
//! of station and district before the first row of a run, a count only where it is not one. Where
//! the options of a district leave room, a choice is one byte.

use std::io::{self, ErrorKind, Read};

use shomar_format::{OptionIndex, UNKNOWN_OPTION, limits};

/// Items that are no row begin with one of these; a row begins with its number of choices.
const PAIR_NARROW: u8 = 0xff;
const PAIR_WIDE: u8 = 0xfe;
const COUNT: u8 = 0xfd;
/// A row with more choices than this has their number in the two bytes that follow.
const LONG: u8 = 0xfc;
/// Bytes of a pair and of a count, their first byte included.
const PAIR_BYTES: usize = 9;
const COUNT_BYTES: usize = 5;
/// What stands for [`UNKNOWN_OPTION`] where a choice is one byte.
const UNKNOWN_BYTE: u8 = u8::MAX;
/// Bytes of the longest item, with the count before it.
const ITEM_BYTES_MAX: usize = COUNT_BYTES + 3 + 2 * limits::BALLOT_CHOICES_MAX;

/// Whether choices of a district with so many options are stored as one byte.
pub(crate) fn is_narrow(option_count: u32) -> bool {
    option_count <= u32::from(UNKNOWN_BYTE)
}

/// Rows of one partition that were stored one after another.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    pair: Option<(u32, u32)>,
    narrow: bool,
}

impl Block {
    /// Adds a row; `narrow` as [`is_narrow`] says of its district.
    pub(crate) fn push(
        &mut self,
        pair: (u32, u32),
        narrow: bool,
        choices: &[OptionIndex],
        count: u32,
    ) {
        if self.pair != Some(pair) {
            self.pair = Some(pair);
            self.narrow = narrow;
            self.bytes.push(if narrow { PAIR_NARROW } else { PAIR_WIDE });
            self.bytes.extend_from_slice(&pair.0.to_le_bytes());
            self.bytes.extend_from_slice(&pair.1.to_le_bytes());
        }
        if count != 1 {
            self.bytes.push(COUNT);
            self.bytes.extend_from_slice(&count.to_le_bytes());
        }
        match u8::try_from(choices.len()) {
            Ok(length) if length < LONG => self.bytes.push(length),
            _ => {
                let length = u16::try_from(choices.len()).expect("a ballot is within its limit");
                self.bytes.push(LONG);
                self.bytes.extend_from_slice(&length.to_le_bytes());
            }
        }
        if narrow {
            // The sentinel is all ones in both widths, and every option is below it.
            self.bytes.extend(choices.iter().map(|choice| choice.to_le_bytes()[0]));
        } else {
            self.bytes.extend(choices.iter().flat_map(|choice| choice.to_le_bytes()));
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins another block, in the same room.
    pub(crate) fn clear(&mut self) {
        self.pair = None;
        self.bytes.clear();
    }
}

/// What stands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// The rows that follow are of this station and district.
    Pair(u32, u32),
    Row(RawRow<'a>),
}

/// A row whose choices were not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawRow<'a> {
    choices: &'a [u8],
    narrow: bool,
    pub(crate) count: u32,
}

impl RawRow<'_> {
    /// Puts the choices into `choices`, in entry order.
    pub(crate) fn read_into(&self, choices: &mut Vec<OptionIndex>) {
        choices.clear();
        if self.narrow {
            choices.extend(self.choices.iter().map(|&byte| match byte {
                UNKNOWN_BYTE => UNKNOWN_OPTION,
                option => OptionIndex::from(option),
            }));
        } else {
            let pairs = self.choices.as_chunks::<2>().0;
            choices.extend(pairs.iter().map(|&pair| OptionIndex::from_le_bytes(pair)));
        }
    }
}

/// Reads items from stored bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a> {
    rest: &'a [u8],
    narrow: bool,
}

impl<'a> Items<'a> {
    /// From bytes that begin with a pair.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, narrow: false }
    }

    /// Bytes that were not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    /// The next item, `None` if `rest` does not hold a whole one.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Item<'a>> {
        let (&kind, _) = self.rest.split_first()?;
        let mut count = 1;
        let mut head = 0;
        match kind {
            PAIR_NARROW | PAIR_WIDE => {
                let bytes = self.rest.get(..PAIR_BYTES)?;
                self.rest = &self.rest[PAIR_BYTES..];
                self.narrow = kind == PAIR_NARROW;
                return Some(Item::Pair(word(&bytes[1..5]), word(&bytes[5..])));
            }
            COUNT => {
                count = word(self.rest.get(1..COUNT_BYTES)?);
                head = COUNT_BYTES;
            }
            _ => {}
        }
        let length = match *self.rest.get(head)? {
            LONG => {
                let length = self.rest.get(head + 1..head + 3)?;
                head += 3;
                usize::from(u16::from_le_bytes([length[0], length[1]]))
            }
            length => {
                head += 1;
                usize::from(length)
            }
        };
        let bytes = if self.narrow { length } else { 2 * length };
        if self.rest.len() < head + bytes {
            return None;
        }
        self.take(head);
        Some(Item::Row(RawRow { choices: self.take(bytes), narrow: self.narrow, count }))
    }
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("a word is four bytes"))
}

/// Gives every item of a stream of blocks to `each`, in bounded memory.
///
/// The outer error is that of reading, the inner one what `each` says.
pub(crate) fn read_items<E>(
    mut input: impl Read,
    buffer_bytes: usize,
    mut each: impl FnMut(Item<'_>) -> Result<(), E>,
) -> io::Result<Result<(), E>> {
    let mut buffer = vec![0; buffer_bytes.max(ITEM_BYTES_MAX)];
    let (mut filled, mut narrow) = (0, false);
    loop {
        let read = match input.read(&mut buffer[filled..]) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        filled += read;
        let mut items = Items { rest: &buffer[..filled], narrow };
        while let Some(item) = items.next() {
            if let Err(error) = each(item) {
                return Ok(Err(error));
            }
        }
        narrow = items.narrow;
        let rest = items.rest.len();
        if read == 0 {
            assert_eq!(rest, 0, "a temporary file ends with a whole row");
            return Ok(Ok(()));
        }
        buffer.copy_within(filled - rest..filled, 0);
        filled = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Row = ((u32, u32), Vec<u16>, u32);

    /// Districts below 2 are narrow.
    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let length = prop_oneof![20 => 0..6_usize, 1 => 250..260_usize, 1 => Just(1024_usize)];
        let row =
            (0..3_u32, 0..4_u32, length, any::<u64>(), prop_oneof![Just(1), 1..=1_000_000_u32]);
        let row = row.prop_map(|(station, district, length, seed, count)| {
            let most = if district < 2 { 255 } else { u64::from(u16::MAX) };
            let choices = (0..length as u64).map(|at| {
                let number = (seed ^ at).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
                match number % 7 {
                    0 => UNKNOWN_OPTION,
                    _ => u16::try_from(number % most).unwrap(),
                }
            });
            ((station, district), choices.collect(), count)
        });
        prop::collection::vec(row, 0..40)
    }

    fn gather(pair: &mut (u32, u32), item: Item<'_>, into: &mut Vec<Row>) {
        match item {
            Item::Pair(station, district) => *pair = (station, district),
            Item::Row(row) => {
                let mut choices = Vec::new();
                row.read_into(&mut choices);
                into.push((*pair, choices, row.count));
            }
        }
    }

    proptest! {
        #[test]
        fn rows_are_what_was_stored_in_blocks_and_in_streams(
            rows in rows(), cuts in prop::collection::vec(any::<bool>(), 40),
        ) {
            let (mut block, mut blocks) = (Block::default(), Vec::new());
            for ((pair, choices, count), cut) in rows.iter().zip(cuts) {
                block.push(*pair, pair.1 < 2, choices, *count);
                if cut {
                    blocks.push(block.bytes().to_vec());
                    block.clear();
                }
            }
            blocks.push(block.bytes().to_vec());
            let (mut found, mut pair) = (Vec::new(), (9, 9));
            for bytes in &blocks {
                let mut items = Items::new(bytes);
                while let Some(item) = items.next() {
                    gather(&mut pair, item, &mut found);
                }
                prop_assert!(items.rest().is_empty());
            }
            prop_assert_eq!(&found, &rows);
            let (stream, mut found, mut pair) = (blocks.concat(), Vec::new(), (9, 9));
            let read = read_items(stream.as_slice(), 0, |item| {
                gather(&mut pair, item, &mut found);
                Ok::<_, ()>(())
            });
            prop_assert_eq!(read.unwrap(), Ok(()));
            prop_assert_eq!(&found, &rows);
        }
    }

    #[test]
    fn a_district_is_narrow_while_the_sentinel_is_free() {
        assert!(is_narrow(255));
        assert!(!is_narrow(256));
    }
}
