//! A plugin that serves a network: requests to it, and its answers.
//!
//! What leaves the machine goes by hyper, by HTTP/2 or HTTP/1.1 as the plugin, or the proxy before it, chooses
//! by ALPN, and is secured by rustls. Nothing on the wire is our own. The room gives the same answers and the
//! same [`SendError`]s as a local socket does, so that everything above it is the same:
//!
//! - `access`: roots, client certificate, token;
//! - `affinity`: which instance behind a balancer a request is for;
//! - `dial`: from a URL to a connection;
//! - `connections`: the connections, between requests and during them;
//! - `outgoing`, `pump`: a request, and the items of a call that sends a stream;
//! - `incoming`, `stream`: an answer, whose it is, and a body that comes part by part;
//! - `fault`, `noting`, `keeps_reading`: what is wrong, in words, and how that is not lost on the way;
//! - `waiting`: callers that are tasks, and callers that block.
//!
//! The tasks that drive the connections are of the registry's runtime, and end with the endpoint. A request
//! whose future is dropped is taken back: in HTTP/2 its stream is reset, in HTTP/1.1 its connection closed.
//! Start reading at `begin` below.

mod access;
mod affinity;
mod connections;
mod dial;
mod fault;
mod incoming;
mod keeps_reading;
mod noting;
mod outgoing;
mod pump;
mod stream;
mod waiting;

mod streams;

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(in crate::host) use access::Access;
use affinity::Affinity;
use connections::{Checkout, Connections, Permit, closed};
use fault::Fault;
use incoming::{Collected, collect};
use outgoing::Outgoing;
use pump::{Pump, answer_of};
pub(in crate::host) use stream::{BlockingRemoteStream, RemoteEvents, RemoteStream};
use waiting::{InTask, InThread, Waiting};

use super::error::{SendError, Stage};
use super::exchange::StreamingTimes;
use super::local::Admission;
use crate::http1::{Request, Response};
use crate::protocol::RemoteUrl;
use crate::typed::wait_until;

/// How often a request is given to another connection, since the one before had just ended.
const MAX_ATTEMPTS: usize = 8;

/// How long to wait for the reason why a new connection took no request.
const REASON_WAIT: Duration = Duration::from_millis(200);

/// Where a plugin serves a network, and the connections to it.
pub(in crate::host) struct RemoteEndpoint {
    connections: Arc<Connections>,
    body_limit: usize,
    max_calls: usize,
    affinity: Affinity,
    /// Wakes whoever watches the plugin: a request has found something wrong with the way to it.
    trouble: Notify,
}

/// Until when a request may take.
enum Times<'a> {
    Until(Instant),
    /// While a stream is sent, no time counts that the caller takes for an item.
    WhileSending(&'a mut Pump, StreamingTimes),
}

/// An answer whose head has come, and its connection.
type Begun = (Checkout, hyper::Response<Incoming>);

/// A connection that did not give an answer.
enum Unanswered {
    /// It has sent nothing of the request, whose body this is.
    Unsent(Outgoing, Fault),
    Failed(SendError),
}

impl RemoteEndpoint {
    /// The plugin at this URL. A response's body may have at most `body_limit` bytes, and `max_calls`
    /// calls may be in flight. The connections belong to the runtime that polls this.
    pub(in crate::host) fn new(
        url: RemoteUrl,
        access: Access,
        body_limit: usize,
        max_calls: usize,
    ) -> Self {
        Self {
            connections: Arc::new(Connections::new(url, access, Handle::current(), max_calls)),
            body_limit,
            max_calls,
            affinity: Affinity::default(),
            trouble: Notify::new(),
        }
    }

    pub(in crate::host) fn url(&self) -> &RemoteUrl {
        self.connections.url()
    }

    pub(in crate::host) fn max_connections(&self) -> usize {
        self.max_calls
    }

    pub(in crate::host) fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// Waits until a request has found something wrong with the way to the plugin. Cancel safe.
    pub(in crate::host) async fn trouble(&self) {
        self.trouble.notified().await;
    }

    /// Reads again what may have changed: the token.
    pub(in crate::host) async fn renew(&self) {
        self.connections.access().renew().await;
    }

