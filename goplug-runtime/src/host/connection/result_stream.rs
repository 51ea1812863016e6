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
use super::endpoint::Endpoint;
use super::error::SendError;
use super::exchange::Connection;
use super::pool::Member;
use crate::http1::{Response, StreamHead};

/// The answer to a request whose result may be a stream.
pub(in crate::host) enum Begun<S> {
    /// The head of a stream.
    Stream(S),
    /// An ordinary response, such as an error.
    Response(Response),
}

/// A connection on which the result of a call comes as a stream. Dropping it closes the connection.
pub(in crate::host) struct ResultStream<C> {
    pub(super) connection: Box<Member<C>>,
    pub(super) head: StreamHead,
    waiting_since: Option<Instant>,
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

    /// Gives the connection back, after the end of the body.
    fn give_back(self, endpoint: &Endpoint);
}

impl<C> ResultStream<C> {
    pub(super) fn new(connection: Box<Member<C>>, head: StreamHead) -> Self {
        Self { connection, head, waiting_since: None }
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
        let idle = Idle { since: &mut self.waiting_since, limit: idle };
        self.connection.poll_body(&mut self.head.body, idle, cx)
    }

    fn give_back(mut self, endpoint: &Endpoint) {
        self.connection.end_body(self.head.keep_alive);
        endpoint.put_back(self.connection);
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
        Poll::Ready(self.connection.read_body(&mut self.head.body, idle))
    }

    fn give_back(mut self, endpoint: &Endpoint) {
        self.connection.end_body(self.head.keep_alive);
        endpoint.put_back_blocking(self.connection);
    }
}
