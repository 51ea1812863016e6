//! The result of a call as a stream, on the connection of that call.
//!
//! Nobody reads ahead: the connection is read when somebody asks for an item. So an unread stream
//! holds up its own method and nothing else.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::blocking::BlockingConnection;
use super::body_part::Idle;
use super::error::SendError;
use super::exchange::Connection;
use super::local::LocalEndpoint;
use super::pool::Member;
use super::request_body::{RequestBody, Waiting};
use crate::http1::{Response, StreamHead};
use crate::limits;

/// The answer to a request whose result may be a stream.
pub(in crate::host) enum Begun<S> {
    /// The head of a stream.
    Stream(S),
    /// An ordinary response, such as an error.
    Response(Response),
}

impl<S> Begun<S> {
    /// The same with another kind of stream.
    pub(super) fn map<T>(self, stream: impl FnOnce(S) -> T) -> Begun<T> {
        match self {
            Self::Stream(begun) => Begun::Stream(stream(begun)),
            Self::Response(response) => Begun::Response(response),
        }
    }
}

/// A connection on which the result of a call comes as a stream. Dropping it closes the connection.
pub(in crate::host) struct ResultStream<C> {
    pub(super) connection: Box<Member<C>>,
    pub(super) head: StreamHead,
    waiting_since: Option<Instant>,
    /// What is still to be sent of the request.
    sending: Option<Box<RequestBody>>,
    /// Whether the request was not sent to its end.
    is_cut_off: bool,
}

/// A stream's connection, whether it waits in a task or in a thread.
pub(in crate::host) trait BodySource: Send + Unpin {
    /// Whether waiting blocks the thread.
    const BLOCKS: bool;

    /// Gets the connection ready for a body that comes part by part.
    fn begin(&mut self);

    /// Whether the body is a stream of events.
    fn is_events(&self) -> bool;

    /// The next part of the body; `None` at its end. After an error the stream must not be used any
    /// more. Cancel safe.
    ///
    /// # Errors
    /// [`SendError::TimedOut`] if nothing comes for `idle`; [`SendError::Broken`] if the body is cut
    /// off.
    fn poll_part(
        &mut self,
        idle: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>>;

    /// Gives the connection back, after the end of the body; to this endpoint, if the plugin is of this
    /// machine.
    fn give_back(self, local: Option<&LocalEndpoint>);
}

impl<C> ResultStream<C> {
    /// A stream that has begun, perhaps before all of this request's body was sent.
    pub(super) fn new(
        connection: Box<Member<C>>,
        head: StreamHead,
        request: Option<RequestBody>,
    ) -> Self
    where
        Self: BodySource,
    {
        let is_cut_off = request.as_ref().is_some_and(|it| it.is_sent() && !it.is_complete());
        let sending = request.filter(|request| !request.is_sent()).map(Box::new);
        let waiting_since = None;
        let mut stream = Self { connection, head, waiting_since, sending, is_cut_off };
        stream.begin();
        stream
    }
}

impl ResultStream<Connection> {
    /// Sends what can be sent of the request. Returns whether the plugin waits for an item of it.
    ///
    /// # Errors
    /// [`SendError::Items`] if an item cannot be sent.
    fn poll_request(&mut self, cx: &mut Context<'_>) -> Result<bool, SendError> {
        let Some(request) = &mut self.sending else { return Ok(false) };
        match self.connection.poll_send(request, cx) {
            Poll::Pending => return Ok(request.waiting() == Waiting::Item),
            Poll::Ready(Ok(())) => self.is_cut_off = !request.is_complete(),
            Poll::Ready(Err(error @ SendError::Items(_))) => return Err(error),
            // The plugin reads no more. Its result may be complete nevertheless.
            Poll::Ready(Err(_)) => self.is_cut_off = true,
        }
        self.sending = None;
        Ok(false)
    }
}

impl BodySource for ResultStream<Connection> {
    const BLOCKS: bool = false;

    fn begin(&mut self) {
        self.connection.begin_body();
    }

    fn is_events(&self) -> bool {
        self.head.is_events
    }

    fn poll_part(
        &mut self,
        idle: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        let waits_for_item = self.poll_request(cx)?;
        let limit = if waits_for_item { limits::MAX_DURATION } else { idle };
        let idle = Idle { since: &mut self.waiting_since, limit };
        let part = self.connection.poll_body(&mut self.head.body, idle, cx);
        if waits_for_item {
            self.waiting_since = None;
        }
        part
    }

    fn give_back(mut self, local: Option<&LocalEndpoint>) {
        let is_complete = self.sending.is_none() && !self.is_cut_off;
        self.connection.end_body(self.head.keep_alive && is_complete);
        if let Some(local) = local {
            local.put_back(self.connection);
        }
    }
}

impl BodySource for ResultStream<BlockingConnection> {
    const BLOCKS: bool = true;

    fn begin(&mut self) {
        self.connection.begin_body();
    }

    fn is_events(&self) -> bool {
        self.head.is_events
    }

    /// Blocks, and is always ready.
    fn poll_part(
        &mut self,
        idle: Duration,
        _: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        let body = &mut self.head.body;
        Poll::Ready(match &mut self.sending {
            Some(request) => self.connection.read_while_sending(body, request, idle),
            None => self.connection.read_body(body, idle),
        })
    }

    fn give_back(mut self, local: Option<&LocalEndpoint>) {
        let is_complete =
            !self.is_cut_off && self.sending.is_none_or(|request| request.is_complete());
        self.connection.end_body(self.head.keep_alive && is_complete);
        if let Some(local) = local {
            local.put_back_blocking(self.connection);
        }
    }
}
