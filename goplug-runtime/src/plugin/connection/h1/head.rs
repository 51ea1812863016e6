//! Heads of requests.
//!
//! Most heads are the same as the last one. They are recognized without being parsed, and their
//! route is known.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use super::H1Connection;
use super::body::BodyInfo;
use crate::http1::{HeaderSlots, MAX_HEAD, ParsedRequest, parse_request};
use crate::plugin::connection::buffered_stream::Closed;
use crate::plugin::route::Route;
use crate::plugin::select::{lazy_timeout, yield_to_ready_tasks};
use crate::transport::{BusyPoll, Turn};

/// What the unread bytes of the peer begin with.
pub(super) enum NextRequest<'h> {
    /// Nothing, or the beginning of a head.
    Incomplete,
    /// The head of a request, which has been consumed.
    Request(Route<'h>, BodyInfo),
    /// A head that is longer than [`MAX_HEAD`].
    TooLong,
    /// A request that this codec does not support.
    Unsupported,
    /// Something that is not a valid request, and what is wrong with it.
    Refused(&'static str),
}

/// What a connection receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A request, or the rest of its head.
    Request,
    /// A part of a request's body.
    Part,
}

impl<'h> H1Connection<'h> {
    /// Consumes the next head, if it has arrived completely.
    pub(super) fn next_request(&mut self) -> NextRequest<'h> {
        // Some clients send an empty line after a body. It is part of no request.
        while self.stream.incoming.filled().starts_with(b"\r\n") {
            self.stream.incoming.consume(2);
        }
        let filled = self.stream.incoming.filled();
        if let Some(((call, source, info), size)) = self.last_head.find(filled) {
            self.stream.incoming.consume(size);
            self.head_since = None;
            self.busy_poll.count_request();
            return NextRequest::Request(Route::Call(call, source), info);
        }
        // The beginning of a head like the last one does not have to be parsed.
        if filled.is_empty() || self.last_head.begins_with(filled) {
            return NextRequest::Incomplete;
        }
        let mut fields = HeaderSlots::default();
        let head = match parse_request(self.stream.incoming.filled(), &mut fields) {
            ParsedRequest::Partial => return NextRequest::Incomplete,
            ParsedRequest::TooLong => return NextRequest::TooLong,
            ParsedRequest::Unsupported => return NextRequest::Unsupported,
            ParsedRequest::Refused(reason) => return NextRequest::Refused(reason),
            ParsedRequest::Complete(head) => head,
        };
        let route = self.handler.route(head.method, head.path, head.timeout, head.headers());
        let (info, size) = (BodyInfo::of(&head), head.size);
        self.pipeline |= head.pipeline;
        if let Some(bound) = head.busy_poll {
            self.busy_poll = BusyPoll::asked_for(Duration::from_micros(bound));
        } else if let Route::Call(call, source) = &route {
            let head = &self.stream.incoming.filled()[..size];
            self.last_head.keep(head, (*call, source.clone(), info));
        }
        self.stream.incoming.consume(size);
        self.head_since = None;
        self.busy_poll.count_request();
        NextRequest::Request(route, info)
    }

    /// Reads more of what is expected. Writes the responses that are ready first, since the peer may wait
    /// for them. Between two requests there is no time limit.
    pub(super) async fn receive(&mut self, expected: Expected) -> Result<(), Closed> {
        self.flush().await?;
        let within_head = !self.stream.incoming.filled().is_empty();
        let since = within_head.then(|| *self.head_since.get_or_insert_with(Instant::now));
        let polled = if self.busy_poll.is_due() { self.receive_busily().await? } else { None };
        let count = match polled {
            // There may be no room any more.
            Some(count) => count,
            None if !within_head && expected == Expected::Request => {
                self.wait_for_request().await?
            }
            None => self.wait_for_more(since).await?,
        };
        if count == 0 { Err(Closed) } else { Ok(()) }
    }

    /// Waits for the first bytes of a request. Meanwhile the connection may have to make way for another one.
    async fn wait_for_request(&mut self) -> Result<usize, Closed> {
        let room = self.stream.incoming.room(MAX_HEAD)?;
        let (stream, state) = (&mut self.stream.stream, &self.idle_state);
        poll_fn(|cx| match stream.poll_receive(cx, room) {
            Poll::Ready(received) => {
                state.set_busy();
                Poll::Ready(received.map_err(Closed::from))
            }
            Poll::Pending => state.poll_end(cx).map(|()| Err(Closed)),
        })
        .await
    }

    /// Waits until more has come, of a head that has begun to come at this time.
    pub(super) async fn wait_for_more(&mut self, since: Option<Instant>) -> Result<usize, Closed> {
        let room = self.stream.incoming.room(MAX_HEAD)?;
        let receiving = self.stream.stream.receive(room);
        let Some(since) = since else { return Ok(receiving.await?) };
        let left = self.idle.saturating_sub(since.elapsed());
        Ok(lazy_timeout(left, receiving).await.ok_or(Closed)??)
    }

    /// Polls the socket before it is waited for. Returns how many bytes have come in time.
    async fn receive_busily(&mut self) -> Result<Option<usize>, Closed> {
        let began = std::time::Instant::now();
        loop {
            yield_to_ready_tasks().await;
            let room = self.stream.incoming.room(MAX_HEAD)?;
            match self.busy_poll.read_in_turn(&self.stream.stream, room, began) {
                Turn::Read(read) => return Ok(Some(read?)),
                Turn::Again => {}
                Turn::Over => return Ok(None),
            }
        }
    }
}
