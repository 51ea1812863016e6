//! A request to an instance: which connection it uses, and what its response means.
//!
//! An async caller uses [`Instance::call`], a caller that blocks [`Instance::call_blocking`].
//! They differ only in the way they wait.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout_at;

use super::exit::EXIT_WAIT;
use super::outcome::{Outcome, deadline_error};
use super::response::RequestLimits;
use super::shared::Instance;
use crate::error::{Error, Result};
use crate::host::connection::{Budget, PipelineOutcome, SendError};
use crate::http1::{Request, Response};
use crate::protocol::{Dialect, wire};
use crate::typed::{CallRequest, MediaType, wait_until};

impl Instance {
    /// Calls a method within the remaining budget. Dropping the future cancels the call.
    pub(in crate::host) async fn call(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
    ) -> Result<Bytes> {
        let _permit = match &self.one_at_a_time {
            None => None,
            Some(_) => match timeout_at(budget.deadline, self.call_permit()).await {
                Ok(permit) => permit,
                Err(_) => return Err(self.deadline_error(call.method, budget)),
            },
        };
        self.request(&self.request_of_call(call, budget), budget).await
    }

    /// Calls a method within the remaining budget, and blocks the caller's thread.
    pub(in crate::host) fn call_blocking(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
    ) -> Result<Bytes> {
        let permit = wait_until(self.call_permit(), budget.deadline.into());
        let _permit = permit.ok_or_else(|| self.deadline_error(call.method, budget))?;
        let request = self.request_of_call(call, budget);
        let sent = self.endpoint().send_blocking(&request, budget.deadline);
        match Outcome::new(self.id(), call.method, sent, self.request_limits(budget)) {
            Outcome::Done(result) => result,
            Outcome::ConnectionLost(lost) => {
                let exit = wait_until(self.wait_for_exit(), self.exit_deadline(budget).into());
                Err(lost.into_error(self.id(), exit))
            }
        }
    }

    /// Waits for the permit to call, if the plugin takes calls one at a time. The next call begins
    /// when the permit is dropped. Cancel safe.
    async fn call_permit(&self) -> Option<SemaphorePermit<'_>> {
        match &self.one_at_a_time {
            Some(semaphore) => semaphore.acquire().await.ok(),
            None => None,
        }
    }

    /// Sends a request and returns its result.
    async fn request(&self, request: &Request<'_>, budget: Budget) -> Result<Bytes> {
        let sent = self.send(request, budget.deadline).await;
        match Outcome::new(self.id(), request.method, sent, self.request_limits(budget)) {
            Outcome::Done(result) => result,
            Outcome::ConnectionLost(lost) => {
                let exit = timeout_at(self.exit_deadline(budget), self.wait_for_exit()).await;
                Err(lost.into_error(self.id(), exit.ok()))
            }
        }
    }

    /// Sends a request: on a pipeline if other calls are in flight and the method is known to be
    /// quick, else on a connection of its own.
    async fn send(
        &self,
        request: &Request<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<Response, SendError> {
        let is_only_call = || self.calls() <= 1;
        let classes = self.latency_classes.as_ref();
        let Some(class) = classes.and_then(|classes| classes.get(request.method)) else {
            return self.endpoint().send(request, deadline, is_only_call).await;
        };
        if !class.is_quick() {
            let began = Instant::now();
            let response = self.endpoint().send(request, deadline, is_only_call).await?;
            class.record(began.elapsed());
            return Ok(response);
        }
        if !is_only_call() {
            match self.endpoint().send_pipelined(request, deadline).await {
                PipelineOutcome::NoRoom | PipelineOutcome::GivenBack => {}
                PipelineOutcome::Failed(error) => return Err(error),
                PipelineOutcome::Answered { response, stalled } => {
                    if stalled {
                        class.record_stall();
                    }
                    return Ok(response);
                }
            }
        }
        self.endpoint().send(request, deadline, is_only_call).await
    }

    /// A call as a request in the plugin's dialect.
    fn request_of_call<'a>(&self, call: &'a CallRequest<'a>, budget: Budget) -> Request<'a> {
        let request = Request::new(call.method, &call.body);
        match self.dialect() {
            Dialect::GoPlug2 => Request {
                timeout: Some(wire::timeout_value(budget.remaining)),
                content_type: Some(call.media_type.as_str()),
                ..request
            },
            Dialect::GoPlug1 => Request {
                content_type: (!call.body.is_empty()).then(|| MediaType::Json.as_str()),
                ..request
            },
        }
    }

    fn request_limits(&self, budget: Budget) -> RequestLimits {
        RequestLimits { body: self.endpoint().body_limit(), time: budget.total }
    }

    fn deadline_error(&self, method: &str, budget: Budget) -> Error {
        deadline_error(self.id(), method, self.request_limits(budget))
    }

    /// Waits, after a call that the plugin has not begun, until the host has noticed that another
    /// process has taken its place. Returns at once for a child process, and after a while in any
    /// case. Cancel safe.
    pub(in crate::host) async fn noticed_end(&self, budget: Budget) {
        if !self.is_child() {
            let until = tokio::time::Instant::now() + EXIT_WAIT.min(budget.updated().remaining / 2);
            drop(timeout_at(until, self.wait_for_exit()).await);
        }
    }

    /// Until when a call whose connection broke waits to learn how the process ended. Only the
    /// exit of a child process can be learned. If the process has not ended, the call must fail
    /// because of its connection, not because of its deadline.
    fn exit_deadline(&self, budget: Budget) -> tokio::time::Instant {
        let now = tokio::time::Instant::now();
        let wait = if self.is_child() { EXIT_WAIT } else { Duration::ZERO };
        (now + wait.min(budget.remaining / 2)).min(budget.deadline.max(now))
    }
}
