//! The calls in flight on an instance: how many there are, and when the last call ended.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The calls in flight on one instance.
pub(super) struct InFlight {
    calls: AtomicUsize,
    is_empty: Notify,
    /// Whether anybody has ever waited for `is_empty`. Most calls end with nobody to wake, and find out
    /// at less cost here.
    is_awaited: AtomicBool,
    created: Instant,
    /// When the last call ended, in milliseconds since `created`; `None` if it is not tracked.
    last_end: Option<AtomicU64>,
}

impl InFlight {
    /// No calls yet. Only if `tracks_idle_time`, [`InFlight::wait_until_idle`] may be used.
    pub(super) fn new(tracks_idle_time: bool) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            is_empty: Notify::new(),
            is_awaited: AtomicBool::new(false),
            created: Instant::now(),
            last_end: tracks_idle_time.then(AtomicU64::default),
        }
    }

    pub(super) fn begin(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        if let Some(last_end) = &self.last_end {
            let now = u64::try_from(self.created.elapsed().as_millis()).unwrap_or(u64::MAX);
            last_end.store(now, Ordering::Relaxed);
        }
        // In one order with the wait, which notes itself and then counts: one of both sees the other.
        let is_last = self.calls.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last && self.is_awaited.load(Ordering::SeqCst) {
            self.is_empty.notify_waiters();
        }
    }

    /// How many calls there are.
    pub(super) fn count(&self) -> usize {
        self.calls.load(Ordering::Acquire)
    }

    /// Waits until no call is in flight. Cancel safe.
    pub(super) async fn wait_until_empty(&self) {
        self.is_awaited.store(true, Ordering::SeqCst);
        loop {
            let mut is_empty = pin!(self.is_empty.notified());
            is_empty.as_mut().enable();
            if self.calls.load(Ordering::SeqCst) == 0 {
                return;
            }
            is_empty.await;
        }
    }

    /// Waits until there has been no call for this long. Cancel safe.
    pub(super) async fn wait_until_idle(&self, limit: Duration) {
        loop {
            self.wait_until_empty().await;
            match self.idle_time() {
                Some(idle) if idle >= limit => return,
                idle => tokio::time::sleep(limit.saturating_sub(idle.unwrap_or_default())).await,
            }
        }
    }

    /// How long there has been no call; `None` while there is one.
    pub(super) fn idle_time(&self) -> Option<Duration> {
        let last_end = self.last_end.as_ref().map_or(0, |last| last.load(Ordering::Relaxed));
        let idle = self.created.elapsed().saturating_sub(Duration::from_millis(last_end));
        (self.count() == 0).then_some(idle)
    }
}
