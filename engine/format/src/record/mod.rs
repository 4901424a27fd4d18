//! The sealed batch: header, payload, trailer. Sealing writes it, verifying reads it.
//!
//! In: a canonical batch and its address; or the bytes of a record. Out: the bytes; or a
//! [`VerifiedBatch`], which exists only if every byte is what was sealed. Never: a record changed
//! after sealing, or counted before it is verified. Validating ballots against the law is not done
//! here. A record may be signed (`signature.rs`); who counts asks for its bytes, who receives it or
//! audits it asks for the signature too.

mod header;
mod signature;
#[cfg(test)]
mod signature_tests;

use crate::bytes::{self, Digest32};
use crate::canonical::{CanonicalBatch, DistrictShape};
use crate::checksum::checksum_with_hole;
use crate::control::{Control, ControlError};
use crate::counting_definition::CountingDefinition;
use crate::election::Mode;
use crate::fault::Fault;
use crate::layout::record as at;
use crate::limits;
use crate::payload::{
    self, ColumnarPayload, ColumnarView, Payload, PayloadError, SparseView, order,
};
use rkyv::rend::u16_le;
use rkyv::util::AlignedVec;

pub(crate) use header::check_version;
pub use header::{BatchAddress, RecordHeader, address_at};
pub use signature::{
    NO_PREVIOUS, SecretKey, is_sound_key, previous_hash, record_hash, record_hash_of, verify_other,
    verify_signature,
};

/// The bytes of a record in memory, aligned as verifying wants them.
pub type RecordBytes = AlignedVec;

/// A sealed record; made by [`SealedBatch::seal`] only.
#[derive(Clone, Debug)]
pub struct SealedBatch {
    record: AlignedVec,
}

/// How the payload of a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Ballot by ballot: the first encoding. Read for ever; written by tests and benches alone.
    Sparse,
    /// Option by option: what is sealed.
    Columnar,
}

impl SealedBatch {
    /// Seals a canonical batch.
    ///
    /// # Panics
    /// If the batch passes [`limits::RECORD_BYTES_MAX`], which its own limits exclude.
    #[must_use]
    pub fn seal(definition: &Digest32, address: BatchAddress, batch: &CanonicalBatch) -> Self {
        Self::seal_as(Encoding::Columnar, definition, address, batch)
    }

    /// Seals a canonical batch in a given encoding: to compare encodings with each other.
    ///
    /// # Panics
    /// As [`SealedBatch::seal`].
    #[must_use]
    pub fn seal_as(
        encoding: Encoding,
        definition: &Digest32,
        address: BatchAddress,
        batch: &CanonicalBatch,
    ) -> Self {
        let rows = batch.rows();
        let record = empty_record();
        let (record, encoding) = match encoding {
            Encoding::Sparse => (appended(record, &rows.to_bytes()), at::ENCODING_SPARSE),
            Encoding::Columnar => {
                (ColumnarPayload::of(rows, batch.shape()).append_to(record), at::ENCODING_COLUMNAR)
            }
        };
        let (clean, entered, blank) = batch.counts();
        let shape = batch.shape();
        let head = Head {
            kind: at::KIND_BALLOTS,
            encoding,
            definition,
            address,
            counts: [batch.taken(), clean, entered, blank],
            shape: [shape.option_count, shape.seats],
        };
        head.seal(record)
    }

    /// Seals ballots that were counted again: the same batch, but it stands for nothing until a
    /// control record supersedes what was counted before. It means nothing until it is signed.
    ///
    /// # Panics
    /// As [`SealedBatch::seal`].
    #[must_use]
    pub fn seal_recount(
        definition: &Digest32,
        address: BatchAddress,
        batch: &CanonicalBatch,
    ) -> Self {
        let mut sealed = Self::seal(definition, address, batch);
        sealed.record[at::KIND_OFFSET] = at::KIND_RECOUNT;
        sealed
    }

    /// Seals the decision of an officer, which is always signed.
    ///
    /// # Errors
    /// If it has a field that no text may hold.
    ///
    /// # Panics
    /// Never: the text is within its limit.
    pub fn seal_control(
        definition: &Digest32,
        officer: u32,
        sequence: u64,
        control: &Control,
        key: &SecretKey,
        mode: Mode,
        previous: &Digest32,
    ) -> Result<Self, ControlError> {
        let head = Head {
            kind: at::KIND_CONTROL,
            encoding: at::ENCODING_TEXT,
            definition,
            address: control_address(officer, sequence),
            counts: [0; 4],
            shape: [0; 2],
        };
        let text = control.to_text()?;
        Ok(head.seal(appended(empty_record(), text.as_bytes())).signed(key, mode, previous))
    }

