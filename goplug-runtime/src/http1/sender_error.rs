//! A body in chunks whose sender has failed: the trailer `Goplug-Error` says why.
//!
//! The sender leaves out the line end after the trailers, and closes the connection. So a reader that
//! knows nothing of the trailer does not take the body for a whole one.

use std::error::Error;
use std::{fmt, io};

use super::chunks::CHUNK_END;
use crate::protocol::{header_json, wire};

/// A sender has given up its body. It stands in an [`io::Error`].
#[derive(Debug)]
pub struct SenderError {
    /// The problem document that says why.
    pub problem: Vec<u8>,
}

impl SenderError {
    /// The one in this error.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// Fails at the trailer of a sender that has failed.
    pub(super) fn look(trailer: &[u8]) -> io::Result<()> {
        let Some((name, value)) = trailer.split_at_checked(wire::HEADER_ERROR.len()) else {
            return Ok(());
        };
        match value.strip_prefix(b":") {
            Some(value) if name.eq_ignore_ascii_case(wire::HEADER_ERROR.as_bytes()) => {
                Err(io::Error::other(Self { problem: value.trim_ascii().to_vec() }))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for SenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its sender has given up the body")
    }
}

impl Error for SenderError {}

/// Appends what follows the chunks of a body whose sender has failed, with this problem document. The
/// connection has to be closed then.
pub fn write_sender_error(out: &mut Vec<u8>, problem: &[u8]) {
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(wire::HEADER_ERROR.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(header_json::write(problem).as_bytes());
    out.extend_from_slice(CHUNK_END);
}
