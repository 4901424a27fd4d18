//! A stream cut into chunks that end at record ends; every byte belongs to exactly one chunk.
//!
//! In: anything that can be read, and a buffer to fill. Out: chunks of whole lines with the number
//! of their first line. Never: a chunk cut back so that its rest is forgotten, and no more memory
//! than one chunk for a line of any length: such a line is passed over and reported.

use std::io::{self, ErrorKind, Read};

use memchr::{memchr, memchr_iter, memrchr};

/// How large chunks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkSize {
    /// Bytes of a chunk, about: small enough to stay in a core's cache until it is parsed.
    pub(crate) usual: usize,
    /// Bytes of a line, with its end, that a chunk may grow to.
    pub(crate) most: usize,
}

/// The sizes of the product.
pub(crate) const CHUNK_SIZE: ChunkSize = ChunkSize { usual: 1 << 20, most: 4 << 20 };

/// What was read into the buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Whole lines; only the last one of the stream may lack its line end.
    Lines { first_line: u64 },
    /// A line longer than a chunk, passed over.
    LongLine { line: u64, bytes: u64 },
}

/// Cuts a stream into pieces.
pub(crate) struct ChunkReader<R> {
    input: R,
    size: ChunkSize,
    carry: Vec<u8>,
    line: u64,
    ended: bool,
}

impl<R: Read> ChunkReader<R> {
    pub(crate) fn new(input: R, first_line: u64, size: ChunkSize) -> Self {
        Self { input, size, carry: Vec::new(), line: first_line, ended: false }
    }

    /// The next piece, its bytes in `bytes`; `None` at the end of the stream.
    pub(crate) fn next_piece(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        let mut filled = self.carry.len();
        // What the buffer held before is written over, not cleared: only growth costs zeros.
        bytes.resize(bytes.len().max(filled), 0);
        bytes[..filled].copy_from_slice(&self.carry);
        self.carry.clear();
        for wanted in [self.size.usual, self.size.most] {
            filled = self.fill(bytes, filled, wanted)?;
            if self.ended {
                return Ok((filled > 0).then(|| self.lines(bytes)));
            }
            if let Some(last) = memrchr(b'\n', bytes) {
                self.carry.extend_from_slice(&bytes[last + 1..]);
                bytes.truncate(last + 1);
                return Ok(Some(self.lines(bytes)));
            }
        }
        self.pass_over(bytes).map(Some)
    }

    /// Reads until `bytes`, of which `filled` are there, are `wanted` or the stream ends.
    fn fill(&mut self, bytes: &mut Vec<u8>, filled: usize, wanted: usize) -> io::Result<usize> {
        let mut filled = filled;
        bytes.resize(wanted.max(filled), 0);
        while filled < wanted && !self.ended {
            match self.input.read(&mut bytes[filled..wanted]) {
                Ok(0) => self.ended = true,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(filled)
    }

    fn lines(&mut self, bytes: &[u8]) -> Piece {
        let first_line = self.line;
        self.line += memchr_iter(b'\n', bytes).count() as u64;
        Piece::Lines { first_line }
    }

    /// Reads on to the end of a line that fills `bytes`.
    fn pass_over(&mut self, bytes: &mut Vec<u8>) -> io::Result<Piece> {
        let mut length = bytes.len() as u64;
        while !self.ended {
            self.fill(bytes, 0, self.size.usual)?;
            if let Some(end) = memchr(b'\n', bytes) {
                self.carry.extend_from_slice(&bytes[end + 1..]);
                length += end as u64 + 1;
                break;
            }
            length += bytes.len() as u64;
        }
        self.line += 1;
        Ok(Piece::LongLine { line: self.line - 1, bytes: length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A piece with its bytes.
    #[derive(Debug, PartialEq, Eq)]
    enum Read {
        Lines { first_line: u64, bytes: Vec<u8> },
        LongLine { line: u64, bytes: u64 },
    }

    fn pieces(text: &str, usual: usize, most: usize) -> Vec<Read> {
        let mut reader = ChunkReader::new(text.as_bytes(), 2, ChunkSize { usual, most });
        let mut buffer = Vec::new();
        std::iter::from_fn(|| {
            Some(match reader.next_piece(&mut buffer).unwrap()? {
                Piece::Lines { first_line } => Read::Lines { first_line, bytes: buffer.clone() },
                Piece::LongLine { line, bytes } => Read::LongLine { line, bytes },
            })
        })
        .collect()
    }

    #[test]
    fn every_byte_belongs_to_exactly_one_chunk_at_every_size() {
        let text = "a\nbcd\n\nefghijkl\nm\nno\npqrstuvwxyz\n0123456789\nlast without end";
        for (usual, most) in (1..80).flat_map(|most| (1..=most).map(move |usual| (usual, most))) {
            let (mut seen, mut passed, mut line) = (String::new(), 0, 2);
            for piece in pieces(text, usual, most) {
                match piece {
                    Read::Lines { first_line, bytes } => {
                        assert_eq!(first_line, line, "chunks of {usual} to {most}");
                        line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                        seen.push_str(std::str::from_utf8(&bytes).unwrap());
                    }
                    Read::LongLine { line: at, bytes } => {
                        assert_eq!(at, line, "chunks of {usual} to {most}");
                        assert!(bytes >= most as u64, "chunks of {usual} to {most}");
                        line += 1;
                        passed += bytes;
                    }
                }
            }
            assert_eq!(seen.len() as u64 + passed, text.len() as u64, "{usual} to {most}");
            if most > 20 {
                assert_eq!(seen, text, "chunks of {usual} to {most}");
            }
        }
    }

    #[test]
    fn a_line_longer_than_a_chunk_is_passed_over_and_reported() {
        let text = format!("1\n{}\n3\n", "x".repeat(100));
        let expected = [
            Read::Lines { first_line: 2, bytes: b"1\n".to_vec() },
            Read::LongLine { line: 3, bytes: 101 },
            Read::Lines { first_line: 4, bytes: b"3\n".to_vec() },
        ];
        for usual in [4, 16] {
            assert_eq!(pieces(&text, usual, 16), expected);
        }
        let text = "1\n12345678901\n3\n";
        let whole = pieces(text, 4, 16).into_iter().map(|piece| match piece {
            Read::Lines { bytes, .. } => bytes,
            Read::LongLine { .. } => panic!("a chunk grows to a line that is not too long"),
        });
        assert_eq!(whole.collect::<Vec<_>>().concat(), text.as_bytes());
    }
}
