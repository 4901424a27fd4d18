//! Signatures as minisign writes them, so that a stranger checks a publication with a program that
//! is not ours.
//!
//! In: bytes, a secret key, a comment that is signed as well. Out: the text of a `.minisig` file
//! and of a public key; or whether a signature is that key's. Never: a signature of the old form,
//! which is not of a hash.
//!
//! The format: <https://jedisct1.github.io/minisign/>, "Signature format" and "Public key format".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest};
use shomar_format::bytes::{Digest32, sha256};
use shomar_format::record::{SecretKey, verify_other};

/// Ed25519 over the BLAKE2b-512 of the file.
const PREHASHED: &[u8; 2] = b"ED";
/// The kind of key: Ed25519.
const KEY: &[u8; 2] = b"Ed";
const TRUSTED: &str = "trusted comment: ";

/// A key has a number, by which minisign tells it from others: from the key itself here.
fn key_number(key: &Digest32) -> [u8; 8] {
    let hash = sha256(key);
    *hash.first_chunk().expect("a hash is longer")
}

/// The text of a public key.
pub(crate) fn public_key(key: &Digest32) -> String {
    let number = key_number(key);
    let bytes = [&KEY[..], &number, key].concat();
    let shown = u64::from_le_bytes(number);
    format!("untrusted comment: minisign public key {shown:016X}\n{}\n", STANDARD.encode(bytes))
}

/// The text of a signature over these bytes.
///
/// # Panics
/// If the comment has a line end.
pub(crate) fn sign(key: &SecretKey, bytes: &[u8], comment: &str) -> String {
    assert!(!comment.contains(['\n', '\r']), "a comment is one line");
    let signature = key.sign_other(&Blake2b512::digest(bytes));
    let first = [&PREHASHED[..], &key_number(&key.public()), &signature].concat();
    let second = key.sign_other(&[&signature[..], comment.as_bytes()].concat());
    format!(
        "untrusted comment: signed by Shomar\n{}\n{TRUSTED}{comment}\n{}\n",
        STANDARD.encode(first),
        STANDARD.encode(second)
    )
}

/// Whether this is the signature of this key over these bytes, comment included.
pub(crate) fn is_signed(key: &Digest32, bytes: &[u8], text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let [_, first, comment, second] = lines[..] else { return false };
    let (Ok(first), Ok(second)) = (STANDARD.decode(first), STANDARD.decode(second)) else {
        return false;
    };
    let Some(comment) = comment.strip_prefix(TRUSTED) else { return false };
    let (Some((head, first)), Ok(second)) = (first.split_at_checked(10), second[..].try_into())
    else {
        return false;
    };
    let Ok(first) = first.try_into() else { return false };
    head == [&PREHASHED[..], &key_number(key)].concat()
        && verify_other(key, &Blake2b512::digest(bytes), first)
        && verify_other(key, &[&first[..], comment.as_bytes()].concat(), second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_sign_another_program_verifies_and_nothing_else() {
        let key = SecretKey::from_seed(&[7; 32]);
        let (text, comment) = (b"some bytes\n".as_slice(), "election x, records 12");
        let signature = sign(&key, text, comment);
        let public = public_key(&key.public());
        let peer = minisign_verify::PublicKey::decode(&public).unwrap();
        let peer_signature = minisign_verify::Signature::decode(&signature).unwrap();
        peer.verify(text, &peer_signature, false).unwrap();
        assert_eq!(peer_signature.trusted_comment(), comment);
        assert!(is_signed(&key.public(), text, &signature));

        let other = SecretKey::from_seed(&[8; 32]);
        assert!(!is_signed(&other.public(), text, &signature), "of another key");
        assert!(!is_signed(&key.public(), b"some bytes", &signature), "of other bytes");
        let edited = signature.replace("records 12", "records 13");
        assert!(!is_signed(&key.public(), text, &edited), "of another comment");
        for at in 0..signature.len() {
            let mut bent = signature.clone().into_bytes();
            bent[at] ^= 1;
            let Ok(bent) = String::from_utf8(bent) else { continue };
            let is_untrusted = at < signature.find('\n').unwrap();
            let is_line_end = signature.as_bytes()[at] == b'\n';
            if !is_untrusted && !is_line_end {
                assert!(!is_signed(&key.public(), text, &bent), "byte {at} changed");
            }
        }
        for cut in 0..signature.len() - 1 {
            assert!(!is_signed(&key.public(), text, &signature[..cut]), "cut at {cut}");
        }
    }
}
