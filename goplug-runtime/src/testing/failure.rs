//! The errors of a plugin in this process: those that its host would make.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, RefusedCall, Result};
use crate::limits;
use crate::protocol::{PluginId, Problem};

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
        status: "signal: 9 (SIGKILL)".into(),
        stderr: Vec::new(),
        may_have_executed: true,
    }
}

/// The error of a call that was not answered within this time.
pub(super) fn too_late(id: &PluginId, method: &str, time: Duration) -> Error {
    Error::deadline(format!("{method} of {id}"), time)
}

/// The error of a stream of bytes that has failed: its body has no place for the reason.
pub(super) fn cut_off(id: &PluginId, method: &str) -> Error {
    let what = "it runs on, but ended the connection without a whole answer";
    let error = io::Error::new(ErrorKind::UnexpectedEof, "the body has been cut off");
    Error::io(format!("{method} of {id}: {what}"), error)
}
