//! Where calls of services wait for a place among those that a host has in flight.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::limits;

/// The places of one host. Each place that is free again wakes one of the calls that wait, so that thousands
/// of them cost no more than their number.
#[derive(Debug, Default)]
pub(super) struct ServiceRoom {
    in_flight: usize,
    /// It outlives the host for the calls that wait.
    freed: Arc<Notify>,
}

impl ServiceRoom {
    /// Takes a place, if there is one.
    #[inline]
    pub(super) fn take(&mut self) -> bool {
        let is_free = self.in_flight < limits::SERVICE_CALLS;
        self.in_flight += usize::from(is_free);
        is_free
    }

    /// Gives a place back.
    #[inline]
    pub(super) fn give_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.freed.notify_one();
    }

    /// What is notified when there may be a place.
    pub(super) fn freed(&self) -> Arc<Notify> {
        Arc::clone(&self.freed)
    }

    /// Has all calls that wait look again at their host.
    pub(super) fn wake_all(&self) {
        self.freed.notify_waiters();
    }
}

/// The host is gone, which those learn that wait.
impl Drop for ServiceRoom {
    fn drop(&mut self) {
        self.wake_all();
    }
}
