//! A request to an instance: which connection it uses, and what its response means.
//!
//! An async caller uses [`Instance::call`], a caller that blocks [`Instance::call_blocking`].
//! They differ only in the way they wait.

use std::future::Future;
use std::io::ErrorKind;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout_at;

use super::call_body::CallBody;
use super::exit::{EXIT_WAIT, Exit, FOREIGN_EXIT_WAIT};
use super::outcome::{Failure, Outcome};
use super::response::RequestLimits;
use super::shared::Instance;
use crate::error::{Error, Result};
use crate::host::connection::{Admission, Budget, PipelineOutcome, SendError, Stage};
use crate::host::runtime;
use crate::http1::{Request, Response};
use crate::protocol::{Dialect, wire};
use crate::typed::{CallRequest, MediaType, wait_until};

/// The header of a call whose result may consist of parts.
const ACCEPTS_PARTS: &[(&str, &str)] = &[(wire::HEADER_ACCEPT, wire::FORM_DATA)];

impl Instance {
    /// Calls a method within the remaining budget. Dropping the future cancels the call.
    pub(in crate::host) async fn call(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
    ) -> Result<Bytes> {
        let _permit = match &self.one_at_a_time {
            None => None,
            Some(_) => self.in_time(self.call_permit(), call.method, budget).await?,
        };
        if let Some(items) = &call.items {
            return Box::pin(self.call_with_stream(call, items, budget)).await;
        }
        let body = CallBody::new(call, self.reads_parts)?;
        let origin = self.origin();
        let headers = origin.as_ref().map(|origin| origin.of_call(call));
        let request = self.request_of_call(call, body.as_deref(), headers.as_deref(), budget);
        let mut sent = self.send(&request, budget.deadline).await;
        if sent.is_err() && self.is_repeated(&sent, call.idempotent) {
            sent = Box::pin(self.repeat(&request, budget.deadline)).await;
        }
        let sent = match sent {
            Ok(Response { status: 200, body, .. }) => return Ok(body),
            sent => sent,
        };
        match Outcome::new(self.id(), call.method, sent, self.request_limits(budget)) {
            Outcome::Done(result) => result,
            // Boxed: a call that is answered keeps no room for it.
            Outcome::Failed(failure) => {
                Err(Box::pin(self.failed(call.method, failure, budget)).await)
            }
        }
    }

    /// Calls a method within the remaining budget, and blocks the caller's thread.
    pub(in crate::host) fn call_blocking(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
    ) -> Result<Bytes> {
        let _permit = self.in_time_blocking(self.call_permit(), call.method, budget)?;
        if let Some(items) = &call.items {
            return self.call_with_stream_blocking(call, items, budget);
        }
        let body = CallBody::new(call, self.reads_parts)?;
        let origin = self.origin();
        let headers = origin.as_ref().map(|origin| origin.of_call(call));
        let request = self.request_of_call(call, body.as_deref(), headers.as_deref(), budget);
        let send = |admission| self.endpoint().send_blocking(&request, budget.deadline, admission);
        let mut sent = send(Admission::Call);
        if sent.is_err() && self.is_repeated(&sent, call.idempotent) {
            sent = send(Admission::NewConnection);
        }
        match Outcome::new(self.id(), call.method, sent, self.request_limits(budget)) {
            Outcome::Done(result) => result,
            Outcome::Failed(failure) => Err(self.failed_blocking(call.method, failure, budget)),
        }
    }

