//! What a signature must not let through.

use ed25519_dalek::VerifyingKey;

use super::*;
use crate::Canonicaliser;
use crate::bytes::{array_at, hex};
use crate::election::Mode;

const ADDRESS: BatchAddress = BatchAddress { district: 3, station: 5, device: 1, sequence: 7 };
const SHAPE: DistrictShape = DistrictShape { option_count: 6, list_count: 1, seats: 2 };

fn key() -> SecretKey {
    SecretKey::from_seed(&[42; 32])
}

fn unsigned() -> SealedBatch {
    let mut ballots = Canonicaliser::new(SHAPE);
    for ballot in [&[1, 2][..], &[3], &[4, 4], &[], &[2, 5]] {
        ballots.add(ballot, 3);
    }
    SealedBatch::seal(&[9; 32], ADDRESS, &ballots.finish()[0])
}

fn signed() -> SealedBatch {
    unsigned().signed(&key(), Mode::Official, &[8; 32])
}

/// As the receiver looks at a record: all its bytes, then whose they are.
fn receive(record: &[u8], mode: Mode, key: &Digest32) -> Result<(), Fault> {
    verify_evidence(record)?;
    verify_signature(record, mode, key)
}

#[test]
fn a_signed_batch_is_that_of_its_device() {
    let record = signed();
    receive(record.bytes(), Mode::Official, &key().public()).unwrap();
    assert_eq!(previous_hash(record.bytes()), [8; 32]);
    assert_eq!(unsigned().bytes().len(), record.bytes().len(), "signing moves nothing");
    assert_ne!(unsigned().hash(), record.hash());
}

#[test]
fn a_test_record_is_never_an_official_one() {
    let test = unsigned().signed(&key(), Mode::Test, &[8; 32]);
    receive(test.bytes(), Mode::Test, &key().public()).unwrap();
    let fault = receive(test.bytes(), Mode::Official, &key().public()).unwrap_err();
    assert_eq!(fault.what, "signature");
    assert!(receive(signed().bytes(), Mode::Test, &key().public()).is_err());
}

#[test]
fn an_unsigned_record_has_no_signature_to_check() {
    let fault =
        receive(unsigned().bytes(), Mode::Official, &key().public()).unwrap_err().to_string();
    assert!(fault.contains("found version 1, which is unsigned"), "{fault}");
}

#[test]
fn another_key_did_not_sign() {
    let other = SecretKey::from_seed(&[43; 32]);
    assert!(receive(signed().bytes(), Mode::Official, &other.public()).is_err());
}