    /// The bytes of the record, a multiple of 64.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.record
    }
}

/// The address of a control record: officers are the devices of no station.
#[must_use]
pub fn control_address(officer: u32, sequence: u64) -> BatchAddress {
    BatchAddress { district: at::NOWHERE, station: at::NOWHERE, device: officer, sequence }
}

fn empty_record() -> AlignedVec {
    let mut record = AlignedVec::with_capacity(at::HEADER_BYTES + 4096);
    record.resize(at::HEADER_BYTES, 0);
    record
}

fn appended(mut record: AlignedVec, payload: &[u8]) -> AlignedVec {
    record.extend_from_slice(payload);
    record
}

/// What a header says besides what follows from the payload.
struct Head<'a> {
    kind: u8,
    encoding: u8,
    definition: &'a Digest32,
    address: BatchAddress,
    /// Taken, clean, entered, blank.
    counts: [u32; 4],
    /// Options and seats of the district.
    shape: [u32; 2],
}

impl Head<'_> {
    /// Fills in the header of a record that has its payload, and adds padding and trailer.
    fn seal(self, mut record: AlignedVec) -> SealedBatch {
        let payload_end = record.len();
        record.resize(bytes::aligned(payload_end) + at::TRAILER_BYTES, 0);
        let body_hash = bytes::sha256(&record[at::HEADER_BYTES..payload_end]);
        let payload_length = (payload_end - at::HEADER_BYTES) as u64;
        let mut put = |offset: usize, value: &[u8]| {
            record[offset..offset + value.len()].copy_from_slice(value);
        };
        let Self { kind, encoding, definition, address, counts, shape } = self;
        put(at::MAGIC_OFFSET, &at::MAGIC);
        put(at::VERSION_OFFSET, &at::VERSION_UNSIGNED.to_le_bytes());
        put(at::KIND_OFFSET, &[kind]);
        put(at::ENCODING_OFFSET, &[encoding]);
        put(at::DEFINITION_OFFSET, definition);
        put(at::STATION_OFFSET, &address.station.to_le_bytes());
        put(at::DISTRICT_OFFSET, &address.district.to_le_bytes());
        put(at::DEVICE_OFFSET, &address.device.to_le_bytes());
        put(at::SEQUENCE_OFFSET, &address.sequence.to_le_bytes());
        let numbers = [at::TAKEN_OFFSET, at::CLEAN_OFFSET, at::ENTERED_OFFSET, at::BLANK_OFFSET];
        for (offset, count) in numbers.into_iter().zip(counts) {
            put(offset, &count.to_le_bytes());
        }
        put(at::OPTION_COUNT_OFFSET, &shape[0].to_le_bytes());
        put(at::SEATS_OFFSET, &shape[1].to_le_bytes());
        put(at::PAYLOAD_LENGTH_OFFSET, &payload_length.to_le_bytes());
        put(at::BODY_HASH_OFFSET, &body_hash);
        let checksum = checksum_with_hole(&record, at::CHECKSUM_OFFSET);
        record[at::CHECKSUM_OFFSET..at::CHECKSUM_OFFSET + 8]
            .copy_from_slice(&checksum.to_le_bytes());
        assert!(record.len() as u64 <= limits::RECORD_BYTES_MAX);
        SealedBatch { record }
    }
}

/// A batch whose bytes are what was sealed, under this definition. Made by [`verify`] only.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedBatch<'a> {
    header: RecordHeader<'a>,
    payload: Payload<'a>,
}

impl<'a> VerifiedBatch<'a> {
    /// The header.
    #[must_use]
    #[inline]
    pub fn header(&self) -> RecordHeader<'a> {
        self.header
    }

    /// The arrays of ballots.
    #[must_use]
    #[inline]
    pub fn payload(&self) -> &Payload<'a> {
        &self.payload
    }
}

/// What a definition says of the address of a batch.
pub trait Expectation {
    /// The definition digest.
    fn digest(&self) -> &Digest32;
    /// Stations.
    fn station_count(&self) -> u32;
    /// Devices of a station.
    fn device_count(&self, station: u32) -> u32;
    /// Districts.
    fn district_count(&self) -> u32;
    /// Options, lists and seats of a district.
    fn shape(&self, district: u32) -> DistrictShape;
}