    /// Waits for the permit to call, if the plugin takes calls one at a time. The next call begins
    /// when the permit is dropped. Cancel safe.
    pub(super) async fn call_permit(&self) -> Option<SemaphorePermit<'_>> {
        match &self.one_at_a_time {
            Some(semaphore) => semaphore.acquire().await.ok(),
            None => None,
        }
    }

    /// Waits for a permit to call until the deadline. Cancel safe.
    ///
    /// # Errors
    /// [`Error::Deadline`]; [`Error::Runtime`] where tokio has no timer.
    pub(super) async fn in_time<P>(
        &self,
        permit: impl Future<Output = P>,
        method: &str,
        budget: Budget,
    ) -> Result<P> {
        runtime::check()?;
        let permit = timeout_at(budget.deadline, permit).await;
        permit.map_err(|_| self.deadline_error(method, budget, Stage::Queued))
    }

    /// As [`Instance::in_time`], but blocks.
    pub(super) fn in_time_blocking<P>(
        &self,
        permit: impl Future<Output = P>,
        method: &str,
        budget: Budget,
    ) -> Result<P> {
        let permit = wait_until(permit, budget.deadline.into());
        permit.ok_or_else(|| self.deadline_error(method, budget, Stage::Queued))
    }

    /// The error of a request that got no response.
    pub(super) async fn failed(&self, method: &str, failure: Failure, budget: Budget) -> Error {
        let exit = self.exit_after(&failure, budget).await;
        self.failure_error(method, failure, exit, budget)
    }

    /// As [`Instance::failed`], but blocks.
    pub(super) fn failed_blocking(&self, method: &str, failure: Failure, budget: Budget) -> Error {
        let exit = self.exit_blocking(&failure, budget);
        self.failure_error(method, failure, exit, budget)
    }

    /// The exit of the process, if it is why a request failed. Waits until it is known.
    pub(super) async fn exit_after(&self, failure: &Failure, budget: Budget) -> Option<&Exit> {
        let until = self.exit_deadline(failure, budget)?;
        timeout_at(until, self.wait_for_exit()).await.ok()
    }

    /// As [`Instance::exit_after`], but blocks.
    pub(super) fn exit_blocking(&self, failure: &Failure, budget: Budget) -> Option<&Exit> {
        let until = self.exit_deadline(failure, budget)?;
        wait_until(self.wait_for_exit(), until.into())
    }

    /// Whether a call that got no response is sent once more to this instance, on a new connection:
    /// if it was certainly not begun, or if it is idempotent, and the instance lives.
    pub(super) fn is_repeated<T>(&self, sent: &Result<T, SendError>, idempotent: bool) -> bool {
        match sent {
            Err(SendError::ClosedIdle(_)) => !self.is_ending(),
            Err(SendError::Broken(error)) => {
                idempotent && error.kind() != ErrorKind::InvalidData && !self.is_ending()
            }
            _ => false,
        }
    }

    async fn repeat(
        &self,
        request: &Request<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<Response, SendError> {
        self.endpoint().send(request, deadline, Admission::NewConnection, || false).await
    }

    /// Sends a request: on a pipeline if other calls are in flight and the method is known to be
    /// quick, else on a connection of its own.
    async fn send(
        &self,
        request: &Request<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<Response, SendError> {
        let is_only_call = || self.calls() <= 1;
        let alone = || self.endpoint().send(request, deadline, Admission::Call, is_only_call);
        let classes = self.latency_classes.as_ref();
        let Some(class) = classes.and_then(|classes| classes.get(request.method)) else {
            return alone().await;
        };
        if !class.is_quick() {
            let began = Instant::now();
            let response = alone().await?;
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
        alone().await
    }

    /// A call as a request in the plugin's dialect. `body` is that of a call with bytes beside its
    /// other arguments, and `headers` are in the place of the usual ones.
    #[inline]
    pub(super) fn request_of_call<'a>(
        &self,
        call: &'a CallRequest<'a>,
        body: Option<&'a CallBody>,
        headers: Option<&'a [(&'static str, &'a str)]>,
        budget: Budget,
    ) -> Request<'a> {
        let mut request = Request::new(call.method, &call.body);
        request.content_type = Some(call.media_type.as_str());
        if let Some(CallBody { media_type, first, more }) = body {
            request.content_type = Some(media_type);
            (request.body, request.more) = (first, more);
        }
        match self.dialect() {
            Dialect::GoPlug2 => {
                request.timeout = Some(wire::timeout_value(budget.remaining));
                request.traceparent = call.trace();
                request.headers = match headers {
                    Some(headers) => headers,
                    None if call.accepts_parts => ACCEPTS_PARTS,
                    None => &[],
                };
            }
            Dialect::GoPlug1 => {
                let has_body = !request.body.is_empty();
                request.content_type = has_body.then(|| MediaType::Json.as_str());
            }
        }
        request
    }

    pub(super) fn request_limits(&self, budget: Budget) -> RequestLimits {
        RequestLimits { body: self.endpoint().body_limit(), time: budget.total }
    }

    /// Until when a request that failed waits to learn how the process ended; `None` if that is not
    /// why it failed. If the process has not ended, the call must fail because of its connection,
    /// not because of its deadline.
    fn exit_deadline(&self, failure: &Failure, budget: Budget) -> Option<tokio::time::Instant> {
        if !self.is_lost_with(failure) {
            return None;
        }
        let now = tokio::time::Instant::now();
        let wait = if self.is_child() { EXIT_WAIT } else { FOREIGN_EXIT_WAIT };
        Some((now + wait.min(budget.remaining / 2)).min(budget.deadline.max(now)))
    }
}
