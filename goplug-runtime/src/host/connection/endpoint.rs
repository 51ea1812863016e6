//! Where a plugin listens, and the connections to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::blocking::BlockingConnection;
use super::error::SendError;
use super::event_stream::{EventStream, Opened};
use super::exchange::Connection;
use super::open::connect;
use super::pipeline::{Pipeline, PipelineOutcome, Pipelines, Selection};
use super::pool::Pool;
use crate::http1::{Request, Response, is_host};
use crate::limits;

/// Where a plugin listens, and the connections to it.
pub(in crate::host) struct Endpoint {
    socket: PathBuf,
    authority: Box<str>,
    body_limit: usize,
    busy_poll: Duration,
    connections: Pool<Connection>,
    /// The connections of callers that block.
    blocking: Pool<BlockingConnection>,
    pipelines: Pipelines,
}

impl Endpoint {
    /// An endpoint on this socket. The `Host` header is taken from `url`. A response's body may
    /// have at most `body_limit` bytes. Calls poll their socket busily for at most `busy_poll`.
    pub(in crate::host) fn new(
        socket: PathBuf,
        url: &str,
        body_limit: usize,
        busy_poll: Duration,
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
            connections: Pool::default(),
            blocking: Pool::default(),
            pipelines: Pipelines::new(),
        }
    }

    /// The path of the socket.
    pub(in crate::host) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The largest body that is received, in bytes.
    pub(in crate::host) fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// How long a call with this deadline may wait for a new connection.
    fn connect_timeout(deadline: Instant) -> Duration {
        limits::CONNECT_TIMEOUT.min(deadline.saturating_duration_since(Instant::now()))
    }

    /// Sends a request on an idle connection, or on a new connection. If the plugin has closed
    /// an idle connection, the next is tried. `is_only_call` says whether no other call is in
    /// flight. Dropping the future cancels the request.
    pub(in crate::host) async fn send(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        is_only_call: impl Fn() -> bool,
    ) -> Result<Response, SendError> {
        let authority = self.authority.as_bytes();
        while let Some(mut connection) = self.connections.take() {
            match connection.transmit(request, authority, deadline, &is_only_call).await {
                Err(SendError::Unsent(_)) => {}
                Err(error) => return Err(error),
                Ok(response) => {
                    self.connections.put(connection);
                    return Ok(response);
                }
            }
        }
        let opened = self.open(Self::connect_timeout(deadline), self.busy_poll).await;
        let opened = opened.map_err(|error| SendError::unconnected(error, deadline))?;
        let mut connection = self.connections.admit(opened);
        let response = connection.transmit(request, authority, deadline, is_only_call).await?;
        self.connections.put(connection);
        Ok(response)
    }

    /// Sends a request as [`Endpoint::send`] does, but blocks. The whole request is written before
    /// anything is read.
    pub(in crate::host) fn send_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        let std_deadline = deadline.into();
        while let Some(mut connection) = self.blocking.take() {
            match connection.exchange(request, &self.authority, std_deadline) {
                Err(SendError::Unsent(_)) => {}
                Err(error) => return Err(error),
                Ok(response) => {
                    self.blocking.put(connection);
                    return Ok(response);
                }
            }
        }
        let timeout = Self::connect_timeout(deadline);
        let opened =
            BlockingConnection::open(&self.socket, timeout, self.body_limit, self.busy_poll);
        let opened = opened.map_err(|error| SendError::unconnected(error, deadline))?;
        let mut connection = self.blocking.admit(opened);
        let response = connection.exchange(request, &self.authority, std_deadline)?;
        self.blocking.put(connection);
        Ok(response)
    }

    /// Sends a request on a connection that it shares with other requests.
    pub(in crate::host) async fn send_pipelined(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> PipelineOutcome {
        let pipeline = match self.pipelines.select() {
            Selection::Open(pipeline) => pipeline,
            Selection::None => return PipelineOutcome::NoRoom,
            Selection::New(reservation) => {
                let opened = connect(&self.socket, Self::connect_timeout(deadline)).await;
                let Ok(stream) = opened else { return PipelineOutcome::NoRoom };
                reservation.fill(Pipeline::new(stream, self.body_limit))
            }
        };
        pipeline.transmit(request, self.authority.as_bytes(), deadline).await
    }

    /// Sends a request for a stream on a connection of its own, and waits for the head of the
    /// response.
    pub(in crate::host) async fn open_stream(
        &self,
        request: &Request<'_>,
    ) -> std::io::Result<Opened> {
        let authority = self.authority.as_bytes();
        EventStream::open(
            &self.socket,
            limits::CONNECT_TIMEOUT,
            request,
            authority,
            self.body_limit,
        )
        .await
    }

    /// Opens a connection that is not in the pool.
    pub(in crate::host) async fn connect(&self) -> std::io::Result<Connection> {
        self.open(limits::CONNECT_TIMEOUT, Duration::ZERO).await
    }

    async fn open(&self, timeout: Duration, busy_poll: Duration) -> std::io::Result<Connection> {
        Connection::open(&self.socket, timeout, self.body_limit, busy_poll).await
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

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[tokio::test]
    async fn a_connection_that_takes_too_long_ends_at_the_deadline() {
        let temp = tempfile::tempdir().unwrap();
        let socket = temp.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        // The queue of the listener has room for a single connection.
        let _queued = UnixStream::connect(&socket).unwrap();
        let endpoint = Endpoint::new(socket, "unix://x", limits::MAX_BODY, Duration::ZERO);
        let deadline = Instant::now() + Duration::from_millis(20);
        let request = Request::new("work", b"");
        let error = endpoint.send(&request, deadline, || false).await.unwrap_err();
        assert!(matches!(error, SendError::TimedOut), "{error:?}");
        drop(listener);
        let error = endpoint.send(&request, deadline, || false).await.unwrap_err();
        assert!(matches!(error, SendError::Unsent(_)), "{error:?}");
    }

    /// A process that the plugin started may keep the connection open after the plugin's end.
    #[tokio::test]
    async fn closing_the_endpoint_ends_every_call_though_the_peer_keeps_its_connection() {
        let temp = tempfile::tempdir().unwrap();
        let socket = temp.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let endpoint = Endpoint::new(socket, "unix://x", limits::MAX_BODY, Duration::ZERO);
        let deadline = Instant::now() + Duration::from_secs(1000);
        let request = Request::new("work", b"");
        let close = async {
            let ends = [listener.accept().unwrap(), listener.accept().unwrap()];
            endpoint.close();
            ends
        };
        let (unshared, pipelined, _ends) = tokio::join!(
            endpoint.send(&request, deadline, || false),
            endpoint.send_pipelined(&request, deadline),
            close,
        );
        assert!(matches!(unshared, Err(SendError::Broken(_))), "{unshared:?}");
        let is_broken = matches!(pipelined, PipelineOutcome::Failed(SendError::Broken(_)));
        assert!(is_broken, "{pipelined:?}");
        let outcome = endpoint.send_pipelined(&request, deadline).await;
        assert!(matches!(outcome, PipelineOutcome::NoRoom), "{outcome:?}");
    }
}