impl Expectation for CountingDefinition<'_> {
    fn digest(&self) -> &Digest32 {
        CountingDefinition::digest(self)
    }

    fn station_count(&self) -> u32 {
        CountingDefinition::station_count(self)
    }

    fn device_count(&self, station: u32) -> u32 {
        CountingDefinition::device_count(self, station)
    }

    fn district_count(&self) -> u32 {
        CountingDefinition::district_count(self)
    }

    fn shape(&self, district: u32) -> DistrictShape {
        CountingDefinition::shape(self, district)
    }
}

/// Verifies a record: checksum over every byte, zero padding, payload, counts, definition, address.
/// The body hash and the signature are evidence against malice and are checked by
/// [`verify_evidence`].
///
/// `record` must be aligned to 16, as it is in a mapped segment.
///
/// # Errors
/// The first thing that is not as it was sealed, or not of this election.
pub fn verify<'a>(
    record: &'a [u8],
    definition: &impl Expectation,
) -> Result<VerifiedBatch<'a>, Fault> {
    let (header, payload) = verify_bytes(record)?;
    check_address(header, definition)?;
    if let Payload::Columnar(view) = &payload {
        let lists = definition.shape(header.address().district).list_count;
        if view.lists() != lists {
            return Err(Fault::new(at::HEADER_BYTES, "lists of the district", view.lists(), lists));
        }
    }
    Ok(VerifiedBatch { header, payload })
}

/// Verifies that the bytes of a record of ballots are what was sealed, whatever the election.
///
/// # Errors
/// The first thing that is not as it was sealed.
#[inline]
pub fn verify_bytes(record: &[u8]) -> Result<(RecordHeader<'_>, Payload<'_>), Fault> {
    let header = verify_outside(record)?;
    if !header.has_ballots() {
        let found = match header.kind() {
            at::KIND_CONTROL => "2 (control)".to_owned(),
            at::KIND_RECOUNT => "3 (recount), unsigned".to_owned(),
            kind => kind.to_string(),
        };
        return Err(Fault::new(at::KIND_OFFSET, "record kind", found, "1 (ballots)"));
    }
    let payload = read_payload(header, &record[at::HEADER_BYTES..payload_end(header)])?;
    check_counts(header, &payload)?;
    Ok((header, payload))
}

/// Verifies a control record, body hash included: its bytes, not its signature.
///
/// # Errors
/// The first thing that is not as it was sealed.
pub fn verify_control(record: &[u8]) -> Result<(RecordHeader<'_>, Control), Fault> {
    let header = verify_outside(record)?;
    if header.kind() != at::KIND_CONTROL || header.version() != at::VERSION_SIGNED {
        let found = format!("{} in version {}", header.kind(), header.version());
        return Err(Fault::new(at::KIND_OFFSET, "record kind", found, "2 (control), signed"));
    }
    if header.encoding() != at::ENCODING_TEXT {
        let found = header.encoding();
        return Err(Fault::new(at::ENCODING_OFFSET, "encoding", found, "3 (text)"));
    }
    let address = header.address();
    if address != control_address(address.device, address.sequence) {
        let expected = "no station and no district";
        return Err(Fault::new(
            at::STATION_OFFSET,
            "address of a control record",
            "some",
            expected,
        ));
    }
    let counts = at::TAKEN_OFFSET..at::PAYLOAD_LENGTH_OFFSET;
    if let Some(offset) = bytes::first_nonzero(&record[counts.clone()]) {
        let place = counts.start + offset;
        return Err(Fault::new(place, "counts of a control record", record[place], 0));
    }
    check_body_hash(header, record)?;
    let control = Control::parse(&record[at::HEADER_BYTES..payload_end(header)]);
    let control = control.map_err(|error| {
        Fault::new(at::HEADER_BYTES, "text of the control record", error, "its canonical text")
    })?;
    Ok((header, control))
}