/// Mends the checksum, as somebody with intent would.
fn forge(record: &SealedBatch, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = record.bytes().to_vec();
    change(&mut bytes);
    let checksum = checksum_with_hole(&bytes, at::CHECKSUM_OFFSET);
    bytes[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

#[test]
fn every_flipped_bit_of_a_signed_record_is_refused_also_with_a_mended_checksum() {
    let record = signed();
    let public = key().public();
    // Bytes of rkyv are looked at in place, aligned.
    let mut aligned = AlignedVec::<64>::new();
    aligned.extend_from_slice(record.bytes());
    receive(&aligned, Mode::Official, &public).unwrap();
    for bit in 0..record.bytes().len() * 8 {
        let flip = |bytes: &mut [u8]| bytes[bit / 8] ^= 1 << (bit % 8);
        aligned.copy_from_slice(record.bytes());
        flip(&mut aligned);
        assert!(verify_bytes(&aligned).is_err(), "the checksum passes over bit {bit}");
        aligned.copy_from_slice(&forge(&record, flip));
        let in_checksum = (at::CHECKSUM_OFFSET..at::CHECKSUM_OFFSET + 8).contains(&(bit / 8));
        let refused = receive(&aligned, Mode::Official, &public).is_err();
        assert!(refused != in_checksum, "bit {bit} (mending the checksum undoes a flip in it)");
    }
}

#[test]
fn a_signature_does_not_move_to_another_place_in_the_chain() {
    let forged = forge(&signed(), |bytes| {
        let trailer = bytes.len() - at::TRAILER_BYTES;
        bytes[trailer..][..32].fill(7);
    });
    assert!(verify_signature(&forged, Mode::Official, &key().public()).is_err());
}

/// L, the order of the group: s and s + L sign the same under rules looser than RFC 8032.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn a_key_has_one_spelling_that_of_its_point() {
    // Every coordinate from below the prime to 2^255, with both signs; and what is near to none.
    let mut points = 0;
    for (low, sign) in (0..=255).flat_map(|low| [(low, 0), (low, 0x80)]) {
        for (middle, high) in [(0xff, 0x7f), (0xff, 0x7e), (0xfe, 0x7f), (0, 0x7f), (0, 0)] {
            let mut key = [middle; 32];
            (key[0], key[31]) = (low, high | sign);
            let Ok(point) = VerifyingKey::from_bytes(&key) else {
                assert!(!is_sound_key(&key));
                continue;
            };
            points += 1;
            let is_spelled_so = point.to_edwards().compress().as_bytes() == &key;
            assert_eq!(is_sound_key(&key), is_spelled_so && !point.is_weak(), "{}", hex(&key));
        }
    }
    assert!(points > 1_000, "about half of all coordinates are on the curve: {points}");
}

#[test]
fn a_second_spelling_of_a_signature_is_refused() {
    let forged = forge(&signed(), |bytes| {
        let scalar = bytes.len() - at::TRAILER_BYTES + at::TRAILER_SIGNATURE_OFFSET + 32;
        let mut carry = 0;
        for (byte, added) in bytes[scalar..scalar + 32].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(added) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(carry, 0, "s + L fits in 32 bytes");
    });
    assert!(verify_signature(&forged, Mode::Official, &key().public()).is_err());
}

/// Every spelling of every point of small order: eight points, six of them spelled twice. With
/// such a key or such an R, s = 0 signs every message under loose rules. (The grid of 14 x 14 in
/// H. de Valence, "It's 255:19AM. Do you know what your validation criteria are?", 2020.)
fn small_order_spellings() -> Vec<Digest32> {
    const Y_OF_ORDER_8: [&str; 2] = [
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ];
    let below_2_255 = |low: u8| {
        let mut y = [0xff; 32];
        (y[0], y[31]) = (low, 0x7f);
        y
    };
    let small = |low: u8| {
        let mut y = [0; 32];
        y[0] = low;
        y
    };
    let mut spellings: Vec<Digest32> =
        Y_OF_ORDER_8.iter().map(|y| crate::bytes::digest_from_hex(y).unwrap()).collect();
    // 1, 0, -1, and the same above p = 2^255 - 19: p + 1 and p.
    spellings.extend([small(1), small(0), below_2_255(0xec), below_2_255(0xee), below_2_255(0xed)]);
    let with_sign = spellings.clone().into_iter().map(|mut y| {
        y[31] |= 0x80;
        y
    });
    spellings.extend(with_sign);
    spellings
}

#[test]
fn keys_and_signatures_of_small_order_prove_nothing() {
    let spellings = small_order_spellings();
    assert_eq!(spellings.len(), 14);
    for public in &spellings {
        assert!(!is_sound_key(public), "{}", hex(public));
        for point in &spellings {
            let forged = forge(&signed(), |bytes| {
                let signature = bytes.len() - at::TRAILER_BYTES + at::TRAILER_SIGNATURE_OFFSET;
                bytes[signature..][..32].copy_from_slice(point);
                bytes[signature + 32..][..32].fill(0);
            });
            let refused = verify_signature(&forged, Mode::Official, public).is_err();
            assert!(refused, "A = {}, R = {}", hex(public), hex(point));
        }
    }
    assert!(is_sound_key(&key().public()));
}

#[test]
fn bytes_that_are_no_point_are_no_key() {
    // Half of all y have no point.
    let not_a_point = (0..=255).map(|low| [low; 32]).find(|key| !is_sound_key(key)).unwrap();
    let fault = verify_signature(signed().bytes(), Mode::Official, &not_a_point).unwrap_err();
    assert!(fault.expected.contains("a point"), "{fault}");
}

#[test]
fn a_version_is_not_taken_back() {
    let down = forge(&signed(), |bytes| bytes[at::VERSION_OFFSET] = 1);
    assert!(verify_bytes(&down).is_err(), "a signed trailer in an unsigned record");
    let newer = forge(&signed(), |bytes| bytes[at::VERSION_OFFSET] = 3);
    let fault = verify_bytes(&newer).unwrap_err().to_string();
    assert!(fault.contains("found 3, newer than this program, expected 1 to 2"), "{fault}");
    assert_eq!(array_at::<8>(signed().bytes(), 0), at::MAGIC);
}
