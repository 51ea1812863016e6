//! A call that blocks its caller: the rules are those of `host/call.rs`, and the run's own.

use std::time::Instant;

use bytes::Bytes;

use super::connection::{Connection, ExchangeError};
use crate::error::Result;
use crate::host::call::{self, Time};
use crate::host::core::Core;
use crate::host::endpoint::{Endpoint, RequestError};
use crate::host::service::{Lease, Service};
use crate::http1::{Request, Response};
use crate::typed::{CallRequest, wait_until};

/// Calls a method.
pub(super) fn call(core: &Core, request: &CallRequest<'_>) -> Result<Bytes> {
    let mut time = Time::of(call::budget(core, request));
    loop {
        let run = run(core, time)?;
        let error = match attempt(&run, request, time) {
            Ok(body) => return Ok(body),
            Err(error) => error,
        };
        if !call::is_to_be_made_again(core, &run, &error, request.idempotent) {
            return Err(error);
        }
        time = time.now();
    }
}

/// The current run, or the one that is on its way.
fn run(core: &Core, time: Time) -> Result<Lease> {
    if let Ok(lease) = core.lease() {
        return Ok(lease);
    }
    wait_until(core.next_run(), time.deadline.into()).unwrap_or_else(|| Err(core.overdue()))
}

/// Calls a method of one run within what is left of the time.
fn attempt(run: &Service, call: &CallRequest<'_>, time: Time) -> Result<Bytes> {
    let deadline = time.deadline.into();
    let late = || run.late(call.method, time);
    let _turn = wait_until(run.turn(), deadline).ok_or_else(late)?;
    let outcome = match send(run, &run.request_of_call(call, time), deadline) {
        Ok(response) => Ok(response),
        Err(ExchangeError::Late) => Err(RequestError::Late),
        Err(ExchangeError::TooLarge) => Err(RequestError::TooLarge),
        Err(ExchangeError::Broken(error)) => Err(RequestError::Broken(error)),
        Err(ExchangeError::Unsent(error)) => Err(RequestError::unconnected(error, time.deadline)),
    };
    match run.conclude(call.method, outcome, time) {
        Ok(result) => result,
        Err(lost) => {
            let ending = wait_until(run.wait_for_end(), run.patience(time).into());
            Err(run.loss(&lost, ending))
        }
    }
}

/// Sends a request on an idle connection, or on a new one. A connection that the plugin has
/// closed while it was idle costs nothing but the next attempt.
fn send(
    run: &Service,
    request: &Request<'_>,
    deadline: Instant,
) -> Result<Response, ExchangeError> {
    let (connections, endpoint) = (run.blocking(), run.endpoint());
    let authority = endpoint.authority();
    while let Some(mut connection) = connections.take() {
        match connection.exchange(request, authority, deadline) {
            Err(ExchangeError::Unsent(_)) => {}
            Err(error) => return Err(error),
            Ok(response) => {
                connections.put(connection);
                return Ok(response);
            }
        }
    }
    let within = Endpoint::time_to_connect(deadline.into());
    let (limit, busy_poll) = (endpoint.body_limit(), endpoint.busy_poll());
    let connection = Connection::open(endpoint.socket(), within, limit, busy_poll);
    let mut connection = connections.admit(connection.map_err(ExchangeError::Unsent)?);
    let response = connection.exchange(request, authority, deadline)?;
    connections.put(connection);
    Ok(response)
}
