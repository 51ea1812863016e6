//! The buffer between the reader of a callback stream and the handlers, which share one task.
//!
//! The task polls the reader first and then the handlers, and repeats that until both wait. So
//! neither has to wake the other: an end that waits for the other end is polled again soon.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::batch::Batch;
use crate::limits;

/// Callbacks that have been read and not yet handed to the handlers.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    batch: Batch,
    /// The reader found the inbox full and waits.
    reader_waits: bool,
    /// The reader was waiting, and the inbox has room now.
    reader_can_resume: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the inbox has room for the next segment of the stream. Cancel safe.
    pub(super) async fn wait_for_room(&self) {
        poll_fn(|_| {
            let mut state = self.lock();
            state.reader_waits = state.batch.len() >= limits::CALLBACK_BACKLOG;
            if state.reader_waits { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Lets `fill` add callbacks. It runs without the lock: it begins and ends calls of services, and
    /// logs, which is the user's code.
    pub(super) fn fill<T>(&self, fill: impl FnOnce(&mut Batch) -> T) -> T {
        let mut batch = std::mem::take(&mut self.lock().batch);
        let filled = fill(&mut batch);
        self.lock().batch = batch;
        filled
    }

    /// Clears this batch, whose callbacks have been handled, then waits for callbacks and moves
    /// them into it. Cancel safe.
    pub(super) async fn refill(&self, handled: &mut Batch) {
        handled.clear();
        poll_fn(|_| {
            let mut state = self.lock();
            if state.batch.len() == 0 {
                return Poll::Pending;
            }
            std::mem::swap(&mut state.batch, handled);
            state.reader_can_resume = std::mem::take(&mut state.reader_waits);
            Poll::Ready(())
        })
        .await;
    }

    /// Drives the reader and the handlers in the current task, until the reader ends.
    pub(super) async fn drive(
        &self,
        reader: impl Future<Output = ()>,
        handlers: impl Future<Output = ()>,
    ) {
        let (mut reader, mut handlers) = (pin!(reader), pin!(handlers));
        poll_fn(|cx| {
            loop {
                if reader.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                // The handlers never end by themselves.
                let _ = handlers.as_mut().poll(cx);
                if !std::mem::take(&mut self.lock().reader_can_resume) {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_are_added_without_the_lock() {
        let inbox = Inbox::default();
        inbox.fill(|batch| {
            let name = batch.intern_raw("a");
            batch.push(name, b"1", None, None);
            assert!(inbox.state.try_lock().is_ok());
        });
        inbox.fill(|batch| assert_eq!(batch.len(), 1));
    }
}
