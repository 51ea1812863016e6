//! One connection to a plugin, driven by its caller.
//!
//! The caller's own task writes the request and reads the response, so that a call neither needs
//! nor wakes another task. Dropping the call closes the connection, and the plugin learns that
//! nobody waits for the response. `event_stream` has the connections on which a plugin sends
//! callbacks, `result_stream` those on which the result of a call is a stream.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::runtime::Id;
use tokio::time::Instant;

use super::answer::Answer;
use super::body_part::{Idle, next_part};
use super::busy_polling::BusyPolling;
use super::deadline_timer::DeadlineTimer;
use super::error::{SendError, Stage};
use super::open::connect;
use super::pool::Pooled;
use crate::error::Error;
use crate::host::runtime;
use crate::http1::{BodyStream, Buffer, Request, RequestWriter, ResponseReader};
use crate::limits;
use crate::transport::Debuggee;
use crate::transport::{BusyPoll, ShutdownHandle, Stream};

pub(in crate::host) use self::streaming::StreamingTimes;

/// A connection for one request at a time.
pub(in crate::host) struct Connection {
    stream: Stream,
    /// The runtime that the stream and the timer belong to.
    runtime: Id,
    incoming: Buffer,
    reader: ResponseReader,
    writer: RequestWriter,
    timer: DeadlineTimer,
    busy_polling: BusyPolling,
    reusable: bool,
}

impl Connection {
    /// Connects to a plugin's socket. This host's user or root must have bound it: requests may be
    /// secret, and responses are trusted. A response's body may have at most `limit` bytes. Both
    /// ends poll the connection busily for at most `busy_poll` before they wait. The connection
    /// belongs to the runtime that polls this, which must have I/O and timers.
    pub(super) async fn open(
        socket: &Path,
        timeout: Duration,
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        let runtime =
            runtime::current().map_err(|missing| io::Error::other(Error::from(missing)))?;
        Ok(Self {
            stream: connect(socket, timeout).await?,
            runtime,
            incoming: Buffer::default(),
            reader: ResponseReader::new(limit),
            writer: RequestWriter::default(),
            timer: DeadlineTimer::default(),
            busy_polling: BusyPolling::new(busy_poll),
            reusable: true,
        })
    }

    /// The same connection, of a process that a debugger may hold.
    pub(super) fn of(self, debuggee: Debuggee) -> Self {
        Self { timer: DeadlineTimer::new(debuggee), ..self }
    }

    /// Whether the connection belongs to this runtime: only there it wakes its caller.
    pub(super) fn is_of(&self, runtime: Id) -> bool {
        self.runtime == runtime
    }

    /// Sends a request and reads its response. After an error, or if the future is dropped, the
    /// connection cannot be used again. It polls busily only while `is_only_call` returns true.
    pub(super) async fn transmit<A: Answer>(
        &mut self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
        is_only_call: impl Fn() -> bool,
    ) -> Result<A, SendError> {
        let was_reusable = std::mem::take(&mut self.reusable);
        let body = self.writer.write(request, authority);
        self.busy_polling.begin_request(&mut self.writer);
        let mut exchange = Exchange {
            stream: &mut self.stream,
            incoming: &mut self.incoming,
            parts: [self.writer.bytes(), body],
            more: Unsent::new(request.more),
            sent: 0,
            write_error: None,
            has_received: false,
            reader: &mut self.reader,
            is_only_call,
            busy_poll: &mut self.busy_polling.poll,
            polls_busily: false,
        };
        let timer = &mut self.timer;
        let mut answer: A = poll_fn(|cx| match exchange.poll(cx) {
            Poll::Pending => timer.poll(cx, deadline).map(|()| Err(exchange.timed_out())),
            done => done,
        })
        .await?;
        let sent_all = exchange.is_sent();
        // Bytes beyond the response would be taken for the next response.
        let rest_is_empty = self.incoming.filled().is_empty();
        self.reusable = answer.leaves_reusable(was_reusable && sent_all, rest_is_empty);
        Ok(answer)
    }

