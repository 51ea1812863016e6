//! HTTP/1.1 as far as calls need it, and without I/O: bytes become heads and bodies here, and
//! heads become bytes. Whoever reads and writes them stands above: a host's connections,
//! which wait as tokio does or block, and a plugin's.
//!
//! The reader of responses takes every body that HTTP/1.1 knows, since a plugin may be written
//! with any library, as a whole or, where it is a stream, in pieces. The parser of requests
//! takes those that a plugin has an answer to; what is odd it leaves as it is.

mod body;
mod buffer;
mod chunks;
mod fields;
mod known;
#[cfg(feature = "host")]
mod pieces;
mod plain;
mod request;
mod response;
mod response_head;

pub use body::{Body, BodyLength, ReadError};
pub use buffer::Buffer;
pub use known::KnownHead;
pub use request::{Fields, Parsed, RequestHead, parse_request};
pub use response::{Progress, Response, ResponseReader};
pub use response_head::{ResponseHead, write_response_head};

#[cfg(feature = "plugin")]
pub use chunks::{CHUNK_END, LAST_CHUNK, write_chunk_size};
#[cfg(feature = "host")]
pub use pieces::{Piece, Pieces};
#[cfg(feature = "host")]
pub use request::{Request, insert_field};
#[cfg(feature = "host")]
pub use response::Opening;

/// The largest head of a message, in bytes: 64 KiB.
pub const MAX_HEAD: usize = 64 << 10;

/// Bodies up to this size are copied behind their heads, to be sent with them in one piece:
/// 16 KiB.
pub const JOINED: usize = 16 << 10;

/// The most fields of a head; as many as hyper takes.
const MAX_FIELDS: usize = 100;

fn invalid(text: impl Into<String>) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, text.into())
}
