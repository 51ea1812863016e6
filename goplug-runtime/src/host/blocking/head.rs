//! The heads of messages: what a request says, and what a response says about itself.

use std::io::{self, ErrorKind, Read, Write};
use std::mem::MaybeUninit;

use httparse::{ParserConfig, Status};

use super::buffer::Buffer;
use crate::protocol::wire;

/// The largest head of a response, in bytes.
pub(super) const MAX_HEAD: usize = 64 << 10;

/// As many fields of a head as hyper takes.
const MAX_FIELDS: usize = 100;

/// What a request says before its body.
pub(super) struct RequestHead<'a> {
    /// Percent-encoded.
    pub(super) path: &'a str,
    pub(super) authority: &'a [u8],
    pub(super) content_type: Option<&'a str>,
    /// The caller's budget, in milliseconds.
    pub(super) timeout: Option<u64>,
    pub(super) length: usize,
}

impl RequestHead<'_> {
    /// Writes it as it goes on the wire.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let Self { path, authority, content_type, timeout, length } = self;
        out.clear();
        write!(out, "POST {path} HTTP/1.1\r\nhost: ")?;
        out.extend_from_slice(authority);
        if let Some(content_type) = content_type {
            write!(out, "\r\ncontent-type: {content_type}")?;
        }
        if let Some(timeout) = timeout {
            write!(out, "\r\n{}: {timeout}", wire::HEADER_TIMEOUT)?;
        }
        write!(out, "\r\ncontent-length: {length}\r\n\r\n")
    }
}

/// What a response says before its body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResponseHead {
    pub(super) status: u16,
    pub(super) framing: Framing,
    /// Whether another request may follow.
    pub(super) keep_alive: bool,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Behind so many bytes.
    Length(u64),
    /// Behind the last of its chunks.
    Chunked,
    /// With the connection.
    Close,
}

/// Reads the head of the response that answers a request; interim ones are passed over.
///
/// # Errors
/// [`InvalidData`](ErrorKind::InvalidData) where it is none, or larger than [`MAX_HEAD`], and
/// those of the source.
pub(super) fn read(buffer: &mut Buffer, source: &mut impl Read) -> io::Result<ResponseHead> {
    let mut interim = 0;
    loop {
        let Some((head, length)) = parse(buffer.filled())? else {
            buffer.fill(source, MAX_HEAD - interim)?;
            continue;
        };
        buffer.consume(length);
        if !(100..200).contains(&head.status) {
            return Ok(head);
        }
        // All of them together are one head, as far as the limit goes.
        interim = (interim + length).min(MAX_HEAD);
    }
}

/// Reads a head from the beginning of these bytes, and how long it is; `None` where it goes on
/// behind them.
fn parse(bytes: &[u8]) -> io::Result<Option<(ResponseHead, usize)>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut fields)
        .map_err(|error| invalid(format!("not HTTP: {error}")))?;
    let Status::Complete(length) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let mut about = About { keep_alive: response.version == Some(1), ..About::default() };
    for field in response.headers.iter() {
        about.field(field.name, field.value)?;
    }
    let framing = match about {
        _ if status < 200 || status == 204 || status == 304 => Framing::Length(0),
        // Only where chunks come last does the body say where it ends.
        About { encoded: true, chunked: true, .. } => Framing::Chunked,
        About { encoded: true, chunked: false, .. } => Framing::Close,
        About { length: Some(length), .. } => Framing::Length(length),
        About { length: None, .. } => Framing::Close,
    };
    let keep_alive = about.keep_alive && framing != Framing::Close;
    Ok(Some((ResponseHead { status, framing, keep_alive }, length)))
}

/// What the fields of a head say.
#[derive(Default)]
struct About {
    length: Option<u64>,
    encoded: bool,
    chunked: bool,
    keep_alive: bool,
}

