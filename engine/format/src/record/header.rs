//! The header of a record, read where it stands.
//!
//! In: the bytes of a record. Out: its fields. Never: a field believed; only magic, version and
//! lengths are checked here, and the rest by who verifies the record.

use crate::bytes::{self, Digest32, array_at, u16_at, u32_at, u64_at};
use crate::fault::Fault;
use crate::layout::record as at;
use crate::limits;

/// Who sealed a batch, for which district, and as which of its device's batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchAddress {
    /// Index of the district in the definition.
    pub district: u32,
    /// Index of the station in the definition.
    pub station: u32,
    /// Number of the device inside its station.
    pub device: u32,
    /// Number of the batch in the order of its device, from 0.
    pub sequence: u64,
}

/// What the header of a record says, before anything else was checked. It is read where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader<'a> {
    bytes: &'a [u8; at::HEADER_BYTES],
}

impl<'a> RecordHeader<'a> {
    /// Finds the header and checks magic, version and length; nothing else.
    ///
    /// # Errors
    /// If `record` is too short, foreign, newer than this program, or not as long as it says.
    #[inline]
    pub fn read(record: &'a [u8]) -> Result<Self, Fault> {
        let least = limits::RECORD_BYTES_MIN;
        let bytes = match record.first_chunk() {
            Some(bytes) if record.len() >= least => bytes,
            _ => {
                let found = format!("{} bytes", record.len());
                return Err(Fault::new(0, "record", found, format!("at least {least} bytes")));
            }
        };
        if record.len() as u64 > limits::RECORD_BYTES_MAX {
            let found = format!("{} bytes", record.len());
            let expected = format!("at most {} bytes", limits::RECORD_BYTES_MAX);
            return Err(Fault::new(0, "record", found, expected));
        }
        let magic: [u8; 8] = array_at(record, at::MAGIC_OFFSET);
        if magic != at::MAGIC {
            return Err(Fault::new(0, "record magic", bytes::preview(&magic), "'SHOMARBT'"));
        }
        check_version(record, at::VERSION_OFFSET, at::VERSION_SIGNED)?;
        let header = Self { bytes };
        let room = (record.len() - least) as u64;
        let padded = header.payload_length().checked_next_multiple_of(limits::ALIGNMENT as u64);
        if padded != Some(room) {
            return Err(Fault::new(
                at::PAYLOAD_LENGTH_OFFSET,
                "payload length",
                header.payload_length(),
                format!("one that fills the {room} bytes of the record's payload"),
            ));
        }
        Ok(header)
    }

    /// Unsigned or signed, see [`crate::layout::record`].
    #[must_use]
    #[inline]
    pub fn version(&self) -> u16 {
        u16_at(self.bytes, at::VERSION_OFFSET)
    }

    /// Ballots or control, see [`crate::layout::record`].
    #[must_use]
    #[inline]
    pub fn kind(&self) -> u8 {
        self.bytes[at::KIND_OFFSET]
    }

    /// Whether the payload is ballots: of a batch, or of a recount, which is always signed.
    #[must_use]
    #[inline]
    pub fn has_ballots(&self) -> bool {
        let kind = self.kind();
        kind == at::KIND_BALLOTS || kind == at::KIND_RECOUNT && self.version() == at::VERSION_SIGNED
    }

    /// Encoding of the payload.
    #[must_use]
    #[inline]
    pub fn encoding(&self) -> u8 {
        self.bytes[at::ENCODING_OFFSET]
    }

    /// Definition digest.
    #[must_use]
    #[inline]
    pub fn definition(&self) -> &'a Digest32 {
        self.digest(at::DEFINITION_OFFSET)
    }

    /// Station, district, device, sequence.
    #[must_use]
    #[inline]
    pub fn address(&self) -> BatchAddress {
        address_at(self.bytes)
    }

    /// Ballots taken.
    #[must_use]
    #[inline]
    pub fn taken(&self) -> u32 {
        u32_at(self.bytes, at::TAKEN_OFFSET)
    }

    /// Clean ballots.
    #[must_use]
    #[inline]
    pub fn clean(&self) -> u32 {
        u32_at(self.bytes, at::CLEAN_OFFSET)
    }

    /// Ballots kept as entered.
    #[must_use]
    #[inline]
    pub fn entered(&self) -> u32 {
        u32_at(self.bytes, at::ENTERED_OFFSET)
    }

    /// Blank ballots.
    #[must_use]
    #[inline]
    pub fn blank(&self) -> u32 {
        u32_at(self.bytes, at::BLANK_OFFSET)
    }

    /// Options of the district.
    #[must_use]
    #[inline]
    pub fn option_count(&self) -> u32 {
        u32_at(self.bytes, at::OPTION_COUNT_OFFSET)
    }

    /// Seats of the district.
    #[must_use]
    #[inline]
    pub fn seats(&self) -> u32 {
        u32_at(self.bytes, at::SEATS_OFFSET)
    }

    /// Bytes of the payload.
    #[must_use]
    #[inline]
    pub fn payload_length(&self) -> u64 {
        u64_at(self.bytes, at::PAYLOAD_LENGTH_OFFSET)
    }

    /// SHA-256 of the payload.
    #[must_use]
    #[inline]
    pub fn body_hash(&self) -> &'a Digest32 {
        self.digest(at::BODY_HASH_OFFSET)
    }

    /// Checksum of the record.
    #[must_use]
    #[inline]
    pub fn checksum(&self) -> u64 {
        u64_at(self.bytes, at::CHECKSUM_OFFSET)
    }

    #[inline]
    fn digest(&self, offset: usize) -> &'a Digest32 {
        self.bytes[offset..].first_chunk().expect("inside the header")
    }
}

/// The address in the header of a record, nothing of which was checked.
///
/// # Panics
/// If `record` is shorter than a header.
#[must_use]
#[inline]
pub fn address_at(record: &[u8]) -> BatchAddress {
    BatchAddress {
        station: u32_at(record, at::STATION_OFFSET),
        district: u32_at(record, at::DISTRICT_OFFSET),
        device: u32_at(record, at::DEVICE_OFFSET),
        sequence: u64_at(record, at::SEQUENCE_OFFSET),
    }
}

/// Refuses versions that this program cannot read: 0, and those above the newest.
pub(crate) fn check_version(bytes: &[u8], offset: usize, newest: u16) -> Result<(), Fault> {
    let version = u16_at(bytes, offset);
    if (1..=newest).contains(&version) {
        return Ok(());
    }
    let found = match version {
        0 => "0".to_owned(),
        newer => format!("{newer}, newer than this program"),
    };
    let expected = if newest == 1 { "1".to_owned() } else { format!("1 to {newest}") };
    Err(Fault::new(offset, "format version", found, expected))
}
