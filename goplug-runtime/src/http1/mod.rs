//! The part of HTTP/1.1 that calls need, without I/O: bytes become heads and bodies here, and heads
//! become bytes. The rooms above read and write the sockets: a host's connections,
//! with a runtime or blocking, and a plugin's.
//!
//! `client` is a host's half: it writes requests and reads responses with every kind of body
//! that HTTP/1.1 has, since a plugin may be written with any library. `server` is a plugin's
//! half: it reads the requests that a plugin can answer without hyper, and leaves unusual requests
//! as they are. Both are built upon [`Buffer`], [`Body`] and the headers that say where a body ends.
//! Both refuse what two readers could read differently (`syntax.rs`, `headers.rs`).
//!
//! Three fast paths save work that most messages do not need: [`HeadCache`], for a head that is
//! the same as the one before, `client/request_writer.rs`, which writes such a head, and
//! `server/fast_head.rs`, for heads as goplug's hosts write them.
//!
//! Imports `protocol` alone. Start reading at `client/response.rs` or `server/request.rs`.

mod body;
mod body_stream;
mod buffer;
mod chunked;
mod chunks;
#[cfg(feature = "host")]
mod client;
mod head_cache;
mod headers;
mod sender_error;
#[cfg(feature = "plugin")]
mod server;
mod syntax;
#[cfg(all(test, feature = "host", feature = "plugin"))]
mod tests;

pub use body::{Body, BodyKind, BodyLength, ReadError};
pub use body_stream::{BodyProgress, BodyStream};
pub use buffer::Buffer;
pub use chunks::{CHUNK_END, LAST_CHUNK, write_chunk_size};
#[cfg(feature = "host")]
pub use client::*;
pub use head_cache::HeadCache;
pub use headers::{FramingHeaders, MAX_HEADERS};
pub use sender_error::{SenderError, write_sender_error};
#[cfg(feature = "plugin")]
pub use server::*;
#[cfg(any(feature = "host", feature = "plugin"))]
pub use syntax::is_host;

/// The largest head of a message, in bytes: 64 KiB.
pub const MAX_HEAD: usize = 64 << 10;

/// The largest body that is copied behind its head, so that one write sends both, in bytes:
/// 16 KiB. A larger body is written from where it lies.
pub const FLATTEN_LIMIT: usize = 16 << 10;

fn invalid(text: impl Into<String>) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, text.into())
}
