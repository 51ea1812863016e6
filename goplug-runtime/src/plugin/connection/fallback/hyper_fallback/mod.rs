//! What goplug's own codec does not support, by hyper: HTTP/1.0, and `HEAD`.
//!
//! The codec has checked the head, and hyper gets this one request only.
//!
//! hyper notices that a peer has hung up when it reads, and it does not read while it holds a
//! further request behind the current one. Then the handler would run on for a peer that is gone.
//! So the system is asked from time to time whether the peer has hung up.

mod head_timeout;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::{sleep, timeout};

use self::head_timeout::{HeadTimeout, RequestProgress, locked};
use crate::limits;
use crate::plugin::callbacks::Hangup;
use crate::plugin::connection::buffered_stream::BufferedStream;
use crate::plugin::connection::h1::H1Connection;
use crate::plugin::hyper_body::{self, BodyError, ResponseBody, refusal, response};
use crate::plugin::lifecycle::Phase;
use crate::plugin::request_handler::{Answer, RequestHandler};
use crate::plugin::response::{Response as PluginResponse, ResponseGuard};
use crate::plugin::select::{Either, select, with_context};
use crate::protocol::wire;
use crate::transport::{Stream, is_peer_closed};

/// Answers the request whose bytes have been read of a connection, and ends the connection.
pub(in crate::plugin::connection) async fn serve(
    connection: H1Connection<'_>,
    handler: &Arc<RequestHandler>,
    id: u64,
) {
    let BufferedStream { stream, incoming } = connection.stream;
    let read = Bytes::copy_from_slice(incoming.filled());
    let progress = Arc::new(RequestProgress::default());
    let stream = Arc::new(Mutex::new(stream));
    let limit = handler.settings().peer_idle;
    let timed = HeadTimeout::new(stream.clone(), read, progress.clone(), limit);
    let lifecycle = handler.lifecycle().clone();
    let handler = handler.clone();
    let service = service_fn(move |request| {
        let guard = progress.begin();
        let (handler, stream) = (handler.clone(), stream.clone());
        async move {
            let _guard = guard;
            match select(answer(&handler, request, id), hung_up(&stream)).await {
                Either::Left(response) => response,
                Either::Right(()) => Err(Hangup),
            }
        }
    });
    let mut connection = Box::pin(
        http1::Builder::new()
            .header_read_timeout(None)
            // Heads behind this one would be read by hyper's rules, which are laxer.
            .keep_alive(false)
            .serve_connection(TokioIo::new(timed), service),
    );
    // A peer's mistake ends its own connection, and nobody else needs to know what it was.
    match select(connection.as_mut(), lifecycle.reached(Phase::Closing)).await {
        Either::Left(_) => {}
        Either::Right(()) => {
            // Nothing is in flight by now, so no response gets a `Connection: close`.
            connection.as_mut().graceful_shutdown();
            let _ = timeout(limits::FLUSH_TIMEOUT, connection).await;
        }
    }
}

/// Answers one request. Dropping the future drops the method's handler.
async fn answer(
    handler: &RequestHandler,
    request: Request<Incoming>,
    id: u64,
) -> Result<Response<ResponseBody>, Hangup> {
    let (head, incoming) = request.into_parts();
    let settings = handler.settings();
    let body = match hyper_body::read(incoming, settings.body_limit, settings.peer_idle).await {
        Ok(body) => body,
        Err(BodyError::Broken(problem)) => {
            return Ok(response(PluginResponse::problem(&problem, ResponseGuard::default())));
        }
        Err(BodyError::TooLarge(problem, rest)) => return Ok(refusal(&problem, rest)),
    };
    let fields = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let timeout = head.headers.get(wire::HEADER_TIMEOUT).map(|value| value.as_bytes());
    let route = handler.route(head.method.as_str(), head.uri.path(), timeout, fields);
    match with_context(|cx| handler.begin(route, body, cx)).await {
        Answer::Ready(ready) => Ok(response(ready)),
        Answer::Pending(pending) => handler.finish(pending, id).await.map(response),
    }
}

/// Waits until the peer has hung up.
async fn hung_up(stream: &Mutex<Stream>) {
    loop {
        sleep(limits::HANGUP_POLL).await;
        if is_peer_closed(&locked(stream)) {
            return;
        }
    }
}
