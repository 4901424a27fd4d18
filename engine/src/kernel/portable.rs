//! Columns on any machine: words of 64 bits, no instruction that only some processors have.
//!
//! In: a columnar view, counters of one worker. Out: the choices counted, or `None` if a cell is
//! not as the encoder writes it. Never: `unsafe`, a branch per ballot.

use rkyv::rend::u64_le;
use shomar_format::payload::ColumnarView;
use shomar_format::payload::columnar::{CHUNK_BALLOTS, GROUP_CELLS, LAST, LISTED_MAX, Section};

use super::Sums;

/// Buffers that are kept between batches.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Where each list ends in the numbers, exclusive.
    ends: Vec<u32>,
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;
/// The lowest bit of each byte.
const LOW: u64 = 0x0101_0101_0101_0101;

/// Counts all cells.
pub(super) fn count(
    view: &ColumnarView<'_>,
    option_count: u32,
    scratch: &mut Scratch,
    counts: &mut [u32],
) -> Option<Sums> {
    find_ends(view.numbers(), &mut scratch.ends)?;
    let mut columns = Columns { view, ends: &scratch.ends, words: 0, list: 0, map: 0 };
    let [lists, names] = view.sections(option_count);
    let sums =
        Sums { lists: columns.count(&lists, counts)?, names: columns.count(&names, counts)? };
    let all = columns.list == scratch.ends.len() && columns.map * 2 == view.maps().len();
    all.then_some(sums)
}

/// Finds where each list ends; `None` if one does not ascend or the last one has no end.
fn find_ends(numbers: &[u8], ends: &mut Vec<u32>) -> Option<()> {
    ends.clear();
    let mut falling = 0;
    let mut marks_of = |word: u64, next: u64, at: u32| {
        let mut marks = word & HIGH;
        // Per byte: 128 + (next - number - 1) has its highest bit if next is above number.
        let ascends = ((next & !HIGH) | HIGH).wrapping_sub((word & !HIGH) + LOW);
        falling |= !(ascends | marks) & HIGH;
        while marks != 0 {
            ends.push(at + marks.trailing_zeros() / 8 + 1);
            marks &= marks - 1;
        }
    };
    let mut at = 0_u32;
    let mut words = numbers.windows(9).step_by(8);
    for window in words.by_ref() {
        let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        marks_of(word(&window[..8]), word(&window[1..]), at);
        at += 8;
    }
    // At most eight numbers are left; behind them stand ended lists of ballot 127.
    let rest = &numbers[at as usize..];
    let mut last = [0xff; 9];
    last[..rest.len()].copy_from_slice(rest);
    let padding = 8 - rest.len();
    let word = u64::from_le_bytes(last[..8].try_into().expect("eight bytes"));
    let next = u64::from_le_bytes(last[1..].try_into().expect("eight bytes"));
    marks_of(word, next, at);
    ends.truncate(ends.len() - padding);
    let ended = numbers.last().is_none_or(|last| last & LAST != 0);
    (falling == 0 && ended).then_some(())
}

/// Where counting stands in the arrays.
struct Columns<'a> {
    view: &'a ColumnarView<'a>,
    ends: &'a [u32],
    words: usize,
    list: usize,
    map: usize,
}

impl Columns<'_> {
    fn count(&mut self, section: &Section, counts: &mut [u32]) -> Option<u64> {
        let counts = &mut counts[section.options.start as usize..section.options.end as usize];
        let mut sum = 0;
        for chunk in 0..section.chunks() {
            let (list, map) = (self.list, self.map);
            for (group, counts) in (0..).zip(counts.chunks_mut(GROUP_CELLS as usize)) {
                sum += self.count_group(section.group_mask(group), counts)?;
            }
            let ballots = section.chunk_ballots(chunk);
            if ballots < CHUNK_BALLOTS && !self.is_within(list, map, ballots) {
                return None;
            }
        }
        Some(sum)
    }

    fn count_group(&mut self, exist: u64, counts: &mut [u32]) -> Option<u64> {
        let words = &self.view.cells()[self.words..self.words + 2];
        let (mut listed, mut mapped) = (words[0].to_native(), words[1].to_native());
        self.words += 2;
        if (listed | mapped) & !exist | listed & mapped != 0 {
            return None;
        }
        let mut sum = 0;
        let mut start = self.start_of(self.list);
        for &end in self.ends.get(self.list..)?.get(..listed.count_ones() as usize)? {
            let ballots = end - start;
            if ballots > LISTED_MAX {
                return None;
            }
            counts[listed.trailing_zeros() as usize] += ballots;
            sum += u64::from(ballots);
            listed &= listed - 1;
            start = end;
            self.list += 1;
        }
        let maps = self.view.maps().as_chunks::<2>().0;
        for [low, high] in maps.get(self.map..)?.get(..mapped.count_ones() as usize)? {
            let ballots = low.to_native().count_ones() + high.to_native().count_ones();
            if ballots <= LISTED_MAX {
                return None;
            }
            counts[mapped.trailing_zeros() as usize] += ballots;
            sum += u64::from(ballots);
            mapped &= mapped - 1;
            self.map += 1;
        }
        Some(sum)
    }

    /// Where a list begins in the numbers.
    fn start_of(&self, list: usize) -> u32 {
        if list == 0 { 0 } else { self.ends[list - 1] }
    }

    /// Whether the lists and maps since these two name no ballot beyond the last of a chunk.
    fn is_within(&self, list: usize, map: usize, ballots: u32) -> bool {
        let numbers = self.start_of(list) as usize..self.start_of(self.list) as usize;
        let maps = &self.view.maps().as_chunks().0[map..self.map];
        !any_beyond(&self.view.numbers()[numbers], maps, ballots)
    }
}

/// Whether one of these numbers or maps names a ballot beyond the last of a chunk.
#[inline]
pub(super) fn any_beyond(numbers: &[u8], maps: &[[u64_le; 2]], ballots: u32) -> bool {
    let beyond = !(u128::MAX >> (CHUNK_BALLOTS - ballots));
    let outside = maps.iter().fold(0, |outside, [low, high]| {
        let map = u128::from(high.to_native()) << 64 | u128::from(low.to_native());
        outside | map & beyond
    });
    let most = numbers.iter().map(|number| number & !LAST).max();
    outside != 0 || most.is_some_and(|most| u32::from(most) >= ballots)
}
