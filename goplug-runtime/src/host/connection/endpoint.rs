//! Where a plugin listens, and the connections to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::blocking::BlockingConnection;
use super::error::SendError;
use super::event_stream::{EventStream, Opened};
use super::exchange::Connection;
use super::open::connect;
use super::pipeline::{Outcome, Pipeline, Pipelines, Turn};
use super::pool::Pool;
use crate::http1::{Request, Response};
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
    /// An endpoint on this socket; `url` gives the `Host` header. A response's body may have at
    /// most `body_limit` bytes. A caller polls its socket busily for at most `busy_poll`.
    pub(in crate::host) fn new(
        socket: PathBuf,
        url: &str,
        body_limit: usize,
        busy_poll: Duration,
    ) -> Self {
        let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
        // A URL from a file may hold what no header can.
        let fits = !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_graphic());
        let authority = if fits { authority.into() } else { "goplug".into() };
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

    /// How long a caller with this deadline may wait for a new connection.
    fn time_to_connect(deadline: Instant) -> Duration {
        limits::CONNECT_TIMEOUT.min(deadline.saturating_duration_since(Instant::now()))
    }

    /// Sends a request on an idle connection, or on a new one. A connection that the
    /// plugin closed while it was idle costs nothing but the next attempt. `alone` says
    /// whether this is the only request on its way.
    pub(in crate::host) async fn send(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        alone: impl Fn() -> bool,
    ) -> Result<Response, SendError> {
        let authority = self.authority.as_bytes();
        while let Some(mut connection) = self.connections.take() {
            match connection.transmit(request, authority, deadline, &alone).await {
                Err(SendError::Unsent(_)) => {}
                Err(error) => return Err(error),
                Ok(response) => {
                    self.connections.put(connection);
                    return Ok(response);
                }
            }
        }
        let opened = self.open(Self::time_to_connect(deadline), self.busy_poll).await;
        let opened = opened.map_err(|error| SendError::unconnected(error, deadline))?;
        let mut connection = self.connections.admit(opened);
        let response = connection.transmit(request, authority, deadline, alone).await?;
        self.connections.put(connection);
        Ok(response)
    }

    /// The same for callers that block. The request is written to its end before anything is
    /// read.
    pub(in crate::host) fn send_blocking(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        let until = deadline.into();
        while let Some(mut connection) = self.blocking.take() {
            match connection.exchange(request, &self.authority, until) {
                Err(SendError::Unsent(_)) => {}
                Err(error) => return Err(error),
                Ok(response) => {
                    self.blocking.put(connection);
                    return Ok(response);
                }
            }
        }
        let within = Self::time_to_connect(deadline);
        let opened =
            BlockingConnection::open(&self.socket, within, self.body_limit, self.busy_poll);
        let opened = opened.map_err(|error| SendError::unconnected(error, deadline))?;
        let mut connection = self.blocking.admit(opened);
        let response = connection.exchange(request, &self.authority, until)?;
        self.blocking.put(connection);
        Ok(response)
    }

    /// Sends a request on a connection that it shares with others; `None` if there is no room
    /// on any.
    pub(in crate::host) async fn send_pipelined(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Option<Outcome> {
        let pipeline = match self.pipelines.next() {
            Turn::Existing(pipeline) => pipeline,
            Turn::None => return None,
            Turn::New(slot) => {
                let opened = connect(&self.socket, Self::time_to_connect(deadline)).await;
                let stream = opened.ok()?;
                slot.fill(Pipeline::new(stream, self.body_limit))
            }
        };
        pipeline.transmit(request, self.authority.as_bytes(), deadline).await
    }

    /// Sends a request whose response is a stream, on a connection of its own, and waits for the
    /// head of the response.
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

    /// Opens a connection that is not shared.
    pub(in crate::host) async fn connect(&self) -> std::io::Result<Connection> {
        self.open(limits::CONNECT_TIMEOUT, Duration::ZERO).await
    }

    async fn open(&self, within: Duration, busy_poll: Duration) -> std::io::Result<Connection> {
        Connection::open(&self.socket, within, self.body_limit, busy_poll).await
    }

    /// Sends a request on this connection.
    pub(in crate::host) async fn send_on(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Response, SendError> {
        connection.transmit(request, self.authority.as_bytes(), deadline, || false).await
    }

    /// Ends every connection, and with it every call on one, and keeps none from now on.
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
    async fn a_connection_that_is_not_made_within_the_callers_time_is_late() {
        let temp = tempfile::tempdir().unwrap();
        let socket = temp.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        // The queue has one place.
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

    /// A process that the plugin has left behind may keep the connection.
    #[tokio::test]
    async fn when_it_closes_every_call_ends_though_the_connection_stays() {
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
        let (alone, shared, _ends) = tokio::join!(
            endpoint.send(&request, deadline, || false),
            endpoint.send_pipelined(&request, deadline),
            close,
        );
        assert!(matches!(alone, Err(SendError::Broken(_))), "{alone:?}");
        assert!(matches!(shared, Some(Err(SendError::Broken(_)))), "{shared:?}");
        assert!(endpoint.send_pipelined(&request, deadline).await.is_none());
    }
}
