//! How hosts take their callbacks: as a stream, or one at a time as GoPlug 1 does.
//!
//! Both pull from the host's queue when the connection has room, so a slow host is felt as a
//! full queue and nowhere else. Neither needs a task.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::Hub;

/// The plugin ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the plugin stops")]
pub(crate) struct Hangup;

/// The body of a callback stream. Dropping it disconnects the host.
#[derive(Debug)]
pub(in crate::plugin) struct CallbackEvents {
    /// `None` for a stream that has ended before it began.
    source: Option<(Arc<Hub>, u64, u64)>,
}

impl CallbackEvents {
    pub(super) fn new(hub: Arc<Hub>, serial: u64, generation: u64) -> Self {
        Self { source: Some((hub, serial, generation)) }
    }

    pub(super) fn ended() -> Self {
        Self { source: None }
    }

    /// The next piece; `None` when the host has opened another stream, or the plugin stops.
    pub(in crate::plugin) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &self.source {
            Some((hub, serial, generation)) => hub.poll_piece(*serial, *generation, cx),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for CallbackEvents {
    fn drop(&mut self) {
        if let Some((hub, serial, generation)) = self.source.take() {
            hub.stream_ended(serial, generation);
        }
    }
}

/// A GoPlug 1 host that waits for one notification.
#[derive(Debug)]
pub(in crate::plugin) struct LegacyPoll {
    hub: Arc<Hub>,
    serial: u64,
}

impl LegacyPoll {
    pub(super) fn new(hub: Arc<Hub>, serial: u64) -> Self {
        Self { hub, serial }
    }
}

impl Future for LegacyPoll {
    type Output = Result<Bytes, Hangup>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.hub.poll_legacy_next(self.serial, cx)
    }
}

/// A connection, as far as registrations are tied to it.
#[derive(Debug)]
pub(in crate::plugin) struct ConnectionGuard {
    hub: Arc<Hub>,
    connection: u64,
}

impl ConnectionGuard {
    pub(in crate::plugin) fn new(hub: Arc<Hub>, connection: u64) -> Self {
        Self { hub, connection }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.hub.connection_ended(self.connection);
    }
}
