//! The body of a request that a method reads while it runs.
//!
//! The connection reads a part whenever the method has room for it. It does so while it waits for the
//! method, in the same task.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::buffered_stream::{BufferedStream, Closed};
use crate::http1::{BodyProgress, BodyStream, Buffer, SenderError};
use crate::limits;
use crate::plugin::select::{Either, lazy_timeout, select, yield_to_runtime};
use crate::typed::{IncomingError, Inlet};

/// The body of a request, on its way to the method.
pub(in crate::plugin) struct Feed {
    body: BodyStream,
    inlet: Inlet,
    progress: FeedProgress,
    /// How long the peer may pause within a chunk.
    idle: Duration,
    /// How long the method may take once its body has been read.
    budget: Option<Duration>,
    /// Until when it may take.
    deadline: Option<Instant>,
}

/// Why there is nothing to wait for any more.
pub(super) enum Stopped {
    PeerGone,
    /// The caller's budget is spent.
    Late(Duration),
}

impl From<Stopped> for Closed {
    fn from(_: Stopped) -> Self {
        Self
    }
}

/// How far the body has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FeedProgress {
    Reading,
    /// To its end.
    Complete,
    /// Not to its end, and no further.
    Broken,
}

/// Where the method waits for a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// It has been woken, or has not waited.
    Over,
    /// In the connection's own task, which has to poll it.
    Within,
}

impl Feed {
    pub(super) fn new(body: BodyStream, inlet: Inlet, idle: Duration) -> Self {
        let progress = FeedProgress::Reading;
        // `until` polls the method, and then reads.
        inlet.follow_handler();
        Self { body, inlet, progress, idle, budget: None, deadline: None }
    }

    /// Limits the time that the method may take once its body has been read.
    pub(super) fn limit_rest(&mut self, budget: Option<Duration>) {
        self.budget = budget;
    }

    /// Whether nothing more will be read.
    pub(super) fn has_ended(&self) -> bool {
        self.progress != FeedProgress::Reading
    }

