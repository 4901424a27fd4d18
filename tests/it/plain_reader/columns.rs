//! Section 4.4 of FORMAT.md, read literally: columns spread over the ballots they stand for.
//!
//! In: a columnar payload, and of its record the number of options and of seats. Out: its ballots
//! one by one, or the first thing that is wrong. Never: a panic on damaged bytes, or a look at how
//! the engine does it.

use super::segment::{
    Ballots, Body, Checked, arrays, check, check_order, cut_entered, numbers16, u32_at, u64_at,
};

/// Ballots of a chunk, options of a group, ballots of the longest list.
const CHUNK: usize = 128;
const GROUP: usize = 64;
const LISTED_MOST: usize = 16;

/// What a payload holds besides its words of cells; each cell takes what is its own.
struct Stored<'a> {
    maps: &'a [u64],
    numbers: &'a [u8],
}

pub(super) fn read_columns(payload: &[u8], option_count: u32, seats: u32) -> Checked<Body> {
    check(payload.len() >= 56, "payload: shorter than its root")?;
    let root = payload.len() - 56;
    let arrays = arrays(payload, root, &[8, 8, 2, 2, 1])?;
    let [lists, list_ballots, name_ballots, blank] =
        [40, 44, 48, 52].map(|at| u32_at(payload, root + at));
    check(lists <= option_count, "columns: more lists than options")?;
    let sections = [(list_ballots, lists), (name_ballots, option_count - lists)];
    let sections = sections.map(|(ballots, options)| (ballots as usize, options as usize));
    let (cells, maps) = (numbers64(arrays[0]), numbers64(arrays[1]));
    let words = sections.map(|(ballots, options)| 2 * ballots.div_ceil(CHUNK) * groups(options));
    check(cells.len() == words[0] + words[1], "columns: words of cells")?;
    let (of_lists, of_names) = cells.split_at(words[0]);
    let mut stored = Stored { maps: &maps, numbers: arrays[4] };
    let list_ballots = spread(of_lists, sections[0], 0, &mut stored)?;
    let name_ballots = spread(of_names, sections[1], lists, &mut stored)?;
    check(stored.numbers.is_empty(), "columns: a number left over")?;
    check(stored.maps.is_empty(), "columns: a map left over")?;
    let votes = |ballots: &Ballots| ballots.iter().map(Vec::len).sum::<usize>();
    let (list_votes, name_votes) = (votes(&list_ballots), votes(&name_ballots));
    let (names_least, seats) = (name_ballots.len(), seats as usize);
    check(list_votes == list_ballots.len(), "columns: sum of the lists")?;
    check(name_votes >= names_least, "columns: fewer names than ballots")?;
    check(name_votes <= names_least.saturating_mul(seats), "columns: more names than seats")?;
    let lengths = |ballots: &Ballots, least, most| {
        check(
            ballots.iter().all(|ballot| ballot.len() >= least),
            "columns: a ballot with nothing",
        )?;
        check(ballots.iter().all(|ballot| ballot.len() <= most), "columns: a ballot with too much")
    };
    lengths(&list_ballots, 1, 1)?;
    lengths(&name_ballots, 1, seats)?;
    let clean = [list_ballots, name_ballots].concat();
    let entered = cut_entered(&numbers16(arrays[2]), &numbers16(arrays[3]))?;
    check_order(&clean, &entered)?;
    Ok(Body { lists: Some(lists), clean, entered, blank })
}

fn numbers64(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|eight| u64_at(eight, 0)).collect()
}

fn groups(options: usize) -> usize {
    options.div_ceil(GROUP)
}

/// The ballots of a section, from its words of cells; its options begin at index `first`.
fn spread(
    cells: &[u64],
    (ballot_count, option_count): (usize, usize),
    first: u32,
    stored: &mut Stored<'_>,
) -> Checked<Ballots> {
    // Many ballots without a word are a false sum: found before there is memory for them.
    let none = cells.is_empty() && ballot_count > 0;
    check(!none, "columns: ballots of a section without options")?;
    let mut ballots: Ballots = vec![Vec::new(); ballot_count];
    let mut pairs = cells.chunks_exact(2);
    for chunk in ballots.chunks_mut(CHUNK) {
        for group in 0..groups(option_count) {
            let pair = pairs.next().expect("as many words as were counted");
            for bit in 0..GROUP {
                let [listed, mapped] = [pair[0], pair[1]].map(|word| word >> bit & 1 == 1);
                let option = group * GROUP + bit;
                let exists = option < option_count;
                check(exists || !(listed || mapped), "columns: a cell beyond the options")?;
                check(!(listed && mapped), "columns: a cell both listed and mapped")?;
                let cell = match (listed, mapped) {
                    (true, _) => stored.list(chunk.len())?,
                    (_, true) => stored.map(chunk.len())?,
                    _ => Vec::new(),
                };
                for ballot in cell {
                    let option = first as usize + option;
                    chunk[ballot].push(u16::try_from(option).map_err(|_| "columns: options")?);
                }
            }
        }
    }
    Ok(ballots)
}

impl Stored<'_> {
    /// The ballots of the next listed cell, in a chunk of so many.
    fn list(&mut self, ballots: usize) -> Checked<Vec<usize>> {
        let last = self.numbers.iter().position(|number| number >> 7 == 1);
        let last = last.ok_or("columns: a list without an end")?;
        let (list, rest) = self.numbers.split_at(last + 1);
        self.numbers = rest;
        let list: Vec<usize> = list.iter().map(|number| usize::from(number & 0x7f)).collect();
        check(list.is_sorted_by(|a, b| a < b), "columns: a list that does not ascend")?;
        check(list.len() <= LISTED_MOST, "columns: a list that is too long")?;
        check(list.iter().all(|&number| number < ballots), "columns: a number beyond the chunk")?;
        Ok(list)
    }

    /// The ballots of the next mapped cell, in a chunk of so many.
    fn map(&mut self, ballots: usize) -> Checked<Vec<usize>> {
        let (map, rest) = self.maps.split_at_checked(2).ok_or("columns: a map that is missing")?;
        self.maps = rest;
        let map: Vec<usize> =
            (0..CHUNK).filter(|bit| map[bit / 64] >> (bit % 64) & 1 == 1).collect();
        check(map.iter().all(|&bit| bit < ballots), "columns: a bit beyond the chunk")?;
        check(map.len() > LISTED_MOST, "columns: a map that is too empty")?;
        Ok(map)
    }
}
