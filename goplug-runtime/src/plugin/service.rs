//! One request, and the answer to it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::answer::{Answer, Ticket};
use super::callbacks::{ConnectionGuard, Hangup};
use super::dispatch::{self, Running};
use super::lifecycle::{InFlight, Lifecycle, Phase, stopping};
use super::request::{Dialect, Headers, bad_request};
use super::server::Core;
use crate::protocol::{Problem, ProblemKind, legacy, wire};
use crate::typed::{Call, Configuration, Context, Handler, Reply};

/// A running server, as its connections see it.
pub(super) struct Service {
    core: Arc<Core>,
    /// The plugin that handlers belong to, where it has a type.
    context: Option<Context>,
}

/// Why a request gets no result.
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

impl Service {
    pub(super) fn new(core: Arc<Core>, context: Option<Context>) -> Self {
        Self { core, context }
    }

    pub(super) fn lifecycle(&self) -> &Arc<Lifecycle> {
        &self.core.lifecycle
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Runs a hook as part of this plugin.
    pub(super) async fn in_context<F: Future>(&self, hook: F) -> F::Output {
        match &self.context {
            Some(context) => context.clone().scope(hook).await,
            None => hook.await,
        }
    }

    /// The largest body that is taken, in bytes.
    pub(super) fn body_limit(&self) -> usize {
        self.core.settings.body_limit
    }

    /// How long a peer may pause within a request.
    pub(super) fn peer_idle(&self) -> Duration {
        self.core.settings.peer_idle
    }

    /// Notes a connection: when the guard is dropped, its registrations are without one.
    pub(super) fn connected(&self, connection: u64) -> ConnectionGuard {
        ConnectionGuard::new(self.core.hub.clone(), connection)
    }

    /// Answers a `POST`, by its path, query included, and its headers. Dropping the future
    /// drops the handler.
    ///
    /// # Errors
    /// [`Hangup`] ends the connection without an answer.
    pub(super) async fn answer(
        &self,
        path: &str,
        headers: &Headers,
        body: Bytes,
        connection: u64,
    ) -> Result<Answer, Hangup> {
        match self.route(path, headers, body, connection).await {
            Ok(answer) => Ok(answer),
            Err(Failure::Problem(problem)) => Ok(Answer::problem(&problem, Ticket::default())),
            Err(Failure::Hangup) => Err(Hangup),
        }
    }

    /// The handler of this method, where there is one.
    pub(super) fn handler(&self, method: &str) -> Option<&Handler> {
        self.core.handlers.get(method)
    }

    /// Begins a call: see [`Lifecycle::enter`].
    ///
    /// # Errors
    /// A problem where the plugin is not active.
    pub(super) fn enter(&self) -> Result<InFlight, Problem> {
        self.core.lifecycle.enter()
    }

    /// Begins a call: see [`dispatch::begin`].
    ///
    /// # Errors
    /// The handler, where it takes longer.
    pub(super) async fn begin(
        &self,
        handler: &Handler,
        budget: Option<Duration>,
        body: Bytes,
    ) -> Result<Result<Reply, Problem>, Running> {
        dispatch::begin(handler, Call::new(body), budget, self.context.as_ref()).await
    }

    /// Waits for a handler: see [`dispatch::finish`].
    ///
    /// # Errors
    /// The problem with which the call is to be answered.
    pub(super) async fn finish(
        &self,
        running: Running,
        budget: Option<Duration>,
    ) -> Result<Reply, Problem> {
        dispatch::finish(running, budget, self.context.as_ref(), &self.core.lifecycle).await
    }

    async fn route(
        &self,
        path: &str,
        headers: &Headers,
        body: Bytes,
        connection: u64,
    ) -> Result<Answer, Failure> {
        let Some(method) = wire::method_of_path(path) else {
            return Err(bad_request(format!("the path {path:?} names no method")).into());
        };
        match &*method {
            wire::ACTIVATE => self.activate(headers, body).await,
            wire::STOP => Ok(self.stop().await),
            wire::PING => Ok(Answer::whole(body, wire::OCTET_STREAM, Ticket::default())),
            wire::REGISTER_CALLBACK => self.register(headers, &body, connection).await,
            wire::CALLBACK_REPLY => self.reply(path, headers, body),
            _ => self.call(method, headers, body).await,
        }
    }

    async fn call(
        &self,
        method: Cow<'_, str>,
        headers: &Headers,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let budget = headers.budget()?;
        let handler = self.handler(&method).ok_or_else(|| {
            let detail = format!("the plugin has no method {method:?}");
            Problem::new(ProblemKind::UnknownMethod, detail)
        })?;
        let ticket = Ticket::from(self.enter()?);
        let answered = match self.begin(handler, budget, body).await {
            Ok(answered) => answered,
            Err(running) => self.finish(running, budget).await,
        };
        Ok(match answered {
            Ok(reply) => Answer::reply(reply, ticket),
            Err(problem) => Answer::problem(&problem, ticket),
        })
    }

    async fn activate(&self, headers: &Headers, body: Bytes) -> Result<Answer, Failure> {
        let hook = || self.in_context(self.core.hooks.activate(Configuration::new(body)));
        let activation = self.core.lifecycle.activate(hook);
        dispatch::within(headers.budget()?, activation).await?;
        Ok(match headers.dialect() {
            Dialect::GoPlug2 => {
                let descriptor = self.core.descriptor_text.clone();
                Answer::whole(descriptor, wire::DESCRIPTOR, Ticket::default()).with_protocol()
            }
            Dialect::GoPlug1 => {
                let methods = self.core.descriptor.methods.iter().map(|m| m.name.as_str());
                Answer::whole(legacy::method_list(methods).into(), wire::JSON, Ticket::default())
            }
        })
    }

    /// Asks for the stop and answers when nothing is in flight any more. The server's own
    /// task does the work: a host that goes away meanwhile interrupts nothing.
    async fn stop(&self) -> Answer {
        let ticket = Ticket::from(self.core.lifecycle.stop_request());
        self.core.lifecycle.reached(Phase::Drained).await;
        Answer::whole(Bytes::new(), wire::OCTET_STREAM, ticket)
    }

    async fn register(
        &self,
        headers: &Headers,
        body: &[u8],
        connection: u64,
    ) -> Result<Answer, Failure> {
        if self.core.lifecycle.phase() >= Phase::Stopping {
            return Err(stopping().into());
        }
        match headers.dialect() {
            Dialect::GoPlug2 => {
                let names = serde_json::from_slice::<Vec<String>>(body).map_err(|error| {
                    bad_request(format!("expected an array of callback names: {error}"))
                })?;
                let token = headers.host_token()?;
                let last = headers.last_event_id()?;
                Ok(Answer::callbacks(self.core.hub.open(token, names, last)?))
            }
            Dialect::GoPlug1 => {
                let name = legacy::parse_callback_name(body)
                    .map_err(|error| bad_request(error.to_string()))?;
                let notification = self.core.hub.poll_legacy(connection, name)?.await?;
                Ok(Answer::whole(notification, wire::OCTET_STREAM, Ticket::default()))
            }
        }
    }

    fn reply(&self, path: &str, headers: &Headers, body: Bytes) -> Result<Answer, Failure> {
        let id = path.split('/').nth(2).and_then(|id| id.parse().ok()).ok_or_else(|| {
            bad_request("a reply goes to /CallbackReply/ and the id of the callback's event")
        })?;
        self.core.hub.reply(headers.host_token()?, id, body, headers.is_problem())?;
        Ok(Answer::whole(Bytes::new(), wire::OCTET_STREAM, Ticket::default()))
    }
}
