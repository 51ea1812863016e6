//! The connections of one run, between calls and during them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits;
use crate::transport::HangUp;

/// A connection for one request at a time.
pub(in crate::host) trait Pooled {
    /// Whether it is as it was left, as far as it is worth looking.
    fn is_quiet(&self) -> bool;
    /// Whether another request can follow.
    fn is_reusable(&self) -> bool;
    /// What ends it from beside whoever waits on it.
    fn hang_up(&self) -> HangUp;
}

/// The connections of one run that are not shared.
///
/// Those that a caller waits on are known too: when the run ends they end, and so does every
/// call on them.
pub(in crate::host) struct Pool<C>(Mutex<Inner<C>>);

struct Inner<C> {
    /// Each call takes one out and puts it back: a pointer moves.
    idle: Vec<Box<C>>,
    open: Vec<HangUp>,
    closed: bool,
}

impl<C> Default for Pool<C> {
    fn default() -> Self {
        Self(Mutex::new(Inner { idle: Vec::new(), open: Vec::new(), closed: false }))
    }
}

impl<C: Pooled> Pool<C> {
    /// An idle connection.
    pub(in crate::host) fn take(&self) -> Option<Box<C>> {
        loop {
            let connection = self.lock().idle.pop()?;
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Knows of a new connection from now on. Where the run has ended, it ends at once.
    pub(in crate::host) fn admit(&self, connection: C) -> Box<C> {
        let hang_up = connection.hang_up();
        let mut inner = self.lock();
        if inner.closed {
            hang_up.now();
        }
        // There are never many: as many as there have been callers at a time.
        inner.open.retain(|other| !other.is_closed());
        inner.open.push(hang_up);
        drop(inner);
        Box::new(connection)
    }

    /// Keeps a connection for the next call, if there can be one on it.
    pub(in crate::host) fn put(&self, connection: Box<C>) {
        let mut inner = self.lock();
        let room = !inner.closed && inner.idle.len() < limits::MAX_IDLE_CONNECTIONS;
        if room && connection.is_reusable() {
            inner.idle.push(connection);
        }
    }

    /// Ends every connection: the run has ended. Whoever waits on one wakes.
    pub(in crate::host) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let idle = std::mem::take(&mut inner.idle);
        let open = std::mem::take(&mut inner.open);
        drop(inner);
        open.iter().for_each(HangUp::now);
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
        quiet: bool,
        reusable: bool,
    }

    impl Pooled for Connection {
        fn is_quiet(&self) -> bool {
            self.quiet
        }
        fn is_reusable(&self) -> bool {
            self.reusable
        }
        fn hang_up(&self) -> HangUp {
            HangUp::of(&self.socket)
        }
    }

    fn connection(quiet: bool, reusable: bool) -> (Connection, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Connection { socket: Arc::new(ours), quiet, reusable }, theirs)
    }

    fn has_ended(mut theirs: UnixStream) -> bool {
        theirs.set_nonblocking(true).unwrap();
        matches!(theirs.read(&mut [0]), Ok(0))
    }

    #[test]
    fn only_what_can_take_another_request_is_kept_and_only_what_is_quiet_given() {
        let pool = Pool::default();
        let (spent, _theirs) = connection(true, false);
        let (loud, _loud) = connection(false, true);
        let (good, _good) = connection(true, true);
        for connection in [good, spent, loud] {
            let connection = pool.admit(connection);
            pool.put(connection);
        }
        assert!(pool.take().is_some());
        assert!(pool.take().is_none());
    }

    #[test]
    fn all_end_with_the_run_and_so_do_those_that_come_later() {
        let pool = Pool::default();
        let (idle, idle_end) = connection(true, true);
        let (busy, busy_end) = connection(true, true);
        let idle = pool.admit(idle);
        pool.put(idle);
        let _busy = pool.admit(busy);
        pool.close();
        assert!(has_ended(idle_end) && has_ended(busy_end));
        let (late, late_end) = connection(true, true);
        let late = pool.admit(late);
        assert!(has_ended(late_end));
        pool.put(late);
        assert!(pool.take().is_none());
    }

    #[test]
    fn no_more_than_the_limit_are_kept_and_the_closed_are_forgotten() {
        let pool = Pool::default();
        let mut ends = Vec::new();
        let mut all = Vec::new();
        for _ in 0..limits::MAX_IDLE_CONNECTIONS + 3 {
            let (ours, theirs) = connection(true, true);
            all.push(pool.admit(ours));
            ends.push(theirs);
        }
        all.into_iter().for_each(|connection| pool.put(connection));
        assert_eq!(pool.lock().idle.len(), limits::MAX_IDLE_CONNECTIONS);
        let (ours, _theirs) = connection(true, true);
        let _last = pool.admit(ours);
        assert_eq!(pool.lock().open.len(), limits::MAX_IDLE_CONNECTIONS + 1);
    }
}