/// Verifies everything but the payload: checksum, and zeros where nothing stands.
#[inline]
fn verify_outside(record: &[u8]) -> Result<RecordHeader<'_>, Fault> {
    let header = RecordHeader::read(record)?;
    let checksum = checksum_with_hole(record, at::CHECKSUM_OFFSET);
    if checksum != header.checksum() {
        return Err(Fault::new(
            at::CHECKSUM_OFFSET,
            "checksum of the record",
            format!("{:016x}", header.checksum()),
            format!("{checksum:016x}, which is that of its bytes"),
        ));
    }
    let trailer = record.len() - at::TRAILER_BYTES;
    let (unsigned_from, what) = match header.version() {
        at::VERSION_UNSIGNED => (trailer, "trailer of an unsigned record"),
        _ => (trailer + at::TRAILER_RESERVED_OFFSET, "reserved bytes of the trailer"),
    };
    let zeros = [
        (at::RESERVED_OFFSET, at::HEADER_BYTES, "reserved bytes of the header"),
        (payload_end(header), trailer, "padding after the payload"),
        (unsigned_from, record.len(), what),
    ];
    for (from, to, what) in zeros {
        if let Some(offset) = bytes::first_nonzero(&record[from..to]) {
            let place = from + offset;
            return Err(Fault::new(place, what, format!("byte {}", record[place]), "zeros"));
        }
    }
    Ok(header)
}

#[inline]
fn read_payload<'a>(header: RecordHeader<'_>, bytes: &'a [u8]) -> Result<Payload<'a>, Fault> {
    let refused = |expected| {
        move |error: PayloadError| Fault::new(at::HEADER_BYTES, "payload", error, expected)
    };
    match header.encoding() {
        at::ENCODING_SPARSE => {
            let refused = refused("a canonical sparse payload");
            Ok(Payload::Sparse(payload::sparse::access(bytes).map_err(refused)?))
        }
        at::ENCODING_COLUMNAR => {
            let refused = refused("a canonical columnar payload");
            let view = payload::columnar::access(bytes).map_err(refused)?;
            view.check_sections(header.option_count()).map_err(refused)?;
            Ok(Payload::Columnar(view))
        }
        other => {
            Err(Fault::new(at::ENCODING_OFFSET, "encoding", other, "1 (sparse) or 2 (columnar)"))
        }
    }
}

/// Where the payload ends; [`RecordHeader::read`] has checked that it ends inside the record.
#[inline]
fn payload_end(header: RecordHeader<'_>) -> usize {
    at::HEADER_BYTES + usize::try_from(header.payload_length()).expect("it fits in the record")
}

#[inline]
fn check_address(header: RecordHeader<'_>, definition: &impl Expectation) -> Result<(), Fault> {
    if header.definition() != definition.digest() {
        return Err(Fault::new(
            at::DEFINITION_OFFSET,
            "definition digest",
            bytes::hex(header.definition()),
            format!("{}, that of the election folder", bytes::hex(definition.digest())),
        ));
    }
    let address = header.address();
    let stations = definition.station_count();
    if address.station >= stations {
        let expected = format!("below {stations}");
        return Err(Fault::new(at::STATION_OFFSET, "station", address.station, expected));
    }
    let devices = definition.device_count(address.station);
    if address.device >= devices {
        let expected = format!("below {devices}");
        return Err(Fault::new(at::DEVICE_OFFSET, "device", address.device, expected));
    }
    let districts = definition.district_count();
    if address.district >= districts {
        let expected = format!("below {districts}");
        return Err(Fault::new(at::DISTRICT_OFFSET, "district", address.district, expected));
    }
    let DistrictShape { option_count, seats, .. } = definition.shape(address.district);
    if header.option_count() != option_count {
        let found = header.option_count();
        return Err(Fault::new(at::OPTION_COUNT_OFFSET, "option count", found, option_count));
    }
    if header.seats() != seats {
        return Err(Fault::new(at::SEATS_OFFSET, "seats", header.seats(), seats));
    }
    Ok(())
}

