//! Bytes as they are, and packed: a page is packed once for all who take it so.
//!
//! In: bytes. Out: their gzip form; pieces of a gzip stream. Never: a piece that refers to one
//! before it: readers begin anywhere, and miss pieces.

use std::io::Write;
use std::sync::OnceLock;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

/// Head of a gzip stream (RFC 1952): deflate, no name, no time, of no system.
const STREAM_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Bytes, and their packed form once somebody takes it.
#[derive(Debug)]
pub(crate) struct Packed {
    plain: Bytes,
    packed: OnceLock<Bytes>,
    kind: Kind,
}

/// How bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// As a whole.
    Whole,
    /// As a piece of a stream.
    Piece,
}

impl Packed {
    /// A whole answer.
    pub(crate) fn whole(plain: impl Into<Bytes>) -> Self {
        Self { plain: plain.into(), packed: OnceLock::new(), kind: Kind::Whole }
    }

    /// A piece of a stream that begins with [`stream_head`].
    pub(crate) fn piece(plain: impl Into<Bytes>) -> Self {
        Self { plain: plain.into(), packed: OnceLock::new(), kind: Kind::Piece }
    }

    /// The bytes in the form that the reader takes.
    pub(crate) fn bytes(&self, is_packed: bool) -> &Bytes {
        if !is_packed {
            return &self.plain;
        }
        self.packed.get_or_init(|| match self.kind {
            Kind::Whole => whole(&self.plain),
            Kind::Piece => piece(&self.plain),
        })
    }
}

/// What a packed stream begins with.
pub(crate) fn stream_head() -> Bytes {
    Bytes::from_static(STREAM_HEAD)
}

fn whole(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let packed = encoder.write_all(plain).and_then(|()| encoder.finish());
    packed.expect("memory takes everything").into()
}

/// Blocks of deflate that end at a byte, and after which others may follow.
fn piece(plain: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.flush()).expect("memory takes everything");
    encoder.get_ref().clone().into()
}

/// Whether a reader takes gzip.
pub(crate) fn takes_packed(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let codings = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut codings = codings.map(|coding| coding.split(';').map(str::trim));
    codings.any(|mut parts| {
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::http::HeaderValue;
    use flate2::read::{GzDecoder, MultiGzDecoder};

    use super::*;

    #[test]
    fn a_reader_who_misses_pieces_reads_the_others() {
        let texts =
            ["id: 1\ndata: {\"a\":\"a a a a a a\"}\n\n", ": still here\n\n", "", "id: 9\n\n"];
        let pieces: Vec<Packed> = texts.iter().map(|text| Packed::piece(*text)).collect();
        for wanted in 0..1_u32 << texts.len() {
            let (mut stream, mut expected) = (stream_head().to_vec(), String::new());
            for at in (0..texts.len()).filter(|at| wanted >> at & 1 == 1) {
                stream.extend_from_slice(pieces[at].bytes(true));
                expected.push_str(texts[at]);
            }
            let mut decoder = GzDecoder::new(&stream[..]);
            let mut text = vec![0; expected.len()];
            decoder.read_exact(&mut text).unwrap();
            assert_eq!(text, expected.as_bytes());
        }
        assert_eq!(pieces[0].bytes(false), texts[0]);
    }

    #[test]
    fn a_packed_page_is_the_page() {
        let page = "<p>شمار</p>".repeat(1_000);
        let packed = Packed::whole(page.clone());
        let mut text = String::new();
        MultiGzDecoder::new(&packed.bytes(true)[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, page);
        assert!(packed.bytes(true).len() * 10 < page.len());
    }

    #[test]
    fn who_does_not_ask_for_it_is_sent_nothing_packed() {
        let takes = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
            takes_packed(&headers)
        };
        assert!(takes("gzip, deflate, br, zstd") && takes("br;q=1.0, GZIP;q=0.5"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("x-gzip, identity") && !takes(""));
        assert!(!takes_packed(&HeaderMap::new()));
    }
}