    /// Receives the next part of the body of a streamed result; `None` at its end. Waits for at most
    /// `idle` from the first poll that is not ready.
    pub(super) fn poll_body(
        &mut self,
        body: &mut BodyStream,
        idle: Idle<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        loop {
            if let Some(piece) = next_part(body, &mut self.incoming)? {
                *idle.since = None;
                return Poll::Ready(Ok(piece));
            }
            let room = self.incoming.room(usize::MAX)?;
            match self.stream.poll_receive_some(cx, room, body.read_limit()) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(body.end().map(|()| None).map_err(Into::into));
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Pending => {
                    let since = *idle.since.get_or_insert_with(Instant::now);
                    ready!(self.timer.poll(cx, since + idle.limit));
                    return Poll::Ready(Err(SendError::TimedOut(Stage::Sent)));
                }
            }
        }
    }

    /// Makes the buffer as large as a streamed result needs it.
    pub(super) fn begin_body(&mut self) {
        self.incoming.set_capacity(limits::STREAM_READ);
    }

    /// Notes that the body has ended, and whether another request may follow.
    pub(super) fn end_body(&mut self, keep_alive: bool) {
        self.reusable = keep_alive && self.incoming.filled().is_empty();
        self.incoming = Buffer::default();
    }

    /// Whether the connection is open after a response, as far as that says.
    pub(in crate::host) fn stays_open(&self) -> bool {
        self.reusable
    }

    /// How many requests the connection has carried.
    pub(super) fn requests(&self) -> u32 {
        self.busy_polling.poll.requests()
    }

    /// The process that listened on the socket when this connection was opened; `None` if the
    /// system does not say.
    pub(in crate::host) fn listening_process(&self) -> Option<i32> {
        self.stream.peer().ok()?.pid
    }

    /// Resolves when the plugin closes this connection or it fails. Bytes that arrive are
    /// discarded. Cancel safe.
    pub(in crate::host) async fn closed(&mut self) {
        let mut discarded = Vec::with_capacity(64);
        poll_fn(|cx| {
            loop {
                discarded.clear();
                match ready!(self.stream.poll_receive(cx, &mut discarded)) {
                    Ok(count) if count > 0 => {}
                    _ => return Poll::Ready(()),
                }
            }
        })
        .await;
    }
}

impl Pooled for Connection {
    /// The exchange checks this itself before it sends the next request.
    fn is_stale(&self) -> bool {
        false
    }

    fn is_dead(&self) -> bool {
        self.stream.has_news()
    }

    fn is_reusable(&self) -> bool {
        self.reusable
    }

    fn shutdown_handle(&self) -> ShutdownHandle {
        self.stream.shutdown_handle()
    }
}

/// The pieces of a body that are still to be sent.
struct Unsent<'a> {
    pieces: &'a [Bytes],
    /// How many bytes of the first one have been sent.
    sent: usize,
}

