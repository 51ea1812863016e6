//! A request to an instance: by which connection it goes, and what its answer means.
//!
//! An async caller uses [`Instance::call`]; a caller that blocks [`Instance::call_blocking`].
//! Only how they wait is different.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout_at;

use super::exit::EXIT_WAIT;
use super::outcome::{Outcome, deadline_error};
use super::response::Terms;
use super::shared::Instance;
use crate::error::{Error, Result};
use crate::host::connection::{Answered, Budget, SendError};
use crate::http1::{Request, Response};
use crate::protocol::{Dialect, wire};
use crate::typed::{CallRequest, MediaType, wait_until};

impl Instance {
    /// Sends a request of the protocol itself, within the default deadline.
    pub(in crate::host) async fn control(&self, request: &Request<'_>) -> Result<Bytes> {
        self.request(request, Budget::new(self.call_timeout)).await
    }

    /// Calls a method within what remains of the budget. Dropping the future gives the call up.
    pub(in crate::host) async fn call(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
    ) -> Result<Bytes> {
        let _turn = match &self.turns {
            None => None,
            Some(_) => match timeout_at(budget.deadline, self.turn()).await {
                Ok(turn) => turn,
                Err(_) => return Err(self.overdue(call.method, budget)),
            },
        };
        self.request(&self.request_of_call(call, budget), budget).await
    }

    /// Calls a method within what remains of the budget, and blocks the caller's thread.
    pub(in crate::host) fn call_blocking(
        &self,
        call: &CallRequest<'_>,
        budget: Budget,
    ) -> Result<Bytes> {
        let turn = wait_until(self.turn(), budget.deadline.into());
        let _turn = turn.ok_or_else(|| self.overdue(call.method, budget))?;
        let request = self.request_of_call(call, budget);
        let sent = self.endpoint().send_blocking(&request, budget.deadline);
        match Outcome::new(self.id(), call.method, sent, self.terms(budget)) {
            Outcome::Done(result) => result,
            Outcome::Lost(lost) => {
                let exit = wait_until(self.wait_for_exit(), self.exit_deadline(budget).into());
                Err(lost.into_error(self.id(), exit))
            }
        }
    }

    /// Waits for the caller's turn, if there are turns; it lasts until the permit is dropped.
    /// Cancel safe.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        match &self.turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        }
    }

    /// Sends a request and makes a result of its outcome.
    async fn request(&self, request: &Request<'_>, budget: Budget) -> Result<Bytes> {
        let sent = self.send(request, budget.deadline).await;
        match Outcome::new(self.id(), request.method, sent, self.terms(budget)) {
            Outcome::Done(result) => result,
            Outcome::Lost(lost) => {
                let exit = timeout_at(self.exit_deadline(budget), self.wait_for_exit()).await;
                Err(lost.into_error(self.id(), exit.ok()))
            }
        }
    }

    /// Sends a request: on a connection of its own, or, if other calls are on their way and the
    /// method is known to be quick, on a connection that they share.
    async fn send(
        &self,
        request: &Request<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<Response, SendError> {
        let alone = || self.calls() <= 1;
        let classes = self.latency_classes.as_ref();
        let Some(class) = classes.and_then(|classes| classes.get(request.method)) else {
            return self.endpoint().send(request, deadline, alone).await;
        };
        if !class.is_quick() {
            let began = Instant::now();
            let response = self.endpoint().send(request, deadline, alone).await?;
            class.saw(began.elapsed());
            return Ok(response);
        }
        if !alone() {
            match self.endpoint().send_pipelined(request, deadline).await {
                None | Some(Err(SendError::Unsent(_))) => {}
                Some(Err(error)) => return Err(error),
                Some(Ok(Answered { response, slow })) => {
                    if slow {
                        class.saw_slow();
                    }
                    return Ok(response);
                }
            }
        }
        self.endpoint().send(request, deadline, alone).await
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

    fn terms(&self, budget: Budget) -> Terms {
        Terms { limit: self.endpoint().body_limit(), budget: budget.total }
    }

    fn overdue(&self, method: &str, budget: Budget) -> Error {
        deadline_error(self.id(), method, self.terms(budget))
    }

    /// Until when a call whose connection is lost waits to learn how the process ended. More
    /// will be known only of a child process; and a process that lives on must not turn a lost
    /// connection into a missed deadline.
    fn exit_deadline(&self, budget: Budget) -> tokio::time::Instant {
        let now = tokio::time::Instant::now();
        let wait = if self.is_child() { EXIT_WAIT } else { Duration::ZERO };
        (now + wait.min(budget.remaining / 2)).min(budget.deadline.max(now))
    }
}
