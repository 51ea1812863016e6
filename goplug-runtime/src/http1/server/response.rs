//! The heads of responses, as a plugin writes them.

use crate::http1::BodyLength;
use crate::protocol::wire;

/// The reason phrase of a status that a plugin sends; empty for others.
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
    /// The media type of the body.
    pub media_type: &'a str,
    /// Whether it has the header `Goplug-Protocol`, as the responses of GoPlug 2 do.
    pub protocol: bool,
    /// The length of the body.
    pub length: BodyLength,
    /// Whether the connection is closed after the response.
    pub close: bool,
}

/// Appends the head of a response.
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
        BodyLength::Known(length) => {
            out.extend_from_slice(b"\r\ncontent-length: ");
            out.extend_from_slice(digits.format(length).as_bytes());
        }
        BodyLength::Unknown => out.extend_from_slice(b"\r\ntransfer-encoding: chunked"),
    }
    if close {
        out.extend_from_slice(b"\r\nconnection: close");
    }
    out.extend_from_slice(b"\r\n\r\n");
}
