//! Requests of every kind, by hyper's HTTP/1.1.
//!
//! hyper notices that a peer is gone when it reads, and it does not read while it holds a
//! further request behind the one that is being answered. So that a peer which had more to
//! ask is not waited for, its end of the stream is looked at now and then.

mod body;
mod guarded;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::{sleep, timeout};

use self::body::{AnswerBody, Unread, refusal, response};
use self::guarded::{Guarded, Requests, locked};
use crate::limits;
use crate::plugin::answer::{Answer, Ticket};
use crate::plugin::callbacks::Hangup;
use crate::plugin::lifecycle::Phase;
use crate::plugin::race::{First, first};
use crate::plugin::request::{Headers, bad_request};
use crate::plugin::service::Service;
use crate::transport::{Stream, has_hung_up};

/// Serves a connection, of which so much has been read, until its peer or the plugin ends it.
pub(super) async fn serve(stream: Stream, read: Bytes, service: Arc<Service>, id: u64) {
    let requests = Arc::new(Requests::default());
    let stream = Arc::new(Mutex::new(stream));
    let limit = service.peer_idle();
    let guarded = Guarded::new(stream.clone(), read, requests.clone(), limit);
    let lifecycle = service.lifecycle().clone();
    let answers = service_fn(move |request| {
        let begun = requests.begin();
        let (service, stream) = (service.clone(), stream.clone());
        async move {
            let _begun = begun;
            match first(answer(&service, request, id), hung_up(&stream)).await {
                First::Left(answer) => answer,
                First::Right(()) => Err(Hangup),
            }
        }
    });
    let mut connection = Box::pin(
        http1::Builder::new()
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(guarded), answers),
    );
    // What a peer does wrong ends its own connection, and is of no interest beyond.
    match first(connection.as_mut(), lifecycle.reached(Phase::Closing)).await {
        First::Left(_) => {}
        First::Right(()) => {
            // Nothing is in flight now, so that no answer gets a `Connection: close`.
            connection.as_mut().graceful_shutdown();
            let _ = timeout(limits::FLUSH_TIMEOUT, connection).await;
        }
    }
}

/// Answers one request. Dropping the future drops the handler.
async fn answer(
    service: &Service,
    request: Request<Incoming>,
    id: u64,
) -> Result<Response<AnswerBody>, Hangup> {
    let (head, incoming) = request.into_parts();
    let problem = match body::read(incoming, service.body_limit(), service.peer_idle()).await {
        Ok(body) if head.method == Method::POST => {
            let fields = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
            let headers = Headers::of(fields);
            return service.answer(head.uri.path(), &headers, body, id).await.map(response);
        }
        Ok(_) => bad_request(format!("{} is not POST", head.method)),
        Err(Unread::Broken(problem)) => problem,
        Err(Unread::TooLarge(problem, rest)) => return Ok(refusal(&problem, rest)),
    };
    Ok(response(Answer::problem(&problem, Ticket::default())))
}

/// Waits until nobody is there any more to take an answer.
async fn hung_up(stream: &Mutex<Stream>) {
    loop {
        sleep(limits::HANGUP_POLL).await;
        if has_hung_up(&locked(stream)) {
            return;
        }
    }
}
