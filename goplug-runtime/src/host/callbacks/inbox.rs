//! The buffer between the reader of a callback stream and the handlers, which share one task.
//!
//! The task polls the reader first and then the handlers, and repeats that until both wait. So
//! neither has to wake the other: an end that waits for the other end is polled again soon.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Instant;

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
            state.reader_waits = state.batch.is_full();
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

    /// Drives the reader and the handlers in the current task, until the reader ends. Other tasks get
    /// a turn after [`limits::CALLBACK_SLICE`].
    pub(super) async fn drive(
        &self,
        reader: impl Future<Output = ()>,
        handlers: impl Future<Output = ()>,
    ) {
        let (mut reader, mut handlers) = (pin!(reader), pin!(handlers));
        poll_fn(|cx| {
            let mut began = None;
            loop {
                if reader.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                // The handlers never end by themselves.
                let _ = handlers.as_mut().poll(cx);
                if !std::mem::take(&mut self.lock().reader_can_resume) {
                    return Poll::Pending;
                }
                if began.get_or_insert_with(Instant::now).elapsed() >= limits::CALLBACK_SLICE {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    fn has_room(inbox: &Inbox) -> bool {
        let mut room = pin!(inbox.wait_for_room());
        room.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_number_of_callbacks_and_a_number_of_bytes_are_read_ahead() {
        let many = (limits::CALLBACK_BACKLOG, 1);
        let large = (2, limits::CALLBACK_BACKLOG_BYTES / 2);
        for (count, bytes) in [many, large, (1, 10 * limits::CALLBACK_BACKLOG_BYTES)] {
            let inbox = Inbox::default();
            for _ in 0..count {
                assert!(has_room(&inbox));
                inbox.fill(|batch| {
                    let name = batch.intern_raw("a");
                    batch.push(name, &vec![b'1'; bytes], None, None);
                });
            }
            assert!(!has_room(&inbox));
            let mut handled = Batch::default();
            let mut refilled = pin!(inbox.refill(&mut handled));
            assert!(refilled.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
            assert!(has_room(&inbox));
        }
    }

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
