//! Where calls of services wait for a place among those that a host has in flight.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::limits;

/// The places of one host. Each place that is free again wakes one of the calls that wait, so that thousands
/// of them cost no more than their number.
#[derive(Debug, Default)]
pub(super) struct ServiceRoom {
    in_flight: usize,
    /// It outlives the host for the calls that wait.
    freed: Arc<Notify>,
    /// Wakes the reader of the host's replies, which has none to expect.
    reader: Option<Waker>,
}

impl ServiceRoom {
    /// Takes a place, if there is one.
    #[inline]
    pub(super) fn take(&mut self) -> bool {
        let is_free = self.in_flight < limits::SERVICE_CALLS;
        self.in_flight += usize::from(is_free);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        is_free
    }

    /// Ready if a call has a place, and so a reply is to be expected. Wakes one task at most: the last
    /// that has called this.
    #[inline]
    pub(super) fn poll_taken(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.in_flight > 0 {
            return Poll::Ready(());
        }
        match &mut self.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            None => self.reader = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Gives a place back. The caller notifies one of those that wait, once it has unlocked the hosts.
    #[inline]
    #[must_use = "a call may wait for the place"]
    pub(super) fn give_back(&mut self) -> Arc<Notify> {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.freed()
    }

    /// What is notified when there may be a place.
    pub(super) fn freed(&self) -> Arc<Notify> {
        Arc::clone(&self.freed)
    }
}
