//! Writing a body in chunks.

use std::io;

/// What follows the data of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// What follows the last chunk.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Appends the line that comes before the data of a chunk.
pub fn write_chunk_size(out: &mut Vec<u8>, size: usize) {
    // Writing to memory does not fail.
    let _ = io::Write::write_fmt(out, format_args!("{size:x}\r\n"));
}
