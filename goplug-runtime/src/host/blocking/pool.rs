//! The connections of one run, between calls and during them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::connection::Connection;
use crate::limits;
use crate::transport::HangUp;

/// The connections of one run that callers use who block.
///
/// Those that a caller is blocked on are known too: when the run ends it has to be woken.
#[derive(Default)]
pub(in crate::host) struct Connections {
    inner: Mutex<Inner>,
}

/// Connections that wait for the next call.
type Idle = Vec<Box<Connection>>;

#[derive(Default)]
struct Inner {
    idle: Idle,
    open: Vec<HangUp>,
    closed: bool,
}

impl Connections {
    /// An idle connection that is as it was left.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        loop {
            let connection = self.lock().idle.pop()?;
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Knows of a new connection from now on. Where the run has ended, it ends at once.
    pub(super) fn admit(&self, connection: &Connection) {
        let hang_up = connection.hang_up();
        let mut inner = self.lock();
        if inner.closed {
            hang_up.now();
        }
        // There are never many: as many as there have been callers at a time.
        inner.open.retain(|other| !other.is_closed());
        inner.open.push(hang_up);
    }

    /// Keeps a connection for the next call, if there can be one on it.
    pub(super) fn put(&self, connection: Box<Connection>) {
        let mut inner = self.lock();
        let room = !inner.closed && inner.idle.len() < limits::IDLE_CONNECTIONS;
        if room && connection.is_reusable() {
            inner.idle.push(connection);
        }
    }

    /// Ends every connection: the run has ended. Whoever is blocked on one wakes.
    pub(in crate::host) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.idle.clear();
        inner.open.drain(..).for_each(|open| open.now());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
