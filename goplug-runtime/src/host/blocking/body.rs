//! The body of a response, whichever way it says where it ends.

use std::io::{self, ErrorKind, Read};

use bytes::Bytes;
use httparse::Status;

use super::buffer::{Buffer, ended};
use super::head::{Framing, MAX_HEAD};

/// The longest line that gives the size of a chunk.
const MAX_CHUNK_LINE: usize = 1 << 10;

/// Why there is no body.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It is larger than the limit.
    TooLarge,
    /// The connection failed; because of what was received where the kind is
    /// [`InvalidData`](ErrorKind::InvalidData).
    Broken(io::Error),
}

impl From<io::Error> for BodyError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Reads a whole body of at most `limit` bytes.
pub(super) fn read(
    framing: Framing,
    limit: usize,
    buffer: &mut Buffer,
    source: &mut impl Read,
) -> Result<Bytes, BodyError> {
    let mut body = Body { bytes: Vec::new(), limit, buffer, source };
    match framing {
        Framing::Length(length) => body.read_exactly(length)?,
        Framing::Chunked => body.read_chunks()?,
        Framing::Close => body.read_to_end()?,
    }
    Ok(body.bytes.into())
}

struct Body<'a, S> {
    bytes: Vec<u8>,
    limit: usize,
    buffer: &'a mut Buffer,
    source: &'a mut S,
}

impl<S: Read> Body<'_, S> {
    fn read_exactly(&mut self, count: u64) -> Result<(), BodyError> {
        let had = self.bytes.len();
        let count = usize::try_from(count).map_err(|_| BodyError::TooLarge)?;
        if count > self.limit - had {
            return Err(BodyError::TooLarge);
        }
        if had == 0 {
            // Zeroed memory comes from the system as it is, unlike memory that is filled.
            self.bytes = vec![0; count];
        } else {
            self.bytes.resize(had + count, 0);
        }
        let mut at = had + self.buffer.move_to(&mut self.bytes[had..]);
        while at < self.bytes.len() {
            match self.source.read(&mut self.bytes[at..])? {
                0 => return Err(ended().into()),
                read => at += read,
            }
        }
        Ok(())
    }

    fn read_chunks(&mut self) -> Result<(), BodyError> {
        loop {
            let size = self.chunk_size()?;
            if size == 0 {
                return Ok(self.pass_over_trailers()?);
            }
            self.read_exactly(size)?;
            if !self.line(2)?.is_empty() {
                return Err(invalid("a chunk is longer than it says").into());
            }
        }
    }

    fn chunk_size(&mut self) -> io::Result<u64> {
        loop {
            let filled = self.buffer.filled();
            // httparse takes no digits at all for zero.
            if filled.first().is_some_and(|first| !first.is_ascii_hexdigit()) {
                return Err(invalid("a chunk has no size"));
            }
            match httparse::parse_chunk_size(filled) {
                Ok(Status::Complete((length, size))) => {
                    self.buffer.consume(length);
                    return Ok(size);
                }
                Ok(Status::Partial) => self.buffer.fill(self.source, MAX_CHUNK_LINE)?,
                Err(_) => return Err(invalid("a chunk has no size")),
            }
        }
    }

    /// What stands behind the last chunk says nothing here.
    fn pass_over_trailers(&mut self) -> io::Result<()> {
        let mut left = MAX_HEAD;
        loop {
            let length = self.line(left)?.len();
            if length == 0 {
                return Ok(());
            }
            left -= length;
        }
    }

    /// A line of at most `limit` bytes, without its end.
    fn line(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        loop {
            let filled = self.buffer.filled();
            if let Some(end) = filled.iter().take(limit).position(|byte| *byte == b'\n') {
                let line = filled[..end].strip_suffix(b"\r").unwrap_or(&filled[..end]).to_vec();
                self.buffer.consume(end + 1);
                return Ok(line);
            }
            self.buffer.fill(self.source, limit)?;
        }
    }

    fn read_to_end(&mut self) -> Result<(), BodyError> {
        self.bytes = self.buffer.filled().to_vec();
        self.buffer.consume(self.bytes.len());
        let one_too_many = (self.limit as u64 + 1).saturating_sub(self.bytes.len() as u64);
        self.source.take(one_too_many).read_to_end(&mut self.bytes)?;
        if self.bytes.len() > self.limit { Err(BodyError::TooLarge) } else { Ok(()) }
    }
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNKS: &str = "5\r\nhello\r\n7;kind=x\r\n, world\r\n0\r\nTrailer: t\r\n\r\n";

    /// Gives no more than so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(target.len());
            self.0.read(&mut target[..count])
        }
    }

    fn read_all(framing: Framing, limit: usize, text: &[u8]) -> Result<Bytes, BodyError> {
        read(framing, limit, &mut Buffer::default(), &mut &*text)
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_in_whatever_pieces_it_comes(piece in 1_usize..80) {
            let chunked = format!("{CHUNKS}next");
            for (framing, text, rest) in [
                (Framing::Length(12), "hello, worldnext", true),
                (Framing::Chunked, &*chunked, true),
                (Framing::Close, "hello, world", false),
            ] {
                let mut buffer = Buffer::default();
                let mut source = Slow(text.as_bytes(), piece);
                let body = read(framing, 100, &mut buffer, &mut source).unwrap();
                prop_assert_eq!(body, "hello, world");
                let left = [buffer.filled(), source.0].concat();
                prop_assert_eq!(left.as_slice(), if rest { &b"next"[..] } else { b"" });
            }
        }

        #[test]
        fn whatever_comes_is_a_body_or_an_error(bytes: Vec<u8>, length in 0_u64..64) {
            for framing in [Framing::Length(length), Framing::Chunked, Framing::Close] {
                if let Ok(body) = read_all(framing, 32, &bytes) {
                    prop_assert!(body.len() <= 32);
                }
            }
        }
    }

    #[test]
    fn a_body_over_the_limit_is_refused() {
        for (framing, text) in [
            (Framing::Length(12), "hello, world"),
            (Framing::Length(u64::MAX), ""),
            (Framing::Chunked, CHUNKS),
            (Framing::Chunked, "ffffffffffffffff\r\n"),
            (Framing::Close, "hello, world"),
        ] {
            let error = read_all(framing, 11, text.as_bytes()).unwrap_err();
            assert!(matches!(error, BodyError::TooLarge), "{framing:?}: {error:?}");
        }
    }

    #[test]
    fn a_body_of_just_the_limit_is_taken() {
        for (framing, text) in [
            (Framing::Length(12), "hello, world"),
            (Framing::Chunked, CHUNKS),
            (Framing::Close, "hello, world"),
        ] {
            assert_eq!(read_all(framing, 12, text.as_bytes()).unwrap(), "hello, world");
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error() {
        let cut = &CHUNKS.as_bytes()[..CHUNKS.len() - 1];
        for (framing, text) in [(Framing::Length(12), &b"hello"[..]), (Framing::Chunked, cut)] {
            let error = read_all(framing, 100, text).unwrap_err();
            let BodyError::Broken(error) = error else { panic!("{error:?}") };
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn what_are_no_chunks_is_refused() {
        let endless = format!("5;{}", "x".repeat(MAX_CHUNK_LINE));
        for text in ["five\r\n", "5\r\nhello, world", "\r\n", &*endless] {
            let error = read_all(Framing::Chunked, 100, text.as_bytes()).unwrap_err();
            let BodyError::Broken(error) = error else { panic!("{error:?}") };
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{text}");
        }
    }
}
