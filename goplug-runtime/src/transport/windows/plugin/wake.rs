//! What a thread waits for that other threads give notice of.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A notice. Once it is given, it stays.
#[derive(Clone, Debug, Default)]
pub(super) struct Wake(Arc<Notice>);

#[derive(Debug, Default)]
struct Notice {
    is_given: Mutex<bool>,
    given: Condvar,
}

impl Wake {
    /// Gives notice.
    pub(super) fn wake(&self) {
        *self.lock() = true;
        self.0.given.notify_all();
    }

    /// Whether notice was given.
    pub(super) fn is_woken(&self) -> bool {
        *self.lock()
    }

    /// Blocks the thread until notice is given.
    pub(super) fn wait(&self) {
        let given = self.0.given.wait_while(self.lock(), |is_given| !*is_given);
        drop(given.unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether both are the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.is_given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
