//! The errors of a plugin in this process: those that its host would make.

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::error::{Error, RefusedCall};
use crate::limits;
use crate::protocol::{PluginId, Problem};

/// The error of a call that was answered with a problem, within this time.
pub(super) fn refused(id: &PluginId, method: &str, time: Duration, problem: &Problem) -> Error {
    let call = RefusedCall { id, method, body_limit: limits::MAX_BODY, time };
    call.error(problem.kind(), problem.detail.clone(), Some(problem))
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
    Error::io(format!("{method} of {id}: {what}"), io::Error::from(ErrorKind::UnexpectedEof))
}
