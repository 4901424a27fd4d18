//! Where every field of a record, a frame and a segment header stands. `FORMAT.md` shows the same
//! as tables; `cargo xtask tidy` fails when this file changes and that document does not.
//!
//! In: nothing. Out: offsets and sizes in bytes. Never: code that reads or writes.

/// The format version of segments and compiled definitions that this crate writes.
pub const FORMAT_VERSION: u16 = 1;

/// A sealed record: header, payload, zero padding to 64, trailer.
pub mod record {
    /// First bytes of every record.
    pub const MAGIC: [u8; 8] = *b"SHOMARBT";
    /// Record version: unsigned, with a trailer of zeros.
    pub const VERSION_UNSIGNED: u16 = 1;
    /// Record version: signed by its device, and chained to the device's previous record.
    pub const VERSION_SIGNED: u16 = 2;
    /// Record kind: ballots of one station, device and district.
    pub const KIND_BALLOTS: u8 = 1;
    /// Record kind: control, signed by an officer.
    pub const KIND_CONTROL: u8 = 2;
    /// Record kind: ballots of a recount, outside the totals until a control record supersedes what
    /// was counted before.
    pub const KIND_RECOUNT: u8 = 3;
    /// Station and district of a control record, which belongs to none.
    pub const NOWHERE: u32 = u32::MAX;
    /// Encoding of the payload: sparse, ballot by ballot.
    pub const ENCODING_SPARSE: u8 = 1;
    /// Encoding of the payload: columnar, option by option.
    pub const ENCODING_COLUMNAR: u8 = 2;
    /// Encoding of the payload of a control record: text.
    pub const ENCODING_TEXT: u8 = 3;

    /// 8 bytes: [`MAGIC`].
    pub const MAGIC_OFFSET: usize = 0;
    /// u16: record version.
    pub const VERSION_OFFSET: usize = 8;
    /// u8: record kind.
    pub const KIND_OFFSET: usize = 10;
    /// u8: encoding of the payload.
    pub const ENCODING_OFFSET: usize = 11;
    /// u32: index of the station in the definition.
    pub const STATION_OFFSET: usize = 12;
    /// 32 bytes: definition digest.
    pub const DEFINITION_OFFSET: usize = 16;
    /// u32: index of the district in the definition.
    pub const DISTRICT_OFFSET: usize = 48;
    /// u32: number of the device inside its station.
    pub const DEVICE_OFFSET: usize = 52;
    /// u64: number of the batch in the order of its device, from 0.
    pub const SEQUENCE_OFFSET: usize = 56;
    /// u32: ballots taken = clean + as entered + blank.
    pub const TAKEN_OFFSET: usize = 64;
    /// u32: clean ballots.
    pub const CLEAN_OFFSET: usize = 68;
    /// u32: ballots kept as entered.
    pub const ENTERED_OFFSET: usize = 72;
    /// u32: blank ballots.
    pub const BLANK_OFFSET: usize = 76;
    /// u32: options of the district.
    pub const OPTION_COUNT_OFFSET: usize = 80;
    /// u32: seats of the district.
    pub const SEATS_OFFSET: usize = 84;
    /// u64: bytes of the payload.
    pub const PAYLOAD_LENGTH_OFFSET: usize = 88;
    /// 32 bytes: SHA-256 of the payload, the evidence.
    pub const BODY_HASH_OFFSET: usize = 96;
    /// u64: checksum of the whole record with this field as zero.
    pub const CHECKSUM_OFFSET: usize = 128;
    /// Reserved, zero, up to the end of the header.
    pub const RESERVED_OFFSET: usize = 136;
    /// Bytes of the header; the payload begins here, aligned to 64.
    pub const HEADER_BYTES: usize = 192;

    /// In the trailer, 32 bytes: hash of the device's previous record, or zero.
    pub const TRAILER_PREVIOUS_OFFSET: usize = 0;
    /// In the trailer, 64 bytes: Ed25519 signature, or zero.
    pub const TRAILER_SIGNATURE_OFFSET: usize = 32;
    /// In the trailer: reserved, zero, up to its end.
    pub const TRAILER_RESERVED_OFFSET: usize = 96;
    /// Bytes of the trailer, which ends the record.
    pub const TRAILER_BYTES: usize = 128;

