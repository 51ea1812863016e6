//! Waiting for two things at once.
//!
//! `tokio::select!` would bring a procedural macro, with `syn` and `quote`, into every
//! plugin's build; these two functions are what the server needs of it.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

/// Which of two futures was ready first.
pub(super) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures and drops the other. The left one is asked
/// first each time. Cancel safe where both are.
pub(super) async fn first<A: Future, B: Future>(a: A, b: B) -> First<A::Output, B::Output> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    poll_fn(|cx| {
        if let Poll::Ready(output) = a.as_mut().poll(cx) {
            return Poll::Ready(First::Left(output));
        }
        b.as_mut().poll(cx).map(First::Right)
    })
    .await
}

/// Waits for both of two futures, at the same time.
pub(super) async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut left, mut right) = (None, None);
    poll_fn(|cx| {
        if left.is_none() {
            left = ready(a.as_mut().poll(cx));
        }
        if right.is_none() {
            right = ready(b.as_mut().poll(cx));
        }
        match (left.take(), right.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (left, right) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// Waits for a future, at most this long from the first time that it is not ready; `None` where
/// that was not enough. As [`tokio::time::timeout`], but what is ready at once, as most things
/// on a call's way are, pays neither for a timer nor for a look at the clock.
pub(super) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        return Some(output);
    }
    timeout(limit, future).await.ok()
}

/// Waits until the other tasks of this thread that can run have done so.
pub(super) async fn after_others() {
    let mut waited = false;
    poll_fn(|cx| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        // A task that wakes itself while it runs stands last in the queue.
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Runs user code; a panic in it becomes its text.
pub(super) async fn catch_panic<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        // A future that panicked is never polled again: nobody sees it half done.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic_text(&*panic))),
        }
    })
    .await
}

/// What a panic says.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
