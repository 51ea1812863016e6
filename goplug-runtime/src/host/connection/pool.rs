//! The connections to one instance, between calls and during them.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits;
use crate::transport::ShutdownHandle;

/// A connection for one request at a time.
pub(super) trait Pooled {
    /// True if the plugin closed the connection or sent bytes that nobody asked for. May be false
    /// nevertheless if a check costs too much for every call.
    fn is_stale(&self) -> bool;
    /// As [`Pooled::is_stale`], and true as well if the connection's runtime is gone. For checks
    /// that are not made for every call.
    fn is_dead(&self) -> bool;
    /// Whether another request can follow.
    fn is_reusable(&self) -> bool;
    /// A handle that ends the connection while a caller waits on it.
    fn shutdown_handle(&self) -> ShutdownHandle;
}

/// The connections to one instance that calls do not share.
///
/// The pool also knows the connections that are in use: when the instance ends, they are closed,
/// and every call on them ends.
pub(super) struct Pool<C> {
    inner: Mutex<Inner<C>>,
    /// One permit for each connection that calls may have open at a time.
    slots: Arc<Semaphore>,
}

struct Inner<C> {
    /// Each call takes out a connection and puts it back; boxed, so that only a pointer moves. The
    /// first has been idle for the longest time.
    idle: Vec<Box<Member<C>>>,
    /// All connections, idle or in use.
    open: Vec<ShutdownHandle>,
    /// How many callers wait for a slot.
    waiting: usize,
    closed: bool,
}

/// The right to have a connection open.
pub(super) struct Slot(
    #[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit,
);

/// A connection of a pool.
pub(super) struct Member<C> {
    connection: C,
    /// `None` while a connection serves the request of the host itself for which it was opened.
    slot: Option<Slot>,
}

impl<C> Deref for Member<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.connection
    }
}

impl<C> DerefMut for Member<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.connection
    }
}

