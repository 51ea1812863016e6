//! A body that has no end in sight, and is used as it comes.

use std::io::{self, ErrorKind};

use super::Buffer;
use super::body::Framing;
use super::chunks::{Between, Then};

/// What of a body comes next.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// So many bytes of its content, and then nothing.
    Content(u64),
    /// Content up to the end of the connection.
    Rest,
    /// What stands between chunks.
    Between(Between),
    /// So many bytes of a chunk's content.
    Chunk(u64),
    Nothing,
}

/// Finds the content of a body among what frames it, in whatever pieces it comes.
#[derive(Debug)]
pub struct Pieces {
    next: Next,
}

/// What lies at the beginning of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes of content, which are to be consumed as they are.
    Content(usize),
    /// Less than is needed to tell.
    More,
    /// The end of the body.
    End,
}

impl Pieces {
    pub(super) fn new(framing: Framing) -> Self {
        let next = match framing {
            Framing::Length(length) => Next::Content(length),
            Framing::Chunked => Next::Between(Between::Size),
            Framing::Close => Next::Rest,
        };
        Self { next }
    }

    /// Consumes what comes before the next content, which is the caller's to consume.
    ///
    /// # Errors
    /// [`InvalidData`](ErrorKind::InvalidData) where chunks are none; after that it is of no
    /// use.
    pub fn next(&mut self, buffer: &mut Buffer) -> io::Result<Piece> {
        loop {
            let here = buffer.filled().len();
            match self.next {
                Next::Content(0) | Next::Nothing => return Ok(Piece::End),
                Next::Chunk(0) => self.next = Next::Between(Between::End),
                Next::Content(_) | Next::Chunk(_) | Next::Rest if here == 0 => {
                    return Ok(Piece::More);
                }
                Next::Rest => return Ok(Piece::Content(here)),
                Next::Content(left) => {
                    let (count, left) = split(left, here);
                    self.next = Next::Content(left);
                    return Ok(Piece::Content(count));
                }
                Next::Chunk(left) => {
                    let (count, left) = split(left, here);
                    self.next = Next::Chunk(left);
                    return Ok(Piece::Content(count));
                }
                Next::Between(mut between) => {
                    let then = between.take(buffer)?;
                    self.next = match then {
                        Then::Content(size) => Next::Chunk(size),
                        Then::Nothing => Next::Nothing,
                        Then::More => {
                            self.next = Next::Between(between);
                            return Ok(Piece::More);
                        }
                    };
                }
            }
        }
    }

    /// The connection has ended.
    ///
    /// # Errors
    /// [`UnexpectedEof`](ErrorKind::UnexpectedEof) where something is missing.
    pub fn end(&self) -> io::Result<()> {
        match self.next {
            Next::Rest | Next::Nothing | Next::Content(0) => Ok(()),
            _ => Err(io::Error::new(ErrorKind::UnexpectedEof, "the body has been cut off")),
        }
    }
}

/// As much of what is left as is here, and what is then left.
fn split(left: u64, here: usize) -> (usize, u64) {
    let count = usize::try_from(left).unwrap_or(usize::MAX).min(here);
    (count, left - count as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a body that comes in pieces of this size; answers with its content, whether it
    /// came to its end, and what stands behind.
    fn read(framing: Framing, text: &[u8], size: usize) -> io::Result<(Vec<u8>, bool, Vec<u8>)> {
        let (mut pieces, mut buffer) = (Pieces::new(framing), Buffer::default());
        let (mut content, mut text) = (Vec::new(), text.chunks(size));
        loop {
            match pieces.next(&mut buffer)? {
                Piece::Content(count) => {
                    assert!(count > 0);
                    buffer.move_to(&mut content, count);
                }
                Piece::More => match text.next() {
                    Some(piece) => buffer.put(piece),
                    None => return Ok((content, pieces.end().is_ok(), buffer.filled().into())),
                },
                Piece::End => {
                    let rest = [buffer.filled(), &text.collect::<Vec<_>>().concat()].concat();
                    return Ok((content, true, rest));
                }
            }
        }
    }

    const CHUNKS: &str = "5\r\nhello\r\n007;kind=x\r\n, world\r\n0\r\nTrailer: t\r\n\r\nnext";

    proptest! {
        #[test]
        fn the_content_is_the_same_in_whatever_pieces_it_comes(size in 1_usize..80) {
            let expected = (b"hello, world".to_vec(), true, b"next".to_vec());
            let chunked = read(Framing::Chunked, CHUNKS.as_bytes(), size).unwrap();
            prop_assert_eq!(&chunked, &expected);
            let counted = read(Framing::Length(12), b"hello, worldnext", size).unwrap();
            prop_assert_eq!(&counted, &expected);
            let (content, ended, rest) = read(Framing::Close, b"hello", size).unwrap();
            prop_assert_eq!((&content[..], ended, rest.len()), (&b"hello"[..], true, 0));
        }

        #[test]
        fn a_body_that_is_cut_off_is_not_whole(at in 0_usize..CHUNKS.len() - 4) {
            let (_, ended, _) = read(Framing::Chunked, &CHUNKS.as_bytes()[..at], 80).unwrap();
            prop_assert!(!ended);
        }

        #[test]
        fn whatever_comes_has_content_or_none(bytes: Vec<u8>, size in 1_usize..9) {
            for framing in [Framing::Chunked, Framing::Length(20), Framing::Close] {
                if let Ok((content, _, _)) = read(framing, &bytes, size) {
                    prop_assert!(content.len() <= bytes.len());
                }
            }
        }
    }

    #[test]
    fn what_are_no_chunks_is_refused() {
        for body in ["five\r\n", "5\r\nhello, world", "\r\n"] {
            let error = read(Framing::Chunked, body.as_bytes(), 80).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{body}");
        }
    }
}
