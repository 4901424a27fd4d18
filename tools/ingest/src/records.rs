//! Records out of a stream of bytes: each says in its header how long it is.
//!
//! In: bytes as they come, in pieces of any size. Out: whole records, aligned. Never: more than one
//! record and one piece in memory; a guess where a record begins after one that is none.

use shomar_format::layout::record as at;
use shomar_format::limits;
use shomar_format::record::{RecordBytes, RecordHeader};

/// Cuts a stream into records.
#[derive(Debug)]
pub(crate) struct Cutter {
    record_bytes_max: usize,
    gathered: RecordBytes,
    /// Bytes of the record that is being gathered, once its header is here.
    length: Option<usize>,
}

/// Why a stream cannot be cut any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CutError {
    /// What comes next is no record.
    NoRecord(String),
    /// The next record has so many bytes.
    TooLarge(u64),
}

impl Cutter {
    pub(crate) fn new(record_bytes_max: usize) -> Self {
        Self { record_bytes_max, gathered: RecordBytes::new(), length: None }
    }

    /// Whether the stream may end here.
    pub(crate) fn is_between_records(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Bytes of the record that is being gathered.
    pub(crate) fn gathered(&self) -> usize {
        self.gathered.len()
    }

    /// Takes bytes from the front of `piece` until a record is whole.
    pub(crate) fn next(&mut self, piece: &mut &[u8]) -> Result<Option<RecordBytes>, CutError> {
        if self.length.is_none() {
            self.gather(piece, at::HEADER_BYTES);
            if self.gathered.len() < at::HEADER_BYTES {
                return Ok(None);
            }
            self.length = Some(self.read_length()?);
        }
        let length = self.length.expect("just read");
        self.gather(piece, length);
        if self.gathered.len() < length {
            return Ok(None);
        }
        self.length = None;
        Ok(Some(std::mem::take(&mut self.gathered)))
    }

    fn gather(&mut self, piece: &mut &[u8], until: usize) {
        let missing = until - self.gathered.len();
        let (taken, rest) = piece.split_at(missing.min(piece.len()));
        self.gathered.extend_from_slice(taken);
        *piece = rest;
    }

    fn read_length(&self) -> Result<usize, CutError> {
        let magic = &self.gathered[..at::MAGIC.len()];
        if magic != at::MAGIC {
            let found = shomar_format::bytes::preview(magic);
            return Err(CutError::NoRecord(found));
        }
        let payload = shomar_format::bytes::u64_at(&self.gathered, at::PAYLOAD_LENGTH_OFFSET);
        let padded = payload.checked_next_multiple_of(limits::ALIGNMENT as u64);
        let length = padded.and_then(|padded| padded.checked_add(limits::RECORD_BYTES_MIN as u64));
        match length.and_then(|length| usize::try_from(length).ok()) {
            Some(length) if length <= self.record_bytes_max => Ok(length),
            _ => Err(CutError::TooLarge(length.unwrap_or(u64::MAX))),
        }
    }
}

/// The hash of a record for answers, if it has the shape of one.
pub(crate) fn hash_of(record: &[u8]) -> Option<String> {
    RecordHeader::read(record).ok()?;
    Some(shomar_format::bytes::hex(&shomar_format::record::record_hash(record)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(payload: u64) -> Vec<u8> {
        let length = usize::try_from(payload.next_multiple_of(64)).unwrap() + 320;
        let mut bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        bytes[..8].copy_from_slice(&at::MAGIC);
        bytes[at::PAYLOAD_LENGTH_OFFSET..][..8].copy_from_slice(&payload.to_le_bytes());
        bytes
    }

    #[test]
    fn records_come_out_whole_however_the_stream_is_cut() {
        let records = [record(0), record(1), record(64), record(1_000)];
        let stream = records.concat();
        for size in [1, 7, 191, 192, 193, 320, 400, stream.len()] {
            let mut cutter = Cutter::new(1 << 20);
            let mut found = Vec::new();
            for mut piece in stream.chunks(size) {
                while !piece.is_empty() {
                    found.extend(cutter.next(&mut piece).unwrap().map(|bytes| bytes.to_vec()));
                }
            }
            assert!(cutter.is_between_records());
            assert_eq!(found, records, "pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_record_or_too_large_ends_the_stream() {
        let mut cutter = Cutter::new(1_000);
        let large = record(2_000);
        assert_eq!(cutter.next(&mut &large[..]).unwrap_err(), CutError::TooLarge(2_368));
        let mut cutter = Cutter::new(1_000);
        let error = cutter.next(&mut &[b'x'; 200][..]).unwrap_err();
        assert_eq!(error, CutError::NoRecord("'xxxxxxxx'".to_owned()));
        let mut endless = record(0);
        endless[at::PAYLOAD_LENGTH_OFFSET..][..8].fill(0xff);
        let error = Cutter::new(1_000).next(&mut &endless[..]).unwrap_err();
        assert_eq!(error, CutError::TooLarge(u64::MAX));
    }
}
