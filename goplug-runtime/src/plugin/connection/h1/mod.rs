//! HTTP/1.1 by goplug's own codec: requests are answered in their order, and as many responses
//! are written at a time as there are.
//!
//! A call that is ready at once, as most are, costs no timer and no wait. While a call takes
//! longer, the connection listens to its peer, and drops the handler if the peer hangs up.
//!
//! A request comes in by [`head`] and [`body`], is answered by the
//! [`RequestHandler`], and goes out by the [`Outbox`]. Start with [`H1Connection::serve`].

mod body;
mod head;
mod incoming;
mod replies;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use self::body::BodyInfo;
use self::head::{Expected, NextRequest};
pub(in crate::plugin) use self::incoming::ANSWER_INCOMING;
use self::incoming::AnswerIncoming;
pub(in crate::plugin) use self::replies::READ_REPLIES;
use self::replies::ReadReplies;
use super::buffered_stream::{BufferedStream, Closed};
use super::feed::Feed;
use super::idle::IdleState;
use super::outbox::Outbox;
use crate::http1::{BodyLength, HeadCache, ResponseHead};
use crate::limits;
use crate::plugin::callbacks::{CallbackStream, Hangup};
use crate::plugin::headers::Headers;
use crate::plugin::problems::{bad_request, no_reply_stream};
use crate::plugin::request_handler::{Answer, RequestHandler};
use crate::plugin::response::{Content, Response, ResponseGuard};
use crate::plugin::result_stream::ResultStream;
use crate::plugin::route::{CallSource, MethodCall, Route};
use crate::plugin::select::with_context;
use crate::protocol::{Problem, wire};
use crate::transport::BusyPoll;

/// Why [`H1Connection::serve`] answers no further request.
pub(super) enum Served {
    /// The connection is at its end.
    Closed,
    /// A stream of callbacks is to be sent before the next request. Its head has been written.
    Callbacks(CallbackStream),
    /// As [`Served::Callbacks`], the result of a call, and its arguments if these are a stream.
    Result(ResultStream, Option<Box<Feed>>),
    /// This codec does not support the next request.
    Unsupported,
}

/// A connection that this codec reads and writes.
pub(super) struct H1Connection<'h> {
    pub(super) stream: BufferedStream,
    handler: &'h RequestHandler,
    id: u64,
    idle_state: Arc<IdleState>,
    /// What the head of the last call says.
    last_head: HeadCache<(MethodCall<'h>, Option<Arc<CallSource>>, BodyInfo)>,
    outbox: Outbox,
    /// How long the peer may take for a head, and pause within a body or while it takes
    /// responses.
    idle: Duration,
    /// When the first bytes of an incomplete head came.
    head_since: Option<Instant>,
    busy_poll: BusyPoll,
    /// Whether requests may be given back to the peer: see [`wire::HEADER_PIPELINE`].
    pipeline: bool,
    /// Whether the current request is the last: because it says so, or because the requests after
    /// it have been given back.
    last: bool,
}

impl<'h> H1Connection<'h> {
    pub(super) fn new(
        stream: BufferedStream,
        handler: &'h RequestHandler,
        id: u64,
        idle_state: Arc<IdleState>,
    ) -> Self {
        Self {
            stream,
            handler,
            id,
            idle_state,
            last_head: HeadCache::default(),
            outbox: Outbox::default(),
            idle: handler.settings().peer_idle,
            head_since: None,
            busy_poll: BusyPoll::default(),
            pipeline: false,
            last: false,
        }
    }

    /// Answers requests for as long as this codec supports them.
    pub(super) async fn serve(&mut self) -> Served {
        self.serve_all().await.unwrap_or(Served::Closed)
    }

    async fn serve_all(&mut self) -> Result<Served, Closed> {
        while !self.last {
            match self.next_request() {
                NextRequest::Incomplete => self.receive(Expected::Request).await?,
                NextRequest::TooLong => {
                    self.last = true;
                    let head = self.response_head(wire::STATUS_HEAD_TOO_LONG, wire::OCTET_STREAM);
                    self.outbox.push(head, Bytes::new(), ResponseGuard::default());
                    self.hang_up().await?;
                    return Ok(Served::Closed);
                }
                NextRequest::Unsupported => {
                    self.flush().await?;
                    return Ok(Served::Unsupported);
                }
                NextRequest::Refused(reason) => {
                    let problem = bad_request(format!("the request is refused: {reason}"));
                    return Err(self.refuse(&problem).await);
                }
                NextRequest::Request(Route::Incoming(call), info) => {
                    self.last = !info.keep_alive;
                    let streaming = self.handler.definition().streaming_part();
                    let Some(AnswerIncoming(answer)) = streaming else { return Err(Closed) };
                    if let Some(stream) = answer(self, call, info).await? {
                        self.flush().await?;
                        return Ok(stream);
                    }
                }
                NextRequest::Request(Route::Replies(of), info) => self.replies(of, info).await?,
                NextRequest::Request(route, info) => {
                    self.last = !info.keep_alive;
                    let body = match self.take_body(info) {
                        Some(body) => Some(body),
                        None => self.read_body(info).await?,
                    };
                    if let Some(body) = body
                        && let Some(stream) = self.answer(route, body).await?
                    {
                        self.flush().await?;
                        return Ok(stream);
                    }
                }
            }
            if self.outbox.is_full() {
                self.flush().await?;
            }
        }
        self.flush().await?;
        Ok(Served::Closed)
    }

