//! From a request to its response. Every request takes these steps, whichever codec reads and writes
//! it.
//!
//! 1. [`RequestHandler::route`] reads the head.
//! 2. [`RequestHandler::begin`] takes the body and runs the method's handler as far as it goes
//!    without waiting. That is all for most calls.
//! 3. [`RequestHandler::finish`] waits for the rest. Before that, the connection can write earlier
//!    responses; meanwhile, it listens to its peer.

#[cfg(feature = "remote")]
mod own_activation;
mod streams;

use std::pin::pin;
use std::sync::Arc;
use std::task::Context as TaskContext;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::callbacks::{CallbackReply, ConnectionGuard, Hangup, Hub};
use super::definition::{PluginDefinition, Settings};
use super::dispatch::{self, Begun, Running};
use super::headers::{CallHeaders, Headers, parse_budget};
use super::lifecycle::{CallGuard, Lifecycle, Phase};
use super::problems::{bad_request, no_reply_stream, stopping};
use super::response::{Response, ResponseGuard};
use super::result_stream::Opening;
use super::route::{
    CallSource, ControlRequest, IncomingCall, MethodCall, Route, other_than_post, reserved,
};
use super::stop_times::StopTimes;
#[cfg(feature = "schema")]
use crate::openapi::openapi;
use crate::protocol::chain::Chain;
use crate::protocol::{Dialect, Problem, ProblemKind, legacy, null, wire};
use crate::typed::{Call, CallOrigin, Configuration, Context, Inherited, Scope};

/// Answers the requests of a running server.
pub(super) struct RequestHandler {
    definition: Arc<PluginDefinition>,
    lifecycle: Arc<Lifecycle>,
    hub: Arc<Hub>,
    /// What the handlers and hooks of an annotated plugin run in.
    context: Option<Context>,
}

/// The answer to a request that has begun.
pub(super) enum Answer {
    Ready(Response),
    /// [`RequestHandler::finish`] waits for the response. Boxed, since it is large.
    Pending(Box<PendingRequest>),
}

/// A request whose response is not ready.
pub(super) enum PendingRequest {
    Call { running: Running, budget: Option<Duration>, accepts_parts: bool, guard: CallGuard },
    Stream(Opening),
    Control { request: Box<ControlRequest>, body: Bytes },
}

/// A connection that a host may be attached by. Dropping it detaches the host.
pub(super) struct Attachment {
    lifecycle: Arc<Lifecycle>,
    connection: u64,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.lifecycle.detach(self.connection);
    }
}

/// Why a control request fails.
enum Failure {
    Problem(Problem),
    /// The connection ends without an answer.
    Hangup,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Hangup> for Failure {
    fn from(_: Hangup) -> Self {
        Self::Hangup
    }
}

impl RequestHandler {
    pub(super) fn new(
        definition: Arc<PluginDefinition>,
        lifecycle: Arc<Lifecycle>,
        hub: Arc<Hub>,
        context: Option<Context>,
    ) -> Self {
        Self { definition, lifecycle, hub, context }
    }

    pub(super) fn lifecycle(&self) -> &Arc<Lifecycle> {
        &self.lifecycle
    }

    pub(super) fn hub(&self) -> &Hub {
        &self.hub
    }

    pub(super) fn definition(&self) -> &PluginDefinition {
        &self.definition
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.definition.settings
    }

    /// Records that a connection is open. When the guard is dropped, the hosts that registered
    /// on the connection count as disconnected, and a host that is attached by it as gone.
    pub(super) fn connected(&self, connection: u64) -> (ConnectionGuard, Attachment) {
        let attachment = Attachment { lifecycle: self.lifecycle.clone(), connection };
        (ConnectionGuard::new(self.hub.clone(), connection), attachment)
    }

    /// Runs a hook as part of this plugin.
    pub(super) async fn in_context<F: Future>(&self, hook: F) -> F::Output {
        Scope::of_plugin(self.context.as_ref()).run(pin!(hook)).await
    }

    /// Finds out what a request asks for. `timeout` is the value of [`wire::HEADER_TIMEOUT`], and
    /// `fields` are all fields of the head.
    pub(super) fn route<'a>(
        &self,
        verb: &str,
        path: &str,
        timeout: Option<&[u8]>,
        fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Route<'_> {
        if verb != "POST" {
            return other_than_post(verb, path);
        }
        let Some(method) = wire::method_of_path(path) else {
            return Route::Invalid(bad_request(format!("the path {path:?} names no method")));
        };
        if let Some((method, handler)) = self.definition.method(&method) {
            let budget = match parse_budget(timeout) {
                Ok(budget) => budget,
                Err(problem) => return Route::Invalid(problem),
            };
            let headers = CallHeaders::new(fields);
            let call = MethodCall::new(method, handler, budget, &headers);
            let calls_services = self.definition.calls_services();
            let origin =
                calls_services.then(|| self.origin(&method.name, headers.host, headers.chain));
            let source = CallSource::new(headers.traceparent, origin);
            return match method.incoming() {
                None => Route::Call(call, source),
                Some(param) => {
                    let incoming = IncomingCall::new(call, source, param, headers.arguments);
                    Route::Incoming(Box::new(incoming))
                }
            };
        }
        reserved(&method, path, timeout, Headers::new(fields))
    }

