//! How long a peer may take to send the head of a request.
//!
//! hyper's own timer for that also closes connections that merely wait for their next request.
//! A host keeps such connections open, and a GoPlug 1 host takes the end of one as the end of
//! the plugin. So the timer here starts with the first byte of a head.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The stream. hyper and the check for a hangup run in one task, so this never blocks.
pub(super) fn locked<S>(stream: &Mutex<S>) -> MutexGuard<'_, S> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a connection is answering a request.
#[derive(Default)]
pub(super) struct RequestProgress {
    /// The number of requests whose heads have arrived.
    count: AtomicU64,
    running: AtomicBool,
}

impl RequestProgress {
    pub(super) fn begin(self: &Arc<Self>) -> RequestGuard {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.running.store(true, Ordering::Relaxed);
        RequestGuard(self.clone())
    }
}

/// A request that is being answered.
pub(super) struct RequestGuard(Arc<RequestProgress>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Relaxed);
    }
}

/// A stream that fails if the head of a request takes too long.
pub(super) struct HeadTimeout<S> {
    stream: Arc<Mutex<S>>,
    /// Bytes that were read from the stream before.
    read: Bytes,
    progress: Arc<RequestProgress>,
    limit: Duration,
    /// While a head is arriving: the number of requests before it.
    head: Option<u64>,
    /// Started when a head does not arrive in one piece.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> HeadTimeout<S> {
    pub(super) fn new(
        stream: Arc<Mutex<S>>,
        read: Bytes,
        progress: Arc<RequestProgress>,
        limit: Duration,
    ) -> Self {
        Self { stream, read, progress, limit, head: None, timer: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.progress.count.load(Ordering::Relaxed);
        let running = self.progress.running.load(Ordering::Relaxed);
        if self.head.is_some_and(|begun| running || begun != count) {
            (self.head, self.timer) = (None, None);
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
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).map(|()| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the request's head did not arrive"))
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HeadTimeout<S> {
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
