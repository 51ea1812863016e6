//! The errors of a plugin in this process: those that its host would make.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, RefusedCall, Result};
use crate::limits;
use crate::protocol::{PluginId, Problem};
use crate::transport::KILLED;

/// The error of a call that was answered with a problem, within this time.
pub(super) fn refused(id: &PluginId, method: &str, time: Duration, problem: &Problem) -> Error {
    let call = RefusedCall { id, method, body_limit: limits::MAX_BODY, time };
    call.error(problem.kind(), problem.detail.clone(), Some(problem))
}

/// A body that may have as many bytes as any.
///
/// # Errors
/// [`Error::TooLarge`].
pub(super) fn within_limit(body: Bytes) -> Result<Bytes> {
    if body.len() > limits::MAX_BODY {
        return Err(Error::TooLarge { limit: limits::MAX_BODY });
    }
    Ok(body)
}

/// The error of a call in which the plugin was killed.
pub(super) fn crashed(id: &PluginId) -> Error {
    Error::Crashed {
        id: id.clone(),
        status: KILLED.into(),
        stderr: Vec::new(),
        may_have_executed: true,
    }
}

/// The error of a call that was not answered within this time.
pub(super) fn too_late(id: &PluginId, method: &str, time: Duration) -> Error {
    Error::deadline(format!("{method} of {id}"), time)
}
