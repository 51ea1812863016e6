//! Heads of responses, as a plugin writes them.

use super::BodyLength;
use crate::protocol::wire;

/// What a status is called; nothing of one that no plugin sends.
fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        408 => "Request Timeout",
        413 => "Payload Too Large",
        422 => "Unprocessable Entity",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

/// What the head of a response says.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: u16,
    /// What the body is.
    pub media_type: &'a str,
    /// Whether it says that a GoPlug 2 plugin has sent it.
    pub protocol: bool,
    /// How long the body is.
    pub length: BodyLength,
    /// Whether the connection ends behind it.
    pub close: bool,
}

/// Writes the head of a response behind `out`.
pub fn write_response_head(out: &mut Vec<u8>, head: ResponseHead<'_>) {
    let ResponseHead { status, media_type, protocol, length, close } = head;
    let mut digits = itoa::Buffer::new();
    if status == 200 {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-type: ");
    } else {
        let status = [digits.format(status), " ", reason(status)];
        for part in ["HTTP/1.1 "].iter().chain(&status).chain(&["\r\ncontent-type: "]) {
            out.extend_from_slice(part.as_bytes());
        }
    }
    out.extend_from_slice(media_type.as_bytes());
    if protocol {
        for part in ["\r\n", wire::HEADER_PROTOCOL, ": ", digits.format(wire::PROTOCOL)] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    match length {
        BodyLength::Of(length) => {
            out.extend_from_slice(b"\r\ncontent-length: ");
            out.extend_from_slice(digits.format(length).as_bytes());
        }
        BodyLength::Open => out.extend_from_slice(b"\r\ntransfer-encoding: chunked"),
    }
    if close {
        out.extend_from_slice(b"\r\nconnection: close");
    }
    out.extend_from_slice(b"\r\n\r\n");
}

#[cfg(test)]
mod tests {
    use super::super::body::Framing;
    use super::super::response::parse;
    use super::*;

    fn said(status: u16, protocol: bool, length: BodyLength, close: bool) -> ResponseHead<'static> {
        ResponseHead { status, media_type: wire::JSON, protocol, length, close }
    }

    #[test]
    fn a_head_of_a_stream_says_that_it_comes_in_chunks() {
        let mut out = Vec::new();
        write_response_head(&mut out, said(200, true, BodyLength::Open, false));
        let (head, size) = parse(&out).unwrap().unwrap();
        assert_eq!((size, head.framing), (out.len(), Framing::Chunked));
        assert!(head.keep_alive && head.has_protocol);
    }

    #[test]
    fn a_head_that_was_written_is_read_as_it_was_meant() {
        for (status, protocol) in [(200, true), (200, false), (422, false), (599, true)] {
            let (mut out, close) = (Vec::new(), protocol);
            write_response_head(&mut out, said(status, protocol, BodyLength::Of(1234), close));
            let (head, size) = parse(&out).unwrap().unwrap();
            assert_eq!(size, out.len());
            assert_eq!((head.status, head.has_protocol), (status, protocol));
            assert_eq!((head.framing, head.keep_alive), (Framing::Length(1234), !close));
        }
    }
}
