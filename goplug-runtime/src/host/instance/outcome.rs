//! What becomes of a request that was sent.

use std::io::{self, ErrorKind};

use bytes::Bytes;

use super::exit::Exit;
use super::response::{self, Terms};
use crate::error::{Error, Result};
use crate::host::connection::SendError;
use crate::http1::Response;
use crate::protocol::PluginId;

/// What becomes of a request that was sent.
pub(in crate::host) enum Outcome {
    /// It is decided.
    Done(Result<Bytes>),
    /// The connection is gone: how the process ended may be about to be known.
    Lost(ConnectionLost),
}

/// A connection that is gone, and with it the answer.
pub(in crate::host) struct ConnectionLost {
    error: io::Error,
    may_have_executed: bool,
}

impl Outcome {
    /// The outcome of a request to this method of a plugin.
    pub(super) fn new(
        id: &PluginId,
        method: &str,
        sent: Result<Response, SendError>,
        terms: Terms,
    ) -> Self {
        let error = match sent {
            Ok(response) => return Self::Done(response::into_result(id, method, response, terms)),
            Err(SendError::TooLarge) => Error::TooLarge { limit: terms.limit },
            Err(SendError::TimedOut) => deadline_error(id, method, terms),
            Err(SendError::Broken(error)) if error.kind() == ErrorKind::InvalidData => {
                Error::Protocol(format!("the answer of {id} to {method:?}: {error}"))
            }
            Err(SendError::Broken(error)) => {
                return Self::Lost(ConnectionLost { error, may_have_executed: true });
            }
            Err(SendError::Unsent(error)) => {
                return Self::Lost(ConnectionLost { error, may_have_executed: false });
            }
        };
        Self::Done(Err(error))
    }
}

impl ConnectionLost {
    /// The error of the call: a crash, as far as it is known how the process ended.
    pub(super) fn into_error(self, id: &PluginId, exit: Option<&Exit>) -> Error {
        let exit = match exit {
            Some(exit) => exit.clone(),
            None => Exit::because(format!("connection lost: {}", self.error)),
        };
        let Self { may_have_executed, .. } = self;
        let Exit { status, stderr, .. } = exit;
        Error::Crashed { id: id.clone(), status, stderr, may_have_executed }
    }
}

/// The error of a call that took longer than its budget.
pub(super) fn deadline_error(id: &PluginId, method: &str, terms: Terms) -> Error {
    Error::Deadline { what: format!("{method} of {id}"), after: terms.budget }
}