    /// Polls until it is ready, and reads the body meanwhile.
    ///
    /// # Errors
    /// [`Stopped`] if the peer hangs up, or the method takes too long.
    pub(super) async fn until<T>(
        &mut self,
        stream: &mut BufferedStream,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Result<T, Stopped> {
        let mut parts = 0;
        loop {
            let mut reading = pin!(self.read(stream, &mut parts));
            let next = poll_fn(|cx| match poll(cx) {
                Poll::Ready(output) => Poll::Ready(Either::Left(output)),
                Poll::Pending => reading.as_mut().poll(cx).map(Either::Right),
            });
            match next.await {
                Either::Left(output) => return Ok(output),
                Either::Right(Some(stopped)) => return Err(stopped),
                Either::Right(None) => {}
            }
        }
    }

    /// Reads the body as the method takes it, and waits for the peer then. `None` if the method has to
    /// be polled again first, since a part has come for it. `parts` counts them. Cancel safe.
    async fn read(&mut self, stream: &mut BufferedStream, parts: &mut usize) -> Option<Stopped> {
        while self.progress == FeedProgress::Reading {
            *parts += 1;
            if parts.is_multiple_of(limits::STREAM_TURN) {
                // A sender that never waits must not hold up a stop and other calls.
                yield_to_runtime().await;
            }
            let room = poll_fn(|cx| self.inlet.poll_room(cx));
            if let Either::Right(()) = select(room, stream.stream.peer_closed()).await {
                return Some(Stopped::PeerGone);
            }
            match self.read_part(stream).await {
                Ok(Handed::Over) => {}
                Ok(Handed::Within) => return None,
                Err(Closed) => return Some(Stopped::PeerGone),
            }
        }
        let is_broken = self.progress == FeedProgress::Broken;
        let gone = async {
            if is_broken {
                // What follows is no request.
                return stream.stream.peer_closed().await;
            }
            let mut timer = None;
            poll_fn(|cx| stream.poll_gone(cx, &mut timer)).await;
        };
        let Some((budget, deadline)) = self.budget.zip(self.deadline) else {
            gone.await;
            return Some(Stopped::PeerGone);
        };
        match select(gone, sleep_until(deadline)).await {
            Either::Left(()) => Some(Stopped::PeerGone),
            Either::Right(()) => Some(Stopped::Late(budget)),
        }
    }

    /// Reads a part of the body, for which the method has room. Cancel safe.
    ///
    /// # Errors
    /// [`Closed`] if the peer has hung up.
    pub(super) async fn read_part(
        &mut self,
        stream: &mut BufferedStream,
    ) -> Result<Handed, Closed> {
        loop {
            match self.body.next(&mut stream.incoming) {
                Ok(BodyProgress::Data(count)) => {
                    let part = stream.incoming.take(count);
                    return Ok(self.hand_over(part).await);
                }
                Ok(BodyProgress::End) => {
                    self.end(FeedProgress::Complete, Ok(()));
                    if stream.incoming.filled().is_empty() {
                        stream.incoming = Buffer::default();
                    }
                    return Ok(Handed::Over);
                }
                Ok(BodyProgress::More) => {}
                Err(error) => {
                    self.end(FeedProgress::Broken, Err(body_error(&error)));
                    return Ok(Handed::Over);
                }
            }
            match self.receive(stream).await {
                Some(Ok(1..)) => {}
                Some(_) => {
                    self.fail("the caller has closed the connection");
                    return Err(Closed);
                }
                None => {
                    let idle = self.idle;
                    self.fail(format!("nothing of an item that has begun came for {idle:?}"));
                    return Ok(Handed::Over);
                }
            }
        }
    }

    async fn hand_over(&self, part: Bytes) -> Handed {
        let mut part = Some(part);
        poll_fn(|cx| {
            let part = part.take().unwrap_or_default();
            let is_within = self.inlet.push_within(part, cx.waker());
            Poll::Ready(if is_within { Handed::Within } else { Handed::Over })
        })
        .await
    }

    /// Receives bytes. Between chunks, the peer may have nothing to send for any time; `None` if it
    /// pauses within one.
    async fn receive(&self, stream: &mut BufferedStream) -> Option<io::Result<usize>> {
        let BufferedStream { stream, incoming } = stream;
        let is_within = self.body.is_within_chunk() || !incoming.filled().is_empty();
        let room = match incoming.room(usize::MAX) {
            Ok(room) => room,
            Err(error) => return Some(Err(error)),
        };
        let received = stream.receive_some(room, self.body.read_limit());
        if is_within { lazy_timeout(self.idle, received).await } else { Some(received.await) }
    }

    /// Drops what has been received and not been read by the method. Returns whether that was the
    /// whole rest of the body, so that another request may follow.
    pub(super) fn finish(mut self, stream: &mut BufferedStream) -> bool {
        while self.progress == FeedProgress::Reading {
            match self.body.next(&mut stream.incoming) {
                Ok(BodyProgress::Data(count)) => stream.incoming.consume(count),
                Ok(BodyProgress::End) => self.progress = FeedProgress::Complete,
                Ok(BodyProgress::More) | Err(_) => self.progress = FeedProgress::Broken,
            }
        }
        self.progress == FeedProgress::Complete
    }

    fn fail(&mut self, reason: impl Into<String>) {
        self.end(FeedProgress::Broken, Err(IncomingError::cut_off(reason)));
    }

    fn end(&mut self, progress: FeedProgress, end: Result<(), IncomingError>) {
        self.progress = progress;
        self.deadline = self.budget.map(|budget| Instant::now() + budget);
        self.inlet.end(end);
    }
}

/// Why a body has no end.
fn body_error(error: &io::Error) -> IncomingError {
    match SenderError::of(error) {
        Some(SenderError { problem }) => IncomingError::of_sender(problem),
        None => IncomingError::cut_off(format!("its body is not valid: {error}")),
    }
}

/// Makes the buffer as large as a stream needs it.
pub(super) fn prepare(incoming: &mut Buffer) {
    incoming.set_capacity(limits::STREAM_READ);
}
