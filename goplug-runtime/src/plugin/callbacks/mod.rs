//! Callbacks out: who listens to what, and what waits for whom.
//!
//! One lock guards the hosts; it is held for a few moves in memory and never over an await.
//! Whoever has to wait for room does so outside of it and looks again. No task runs here:
//! hosts pull their callbacks, and a host that stayed away is forgotten by whoever looks
//! next.

mod host;
mod log;
mod registry;
mod segment;
mod send;
mod take;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use host::{Host, Link, Origin};

pub use registry::{RegisteredCallback, RegisteredHost};
pub(super) use send::HubNotifier;
pub(super) use take::{CallbackEvents, ConnectionGuard, Hangup};

/// The callbacks of one plugin.
#[derive(Debug)]
pub(super) struct Hub {
    state: Mutex<State>,
    /// Tells those who wait for room that something has changed.
    changed: Notify,
    /// How long a host whose stream broke is remembered.
    resume: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// In the order of their first registration.
    hosts: Vec<Host>,
    last_serial: u64,
    /// The ids of all hosts without a token, so that an id is enough for a reply.
    last_anonymous_id: u64,
    closed: bool,
}

impl Hub {
    pub(super) fn new(resume: Duration) -> Self {
        Self { state: Mutex::default(), changed: Notify::new(), resume }
    }

    /// The hosts, without those that stayed away for too long.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget_absent(self.resume);
        state
    }

    /// Takes no further callbacks, and ends every wait for room or for an answer. A stream
    /// ends when what waits for it has been taken.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for host in &mut state.hosts {
            host.asked.clear();
            host.wake();
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn poll_piece(
        &self,
        serial: u64,
        generation: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        let closed = state.closed;
        let host = state.host(serial).filter(|host| host.generation == generation);
        let Some(host) = host else { return Poll::Ready(None) };
        let piece = host.take_piece();
        if piece.is_none() && !closed {
            host.wake_by(cx.waker());
            return Poll::Pending;
        }
        drop(state);
        self.changed.notify_waiters();
        Poll::Ready(piece)
    }

    fn poll_legacy_next(&self, serial: u64, cx: &mut Context<'_>) -> Poll<Result<Bytes, Hangup>> {
        let mut state = self.lock();
        let closed = state.closed;
        let Some(host) = state.host(serial) else { return Poll::Ready(Err(Hangup)) };
        let Some(notification) = host.pop() else {
            if closed {
                return Poll::Ready(Err(Hangup));
            }
            host.wake_by(cx.waker());
            return Poll::Pending;
        };
        drop(state);
        self.changed.notify_waiters();
        Poll::Ready(Ok(notification))
    }

    fn stream_ended(&self, serial: u64, generation: u64) {
        let mut state = self.lock();
        if let Some(host) = state.host(serial).filter(|host| host.generation == generation) {
            match host.origin {
                Origin::Anonymous => state.hosts.retain(|host| host.serial != serial),
                _ if host.link == Link::Connected => host.disconnect(),
                _ => {}
            }
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn connection_ended(&self, connection: u64) {
        let mut state = self.lock();
        let mut any = false;
        for host in &mut state.hosts {
            if host.origin == Origin::Legacy(connection) && host.link == Link::Connected {
                host.disconnect();
                any = true;
            }
        }
        drop(state);
        if any {
            self.changed.notify_waiters();
        }
    }
}

impl State {
    fn host(&mut self, serial: u64) -> Option<&mut Host> {
        self.hosts.iter_mut().find(|host| host.serial == serial)
    }

    #[inline]
    fn forget_absent(&mut self, resume: Duration) {
        if self.hosts.iter().any(|host| host.forgotten_at(resume).is_some()) {
            self.look_for_absent(resume);
        }
    }

    #[cold]
    fn look_for_absent(&mut self, resume: Duration) {
        let is_due = |host: &Host| host.forgotten_at(resume).is_some_and(|at| at <= Instant::now());
        self.hosts.retain(|host| !(matches!(host.origin, Origin::Legacy(_)) && is_due(host)));
        self.hosts.iter_mut().filter(|host| is_due(host)).for_each(Host::forget);
    }

    fn add(&mut self, origin: Origin, names: Vec<String>) -> &mut Host {
        self.last_serial += 1;
        self.hosts.push(Host::new(self.last_serial, origin, names));
        let last = self.hosts.len() - 1;
        &mut self.hosts[last]
    }
}
