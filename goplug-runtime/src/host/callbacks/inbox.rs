//! Between the reader of a stream and the handlers, which are one task.
//!
//! Both are polled in turn, the reader first, until neither gets on. So none has to wake the
//! other: whoever finds the other one behind is asked again soon.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::batch::Batch;
use crate::limits;

/// Callbacks that have been read and not yet taken by the handlers.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Batch,
    /// Whether the reader has found it full, and it no longer is.
    has_room_again: bool,
    is_full: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for what the next piece of the stream holds.
    pub(super) async fn room(&self) {
        poll_fn(|_| {
            let mut state = self.lock();
            state.is_full = state.waiting.len() >= limits::CALLBACK_BACKLOG;
            if state.is_full { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Adds to it.
    pub(super) fn fill<T>(&self, fill: impl FnOnce(&mut Batch) -> T) -> T {
        fill(&mut self.lock().waiting)
    }

    /// Waits for callbacks, and exchanges them for this batch, whose own are done.
    pub(super) async fn take(&self, done: &mut Batch) {
        done.clear();
        poll_fn(|_| {
            let mut state = self.lock();
            if state.waiting.len() == 0 {
                return Poll::Pending;
            }
            std::mem::swap(&mut state.waiting, done);
            state.has_room_again = std::mem::take(&mut state.is_full);
            Poll::Ready(())
        })
        .await;
    }

    /// Runs both ends in this task, until the reader's end.
    pub(super) async fn run(
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
                // They end no sooner than the task does.
                let _ = handlers.as_mut().poll(cx);
                if !std::mem::take(&mut self.lock().has_room_again) {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
}
