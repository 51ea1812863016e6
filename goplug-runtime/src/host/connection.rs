//! One connection to a plugin, driven by whoever calls through it.
//!
//! The caller's own task writes the request and reads the response, so that a call costs no
//! other task and no wake-up of one; and dropping the call closes the connection, which is
//! how a plugin learns that nobody waits any more. `stream` has the connections on which a
//! plugin sends callbacks.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::clock::Clock;
use crate::http1::{Buffer, Progress, ReadError, Request, Response, ResponseReader, insert_field};
use crate::protocol::wire;
use crate::transport::{self, BusyPoll, Peer, Stream};

/// Why a request got no response.
#[derive(Debug)]
pub(super) enum TransmitError {
    /// Nothing of the request was sent: it may go elsewhere.
    Unsent(io::Error),
    /// The connection failed after something was sent; because of what was received where the
    /// kind is [`InvalidData`](ErrorKind::InvalidData).
    Broken(io::Error),
    /// The response body is larger than the limit.
    TooLarge,
    /// The deadline is over.
    Late,
}

impl From<ReadError> for TransmitError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge => Self::TooLarge,
            ReadError::Broken(error) => Self::Broken(error),
        }
    }
}

/// A connection for one request at a time.
pub(super) struct Connection {
    stream: Stream,
    incoming: Buffer,
    /// Where requests are written.
    scratch: Vec<u8>,
    clock: Clock,
    busy_poll: BusyPoll,
    /// For how many microseconds the plugin is asked to look at it too, until it has been.
    ask: Option<u64>,
    reusable: bool,
}

impl Connection {
    /// Connects to a plugin's socket, which this host's user or root must have bound: what
    /// is sent there may be secret, and what comes from there is believed. Both ends look at
    /// it for at most `busy_poll` before they wait.
    pub(super) async fn open(
        socket: &Path,
        deadline: Duration,
        busy_poll: Duration,
    ) -> io::Result<Self> {
        Ok(Self {
            stream: open_stream(socket, deadline).await?,
            incoming: Buffer::default(),
            scratch: Vec::new(),
            clock: Clock::default(),
            busy_poll: BusyPoll::new(busy_poll),
            ask: microseconds(busy_poll),
            reusable: true,
        })
    }

    /// Sends a request and reads its response, whose body may have at most `limit` bytes.
    /// After an error, or where the future was dropped, the connection is of no use. Only a
    /// call that is `alone` is worth a look before it waits.
    pub(super) async fn transmit(
        &mut self,
        request: &Request<'_>,
        authority: &[u8],
        limit: usize,
        deadline: Instant,
        alone: bool,
    ) -> Result<Response, TransmitError> {
        let fresh = std::mem::take(&mut self.reusable);
        self.scratch.clear();
        let body = request.write_to(&mut self.scratch, authority);
        if let Some(microseconds) = self.ask.take() {
            insert_field(&mut self.scratch, wire::HEADER_BUSY_POLL, microseconds);
        }
        let mut exchange = Exchange {
            stream: &mut self.stream,
            incoming: &mut self.incoming,
            parts: [&self.scratch, body],
            sent: 0,
            failed: None,
            reader: ResponseReader::new(limit),
            busy_poll: alone.then_some(&mut self.busy_poll),
        };
        let clock = &mut self.clock;
        let response = poll_fn(|cx| match exchange.poll(cx) {
            Poll::Pending => clock.poll(cx, deadline).map(|()| Err(TransmitError::Late)),
            done => done,
        })
        .await?;
        let whole = exchange.is_sent();
        // What comes unasked would be taken for the next answer.
        self.reusable = fresh && whole && response.keep_alive && self.incoming.filled().is_empty();
        Ok(response)
    }

    /// Whether another request can follow on this connection.
    pub(super) fn is_reusable(&self) -> bool {
        self.reusable
    }

