//! Calls with streams, by the part of the server that only plugins with streams have.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::{Answer, PendingRequest, RequestHandler};
use crate::plugin::lifecycle::CallGuard;
use crate::plugin::route::{CallSource, IncomingCall, MethodCall};
use crate::plugin::streaming::{StreamTimes, StreamedCalls, no_streaming};
use crate::protocol::Problem;
use crate::typed::Call;

impl RequestHandler {
    /// A call that takes a stream, which has arrived as a whole.
    ///
    /// # Errors
    /// A problem if it does not begin with the arguments.
    pub(super) fn arrived(&self, call: &IncomingCall<'_>, body: Bytes) -> Result<Call, Problem> {
        let calls = self.definition.streaming_part::<StreamedCalls>().ok_or_else(no_streaming)?;
        (calls.arrived)(call, body)
    }

    /// Begins a call whose result is a stream, or that reports. Not inlined, so that the other calls are
    /// not longer for it.
    #[inline(never)]
    pub(super) fn begin_stream(
        &self,
        method: MethodCall<'_>,
        call: Call,
        source: Option<Arc<CallSource>>,
        guard: CallGuard,
    ) -> Answer {
        let Some(calls) = self.definition.streaming_part::<StreamedCalls>() else {
            return Answer::refusal(&no_streaming());
        };
        let MethodCall { handler, reports, budget, .. } = method;
        // The budget of a stream ends with its head: the stream may last longer.
        let whole = budget.filter(|_| reports);
        let deadline = whole.and_then(|budget| Instant::now().checked_add(budget));
        let scope = self.scope_of_call(&method, deadline, source);
        let times = StreamTimes { scope, until_head: budget, whole };
        let opening = (calls.open)(handler, call, times, Arc::clone(&self.lifecycle), guard);
        Answer::pending(PendingRequest::Stream(opening))
    }
}
