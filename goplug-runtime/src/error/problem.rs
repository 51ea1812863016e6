//! The error that a problem document stands for.

use std::time::Duration;

use super::{Error, MethodFailure};
use crate::limits;
use crate::protocol::{PluginId, Problem, ProblemKind};

/// A call that was answered with a problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusedCall<'a> {
    pub(crate) id: &'a PluginId,
    pub(crate) method: &'a str,
    /// The largest body, in bytes, if that is what the problem is about.
    pub(crate) body_limit: usize,
    /// The time that the call had, if that is what the problem is about.
    pub(crate) time: Duration,
}

impl RefusedCall<'_> {
    /// The error of a problem of this kind, with this text and, if there is one, this document.
    pub(crate) fn error(
        &self,
        kind: ProblemKind,
        detail: String,
        problem: Option<&Problem>,
    ) -> Error {
        let Self { id, method, body_limit, time } = *self;
        of_handler(kind, method, detail, problem).unwrap_or_else(|detail| match kind {
            ProblemKind::DeadlineExceeded => Error::deadline(format!("{method} of {id}"), time),
            ProblemKind::BodyTooLarge => Error::TooLarge { limit: body_limit },
            ProblemKind::Stopping | ProblemKind::NotActive | ProblemKind::Misdirected => {
                Error::Unavailable { id: id.clone(), reason: detail }
            }
            ProblemKind::CutOff => Error::Unfinished { id: id.clone(), status: detail },
            _ => Error::Remote { id: id.clone(), method: method.into(), detail },
        })
    }
}

/// The error of a problem of the handler itself: what it made of the arguments, or that there is none.
///
/// # Errors
/// The text of a problem of another kind.
fn of_handler(
    kind: ProblemKind,
    method: &str,
    detail: String,
    problem: Option<&Problem>,
) -> Result<Error, String> {
    let method = method.to_owned();
    Ok(match kind {
        ProblemKind::Method => {
            let error = problem.and_then(|problem| problem.error.clone());
            Error::Method(MethodFailure { error, detail })
        }
        ProblemKind::UnknownMethod => Error::UnknownMethod { method },
        ProblemKind::HandlerPanicked => Error::Panicked { method, detail },
        ProblemKind::InvalidArguments => Error::Arguments {
            method,
            parameter: problem.and_then(|problem| problem.parameter.clone()),
            expected: problem.and_then(|problem| problem.expected.clone()),
            detail,
        },
        _ => return Err(detail),
    })
}

impl Error {
    /// The error of arguments that are too long beside a stream of bytes.
    pub(crate) fn arguments_too_long(method: &str) -> Self {
        let limit = limits::MAX_HEADER_ARGUMENTS;
        Self::Arguments {
            method: method.into(),
            parameter: None,
            expected: None,
            detail: format!("the arguments beside a stream of bytes are longer than {limit} bytes"),
        }
    }

    /// The error of a streamed result without an item for this long. The reason is known if the state of
    /// the process says it.
    pub(crate) fn silent_stream(
        method: &str,
        id: &PluginId,
        idle: Duration,
        reason: Option<String>,
    ) -> Self {
        let limit = || "the policy's `stream_idle` allows a stream no longer pause".into();
        Self::Deadline {
            what: format!("an item of {method} of {id}"),
            after: idle,
            reason: Some(reason.unwrap_or_else(limit)),
            may_have_executed: true,
        }
    }
}

/// The error of a callback that a host has answered with a problem. An answer may have this many bytes.
pub(crate) fn refused_callback(name: &str, problem: &Problem, body_limit: usize) -> Error {
    let kind = problem.kind();
    of_handler(kind, name, problem.detail.clone(), Some(problem)).unwrap_or_else(
        |detail| match kind {
            ProblemKind::BodyTooLarge => Error::TooLarge { limit: body_limit },
            _ => Error::Protocol(format!("callback {name:?}: {}: {detail}", problem.title())),
        },
    )
}
