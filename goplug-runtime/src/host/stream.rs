//! A connection whose response has no end in sight: a plugin's callbacks.
//!
//! hyper hands out a sender and a connection future. Usually the future is spawned;
//! here it is polled by whoever reads the stream, so that reading costs no task and
//! no wake-up of one, and dropping the reader closes the connection.

use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;

use super::connection::open_stream;
use crate::http1::Request;
use crate::protocol::wire;
use crate::transport::Stream;

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// A connection by hyper.
pub(super) struct StreamConnection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<Driver>>>,
}

impl StreamConnection {
    /// Connects to a plugin's socket: see [`Connection::open`](super::connection::Connection).
    pub(super) async fn open(socket: &Path, deadline: Duration) -> io::Result<Self> {
        let stream = open_stream(socket, deadline).await?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Self { sender, driver: Some(Box::pin(driver)) })
    }

    /// Sends a request and answers with the head of its response; the body is still
    /// to be read with [`StreamConnection::next_chunk`].
    pub(super) async fn begin(
        &mut self,
        request: &Request<'_>,
        authority: &str,
    ) -> io::Result<Response<Incoming>> {
        let request = of_hyper(request, authority).map_err(io::Error::other)?;
        let response = self.sender.send_request(request);
        drive(&mut self.driver, response).await.map_err(broken)
    }

    /// The next piece of a response body; `None` at its end.
    pub(super) async fn next_chunk(&mut self, body: &mut Incoming) -> io::Result<Option<Bytes>> {
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
}

fn of_hyper(
    request: &Request<'_>,
    authority: &str,
) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
    let path = wire::path_of_method(request.method) + request.below;
    let mut builder = hyper::Request::post(path).header(HOST, authority);
    if let Some(content_type) = request.content_type {
        builder = builder.header(CONTENT_TYPE, content_type);
    }
    for (name, value) in request.fields {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::new(Bytes::copy_from_slice(request.body)))
}

/// Tells a response that is none from a connection that is gone.
fn broken(error: hyper::Error) -> io::Error {
    let kind = if error.is_parse() { io::ErrorKind::InvalidData } else { io::ErrorKind::Other };
    io::Error::new(kind, error)
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
