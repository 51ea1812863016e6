//! How long a peer may take over the head of a request.
//!
//! hyper's own timer for that also closes connections that merely wait for their next
//! request. A host keeps such connections at hand, and a GoPlug 1 host takes the end of one for
//! the end of the plugin. So the clock here starts with the first byte of a head, not before.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The stream. hyper and whoever looks at it are one task, so nobody ever waits here.
pub(super) fn locked<S>(stream: &Mutex<S>) -> MutexGuard<'_, S> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a connection is between one request and the next.
#[derive(Default)]
pub(super) struct Requests {
    count: AtomicU64,
    running: AtomicBool,
}

impl Requests {
    pub(super) fn begin(self: &Arc<Self>) -> Begun {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.running.store(true, Ordering::Relaxed);
        Begun(self.clone())
    }
}

/// A request that is being answered.
pub(super) struct Begun(Arc<Requests>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Relaxed);
    }
}

/// A stream on which the head of a request must not take for ever.
pub(super) struct Guarded<S> {
    stream: Arc<Mutex<S>>,
    /// What comes before it.
    read: Bytes,
    requests: Arc<Requests>,
    limit: Duration,
    /// Where a head is coming in: the number of requests before it.
    head: Option<u64>,
    /// Runs from then on; most heads come in one piece, and need none.
    clock: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    pub(super) fn new(
        stream: Arc<Mutex<S>>,
        read: Bytes,
        requests: Arc<Requests>,
        limit: Duration,
    ) -> Self {
        Self { stream, read, requests, limit, head: None, clock: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.requests.count.load(Ordering::Relaxed);
        let running = self.requests.running.load(Ordering::Relaxed);
        if self.head.is_some_and(|begun| running || begun != count) {
            (self.head, self.clock) = (None, None);
        }
        let before = buffer.filled().len();
        let read = if self.read.is_empty() {
            Pin::new(&mut *locked(&self.stream)).poll_read(cx, buffer)
        } else {
            let count = self.read.len().min(buffer.remaining());
            buffer.put_slice(&self.read.split_to(count));
            Poll::Ready(Ok(()))
        };
        if read.is_ready() {
            if !running && buffer.filled().len() > before {
                self.head = Some(count);
            }
            return read;
        }
        if self.head.is_none() {
            return Poll::Pending;
        }
        let limit = self.limit;
        let clock = self.clock.get_or_insert_with(|| Box::pin(sleep(limit)));
        clock.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the request's head did not arrive"))
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *locked(&self.stream)).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *locked(&self.stream)).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        locked(&self.stream).is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *locked(&self.stream)).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *locked(&self.stream)).poll_shutdown(cx)
    }
}