    /// Where a call comes from, for the services that it calls.
    fn origin(&self, method: &str, host: Option<&[u8]>, chain: Option<&[u8]>) -> Arc<CallOrigin> {
        let within = chain.and_then(Chain::read).unwrap_or_default();
        let host = host.and_then(|token| std::str::from_utf8(token).ok()).map(str::to_owned);
        let chain = within.with(&self.definition.id.to_string(), method);
        Arc::new(CallOrigin { host, chain })
    }

    /// Begins a request, and polls a method's handler once. Waits for nothing. `cx` is that of the task
    /// that will wait for the answer.
    pub(super) fn begin(&self, route: Route<'_>, body: Bytes, cx: &mut TaskContext<'_>) -> Answer {
        let (method, call, source) = match route {
            Route::Call(method, source) => (method, Call::new(body), source),
            Route::Incoming(incoming) => match self.arrived(&incoming, body) {
                Ok(call) => (incoming.call, call, incoming.source),
                Err(problem) => return Answer::refusal(&problem),
            },
            Route::Control(request) => {
                return Answer::pending(PendingRequest::Control { request, body });
            }
            Route::Replies(_) => return Answer::refusal(&no_reply_stream()),
            Route::Invalid(problem) => return Answer::refusal(&problem),
        };
        self.begin_method(method, call, source, cx)
    }

    /// Begins a call that comes from there, as [`RequestHandler::begin`].
    #[inline]
    pub(super) fn begin_method(
        &self,
        method: MethodCall<'_>,
        call: Call,
        source: Option<Arc<CallSource>>,
        cx: &mut TaskContext<'_>,
    ) -> Answer {
        let MethodCall { handler, streams, reports, budget, accepts_parts, .. } = method;
        let guard = match self.lifecycle.begin_call() {
            Ok(guard) => guard,
            Err(problem) => return Answer::refusal(&problem),
        };
        if streams || reports {
            return self.begin_stream(method, call, source, guard);
        }
        let scope = |deadline| self.scope_of_call(&method, deadline, source);
        match dispatch::begin(handler, call, budget, scope, cx) {
            Begun::Answered(outcome) => {
                Answer::Ready(Response::of_call(outcome, accepts_parts, guard))
            }
            Begun::Running(running) => {
                Answer::pending(PendingRequest::Call { running, budget, accepts_parts, guard })
            }
        }
    }

    /// What the code of a call runs in.
    #[inline]
    fn scope_of_call(
        &self,
        method: &MethodCall<'_>,
        deadline: Option<Instant>,
        source: Option<Arc<CallSource>>,
    ) -> Scope {
        let plugin = self.context.as_ref();
        match source {
            None => method.scope(plugin, Inherited { deadline, traceparent: None }),
            Some(source) => {
                let traceparent = source.traceparent;
                let scope = method.scope(plugin, Inherited { deadline, traceparent });
                scope.from(source.origin.clone())
            }
        }
    }

    /// Waits for the response to a request. `connection` is the number of the connection that
    /// it came on. Dropping the future drops the method's handler.
    ///
    /// # Errors
    /// [`Hangup`] means that the connection ends without an answer.
    pub(super) async fn finish(
        &self,
        pending: Box<PendingRequest>,
        connection: u64,
    ) -> Result<Response, Hangup> {
        let outcome = match *pending {
            PendingRequest::Call { running, budget, accepts_parts, guard } => {
                let outcome = dispatch::finish(running, budget, &self.lifecycle).await;
                return Ok(Response::of_call(outcome, accepts_parts, guard));
            }
            PendingRequest::Stream(opening) => return Ok(Response::of_stream(opening.await)),
            PendingRequest::Control { request, body } => {
                // In a box, so that the future of a call stays small.
                Box::pin(self.control(*request, body, connection)).await
            }
        };
        match outcome {
            Ok(response) => Ok(response),
            Err(Failure::Problem(problem)) => {
                Ok(Response::problem(&problem, ResponseGuard::default()))
            }
            Err(Failure::Hangup) => Err(Hangup),
        }
    }

