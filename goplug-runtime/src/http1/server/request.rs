//! Requests, as a plugin reads them.

use std::mem::MaybeUninit;

use httparse::{EMPTY_HEADER, Header, ParserConfig, Status};

use super::fast_head;
use super::target::path_of_target;
use crate::http1::syntax::{has_sound_line_ends, is_host};
use crate::http1::{BodyKind, BodyLength, FramingHeaders, MAX_HEAD, MAX_HEADERS};
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
    /// A head of more than [`MAX_HEAD`](crate::http1::MAX_HEAD) bytes, or with more than
    /// [`MAX_HEADERS`](crate::http1::MAX_HEADERS) headers.
    TooLong,
    /// A valid request that needs more of HTTP than a plugin implements: HTTP/1.0, or `HEAD`.
    Unsupported,
    /// Bytes that are not a request, or that another reader could take for another request; and
    /// what is wrong with them.
    Refused(&'static str),
}

/// Parses the head of the request at the beginning of `bytes`.
pub fn parse_request<'a, 'h>(
    bytes: &'a [u8],
    slots: &'h mut HeaderSlots<'a>,
) -> ParsedRequest<'a, 'h> {
    let HeaderSlots { few, many } = slots;
    if let Some((path, count, size)) = fast_head::parse(bytes, few) {
        let line = RequestLine { method: "POST", target: path, is_1_1: true };
        return checked(line, size, &few[..count]);
    }
    // httparse skips empty lines.
    if bytes.first().is_some_and(|first| first.is_ascii_whitespace()) {
        return ParsedRequest::Refused("an empty line or a space is where a request begins");
    }
    let mut request = httparse::Request::new(&mut []);
    let parsed =
        ParserConfig::default().parse_request_with_uninit_headers(&mut request, bytes, many);
    let size = match parsed {
        Ok(Status::Complete(size)) => size,
        Ok(Status::Partial) if bytes.len() < MAX_HEAD => return ParsedRequest::Partial,
        Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return ParsedRequest::TooLong;
        }
        Err(error) => return ParsedRequest::Refused(reason(error)),
    };
    if !has_sound_line_ends(&bytes[..size]) {
        return ParsedRequest::Refused(reason(httparse::Error::NewLine));
    }
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return ParsedRequest::Refused(reason(httparse::Error::Token));
    };
    let line = RequestLine { method, target, is_1_1: request.version == Some(1) };
    checked(line, size, request.headers)
}

/// What is wrong with the bytes that httparse refuses with this error.
fn reason(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "the name of a header is invalid, or a space is beside it",
        httparse::Error::HeaderValue => "the value of a header contains a control character",
        httparse::Error::NewLine => "a line does not end in CR LF",
        httparse::Error::Version => "its version is not HTTP/1.1",
        _ => "it does not begin with a line like `POST /method HTTP/1.1`",
    }
}

struct RequestLine<'a> {
    method: &'a str,
    target: &'a str,
    is_1_1: bool,
}

/// The head of these parts, if its size, target and headers allow a plugin to answer it.
fn checked<'a, 'h>(
    line: RequestLine<'a>,
    size: usize,
    headers: &'h [Header<'a>],
) -> ParsedRequest<'a, 'h> {
    if size > MAX_HEAD {
        return ParsedRequest::TooLong;
    }
    let head = RequestHead {
        method: line.method,
        path: line.target,
        length: BodyLength::Known(0),
        size,
        timeout: None,
        pipeline: false,
        busy_poll: None,
        expects_continue: false,
        keep_alive: true,
        headers,
    };
    match with_headers(head, line.is_1_1) {
        Ok(_) if !line.is_1_1 || line.method == "HEAD" => ParsedRequest::Unsupported,
        Ok(head) => ParsedRequest::Complete(head),
        Err(reason) => ParsedRequest::Refused(reason),
    }
}

/// Reads the headers into the head, and the path out of the target.
///
/// # Errors
/// What is wrong with them.
fn with_headers<'a, 'h>(
    mut head: RequestHead<'a, 'h>,
    is_1_1: bool,
) -> Result<RequestHead<'a, 'h>, &'static str> {
    let mut framing = FramingHeaders::new(true);
    let mut host = None;
    for Header { name, value } in head.headers {
        if framing.read(name, value)? {
            continue;
        }
        if name.eq_ignore_ascii_case("host") {
            if host.replace(*value).is_some() {
                return Err("it has two Host headers");
            }
        } else if name.eq_ignore_ascii_case(wire::HEADER_TIMEOUT) {
            head.timeout.get_or_insert(value);
        } else if name.eq_ignore_ascii_case(wire::HEADER_PIPELINE) {
            head.pipeline = true;
        } else if name.eq_ignore_ascii_case(wire::HEADER_BUSY_POLL) {
            head.busy_poll = wire::parse_number(value);
        } else if name.eq_ignore_ascii_case("expect") {
            head.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            if !head.expects_continue {
                return Err("it expects something other than `100-continue`");
            }
        }
    }
    match host {
        None if is_1_1 => return Err("it has no Host header"),
        Some(host) if !is_host(host) => return Err("its Host header is not a host"),
        _ => {}
    }
    head.path = path_of_target(head.path, host)?;
    head.keep_alive = framing.keep_alive;
    head.length = match framing.body()? {
        None => BodyLength::Known(0),
        Some(BodyKind::Length(length)) => BodyLength::Known(length),
        Some(_) if is_1_1 => BodyLength::Unknown,
        Some(_) => return Err("it is HTTP/1.0, which has no Transfer-Encoding"),
    };
    Ok(head)
}

#[cfg(test)]
mod tests;
