//! Every limit of the format, in one place, each with the argument that it is enough.
//!
//! In: nothing. Out: constants. Never: a limit that is checked elsewhere under another number.

/// Options (lists and candidates together) in one district. One below the sentinel
/// [`crate::UNKNOWN_OPTION`]; Tehran had 2,722 candidates at most.
pub const DISTRICT_OPTIONS_MAX: usize = 65_535;

/// Ballots in one batch. A station takes about 750; every count per option then fits 16 bits.
pub const BATCH_BALLOTS_MAX: u32 = 65_535;

/// Codes on one ballot as it was entered. The largest council has 21 seats and 11 alternates.
pub const BALLOT_CHOICES_MAX: usize = 1_024;

/// Equal ballots that one row of text may stand for (`count`).
pub const ROW_COUNT_MAX: u32 = 1_000_000;

/// Bytes of one row of text, without its line end.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Bytes of one sealed record: rkyv's 32-bit relative pointers reach 2 GiB; far less is needed.
pub const RECORD_BYTES_MAX: u64 = 1 << 30;

/// Bytes of the smallest sealed record: a header and a trailer.
pub const RECORD_BYTES_MIN: usize =
    crate::layout::record::HEADER_BYTES + crate::layout::record::TRAILER_BYTES;

/// Bytes after which a writer closes a segment and begins the next one.
pub const SEGMENT_BYTES_MAX: u64 = 256 << 20;

/// Districts of one election (31,000 in 1405).
pub const DISTRICTS_MAX: usize = 1 << 20;

/// Stations of one election (80,000 in 1405).
pub const STATIONS_MAX: usize = 1 << 20;

/// Devices of one station.
pub const STATION_DEVICES_MAX: usize = 1 << 10;

/// Seats of one district, and alternates.
pub const SEATS_MAX: u32 = 1_000;

/// Bytes of one field of an election folder.
pub const FIELD_BYTES_MAX: usize = 1_024;

/// Bytes of one file of an election folder.
pub const ELECTION_FILE_BYTES_MAX: u64 = 1 << 30;

/// Bytes of the text of a control record: the hashes of 15,000 batches of one pair.
pub const CONTROL_BYTES_MAX: usize = 1 << 20;

/// Officers of an election.
pub const OFFICERS_MAX: usize = 1 << 10;

/// Every record, header and trailer is a multiple of this, so that payloads stay aligned.
pub const ALIGNMENT: usize = 64;

/// The code of an option: what a voter types.
pub const CODE_MIN: u32 = 1;

const _: () = assert!(usize::BITS == 64, "lengths of mapped files are held in usize");
const _: () = assert!(DISTRICT_OPTIONS_MAX <= crate::UNKNOWN_OPTION as usize);
const _: () = assert!(BATCH_BALLOTS_MAX <= u16::MAX as u32, "a count per option fits 16 bits");
// A batch at its limit, every ballot at its limit, two bytes a choice, stays below the record
// limit.
const _: () = assert!(
    (BATCH_BALLOTS_MAX as u64) * (BALLOT_CHOICES_MAX as u64 + 1) * 2 + 4096 < RECORD_BYTES_MAX
);
// Lengths inside a record, and rkyv's relative pointers, fit 32 bits.
const _: () = assert!(RECORD_BYTES_MAX < u32::MAX as u64);
