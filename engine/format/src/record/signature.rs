//! Signatures and chains: who sealed a record, and what that device sealed before it.
//!
//! In: a record and a secret key; or a record and the public key of its device. Out: the record
//! with its trailer; or whether the signature is that key's. Never: a signature believed that only
//! `verify` of RFC 8032 in its loose form accepts, or one of another mode; several signatures
//! verified in one sum (two honest auditors could then disagree).
//!
//! What is signed is short: the header has the hash of the payload, so whoever checks a signature
//! checks the body hash as well (FORMAT.md, section 4.2).

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::bytes::{self, Digest32, array_at, digest_from_hex};
use crate::checksum::checksum_with_hole;
use crate::election::Mode;
use crate::fault::Fault;
use crate::layout::record as at;

use super::{RecordHeader, SealedBatch};

/// First line of the message; the second is the mode.
const SIGNATURE_DOMAIN: &[u8] = b"shomar-signature 2\n";
/// First line of what the hash of a record is of.
const HASH_DOMAIN: &[u8] = b"shomar-record 2\n";

/// The hash in the trailer of a device's first record.
pub const NO_PREVIOUS: Digest32 = [0; 32];

/// The secret key of a device: an Ed25519 seed (RFC 8032).
pub struct SecretKey(SigningKey);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the secret key of {}", bytes::hex(&self.public()))
    }
}

impl SecretKey {
    /// The key of this seed.
    #[must_use]
    pub fn from_seed(seed: &Digest32) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key of a seed in 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        Some(Self::from_seed(&digest_from_hex(text)?))
    }

    /// The public key, as it stands in `devices.csv`.
    #[must_use]
    pub fn public(&self) -> Digest32 {
        self.0.verifying_key().to_bytes()
    }

    /// The signature over bytes that are no record, such as the checksums of a publication. What
    /// is signed of a record begins with a line of its own, so neither can stand for the other.
    #[must_use]
    pub fn sign_other(&self, bytes: &[u8]) -> [u8; 64] {
        assert!(!bytes.starts_with(SIGNATURE_DOMAIN), "a record is signed as one");
        self.0.sign(bytes).to_bytes()
    }
}

/// Whether this is the signature of this key over bytes that are no record.
#[must_use]
pub fn verify_other(key: &Digest32, bytes: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    sound_key(key).is_some_and(|key| key.verify_strict(bytes, &signature).is_ok())
}

/// Whether these bytes are a public key that can be the key of one device: a point of the curve,
/// in its one spelling, and not one of the few under which a signature proves nothing.
#[must_use]
pub fn is_sound_key(key: &Digest32) -> bool {
    sound_key(key).is_some()
}

fn sound_key(key: &Digest32) -> Option<VerifyingKey> {
    let point = VerifyingKey::from_bytes(key).ok()?;
    (!point.is_weak() && has_one_spelling(key)).then_some(point)
}

/// Whether the coordinate in a key is below the field's prime, 2^255 - 19, little-endian. The other
/// second spelling, a sign of a coordinate that is zero, belongs to weak keys alone.
fn has_one_spelling(key: &Digest32) -> bool {
    let [lowest, middle @ .., highest] = key;
    let is_above = *lowest >= 0xed && middle.iter().all(|byte| *byte == 0xff);
    !(is_above && highest & 0x7f == 0x7f)
}

/// The hash of a record, by which the device's next one names it, and by which it is known: of
/// header and trailer, and by the body hash of the payload.
///
/// # Panics
/// If `record` is shorter than a header and a trailer.
#[must_use]
pub fn record_hash(record: &[u8]) -> Digest32 {
    record_hash_of(
        record.first_chunk().expect("a record has a header"),
        record.last_chunk().expect("a record has a trailer"),
    )
}

/// The hash of a record from its two ends, which an index has at hand without the payload.
#[must_use]
pub fn record_hash_of(
    header: &[u8; at::HEADER_BYTES],
    trailer: &[u8; at::TRAILER_BYTES],
) -> Digest32 {
    bytes::sha256_of_parts([HASH_DOMAIN, &without_checksum(header), trailer])
}

/// The hash of the device's previous record, as the trailer of a record says.
///
/// # Panics
/// If `record` is shorter than a trailer.
#[must_use]
pub fn previous_hash(record: &[u8]) -> Digest32 {
    array_at(record, record.len() - at::TRAILER_BYTES + at::TRAILER_PREVIOUS_OFFSET)
}

/// Verifies the signature of a record, whose bytes were verified, body hash included
/// ([`super::verify_evidence`]), under the key of its device.
///
/// # Errors
/// If the record is unsigned, the key is none, or the signature is not that of this key over this
/// record in this mode.
pub fn verify_signature(record: &[u8], mode: Mode, key: &Digest32) -> Result<(), Fault> {
    let header = RecordHeader::read(record)?;
    if header.version() != at::VERSION_SIGNED {
        let found = format!("version {}, which is unsigned", header.version());
        let expected = format!("{}, signed by its device", at::VERSION_SIGNED);
        return Err(Fault::new(at::VERSION_OFFSET, "record", found, expected));
    }
    let trailer = record.len() - at::TRAILER_BYTES;
    let place = trailer + at::TRAILER_SIGNATURE_OFFSET;
    let Some(key) = sound_key(key) else {
        let found = format!("a signature under the key {}", bytes::hex(key));
        let expected = "an Ed25519 public key of the device that is a point, and not a weak one";
        return Err(Fault::new(place, "signature", found, expected));
    };
    let signature = Signature::from_bytes(&array_at(record, place));
    let message = message(record, mode, &previous_hash(record));
    key.verify_strict(&message, &signature).map_err(|_| {
        let found = "one that is not of this key over this record";
        let expected =
            format!("that of {} for a {} election", bytes::hex(key.as_bytes()), mode.name());
        Fault::new(place, "signature", found, expected)
    })
}

impl SealedBatch {
    /// The same batch, signed as the one that comes after `previous` on its device
    /// ([`NO_PREVIOUS`] for the first).
    #[must_use]
    pub fn signed(mut self, key: &SecretKey, mode: Mode, previous: &Digest32) -> Self {
        self.sign(key, mode, previous);
        self
    }

    /// Signs this batch: see [`Self::signed`].
    pub fn sign(&mut self, key: &SecretKey, mode: Mode, previous: &Digest32) {
        let record = &mut self.record[..];
        record[at::VERSION_OFFSET..][..2].copy_from_slice(&at::VERSION_SIGNED.to_le_bytes());
        let signature = key.0.sign(&message(record, mode, previous)).to_bytes();
        let trailer = record.len() - at::TRAILER_BYTES;
        record[trailer + at::TRAILER_PREVIOUS_OFFSET..][..32].copy_from_slice(previous);
        record[trailer + at::TRAILER_SIGNATURE_OFFSET..][..64].copy_from_slice(&signature);
        let checksum = checksum_with_hole(record, at::CHECKSUM_OFFSET);
        record[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
    }

    /// The hash by which the device's next record names this one.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        record_hash(&self.record)
    }
}

/// What a device signs.
fn message(record: &[u8], mode: Mode, previous: &Digest32) -> Vec<u8> {
    let header = without_checksum(record.first_chunk().expect("a record has a header"));
    [SIGNATURE_DOMAIN, mode.name().as_bytes(), b"\n", &header, previous].concat()
}

/// The checksum covers the trailer, and so cannot be under a signature that stands there.
fn without_checksum(header: &[u8; at::HEADER_BYTES]) -> [u8; at::HEADER_BYTES] {
    let mut header = *header;
    header[at::CHECKSUM_OFFSET..][..8].fill(0);
    header
}
