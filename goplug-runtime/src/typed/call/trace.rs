//! Where the current code is in a distributed trace.
//!
//! With the feature `opentelemetry`, a scope has a span, and the current span is where the code is.
//! Without it, everything that a call does is at the place of the call's caller.

use std::future::Future;

use super::call_context::Inherited;
use super::context::Scope;
use super::reply::Reply;
#[cfg(feature = "opentelemetry")]
use super::span;
use super::work::Work;
use crate::panic::catch_panic;
use crate::protocol::{Problem, Traceparent};

/// The place in a trace of what the current code sends.
#[inline]
pub(crate) fn current() -> Option<Traceparent> {
    #[cfg(feature = "opentelemetry")]
    if let Some(place) = span::current() {
        return Some(place);
    }
    Inherited::current_trace()
}

impl Scope {
    /// Runs the work of this scope until it answers or panics. A failure is noted on its span.
    pub(crate) fn answer(
        self,
        work: impl Future<Output = Result<Reply, Problem>> + Unpin,
    ) -> impl Future<Output = Result<Reply, Problem>> {
        let span = self.span.clone();
        let work = self.run(work);
        async move {
            let outcome = catch_panic(work).await;
            span.note(outcome.unwrap_or_else(|panic| Err(Problem::panicked(panic))))
        }
    }

    /// The scope of the handler of a callback that was sent at this place in a trace.
    pub(crate) fn of_callback(work: Work<'_>, traceparent: Traceparent) -> Self {
        let inherited = Inherited { deadline: None, traceparent: Some(traceparent) };
        Self::of_call(None, inherited).within_span(work)
    }

    /// The same scope of a call, with a span for it. The span's parent is the place of the caller.
    #[inline]
    #[must_use]
    pub(crate) fn within_span(self, work: Work<'_>) -> Self {
        #[cfg(feature = "opentelemetry")]
        let scope = self.in_span(|parent| span::of(work, parent));
        #[cfg(not(feature = "opentelemetry"))]
        let (scope, Work::Call { .. } | Work::Service { .. } | Work::Callback { .. }) =
            (self, work);
        scope
    }
}
