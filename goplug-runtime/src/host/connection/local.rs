//! Where a plugin listens, and the connections to it.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Id;
use tokio::time::{Instant, sleep, timeout_at};

use super::answer::Answer;
use super::blocking::BlockingConnection;
use super::error::{SendError, Stage};
use super::event_stream::{EventStream, Opened};
use super::exchange::Connection;
use super::open::connect;
use super::pipeline::{Pipeline, PipelineOutcome, Pipelines, Selection};
use super::pool::{Member, Pool};
use super::reply_stream::ReplyStream;
use super::shortage::ShortageRetry;
use crate::host::runtime;
use crate::http1::{Request, Response, is_host};
use crate::limits;
use crate::transport::Debuggee;
use crate::typed::wait_until;

mod sending;
mod streams;

/// Which connection a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum Admission {
    /// An idle one or a new one. If there are as many as there may be, the request waits.
    Call,
    /// A new one: an idle one was closed when it was used. It waits as [`Admission::Call`] does.
    NewConnection,
    /// An idle one or a new one, at once: calls that are in flight may wait for this request.
    Control,
}

/// Where a plugin listens, and the connections to it.
pub(in crate::host) struct LocalEndpoint {
    socket: PathBuf,
    authority: Box<str>,
    body_limit: usize,
    busy_poll: Duration,
    max_connections: usize,
    connections: Pool<Connection>,
    /// The connections of callers that block.
    blocking: Pool<BlockingConnection>,
    pipelines: Pipelines,
    debuggee: Debuggee,
}

impl LocalEndpoint {
    /// An endpoint on this socket. The `Host` header is taken from `url`. A response's body may
    /// have at most `body_limit` bytes. Calls poll their socket busily for at most `busy_poll`, and
    /// have at most `max_connections` open.
    pub(in crate::host) fn new(
        socket: PathBuf,
        url: &str,
        body_limit: usize,
        busy_poll: Duration,
        max_connections: usize,
    ) -> Self {
        let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
        // The URL of a file may contain characters that are not valid in a `Host` header.
        let is_valid = !authority.is_empty() && is_host(authority.as_bytes());
        let authority = if is_valid { authority.into() } else { "goplug".into() };
        Self {
            socket,
            authority,
            body_limit,
            busy_poll,
            max_connections,
            connections: Pool::new(max_connections),
            blocking: Pool::new(max_connections),
            pipelines: Pipelines::new(),
            debuggee: Debuggee::default(),
        }
    }

    /// The same endpoint, of a process that a debugger may hold. Requests that wait for its answer have
    /// no deadline meanwhile.
    pub(in crate::host) fn of(self, debuggee: Debuggee) -> Self {
        Self { debuggee, ..self }
    }

    /// The path of the socket.
    pub(in crate::host) fn socket(&self) -> &Path {
        &self.socket
    }

    /// How many connections calls may have open.
    pub(in crate::host) fn max_connections(&self) -> usize {
        self.max_connections
    }

    /// The largest body that is received, in bytes.
    pub(in crate::host) fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// Sends a request on a connection that `admission` allows. If the plugin has closed an idle
    /// connection, the next is tried. `is_only_call` says whether no other call is in flight.
    /// Dropping the future cancels the request.
    pub(in crate::host) fn send(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
        is_only_call: impl Fn() -> bool,
    ) -> impl Future<Output = Result<Response, SendError>> {
        self.exchange(request, deadline, admission, is_only_call, |connection, response| {
            self.connections.put(connection);
            response
        })
    }

    /// As [`LocalEndpoint::send`], for a reply. Gives as well how many requests the connection has carried:
    /// the plugin polls it busily for the next request when this says so.
    pub(in crate::host) async fn send_reply(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        is_only_call: impl Fn() -> bool,
    ) -> Result<(Response, u32), SendError> {
        self.exchange(
            request,
            deadline,
            Admission::Control,
            is_only_call,
            |connection, response| {
                let requests = connection.requests();
                self.connections.put(connection);
                (response, requests)
            },
        )
        .await
    }

