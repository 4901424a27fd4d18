//! Canonical order, seen in columns: ballots are compared with their neighbours without being
//! written out.
//!
//! In: the cells of a columnar payload. Out: whether every ballot has a number of choices that its
//! district allows, and none stands before a smaller one. Never: a word on which ballot is wrong;
//! [`ColumnarView::visit_ballots`] finds that, and is the plain reference for this.
//!
//! A receiver asks this of every ballot of a nation. A word of 128 bits says of a whole chunk which
//! ballots name an option, so one comparison of words compares 127 pairs of neighbours. Numbers of
//! choices are added up in *planes*: bit b of plane p is bit p of the number of ballot b.

use super::PayloadError;
use super::columnar::{CHUNK_BALLOTS, Cell, ColumnarView};
use crate::OptionIndex;

/// A ballot has at most 65,535 choices, however forged its columns are.
const PLANES: usize = 16;

/// Whether each ballot with a list names one, each ballot with names 1 to `names_max`, and the
/// ballots of each section stand in canonical order: the shorter first, and those of one length by
/// the first choice in which they differ.
///
/// # Errors
/// As [`ColumnarView::visit_cells`].
pub fn is_canonical(
    view: &ColumnarView<'_>,
    option_count: u32,
    names_max: u32,
) -> Result<bool, PayloadError> {
    let sections = view.sections(option_count);
    let mut reader = OrderReader { names_max, ..OrderReader::default() };
    let mut chunks = sections.iter().enumerate().flat_map(|(section, of)| {
        (0..of.chunks()).map(move |chunk| (section, chunk, of.chunk_ballots(chunk)))
    });
    let mut current = chunks.next();
    view.visit_cells(option_count, |cell| {
        let section = usize::from(cell.option >= view.lists());
        // A chunk without a cell is ended as well: its ballots are empty.
        while let Some((of, chunk, ballots)) = current
            && (of, chunk) != (section, cell.chunk)
        {
            reader.end_chunk(of, ballots);
            current = chunks.next();
        }
        let (.., ballots) = current.expect("cells come by section and chunk");
        reader.add(cell, ballots);
    })?;
    for (section, _, ballots) in current.into_iter().chain(chunks) {
        reader.end_chunk(section, ballots);
    }
    Ok(!reader.is_wrong)
}

#[derive(Default)]
struct OrderReader {
    names_max: u32,
    planes: [u128; PLANES],
    /// Bit b: ballots b and b + 1 differ in an option so far.
    differing: u128,
    /// Bit b: it is ballot b that has the first option in which they differ.
    in_order: u128,
    /// Options of the first and of the last ballot of this chunk, to compare chunks.
    first: Vec<OptionIndex>,
    last: Vec<OptionIndex>,
    /// The last ballot of the chunk before; no ballot is before an empty one.
    before: Vec<OptionIndex>,
    is_wrong: bool,
}

impl OrderReader {
    /// Cells of a chunk come in the order of their options.
    #[inline]
    fn add(&mut self, cell: Cell, chunk_ballots: u32) {
        let Cell { option, ballots, .. } = cell;
        let mut carry = ballots;
        for plane in &mut self.planes {
            let sum = *plane ^ carry;
            carry &= *plane;
            *plane = sum;
            if carry == 0 {
                break;
            }
        }
        let new = (ballots ^ ballots >> 1) & !self.differing;
        self.differing |= new;
        self.in_order |= new & ballots;
        let option = OptionIndex::try_from(option).expect("within the options");
        if ballots & 1 != 0 {
            self.first.push(option);
        }
        if ballots >> (chunk_ballots - 1) & 1 != 0 {
            self.last.push(option);
        }
    }

    fn end_chunk(&mut self, section: usize, ballots: u32) {
        let all = u128::MAX >> (CHUNK_BALLOTS - ballots);
        let most = if section == 0 { 1 } else { self.names_max };
        let (mut longer_than_next, mut equal_to_next) = (0, all >> 1);
        let (mut longer_than_most, mut equal_to_most) = (0, all);
        let mut with_choices = 0;
        for (number, plane) in self.planes.iter().enumerate().rev() {
            let differing = (plane ^ plane >> 1) & equal_to_next;
            longer_than_next |= differing & plane;
            equal_to_next &= !differing;
            match most >> number & 1 {
                0 => {
                    longer_than_most |= equal_to_most & plane;
                    equal_to_most &= !plane;
                }
                _ => equal_to_most &= plane,
            }
            with_choices |= plane;
        }
        let out_of_order = longer_than_next | equal_to_next & self.differing & !self.in_order;
        // A ballot with a list is before every ballot with names by this order as well.
        let before_first = (self.first.len(), &self.first) < (self.before.len(), &self.before);
        let too_long = longer_than_most != 0 && most >> PLANES == 0;
        self.is_wrong |= with_choices != all || too_long || out_of_order != 0 || before_first;
        std::mem::swap(&mut self.before, &mut self.last);
        self.first.clear();
        self.last.clear();
        self.planes.fill(0);
        (self.differing, self.in_order) = (0, 0);
    }
}
