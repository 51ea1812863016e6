//! Requests, as a plugin reads them.

use std::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, Header, ParserConfig, Status};

use super::fast_head;
use crate::http1::{BodyLength, FramingHeaders, MAX_HEAD, MAX_HEADERS};
use crate::protocol::wire;

/// Memory for the headers of a request while the request is parsed.
pub struct HeaderSlots<'a> {
    /// For the fast path.
    few: [Header<'a>; 12],
    /// For httparse. Not initialised, so that a request that needs none of them pays nothing.
    many: [MaybeUninit<Header<'a>>; MAX_HEADERS],
}

impl Default for HeaderSlots<'_> {
    fn default() -> Self {
        Self { few: [EMPTY_HEADER; 12], many: [const { MaybeUninit::uninit() }; MAX_HEADERS] }
    }
}

/// The head of a request that a plugin can answer without hyper.
#[derive(Debug)]
pub struct RequestHead<'a, 'h> {
    /// The HTTP method.
    pub method: &'a str,
    /// The target's path and query, still percent-encoded.
    pub path: &'a str,
    /// The length of the body.
    pub length: BodyLength,
    /// The length of the head, in bytes.
    pub size: usize,
    /// The value of `Goplug-Timeout`: the caller's budget.
    pub timeout: Option<&'a [u8]>,
    /// Whether the plugin may give back the requests behind this one (`Goplug-Pipeline`).
    pub pipeline: bool,
    /// For how long the plugin is asked to busy poll the connection, in microseconds
    /// (`Goplug-Busy-Poll`).
    pub busy_poll: Option<u64>,
    /// Whether the peer sends the body only after an interim response (`Expect: 100-continue`).
    pub expects_continue: bool,
    /// Whether another request may follow on the connection.
    pub keep_alive: bool,
    headers: &'h [Header<'a>],
}

impl<'a> RequestHead<'a, '_> {
    /// Names and values of the headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.headers.iter().map(|header| (header.name, header.value))
    }
}

/// What the bytes from a peer begin with.
#[derive(Debug)]
pub enum ParsedRequest<'a, 'h> {
    /// An incomplete head.
    Partial,
    /// The head of a request that a plugin can answer without hyper: HTTP/1.1, to a path, and with a
    /// body in its response.
    Complete(RequestHead<'a, 'h>),
    /// More than [`MAX_HEAD`](crate::http1::MAX_HEAD) bytes of a head.
    TooLong,
    /// A request that needs a complete implementation of HTTP, or bytes that are not a request.
    Unsupported,
}

/// Parses the head of the request at the beginning of `bytes`.
pub fn parse_request<'a, 'h>(
    bytes: &'a [u8],
    slots: &'h mut HeaderSlots<'a>,
) -> ParsedRequest<'a, 'h> {
    let HeaderSlots { few, many } = slots;
    if let Some((path, count, size)) = fast_head::parse(bytes, few) {
        return checked("POST", path, size, &few[..count]);
    }
    let mut request = httparse::Request::new(&mut []);
    let parsed =
        ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, many);
    let size = match parsed {
        Ok(Status::Complete(size)) => size,
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => return ParsedRequest::Partial,
        Ok(Status::Partial) => return ParsedRequest::TooLong,
        Err(_) => return ParsedRequest::Unsupported,
    };
    match (request.method, request.path, request.version) {
        (Some(method), Some(path), Some(1))
            if path.starts_with('/') && !matches!(method, "HEAD" | "CONNECT") =>
        {
            checked(method, path, size, request.headers)
        }
        _ => ParsedRequest::Unsupported,
    }
}

/// The head of these parts, if its size and headers allow a plugin to answer it.
fn checked<'a, 'h>(
    method: &'a str,
    path: &'a str,
    size: usize,
    headers: &'h [Header<'a>],
) -> ParsedRequest<'a, 'h> {
    let head = RequestHead {
        method,
        path,
        length: BodyLength::Known(0),
        size,
        timeout: None,
        pipeline: false,
        busy_poll: None,
        expects_continue: false,
        keep_alive: true,
        headers,
    };
    if size > MAX_HEAD {
        return ParsedRequest::TooLong;
    }
    with_headers(head).map_or(ParsedRequest::Unsupported, ParsedRequest::Complete)
}

