//! One run of a plugin: its socket, its idle connections, and how it ended.
//!
//! A [`Service`] lives from one activation to the end of that process. Handles hold
//! the current one, so that a plugin can be started anew beneath them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use tokio::sync::{Notify, Semaphore};

use super::connection::{Answer, Connection, Transmit, TransmitError};
use super::policy::Policy;
use super::response::{self, Terms};
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{Descriptor, PluginId, wire};
use crate::typed::{CallRequest, MediaType};

/// How long a call whose connection broke waits to learn how the process ended.
pub(super) const EXIT_PATIENCE: Duration = Duration::from_secs(2);

const PROTOCOL: HeaderName = HeaderName::from_static(wire::HEADER_PROTOCOL);
const TIMEOUT: HeaderName = HeaderName::from_static(wire::HEADER_TIMEOUT);

/// Which protocol the plugin speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The original GoPlug.
    GoPlug1,
    /// This project's.
    GoPlug2,
}

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
    idle: Mutex<Vec<Connection>>,
}

impl Endpoint {
    /// An endpoint on this socket; `url` gives the `Host` header.
    pub(super) fn new(socket: PathBuf, url: &str, body_limit: usize) -> Self {
        let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
        let authority =
            HeaderValue::from_str(authority).unwrap_or_else(|_| HeaderValue::from_static("goplug"));
        Self { socket, authority, body_limit, idle: Mutex::default() }
    }

    /// The path of the socket.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
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
        if connection.is_reusable() {
            let mut idle = self.lock();
            if idle.len() < limits::IDLE_CONNECTIONS {
                idle.push(connection);
            }
        }
        Ok(answer)
    }

    fn take_idle(&self) -> Option<Connection> {
        self.lock().pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close_idle(&self) {
        self.lock().clear();
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

/// How a run of a plugin ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Exit status or signal, or that the connection is lost.
    pub(super) status: String,
    /// The last lines of standard error.
    pub(super) stderr: Vec<String>,
}

/// One run of a plugin, from its activation on.
pub(super) struct Service {
    id: PluginId,
    endpoint: Endpoint,
    dialect: Dialect,
    descriptor: Arc<Descriptor>,
    /// The process, where it is our child.
    pid: Option<u32>,
    /// The original's plugins are called one at a time.
    turns: Option<Semaphore>,
    call_timeout: Duration,
    ending: OnceLock<Ending>,
    ended: Notify,
}

impl Service {
    pub(super) fn new(
        id: PluginId,
        endpoint: Endpoint,
        dialect: Dialect,
        descriptor: Descriptor,
        pid: Option<u32>,
        policy: &Policy,
    ) -> Self {
        Self {
            id,
            endpoint,
            dialect,
            descriptor: Arc::new(descriptor),
            pid,
            turns: (dialect == Dialect::GoPlug1).then(|| Semaphore::new(1)),
            call_timeout: policy.call_timeout,
            ending: OnceLock::new(),
            ended: Notify::new(),
        }
    }

    pub(super) fn id(&self) -> &PluginId {
        &self.id
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn descriptor(&self) -> &Arc<Descriptor> {
        &self.descriptor
    }

    /// Says how the run ended; every call in flight fails with it.
    pub(super) fn end(&self, ending: Ending) {
        if self.ending.set(ending).is_ok() {
            self.ended.notify_waiters();
            self.endpoint.close_idle();
        }
    }

    /// Resolves when the run has ended.
    pub(super) async fn wait_for_end(&self) -> &Ending {
        loop {
            let notified = self.ended.notified();
            if let Some(ending) = self.ending.get() {
                return ending;
            }
            notified.await;
        }
    }

    /// Calls a method within the caller's budget.
    pub(super) async fn call(&self, call: CallRequest<'_>) -> Result<Bytes> {
        let budget = call.timeout.unwrap_or(self.call_timeout);
        let method = call.method;
        match tokio::time::timeout(budget, self.exchange(call, budget)).await {
            Ok(result) => result,
            Err(_) => Err(self.late(method, budget)),
        }
    }

    /// Sends a request of the protocol itself, within the default deadline.
    pub(super) async fn control(
        &self,
        method: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<Bytes> {
        match tokio::time::timeout(
            self.call_timeout,
            self.finish(method, request, self.call_timeout),
        )
        .await
        {
            Ok(result) => result,
            Err(_) => Err(self.late(method, self.call_timeout)),
        }
    }

    async fn exchange(&self, call: CallRequest<'_>, budget: Duration) -> Result<Bytes> {
        let _turn = match &self.turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        };
        let request = self.request_of_call(&call, budget);
        self.finish(call.method, request, budget).await
    }

    /// Sends a request and makes a result of whatever comes of it.
    async fn finish(
        &self,
        method: &str,
        request: Request<Full<Bytes>>,
        budget: Duration,
    ) -> Result<Bytes> {
        let answer = tokio::select! {
            biased;
            answer = self.endpoint.send(request) => answer,
            ending = self.wait_for_end() => return Err(self.crashed(ending, true)),
        };
        let limit = self.endpoint.body_limit;
        match answer {
            Ok(answer) => response::into_result(&self.id, method, answer, Terms { limit, budget }),
            Err(RequestError::TooLarge) => Err(Error::TooLarge { limit }),
            Err(RequestError::Broken(error)) => Err(self.lost(&error, true).await),
            Err(RequestError::Unreachable(error)) => Err(self.lost(&error, false).await),
        }
    }

    fn late(&self, method: &str, after: Duration) -> Error {
        Error::Deadline { what: format!("{method} of {}", self.id), after }
    }

    fn request_of_call(&self, call: &CallRequest<'_>, budget: Duration) -> Request<Full<Bytes>> {
        let mut request = self.endpoint.request(call.method, call.body.clone());
        let headers = request.headers_mut();
        if self.dialect == Dialect::GoPlug2 {
            headers.insert(TIMEOUT, HeaderValue::from(wire::timeout_value(budget)));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(call.media_type.as_str()));
        } else if !call.body.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(MediaType::Json.as_str()));
        }
        request
    }

    /// The error of a connection that broke: a crash, once it is known how.
    async fn lost(&self, error: &std::io::Error, may_have_executed: bool) -> Error {
        // Only of our own child more will be known.
        let patience = if self.pid.is_some() { EXIT_PATIENCE } else { Duration::ZERO };
        match tokio::time::timeout(patience, self.wait_for_end()).await {
            Ok(ending) => self.crashed(ending, may_have_executed),
            Err(_) => {
                let status = format!("connection lost: {error}");
                self.crashed(&Ending { status, stderr: Vec::new() }, may_have_executed)
            }
        }
    }

    fn crashed(&self, ending: &Ending, may_have_executed: bool) -> Error {
        Error::Crashed {
            id: self.id.clone(),
            status: ending.status.clone(),
            stderr: ending.stderr.clone(),
            may_have_executed,
        }
    }
}

/// Marks a request as one of GoPlug 2.
pub(super) fn speak_goplug_2(request: &mut Request<Full<Bytes>>) {
    request.headers_mut().insert(PROTOCOL, HeaderValue::from(wire::PROTOCOL));
}
