//! From a response to a result: status codes and problem documents become errors.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, MethodFailure, Result};
use crate::http1::Response;
use crate::protocol::{PluginId, Problem, ProblemKind};

/// The limits of a request; an error that reports an exceeded limit names it.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct RequestLimits {
    /// The largest response body, in bytes.
    pub(in crate::host) body: usize,
    /// How long the request may take.
    pub(in crate::host) time: Duration,
}

/// The body of a successful response, or the error that the response reports.
pub(in crate::host) fn into_result(
    id: &PluginId,
    method: &str,
    response: Response,
    limits: RequestLimits,
) -> Result<Bytes> {
    let Response { status, body, .. } = response;
    if status == 200 {
        return Ok(body);
    }
    let problem =
        serde_json::from_slice(&body).unwrap_or_else(|_| problem_of_status(status, method));
    Err(error_of(id, method, problem, limits))
}

/// The problem that a status code means without a problem document: GoPlug 1 sends none.
fn problem_of_status(status: u16, method: &str) -> Problem {
    let kind = match status {
        400 => ProblemKind::UnknownMethod,
        408 => ProblemKind::DeadlineExceeded,
        413 => ProblemKind::BodyTooLarge,
        _ => ProblemKind::Other,
    };
    Problem::new(kind, format!("{method}: the plugin answered with status {status}"))
}

/// The error that a problem document reports.
fn error_of(id: &PluginId, method: &str, mut problem: Problem, limits: RequestLimits) -> Error {
    let detail = std::mem::take(&mut problem.detail);
    let method = method.to_owned();
    match problem.kind() {
        ProblemKind::Method => Error::Method(MethodFailure { error: problem.error.take(), detail }),
        ProblemKind::UnknownMethod => Error::UnknownMethod { method },
        ProblemKind::InvalidArguments => Error::Arguments {
            method,
            parameter: problem.parameter.take(),
            expected: problem.expected.take(),
            detail,
        },
        ProblemKind::DeadlineExceeded => Error::deadline(format!("{method} of {id}"), limits.time),
        ProblemKind::BodyTooLarge => Error::TooLarge { limit: limits.body },
        ProblemKind::HandlerPanicked => Error::Panicked { method, detail },
        ProblemKind::Stopping | ProblemKind::NotActive => {
            Error::Unavailable { id: id.clone(), reason: detail }
        }
        _ => Error::Remote { id: id.clone(), method, detail },
    }
}
