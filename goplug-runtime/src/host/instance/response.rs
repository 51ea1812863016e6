//! From a response to a result: status codes and problem documents become errors.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, RefusedCall, Result};
use crate::http1::Response;
use crate::limits;
use crate::protocol::{PluginId, Problem, ProblemKind, visible};

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
    Err(error_of(id, method, Failure::read(status, &body), limits))
}

/// Checks that a descriptor is not too large to be read.
///
/// # Errors
/// What is wrong with it, as the end of a message.
pub(super) fn check_descriptor_size(body: &[u8]) -> Result<(), String> {
    let (length, limit) = (body.len(), limits::MAX_DESCRIPTOR);
    if length <= limit {
        return Ok(());
    }
    Err(format!("has {length} bytes, and a descriptor may have {limit}: shorten its documentation"))
}

/// The error that the problem document of a streamed result reports.
pub(super) fn stream_error(
    id: &PluginId,
    method: &str,
    problem: &[u8],
    limits: RequestLimits,
) -> Error {
    error_of(id, method, Failure::read(STREAM_FAILED, problem), limits)
}

/// The status that decides what the end of a stream means whose problem is of no known type.
const STREAM_FAILED: u16 = 500;

/// What a response that is no success says.
struct Failure {
    kind: ProblemKind,
    detail: String,
    /// The document in the body, if it is one.
    problem: Option<Problem>,
}

impl Failure {
    /// Reads the type of a problem document. Without a type that is known, the status decides, and
    /// the text of the body is shown.
    fn read(status: u16, body: &[u8]) -> Self {
        let problem: Option<Problem> = serde_json::from_slice(body).ok();
        let kind = match problem.as_ref().map_or(ProblemKind::Other, Problem::kind) {
            ProblemKind::Other => kind_of_status(status, body.is_empty()),
            kind => kind,
        };
        let detail = problem.as_ref().map(|problem| problem.detail.clone());
        let detail = detail.filter(|detail| !detail.is_empty());
        let detail = detail.unwrap_or_else(|| match excerpt(body) {
            Some(text) => format!("status {status}: {text}"),
            None => format!("it answered with status {status}"),
        });
        Self { kind, detail, problem }
    }
}

/// The kind of problem that a status means.
fn kind_of_status(status: u16, is_empty: bool) -> ProblemKind {
    match status {
        // GoPlug 1 sends no body. Web frameworks answer so to a path for which they have nothing.
        400 if is_empty => ProblemKind::UnknownMethod,
        404 => ProblemKind::UnknownMethod,
        400 => ProblemKind::BadRequest,
        408 => ProblemKind::DeadlineExceeded,
        413 => ProblemKind::BodyTooLarge,
        422 => ProblemKind::Method,
        500 => ProblemKind::Internal,
        503 => ProblemKind::Stopping,
        _ => ProblemKind::Other,
    }
}

/// The beginning of a body that is shown to people; `None` if there is nothing to show.
pub(super) fn excerpt(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&body[..body.len().min(limits::ERROR_EXCERPT)]);
    let text = text.trim().trim_end_matches(char::REPLACEMENT_CHARACTER);
    if text.is_empty() {
        return None;
    }
    let kind = if text.starts_with('<') { "a page of HTML: " } else { "" };
    let rest = if body.len() > limits::ERROR_EXCERPT { " …" } else { "" };
    Some(format!("{kind}{}{rest}", visible(text)))
}

/// The error that a response reports.
fn error_of(id: &PluginId, method: &str, failure: Failure, limits: RequestLimits) -> Error {
    let Failure { kind, detail, problem } = failure;
    let call = RefusedCall { id, method, body_limit: limits.body, time: limits.time };
    call.error(kind, detail, problem.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> Error {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let response = Response { status, body, ..Response::default() };
        let limits = RequestLimits { body: 9, time: Duration::from_secs(1) };
        into_result(&PluginId::new("p", "").unwrap(), "m", response, limits).unwrap_err()
    }

    #[test]
    fn without_a_type_that_is_known_the_status_decides() {
        for body in ["", "busy", "[]", "{}", "null", r#"{"type":"about:blank","status":1}"#] {
            assert!(matches!(error(503, body), Error::Unavailable { .. }), "{body}");
            assert!(matches!(error(422, body), Error::Method(_)), "{body}");
            assert!(matches!(error(408, body), Error::Deadline { .. }), "{body}");
            assert!(matches!(error(413, body), Error::TooLarge { limit: 9 }), "{body}");
            assert!(matches!(error(404, body), Error::UnknownMethod { .. }), "{body}");
            for status in [201, 301, 418, 431, 500, 502] {
                assert!(matches!(error(status, body), Error::Remote { .. }), "{status} {body}");
            }
        }
        assert!(matches!(error(400, ""), Error::UnknownMethod { .. }));
        assert!(matches!(error(400, "what?"), Error::Remote { .. }));
    }

    #[test]
    fn a_type_that_is_known_decides_and_not_the_status() {
        let panicked = r#"{"type":"urn:goplug:error:handler-panicked","detail":"oh"}"#;
        for status in [400, 422, 503] {
            assert!(matches!(error(status, panicked), Error::Panicked { .. }), "{status}");
        }
    }

    #[test]
    fn the_value_of_a_methods_error_is_read_without_a_type_as_well() {
        let Error::Method(failure) = error(422, r#"{"error":{"TooLarge":3}}"#) else { panic!() };
        assert_eq!(failure.error.unwrap().get(), r#"{"TooLarge":3}"#);
    }

    #[test]
    fn texts_that_are_no_problem_are_shown_in_part_and_with_their_control_characters_written_out() {
        let text = error(500, "Traceback:\n  \u{1b}[31mKeyError: 'a'\n").to_string();
        assert!(
            text.contains("status 500: Traceback:") && text.contains("KeyError: 'a'"),
            "{text}"
        );
        assert!(text.contains("\\u{1b}") && !text.contains('\u{1b}'), "{text}");
        assert!(error(502, "<html>Bad Gateway").to_string().contains("a page of HTML: <html>Bad"));
        assert!(error(500, r#"{"message":"no"}"#).to_string().contains(r#"{"message":"no"}"#));
        assert!(error(418, "").to_string().contains("it answered with status 418"));
        let long = error(500, &"ä".repeat(limits::ERROR_EXCERPT)).to_string();
        assert!(long.len() < limits::ERROR_EXCERPT + 100 && long.ends_with(" …"), "{long}");
    }
}
