//! Why a request got no response.

use std::fmt;
use std::io::{self, ErrorKind};

use tokio::time::Instant;

use crate::error::Error;
use crate::host::runtime::Missing;
use crate::http1::ReadError;
use crate::transport::was_left_unread;

/// Why a request got no response.
#[derive(Debug)]
pub(in crate::host) enum SendError {
    /// No connection could be made.
    Unconnected(io::Error),
    /// The connection was closed before a byte of the request was sent: the request can be sent on
    /// another connection.
    Unsent(io::Error),
    /// The plugin closed the connection before it had read the whole request, and sent nothing: it
    /// has not begun the request.
    Unread(io::Error),
    /// As [`SendError::Unread`], on a connection that had been idle: plugins close such
    /// connections at any time. The request can be sent on a new connection.
    ClosedIdle(io::Error),
    /// The connection failed after the request was sent. The kind is
    /// [`InvalidData`](ErrorKind::InvalidData) if the bytes received are not a valid response.
    Broken(io::Error),
    /// The response body is larger than the limit.
    TooLarge,
    /// The deadline has passed at this stage.
    TimedOut(Stage),
    /// There is no runtime that could send the request.
    Runtime(Missing),
    /// An item of the request's stream cannot be sent.
    Items(Box<Error>),
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum Stage {
    /// It waits until it may open a connection: there are as many as there may be.
    Queued,
    /// It waits until the plugin's socket takes its connection.
    Connecting,
    /// Not all of it was sent.
    Sending,
    /// All of it was sent.
    Sent,
}

impl SendError {
    /// The error of a connection that was not made; [`SendError::TimedOut`] if the caller's
    /// deadline has passed.
    pub(super) fn unconnected(error: io::Error, deadline: Instant) -> Self {
        if error.kind() == ErrorKind::TimedOut && deadline <= Instant::now() {
            Self::TimedOut(Stage::Connecting)
        } else {
            Self::Unconnected(error)
        }
    }

    /// The error of a connection that has ended. If the plugin did not get or did not read the whole
    /// request, and sent nothing, it has not begun the request.
    pub(super) fn ended(error: io::Error, sent_all: bool, has_received: bool) -> Self {
        if !has_received && (!sent_all || was_left_unread(&error)) {
            Self::Unread(error)
        } else {
            Self::Broken(error)
        }
    }

    /// This error on a connection that had been idle.
    pub(super) fn on_idle(self) -> Self {
        match self {
            Self::Unread(error) => Self::ClosedIdle(error),
            other => other,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unconnected(error) => write!(f, "there is no connection: {error}"),
            Self::Unsent(error) => write!(f, "the request was not sent: {error}"),
            Self::Unread(error) | Self::ClosedIdle(error) => {
                write!(f, "the plugin did not read the request: {error}")
            }
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
            Self::TooLarge => f.write_str("the response is larger than the limit"),
            Self::TimedOut(Stage::Sent) => f.write_str("no response came in time"),
            Self::TimedOut(_) => f.write_str("the request could not be sent in time"),
            Self::Items(error) => error.fmt(f),
            Self::Runtime(_) => f.write_str("there is no runtime that could send the request"),
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

/// The error of an I/O operation after the request was sent.
impl From<io::Error> for SendError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_words_and_not_variants() {
        let refused = || io::Error::from(ErrorKind::ConnectionRefused);
        let texts = [
            SendError::Unsent(refused()),
            SendError::Broken(refused()),
            SendError::TooLarge,
            SendError::TimedOut(Stage::Sent),
        ]
        .map(|error| error.to_string());
        let expected = [
            "the request was not sent: connection refused",
            "the connection broke: connection refused",
            "the response is larger than the limit",
            "no response came in time",
        ];
        assert_eq!(texts, expected);
    }
}
