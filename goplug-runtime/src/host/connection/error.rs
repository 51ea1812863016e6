//! Why a request got no response.

use std::io::{self, ErrorKind};

use tokio::time::Instant;

use crate::http1::ReadError;

/// Why a request got no response.
#[derive(Debug)]
pub(in crate::host) enum SendError {
    /// No connection could be made, or no byte of the request was sent: the request can be sent
    /// on another connection.
    Unsent(io::Error),
    /// The connection failed after a part of the request was sent. The kind is
    /// [`InvalidData`](ErrorKind::InvalidData) if the bytes received are not a valid response.
    Broken(io::Error),
    /// The response body is larger than the limit.
    TooLarge,
    /// The deadline has passed.
    TimedOut,
}

impl SendError {
    /// The error of a connection that was not made; [`SendError::TimedOut`] if the caller's
    /// deadline has passed.
    pub(super) fn unconnected(error: io::Error, deadline: Instant) -> Self {
        if error.kind() == ErrorKind::TimedOut && deadline <= Instant::now() {
            Self::TimedOut
        } else {
            Self::Unsent(error)
        }
    }
}

impl From<ReadError> for SendError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => Self::TooLarge,
            ReadError::Broken(error) => Self::Broken(error),
        }
    }
}

/// The error of an I/O operation with a deadline, after a part of the request was sent.
impl From<io::Error> for SendError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Broken(error),
        }
    }
}
