//! Where a plugin listens, and the connections to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::{Connection, TransmitError, open_stream};
use super::pipeline::{Outcome, Pipeline, Pipelines, Turn};
use super::policy::Policy;
use super::pool::Pool;
use crate::http1::{Request, Response};
use crate::limits;

/// Why a request got no answer.
#[derive(Debug)]
pub(super) enum RequestError {
    /// No connection could be made; nothing was sent.
    Unreachable(std::io::Error),
    /// The connection broke; the request may have been processed.
    Broken(std::io::Error),
    /// The response body is larger than the limit.
    TooLarge,
    /// The deadline is over.
    Late,
}

/// Where a plugin listens, and the connections to it.
pub(super) struct Endpoint {
    socket: PathBuf,
    authority: Box<str>,
    body_limit: usize,
    busy_poll: Duration,
    connections: Pool<Connection>,
    pipelines: Pipelines,
}

impl Endpoint {
    /// An endpoint on this socket; `url` gives the `Host` header.
    pub(super) fn new(socket: PathBuf, url: &str, policy: &Policy) -> Self {
        let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
        // A URL from a file may hold what no header can.
        let fits = !authority.is_empty() && authority.bytes().all(|byte| byte.is_ascii_graphic());
        let authority = if fits { authority.into() } else { "goplug".into() };
        Self {
            socket,
            authority,
            body_limit: policy.body_limit,
            busy_poll: policy.busy_poll,
            connections: Pool::default(),
            pipelines: Pipelines::new(),
        }
    }

    /// The path of the socket.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// What the `Host` header says.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// For how long a connection is looked at before its reader waits.
    pub(super) fn busy_poll(&self) -> Duration {
        self.busy_poll
    }

    /// The largest body that is received, in bytes.
    pub(super) fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// How long a new connection may be waited for by who has until this deadline.
    pub(super) fn time_to_connect(deadline: Instant) -> Duration {
        limits::CONNECT_TIMEOUT.min(deadline.saturating_duration_since(Instant::now()))
    }

    /// Sends a request on an idle connection, or on a new one. A connection that the
    /// plugin has closed while it was idle costs nothing but the next attempt. `alone` says
    /// whether it is the only one on its way.
    pub(super) async fn send(
        &self,
        request: &Request<'_>,
        deadline: Instant,
        alone: impl Fn() -> bool,
    ) -> Result<Response, RequestError> {
        let authority = self.authority.as_bytes();
        while let Some(mut connection) = self.connections.take() {
            match connection.transmit(request, authority, deadline, &alone).await {
                Err(TransmitError::Unsent(_)) => {}
                Err(error) => return Err(error.into()),
                Ok(response) => {
                    self.connections.put(connection);
                    return Ok(response);
                }
            }
        }
        let opened = self.open(Self::time_to_connect(deadline), self.busy_poll).await;
        let opened = opened.map_err(|error| RequestError::unconnected(error, deadline))?;
        let mut connection = self.connections.admit(opened);
        let response = connection.transmit(request, authority, deadline, alone).await?;
        self.connections.put(connection);
        Ok(response)
    }

    /// Sends a request on a connection that it shares with others; `None` where there is no
    /// room on any.
    pub(super) async fn send_pipelined(
        &self,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Option<Outcome> {
        let pipeline = match self.pipelines.next() {
            Turn::Existing(pipeline) => pipeline,
            Turn::None => return None,
            Turn::New(place) => {
                let opened = open_stream(&self.socket, Self::time_to_connect(deadline)).await;
                let stream = opened.ok()?;
                place.fill(Pipeline::new(stream, self.body_limit))
            }
        };
        pipeline.transmit(request, self.authority.as_bytes(), deadline).await
    }

    /// Opens a connection that is not shared.
    pub(super) async fn connect(&self) -> std::io::Result<Connection> {
        self.open(limits::CONNECT_TIMEOUT, Duration::ZERO).await
    }

    async fn open(&self, within: Duration, busy_poll: Duration) -> std::io::Result<Connection> {
        Connection::open(&self.socket, within, self.body_limit, busy_poll).await
    }

    /// Sends a request on this connection.
    pub(super) async fn send_on(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
        deadline: Instant,
    ) -> Result<Response, TransmitError> {
        connection.transmit(request, self.authority.as_bytes(), deadline, || false).await
    }

    /// Ends every connection, and with it every call on one, and keeps none from now on.
    pub(super) fn close(&self) {
        self.connections.close();
        self.pipelines.close();
    }
}

impl RequestError {
    /// The error of a connection that was not made: the caller's own deadline may be why.
    pub(super) fn unconnected(error: std::io::Error, deadline: Instant) -> Self {
        if error.kind() == std::io::ErrorKind::TimedOut && deadline <= Instant::now() {
            Self::Late
        } else {
            Self::Unreachable(error)
        }
    }
}

impl From<TransmitError> for RequestError {
    fn from(error: TransmitError) -> Self {
        match error {
            TransmitError::Unsent(error) => Self::Unreachable(error),
            TransmitError::Broken(error) => Self::Broken(error),
            TransmitError::TooLarge => Self::TooLarge,
            TransmitError::Late => Self::Late,
        }
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
        let endpoint = Endpoint::new(socket, "unix://x", &Policy::default());
        let deadline = Instant::now() + Duration::from_millis(20);
        let request = Request::new("work", b"");
        let error = endpoint.send(&request, deadline, || false).await.unwrap_err();
        assert!(matches!(error, RequestError::Late), "{error:?}");
        drop(listener);
        let error = endpoint.send(&request, deadline, || false).await.unwrap_err();
        assert!(matches!(error, RequestError::Unreachable(_)), "{error:?}");
    }

    /// A process that the plugin has left behind may keep the connection.
    #[tokio::test]
    async fn when_it_closes_every_call_ends_though_the_connection_stays() {
        let temp = tempfile::tempdir().unwrap();
        let socket = temp.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let endpoint = Endpoint::new(socket, "unix://x", &Policy::default());
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
        assert!(matches!(alone, Err(RequestError::Broken(_))), "{alone:?}");
        assert!(matches!(shared, Some(Err(TransmitError::Broken(_)))), "{shared:?}");
        assert!(endpoint.send_pipelined(&request, deadline).await.is_none());
    }
}
