//! What a request asks for: known from its head, before its body has arrived.

use std::time::Duration;

use super::headers::Headers;
use crate::protocol::{Dialect, Problem, Traceparent};
use crate::typed::Handler;

/// What a request asks for. The large variant is boxed, so that a call is moved in a few registers.
pub(super) enum Route<'h> {
    /// A call of one of the plugin's own methods.
    Call(MethodCall<'h>),
    /// One of the requests that the protocol reserves.
    Control(Box<ControlRequest>),
    /// An invalid request; the problem is its answer.
    Invalid(Problem),
}

/// A call of a method.
#[derive(Clone, Copy)]
pub(super) struct MethodCall<'h> {
    pub(super) handler: &'h Handler,
    /// Whether the result is a stream.
    pub(super) streams: bool,
    /// The caller's budget, if it has one.
    pub(super) budget: Option<Duration>,
    /// Whether the caller reads a result of the media type `multipart/form-data`.
    pub(super) accepts_parts: bool,
    /// The caller's place in a trace.
    pub(super) traceparent: Option<Traceparent>,
}

/// A request for a method that the protocol reserves, or for the descriptor.
pub(super) enum ControlRequest {
    Activate {
        dialect: Dialect,
        budget: Option<Duration>,
        /// Whether the host has said who it is: then it is gone when its connection ends.
        is_host: bool,
    },
    /// What the plugin offers, with schemas.
    Describe,
    Stop,
    Ping,
    /// The plugin as an OpenAPI document.
    #[cfg(feature = "schema")]
    OpenApi,
    RegisterCallback(Headers),
    /// The reply to the callback with this event id.
    CallbackReply {
        id: u64,
        headers: Headers,
    },
}
