//! Why a start has failed, and whether another one may succeed.

use std::io;

use crate::error::Error;
use crate::transport::is_shortage;

/// A start that failed.
#[derive(Debug)]
pub(in crate::host) struct StartError {
    /// What the user gets.
    pub(in crate::host) error: Error,
    pub(in crate::host) cause: StartCause,
}

/// What kind of reason a start has failed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum StartCause {
    /// The host was short of something that it may have again soon: descriptors, processes, memory.
    Shortage,
    /// A file has another digest than its `.pconf` says: perhaps only one of the two is there yet.
    Digest,
    /// The process ended before it was active, with this status if it exited.
    Ended(Option<i32>),
    /// The activation took too long.
    TimedOut,
    /// Anything else.
    Other,
}

impl StartCause {
    /// Of a start that failed with an error of the system.
    pub(super) fn of(error: &io::Error) -> Self {
        if is_shortage(error) { Self::Shortage } else { Self::Other }
    }

    pub(super) fn with(self, error: Error) -> StartError {
        StartError { error, cause: self }
    }
}

impl StartError {
    /// The same cause with another error.
    pub(in crate::host) fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        Self { error: change(self.error), ..self }
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        StartCause::Other.with(error)
    }
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        error.error
    }
}
