//! The span of a scope: on it, a failure is noted.

#[cfg(feature = "opentelemetry")]
use super::span;
use crate::protocol::Problem;

/// The span that the work of a scope runs within, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScopeSpan {
    #[cfg(feature = "opentelemetry")]
    span: Option<tracing::Span>,
}

impl ScopeSpan {
    #[cfg(feature = "opentelemetry")]
    pub(super) fn new(span: tracing::Span) -> Self {
        Self { span: Some(span) }
    }

    /// The span is the current one until the guard is dropped.
    #[cfg(feature = "opentelemetry")]
    #[inline]
    pub(super) fn enter(&self) -> Option<tracing::span::Entered<'_>> {
        self.span.as_ref().map(tracing::Span::enter)
    }

    /// Notes on the span that the work has failed, for the reason that its caller gets.
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

    /// The same outcome of the work; a failure is noted on the span.
    #[inline]
    pub(crate) fn note<T>(&self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        if cfg!(feature = "opentelemetry")
            && let Err(problem) = &outcome
        {
            self.failed(&problem.detail);
        }
        outcome
    }
}