    const _: () = assert!(HEADER_BYTES.is_multiple_of(crate::limits::ALIGNMENT));
    const _: () = assert!(TRAILER_BYTES.is_multiple_of(crate::limits::ALIGNMENT));
}

/// A frame: what stands before each record in a segment, and what closes a segment.
pub mod frame {
    /// First bytes of every frame.
    pub const MAGIC: [u8; 8] = *b"SHOMARFR";
    /// Frame kind: a record follows.
    pub const KIND_RECORD: u32 = 1;
    /// Frame kind: the segment is closed; nothing follows.
    pub const KIND_CLOSE: u32 = 2;

    /// 8 bytes: [`MAGIC`].
    pub const MAGIC_OFFSET: usize = 0;
    /// u32: frame kind.
    pub const KIND_OFFSET: usize = 8;
    /// u32: reserved, zero.
    pub const RESERVED_LOW_OFFSET: usize = 12;
    /// u64: bytes of the record that follows, a multiple of 64; 0 in a close frame.
    pub const LENGTH_OFFSET: usize = 16;
    /// u64: number of the record in the journal; in a close frame the number after the last.
    pub const POSITION_OFFSET: usize = 24;
    /// u64: when it was received, in milliseconds since 1970-01-01 UTC, or 0.
    pub const RECEIVED_AT_OFFSET: usize = 32;
    /// u64: checksum of these 64 bytes with this field as zero.
    pub const CHECKSUM_OFFSET: usize = 40;
    /// u64: records of the journal that were synced when this frame was written, all those with
    /// lower numbers; in a segment of version 1 reserved, zero.
    pub const DURABLE_OFFSET: usize = 48;
    /// Reserved, zero, up to the end of the frame.
    pub const RESERVED_HIGH_OFFSET: usize = 56;
    /// Bytes of a frame without its record.
    pub const FRAME_BYTES: usize = 64;
}

/// The first 64 bytes of a segment.
pub mod segment {
    /// First bytes of every segment.
    pub const MAGIC: [u8; 8] = *b"SHOMARSG";
    /// Version of a segment that is written at once, as sealing and generating do.
    pub const VERSION_SEALED: u16 = 1;
    /// Version of a segment that a journal writes, group by group; its frames say what was durable.
    pub const VERSION_JOURNAL: u16 = 2;

    /// 8 bytes: [`MAGIC`].
    pub const MAGIC_OFFSET: usize = 0;
    /// u16: format version.
    pub const VERSION_OFFSET: usize = 8;
    /// Reserved, zero, six bytes.
    pub const RESERVED_OFFSET: usize = 10;
    /// u64: number in the journal of the first record.
    pub const FIRST_POSITION_OFFSET: usize = 16;
    /// 32 bytes: definition digest.
    pub const DEFINITION_OFFSET: usize = 24;
    /// u64: checksum of these 64 bytes with this field as zero.
    pub const CHECKSUM_OFFSET: usize = 56;
    /// Bytes of the segment header.
    pub const HEADER_BYTES: usize = 64;
}

/// The compiled definition: header and rkyv payload.
pub mod definition {
    /// First bytes of a compiled definition.
    pub const MAGIC: [u8; 8] = *b"SHOMARDF";

    /// 8 bytes: [`MAGIC`].
    pub const MAGIC_OFFSET: usize = 0;
    /// u16: format version.
    pub const VERSION_OFFSET: usize = 8;
    /// Reserved, zero, six bytes.
    pub const RESERVED_OFFSET: usize = 10;
    /// u64: bytes of the payload, which ends the file.
    pub const PAYLOAD_LENGTH_OFFSET: usize = 16;
    /// 32 bytes: definition digest.
    pub const DIGEST_OFFSET: usize = 24;
    /// 32 bytes: digest of the text files from which it was made.
    pub const SOURCES_OFFSET: usize = 56;
    /// 32 bytes: digest of the names text, the half of the definition that is not in this file.
    pub const NAMES_OFFSET: usize = 88;
    /// u64: checksum of the whole file with this field as zero.
    pub const CHECKSUM_OFFSET: usize = 120;
    /// Bytes of the header; the payload begins here.
    pub const HEADER_BYTES: usize = 128;
}
