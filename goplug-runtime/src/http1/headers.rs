//! The headers that say where a message ends, and whether its connection stays open.
//!
//! A message is refused if two readers could disagree on where it ends (RFC 9112, 6.3): the one
//! would take for a message what the other takes for a body.

use super::BodyKind;
use crate::protocol::wire;

/// The most headers of a message; hyper has the same limit.
pub const MAX_HEADERS: usize = 100;

/// `Content-Length`, `Transfer-Encoding` and `Connection` of a message.
#[derive(Debug)]
pub struct FramingHeaders {
    length: Option<u64>,
    chunked: bool,
    /// Whether the connection stays open.
    pub keep_alive: bool,
}

impl FramingHeaders {
    /// No header has been read. `keep_alive` is what the version of HTTP says.
    pub fn new(keep_alive: bool) -> Self {
        Self { length: None, chunked: false, keep_alive }
    }

    /// Reads one header. Returns whether it was one of the three.
    ///
    /// # Errors
    /// What is wrong with it: a length that is not a number, a transfer coding other than
    /// `chunked`, or a second header of the same name.
    #[inline]
    pub fn read(&mut self, name: &str, value: &[u8]) -> Result<bool, &'static str> {
        // The three names differ in length.
        match name.len() {
            14 if name.eq_ignore_ascii_case("content-length") => {
                let length = parse_length(value).ok_or("its Content-Length is not a number")?;
                if self.length.replace(length).is_some() {
                    return Err("it has two Content-Length headers");
                }
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                if std::mem::replace(&mut self.chunked, true) {
                    return Err("it has two Transfer-Encoding headers");
                }
                if !is(value, "chunked") {
                    return Err("its Transfer-Encoding is not `chunked`");
                }
            }
            10 if name.eq_ignore_ascii_case("connection") => {
                for item in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    if is(item, "close") {
                        self.keep_alive = false;
                    } else if is(item, "keep-alive") {
                        self.keep_alive = true;
                    } else if is(item, "content-length") || is(item, "transfer-encoding") {
                        // A proxy would take that header away.
                        return Err("its Connection header names a header that says where it ends");
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Where the body ends; `None` if no header says so.
    ///
    /// # Errors
    /// That there are both a length and chunks.
    #[inline]
    pub fn body(&self) -> Result<Option<BodyKind>, &'static str> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err("it has a Content-Length and a Transfer-Encoding"),
            (true, None) => Ok(Some(BodyKind::Chunked)),
            (false, length) => Ok(length.map(BodyKind::Length)),
        }
    }
}

/// A length: digits and nothing else. One that does not fit is as large as possible, so that it is
/// above every limit.
fn parse_length(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    is_number.then(|| wire::parse_number(value).unwrap_or(u64::MAX))
}

fn is(item: &[u8], name: &str) -> bool {
    item.eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(headers: &[(&str, &str)]) -> Result<Option<BodyKind>, &'static str> {
        let mut framing = FramingHeaders::new(true);
        for (name, value) in headers {
            framing.read(name, value.as_bytes())?;
        }
        framing.body()
    }

    #[test]
    fn a_length_or_chunks_say_where_a_body_ends() {
        assert_eq!(body(&[("x", "5")]), Ok(None));
        assert_eq!(body(&[("content-length", "0005")]), Ok(Some(BodyKind::Length(5))));
        assert_eq!(body(&[("TRANSFER-ENCODING", "Chunked")]), Ok(Some(BodyKind::Chunked)));
        let endless = "9".repeat(40);
        assert_eq!(body(&[("Content-Length", &endless)]), Ok(Some(BodyKind::Length(u64::MAX))));
    }

    #[test]
    fn a_body_whose_end_is_ambiguous_is_refused() {
        let length = ("Content-Length", "5");
        let chunked = ("Transfer-Encoding", "chunked");
        for headers in [[length, length], [length, chunked], [chunked, length], [chunked, chunked]]
        {
            assert!(body(&headers).is_err(), "{headers:?}");
        }
        for value in ["", "+5", "-5", "5, 5", "5 5", "0x5", "5;", "five", "5.0", "\u{665}"] {
            assert!(body(&[("Content-Length", value)]).is_err(), "{value}");
        }
        for value in ["", "gzip", "gzip, chunked", "chunked, chunked", "identity", "chunked;q=1"] {
            assert!(body(&[("Transfer-Encoding", value)]).is_err(), "{value}");
        }
        for value in ["Content-Length", "close, transfer-encoding"] {
            assert!(body(&[("Connection", value), length]).is_err(), "{value}");
        }
    }
}
