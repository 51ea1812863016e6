//! Chunks: a body whose length nobody knows when it begins.

use std::io;

use httparse::Status;

use super::{Buffer, MAX_HEAD, invalid};

/// The longest line that gives the size of a chunk.
const MAX_CHUNK_LINE: usize = 1 << 10;

/// What follows upon the content of a chunk.
#[cfg(feature = "plugin")]
pub const CHUNK_END: &[u8] = b"\r\n";

/// What follows upon the last chunk.
#[cfg(feature = "plugin")]
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Writes behind `out` what comes before the content of a chunk.
#[cfg(feature = "plugin")]
pub fn write_chunk_size(out: &mut Vec<u8>, size: usize) {
    // Writing to memory does not fail.
    let _ = io::Write::write_fmt(out, format_args!("{size:x}\r\n"));
}

/// What stands between the contents of chunks, as far as it has been taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Between {
    /// The size of the next chunk comes next.
    Size,
    /// The end of the last chunk does.
    End,
    /// Behind the last chunk, lines of at most so many bytes do.
    Trailers(usize),
}

/// What follows upon what stands between the contents of chunks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    /// So many bytes of content, of which there is one at least; and then [`Between::End`].
    Content(u64),
    /// Less than is needed to tell.
    More,
    /// Nothing: that was the end of the body.
    Nothing,
}

impl Between {
    /// Takes it from the buffer, up to the next content.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) where chunks are none.
    pub(super) fn take(&mut self, buffer: &mut Buffer) -> io::Result<Then> {
        loop {
            let next = match *self {
                Self::Size => match take_chunk_size(buffer)? {
                    None => return Ok(Then::More),
                    Some(0) => Self::Trailers(MAX_HEAD),
                    Some(size) => return Ok(Then::Content(size)),
                },
                Self::End => match take_line(buffer, 2)? {
                    None => return Ok(Then::More),
                    Some(0) => Self::Size,
                    Some(_) => return Err(invalid("a chunk is longer than it says")),
                },
                // What stands behind the last chunk says nothing here.
                Self::Trailers(left) => match take_line(buffer, left)? {
                    None => return Ok(Then::More),
                    Some(0) => return Ok(Then::Nothing),
                    Some(length) => Self::Trailers(left - length),
                },
            };
            *self = next;
        }
    }

    /// How many bytes of it may be here and not yet be enough.
    pub(super) fn room(self) -> usize {
        match self {
            Self::Size => MAX_CHUNK_LINE,
            Self::End => 2,
            Self::Trailers(left) => left,
        }
    }
}

/// Takes the line before a chunk; answers with the chunk's size.
fn take_chunk_size(buffer: &mut Buffer) -> io::Result<Option<u64>> {
    let filled = buffer.filled();
    // httparse takes no digits at all for zero.
    if filled.first().is_some_and(|first| !first.is_ascii_hexdigit()) {
        return Err(invalid("a chunk has no size"));
    }
    match httparse::parse_chunk_size(filled) {
        Ok(Status::Complete((length, size))) => {
            buffer.consume(length);
            Ok(Some(size))
        }
        Ok(Status::Partial) if filled.len() < MAX_CHUNK_LINE => Ok(None),
        _ => Err(invalid("a chunk has no size")),
    }
}

/// Takes a line of at most `limit` bytes; answers with its length without its end.
fn take_line(buffer: &mut Buffer, limit: usize) -> io::Result<Option<usize>> {
    let filled = buffer.filled();
    let Some(end) = filled.iter().take(limit).position(|byte| *byte == b'\n') else {
        return if filled.len() < limit { Ok(None) } else { Err(invalid("a line is too long")) };
    };
    let length = filled[..end].strip_suffix(b"\r").unwrap_or(&filled[..end]).len();
    buffer.consume(end + 1);
    Ok(Some(length))
}
