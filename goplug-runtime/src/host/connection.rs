//! One connection to a plugin, driven by whoever calls through it.
//!
//! hyper hands out a sender and a connection future. Usually the future is spawned;
//! here it is polled by the caller together with the response, so that a call costs
//! no task and no wake-up of one, and dropping the call closes the connection, which
//! is how a plugin learns that nobody waits any more.
//!
//! [`Transmit`] is all that the call path knows of this, so that a leaner codec can
//! take hyper's place.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use crate::transport::{self, Peer, Stream};

/// Why a request got no response.
#[derive(Debug)]
pub(super) enum TransmitError {
    /// The request was not sent; it comes back and may go elsewhere.
    Unsent(Box<Request<Full<Bytes>>>),
    /// The connection failed after the request may have been sent; because of what was
    /// received where the kind is [`InvalidData`](std::io::ErrorKind::InvalidData).
    Broken(std::io::Error),
    /// The response body is larger than the limit.
    TooLarge,
}

/// A whole response.
pub(super) struct Answer {
    pub(super) head: hyper::http::response::Parts,
    pub(super) body: Bytes,
}

/// Sends one request at a time and receives its response.
pub(super) trait Transmit: Sized + Send {
    /// Sends a request and collects its response, whose body may have at most
    /// `limit` bytes. Dropping the future closes the connection.
    fn transmit(
        &mut self,
        request: Request<Full<Bytes>>,
        limit: usize,
    ) -> impl Future<Output = Result<Answer, TransmitError>> + Send;

    /// Whether another request can follow on this connection.
    fn is_reusable(&self) -> bool;
}

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// A connection by hyper.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<Driver>>>,
}

impl Connection {
    /// Connects to a plugin's socket, which this host's user or root must have bound: what
    /// is sent there may be secret, and what comes from there is believed.
    pub(super) async fn open(socket: &Path, deadline: Duration) -> std::io::Result<Self> {
        let stream = transport::connect(socket, deadline).await?;
        Peer::of(&stream)?.check_listener()?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    /// Sends a request and answers with the head of its response; the body is still
    /// to be read with [`Connection::next_chunk`].
    pub(super) async fn begin(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TransmitError> {
        if !self.become_ready().await {
            return Err(TransmitError::Unsent(Box::new(request)));
        }
        let response = self.sender.try_send_request(request);
        match drive(&mut self.driver, response).await {
            Ok(response) => Ok(response),
            Err(mut error) => Err(match error.take_message() {
                Some(request) => TransmitError::Unsent(Box::new(request)),
                None => TransmitError::Broken(broken(error.into_error())),
            }),
        }
    }

    /// The next piece of a response body; `None` at its end.
    pub(super) async fn next_chunk(
        &mut self,
        body: &mut Incoming,
    ) -> std::io::Result<Option<Bytes>> {
        let mut body = Pin::new(body);
        loop {
            let frame = poll_fn(|cx| body.as_mut().poll_frame(cx));
            match drive(&mut self.driver, frame).await {
                None => return Ok(None),
                Some(Err(error)) => return Err(broken(error)),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// Resolves when the other end closes this connection, which nobody else uses.
    pub(super) async fn closed(&mut self) {
        if let Some(driver) = self.driver.as_mut() {
            // How it ended does not matter to who waits for the end.
            drop(driver.await);
        }
        self.driver = None;
    }

    /// Waits until hyper takes the next request. Mostly it does at once: it has been asked
    /// for more with the end of the answer before. A connection that the other end has
    /// closed meanwhile shows itself either here or when the request is to be written: hyper
    /// reads before it writes, and gives back what it has not written.
    async fn become_ready(&mut self) -> bool {
        if self.sender.is_ready() {
            return self.driver.is_some();
        }
        self.driver.is_some()
            && drive(&mut self.driver, poll_fn(|cx| self.sender.poll_ready(cx))).await.is_ok()
    }

    async fn collect(&mut self, mut body: Incoming, limit: usize) -> Result<Bytes, TransmitError> {
        if body.size_hint().lower() > limit as u64 {
            return Err(TransmitError::TooLarge);
        }
        let Some(first) = self.chunk(&mut body).await? else { return Ok(Bytes::new()) };
        if body.is_end_stream() {
            return if first.len() > limit { Err(TransmitError::TooLarge) } else { Ok(first) };
        }
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(limit);
        let mut whole = BytesMut::with_capacity(first.len() + expected);
        whole.extend_from_slice(&first);
        while let Some(more) = self.chunk(&mut body).await? {
            if whole.len() + more.len() > limit {
                return Err(TransmitError::TooLarge);
            }
            whole.extend_from_slice(&more);
        }
        Ok(whole.freeze())
    }

    async fn chunk(&mut self, body: &mut Incoming) -> Result<Option<Bytes>, TransmitError> {
        self.next_chunk(body).await.map_err(TransmitError::Broken)
    }
}

impl Transmit for Connection {
    async fn transmit(
        &mut self,
        request: Request<Full<Bytes>>,
        limit: usize,
    ) -> Result<Answer, TransmitError> {
        let (head, body) = self.begin(request).await?.into_parts();
        let body = self.collect(body, limit).await?;
        Ok(Answer { head, body })
    }

    fn is_reusable(&self) -> bool {
        self.driver.is_some() && !self.sender.is_closed()
    }
}

/// Tells a response that is none from a connection that is gone.
fn broken(error: hyper::Error) -> std::io::Error {
    let kind =
        if error.is_parse() { std::io::ErrorKind::InvalidData } else { std::io::ErrorKind::Other };
    std::io::Error::new(kind, error)
}

/// Polls a connection and something that waits for it, until the latter is ready.
async fn drive<F: Future>(driver: &mut Option<Pin<Box<Driver>>>, waiting: F) -> F::Output {
    let mut waiting = pin!(waiting);
    poll_fn(|cx: &mut Context<'_>| {
        if driver.as_mut().is_some_and(|connection| connection.as_mut().poll(cx).is_ready()) {
            *driver = None;
        }
        waiting.as_mut().poll(cx)
    })
    .await
}