impl<C: Pooled> Pool<C> {
    /// A pool for at most this many connections of calls.
    pub(super) fn new(max_connections: usize) -> Self {
        let (idle, open) = (Vec::new(), Vec::new());
        Self {
            inner: Mutex::new(Inner { idle, open, waiting: 0, closed: false }),
            slots: Arc::new(Semaphore::new(max_connections.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// The idle connection that was used last, of those that fit and are not stale.
    pub(super) fn take(&self, fits: impl Fn(&C) -> bool) -> Option<Box<Member<C>>> {
        loop {
            let connection = {
                let idle = &mut self.lock().idle;
                // Almost always the last fits.
                match idle.pop_if(|connection| fits(connection)) {
                    Some(connection) => connection,
                    None => {
                        let at = idle.iter().rposition(|connection| fits(connection))?;
                        idle.remove(at)
                    }
                }
            };
            if !connection.is_stale() {
                return Some(connection);
            }
        }
    }

    /// Waits until a further connection may be opened; `None` if the pool is closed. While callers
    /// wait, no connection stays idle. Cancel safe; needs no runtime.
    pub(super) async fn slot(&self) -> Option<Slot> {
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return Some(Slot(permit));
        }
        let _waiting = Waiting::begin(self);
        Arc::clone(&self.slots).acquire_owned().await.ok().map(Slot)
    }

    /// Adds a new connection, which the caller uses first. If the pool is closed, the connection is
    /// closed at once. Idle connections that are dead are dropped.
    pub(super) fn admit(&self, connection: C, slot: Option<Slot>) -> Box<Member<C>> {
        let shutdown_handle = connection.shutdown_handle();
        let mut inner = self.lock();
        if inner.closed {
            shutdown_handle.shut_down();
        }
        let dead: Vec<_> = inner.idle.extract_if(.., |idle| idle.is_dead()).collect();
        // The list is short: it grows to the number of concurrent callers.
        inner.open.retain(|other| !other.is_closed());
        inner.open.push(shutdown_handle);
        drop(inner);
        drop(dead);
        Box::new(Member { connection, slot })
    }

    /// Returns a connection after a call. It is kept for the next call if it is reusable and nobody
    /// waits for its slot. If there are too many, the one that has been idle for the longest time
    /// is closed.
    pub(super) fn put(&self, mut connection: Box<Member<C>>) {
        if connection.slot.is_none() {
            // It becomes one of the connections of calls, if there may be one more.
            let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() else { return };
            connection.slot = Some(Slot(permit));
        }
        let mut inner = self.lock();
        if inner.closed || inner.waiting > 0 || !connection.is_reusable() {
            return;
        }
        let is_full = inner.idle.len() >= limits::MAX_IDLE_CONNECTIONS;
        let oldest = is_full.then(|| inner.idle.remove(0));
        inner.idle.push(connection);
        drop(inner);
        drop(oldest);
    }

    /// Closes every connection, now and in future. Callers that wait on a connection wake.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let idle = std::mem::take(&mut inner.idle);
        let open = std::mem::take(&mut inner.open);
        drop(inner);
        self.slots.close();
        open.iter().for_each(ShutdownHandle::shut_down);
        drop(idle);
    }

    /// How many connections are idle.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner<C>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller that waits for a slot.
struct Waiting<'a, C: Pooled>(&'a Pool<C>);

impl<'a, C: Pooled> Waiting<'a, C> {
    /// Closes an idle connection: its slot may be the one that is missing.
    fn begin(pool: &'a Pool<C>) -> Self {
        let mut inner = pool.lock();
        inner.waiting += 1;
        let idle = (!inner.idle.is_empty()).then(|| inner.idle.remove(0));
        drop(inner);
        drop(idle);
        Self(pool)
    }
}

impl<C: Pooled> Drop for Waiting<'_, C> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::transport::RawStream;

    struct Connection {
        socket: RawStream,
        stale: bool,
        reusable: bool,
        /// Shared, so that a test can set it in the pool.
        dead: Arc<AtomicBool>,
    }

    impl Pooled for Connection {
        fn is_stale(&self) -> bool {
            self.stale
        }
        fn is_dead(&self) -> bool {
            self.dead.load(Ordering::Relaxed)
        }
        fn is_reusable(&self) -> bool {
            self.reusable
        }
        fn shutdown_handle(&self) -> ShutdownHandle {
            self.socket.shutdown_handle()
        }
    }

    /// A connection, and the plugin's end of it.
    fn connection(stale: bool, reusable: bool) -> (Connection, RawStream) {
        let (host, plugin) = RawStream::pair();
        (Connection { socket: host, stale, reusable, dead: Arc::default() }, plugin)
    }

    #[test]
    fn a_connection_is_kept_if_it_is_reusable_and_taken_if_it_is_not_stale() {
        let pool = Pool::new(1000);
        let (used_up, _plugin1) = connection(false, false);
        let (stale, _plugin2) = connection(true, true);
        let (good, _plugin3) = connection(false, true);
        for connection in [good, used_up, stale] {
            let connection = pool.admit(connection, None);
            pool.put(connection);
        }
        assert!(pool.take(|_| true).is_some());
        assert!(pool.take(|_| true).is_none());
    }

    #[test]
    fn closing_the_pool_closes_every_connection_and_later_ones_too() {
        let pool = Pool::new(1000);
        let (idle, idle_plugin) = connection(false, true);
        let (busy, busy_plugin) = connection(false, true);
        let idle = pool.admit(idle, None);
        pool.put(idle);
        let busy = pool.admit(busy, None);
        pool.close();
        assert!(idle_plugin.has_ended() && busy.connection.socket.has_ended());
        // The end of a pipe reaches the peer once nobody has it any more.
        drop(busy);
        assert!(busy_plugin.has_ended());
        let (late, late_plugin) = connection(false, true);
        let late = pool.admit(late, None);
        assert!(late.connection.socket.has_ended());
        pool.put(late);
        assert!(late_plugin.has_ended() && pool.take(|_| true).is_none());
    }

    #[test]
    fn the_pool_keeps_idle_connections_up_to_its_limit_and_forgets_closed_ones() {
        let pool = Pool::new(1000);
        let mut plugin_ends = Vec::new();
        let mut all = Vec::new();
        for _ in 0..limits::MAX_IDLE_CONNECTIONS + 3 {
            let (host, plugin) = connection(false, true);
            all.push(pool.admit(host, None));
            plugin_ends.push(plugin);
        }
        all.into_iter().for_each(|connection| pool.put(connection));
        assert_eq!(pool.lock().idle.len(), limits::MAX_IDLE_CONNECTIONS);
        let (host, _plugin) = connection(false, true);
        let _last = pool.admit(host, None);
        assert_eq!(pool.lock().open.len(), limits::MAX_IDLE_CONNECTIONS + 1);
    }

    #[test]
    fn the_connection_that_was_used_last_is_taken_if_it_fits() {
        let pool = Pool::new(1000);
        let mut plugin_ends = Vec::new();
        for reusable in [true; 3] {
            let (host, plugin) = connection(false, reusable);
            plugin_ends.push(plugin);
            pool.put(pool.admit(host, None));
        }
        let flags: Vec<_> = pool.lock().idle.iter().map(|idle| Arc::clone(&idle.dead)).collect();
        let fits = |at: usize| move |idle: &Connection| Arc::ptr_eq(&idle.dead, &flags[at]);
        assert!(pool.take(fits.clone()(1)).is_some());
        assert!(pool.take(fits(1)).is_none());
        assert_eq!(pool.lock().idle.len(), 2);
    }

    #[test]
    fn dead_connections_are_closed_when_a_new_one_comes() {
        let pool = Pool::new(1000);
        let (dead, dead_plugin) = connection(false, true);
        let flag = Arc::clone(&dead.dead);
        pool.put(pool.admit(dead, None));
        flag.store(true, Ordering::Relaxed);
        let (other, _other_plugin) = connection(false, true);
        let _other = pool.admit(other, None);
        assert!(dead_plugin.has_ended() && pool.lock().idle.is_empty());
    }

    #[test]
    fn a_full_pool_closes_the_connection_that_has_been_idle_for_the_longest_time() {
        let pool = Pool::new(1000);
        let (first, first_plugin) = connection(false, true);
        pool.put(pool.admit(first, None));
        let mut others = Vec::new();
        let members: Vec<_> = (0..limits::MAX_IDLE_CONNECTIONS)
            .map(|_| {
                let (host, plugin) = connection(false, true);
                others.push(plugin);
                pool.admit(host, None)
            })
            .collect();
        members.into_iter().for_each(|member| pool.put(member));
        assert!(first_plugin.has_ended());
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_slot_is_free_when_a_connection_is_closed_and_waited_for_if_none_is() {
        let pool = Pool::new(1);
        let Poll::Ready(Some(slot)) = poll(pin!(pool.slot())) else { panic!("no slot") };
        let (host, plugin) = connection(false, true);
        let in_use = pool.admit(host, Some(slot));
        let mut waiting = pin!(pool.slot());
        assert!(poll(waiting.as_mut()).is_pending());
        // It is not kept, though it could be used again: somebody waits for its slot.
        pool.put(in_use);
        assert!(plugin.has_ended());
        assert!(matches!(poll(waiting), Poll::Ready(Some(_))));
        assert_eq!(pool.lock().waiting, 0);
    }

    #[test]
    fn an_idle_connection_that_does_not_fit_gives_up_its_slot() {
        let pool = Pool::new(1);
        let Poll::Ready(slot) = poll(pin!(pool.slot())) else { panic!("no slot") };
        let (host, plugin) = connection(false, true);
        pool.put(pool.admit(host, slot));
        assert!(pool.take(|_| false).is_none());
        assert!(matches!(poll(pin!(pool.slot())), Poll::Ready(Some(_))));
        assert!(plugin.has_ended());
    }

    #[test]
    fn a_connection_of_the_host_itself_is_kept_only_if_there_is_a_slot() {
        let pool = Pool::new(1);
        let (first, _first_plugin) = connection(false, true);
        let (second, second_plugin) = connection(false, true);
        let (first, second) = (pool.admit(first, None), pool.admit(second, None));
        pool.put(first);
        pool.put(second);
        assert!(second_plugin.has_ended());
        assert_eq!(pool.idle(), 1);
    }

    #[test]
    fn closing_the_pool_ends_the_wait_for_a_slot() {
        let pool = Pool::<Connection>::new(1);
        let Poll::Ready(Some(_slot)) = poll(pin!(pool.slot())) else { panic!("no slot") };
        let mut waiting = pin!(pool.slot());
        assert!(poll(waiting.as_mut()).is_pending());
        pool.close();
        assert!(matches!(poll(waiting), Poll::Ready(None)));
    }
}