/// Reads the headers into the head; `None` if they contradict each other, or ask for something
/// that is not implemented here.
fn with_headers<'a, 'h>(mut head: RequestHead<'a, 'h>) -> Option<RequestHead<'a, 'h>> {
    let mut framing = FramingHeaders { keep_alive: true, ..FramingHeaders::default() };
    for Header { name, value } in head.headers {
        if framing.read(name, value).ok()? {
            continue;
        }
        if name.eq_ignore_ascii_case(wire::HEADER_TIMEOUT) {
            head.timeout.get_or_insert(value);
        } else if name.eq_ignore_ascii_case(wire::HEADER_PIPELINE) {
            head.pipeline = true;
        } else if name.eq_ignore_ascii_case(wire::HEADER_BUSY_POLL) {
            head.busy_poll = wire::parse_number(value);
        } else if name.eq_ignore_ascii_case("expect") {
            head.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            if !head.expects_continue {
                return None;
            }
        }
    }
    head.keep_alive = framing.keep_alive;
    head.length = match framing {
        FramingHeaders { encoded: false, length, .. } => BodyLength::Known(length.unwrap_or(0)),
        // With a length as well, two peers could disagree on where the body ends, and one would
        // read the body as a request.
        FramingHeaders { chunked: true, length: None, .. } => BodyLength::Unknown,
        _ => return None,
    };
    Some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_unsupported(text: &str) -> bool {
        matches!(
            parse_request(text.as_bytes(), &mut HeaderSlots::default()),
            ParsedRequest::Unsupported
        )
    }

    fn request(headers: &str) -> String {
        format!("POST /add HTTP/1.1\r\nhost: x\r\n{headers}\r\n")
    }

    #[test]
    fn a_request_shows_its_path_length_and_headers() {
        let text = request("Goplug-Timeout: 250\r\nContent-Length: 13\r\n");
        let (bytes, mut slots) = (format!("{text}{{\"a\":1}}"), HeaderSlots::default());
        let ParsedRequest::Complete(head) = parse_request(bytes.as_bytes(), &mut slots) else {
            panic!()
        };
        assert_eq!(
            (head.path, head.length, head.size),
            ("/add", BodyLength::Known(13), text.len())
        );
        assert_eq!((head.timeout, head.pipeline), (Some(&b"250"[..]), false));
        assert_eq!(head.headers().count(), 3);
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let (text, mut slots) = (request("connection: Keep-Alive\r\n"), HeaderSlots::default());
        let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
            panic!()
        };
        assert_eq!((head.length, head.timeout), (BodyLength::Known(0), None));
    }

    #[test]
    fn headers_for_the_connection_are_read() {
        let text = request("Goplug-Pipeline: 1\r\nGoplug-Busy-Poll: 50\r\n");
        let mut slots = HeaderSlots::default();
        let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
            panic!()
        };
        assert_eq!((head.pipeline, head.busy_poll), (true, Some(50)));
    }

    #[test]
    fn an_incomplete_head_is_partial_until_it_is_too_long() {
        let text = request("Content-Length: 13\r\n");
        for end in 0..text.len() {
            let mut slots = HeaderSlots::default();
            let parsed = parse_request(&text.as_bytes()[..end], &mut slots);
            assert!(matches!(parsed, ParsedRequest::Partial), "{parsed:?}");
        }
        let long = "x".repeat(MAX_HEAD);
        for text in [format!("POST /{long}"), request(&format!("x: {long}\r\n"))] {
            let mut slots = HeaderSlots::default();
            let parsed = parse_request(text.as_bytes(), &mut slots);
            assert!(matches!(parsed, ParsedRequest::TooLong), "{parsed:?}");
        }
    }

    #[test]
    fn chunked_expected_and_last_bodies_are_recognised() {
        for (header, expected) in [
            ("transfer-encoding: Chunked", (BodyLength::Unknown, false, true)),
            ("Expect: 100-Continue\r\ncontent-length: 3", (BodyLength::Known(3), true, true)),
            ("connection: close", (BodyLength::Known(0), false, false)),
            ("connection: upgrade\r\nupgrade: x", (BodyLength::Known(0), false, true)),
        ] {
            let (text, mut slots) = (request(&format!("{header}\r\n")), HeaderSlots::default());
            let ParsedRequest::Complete(head) = parse_request(text.as_bytes(), &mut slots) else {
                panic!("{text}")
            };
            assert_eq!((head.length, head.expects_continue, head.keep_alive), expected, "{text}");
        }
    }

    #[test]
    fn unusual_and_contradictory_requests_are_unsupported() {
        for text in [
            "HEAD /add HTTP/1.1\r\n\r\n",
            "CONNECT /add HTTP/1.1\r\n\r\n",
            "POST /add HTTP/1.0\r\n\r\n",
            "POST http://x/add HTTP/1.1\r\n\r\n",
            "POST add HTTP/1.1\r\n\r\n",
            "\0",
            &request("transfer-encoding: gzip\r\n"),
            &request("transfer-encoding: chunked\r\ncontent-length: 1\r\n"),
            &request("Expect: the best\r\n"),
            &request("content-length: x\r\n"),
            &request("content-length: 1\r\ncontent-length: 2\r\n"),
        ] {
            assert!(is_unsupported(text), "{text}");
        }
    }
}
