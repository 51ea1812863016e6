//! A call that blocks its caller: the rules are those of `host/call.rs`, and the run's own.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::connection::{Connection, ExchangeError};
use super::head::RequestHead;
use crate::error::{Error, Result};
use crate::host::call;
use crate::host::core::Core;
use crate::host::endpoint::RequestError;
use crate::host::response::Response;
use crate::host::service::{CallHeaders, Lease, Service};
use crate::limits;
use crate::protocol::wire;
use crate::typed::{CallRequest, wait_until};

/// Why an attempt brought no result.
enum Failure {
    /// The call's deadline is over.
    Late,
    Other(Error),
}

/// Calls a method.
pub(super) fn call(core: &Core, request: &CallRequest<'_>) -> Result<Bytes> {
    let budget = call::budget(core, request);
    let deadline = Instant::now() + budget;
    let mut left = budget;
    loop {
        let run = run(core, deadline)?;
        let error = match attempt(&run, request, left, deadline) {
            Ok(body) => return Ok(body),
            Err(Failure::Late) => return Err(run.late(request.method, budget)),
            Err(Failure::Other(error)) => error,
        };
        if !call::is_to_be_made_again(core, &run, &error, request.idempotent) {
            return Err(error);
        }
        left = deadline.saturating_duration_since(Instant::now());
    }
}

/// The current run, or the one that is on its way.
fn run(core: &Core, deadline: Instant) -> Result<Lease> {
    if let Ok(lease) = core.lease() {
        return Ok(lease);
    }
    wait_until(core.next_run(), deadline).unwrap_or_else(|| Err(core.overdue()))
}

/// Calls a method of one run, with this much time left.
fn attempt(
    run: &Service,
    request: &CallRequest<'_>,
    left: Duration,
    deadline: Instant,
) -> Result<Bytes, Failure> {
    let _turn = wait_until(run.turn(), deadline).ok_or(Failure::Late)?;
    let path = wire::path_of_method(request.method);
    let CallHeaders { timeout, content_type } = run.headers_of_call(request, left);
    let head = RequestHead {
        path: &path,
        authority: run.endpoint().authority(),
        content_type,
        timeout,
        length: request.body.len(),
    };
    let outcome = match send(run, &head, &request.body, deadline) {
        Ok(response) => Ok(response),
        Err(ExchangeError::Late) => return Err(Failure::Late),
        Err(ExchangeError::TooLarge) => Err(RequestError::TooLarge),
        Err(ExchangeError::Broken(error)) => Err(RequestError::Broken(error)),
        Err(ExchangeError::Unsent(error)) => Err(RequestError::Unreachable(error)),
    };
    match run.conclude(request.method, outcome, left) {
        Ok(result) => result.map_err(Failure::Other),
        Err(lost) => {
            let patience = (Instant::now() + run.patience(left)).min(deadline);
            let ending = wait_until(run.wait_for_end(), patience);
            Err(Failure::Other(run.loss(&lost, ending)))
        }
    }
}

/// Sends a request on an idle connection, or on a new one. A connection that the plugin has
/// closed while it was idle costs nothing but the next attempt.
fn send(
    run: &Service,
    head: &RequestHead<'_>,
    body: &Bytes,
    deadline: Instant,
) -> Result<Response, ExchangeError> {
    let (connections, limit) = (run.blocking(), run.endpoint().body_limit());
    while let Some(mut connection) = connections.take() {
        match connection.exchange(head, body, limit, deadline) {
            Err(ExchangeError::Unsent(_)) => {}
            Err(error) => return Err(error),
            Ok(response) => {
                connections.put(connection);
                return Ok(response);
            }
        }
    }
    let within = limits::CONNECT.min(deadline.saturating_duration_since(Instant::now()));
    let mut connection =
        Connection::open(run.endpoint().socket(), within).map_err(ExchangeError::Unsent)?;
    connections.admit(&connection);
    let response = connection.exchange(head, body, limit, deadline)?;
    connections.put(connection);
    Ok(response)
}
