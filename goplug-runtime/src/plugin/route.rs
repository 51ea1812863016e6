//! What a request asks for: known from its head, before its body has arrived.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::headers::{CallHeaders, Headers, parse_budget};
use super::problems::{bad_request, no_event};
use super::stop_times::StopTimes;
use crate::protocol::{
    Dialect, MethodDescriptor, Parameter, Problem, ProblemKind, Traceparent, spelling, wire,
};
#[cfg(feature = "opentelemetry")]
use crate::typed::Work;
use crate::typed::{Call, CallOrigin, Context, Handler, Inherited, MediaType, Scope, inlet};

/// What a request asks for. What is large and rare is boxed, so that a call is moved in a few registers.
pub(super) enum Route<'h> {
    /// A call of one of the plugin's own methods, and where it comes from, if that matters.
    Call(MethodCall<'h>, Option<Arc<CallSource>>),
    /// A call of such a method that takes a stream.
    Incoming(Box<IncomingCall<'h>>),
    /// One of the requests that the protocol reserves.
    Control(Box<ControlRequest>),
    /// A stream of replies, whose body is read as it arrives.
    Replies(Box<Headers>),
    /// An invalid request; the problem is its answer.
    Invalid(Problem),
}

/// A call of a method.
#[derive(Clone, Copy)]
pub(super) struct MethodCall<'h> {
    pub(super) handler: &'h Handler,
    /// Whether the result is a stream.
    pub(super) streams: bool,
    /// Whether the method reports how far it is, and the caller listens.
    pub(super) reports: bool,
    /// The caller's budget, if it has one.
    pub(super) budget: Option<Duration>,
    /// Whether the caller reads a result of the media type `multipart/form-data`.
    pub(super) accepts_parts: bool,
    /// The wire name of the method.
    #[cfg(feature = "opentelemetry")]
    pub(super) name: &'h str,
}

impl<'h> MethodCall<'h> {
    /// A call of this method, with this time.
    #[inline]
    pub(super) fn new(
        method: &'h MethodDescriptor,
        handler: &'h Handler,
        budget: Option<Duration>,
        headers: &CallHeaders<'_>,
    ) -> Self {
        Self {
            handler,
            streams: method.stream,
            reports: headers.accepts_events && method.progress.is_some(),
            budget,
            accepts_parts: headers.accepts_parts,
            #[cfg(feature = "opentelemetry")]
            name: &method.name,
        }
    }

    /// What the method runs within.
    #[inline]
    pub(super) fn scope(&self, plugin: Option<&Context>, inherited: Inherited) -> Scope {
        let scope = Scope::of_call(plugin, inherited);
        #[cfg(feature = "opentelemetry")]
        let scope = scope.within_span(Work::Call { method: self.name });
        scope
    }
}

/// Where a call comes from. Most callers do not say.
#[derive(Default)]
pub(super) struct CallSource {
    /// The caller's place in a trace.
    pub(super) traceparent: Option<Traceparent>,
    /// What the services have to know that the call may call.
    pub(super) origin: Option<Arc<CallOrigin>>,
}

impl CallSource {
    /// `None` if there is nothing to say.
    pub(super) fn new(
        traceparent: Option<Traceparent>,
        origin: Option<Arc<CallOrigin>>,
    ) -> Option<Arc<Self>> {
        let says_something = traceparent.is_some() || origin.is_some();
        says_something.then(|| Arc::new(Self { traceparent, origin }))
    }
}

/// A call of a method that takes a stream.
pub(super) struct IncomingCall<'h> {
    pub(super) call: MethodCall<'h>,
    /// What the items of the stream are.
    pub(super) items: MediaType,
    /// The other arguments, if the items are bytes. Else they are the first event.
    pub(super) arguments: Option<Bytes>,
    /// Where it comes from, if that matters.
    pub(super) source: Option<Arc<CallSource>>,
}

impl<'h> IncomingCall<'h> {
    /// A call of a method with this parameter. The header of its request may have these arguments.
    pub(super) fn new(
        call: MethodCall<'h>,
        source: Option<Arc<CallSource>>,
        param: &Parameter,
        arguments: Option<&[u8]>,
    ) -> Self {
        if !spelling::is_bytes(&param.ty.spelling) {
            return Self { call, items: MediaType::Json, arguments: None, source };
        }
        let arguments = arguments.map(Bytes::copy_from_slice).unwrap_or_default();
        Self { call, items: MediaType::Raw, arguments: Some(arguments), source }
    }

