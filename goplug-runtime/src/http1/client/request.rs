//! Requests, as a host writes them.

use std::io::Write as _;

use bytes::Bytes;

use crate::http1::FLATTEN_LIMIT;
use crate::protocol::{Traceparent, wire};

/// The method of a request, in HTTP's sense.
#[derive(Clone, Copy, Debug)]
pub enum Verb {
    /// Reads it.
    Get,
    /// Calls it.
    Post,
}

/// A host's request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What the request does with what its path names.
    pub verb: Verb,
    /// The method's wire name, not encoded.
    pub method: &'a str,
    /// The rest of the path, after the method's name: empty, or percent-encoded with a leading
    /// slash.
    pub below: &'a str,
    /// The body's media type; `None` sends no `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The caller's budget, in milliseconds.
    pub timeout: Option<u64>,
    /// The caller's place in a trace. Boxed, since most requests have none.
    pub traceparent: Option<Box<Traceparent>>,
    /// Further headers, whose names are in lower case.
    pub headers: &'a [(&'static str, &'a str)],
    /// The body, or its first piece.
    pub body: &'a [u8],
    /// The further pieces of the body.
    pub more: &'a [Bytes],
}

impl<'a> Request<'a> {
    /// A request for a method, without further headers.
    pub fn new(method: &'a str, body: &'a [u8]) -> Self {
        Self {
            verb: Verb::Post,
            method,
            below: "",
            content_type: None,
            timeout: None,
            traceparent: None,
            headers: &[],
            body,
            more: &[],
        }
    }

    /// The request for a plugin's descriptor with its schemas.
    pub fn describe() -> Self {
        Self { verb: Verb::Get, headers: &[wire::GOPLUG_2], ..Self::new("", b"") }
    }

    /// The length of the body, with all its pieces.
    pub fn body_length(&self) -> usize {
        self.body.len() + self.more.iter().map(Bytes::len).sum::<usize>()
    }

    /// Appends the request to `out`, for this authority. If the first piece of the body is larger than
    /// [`FLATTEN_LIMIT`](crate::http1::FLATTEN_LIMIT), it is returned, to be sent after `out`;
    /// otherwise it is part of `out`, and the returned slice is empty. Further pieces are to be
    /// sent after that.
    #[inline]
    pub fn write_to(&self, out: &mut Vec<u8>, authority: &[u8]) -> &'a [u8] {
        self.write_fields(out, authority);
        self.write_rest(out)
    }

    /// Appends what follows [`Request::write_fields`], as [`Request::write_to`] does.
    #[inline]
    pub(super) fn write_rest(&self, out: &mut Vec<u8>) -> &'a [u8] {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(b"\r\ncontent-length: ");
        out.extend_from_slice(digits.format(self.body_length()).as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        if self.body.len() > FLATTEN_LIMIT {
            return self.body;
        }
        out.extend_from_slice(self.body);
        &[]
    }

    /// Appends the head of the request to `out`, for this authority and for a body in chunks.
    pub fn write_head_of_stream(&self, out: &mut Vec<u8>, authority: &[u8]) {
        self.write_fields(out, authority);
        out.extend_from_slice(b"\r\ntransfer-encoding: chunked\r\n\r\n");
    }

    /// Appends the head without the fields that say where the body ends.
    pub(super) fn write_fields(&self, out: &mut Vec<u8>, authority: &[u8]) {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(match self.verb {
            Verb::Get => b"GET ",
            Verb::Post => b"POST ",
        });
        wire::write_path_of_method(self.method, out);
        out.extend_from_slice(self.below.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        out.extend_from_slice(authority);
        if let Some(content_type) = self.content_type {
            out.extend_from_slice(b"\r\ncontent-type: ");
            out.extend_from_slice(content_type.as_bytes());
        }
        if let Some(timeout) = self.timeout {
            out.extend_from_slice(b"\r\ngoplug-timeout: ");
            out.extend_from_slice(digits.format(timeout).as_bytes());
        }
        if let Some(traceparent) = &self.traceparent {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\r\n{}: {traceparent}", wire::HEADER_TRACEPARENT);
        }
        for (name, value) in self.headers {
            for part in ["\r\n", name, ": ", value] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
}

/// Adds a header to the request at the beginning of `out`.
pub fn insert_header(out: &mut Vec<u8>, name: &str, value: u64) {
    let line = out.windows(2).position(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
    out.splice(line..line, format!("{name}: {value}\r\n").into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_with_the_headers_of_the_protocol() {
        let mut out = b"from before, ".to_vec();
        let request = Request {
            below: "/7",
            content_type: Some(wire::JSON),
            timeout: Some(250),
            headers: &[("goplug-protocol", "2")],
            ..Request::new("main.Do it", b"{}")
        };
        assert!(request.write_to(&mut out, b"math").is_empty());
        let expected = "from before, POST /main.Do%20it/7 HTTP/1.1\r\nhost: math\r\n\
                        content-type: application/json\r\ngoplug-timeout: 250\r\n\
                        goplug-protocol: 2\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn the_descriptor_is_asked_for_at_the_root() {
        let mut out = Vec::new();
        Request::describe().write_to(&mut out, b"math");
        let expected =
            "GET / HTTP/1.1\r\nhost: math\r\ngoplug-protocol: 2\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_large_body_is_not_copied() {
        let (mut out, body) = (Vec::new(), vec![0; FLATTEN_LIMIT + 1]);
        assert_eq!(Request::new("Do", &body).write_to(&mut out, b"x").as_ptr(), body.as_ptr());
        assert!(out.ends_with(format!("content-length: {}\r\n\r\n", body.len()).as_bytes()));
    }
}
