//! The problems that several parts of the server answer with.

use std::time::Duration;

use crate::protocol::{Problem, ProblemKind};

/// The request is invalid, for this reason.
pub(super) fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::BadRequest, detail)
}

/// The body is larger than `limit` bytes.
pub(super) fn body_too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(ProblemKind::BodyTooLarge, detail)
}

/// Nothing of the body has arrived for this long.
pub(super) fn body_stalled(idle: Duration) -> Problem {
    bad_request(format!("nothing of the body has arrived for {idle:?}"))
}

/// The body ended too early, or is not valid HTTP.
pub(super) fn body_broken(error: impl std::fmt::Display) -> Problem {
    bad_request(format!("the body broke off: {error}"))
}

/// The body of a call that sends a stream has no event.
pub(super) fn no_event() -> Problem {
    bad_request("the body of this method is a stream of events, and it has none")
}

/// A stream of replies has come, and the plugin has not said that it reads any.
pub(super) fn no_reply_stream() -> Problem {
    bad_request("this plugin reads no stream of replies: send each reply as a request of its own")
}

/// No host has activated the plugin.
pub(super) fn not_active() -> Problem {
    Problem::new(ProblemKind::NotActive, "no host has activated the plugin yet")
}

/// The plugin is stopping.
pub(super) fn stopping() -> Problem {
    Problem::new(ProblemKind::Stopping, "the plugin is stopping and takes no further calls")
}
