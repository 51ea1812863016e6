//! What a connection from the network does: whether requests are in flight, since when none is, and whether
//! its caller is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::limits;
use crate::plugin::connection::IdleState;
use crate::plugin::select::select;

/// What one connection does.
pub(super) struct Activity {
    idle: Arc<IdleState>,
    began: Instant,
    in_flight: AtomicUsize,
    /// When the last request ended, in milliseconds from the beginning of the connection.
    last: AtomicU64,
    is_known: AtomicBool,
    is_h2: AtomicBool,
}

impl Activity {
    /// A connection that has just been accepted.
    pub(super) fn new(idle: Arc<IdleState>) -> Self {
        idle.set_waiting();
        Self {
            idle,
            began: Instant::now(),
            in_flight: AtomicUsize::new(0),
            last: AtomicU64::new(0),
            is_known: AtomicBool::new(false),
            is_h2: AtomicBool::new(false),
        }
    }

    /// A request, which is in flight until the guard is dropped.
    pub(super) fn begin(self: &Arc<Self>, is_h2: bool) -> RequestGuard {
        if self.in_flight.fetch_add(1, Ordering::Relaxed) == 0 {
            self.idle.set_busy();
        }
        if is_h2 {
            self.is_h2.store(true, Ordering::Relaxed);
        }
        RequestGuard(Arc::clone(self))
    }

    /// Notes that a caller was let in. Connections of strangers end earlier.
    pub(super) fn set_known(&self) {
        if !self.is_known.swap(true, Ordering::Relaxed) {
            self.idle.set_known();
        }
    }

    /// Whether a caller was let in.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Whether requests have come by HTTP/2.
    pub(super) fn is_h2(&self) -> bool {
        self.is_h2.load(Ordering::Relaxed)
    }

    /// Waits until the connection is to end: it has made way for another one, or has had no request for too
    /// long. `stranger` is how long one may take until its caller is known. Cancel safe.
    pub(super) async fn over(&self, stranger: Duration) {
        let told = std::future::poll_fn(|cx| self.idle.poll_told(cx));
        select(told, self.idle_for_too_long(stranger)).await;
    }

    /// Waits until what has come is answered, and for a moment more.
    pub(super) async fn quiet(&self) {
        loop {
            sleep(limits::FLUSH_TIMEOUT).await;
            if !self.is_busy() {
                return;
            }
        }
    }

    fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }

    async fn idle_for_too_long(&self, stranger: Duration) {
        loop {
            let limit = if self.is_known() { limits::REMOTE_IDLE_TIMEOUT } else { stranger };
            let last = self.began + Duration::from_millis(self.last.load(Ordering::Relaxed));
            let is_busy = self.is_busy();
            let end = if is_busy { Instant::now() } else { last } + limit;
            if !is_busy && end <= Instant::now() {
                return;
            }
            sleep_until(end).await;
        }
    }
}

/// A request in flight.
pub(super) struct RequestGuard(Arc<Activity>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let Self(activity) = self;
        let now = u64::try_from(activity.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        activity.last.store(now, Ordering::Relaxed);
        if activity.in_flight.fetch_sub(1, Ordering::Relaxed) == 1 {
            activity.idle.set_waiting();
        }
    }
}
