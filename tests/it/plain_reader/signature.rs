//! Section 4.2 of FORMAT.md, read literally: hash of a record, message, signature.
//!
//! In: a sound record, a public key. Out: its hash; or whether the signature is that of the key.
//! Never: `shomar-format`; only the curve is another crate's.

use ed25519_dalek::{Signature, VerifyingKey};

use super::segment::{Checked, Record, array_at, check, sha256, u16_at};

/// The header with its checksum as zero.
fn header(record: &[u8]) -> [u8; 192] {
    let mut header: [u8; 192] = array_at(record, 0);
    header[128..136].fill(0);
    header
}

pub(super) fn record_hash(record: &[u8]) -> [u8; 32] {
    let trailer = &record[record.len() - 128..];
    sha256(&[b"shomar-record 2\n", header(record).as_slice(), trailer].concat())
}

/// The hash of the device's previous record, as the trailer says.
pub(super) fn previous_hash(record: &[u8]) -> [u8; 32] {
    array_at(record, record.len() - 128)
}

/// What is signed.
pub(super) fn message(record: &[u8], mode: &str) -> Vec<u8> {
    let mode = format!("shomar-signature 2\n{mode}\n");
    [mode.as_bytes(), &header(record), &previous_hash(record)].concat()
}

pub(super) fn is_signed(record: &Record) -> bool {
    u16_at(&record.bytes, 8) == 2
}

pub(super) fn check_signature(record: &[u8], mode: &str, key: &[u8; 32]) -> Checked<()> {
    let point = VerifyingKey::from_bytes(key).map_err(|_| "signature: key")?;
    // The one spelling of the point, and none of the few of small order.
    let sound = point.to_edwards().compress().as_bytes() == key && !point.is_weak();
    check(sound, "signature: key")?;
    let signature = Signature::from_bytes(&array_at(record, record.len() - 96));
    let verified = point.verify_strict(&message(record, mode), &signature);
    check(verified.is_ok(), "record: signature")
}
