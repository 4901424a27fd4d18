//! A segment as plain bytes: every check that FORMAT.md names and that needs no election.
//!
//! In: bytes. Out: records with their ballots, or the first thing that is wrong. Never: a panic on
//! damaged bytes.

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::columns::read_columns;
use super::control::{Control, read_control};

pub(super) type Checked<T> = Result<T, String>;

/// Choices of each ballot.
pub(super) type Ballots = Vec<Vec<u16>>;

pub(super) fn crc64_nvme(bytes: &[u8]) -> u64 {
    let mut crc = u64::MAX;
    for &byte in bytes {
        crc ^= u64::from(byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            crc ^= carry * 0x9a6c_9329_ac4b_c9b5;
        }
    }
    !crc
}

pub(super) fn checksum_with_field_as_zero(bytes: &[u8], field: usize) -> u64 {
    let mut copy = bytes.to_vec();
    copy[field..field + 8].fill(0);
    crc64_nvme(&copy)
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("N bytes")
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

pub(super) fn numbers16(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks_exact(2).map(|pair| u16_at(pair, 0)).collect()
}

pub(super) fn numbers32(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32_at(four, 0)).collect()
}

pub(super) fn check(holds: bool, what: &str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

pub(super) fn check_zeros(bytes: &[u8], range: Range<usize>, what: &str) -> Checked<()> {
    check(bytes[range].iter().all(|&byte| byte == 0), what)
}

pub(super) fn check_head(
    bytes: &[u8],
    magic: &[u8; 8],
    checksum_field: usize,
    what: &str,
) -> Checked<()> {
    check(bytes.starts_with(magic), &format!("{what}: magic"))?;
    let stored = u64_at(bytes, checksum_field);
    let computed = checksum_with_field_as_zero(bytes, checksum_field);
    check(stored == computed, &format!("{what}: checksum"))
}

pub(super) struct Segment {
    pub(super) definition: [u8; 32],
    /// Number of the first record.
    pub(super) first: u64,
    pub(super) records: Vec<Record>,
}

pub(super) struct Record {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: u8,
    pub(super) station: u32,
    pub(super) district: u32,
    pub(super) device: u32,
    pub(super) sequence: u64,
    pub(super) option_count: u32,
    pub(super) seats: u32,
    pub(super) body_hash: [u8; 32],
    pub(super) content: Content,
}

/// What a record says, by its kind.
pub(super) enum Content {
    Ballots(Body),
    Control(Control),
}

/// What a payload holds.
pub(super) struct Body {
    /// In columns: how many lists the district has.
    pub(super) lists: Option<u32>,
    /// In the order in which they stand, as those below.
    pub(super) clean: Ballots,
    pub(super) entered: Ballots,
    pub(super) blank: u32,
}

/// The bytes of each record of a sound segment.
pub(super) fn records(segment: &[u8]) -> Vec<&[u8]> {
    let (mut at, mut records) = (64, Vec::new());
    while segment[at + 8] == 1 {
        let length = usize::try_from(u64_at(segment, at + 16)).expect("a length");
        records.push(&segment[at + 64..][..length]);
        at += 64 + length;
    }
    records
}

pub(super) fn read_segment(bytes: &[u8]) -> Checked<Segment> {
    check(bytes.len() >= 64, "segment: shorter than its header")?;
    check_head(&bytes[..64], b"SHOMARSG", 56, "segment")?;
    let version = u16_at(bytes, 8);
    check([1, 2].contains(&version), "segment: version")?;
    check_zeros(bytes, 10..16, "segment: reserved")?;
    let (definition, first) = (array_at(bytes, 24), u64_at(bytes, 16));
    let (mut position, mut durable, mut at, mut records) = (first, first, 64, Vec::new());
    loop {
        check(bytes.len() >= at + 64, "segment: ends without a close frame")?;
        let frame = &bytes[at..at + 64];
        at += 64;
        check_head(frame, b"SHOMARFR", 40, "frame")?;
        check_zeros(frame, 12..16, "frame: reserved")?;
        check_zeros(frame, if version == 1 { 48..64 } else { 56..64 }, "frame: reserved")?;
        check(u64_at(frame, 24) == position, "frame: position")?;
        if version == 2 {
            let before = std::mem::replace(&mut durable, u64_at(frame, 48));
            check(before <= durable, "frame: durable backwards")?;
            check(durable <= position, "frame: durable above the position")?;
        }
        let length = usize::try_from(u64_at(frame, 16)).map_err(|_| "frame: length")?;
        match u32_at(frame, 8) {
            1 => {
                check(length.is_multiple_of(64) && length <= 1 << 30, "frame: length")?;
                check(bytes.len() >= at + length, "frame: record cut off")?;
                records.push(read_record(&bytes[at..at + length], &definition)?);
                at += length;
                position += 1;
            }
            2 => {
                check(length == 0, "close frame: length")?;
                check(u64_at(frame, 32) == 0, "close frame: received at")?;
                check(version == 1 || durable == position, "close frame: durable")?;
                check(bytes.len() == at, "close frame: something behind it")?;
                return Ok(Segment { definition, first, records });
            }
            _ => return Err("frame: kind".to_owned()),
        }
    }
}

pub(super) fn read_record(record: &[u8], definition: &[u8; 32]) -> Checked<Record> {
    check(record.len() >= 320, "record: shorter than header and trailer")?;
    check(record.len() <= 1 << 30, "record: too long")?;
    check_head(record, b"SHOMARBT", 128, "record")?;
    let (version, kind) = (u16_at(record, 8), record[10]);
    check([1, 2].contains(&version), "record: version")?;
    // Decisions and recounts are always signed.
    check(kind == 1 || version == 2 && [2, 3].contains(&kind), "record: kind")?;
    check(record[16..48] == *definition, "record: definition")?;
    check_zeros(record, 136..192, "record: reserved")?;
    let trailer = record.len() - 128;
    let length = u64_at(record, 88);
    let padded = length.checked_next_multiple_of(64);
    check(padded == Some((trailer - 192) as u64), "record: payload length")?;
    let end = 192 + usize::try_from(length).expect("below the record's length");
    check_zeros(record, end..trailer, "record: padding")?;
    // In version 2 the hash of the previous record and the signature come first.
    let zeros = if version == 1 { 0 } else { 96 };
    check_zeros(record, trailer + zeros..trailer + 128, "record: trailer")?;
    let payload = &record[192..end];
    let content = match (kind, record[11]) {
        (2, 3) => {
            let nowhere = [12, 48].map(|at| u32_at(record, at)) == [u32::MAX; 2];
            check(nowhere, "control: station and district")?;
            check_zeros(record, 64..88, "control: counts")?;
            Content::Control(read_control(payload)?)
        }
        (1 | 3, 1) => Content::Ballots(read_payload(payload)?),
        (1 | 3, 2) => {
            let [option_count, seats] = [80, 84].map(|at| u32_at(record, at));
            Content::Ballots(read_columns(payload, option_count, seats)?)
        }
        _ => return Err("record: encoding".to_owned()),
    };
    let result = Record {
        bytes: record.to_vec(),
        kind,
        station: u32_at(record, 12),
        district: u32_at(record, 48),
        device: u32_at(record, 52),
        sequence: u64_at(record, 56),
        option_count: u32_at(record, 80),
        seats: u32_at(record, 84),
        body_hash: array_at(record, 96),
        content,
    };
    check(sha256(payload) == result.body_hash, "record: body hash")?;
    let Content::Ballots(Body { clean, entered, blank, .. }) = &result.content else {
        return Ok(result);
    };
    let counts = [clean.len() as u64, entered.len() as u64, u64::from(*blank)];
    let written = [68, 72, 76].map(|at| u64::from(u32_at(record, at)));
    check(written == counts, "record: counts")?;
    let taken = u64::from(u32_at(record, 64));
    check(taken == counts.iter().sum::<u64>() && taken <= 65_535, "record: taken")?;
    Ok(result)
}

/// A sparse payload.
pub(super) fn read_payload(payload: &[u8]) -> Checked<Body> {
    check(payload.len() >= 44, "payload: shorter than its root")?;
    let root = payload.len() - 44;
    let arrays = arrays(payload, root, &[4, 2, 2, 2, 2])?;
    let (ballots, strides) = (numbers32(arrays[0]), numbers16(arrays[1]));
    check(ballots.len() == strides.len(), "payload: groups")?;
    check(!ballots.contains(&0), "payload: empty group")?;
    check(strides.first() != Some(&0), "payload: stride 0")?;
    check(strides.is_sorted_by(|a, b| a < b), "payload: strides")?;
    check(strides.last() <= Some(&1_024), "payload: too many choices")?;
    let lengths = strides.iter().zip(&ballots);
    let lengths = lengths.flat_map(|(&stride, &ballots)| (0..ballots).map(move |_| stride));
    let clean = cut(lengths, &numbers16(arrays[2]), "payload: choices")?;
    let entered = cut_entered(&numbers16(arrays[3]), &numbers16(arrays[4]))?;
    check_order(&clean, &entered)?;
    Ok(Body { lists: None, clean, entered, blank: u32_at(payload, root + 40) })
}

/// The arrays of a payload, by the widths of their elements: each where the lengths put it.
pub(super) fn arrays<'a>(
    payload: &'a [u8],
    root: usize,
    widths: &[usize],
) -> Checked<Vec<&'a [u8]>> {
    let (mut place, mut arrays) = (0, Vec::new());
    for (field, width) in widths.iter().enumerate() {
        let at = root + field * 8;
        let offset = i64::from(i32::from_le_bytes(array_at(payload, at)));
        let distance = i64::try_from(at - place).expect("a payload is short");
        check(offset == -distance, "payload: place of an array")?;
        let end = place + u32_at(payload, at + 4) as usize * width;
        check(end <= root, "payload: an array reaches into the root")?;
        arrays.push(&payload[place..end]);
        place = end;
    }
    check(root == place.next_multiple_of(4), "payload: place of the root")?;
    check_zeros(payload, place..root, "payload: padding")?;
    Ok(arrays)
}

/// The ballots kept as entered.
pub(super) fn cut_entered(lengths: &[u16], choices: &[u16]) -> Checked<Ballots> {
    check(!lengths.contains(&0), "payload: a ballot without choices")?;
    check(lengths.iter().all(|&length| length <= 1_024), "payload: too many choices")?;
    cut(lengths.iter().copied(), choices, "payload: choices as entered")
}

pub(super) fn check_order(clean: &[Vec<u16>], entered: &[Vec<u16>]) -> Checked<()> {
    let canonical =
        |ballots: &[Vec<u16>]| ballots.is_sorted_by_key(|ballot| (ballot.len(), ballot));
    check(canonical(clean), "payload: order of clean ballots")?;
    check(canonical(entered), "payload: order of ballots as entered")
}

fn cut(lengths: impl Iterator<Item = u16>, mut choices: &[u16], what: &str) -> Checked<Ballots> {
    let mut ballots = Vec::new();
    for length in lengths {
        let (ballot, rest) = choices.split_at_checked(length.into()).ok_or(what)?;
        ballots.push(ballot.to_vec());
        choices = rest;
    }
    check(choices.is_empty(), what)?;
    Ok(ballots)
}