    /// Resolves when the other end closes this connection, which nobody else uses.
    pub(super) async fn closed(&mut self) {
        let mut space = [0; 64];
        poll_fn(|cx| {
            loop {
                let mut space = ReadBuf::new(&mut space);
                match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space)) {
                    Ok(()) if !space.filled().is_empty() => {}
                    // How it ended does not matter to who waits for the end.
                    _ => return Poll::Ready(()),
                }
            }
        })
        .await;
    }
}

/// What a plugin is told of a bound; nothing of none.
pub(super) fn microseconds(busy_poll: Duration) -> Option<u64> {
    u64::try_from(busy_poll.as_micros()).ok().filter(|microseconds| *microseconds > 0)
}

/// Connects to a socket that this host's user or root has bound.
pub(super) async fn open_stream(socket: &Path, deadline: Duration) -> io::Result<Stream> {
    let stream = transport::connect(socket, deadline).await?;
    Peer::of(&stream)?.check_listener()?;
    Ok(stream)
}

/// A request and its response, on their way.
struct Exchange<'a> {
    stream: &'a mut Stream,
    incoming: &'a mut Buffer,
    /// What is sent, one after the other, and how much of it has been.
    parts: [&'a [u8]; 2],
    sent: usize,
    /// Why nothing more is sent.
    failed: Option<io::Error>,
    reader: ResponseReader,
    /// For one look.
    busy_poll: Option<&'a mut BusyPoll>,
}

impl Exchange<'_> {
    /// Writes and reads at the same time: who is cut off while it writes may have been told
    /// why, and a plugin may answer while it reads.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, TransmitError>> {
        if self.sent == 0 && self.is_disturbed(cx) {
            let text = "the plugin has closed the connection";
            let error = io::Error::new(ErrorKind::ConnectionReset, text);
            return Poll::Ready(Err(TransmitError::Unsent(error)));
        }
        if self.failed.is_none()
            && let Poll::Ready(Err(error)) = self.poll_write(cx)
        {
            if self.sent == 0 {
                return Poll::Ready(Err(TransmitError::Unsent(error)));
            }
            self.failed = Some(error);
        }
        self.poll_read(cx)
    }

    fn is_sent(&self) -> bool {
        self.sent == self.parts[0].len() + self.parts[1].len()
    }

    /// Whether the connection is not as it was left: closed, or something came unasked. As
    /// far as the runtime has been told, which costs nothing; a write finds the rest out.
    fn is_disturbed(&mut self, cx: &mut Context<'_>) -> bool {
        let mut byte = [0; 1];
        Pin::new(&mut *self.stream).poll_read(cx, &mut ReadBuf::new(&mut byte)).is_ready()
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.is_sent() {
            let [head, body] = self.parts;
            let stream = Pin::new(&mut *self.stream);
            let written = match head.get(self.sent..) {
                Some(head) if body.is_empty() => ready!(stream.poll_write(cx, head))?,
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

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, TransmitError>> {
        loop {
            match ready!(self.poll_receive(cx)) {
                Ok(count) if count > 0 => self.reader.advance(self.incoming, count),
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
        let is_sent = self.is_sent();
        let space = self.reader.space(self.incoming)?;
        if is_sent
            && let Some(busy_poll) = self.busy_poll.take()
            && let Some(read) = busy_poll.read(&*self.stream, space)
        {
            return Poll::Ready(read);
        }
        let mut space = ReadBuf::new(space);
        ready!(Pin::new(&mut *self.stream).poll_read(cx, &mut space))?;
        Poll::Ready(Ok(space.filled().len()))
    }

    /// Nothing more comes. Where sending has failed before, that is the reason.
    fn end(&mut self, outcome: io::Result<()>) -> Result<Response, TransmitError> {
        let reader = std::mem::replace(&mut self.reader, ResponseReader::new(0));
        let ended = match (self.failed.take(), outcome) {
            (Some(error), _) | (None, Err(error)) => return Err(TransmitError::Broken(error)),
            (None, Ok(())) => reader.end(),
        };
        Ok(ended?)
    }
}