impl About {
    fn field(&mut self, name: &str, value: &[u8]) -> io::Result<()> {
        if name.eq_ignore_ascii_case("content-length") {
            let length = std::str::from_utf8(value).ok().and_then(parse_length);
            let length = length.ok_or_else(|| invalid("its length is no number"))?;
            if self.length.replace(length).is_some_and(|other| other != length) {
                return Err(invalid("it has two lengths"));
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.encoded = true;
            self.chunked = items(value).last().is_some_and(|last| is(last, "chunked"));
        } else if name.eq_ignore_ascii_case("connection") {
            for item in items(value) {
                if is(item, "close") {
                    self.keep_alive = false;
                } else if is(item, "keep-alive") {
                    self.keep_alive = true;
                }
            }
        }
        Ok(())
    }
}

/// Digits only: what Rust's own parser takes beyond them is no length.
fn parse_length(text: &str) -> Option<u64> {
    let text = text.trim_ascii();
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn is(item: &[u8], name: &str) -> bool {
    item.eq_ignore_ascii_case(name.as_bytes())
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ResponseHead {
        let (head, length) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(length, text.len());
        head
    }

    fn head(lines: &str) -> ResponseHead {
        parsed(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))
    }

    #[test]
    fn a_request_says_what_the_protocol_asks_for() {
        let mut out = b"from before".to_vec();
        let head = RequestHead {
            path: "/main.Do",
            authority: b"math",
            content_type: Some(wire::JSON),
            timeout: Some(250),
            length: 13,
        };
        head.write_to(&mut out).unwrap();
        let expected = "POST /main.Do HTTP/1.1\r\nhost: math\r\ncontent-type: application/json\r\n\
                        goplug-timeout: 250\r\ncontent-length: 13\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_body_ends_where_the_head_says() {
        assert_eq!(head("Content-Length: 5\r\n").framing, Framing::Length(5));
        assert_eq!(head("transfer-encoding: gzip, Chunked\r\n").framing, Framing::Chunked);
        let both = head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
        assert_eq!(both.framing, Framing::Chunked);
        assert_eq!(head("Transfer-Encoding: gzip\r\n").framing, Framing::Close);
        assert_eq!(head("").framing, Framing::Close);
        assert_eq!(parsed("HTTP/1.1 204 None\r\n\r\n").framing, Framing::Length(0));
    }

    #[test]
    fn a_connection_is_kept_unless_the_head_says_otherwise() {
        assert!(head("Content-Length: 0\r\n").keep_alive);
        assert!(!head("Content-Length: 0\r\nConnection: close\r\n").keep_alive);
        assert!(!head("").keep_alive);
        let old = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n";
        assert!(!parsed(&format!("{old}\r\n")).keep_alive);
        assert!(parsed(&format!("{old}Connection: Keep-Alive\r\n\r\n")).keep_alive);
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let lengths = ["x", "+5", "-1", "", "99999999999999999999", "5\r\nContent-Length: 6"];
        let lines =
            lengths.map(|text| format!("HTTP/1.1 200 OK\r\nContent-Length: {text}\r\n\r\n"));
        let others = ["this is the wrong number\r\n\r\n".to_owned(), "GET / HTTP/1.1".to_owned()];
        for text in lines.iter().chain(&others) {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{text}");
        }
    }

    #[test]
    fn interim_responses_are_passed_over() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nrest";
        let mut buffer = Buffer::default();
        let head = read(&mut buffer, &mut text.as_bytes()).unwrap();
        assert_eq!((head.status, buffer.filled()), (200, &b"rest"[..]));
    }

    #[test]
    fn a_head_without_an_end_is_refused() {
        let mut endless = b"HTTP/1.1 200 OK\r\n".chain(std::io::repeat(b'x'));
        let error = read(&mut Buffer::default(), &mut endless).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn interim_responses_without_an_end_are_refused() {
        let text = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_HEAD);
        let error = read(&mut Buffer::default(), &mut text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
