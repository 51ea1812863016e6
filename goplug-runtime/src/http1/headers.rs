//! The headers that say where a message ends, and whether its connection stays open.

use std::io;

use super::invalid;
use crate::protocol::wire;

/// The most headers of a message; hyper has the same limit.
pub const MAX_HEADERS: usize = 100;

/// `Content-Length`, `Transfer-Encoding` and `Connection` of a message.
#[derive(Debug, Default)]
pub struct FramingHeaders {
    /// The value of `Content-Length`.
    pub length: Option<u64>,
    /// There is a `Transfer-Encoding`.
    pub encoded: bool,
    /// The last transfer coding is `chunked`: only then does the body say where it ends.
    pub chunked: bool,
    /// Whether the connection stays open. The caller sets what the version of HTTP says, and the
    /// headers change it.
    pub keep_alive: bool,
}

impl FramingHeaders {
    /// Reads one header. Returns whether it was one of the three.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if a length is not a number, or if two lengths
    /// differ.
    #[inline]
    pub fn read(&mut self, name: &str, value: &[u8]) -> io::Result<bool> {
        // The three names differ in length.
        match name.len() {
            14 if name.eq_ignore_ascii_case("content-length") => {
                let length =
                    wire::parse_number(value).ok_or_else(|| invalid("its length is no number"))?;
                if self.length.replace(length).is_some_and(|other| other != length) {
                    return Err(invalid("it has two lengths"));
                }
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                self.encoded = true;
                self.chunked = items(value).last().is_some_and(|last| is(last, "chunked"));
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                for item in items(value) {
                    if is(item, "close") {
                        self.keep_alive = false;
                    } else if is(item, "keep-alive") {
                        self.keep_alive = true;
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn is(item: &[u8], name: &str) -> bool {
    item.eq_ignore_ascii_case(name.as_bytes())
}
