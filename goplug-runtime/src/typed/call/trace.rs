//! Where the current code is in a distributed trace.
//!
//! With the feature `opentelemetry`, a scope has a span, and the current span is where the code is.
//! Without it, everything that a call does is at the place of the call's caller.

use super::call_context::Inherited;
use super::context::Scope;
#[cfg(feature = "opentelemetry")]
use super::span;
use super::work::Work;
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

/// Where it is noted how the work of a scope ends: on its span, if it has one.
#[derive(Debug)]
pub(crate) struct SpanOutcome {
    #[cfg(feature = "opentelemetry")]
    span: Option<tracing::Span>,
}

impl SpanOutcome {
    /// Notes that the work has failed, for the reason that its caller gets.
    #[cfg_attr(not(feature = "opentelemetry"), allow(clippy::unused_self, reason = "no span"))]
    #[inline]
    pub(crate) fn failed(&self, reason: &str) {
        #[cfg(feature = "opentelemetry")]
        if let Some(span) = &self.span {
            span::fail(span, reason);
        }
        #[cfg(not(feature = "opentelemetry"))]
        let _ = reason;
    }

    /// The same outcome; a failure is noted.
    #[inline]
    pub(crate) fn of<T>(&self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        if cfg!(feature = "opentelemetry")
            && let Err(problem) = &outcome
        {
            self.failed(&problem.detail);
        }
        outcome
    }
}

impl Scope {
    /// Where it is noted how the work of this scope ends.
    #[inline]
    pub(crate) fn outcome(&self) -> SpanOutcome {
        SpanOutcome {
            #[cfg(feature = "opentelemetry")]
            span: self.span.clone(),
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
