//! Chunks: a body whose length nobody knows when it begins.

use std::io;

use httparse::Status;

use super::{Buffer, invalid};

/// The longest line that gives the size of a chunk.
pub(super) const MAX_CHUNK_LINE: usize = 1 << 10;

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

/// Takes the line before a chunk; answers with the chunk's size.
pub(super) fn take_chunk_size(buffer: &mut Buffer) -> io::Result<Option<u64>> {
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
pub(super) fn take_line(buffer: &mut Buffer, limit: usize) -> io::Result<Option<usize>> {
    let filled = buffer.filled();
    let Some(end) = filled.iter().take(limit).position(|byte| *byte == b'\n') else {
        return if filled.len() < limit { Ok(None) } else { Err(invalid("a line is too long")) };
    };
    let length = filled[..end].strip_suffix(b"\r").unwrap_or(&filled[..end]).len();
    buffer.consume(end + 1);
    Ok(Some(length))
}
