//! How hosts take their callbacks: as a stream, or one at a time as GoPlug 1 does.
//!
//! Both pull from the host's queue when the connection has room. So a slow host shows as a full
//! queue and nowhere else, and neither way needs a task.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::host::{Origin, Presence};
use super::hub::Hub;

/// The plugin ends the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the plugin stops")]
pub(in crate::plugin) struct Hangup;

/// The body of a callback stream. Dropping it disconnects the host.
#[derive(Debug)]
pub(in crate::plugin) struct CallbackStream {
    /// The host's serial and the stream's generation; `None` for a stream without events.
    source: Option<(Arc<Hub>, u64, u64)>,
}

impl CallbackStream {
    pub(super) fn new(hub: Arc<Hub>, serial: u64, generation: u64) -> Self {
        Self { source: Some((hub, serial, generation)) }
    }

    /// A stream that ends at once.
    pub(super) fn empty() -> Self {
        Self { source: None }
    }

    /// The next piece: one or more whole events. `None` once the host has opened another
    /// stream, or the plugin stops.
    pub(in crate::plugin) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &self.source {
            Some((hub, serial, generation)) => hub.poll_piece(*serial, *generation, cx),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for CallbackStream {
    fn drop(&mut self) {
        if let Some((hub, serial, generation)) = self.source.take() {
            hub.stream_ended(serial, generation);
        }
    }
}

/// Waits for one notification to a GoPlug 1 host.
#[derive(Debug)]
pub(in crate::plugin) struct LegacyPoll {
    /// The host's serial; `None` if there will never be a notification.
    source: Option<(Arc<Hub>, u64)>,
}

impl LegacyPoll {
    pub(super) fn new(hub: Arc<Hub>, serial: u64) -> Self {
        Self { source: Some((hub, serial)) }
    }

    /// A wait that only the end of the connection or of the plugin ends.
    pub(super) fn never() -> Self {
        Self { source: None }
    }
}

impl Future for LegacyPoll {
    type Output = Result<Bytes, Hangup>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.source {
            Some((hub, serial)) => hub.poll_notification(*serial, cx),
            None => Poll::Pending,
        }
    }
}

/// A connection that hosts may have registered on. Dropping it disconnects the GoPlug 1 hosts
/// among them.
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

impl Hub {
    fn poll_piece(
        &self,
        serial: u64,
        generation: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Bytes>> {
        let mut hosts = self.lock();
        let closed = hosts.closed;
        let host = hosts.get(serial).filter(|host| host.generation == generation);
        let Some(host) = host else { return Poll::Ready(None) };
        let piece = host.take_piece();
        if piece.is_none() && !closed {
            host.wake_by(cx.waker());
            return Poll::Pending;
        }
        drop(hosts);
        self.changed.notify_waiters();
        Poll::Ready(piece)
    }

    fn poll_notification(&self, serial: u64, cx: &mut Context<'_>) -> Poll<Result<Bytes, Hangup>> {
        let mut hosts = self.lock();
        let closed = hosts.closed;
        let Some(host) = hosts.get(serial) else { return Poll::Ready(Err(Hangup)) };
        let Some(notification) = host.take_notification() else {
            if closed {
                return Poll::Ready(Err(Hangup));
            }
            host.wake_by(cx.waker());
            return Poll::Pending;
        };
        drop(hosts);
        self.changed.notify_waiters();
        Poll::Ready(Ok(notification))
    }

    fn stream_ended(&self, serial: u64, generation: u64) {
        let mut hosts = self.lock();
        if let Some(host) = hosts.get(serial).filter(|host| host.generation == generation) {
            match host.origin {
                Origin::Anonymous => hosts.remove(|host| host.serial == serial),
                _ if host.presence == Presence::Connected => host.disconnect(),
                _ => {}
            }
        }
        drop(hosts);
        self.changed.notify_waiters();
    }

    fn connection_ended(&self, connection: u64) {
        let mut hosts = self.lock();
        let mut any = false;
        for host in &mut hosts.list {
            if host.origin == Origin::Legacy(connection) && host.presence == Presence::Connected {
                host.disconnect();
                any = true;
            }
        }
        drop(hosts);
        if any {
            self.changed.notify_waiters();
        }
    }
}