    /// As [`LocalEndpoint::send`]. `settle` decides what becomes of the connection after the answer.
    async fn exchange<A: Answer, T>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
        is_only_call: impl Fn() -> bool,
        settle: impl Fn(Box<Member<Connection>>, A) -> T,
    ) -> Result<T, SendError> {
        let authority = self.authority.as_bytes();
        let runtime = runtime::current().map_err(SendError::Runtime)?;
        loop {
            let idle = match admission {
                Admission::NewConnection => None,
                _ => self.connections.take(|connection| connection.is_of(runtime)),
            };
            let (mut connection, was_idle) = match idle {
                Some(connection) => (connection, true),
                // Boxed: it is rare, and larger than everything else that a call keeps.
                None => Box::pin(self.open(runtime, deadline, admission)).await?,
            };
            match connection.transmit(request, authority, deadline, &is_only_call).await {
                Ok(answer) => return Ok(settle(connection, answer)),
                Err(SendError::Unsent(_)) if was_idle => {}
                Err(error) if was_idle => return Err(error.on_idle()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a connection for a request, and says that it was not idle. If this process lacks the
    /// means for a moment, the connection may be one that has become idle meanwhile.
    async fn open(
        &self,
        runtime: Id,
        deadline: Instant,
        admission: Admission,
    ) -> Result<(Box<Member<Connection>>, bool), SendError> {
        runtime::check().map_err(SendError::Runtime)?;
        let slot = match admission {
            Admission::Control => None,
            Admission::Call | Admission::NewConnection => {
                let slot = timeout_at(deadline, self.connections.slot()).await;
                Some(slot.map_err(|_| SendError::TimedOut(Stage::Queued))?.ok_or_else(closed)?)
            }
        };
        let mut retry = ShortageRetry::new(deadline);
        loop {
            let within = deadline.saturating_duration_since(Instant::now());
            let Self { socket, body_limit, busy_poll, .. } = self;
            // A socket that a plugin has not made yet is awaited for longer than that.
            let opening = Connection::open(socket, within, *body_limit, *busy_poll);
            let opened = timeout_at(deadline, opening).await;
            let error = match opened.map_err(|_| SendError::TimedOut(Stage::Connecting))? {
                Ok(connection) => {
                    let connection = connection.of(self.debuggee);
                    return Ok((self.connections.admit(connection, slot), false));
                }
                Err(error) => error,
            };
            let Some(pause) = retry.after(&error) else {
                return Err(SendError::unconnected(error, deadline));
            };
            sleep(pause).await;
            if admission != Admission::NewConnection
                && let Some(idle) = self.connections.take(|idle| idle.is_of(runtime))
            {
                return Ok((idle, true));
            }
        }
    }

    /// Sends a request as [`LocalEndpoint::send`] does, but blocks. The whole request is written before
    /// anything is read.
    pub(in crate::host) fn send_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
    ) -> Result<Response, SendError> {
        self.exchange_blocking(request, deadline, admission, |connection, response| {
            self.blocking.put(connection);
            response
        })
    }

    /// As [`LocalEndpoint::exchange`], but blocks.
    fn exchange_blocking<A: Answer, T>(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        admission: Admission,
        settle: impl Fn(Box<Member<BlockingConnection>>, A) -> T,
    ) -> Result<T, SendError> {
        let std_deadline = deadline.into();
        loop {
            let idle = match admission {
                Admission::NewConnection => None,
                _ => self.blocking.take(|_| true),
            };
            let (mut connection, was_idle) = match idle {
                Some(connection) => (connection, true),
                None => self.open_blocking(deadline, admission)?,
            };
            match connection.exchange(request, &self.authority, std_deadline) {
                Ok(answer) => return Ok(settle(connection, answer)),
                Err(SendError::Unsent(_)) if was_idle => {}
                Err(error) if was_idle => return Err(error.on_idle()),
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`LocalEndpoint::open`], but blocks.
    fn open_blocking(
        &self,
        deadline: Instant,
        admission: Admission,
    ) -> Result<(Box<Member<BlockingConnection>>, bool), SendError> {
        let slot = match admission {
            Admission::Control => None,
            Admission::Call | Admission::NewConnection => {
                let slot = wait_until(self.blocking.slot(), deadline.into());
                Some(slot.ok_or(SendError::TimedOut(Stage::Queued))?.ok_or_else(closed)?)
            }
        };
        let mut retry = ShortageRetry::new(deadline);
        loop {
            let within = deadline.saturating_duration_since(Instant::now());
            let Self { socket, body_limit, busy_poll, .. } = self;
            let error = match BlockingConnection::open(socket, within, *body_limit, *busy_poll) {
                Ok(connection) => {
                    let connection = connection.of(self.debuggee);
                    return Ok((self.blocking.admit(connection, slot), false));
                }
                Err(error) => error,
            };
            let Some(pause) = retry.after(&error) else {
                return Err(SendError::unconnected(error, deadline));
            };
            std::thread::sleep(pause);
            if admission != Admission::NewConnection
                && let Some(idle) = self.blocking.take(|_| true)
            {
                return Ok((idle, true));
            }
        }
    }

    /// Sends a request on a connection that it shares with other requests.
    pub(in crate::host) async fn send_pipelined(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> PipelineOutcome {
        // Without a runtime, or without the means to connect, the call is sent as others are.
        let Ok(runtime) = runtime::current() else { return PipelineOutcome::NoRoom };
        let pipeline = match self.pipelines.select(runtime) {
            Selection::Open(pipeline) => pipeline,
            Selection::None => return PipelineOutcome::NoRoom,
            Selection::New(reservation) => match Box::pin(self.open_pipeline()).await {
                Some(pipeline) => reservation.fill(pipeline),
                None => return PipelineOutcome::NoRoom,
            },
        };
        pipeline.transmit(request, self.authority.as_bytes(), deadline).await
    }

    async fn open_pipeline(&self) -> Option<Pipeline> {
        runtime::check().ok()?;
        // A plugin whose queue is full gets no further connection from here.
        let stream = connect(&self.socket, Duration::ZERO).await.ok()?;
        Some(Pipeline::new(stream, self.body_limit, self.debuggee))
    }

    /// Sends a request for a stream on a connection of its own, and waits for the head of the
    /// response. The connection has to be there within this time.
    pub(in crate::host) async fn open_stream(
        &self,
        request: &Request<'_>,
        within: Duration,
    ) -> io::Result<Opened<EventStream>> {
        let authority = self.authority.as_bytes();
        let Self { socket, body_limit, busy_poll, .. } = self;
        EventStream::open(socket, within, request, authority, *body_limit, *busy_poll).await
    }

    /// Opens a stream of replies by this request; `None` if the plugin refuses it.
    pub(in crate::host) async fn open_replies(
        &self,
        request: &Request<'_>,
        within: Duration,
    ) -> io::Result<Option<ReplyStream>> {
        let authority = self.authority.as_bytes();
        let Self { socket, body_limit, busy_poll, .. } = self;
        ReplyStream::open(socket, within, request, authority, *body_limit, *busy_poll).await
    }

    /// Opens a connection that is not in the pool.
    pub(in crate::host) async fn connect(&self) -> io::Result<Connection> {
        let within = limits::CONNECT_TIMEOUT;
        Connection::open(&self.socket, within, self.body_limit, Duration::ZERO).await
    }

    /// Sends a request on this connection, without busy polling.
    pub(in crate::host) async fn send_on(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        connection.transmit(request, self.authority.as_bytes(), deadline, || false).await
    }

    /// Closes every connection, now and in future; the calls on them fail.
    pub(in crate::host) fn close(&self) {
        self.connections.close();
        self.blocking.close();
        self.pipelines.close();
    }
}

/// The error of a request to an instance that has ended.
fn closed() -> SendError {
    SendError::Unsent(io::Error::new(io::ErrorKind::NotConnected, "the plugin has ended"))
}

#[cfg(test)]
mod tests;
