//! The outcome of a request: a result, or a connection that broke.

use std::io::{self, ErrorKind};

use bytes::Bytes;

use super::exit::Exit;
use super::response::{self, RequestLimits};
use crate::error::{Error, Result};
use crate::host::connection::SendError;
use crate::http1::Response;
use crate::protocol::PluginId;

/// The outcome of a request.
pub(super) enum Outcome {
    /// The result is final.
    Done(Result<Bytes>),
    /// The connection broke. The host may soon learn how the process ended.
    ConnectionLost(ConnectionLost),
}

/// A connection that broke before the response was complete.
pub(super) struct ConnectionLost {
    error: io::Error,
    may_have_executed: bool,
}

impl Outcome {
    /// The outcome of a request to this method of a plugin.
    pub(super) fn new(
        id: &PluginId,
        method: &str,
        sent: Result<Response, SendError>,
        limits: RequestLimits,
    ) -> Self {
        let error = match sent {
            Ok(response) => return Self::Done(response::into_result(id, method, response, limits)),
            Err(SendError::TooLarge) => Error::TooLarge { limit: limits.body },
            Err(SendError::TimedOut) => deadline_error(id, method, limits),
            Err(SendError::Broken(error)) if error.kind() == ErrorKind::InvalidData => {
                Error::Protocol(format!("the answer of {id} to {method:?}: {error}"))
            }
            Err(SendError::Broken(error)) => {
                return Self::ConnectionLost(ConnectionLost { error, may_have_executed: true });
            }
            Err(SendError::Unsent(error)) => {
                return Self::ConnectionLost(ConnectionLost { error, may_have_executed: false });
            }
        };
        Self::Done(Err(error))
    }
}

impl ConnectionLost {
    /// The error of the call: a crash, with the exit of the process if that is known.
    pub(super) fn into_error(self, id: &PluginId, exit: Option<&Exit>) -> Error {
        let Self { error, may_have_executed } = self;
        let exit = exit.cloned();
        let Exit { status, stderr, .. } =
            exit.unwrap_or_else(|| Exit::because(format!("connection lost: {error}")));
        Error::Crashed { id: id.clone(), status, stderr, may_have_executed }
    }
}

/// The error of a call that took longer than its budget.
pub(super) fn deadline_error(id: &PluginId, method: &str, limits: RequestLimits) -> Error {
    Error::deadline(format!("{method} of {id}"), limits.time)
}
