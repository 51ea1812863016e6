//! The heads of responses, as a host parses them.

use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroU16;

use httparse::{ParserConfig, Status};

use crate::http1::syntax::has_sound_line_ends;
use crate::http1::{BodyKind, FramingHeaders, MAX_HEADERS, invalid};
use crate::protocol::wire;

/// The value of the header `Goplug-Protocol`. It is small: every response has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol(NonZeroU16);

impl Protocol {
    /// The number in the value of a header, however that came.
    #[cfg(feature = "remote")]
    pub fn of_value(value: &[u8]) -> Self {
        Self::read(value)
    }

    fn read(value: &[u8]) -> Self {
        let number = wire::parse_number(value).and_then(|number| u16::try_from(number).ok());
        Self(number.and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MAX))
    }

    /// The number; `None` if the value is none that a version of the protocol can have.
    pub fn number(self) -> Option<u16> {
        Some(self.0.get()).filter(|number| *number < u16::MAX)
    }
}

/// What the head of a response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http1) struct Head {
    pub(in crate::http1) status: u16,
    pub(in crate::http1) body: BodyKind,
    pub(in crate::http1) keep_alive: bool,
    pub(in crate::http1) protocol: Option<Protocol>,
    /// Whether the body is a stream of events.
    pub(in crate::http1) is_events: bool,
}

/// Parses the head at the beginning of `bytes`. Returns it and its length in bytes; `None` if it
/// is incomplete.
///
/// # Errors
/// [`InvalidData`](io::ErrorKind::InvalidData) for anything but the head of a response.
pub(in crate::http1) fn parse(bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
    match bytes.first() {
        None => return Ok(None),
        Some(b'H') => {}
        // httparse skips empty lines.
        Some(_) => return Err(invalid("not HTTP: it does not begin with a status line")),
    }
    let mut slots = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut slots)
        .map_err(|error| invalid(format!("not HTTP: {error}")))?;
    let Status::Complete(size) = parsed else { return Ok(None) };
    if !has_sound_line_ends(&bytes[..size]) {
        return Err(invalid("not HTTP: a line of its head does not end in CR LF"));
    }
    let head =
        read_headers(&response).map_err(|fault| invalid(format!("the response: {fault}")))?;
    Ok(Some((head, size)))
}

fn read_headers(response: &httparse::Response<'_, '_>) -> Result<Head, &'static str> {
    let status = response.code.unwrap_or_default();
    let is_1_1 = response.version == Some(1);
    let mut framing = FramingHeaders::new(is_1_1);
    let (mut protocol, mut is_events) = (None, false);
    for header in response.headers.iter() {
        if framing.read(header.name, header.value)? {
            continue;
        }
        if header.name.eq_ignore_ascii_case(wire::HEADER_PROTOCOL) {
            protocol = Some(Protocol::read(header.value));
        } else if header.name.eq_ignore_ascii_case(wire::HEADER_CONTENT_TYPE) {
            is_events = is_event_stream(header.value);
        }
    }
    let body = match (status, framing.body()?) {
        (..100 | 101, _) => return Err("its status is none that was asked for"),
        (..200 | 204 | 304, None | Some(BodyKind::Length(0))) => BodyKind::Length(0),
        (..200 | 204 | 304, Some(_)) => return Err("it has a body, and its status allows none"),
        (_, Some(BodyKind::Chunked)) if !is_1_1 => return Err("it is HTTP/1.0 with chunks"),
        (_, body) => body.unwrap_or(BodyKind::Eof),
    };
    let keep_alive = framing.keep_alive && body != BodyKind::Eof;
    Ok(Head { status, body, keep_alive, protocol, is_events })
}

/// Whether a media type is that of event streams, whatever its parameters.
fn is_event_stream(value: &[u8]) -> bool {
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(wire::EVENT_STREAM.as_bytes())
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
        assert_eq!(head("transfer-encoding: Chunked\r\n").body, BodyKind::Chunked);
        assert_eq!(head("").body, BodyKind::Eof);
        for status in ["100 Continue", "102 Processing", "204 None", "304 Not Modified"] {
            assert_eq!(parsed(&format!("HTTP/1.1 {status}\r\n\r\n")).body, BodyKind::Length(0));
        }
        let empty = parsed("HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(empty.body, BodyKind::Length(0));
    }

    #[test]
    fn a_response_that_others_would_read_differently_is_refused() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx: a\r\n b\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\nContent-Length: 5\n\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\n",
            "HTTP/1.1 200 OK\r\nx: a\rContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx: \0\r\n\r\n",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.2 200 OK\r\n\r\n",
            "HTTP/2 200 OK\r\n\r\n",
            "http/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/1.1 099 What\r\n\r\n",
        ] {
            let error = parse(text.as_bytes()).expect_err(text);
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text:?}");
        }
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
    fn an_event_stream_is_known_by_its_media_type() {
        let is_events = |line: &str| head(&format!("{line}Content-Length: 0\r\n")).is_events;
        assert!(is_events("Content-Type: text/event-stream\r\n"));
        assert!(is_events("content-type: Text/Event-Stream; charset=utf-8\r\n"));
        assert!(!is_events("Content-Type: application/json\r\n"));
        assert!(!is_events(""));
    }

    #[test]
    fn the_protocol_header_is_recognised() {
        let protocol = |line: &str| head(&format!("{line}\r\nContent-Length: 0\r\n")).protocol;
        let number = |line: &str| protocol(line).unwrap().number();
        assert_eq!(number("Goplug-Protocol: 2"), Some(2));
        for odd in ["two", "0", "70000", "65535"] {
            assert_eq!(number(&format!("goplug-protocol: {odd}")), None, "{odd}");
        }
        assert_eq!(protocol("Goplug-Timeout: 2"), None);
    }
}
