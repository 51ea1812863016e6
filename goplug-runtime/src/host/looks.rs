//! Looks at files of which each may be on a dead mount: one of them holds up nothing but itself.
//!
//! A look that does not answer in time is left to its thread, and nothing is looked at again for whom
//! it was until that thread comes back. So there are never more stuck threads than those who have
//! something to look at.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::disk;
use crate::panic::catch;

/// How long the first look may take. With each that is stuck, the next may take less: with 64 of them
/// all take less than five seconds together.
const FIRST: Duration = Duration::from_secs(1);

/// How many looks may be stuck before nothing is looked at any more.
const MOST_STUCK: usize = 64;

type Busy = Mutex<BTreeSet<OsString>>;

/// Remembers for whom a look has not come back.
#[derive(Default)]
pub(super) struct Looks(Arc<Busy>);

/// A row of looks on one thread, as long as none of them is stuck.
pub(super) struct Row<'a> {
    looks: &'a Looks,
    thread: Option<Sender<Box<dyn FnOnce() + Send>>>,
}

impl Looks {
    pub(super) fn row(&self) -> Row<'_> {
        Row { looks: self, thread: None }
    }

    /// Takes note of a look until the value is dropped; `None` if an earlier look for the same has not
    /// come back, or too many have not.
    pub(super) fn begin(&self, whose: OsString) -> Option<Done> {
        let mut busy = lock(&self.0);
        let may_begin = busy.len() < MOST_STUCK && busy.insert(whose.clone());
        may_begin.then(|| Done { whose, busy: Arc::clone(&self.0) })
    }
}

impl Row<'_> {
    /// Looks at something for somebody. Blocks for a second at most; `None` if it did not answer
    /// within that time, if an earlier look for the same has not yet, or if the system has no thread.
    pub(super) fn look<T: Send + 'static>(
        &mut self,
        whose: impl Into<OsString>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let done = self.looks.begin(whose.into())?;
        // This look is one of them.
        let busy = lock(&self.looks.0).len();
        let limit = FIRST / u32::try_from(busy).unwrap_or(u32::MAX);
        let (result, received) = mpsc::channel();
        let job = Box::new(move || {
            let outcome = catch(work);
            drop(done);
            // The caller may have given up.
            drop(result.send(outcome));
        });
        let thread = self.thread.take().or_else(start)?;
        thread.send(job).ok()?;
        let outcome = received.recv_timeout(limit).ok()?;
        self.thread = Some(thread);
        outcome.ok()
    }
}

/// Takes a look from those that have not come back, also if it was never made.
pub(super) struct Done {
    whose: OsString,
    busy: Arc<Busy>,
}

impl Drop for Done {
    fn drop(&mut self) {
        lock(&self.busy).remove(&self.whose);
    }
}

/// A thread that works until the sender is dropped; `None` if the system has none.
fn start() -> Option<Sender<Box<dyn FnOnce() + Send>>> {
    let (jobs, received) = mpsc::channel::<Box<dyn FnOnce() + Send>>();
    disk::begin(move || received.into_iter().for_each(|job| job())).ok()?;
    Some(jobs)
}

fn lock(busy: &Busy) -> MutexGuard<'_, BTreeSet<OsString>> {
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_look_holds_up_only_itself_and_is_not_repeated() {
        let looks = Looks::default();
        let mut row = looks.row();
        assert_eq!(row.look("first", || 1), Some(1));
        let (release, released) = mpsc::channel::<()>();
        assert!(row.look("stuck", move || released.recv()).is_none());
        // It would answer, if it were asked.
        assert_eq!(row.look("stuck", || 2), None);
        assert_eq!(row.look("other", || 3), Some(3));
        drop(release);
        while !lock(&looks.0).is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(looks.row().look("stuck", || 4), Some(4));
    }

    #[test]
    fn a_look_that_panics_has_no_result_and_ends_no_other() {
        let looks = Looks::default();
        let mut row = looks.row();
        assert_eq!(row.look("a", || -> u8 { panic!("a test's own") }), None);
        assert_eq!(row.look("a", || 1), Some(1));
    }
}
