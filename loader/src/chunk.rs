//! A stream cut into chunks that end at record ends; every byte belongs to exactly one chunk.
//!
//! In: anything that can be read. Out: chunks of whole lines with the number of their first line.
//! Never: a chunk cut back so that its rest is forgotten, and no more memory than one chunk for a
//! line of any length: such a line is passed over and reported.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

/// Bytes of a chunk, about.
pub(crate) const CHUNK_BYTES: usize = 4 << 20;

/// A piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Whole lines; only the last one of the stream may lack its line end.
    Lines { first_line: u64, bytes: Vec<u8> },
    /// A line longer than a chunk, passed over.
    LongLine { line: u64, bytes: u64 },
}

/// Cuts a stream into pieces.
pub(crate) struct ChunkReader<R> {
    input: R,
    chunk_bytes: usize,
    carry: Vec<u8>,
    line: u64,
    ended: bool,
}

impl<R: Read> ChunkReader<R> {
    pub(crate) fn new(input: R, first_line: u64, chunk_bytes: usize) -> Self {
        Self { input, chunk_bytes, carry: Vec::new(), line: first_line, ended: false }
    }

    /// The next piece; `None` at the end of the stream.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        let mut bytes = std::mem::take(&mut self.carry);
        self.fill(&mut bytes)?;
        if self.ended {
            return Ok((!bytes.is_empty()).then(|| self.lines(bytes)));
        }
        match memrchr(b'\n', &bytes) {
            Some(last) => {
                self.carry = bytes.split_off(last + 1);
                Ok(Some(self.lines(bytes)))
            }
            None => self.pass_over(bytes.len() as u64).map(Some),
        }
    }

    fn fill(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let room = self.chunk_bytes.saturating_sub(bytes.len());
        if room == 0 || self.ended {
            return Ok(());
        }
        bytes.reserve_exact(room);
        let read = self.input.by_ref().take(room as u64).read_to_end(bytes)?;
        self.ended = read < room;
        Ok(())
    }

    fn lines(&mut self, bytes: Vec<u8>) -> Piece {
        let first_line = self.line;
        self.line += memchr_iter(b'\n', &bytes).count() as u64;
        Piece::Lines { first_line, bytes }
    }

    /// Reads on to the end of a line of which `length` bytes were seen.
    fn pass_over(&mut self, mut length: u64) -> io::Result<Piece> {
        let mut bytes = Vec::with_capacity(self.chunk_bytes);
        while !self.ended {
            bytes.clear();
            self.fill(&mut bytes)?;
            if let Some(end) = memchr(b'\n', &bytes) {
                self.carry = bytes.split_off(end + 1);
                length += bytes.len() as u64;
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

    fn pieces(text: &str, chunk_bytes: usize) -> Vec<Piece> {
        let mut reader = ChunkReader::new(text.as_bytes(), 2, chunk_bytes);
        std::iter::from_fn(|| reader.next_piece().unwrap()).collect()
    }

    #[test]
    fn every_byte_belongs_to_exactly_one_chunk_at_every_size() {
        let text = "a\nbcd\n\nefghijkl\nm\nno\npqrstuvwxyz\n0123456789\nlast without end";
        for chunk_bytes in 1..80 {
            let (mut seen, mut passed, mut line) = (String::new(), 0, 2);
            for piece in pieces(text, chunk_bytes) {
                match piece {
                    Piece::Lines { first_line, bytes } => {
                        assert_eq!(first_line, line, "chunks of {chunk_bytes}");
                        line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                        seen.push_str(std::str::from_utf8(&bytes).unwrap());
                    }
                    Piece::LongLine { line: at, bytes } => {
                        assert_eq!(at, line, "chunks of {chunk_bytes}");
                        line += 1;
                        passed += bytes;
                    }
                }
            }
            assert_eq!(seen.len() as u64 + passed, text.len() as u64, "chunks of {chunk_bytes}");
            if chunk_bytes > 20 {
                assert_eq!(seen, text);
            }
        }
    }

    #[test]
    fn a_line_longer_than_a_chunk_is_passed_over_and_reported() {
        let text = format!("1\n{}\n3\n", "x".repeat(100));
        let expected = [
            Piece::Lines { first_line: 2, bytes: b"1\n".to_vec() },
            Piece::LongLine { line: 3, bytes: 101 },
            Piece::Lines { first_line: 4, bytes: b"3\n".to_vec() },
        ];
        assert_eq!(pieces(&text, 16), expected);
    }
}