    async fn control(
        &self,
        request: ControlRequest,
        body: Bytes,
        connection: u64,
    ) -> Result<Response, Failure> {
        let raw = |body| Response::ok(body, wire::OCTET_STREAM, ResponseGuard::default());
        match request {
            ControlRequest::Activate { dialect, budget, is_host } => {
                if is_host {
                    self.lifecycle.attach(connection);
                    return self.activate(dialect, budget, body).await;
                }
                let pin = self.lifecycle.begin_pin();
                let response = self.activate(dialect, budget, body).await?;
                pin.keep();
                Ok(response)
            }
            ControlRequest::Describe => self.describe(),
            ControlRequest::Stop(times) => Ok(self.stop(times).await),
            ControlRequest::Ping => Ok(raw(body)),
            #[cfg(feature = "schema")]
            ControlRequest::OpenApi => {
                let document = openapi(&self.definition.described()).to_string();
                Ok(Response::ok(document.into(), wire::JSON, ResponseGuard::default()))
            }
            ControlRequest::RegisterCallback(headers) => {
                self.register(&headers, &body, connection).await
            }
            ControlRequest::CallbackReply { id, headers } => {
                let reply = if headers.is_problem() {
                    CallbackReply::Problem(body)
                } else {
                    CallbackReply::Value(body)
                };
                self.hub.reply(headers.host_token()?, id, reply)?;
                Ok(raw(Bytes::new()))
            }
        }
    }

    async fn activate(
        &self,
        dialect: Dialect,
        budget: Option<Duration>,
        body: Bytes,
    ) -> Result<Response, Failure> {
        if dialect == Dialect::GoPlug2 && !body.is_empty() {
            serde_json::from_slice::<IgnoredAny>(&body)
                .map_err(|error| bad_request(format!("the configuration is not JSON: {error}")))?;
        }
        let configuration = Configuration::new(body);
        let hook = || self.in_context(self.definition.hooks.run_activate(configuration));
        dispatch::within_budget(budget, self.lifecycle.activate(hook)).await?;
        let guard = ResponseGuard::default();
        Ok(match dialect {
            Dialect::GoPlug2 => {
                let descriptor = self.definition.descriptor_json.clone();
                Response::ok(descriptor, wire::DESCRIPTOR, guard).with_protocol()
            }
            Dialect::GoPlug1 => {
                let methods = self.definition.descriptor.methods.iter().map(|m| m.name.as_str());
                Response::ok(legacy::method_list(methods).into(), wire::JSON, guard)
            }
        })
    }

    /// What the plugin offers, also before its activation.
    fn describe(&self) -> Result<Response, Failure> {
        let descriptor = serde_json::to_vec(&self.definition.described())
            .map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?;
        let guard = ResponseGuard::default();
        Ok(Response::ok(descriptor.into(), wire::DESCRIPTOR, guard).with_protocol())
    }

    /// Asks the plugin to stop, and answers when nothing is in flight any more. The server's
    /// own task does the work, so it goes on even if the host goes away.
    async fn stop(&self, times: StopTimes) -> Response {
        let guard = ResponseGuard::from(self.lifecycle.request_stop(times));
        self.lifecycle.reached(Phase::Drained).await;
        Response::ok(Bytes::new(), wire::OCTET_STREAM, guard)
    }

    async fn register(
        &self,
        headers: &Headers,
        body: &[u8],
        connection: u64,
    ) -> Result<Response, Failure> {
        if self.lifecycle.phase() >= Phase::Stopping {
            return Err(stopping().into());
        }
        match headers.dialect() {
            Dialect::GoPlug2 => {
                // Some languages write `null` for an empty list, and no body is `null` everywhere.
                let body = null::for_empty(body);
                let names: Option<Vec<String>> = serde_json::from_slice(body).map_err(|error| {
                    bad_request(format!("expected an array of callback names: {error}"))
                })?;
                let names = names.unwrap_or_default();
                let token = headers.host_token()?;
                let last = headers.last_event_id()?;
                Ok(Response::callbacks(self.hub.open_stream(token, names, last)?))
            }
            Dialect::GoPlug1 => {
                let name = legacy::parse_callback_name(body)
                    .map_err(|error| bad_request(error.to_string()))?;
                let notification = self.hub.poll_legacy(connection, name)?.await?;
                Ok(Response::ok(notification, wire::OCTET_STREAM, ResponseGuard::default()))
            }
        }
    }
}

impl Answer {
    fn refusal(problem: &Problem) -> Self {
        Self::Ready(Response::problem(problem, ResponseGuard::default()))
    }

    fn pending(request: PendingRequest) -> Self {
        Self::Pending(Box::new(request))
    }
}
