//! Where a plugin listens, and the idle connections to it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{HOST, HeaderName, HeaderValue};

use super::connection::{Answer, Connection, Transmit, TransmitError};
use crate::error::Result;
use crate::limits;
use crate::protocol::wire;

const PROTOCOL: HeaderName = HeaderName::from_static(wire::HEADER_PROTOCOL);

/// Why a request got no answer.
#[derive(Debug)]
pub(super) enum RequestError {
    /// No connection could be made; nothing was sent.
    Unreachable(std::io::Error),
    /// The connection broke; the request may have been processed.
    Broken(std::io::Error),
    /// The response body is larger than the limit.
    TooLarge,
}

/// Where a plugin listens, and the idle connections to it.
pub(super) struct Endpoint {
    socket: PathBuf,
    authority: HeaderValue,
    body_limit: usize,
    /// `None` once the run is over.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl Endpoint {
    /// An endpoint on this socket; `url` gives the `Host` header.
    pub(super) fn new(socket: PathBuf, url: &str, body_limit: usize) -> Self {
        let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
        let authority =
            HeaderValue::from_str(authority).unwrap_or_else(|_| HeaderValue::from_static("goplug"));
        Self { socket, authority, body_limit, idle: Mutex::new(Some(Vec::new())) }
    }

    /// The path of the socket.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// What the `Host` header says.
    pub(super) fn authority(&self) -> &[u8] {
        self.authority.as_bytes()
    }

    /// The largest body that is received, in bytes.
    pub(super) fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// A request for a method, without headers of its own.
    pub(super) fn request(&self, method: &str, body: Bytes) -> Request<Full<Bytes>> {
        self.request_to(&wire::path_of_method(method), body)
    }

    /// A request for a path, which has to be percent-encoded.
    pub(super) fn request_to(&self, path: &str, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = hyper::Method::POST;
        // Every character that a path cannot hold is percent-encoded by then.
        if let Ok(uri) = path.parse() {
            *request.uri_mut() = uri;
        }
        request.headers_mut().insert(HOST, self.authority.clone());
        request
    }

    /// Sends a request on an idle connection, or on a new one. A connection that the
    /// plugin has closed while it was idle costs nothing but the next attempt.
    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Answer, RequestError> {
        while let Some(connection) = self.take_idle() {
            match self.send_on(connection, request).await {
                Err(TransmitError::Unsent(unsent)) => request = *unsent,
                other => return other.map_err(RequestError::from),
            }
        }
        let connection = self.connect().await.map_err(RequestError::Unreachable)?;
        self.send_on(connection, request).await.map_err(RequestError::from)
    }

    /// Opens a connection that is not shared.
    pub(super) async fn connect(&self) -> std::io::Result<Connection> {
        Connection::open(&self.socket, limits::CONNECT).await
    }

    async fn send_on(
        &self,
        mut connection: Connection,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, TransmitError> {
        let answer = connection.transmit(request, self.body_limit).await?;
        if connection.is_reusable()
            && let Some(idle) = &mut *self.lock()
            && idle.len() < limits::IDLE_CONNECTIONS
        {
            idle.push(connection);
        }
        Ok(answer)
    }

    fn take_idle(&self) -> Option<Connection> {
        self.lock().as_mut()?.pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes every idle connection, and keeps none from now on.
    pub(super) fn close_idle(&self) {
        self.lock().take();
    }
}

impl From<TransmitError> for RequestError {
    fn from(error: TransmitError) -> Self {
        match error {
            TransmitError::Unsent(_) => Self::Unreachable(std::io::Error::new(
                std::io::ErrorKind::ConnectionReset,
                "the plugin closed the connection",
            )),
            TransmitError::Broken(error) => Self::Broken(error),
            TransmitError::TooLarge => Self::TooLarge,
        }
    }
}

/// Marks a request as one of GoPlug 2.
pub(super) fn speak_goplug_2(request: &mut Request<Full<Bytes>>) {
    request.headers_mut().insert(PROTOCOL, HeaderValue::from(wire::PROTOCOL));
}
