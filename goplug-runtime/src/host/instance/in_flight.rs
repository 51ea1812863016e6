//! The calls that are on their way to an instance: how many there are, and when the last ended.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The calls on their way to one instance.
pub(super) struct InFlight {
    calls: AtomicUsize,
    none_left: Notify,
    began: Instant,
    /// When the last call ended, in milliseconds since `began`; `None` if nobody asks for it.
    last_end: Option<AtomicU64>,
}

impl InFlight {
    /// No calls yet. `is_timed` says whether [`InFlight::idle`] will be asked for.
    pub(super) fn new(is_timed: bool) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            none_left: Notify::new(),
            began: Instant::now(),
            last_end: is_timed.then(AtomicU64::default),
        }
    }

    pub(super) fn begin(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        if let Some(last_end) = &self.last_end {
            let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            last_end.store(now, Ordering::Relaxed);
        }
        if self.calls.fetch_sub(1, Ordering::Release) == 1 {
            self.none_left.notify_waiters();
        }
    }

    /// How many calls there are.
    pub(super) fn count(&self) -> usize {
        self.calls.load(Ordering::Acquire)
    }

    /// Waits until there is no call. Cancel safe.
    pub(super) async fn none(&self) {
        loop {
            let mut none_left = pin!(self.none_left.notified());
            none_left.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            none_left.await;
        }
    }

    /// Waits until there has been no call for this long. Cancel safe.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            self.none().await;
            let last_end = self.last_end.as_ref().map_or(0, |last| last.load(Ordering::Relaxed));
            let last_end = Duration::from_millis(last_end);
            let idle = self.began.elapsed().saturating_sub(last_end);
            if self.count() == 0 && idle >= limit {
                return;
            }
            tokio::time::sleep(limit.saturating_sub(idle)).await;
        }
    }
}