    /// Reads a stream of replies, if the plugin has called a service.
    async fn replies(&mut self, headers: Box<Headers>, info: BodyInfo) -> Result<(), Closed> {
        self.last = !info.keep_alive;
        match self.handler.hub().reply_reader() {
            Some(ReadReplies(read)) => read(self, headers, info).await,
            None => Err(self.refuse(&no_reply_stream()).await),
        }
    }

    /// Answers a request. If the response is a stream, only its head is pushed, and the stream is
    /// returned.
    async fn answer(&mut self, route: Route<'_>, body: Bytes) -> Result<Option<Served>, Closed> {
        let handler = self.handler;
        let response = match with_context(|cx| handler.begin(route, body, cx)).await {
            Answer::Ready(response) => response,
            Answer::Pending(pending) => {
                self.flush().await?;
                let response = self.wait_for(handler.finish(pending, self.id)).await?;
                response.map_err(|Hangup| Closed)?
            }
        };
        Ok(self.push(response))
    }

    /// Adds a response to the output. If it is a stream, only its head is added, and the stream is
    /// returned.
    #[inline]
    fn push(&mut self, response: Response) -> Option<Served> {
        let Response { status, media_type, protocol, content, guard } = response;
        let head = ResponseHead { protocol, ..self.response_head(status, media_type) };
        match content {
            Content::Full(body) => {
                self.outbox.push(head, body, guard);
                None
            }
            Content::Parts(parts) => {
                let head = ResponseHead { media_type: &parts.media_type, ..head };
                self.outbox.push_pieces(head, &parts, guard);
                None
            }
            Content::Callbacks(events) => {
                self.outbox.push_stream(head);
                Some(Served::Callbacks(events))
            }
            Content::Result(result) => {
                self.outbox.push_stream(head);
                Some(Served::Result(result, None))
            }
        }
    }

    /// Waits for a response, and listens to the peer meanwhile. If the peer hangs up, the response
    /// is dropped. If the wait takes long, the requests after the current one are given back, so
    /// that the peer can send them on another connection.
    async fn wait_for<F: Future>(&mut self, response: F) -> Result<F::Output, Closed> {
        let mut response = pin!(response);
        let mut stall_timer = self.pipeline.then(|| Box::pin(sleep(limits::PIPELINE_STALL)));
        let mut hangup_timer = None;
        loop {
            let waited = poll_fn(|cx| {
                if let Poll::Ready(response) = response.as_mut().poll(cx) {
                    return Poll::Ready(Waited::Response(response));
                }
                if self.stream.poll_gone(cx, &mut hangup_timer).is_ready() {
                    return Poll::Ready(Waited::PeerGone);
                }
                match &mut stall_timer {
                    Some(timer) => timer.as_mut().poll(cx).map(|()| Waited::TooLong),
                    None => Poll::Pending,
                }
            });
            match waited.await {
                Waited::Response(response) => return Ok(response),
                Waited::PeerGone => return Err(Closed),
                Waited::TooLong => {
                    (stall_timer, self.last) = (None, true);
                    self.outbox.push_given_back();
                    self.flush().await?;
                }
            }
        }
    }

    /// Answers a request that has not arrived completely, and ends the connection.
    pub(super) async fn refuse(&mut self, problem: &Problem) -> Closed {
        self.last = true;
        self.push_problem(problem);
        // The connection is over, whether or not the peer can still be told.
        let _ = self.hang_up().await;
        Closed
    }

    fn push_problem(&mut self, problem: &Problem) {
        let head = self.response_head(problem.status(), wire::PROBLEM);
        self.outbox.push(head, problem.to_json().into(), ResponseGuard::default());
    }

    /// Writes the last response, and ends the connection once the peer has had time to read it.
    async fn hang_up(&mut self) -> Result<(), Closed> {
        self.flush().await?;
        self.stream.linger(self.handler.settings()).await;
        Ok(())
    }

    /// The head of a response to the current request, for a body that is not known yet.
    fn response_head<'a>(&self, status: u16, media_type: &'a str) -> ResponseHead<'a> {
        let (protocol, length, close) = (false, BodyLength::Known(0), self.last);
        ResponseHead { status, media_type, protocol, length, close }
    }

    /// Ends the connection. If it waited for a request, the peer learns that one that has come meanwhile was not
    /// read.
    pub(super) async fn end(self) {
        if self.idle_state.since().is_some() {
            self.stream.stream.close_idle().await;
        }
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        Ok(self.outbox.flush(&mut self.stream, self.idle).await?)
    }
}

/// What a wait for a response ended with.
enum Waited<T> {
    Response(T),
    PeerGone,
    /// It takes so long that the requests after the current one are given back.
    TooLong,
}
