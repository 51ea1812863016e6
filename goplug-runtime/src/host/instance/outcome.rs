//! The outcome of a request: a result, or a connection that broke.

use std::io::{self, ErrorKind};

use bytes::Bytes;

use super::response::{self, RequestLimits};
use crate::error::{Error, Result};
use crate::host::connection::{SendError, Stage};
use crate::http1::Response;
use crate::protocol::PluginId;

/// The outcome of a request.
pub(super) enum Outcome {
    /// The result is final.
    Done(Result<Bytes>),
    /// There was no response. The host may find out why.
    Failed(Failure),
}

/// Why a request got no response.
pub(super) enum Failure {
    /// No connection could be made.
    Unconnected(io::Error),
    /// The connection broke.
    ConnectionLost {
        error: io::Error,
        /// Whether the plugin may have begun the request.
        may_have_begun: bool,
    },
    /// The deadline has passed at this stage.
    TimedOut(Stage),
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
            Err(SendError::Runtime(missing)) => missing.into(),
            Err(SendError::Items(error)) => *error,
            Err(SendError::TimedOut(stage)) => return Self::Failed(Failure::TimedOut(stage)),
            Err(SendError::Unconnected(error)) => return Self::Failed(Failure::Unconnected(error)),
            Err(SendError::Broken(error)) if error.kind() == ErrorKind::InvalidData => {
                Error::Protocol(format!("the answer of {id} to {method:?}: {error}"))
            }
            Err(SendError::Broken(error)) => {
                return Self::Failed(Failure::ConnectionLost { error, may_have_begun: true });
            }
            Err(
                SendError::Unsent(error) | SendError::Unread(error) | SendError::ClosedIdle(error),
            ) => {
                return Self::Failed(Failure::ConnectionLost { error, may_have_begun: false });
            }
        };
        Self::Done(Err(error))
    }
}
