//! The connections to one instance, between calls and during them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits;
use crate::transport::ShutdownHandle;

/// A connection for one request at a time.
pub(super) trait Pooled {
    /// True if the plugin closed the connection or sent bytes that nobody asked for. May be false
    /// nevertheless if a check costs too much.
    fn is_stale(&self) -> bool;
    /// Whether another request can follow.
    fn is_reusable(&self) -> bool;
    /// A handle that ends the connection while a caller waits on it.
    fn shutdown_handle(&self) -> ShutdownHandle;
}

/// The connections to one instance that calls do not share.
///
/// The pool also knows the connections that are in use: when the instance ends, they are closed,
/// and every call on them ends.
pub(super) struct Pool<C>(Mutex<Inner<C>>);

struct Inner<C> {
    /// Each call takes out a connection and puts it back; boxed, so that only a pointer moves.
    idle: Vec<Box<C>>,
    /// All connections, idle or in use.
    open: Vec<ShutdownHandle>,
    closed: bool,
}

impl<C> Default for Pool<C> {
    fn default() -> Self {
        Self(Mutex::new(Inner { idle: Vec::new(), open: Vec::new(), closed: false }))
    }
}

impl<C: Pooled> Pool<C> {
    /// An idle connection that is not stale.
    pub(super) fn take(&self) -> Option<Box<C>> {
        loop {
            let connection = self.lock().idle.pop()?;
            if !connection.is_stale() {
                return Some(connection);
            }
        }
    }

    /// Adds a new connection, which the caller uses first. If the pool is closed, the connection is
    /// closed at once.
    pub(super) fn admit(&self, connection: C) -> Box<C> {
        let shutdown_handle = connection.shutdown_handle();
        let mut inner = self.lock();
        if inner.closed {
            shutdown_handle.shut_down();
        }
        // The list is short: it grows to the number of concurrent callers.
        inner.open.retain(|other| !other.is_closed());
        inner.open.push(shutdown_handle);
        drop(inner);
        Box::new(connection)
    }

    /// Returns a connection after a call. It is kept for the next call if it is reusable.
    pub(super) fn put(&self, connection: Box<C>) {
        let mut inner = self.lock();
        let has_room = !inner.closed && inner.idle.len() < limits::MAX_IDLE_CONNECTIONS;
        if has_room && connection.is_reusable() {
            inner.idle.push(connection);
        }
    }

    /// Closes every connection, now and in future. Callers that wait on a connection wake.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let idle = std::mem::take(&mut inner.idle);
        let open = std::mem::take(&mut inner.open);
        drop(inner);
        open.iter().for_each(ShutdownHandle::shut_down);
        drop(idle);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;

    use super::*;

    struct Connection {
        socket: Arc<UnixStream>,
        stale: bool,
        reusable: bool,
    }

    impl Pooled for Connection {
        fn is_stale(&self) -> bool {
            self.stale
        }
        fn is_reusable(&self) -> bool {
            self.reusable
        }
        fn shutdown_handle(&self) -> ShutdownHandle {
            ShutdownHandle::new(&self.socket)
        }
    }

    /// A connection, and the plugin's end of it.
    fn connection(stale: bool, reusable: bool) -> (Connection, UnixStream) {
        let (host, plugin) = UnixStream::pair().unwrap();
        (Connection { socket: Arc::new(host), stale, reusable }, plugin)
    }

    fn is_closed(mut plugin: UnixStream) -> bool {
        plugin.set_nonblocking(true).unwrap();
        matches!(plugin.read(&mut [0]), Ok(0))
    }

    #[test]
    fn a_connection_is_kept_if_it_is_reusable_and_taken_if_it_is_not_stale() {
        let pool = Pool::default();
        let (used_up, _plugin1) = connection(false, false);
        let (stale, _plugin2) = connection(true, true);
        let (good, _plugin3) = connection(false, true);
        for connection in [good, used_up, stale] {
            let connection = pool.admit(connection);
            pool.put(connection);
        }
        assert!(pool.take().is_some());
        assert!(pool.take().is_none());
    }

    #[test]
    fn closing_the_pool_closes_every_connection_and_later_ones_too() {
        let pool = Pool::default();
        let (idle, idle_plugin) = connection(false, true);
        let (busy, busy_plugin) = connection(false, true);
        let idle = pool.admit(idle);
        pool.put(idle);
        let _busy = pool.admit(busy);
        pool.close();
        assert!(is_closed(idle_plugin) && is_closed(busy_plugin));
        let (late, late_plugin) = connection(false, true);
        let late = pool.admit(late);
        assert!(is_closed(late_plugin));
        pool.put(late);
        assert!(pool.take().is_none());
    }

    #[test]
    fn the_pool_keeps_idle_connections_up_to_its_limit_and_forgets_closed_ones() {
        let pool = Pool::default();
        let mut plugin_ends = Vec::new();
        let mut all = Vec::new();
        for _ in 0..limits::MAX_IDLE_CONNECTIONS + 3 {
            let (host, plugin) = connection(false, true);
            all.push(pool.admit(host));
            plugin_ends.push(plugin);
        }
        all.into_iter().for_each(|connection| pool.put(connection));
        assert_eq!(pool.lock().idle.len(), limits::MAX_IDLE_CONNECTIONS);
        let (host, _plugin) = connection(false, true);
        let _last = pool.admit(host);
        assert_eq!(pool.lock().open.len(), limits::MAX_IDLE_CONNECTIONS + 1);
    }
}