#[inline]
fn check_counts(header: RecordHeader<'_>, payload: &Payload<'_>) -> Result<(), Fault> {
    let clean = payload.clean_ballots();
    if u64::from(header.clean()) != clean {
        return Err(Fault::new(at::CLEAN_OFFSET, "clean ballots", header.clean(), clean));
    }
    let entered = payload.entered().lengths.len();
    if header.entered() as usize != entered {
        let found = header.entered();
        return Err(Fault::new(at::ENTERED_OFFSET, "ballots as entered", found, entered));
    }
    if header.blank() != payload.blank_ballots() {
        let (found, expected) = (header.blank(), payload.blank_ballots());
        return Err(Fault::new(at::BLANK_OFFSET, "blank ballots", found, expected));
    }
    let taken = u64::from(header.clean()) + u64::from(header.entered()) + u64::from(header.blank());
    if u64::from(header.taken()) != taken {
        return Err(Fault::new(at::TAKEN_OFFSET, "ballots taken", header.taken(), taken));
    }
    if header.taken() > limits::BATCH_BALLOTS_MAX {
        let expected = format!("at most {}", limits::BATCH_BALLOTS_MAX);
        return Err(Fault::new(at::TAKEN_OFFSET, "ballots taken", header.taken(), expected));
    }
    Ok(())
}

/// Verifies what the checksum cannot prove against malice: that the payload is the one of which the
/// evidence speaks, that its ballots stand in canonical order, so that they tell nothing about the
/// order of voting, and, in columns, that each of them obeys the district.
///
/// # Errors
/// If the hash in the header is not that of the payload, a ballot stands before a smaller one, or
/// no voter of the district can have cast it.
pub fn verify_evidence(record: &[u8]) -> Result<(), Fault> {
    let (header, payload) = verify_bytes(record)?;
    check_body_hash(header, record)?;
    match &payload {
        Payload::Sparse(view) => check_row_order(view)?,
        Payload::Columnar(view) => check_ballots(header, view)?,
    }
    let entered = payload.entered();
    if !entered.ballots().map(|ballot| (ballot.len(), numbers(ballot))).is_sorted() {
        return Err(out_of_order("ballots as entered unsorted".to_owned()));
    }
    Ok(())
}

fn check_body_hash(header: RecordHeader<'_>, record: &[u8]) -> Result<(), Fault> {
    let hash = bytes::sha256(&record[at::HEADER_BYTES..payload_end(header)]);
    if hash == *header.body_hash() {
        return Ok(());
    }
    Err(Fault::new(
        at::BODY_HASH_OFFSET,
        "body hash",
        bytes::hex(header.body_hash()),
        format!("{}, which is that of the payload", bytes::hex(&hash)),
    ))
}

fn check_row_order(view: &SparseView<'_>) -> Result<(), Fault> {
    for group in view.groups() {
        if !group.choices.chunks_exact(group.stride).map(numbers).is_sorted() {
            return Err(out_of_order(format!("ballots of {} choices unsorted", group.stride)));
        }
    }
    Ok(())
}

/// Each ballot names one list, or names, no more than the seats, and the ballots of a section stand
/// in canonical order.
fn check_ballots(header: RecordHeader<'_>, view: &ColumnarView<'_>) -> Result<(), Fault> {
    match order::is_canonical(view, header.option_count(), header.seats().max(1)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(find_wrong_ballot(header, view)),
    }
}

/// Spreads columns over their ballots, to name the one that is wrong.
fn find_wrong_ballot(header: RecordHeader<'_>, view: &ColumnarView<'_>) -> Fault {
    let (mut number, mut before) = (0, Vec::new());
    let mut wrong = None;
    let visited = view.visit_ballots(header.option_count(), |ballot| {
        let with_list = number < view.list_ballots();
        if number == view.list_ballots() {
            before.clear();
        }
        let most = if with_list { 1 } else { header.seats().max(1) as usize };
        if wrong.is_none() {
            if ballot.is_empty() || ballot.len() > most {
                let found = format!("ballot {number} with {} choices", ballot.len());
                let expected = format!("1 to {most}");
                wrong = Some(Fault::new(at::HEADER_BYTES, "clean ballot", found, expected));
            } else if (ballot.len(), ballot) < (before.len(), &before[..]) {
                wrong = Some(out_of_order(format!("ballot {number} before a smaller one")));
            }
        }
        before.clear();
        before.extend_from_slice(ballot);
        number += 1;
    });
    match visited {
        Err(error) => {
            Fault::new(at::HEADER_BYTES, "payload", error, "a canonical columnar payload")
        }
        Ok(()) => wrong.unwrap_or_else(|| out_of_order("a ballot before a smaller one".to_owned())),
    }
}

fn numbers(ballot: &[u16_le]) -> Vec<u16> {
    ballot.iter().map(|choice| choice.to_native()).collect()
}

fn out_of_order(found: String) -> Fault {
    Fault::new(at::HEADER_BYTES, "order of ballots", found, "canonical order")
}
