//! What the request handler needs for streams. It gets this from the entries of methods that have one,
//! and nothing else refers to it: a plugin without streams is linked without their code.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::lifecycle::{CallGuard, Lifecycle};
use super::result_stream::{Opening, ResultStream};
use super::route::IncomingCall;
use crate::protocol::{Problem, ProblemKind};
use crate::typed::{Call, Handler, Scope};

/// Calls with streams.
pub(super) struct StreamedCalls {
    /// Runs the handler of a call until its stream begins.
    pub(super) open: fn(&Handler, Call, StreamTimes, Arc<Lifecycle>, CallGuard) -> Opening,
    /// A call that takes a stream, which has arrived as a whole.
    pub(super) arrived: fn(&IncomingCall<'_>, Bytes) -> Result<Call, Problem>,
}

/// What a call with a stream runs in, and how long it may take.
pub(super) struct StreamTimes {
    pub(super) scope: Scope,
    /// Until the stream begins.
    pub(super) until_head: Option<Duration>,
    /// For the whole of it.
    pub(super) whole: Option<Duration>,
}

/// Those of every plugin that has any.
pub(super) const STREAMED_CALLS: StreamedCalls =
    StreamedCalls { open, arrived: |incoming, body| incoming.with_body(body) };

fn open(
    handler: &Handler,
    call: Call,
    times: StreamTimes,
    lifecycle: Arc<Lifecycle>,
    guard: CallGuard,
) -> Opening {
    let StreamTimes { scope, until_head, whole } = times;
    let stream = ResultStream::new(handler, call, (scope, whole), lifecycle, guard);
    Box::pin(stream.opened(until_head))
}

/// The problem of a method with streams whose entry did not say so.
pub(super) fn no_streaming() -> Problem {
    Problem::new(ProblemKind::Internal, "the plugin is linked without streams")
}