impl<'a> Unsent<'a> {
    fn new(pieces: &'a [Bytes]) -> Self {
        Self { pieces, sent: 0 }
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    fn poll_write(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let [piece, rest @ ..] = self.pieces {
            if self.sent == piece.len() {
                *self = Self::new(rest);
                continue;
            }
            match ready!(Pin::new(&mut *stream).poll_write(cx, &piece[self.sent..]))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                written => self.sent += written,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// A request and its response in progress.
struct Exchange<'a, F> {
    stream: &'a mut Stream,
    incoming: &'a mut Buffer,
    /// The two parts of the request, and how many bytes of both have been sent.
    parts: [&'a [u8]; 2],
    sent: usize,
    /// The further pieces of the body.
    more: Unsent<'a>,
    /// Why the rest of the request cannot be sent.
    write_error: Option<io::Error>,
    /// Whether a byte has been received.
    has_received: bool,
    reader: &'a mut ResponseReader,
    is_only_call: F,
    busy_poll: &'a mut BusyPoll,
    /// Whether the next poll reads busily before it waits.
    polls_busily: bool,
}

impl<F: Fn() -> bool> Exchange<'_, F> {
    /// Writes and reads at the same time: a plugin may respond while it reads the request, and
    /// may have sent the reason before it closed the connection early.
    fn poll<A: Answer>(&mut self, cx: &mut Context<'_>) -> Poll<Result<A, SendError>> {
        let nothing_sent = self.sent == 0;
        if nothing_sent && self.is_stale(cx) {
            let text = "the plugin has closed the connection";
            let error = io::Error::new(ErrorKind::ConnectionReset, text);
            return Poll::Ready(Err(SendError::Unsent(error)));
        }
        if self.write_error.is_none()
            && let Poll::Ready(Err(error)) = self.poll_write(cx)
        {
            if self.sent == 0 {
                return Poll::Ready(Err(SendError::Unsent(error)));
            }
            self.write_error = Some(error);
        }
        if nothing_sent {
            // The check above has registered this task: it wakes when bytes arrive.
            self.polls_busily = self.busy_poll.is_due() && (self.is_only_call)();
            if self.polls_busily {
                // The other tasks of this thread run first, and may make calls.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        self.poll_read(cx)
    }

    fn is_sent(&self) -> bool {
        self.has_sent_parts() && self.more.is_empty()
    }

    fn has_sent_parts(&self) -> bool {
        self.sent == self.parts[0].len() + self.parts[1].len()
    }

    /// True if the plugin closed the connection or sent bytes that nobody asked for. Asks only the
    /// runtime, without a system call; a write fails if it does not know yet.
    fn is_stale(&mut self, cx: &mut Context<'_>) -> bool {
        let room = self.reader.room(self.incoming);
        room.map_or(true, |room| self.stream.poll_receive(cx, room).is_ready())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.has_sent_parts() {
            let [head, body] = self.parts;
            let stream = Pin::new(&mut *self.stream);
            let written = match head.get(self.sent..) {
                Some(head) => {
                    let parts = [IoSlice::new(head), IoSlice::new(body)];
                    ready!(stream.poll_write_vectored(cx, &parts))?
                }
                None => ready!(stream.poll_write(cx, &body[self.sent - head.len()..]))?,
            };
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        self.more.poll_write(self.stream, cx)
    }

    fn poll_read<A: Answer>(&mut self, cx: &mut Context<'_>) -> Poll<Result<A, SendError>> {
        loop {
            match ready!(self.poll_receive(cx)) {
                Ok(count) if count > 0 => self.has_received = true,
                outcome => return Poll::Ready(self.end(outcome.map(drop))),
            }
            if let Some(answer) = A::take(self.reader, self.incoming)? {
                return Poll::Ready(Ok(answer));
            }
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let polls_busily =
            std::mem::take(&mut self.polls_busily) && self.is_sent() && (self.is_only_call)();
        let room = self.reader.room(self.incoming)?;
        if polls_busily && let Some(read) = self.busy_poll.read(&*self.stream, room) {
            return Poll::Ready(read);
        }
        self.stream.poll_receive(cx, room)
    }

    /// The result at the end of the connection. If writing has failed before, that is the error.
    fn end<A: Answer>(&mut self, read: io::Result<()>) -> Result<A, SendError> {
        let error = match (self.write_error.take(), read) {
            (Some(error), _) | (None, Err(error)) => error,
            (None, Ok(())) => return Ok(A::of(self.reader.end()?)),
        };
        Err(SendError::ended(error, self.is_sent(), self.has_received))
    }

    fn timed_out(&self) -> SendError {
        SendError::TimedOut(if self.is_sent() { Stage::Sent } else { Stage::Sending })
    }
}

mod streaming;
#[cfg(test)]
mod tests;
