//! Whether a connection waits for a request, so that it can make way for another one.
//!
//! A plugin serves a bounded number of connections. Somebody may open all of them and send nothing: then the
//! connection that has waited for the longest time ends, and a new caller has its place. A caller whose idle
//! connection has ended opens another one, and its call is not lost: it was not read.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

/// The state of a connection that answers a request.
const BUSY: u64 = u64::MAX;

/// Whether and since when a connection waits for a request, and how to end it.
pub(in crate::plugin) struct IdleState {
    /// The number of the last connection of the server, which takes the place of a time: it costs less to
    /// read.
    newest: Arc<AtomicU64>,
    /// The newest connection when this one began to wait, or [`BUSY`].
    since: AtomicU64,
    /// Whether its peer was let in, where not everybody is.
    is_known: AtomicBool,
    is_to_end: AtomicBool,
    /// Wakes the connection's task.
    waker: OnceLock<Waker>,
}

impl IdleState {
    /// The state of a new connection.
    pub(in crate::plugin) fn new(newest: Arc<AtomicU64>) -> Self {
        Self {
            newest,
            since: AtomicU64::new(BUSY),
            is_known: AtomicBool::new(false),
            is_to_end: AtomicBool::new(false),
            waker: OnceLock::new(),
        }
    }

    /// Since which connection of the server this one has waited; `None` if it does not wait.
    pub(in crate::plugin) fn since(&self) -> Option<u64> {
        Some(self.since.load(Ordering::Relaxed)).filter(|since| *since != BUSY)
    }

    /// Whether its peer was let in. Strangers make way first.
    pub(in crate::plugin) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Notes that the peer was let in.
    #[cfg(feature = "remote")]
    pub(in crate::plugin) fn set_known(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }

    /// Ends the connection as soon as it waits for a request and none has come.
    pub(in crate::plugin) fn end(&self) {
        self.is_to_end.store(true, Ordering::Release);
        if let Some(waker) = self.waker.get() {
            waker.wake_by_ref();
        }
    }

    /// Notes that the connection has received something.
    pub(in crate::plugin) fn set_busy(&self) {
        self.since.store(BUSY, Ordering::Relaxed);
    }

    /// Notes that the connection waits for a request.
    pub(in crate::plugin) fn set_waiting(&self) {
        self.since.store(self.newest.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Notes that the connection waits for a request, of which nothing has come. Ready if it is to end. To be
    /// called in the connection's own task.
    pub(super) fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.set_waiting();
        self.poll_told(cx)
    }

    /// Ready once the connection is to end. To be called in the connection's own task.
    pub(in crate::plugin) fn poll_told(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Every waker of a task wakes it as long as it lives.
        if self.waker.get().is_none() {
            drop(self.waker.set(cx.waker().clone()));
        }
        if self.is_to_end.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}
