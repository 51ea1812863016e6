//! Requests whose body is a stream.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use super::Connection;
use crate::host::connection::answer::Answer;
use crate::host::connection::error::{SendError, Stage};
use crate::host::connection::request_body::{RequestBody, Waiting};
use crate::http1::{Buffer, Request, ResponseReader};
use crate::transport::Stream;

/// How long a request whose body is a stream may take. While it waits for an item of its caller, no
/// time counts.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct StreamingTimes {
    /// Until when the head of the response has to come, if that does not depend on the body.
    pub(in crate::host) until_head: Option<Instant>,
    /// How long the plugin may take nothing, and how long it may take to answer after the body.
    pub(in crate::host) pause: Duration,
}

impl Connection {
    /// Sends a request, and its body as the items come, and reads the response. That may come before
    /// everything was sent; then nothing more is sent here. After an error, or if the future is
    /// dropped, the connection cannot be used again.
    pub(in crate::host::connection) async fn transmit_body<A: Answer>(
        &mut self,
        request: &Request<'_>,
        body: &mut RequestBody,
        authority: &[u8],
        times: StreamingTimes,
    ) -> Result<A, SendError> {
        let was_reusable = std::mem::take(&mut self.reusable);
        self.writer.write_head_of_stream(request, authority);
        self.busy_polling.begin_request(&mut self.writer);
        body.begin(self.writer.bytes());
        let mut exchange = StreamingExchange {
            stream: &mut self.stream,
            incoming: &mut self.incoming,
            reader: &mut self.reader,
            body,
            write_error: None,
            has_begun: false,
        };
        let mut pause = PauseTimer { times, sent: 0, since: None };
        let timer = &mut self.timer;
        let mut answer: A = poll_fn(|cx| match exchange.poll(cx) {
            Poll::Pending => match pause.deadline(&exchange) {
                Some(deadline) => {
                    timer.poll(cx, deadline).map(|()| Err(SendError::TimedOut(Stage::Sent)))
                }
                None => Poll::Pending,
            },
            done => done,
        })
        .await?;
        let sent_all = exchange.body.is_complete();
        let rest_is_empty = self.incoming.filled().is_empty();
        self.reusable = answer.leaves_reusable(was_reusable && sent_all, rest_is_empty);
        Ok(answer)
    }
}

impl Connection {
    /// Sends the rest of a request's body, as [`RequestBody::poll_send`] does.
    pub(in crate::host::connection) fn poll_send(
        &mut self,
        body: &mut RequestBody,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendError>> {
        body.poll_send(&mut self.stream, cx)
    }
}

/// Since when the plugin has done nothing.
struct PauseTimer {
    times: StreamingTimes,
    /// How much had been sent by then.
    sent: u64,
    since: Option<Instant>,
}

impl PauseTimer {
    /// When the request has taken too long, if nothing happens before.
    fn deadline(&mut self, exchange: &StreamingExchange<'_>) -> Option<Instant> {
        let body = &exchange.body;
        let is_waiting_for_item =
            exchange.write_error.is_none() && !body.is_sent() && body.waiting() == Waiting::Item;
        if is_waiting_for_item {
            self.since = None;
            return self.times.until_head;
        }
        if self.since.is_none() || self.sent != body.sent() {
            (self.sent, self.since) = (body.sent(), Some(Instant::now()));
        }
        let pause = self.since.map(|since| since + self.times.pause);
        pause.into_iter().chain(self.times.until_head).min()
    }
}

/// Such a request and its response in progress.
struct StreamingExchange<'a> {
    stream: &'a mut Stream,
    incoming: &'a mut Buffer,
    reader: &'a mut ResponseReader,
    body: &'a mut RequestBody,
    /// Why the rest of the body cannot be sent.
    write_error: Option<io::Error>,
    has_begun: bool,
}

impl StreamingExchange<'_> {
    /// Writes and reads at the same time.
    fn poll<A: Answer>(&mut self, cx: &mut Context<'_>) -> Poll<Result<A, SendError>> {
        if !std::mem::replace(&mut self.has_begun, true) {
            // No item is taken for a connection that the plugin has closed.
            let room = self.reader.room(self.incoming)?;
            if self.stream.poll_receive(cx, room).is_ready() {
                let text = "the plugin has closed the connection";
                let error = io::Error::new(ErrorKind::ConnectionReset, text);
                return Poll::Ready(Err(SendError::Unsent(error)));
            }
        }
        if self.write_error.is_none() {
            match self.body.poll_send(self.stream, cx) {
                Poll::Ready(Ok(())) | Poll::Pending => {}
                Poll::Ready(Err(SendError::Broken(error))) if self.body.is_unsent() => {
                    return Poll::Ready(Err(SendError::Unsent(error)));
                }
                // The plugin may have said why.
                Poll::Ready(Err(SendError::Broken(error))) => self.write_error = Some(error),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        self.poll_read(cx)
    }

    fn poll_read<A: Answer>(&mut self, cx: &mut Context<'_>) -> Poll<Result<A, SendError>> {
        loop {
            let room = self.reader.room(self.incoming)?;
            match ready!(self.stream.poll_receive(cx, room)) {
                Ok(1..) => {}
                outcome => return Poll::Ready(self.end(outcome.map(drop))),
            }
            if let Some(answer) = A::take(self.reader, self.incoming)? {
                return Poll::Ready(Ok(answer));
            }
        }
    }

    /// The result at the end of the connection. If writing has failed before, that is the error. The
    /// plugin may have begun the request, whether or not it has read all of it.
    fn end<A: Answer>(&mut self, read: io::Result<()>) -> Result<A, SendError> {
        match (self.write_error.take(), read) {
            (Some(error), _) | (None, Err(error)) => Err(SendError::Broken(error)),
            (None, Ok(())) => Ok(A::of(self.reader.end()?)),
        }
    }
}
