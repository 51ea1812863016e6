//! One connection to a plugin, driven by its caller.
//!
//! The caller's own task writes the request and reads the response, so that a call costs no
//! other task and no wake-up of one. Dropping the call closes the connection, which is how a
//! plugin learns that nobody waits any more. `event_stream` has the connections on which a
//! plugin sends callbacks.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::deadline_timer::DeadlineTimer;
use super::error::SendError;
use super::open::{busy_poll_field, connect};
use super::pool::Pooled;
use crate::http1::{Buffer, Progress, Request, Response, ResponseReader, insert_header};
use crate::protocol::wire;
use crate::transport::{BusyPoll, HangUp, Stream};

/// A connection for one request at a time.
pub(in crate::host) struct Connection {
    stream: Stream,
    incoming: Buffer,
    reader: ResponseReader,
    /// Where requests are written.
    scratch: Vec<u8>,
    timer: DeadlineTimer,
    busy_poll: BusyPoll,
    /// For how many microseconds the plugin is to poll busily; `None` once it was told.
    ask: Option<u64>,
    reusable: bool,
}

impl Connection {
    /// Connects to a plugin's socket, which this host's user or root must have bound: what
    /// is sent there may be secret, and what comes from there is believed. A response's body
    /// may have at most `limit` bytes. Both ends look at the connection for at most `busy_poll`
    /// before they wait.
    pub(super) async fn open(
        socket: &Path,
        deadline: Duration,
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        Ok(Self {
            stream: connect(socket, deadline).await?,
            incoming: Buffer::default(),
            reader: ResponseReader::new(limit),
            scratch: Vec::new(),
            timer: DeadlineTimer::default(),
            busy_poll: BusyPoll::new(busy_poll),
            ask: busy_poll_field(busy_poll),
            reusable: true,
        })
    }

    /// Sends a request and reads its response. After an error, or if the future was dropped,
    /// the connection is of no use. It polls busily before it waits for as long as the call is
    /// `alone`.
    pub(super) async fn transmit(
        &mut self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
        alone: impl Fn() -> bool,
    ) -> Result<Response, SendError> {
        let fresh = std::mem::take(&mut self.reusable);
        self.scratch.clear();
        let body = request.write_to(&mut self.scratch, authority);
        if let Some(microseconds) = self.ask.take() {
            insert_header(&mut self.scratch, wire::HEADER_BUSY_POLL, microseconds);
        }
        let mut exchange = Exchange {
            stream: &mut self.stream,
            incoming: &mut self.incoming,
            parts: [&self.scratch, body],
            sent: 0,
            failed: None,
            reader: &mut self.reader,
            alone,
            busy_poll: &mut self.busy_poll,
            looks: false,
        };
        let timer = &mut self.timer;
        let response = poll_fn(|cx| match exchange.poll(cx) {
            Poll::Pending => timer.poll(cx, deadline).map(|()| Err(SendError::TimedOut)),
            done => done,
        })
        .await?;
        let whole = exchange.is_sent();
        // What comes unasked would be taken for the next answer.
        self.reusable = fresh && whole && response.keep_alive && self.incoming.filled().is_empty();
        Ok(response)
    }

    /// Resolves when the other end closes this connection, which nobody else uses.
    pub(in crate::host) async fn closed(&mut self) {
        let mut space = Vec::with_capacity(64);
        poll_fn(|cx| {
            loop {
                space.clear();
                match ready!(self.stream.poll_receive(cx, &mut space)) {
                    Ok(count) if count > 0 => {}
                    // How it ended does not matter.
                    _ => return Poll::Ready(()),
                }
            }
        })
        .await;
    }
}

impl Pooled for Connection {
    /// Before the next request is sent, the exchange looks for bytes that came meanwhile.
    fn is_quiet(&self) -> bool {
        true
    }

    fn is_reusable(&self) -> bool {
        self.reusable
    }

    fn hang_up(&self) -> HangUp {
        self.stream.hang_up()
    }
}

/// A request and its response, on their way.
struct Exchange<'a, A> {
    stream: &'a mut Stream,
    incoming: &'a mut Buffer,
    /// What is sent, one after the other, and how much of it has been.
    parts: [&'a [u8]; 2],
    sent: usize,
    /// Why nothing more is sent.
    failed: Option<io::Error>,
    reader: &'a mut ResponseReader,
    alone: A,
    busy_poll: &'a mut BusyPoll,
    /// Whether it is to look before it waits.
    looks: bool,
}

impl<A: Fn() -> bool> Exchange<'_, A> {
    /// Writes and reads at the same time: who is cut off while it writes may have been told
    /// why, and a plugin may answer while it reads.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, SendError>> {
        let begins = self.sent == 0;
        if begins && self.is_disturbed(cx) {
            let text = "the plugin has closed the connection";
            let error = io::Error::new(ErrorKind::ConnectionReset, text);
            return Poll::Ready(Err(SendError::Unsent(error)));
        }
        if self.failed.is_none()
            && let Poll::Ready(Err(error)) = self.poll_write(cx)
        {
            if self.sent == 0 {
                return Poll::Ready(Err(SendError::Unsent(error)));
            }
            self.failed = Some(error);
        }
        if begins {
            // Whatever has come since the connection was found undisturbed wakes this task.
            self.looks = (self.alone)() && self.busy_poll.is_due();
            if self.looks {
                // The others come first, and may make calls.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        self.poll_read(cx)
    }

    fn is_sent(&self) -> bool {
        self.sent == self.parts[0].len() + self.parts[1].len()
    }

    /// Whether the connection is not as it was left: closed, or something came unasked. As
    /// far as the runtime has been told, which costs nothing; a write finds the rest out.
    fn is_disturbed(&mut self, cx: &mut Context<'_>) -> bool {
        let room = self.reader.room(self.incoming);
        room.map_or(true, |room| self.stream.poll_receive(cx, room).is_ready())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_sent() {
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
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, SendError>> {
        loop {
            match ready!(self.poll_receive(cx)) {
                Ok(count) if count > 0 => {}
                outcome => return Poll::Ready(self.end(outcome.map(drop))),
            }
            loop {
                match self.reader.take(self.incoming)? {
                    Progress::Whole(response) => return Poll::Ready(Ok(response)),
                    Progress::Interim(_) => {}
                    Progress::More => break,
                }
            }
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let looks = std::mem::take(&mut self.looks) && self.is_sent() && (self.alone)();
        let room = self.reader.room(self.incoming)?;
        if looks && let Some(read) = self.busy_poll.read(&*self.stream, room) {
            return Poll::Ready(read);
        }
        self.stream.poll_receive(cx, room)
    }

    /// Nothing more comes. Where sending has failed before, that is the reason.
    fn end(&mut self, outcome: io::Result<()>) -> Result<Response, SendError> {
        let ended = match (self.failed.take(), outcome) {
            (Some(error), _) | (None, Err(error)) => return Err(SendError::Broken(error)),
            (None, Ok(())) => self.reader.end(),
        };
        Ok(ended?)
    }
}

#[cfg(test)]
mod tests;
