//! The chunked transfer coding: a body whose length is not known when it begins.

use std::io;

use httparse::Status;

use super::{Buffer, MAX_HEAD, invalid};

/// The longest line that gives the size of a chunk, in bytes.
const MAX_CHUNK_LINE: usize = 1 << 10;

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
    /// Takes the framing out of the buffer, up to the next data.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) for anything but chunks.
    pub(super) fn take(&mut self, buffer: &mut Buffer) -> io::Result<ChunkedStep> {
        loop {
            let next = match *self {
                Self::Size => match take_chunk_size(buffer)? {
                    None => return Ok(ChunkedStep::More),
                    Some(0) => Self::Trailers(MAX_HEAD),
                    Some(size) => return Ok(ChunkedStep::Data(size)),
                },
                Self::DataEnd => match take_line(buffer, 2)? {
                    None => return Ok(ChunkedStep::More),
                    Some(0) => Self::Size,
                    Some(_) => return Err(invalid("a chunk is longer than it says")),
                },
                // Nothing here needs a trailer.
                Self::Trailers(left) => match take_line(buffer, left)? {
                    None => return Ok(ChunkedStep::More),
                    Some(0) => return Ok(ChunkedStep::End),
                    Some(length) => Self::Trailers(left - length),
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

/// Takes the line before a chunk, and returns the chunk's size; `None` if the line is incomplete.
fn take_chunk_size(buffer: &mut Buffer) -> io::Result<Option<u64>> {
    let filled = buffer.filled();
    // httparse reads a line without digits as zero.
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

/// Takes a line of at most `limit` bytes, and returns its length without the line end; `None` if
/// the line is incomplete.
fn take_line(buffer: &mut Buffer, limit: usize) -> io::Result<Option<usize>> {
    let filled = buffer.filled();
    let Some(end) = filled.iter().take(limit).position(|byte| *byte == b'\n') else {
        return if filled.len() < limit { Ok(None) } else { Err(invalid("a line is too long")) };
    };
    let length = filled[..end].strip_suffix(b"\r").unwrap_or(&filled[..end]).len();
    buffer.consume(end + 1);
    Ok(Some(length))
}
