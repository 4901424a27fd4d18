//! Which parts of what was not synced survive a loss of power.
//!
//! In: a disk as it stood when the power went. Out: the states in which it may be found, each once.
//! Never: a state in which something synced is missing.
//!
//! Each file in turn is the one that survives in parts: every prefix at a multiple of 64 (and so of
//! 512) bytes and at odd places, every set of its blocks of 512 bytes with the others as zeros or
//! as rubbish. The other files survive whole, not at all, or in half. All that with every set of
//! the changes of names.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{ByteChange, Bytes, State};

const BLOCK_BYTES: usize = 512;
const STEP_BYTES: usize = 64;
/// Sets of more blocks, or of more changes of names, are not all tried.
const SET_MAX: usize = 5;
/// What an unwritten block holds where the file system shows old bytes.
const RUBBISH: u8 = 0xa5;

#[derive(Clone, Copy, Debug)]
enum Survives {
    /// The first bytes of what was written, in the order in which it was.
    Prefix(usize),
    /// The blocks in this set, counted from the first one that was written to; what else lies
    /// inside the new length is filled.
    Blocks { set: u64, fill: u8 },
}

pub(super) fn images(state: &State) -> Vec<(String, State)> {
    let pending: Vec<usize> =
        (0..state.files.len()).filter(|file| !state.files[*file].pending.is_empty()).collect();
    let mut images = Vec::new();
    let mut seen = HashSet::new();
    for names in sets(state.pending_names.len()) {
        let mut add = |name: String, files: Vec<Bytes>| {
            let image = image(state, names, files);
            if seen.insert(digest(&image)) {
                images.push((name, image));
            }
        };
        if pending.is_empty() {
            add(format!("names {names:b}"), state.files.clone());
        }
        for focus in &pending {
            for survives in ways(&state.files[*focus]) {
                for others in 0..3 {
                    if others > 0 && pending.len() == 1 {
                        continue;
                    }
                    let mut files = state.files.clone();
                    for file in &pending {
                        let total = written(&files[*file]);
                        let way = match others {
                            _ if file == focus => survives,
                            0 => Survives::Prefix(total),
                            1 => Survives::Prefix(0),
                            _ => Survives::Prefix(total / 2),
                        };
                        files[*file].synced = surviving(&files[*file], way);
                    }
                    let name = format!(
                        "names {names:b}, of file {focus} {survives:?}, others in way {others}"
                    );
                    add(name, files);
                }
            }
        }
    }
    images
}

/// Sets of `count` things, as bits: all of them if they are few, else every beginning and every
/// one.
fn sets(count: usize) -> Vec<u64> {
    if count <= SET_MAX {
        return (0..1 << count).rev().collect();
    }
    let all = (1_u64 << count.min(63)) - 1;
    let beginnings = (0..=count).map(|kept| (1_u64 << kept.min(63)) - 1);
    let single = (0..count.min(63)).flat_map(|one| [1 << one, all & !(1 << one)]);
    beginnings.chain(single).collect()
}

fn written(file: &Bytes) -> usize {
    let length = |change: &ByteChange| match change {
        ByteChange::Write { bytes, .. } => bytes.len(),
        // As long as a byte: it survives or not.
        ByteChange::Truncate { .. } => 1,
    };
    file.pending.iter().map(length).sum()
}

fn ways(file: &Bytes) -> Vec<Survives> {
    let total = written(file);
    let mut lengths: Vec<usize> = (0..=total).step_by(STEP_BYTES).collect();
    lengths.extend((13..total).step_by(STEP_BYTES));
    lengths.extend([total, total.saturating_sub(1), total.min(1)]);
    lengths.sort_unstable();
    lengths.dedup();
    let mut ways: Vec<Survives> = lengths.into_iter().rev().map(Survives::Prefix).collect();
    let (first, last) = blocks(file);
    for (number, set) in sets(last - first).into_iter().enumerate() {
        let fill = if number % 2 == 0 { 0 } else { RUBBISH };
        ways.push(Survives::Blocks { set, fill });
    }
    ways
}

/// The first block that is written to, and the one after the last.
fn blocks(file: &Bytes) -> (usize, usize) {
    let range = |change: &ByteChange| match change {
        ByteChange::Write { offset, bytes } => Some((*offset, offset + bytes.len())),
        ByteChange::Truncate { .. } => None,
    };
    let ranges: Vec<_> = file.pending.iter().filter_map(range).collect();
    let start = ranges.iter().map(|range| range.0).min().unwrap_or(0);
    let end = ranges.iter().map(|range| range.1).max().unwrap_or(0);
    (start / BLOCK_BYTES, end.div_ceil(BLOCK_BYTES))
}

fn surviving(file: &Bytes, way: Survives) -> Vec<u8> {
    match way {
        Survives::Prefix(mut left) => {
            let mut bytes = file.synced.clone();
            for change in &file.pending {
                if left == 0 {
                    break;
                }
                match change {
                    ByteChange::Write { offset, bytes: written } => {
                        let kept = left.min(written.len());
                        let written = written[..kept].to_vec();
                        ByteChange::Write { offset: *offset, bytes: written }.apply(&mut bytes);
                        left -= kept;
                    }
                    ByteChange::Truncate { .. } => {
                        change.apply(&mut bytes);
                        left -= 1;
                    }
                }
            }
            bytes
        }
        Survives::Blocks { set, fill } => {
            let mut all = file.synced.clone();
            file.pending.iter().for_each(|change| change.apply(&mut all));
            let (first, last) = blocks(file);
            for block in first..last {
                if set >> (block - first).min(63) & 1 == 1 {
                    continue;
                }
                let start = (block * BLOCK_BYTES).min(all.len());
                let end = (start + BLOCK_BYTES).min(all.len());
                let before = file.synced.get(start..).unwrap_or_default();
                let before = before.iter().copied().chain(std::iter::repeat(fill));
                all[start..end].iter_mut().zip(before).for_each(|(byte, before)| *byte = before);
            }
            all
        }
    }
}

/// The disk as it is found: everything that survived is durable, nobody holds anything.
fn image(state: &State, names: u64, mut files: Vec<Bytes>) -> State {
    let mut found = state.synced_names.clone();
    for (number, change) in state.pending_names.iter().enumerate() {
        if names >> number.min(63) & 1 == 1 {
            change.apply(&mut found);
        }
    }
    for file in &mut files {
        file.pending.clear();
        file.current.clone_from(&file.synced);
    }
    State { files, names: found.clone(), synced_names: found, ..State::default() }
}

fn digest(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (name, file) in &state.names {
        (name, &state.files[*file].current, state.files[*file].read_only).hash(&mut hasher);
    }
    hasher.finish()
}
