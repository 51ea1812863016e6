//! Requests of every kind, by hyper's HTTP/1.1; and how long a peer may take over one's head.
//!
//! hyper's own timer for the head also closes connections that merely wait for their
//! next request. A host keeps such connections at hand, and a GoPlug 1 host takes the
//! end of one for the end of the plugin. So the clock here starts with the first byte of
//! a head, not before.
//!
//! hyper notices that a peer is gone when it reads, and it does not read while it holds a
//! further request behind the one that is being answered. So that a peer which had more to
//! ask is not waited for, its end of the stream is looked at now and then.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, timeout};

use crate::limits;
use crate::plugin::callbacks::Hangup;
use crate::plugin::lifecycle::Phase;
use crate::plugin::race::{First, first};
use crate::plugin::service::Service;
use crate::transport::{Stream, has_hung_up};

/// Serves a connection, of which so much has been read, until its peer or the plugin ends it.
pub(super) async fn serve(stream: Stream, read: Bytes, service: Arc<Service>, id: u64) {
    let requests = Arc::new(Requests::default());
    let stream = Arc::new(Mutex::new(stream));
    let guarded = Guarded {
        stream: stream.clone(),
        read,
        requests: requests.clone(),
        limit: service.peer_idle(),
        head: None,
        clock: None,
    };
    let lifecycle = service.lifecycle().clone();
    let answer = service_fn(move |request| {
        let begun = requests.begin();
        let (service, stream) = (service.clone(), stream.clone());
        async move {
            let _begun = begun;
            match first(service.answer(request, id), hung_up(&stream)).await {
                First::Left(answer) => answer,
                First::Right(()) => Err(Hangup),
            }
        }
    });
    let mut connection = Box::pin(
        http1::Builder::new()
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(guarded), answer),
    );
    // What a peer does wrong ends its own connection, and is of no interest beyond.
    match first(connection.as_mut(), lifecycle.reached(Phase::Closing)).await {
        First::Left(_) => {}
        First::Right(()) => {
            // Nothing is in flight now, so that no answer gets a `Connection: close`.
            connection.as_mut().graceful_shutdown();
            let _ = timeout(limits::FLUSH, connection).await;
        }
    }
}

/// Waits until nobody is there any more to take an answer.
async fn hung_up(stream: &Mutex<Stream>) {
    loop {
        sleep(limits::HANGUP).await;
        if has_hung_up(&locked(stream)) {
            return;
        }
    }
}

/// The stream. hyper and whoever looks at it are one task, so nobody ever waits here.
fn locked<S>(stream: &Mutex<S>) -> MutexGuard<'_, S> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a connection is between one request and the next.
#[derive(Default)]
struct Requests {
    count: AtomicU64,
    running: AtomicBool,
}

impl Requests {
    fn begin(self: &Arc<Self>) -> Begun {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.running.store(true, Ordering::Relaxed);
        Begun(self.clone())
    }
}

/// A request that is being answered.
struct Begun(Arc<Requests>);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Relaxed);
    }
}

/// A stream on which the head of a request must not take for ever.
struct Guarded<S> {
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
