//! The heads of responses, as a host parses them.

use std::io;
use std::mem::MaybeUninit;

use httparse::{ParserConfig, Status};

use crate::http1::{BodyKind, FramingHeaders, MAX_HEADERS, invalid};
use crate::protocol::wire;

/// What the head of a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http1) struct Head {
    pub(in crate::http1) status: u16,
    pub(in crate::http1) body: BodyKind,
    pub(in crate::http1) keep_alive: bool,
    pub(in crate::http1) has_protocol: bool,
}

/// Parses the head at the beginning of `bytes`. Returns it and its length in bytes; `None` if it
/// is incomplete.
///
/// # Errors
/// [`InvalidData`](io::ErrorKind::InvalidData) for anything but the head of a response.
pub(in crate::http1) fn parse(bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut slots = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut slots)
        .map_err(|error| invalid(format!("not HTTP: {error}")))?;
    let Status::Complete(size) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let keep_alive = response.version == Some(1);
    let mut framing = FramingHeaders { keep_alive, ..FramingHeaders::default() };
    let mut has_protocol = false;
    for header in response.headers.iter() {
        if !framing.read(header.name, header.value)? {
            has_protocol |= header.name.eq_ignore_ascii_case(wire::HEADER_PROTOCOL);
        }
    }
    let body = match framing {
        _ if status < 200 || status == 204 || status == 304 => BodyKind::Length(0),
        FramingHeaders { encoded: true, chunked: true, .. } => BodyKind::Chunked,
        FramingHeaders { encoded: true, chunked: false, .. } => BodyKind::Eof,
        FramingHeaders { length: Some(length), .. } => BodyKind::Length(length),
        FramingHeaders { length: None, .. } => BodyKind::Eof,
    };
    let keep_alive = framing.keep_alive && body != BodyKind::Eof;
    Ok(Some((Head { status, body, keep_alive, has_protocol }, size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Head {
        let (head, size) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!(size, text.len());
        head
    }

    fn head(lines: &str) -> Head {
        parsed(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"))
    }

    #[test]
    fn length_encoding_and_status_say_where_the_body_ends() {
        assert_eq!(head("Content-Length: 5\r\n").body, BodyKind::Length(5));
        assert_eq!(head("transfer-encoding: gzip, Chunked\r\n").body, BodyKind::Chunked);
        let both = head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
        assert_eq!(both.body, BodyKind::Chunked);
        assert_eq!(head("Transfer-Encoding: gzip\r\n").body, BodyKind::Eof);
        assert_eq!(head("").body, BodyKind::Eof);
        assert_eq!(parsed("HTTP/1.1 204 None\r\n\r\n").body, BodyKind::Length(0));
    }

    #[test]
    fn a_connection_stays_open_unless_the_head_says_otherwise() {
        assert!(head("Content-Length: 0\r\n").keep_alive);
        assert!(!head("Content-Length: 0\r\nConnection: close\r\n").keep_alive);
        assert!(!head("").keep_alive);
        let old = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n";
        assert!(!parsed(&format!("{old}\r\n")).keep_alive);
        assert!(parsed(&format!("{old}Connection: Keep-Alive\r\n\r\n")).keep_alive);
    }

    #[test]
    fn the_protocol_header_is_recognised() {
        assert!(head("Goplug-Protocol: 2\r\nContent-Length: 0\r\n").has_protocol);
        assert!(!head("Goplug-Timeout: 2\r\nContent-Length: 0\r\n").has_protocol);
    }
}
