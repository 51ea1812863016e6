//! A pipe for callers without a runtime: each call blocks, at most until a deadline.
//!
//! The pipe belongs to a runtime on a thread of its own, one for all such pipes of the process. The
//! calling thread polls the pipe itself, and is parked until the runtime's thread wakes it.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use bytes::BufMut;
use tokio::runtime::Handle;
use tokio::task::coop::unconstrained;

use super::pipe::Pipe;
use crate::transport::RuntimeThread;
use crate::transport::per_process::PerProcess;

/// How many bytes to read to see whether something has come.
const LOOK: usize = 4096;

/// How long the end of a connection may take to arrive.
#[cfg(test)]
const END_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// The runtime of all these pipes.
static RUNTIME: PerProcess<Mutex<Option<RuntimeThread>>> = PerProcess::new();

/// A pipe whose reads and writes block.
#[derive(Debug)]
pub(super) struct ParkedPipe {
    pipe: Arc<Pipe>,
    /// What has been read to see whether something has come.
    ahead: Mutex<Vec<u8>>,
}

impl ParkedPipe {
    /// A pipe that was made within the context of [`runtime`].
    pub(super) fn new(pipe: Pipe) -> Self {
        Self { pipe: Arc::new(pipe), ahead: Mutex::default() }
    }

    pub(super) fn pipe(&self) -> &Arc<Pipe> {
        &self.pipe
    }

    /// Reads up to `room` bytes, for which `target` has room, and waits for the first until the
    /// deadline. Returns their number; zero is the end.
    pub(super) fn read(
        &self,
        target: &mut impl BufMut,
        room: usize,
        deadline: Instant,
    ) -> io::Result<usize> {
        let mut ahead = self.ahead();
        if !ahead.is_empty() {
            let count = room.min(ahead.len());
            target.put_slice(&ahead[..count]);
            ahead.drain(..count);
            return Ok(count);
        }
        drop(ahead);
        wait(deadline, |cx| self.pipe.poll_read(cx, target, room))
    }

    /// Gives as much of the parts to the system as it takes at once, and waits until the deadline while
    /// it takes none.
    pub(super) fn write(&self, parts: &[IoSlice<'_>], deadline: Instant) -> io::Result<usize> {
        wait(deadline, |cx| self.pipe.poll_accept(cx, parts))
    }

    /// As [`write`](Self::write); returns `None` if there is something to read while it waits.
    pub(super) fn write_until_news(
        &self,
        parts: &[IoSlice<'_>],
        deadline: Instant,
    ) -> io::Result<Option<usize>> {
        wait(deadline, |cx| match self.pipe.poll_accept(cx, parts) {
            Poll::Ready(written) => Poll::Ready(written.map(Some)),
            Poll::Pending => self.poll_news(cx).map(|()| Ok(None)),
        })
    }

    /// Whether there is something to read: bytes, the end, or an error. Never blocks.
    pub(super) fn has_news(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        pin!(unconstrained(poll_fn(|cx| self.poll_news(cx)))).poll(&mut cx).is_ready()
    }

    /// Ready when there is something to read. The runtime alone would take for that what has been read.
    pub(super) fn poll_news(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ahead = self.ahead();
        if !ahead.is_empty() {
            return Poll::Ready(());
        }
        // The next read gets the end and an error again.
        self.pipe.poll_read(cx, &mut *ahead, LOOK).map(drop)
    }

    /// Whether the peer has ended the connection, and everything has been read. Waits for that.
    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        // The handle of a connection that was ended is closed once the runtime has heard of that.
        let ended = wait(Instant::now() + END_TIMEOUT, |cx| self.poll_news(cx).map(Ok));
        ended.is_ok() && self.ahead().is_empty()
    }

    /// Whether this end was accepted, and the peer has sent something that nobody has taken and waits for what
    /// comes of it.
    #[cfg(test)]
    pub(super) fn has_left_unread(&self) -> bool {
        let is_ahead = !self.ahead().is_empty() && self.pipe.is_answering();
        is_ahead || self.pipe.has_left_unread()
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<u8>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runtime of these pipes, which is started when it is first needed.
///
/// # Errors
/// The system has no thread, or the runtime cannot be made.
pub(super) fn runtime() -> io::Result<Handle> {
    let mut runtime = RUNTIME.get().lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = match &mut *runtime {
        Some(runtime) => runtime,
        none => none.insert(RuntimeThread::start("goplug-pipes")?),
    };
    Ok(runtime.handle().clone())
}

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

/// Polls until it is ready or the deadline has passed. The thread may be one of a runtime, whose budget
/// for its task does not count here.
///
/// # Errors
/// [`TimedOut`](io::ErrorKind::TimedOut) at the deadline, or the error of what is polled.
pub(super) fn wait<T>(
    deadline: Instant,
    poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> io::Result<T> {
    let mut awaited = pin!(unconstrained(poll_fn(poll)));
    let waker = WAKER.with(Waker::clone);
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(outcome) = awaited.as_mut().poll(&mut cx) {
            return outcome;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::park_timeout(left);
    }
}
