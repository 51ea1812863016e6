//! Spans of `tracing`, whose traces OpenTelemetry joins.
//!
//! goplug makes spans, and no more: a layer of `tracing-opentelemetry` in the program's subscriber
//! records them. Without such a layer, no span has a place in a trace.
//!
//! A subscriber is users' code, which may panic: then there is no span.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
};
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::work::{TARGET, Work};
use crate::panic::catch;
use crate::protocol::Traceparent;

/// The current span, or else the current context of OpenTelemetry.
pub(super) fn current() -> Option<Traceparent> {
    let place = |context: &Context| place(context.span().span_context());
    let of_span = || place(&Span::current().context());
    catch(|| of_span().or_else(|| Context::map_current(place))).ok().flatten()
}

/// A span of this work, which is a part of the trace of its parent.
pub(super) fn of(work: Work<'_>, parent: Option<Traceparent>) -> Span {
    let span = catch(|| {
        let span = begin(work);
        if let Some(parent) = parent {
            // It fails if nobody records the span.
            let _ = span.set_parent(Context::new().with_remote_span_context(remote(parent)));
        }
        span
    });
    span.unwrap_or_else(|_| Span::none())
}

/// Notes that the work of a span has failed.
pub(super) fn fail(span: &Span, reason: &str) {
    drop(catch(|| span.set_status(Status::error(reason.to_owned()))));
}

fn begin(work: Work<'_>) -> Span {
    match work {
        Work::Call { method } => info_span!(
            target: TARGET, parent: None, "goplug.call", otel.kind = "server", method
        ),
        Work::Service { plugin, method } => info_span!(
            target: TARGET, parent: None, "goplug.service", otel.kind = "server", %plugin, method
        ),
        Work::Callback { plugin, name } => info_span!(
            target: TARGET, parent: None, "goplug.callback", otel.kind = "consumer",
            plugin = plugin.map(tracing::field::display), callback = name
        ),
    }
}

fn place(context: &SpanContext) -> Option<Traceparent> {
    let trace_id = u128::from_be_bytes(context.trace_id().to_bytes());
    let span_id = u64::from_be_bytes(context.span_id().to_bytes());
    Traceparent::new(trace_id, span_id, context.is_sampled())
}

fn remote(parent: Traceparent) -> SpanContext {
    let flags = if parent.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace_id, span_id) = (TraceId::from(parent.trace_id()), SpanId::from(parent.span_id()));
    SpanContext::new(trace_id, span_id, flags, true, TraceState::default())
}