    /// Sends a request, and reads its response. Dropping the future cancels the request.
    pub(in crate::host) async fn send(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Response, SendError> {
        crate::host::runtime::check().map_err(SendError::Runtime)?;
        self.exchange::<InTask>(request, deadline, admission).await
    }

    /// As [`RemoteEndpoint::send`], but blocks.
    pub(in crate::host) fn send_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Response, SendError> {
        in_thread(self.exchange::<InThread>(request, deadline, admission))
    }

    async fn exchange<W: Waiting>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Response, SendError> {
        let mut was_renewed = false;
        loop {
            let body = Outgoing::of(request);
            let times = Times::Until(deadline);
            let begun = self.begin::<W>(request, body, times, deadline, admission).await?;
            let collected = self.finish::<W>(begun, deadline).await?;
            if collected.is_unauthorized() && !was_renewed && self.renewed::<W>(deadline).await {
                was_renewed = true;
                continue;
            }
            return collected.into_response();
        }
    }

    /// Whether the file of the token has another one by now.
    async fn renewed<W: Waiting>(&self, deadline: Instant) -> bool {
        W::until(deadline, self.connections.access().renew()).await == Some(true)
    }

    /// Reads the rest of an answer, and gives its connection back.
    async fn finish<W: Waiting>(
        &self,
        (checkout, answer): Begun,
        deadline: Instant,
    ) -> Result<Collected, SendError> {
        let collecting = collect(answer, self.body_limit);
        let collected = W::until(deadline, collecting).await;
        let collected = collected.ok_or(SendError::TimedOut(Stage::Sent))??;
        self.connections.put(checkout);
        Ok(collected)
    }

    /// Sends a request on a connection that is there by the deadline, and waits for the head of its
    /// answer. If a connection has ended before it has sent anything, the next is tried.
    async fn begin<W: Waiting>(
        &self,
        request: &Request<'_>,
        mut body: Outgoing,
        mut times: Times<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Begun, SendError> {
        let mut permit = self.permit::<W>(deadline, admission).await?;
        let is_new = admission == Admission::NewConnection;
        for attempt in 0.. {
            let checking_out = self.connections.check_out(permit.take(), is_new && attempt == 0);
            let checked_out = W::until(deadline, checking_out).await;
            let checked_out = checked_out.ok_or(SendError::TimedOut(Stage::Connecting))?;
            let mut checkout = checked_out.inspect_err(|_| self.trouble.notify_one())?;
            let version = checkout.connection.sender.version();
            let built = outgoing::request(
                self.url(),
                request,
                version,
                body,
                self.further_headers(request),
            )
            .map_err(|fault| SendError::Unconnected(fault.into()))?;
            let answered = self.answer::<W>(&mut checkout, built, &mut times).await?;
            match answered {
                Ok(answer) => {
                    self.affinity.note(request, answer.headers());
                    return Ok((checkout, answer));
                }
                Err(Unanswered::Unsent(unsent, _))
                    if checkout.was_used && attempt < MAX_ATTEMPTS =>
                {
                    body = unsent;
                    permit = checkout.into_permit();
                }
                Err(Unanswered::Unsent(_, fault)) => {
                    self.trouble.notify_one();
                    return Err(SendError::Unconnected(fault.into()));
                }
                Err(Unanswered::Failed(error)) => {
                    self.trouble.notify_one();
                    return Err(error);
                }
            }
        }
        Err(closed())
    }

    async fn permit<W: Waiting>(
        &self,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Option<Permit>, SendError> {
        if admission == Admission::Control {
            return Ok(None);
        }
        let permit = W::until(deadline, self.connections.permit()).await;
        let permit = permit.ok_or(SendError::TimedOut(Stage::Queued))?;
        permit.map(Some).ok_or_else(closed)
    }

    /// Waits for the head of the answer to this request on this connection.
    ///
    /// # Errors
    /// Those of the time and of the items: the connection is not to be used again.
    async fn answer<W: Waiting>(
        &self,
        checkout: &mut Checkout,
        request: hyper::Request<Outgoing>,
        times: &mut Times<'_>,
    ) -> Result<Result<hyper::Response<Incoming>, Unanswered>, SendError> {
        let answer = checkout.connection.sender.send(request);
        let answered = match times {
            Times::Until(deadline) => {
                let answered = W::until(*deadline, answer).await;
                answered.ok_or(SendError::TimedOut(Stage::Sent))?
            }
            Times::WhileSending(pump, times) => answer_of::<W, _>(pump, *times, answer).await?,
        };
        let (unsent, error) = match answered {
            Ok(answer) => return Ok(Ok(answer)),
            Err(error) => error,
        };
        let is_secure = self.url().is_secure();
        let mut fault = Fault::of(&error, is_secure);
        // A connection that has ended says why, and a request on it only that it has.
        if error.is_canceled() || error.is_closed() {
            let reason = W::until(Instant::now() + REASON_WAIT, checkout.connection.fault()).await;
            fault = reason.flatten().unwrap_or(fault);
        }
        fault = checkout.connection.noted().unwrap_or(fault);
        Ok(Err(match unsent {
            Some(body) => Unanswered::Unsent(body, fault),
            None if fault.is_before_requests => {
                Unanswered::Failed(SendError::Unconnected(fault.into()))
            }
            None if fault.is_reset => Unanswered::Failed(fault.cut_off()),
            None if fault.is_refusal => Unanswered::Failed(SendError::ClosedIdle(fault.into())),
            None => Unanswered::Failed(SendError::Broken(fault.into())),
        }))
    }

    /// The headers that are no part of the request itself.
    fn further_headers(
        &self,
        request: &Request<'_>,
    ) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
        let token = self.connections.access().authorization();
        let token = token.map(|token| (AUTHORIZATION, token));
        token.into_iter().chain(self.affinity.headers(request))
    }

    /// Closes every connection, now and in future; the calls on them fail.
    pub(in crate::host) fn close(&self) {
        self.connections.close();
    }
}

/// Waits in this thread for a future of [`InThread`], which is ready when it is first polled.
fn in_thread<T>(future: impl Future<Output = Result<T, SendError>>) -> Result<T, SendError> {
    wait_until(future, std::time::Instant::now() + crate::limits::MAX_DURATION)
        .unwrap_or(Err(SendError::TimedOut(Stage::Sent)))
}

/// The error of a stream that could not be opened.
fn into_io(error: SendError) -> io::Error {
    match error {
        SendError::Unconnected(error)
        | SendError::Unsent(error)
        | SendError::Unread(error)
        | SendError::ClosedIdle(error)
        | SendError::Broken(error) => error,
        SendError::TimedOut(_) => ErrorKind::TimedOut.into(),
        other => io::Error::other(other.to_string()),
    }
}
