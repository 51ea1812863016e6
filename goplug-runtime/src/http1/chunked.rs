//! The chunked transfer coding: a body whose length is not known when it begins.
//!
//! Extensions are skipped, and trailers that nobody looks at, but they have to be well formed: whoever
//! overlooks the end of a line that another reader sees reads another message.

use std::io;

use super::syntax::{is_header_line, is_header_value};
use super::{Buffer, MAX_HEAD, invalid};

/// The longest line that gives the size of a chunk, in bytes.
const MAX_CHUNK_LINE: usize = 1 << 10;

/// The most digits of a chunk's size: those of the largest `u64`.
const MAX_SIZE_DIGITS: usize = 16;

/// The framing around the data of chunks, as far as it has been taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChunkedState {
    /// The line with the next chunk's size comes next.
    Size,
    /// The line end after a chunk's data comes next.
    DataEnd,
    /// After the last chunk: trailers of at most this many bytes, and an empty line.
    Trailers(usize),
}

/// What comes after a part of the framing.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChunkedStep {
    /// This many bytes of data, at least one; then [`ChunkedState::DataEnd`].
    Data(u64),
    /// More bytes are needed to tell.
    More,
    /// The body has ended.
    End,
}

impl ChunkedState {
    /// Takes the framing out of the buffer, up to the next data. `look` sees the line of each trailer.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) for anything but chunks, and those of `look`.
    pub(super) fn take(
        &mut self,
        buffer: &mut Buffer,
        look: impl Fn(&[u8]) -> io::Result<()>,
    ) -> io::Result<ChunkedStep> {
        loop {
            let next = match *self {
                Self::Size => match take_line(buffer, MAX_CHUNK_LINE, chunk_size)? {
                    None => return Ok(ChunkedStep::More),
                    Some((0, _)) => Self::Trailers(MAX_HEAD),
                    Some((size, _)) => return Ok(ChunkedStep::Data(size)),
                },
                Self::DataEnd => {
                    let filled = buffer.filled();
                    let length = filled.len().min(2);
                    if filled[..length] != b"\r\n"[..length] {
                        return Err(invalid("a chunk is longer than it says"));
                    }
                    if length < 2 {
                        return Ok(ChunkedStep::More);
                    }
                    buffer.consume(2);
                    Self::Size
                }
                Self::Trailers(left) => match take_line(buffer, left, |it| trailer(it, &look))? {
                    None => return Ok(ChunkedStep::More),
                    Some((Trailer::End, _)) => return Ok(ChunkedStep::End),
                    Some((Trailer::Header, size)) => Self::Trailers(left - size),
                },
            };
            *self = next;
        }
    }

    /// How many bytes of the framing may be in the buffer without a complete line.
    pub(super) fn room(self) -> usize {
        match self {
            Self::Size => MAX_CHUNK_LINE,
            Self::DataEnd => 2,
            Self::Trailers(left) => left,
        }
    }
}

/// Looks at no trailer.
pub(super) fn skip(_: &[u8]) -> io::Result<()> {
    Ok(())
}

/// What comes after the last chunk.
enum Trailer {
    Header,
    /// The empty line after the trailers.
    End,
}

fn trailer(line: &[u8], look: impl Fn(&[u8]) -> io::Result<()>) -> io::Result<Trailer> {
    match line {
        [] => Ok(Trailer::End),
        _ if is_header_line(line) => look(line).map(|()| Trailer::Header),
        _ => Err(invalid("a trailer is not a header")),
    }
}

/// The size of a chunk, from the line before it: hexadecimal digits, and extensions after a
/// semicolon.
fn chunk_size(line: &[u8]) -> io::Result<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(digits);
    if !extensions.is_empty() && !extensions.starts_with(b";") || !is_header_value(extensions) {
        return Err(invalid("a chunk has no size"));
    }
    let size = std::str::from_utf8(digits).ok().filter(|digits| digits.len() <= MAX_SIZE_DIGITS);
    size.and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| invalid("a chunk has no size"))
}

/// Takes a line of at most `limit` bytes. Returns what `read` makes of it without its line end,
/// and its size in bytes with it; `None` if the line is incomplete.
fn take_line<T>(
    buffer: &mut Buffer,
    limit: usize,
    read: impl FnOnce(&[u8]) -> io::Result<T>,
) -> io::Result<Option<(T, usize)>> {
    let filled = buffer.filled();
    let Some(end) = filled.iter().take(limit).position(|byte| *byte == b'\n') else {
        return if filled.len() < limit { Ok(None) } else { Err(invalid("a line is too long")) };
    };
    let line = filled[..end].strip_suffix(b"\r");
    let value = read(line.ok_or_else(|| invalid("a line does not end in CR LF"))?)?;
    buffer.consume(end + 1);
    Ok(Some((value, end + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_digits_and_perhaps_extensions() {
        for (line, size) in [("0", 0), ("5", 5), ("00Ff", 255), ("5;a=\"b c\";d", 5)] {
            assert_eq!(chunk_size(line.as_bytes()).unwrap(), size, "{line}");
        }
        assert_eq!(chunk_size(b"ffffffffffffffff").unwrap(), u64::MAX);
        for line in [
            "",
            ";a",
            "+5",
            "-5",
            " 5",
            "5 ",
            "5 ;a",
            "0x5",
            "5,",
            "5 5",
            "5;\u{7}",
            "5;a\rb",
            "5\r",
            "00000000000000005",
            "\u{665}",
        ] {
            assert!(chunk_size(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn trailers_are_headers() {
        for trailers in ["", "a: b\r\n", "a:\r\nb: c d\t\r\n"] {
            assert!(matches!(after_last_chunk(trailers), Ok(ChunkedStep::End)), "{trailers:?}");
        }
        for trailers in
            ["a b\r\n", "a : b\r\n", ": b\r\n", " a: b\r\n", "a: b\r\n c\r\n", "a: \0\r\n"]
        {
            assert!(after_last_chunk(trailers).is_err(), "{trailers:?}");
        }
    }

    fn after_last_chunk(trailers: &str) -> io::Result<ChunkedStep> {
        let mut buffer = Buffer::default();
        buffer.put(format!("0\r\n{trailers}\r\n").as_bytes());
        ChunkedState::Size.take(&mut buffer, skip)
    }

    #[test]
    fn every_line_ends_in_cr_lf() {
        for text in ["5\n", "0\n\r\n", "0\r\n\n", "0\r\na: b\n\r\n"] {
            let mut buffer = Buffer::default();
            buffer.put(text.as_bytes());
            assert!(ChunkedState::Size.take(&mut buffer, skip).is_err(), "{text:?}");
        }
        for text in ["\n", "\rx", "x"] {
            let mut buffer = Buffer::default();
            buffer.put(text.as_bytes());
            assert!(ChunkedState::DataEnd.take(&mut buffer, skip).is_err(), "{text:?}");
        }
    }
}
