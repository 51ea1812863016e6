//! Busy polling of one connection, at both ends.

use std::time::Duration;

use crate::http1::{RequestWriter, insert_header};
use crate::protocol::wire;
use crate::transport::BusyPoll;

/// Busy polling at the host's end, and the header that asks for it at the plugin's end.
#[derive(Debug)]
pub(super) struct BusyPolling {
    pub(super) poll: BusyPoll,
    /// The plugin's bound in microseconds, until it has been sent; `None` for no polling.
    header: Option<u64>,
}

impl BusyPolling {
    /// Both ends poll for at most `bound`; neither does if this process has a single processor.
    pub(super) fn new(bound: Duration) -> Self {
        let poll = BusyPoll::new(bound);
        let microseconds = u64::try_from(bound.as_micros()).ok();
        let header = microseconds.filter(|microseconds| *microseconds > 0 && poll.has_bound());
        Self { poll, header }
    }

    /// Adds the header to the head of a request that is not written by a [`RequestWriter`].
    pub(super) fn insert_header(self, head: &mut Vec<u8>) {
        if let Some(microseconds) = self.header {
            insert_header(head, wire::HEADER_BUSY_POLL, microseconds);
        }
    }

    /// Counts a request that this has written, and adds the header to the head of the first request.
    #[inline]
    pub(super) fn begin_request(&mut self, writer: &mut RequestWriter) {
        self.poll.count_request();
        if let Some(microseconds) = self.header.take() {
            writer.insert_header(wire::HEADER_BUSY_POLL, microseconds);
        }
    }
}