    /// The call with this body, which has arrived as a whole.
    ///
    /// # Errors
    /// A problem if it does not begin with the arguments.
    pub(super) fn with_body(&self, body: Bytes) -> Result<Call, Problem> {
        let (inlet, mut reader) = inlet(self.items, body.len());
        inlet.push(body);
        inlet.end(Ok(()));
        let arguments = match &self.arguments {
            Some(arguments) => Some(arguments.clone()),
            None => reader.arguments().map_err(|error| bad_request(error.to_string()))?,
        };
        let arguments = arguments.ok_or_else(no_event)?;
        Ok(Call::new(arguments).reading(reader))
    }
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
    Stop(StopTimes),
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

/// A request that asks what the plugin is, or that is refused.
pub(super) fn other_than_post<'h>(verb: &str, path: &str) -> Route<'h> {
    let request = match path.split('?').next() {
        Some(wire::ROOT_PATH) => ControlRequest::Describe,
        #[cfg(feature = "schema")]
        Some(wire::OPENAPI_PATH) => ControlRequest::OpenApi,
        _ => return not_post(verb),
    };
    if verb == "GET" { Route::Control(Box::new(request)) } else { not_post(verb) }
}

fn not_post<'h>(verb: &str) -> Route<'h> {
    Route::Invalid(bad_request(format!("{verb} is not POST")))
}

/// A request for a method that the protocol reserves. It is invalid if the protocol does not reserve the
/// method.
pub(super) fn reserved<'h>(
    method: &str,
    path: &str,
    timeout: Option<&[u8]>,
    headers: Headers,
) -> Route<'h> {
    if method == wire::CALLBACK_REPLY && headers.is_event_stream() {
        return Route::Replies(Box::new(headers));
    }
    match control_request(method, path, timeout, headers) {
        Ok(request) => Route::Control(Box::new(request)),
        Err(problem) => Route::Invalid(problem),
    }
}

fn control_request(
    method: &str,
    path: &str,
    timeout: Option<&[u8]>,
    headers: Headers,
) -> Result<ControlRequest, Problem> {
    match method {
        wire::ACTIVATE => Ok(ControlRequest::Activate {
            dialect: headers.dialect(),
            budget: parse_budget(timeout)?,
            is_host: headers.host_token()?.is_some(),
        }),
        wire::STOP => Ok(ControlRequest::Stop(StopTimes {
            until_forced: timeout.and_then(wire::parse_timeout),
            for_calls: headers.for_calls(),
        })),
        wire::PING => Ok(ControlRequest::Ping),
        wire::REGISTER_CALLBACK => Ok(ControlRequest::RegisterCallback(headers)),
        wire::CALLBACK_REPLY => {
            let id = path.split(['/', '?']).nth(2).and_then(|id| wire::parse_number(id.as_bytes()));
            let id = id.ok_or_else(|| {
                bad_request("a reply goes to /CallbackReply/ and the id of the callback's event")
            })?;
            Ok(ControlRequest::CallbackReply { id, headers })
        }
        _ => {
            parse_budget(timeout)?;
            let detail = format!("the plugin has no method {method:?}");
            Err(Problem::new(ProblemKind::UnknownMethod, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::protocol::TypeDescriptor;

    #[test]
    fn a_body_that_has_arrived_as_a_whole_begins_with_its_arguments() {
        let handler: Handler = Arc::new(|_| Box::pin(async { unreachable!() }));
        let call = MethodCall {
            handler: &handler,
            streams: false,
            reports: false,
            budget: None,
            accepts_parts: false,
            #[cfg(feature = "opentelemetry")]
            name: "m",
        };
        let of = |spelling: &str, arguments: Option<&[u8]>, body: &'static str| {
            let ty = TypeDescriptor { spelling: spelling.into(), schema: None };
            let param = Parameter { name: "items".into(), ty, stream: true };
            let call = IncomingCall::new(call, None, &param, arguments);
            call.with_body(body.into()).map(|call| call.body().clone())
        };
        let event = "event: arguments\ndata: [1]\n\n";
        assert_eq!(of("u8", None, event).unwrap(), "[1]");
        assert_eq!(of("u8", Some(b"[2]"), "event: end\ndata: null\n\n").unwrap(), "");
        assert_eq!(of("u8", None, "").unwrap_err().kind(), ProblemKind::BadRequest);
        assert_eq!(of("Bytes", Some(b"[2]"), event).unwrap(), "[2]");
        assert_eq!(of("Bytes", None, event).unwrap(), "");
    }
}
