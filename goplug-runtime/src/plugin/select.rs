//! Waiting for more than one thing at a time.
//!
//! `tokio::select!` would bring a procedural macro, with `syn` and `quote`, into every
//! plugin's build; these functions are what the server needs of it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Timeout, timeout};

/// The output of one of two futures.
pub(super) enum Either<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures and drops the other. Polls the left future first.
///
/// Cancel safe if both futures are.
pub(super) async fn select<A: Future, B: Future>(a: A, b: B) -> Either<A::Output, B::Output> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    poll_fn(|cx| {
        if let Poll::Ready(output) = a.as_mut().poll(cx) {
            return Poll::Ready(Either::Left(output));
        }
        b.as_mut().poll(cx).map(Either::Right)
    })
    .await
}

/// Runs code with the context of the current task. The code waits for nothing.
pub(super) fn with_context<T, F>(code: F) -> WithContext<F>
where
    F: FnOnce(&mut Context<'_>) -> T + Unpin,
{
    WithContext(Some(code))
}

/// What [`with_context`] returns; ready at its first poll.
pub(super) struct WithContext<F>(Option<F>);

impl<T, F: FnOnce(&mut Context<'_>) -> T + Unpin> Future for WithContext<F> {
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match self.0.take() {
            Some(code) => Poll::Ready(code(cx)),
            None => Poll::Pending,
        }
    }
}

/// Waits for both of two futures, at the same time.
pub(super) async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut left, mut right) = (None, None);
    poll_fn(|cx| {
        if left.is_none() {
            left = output(a.as_mut().poll(cx));
        }
        if right.is_none() {
            right = output(b.as_mut().poll(cx));
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

fn output<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Any future without an output. The code that limits its time is in the program once, and not once
/// for each future.
pub(super) type AnyFuture<'a> = Pin<&'a mut (dyn Future<Output = ()> + Send + 'a)>;

/// Waits for a future for at most `limit`: [`tokio::time::timeout`] of a future of any type.
pub(super) fn within<'a>(limit: Duration, future: AnyFuture<'a>) -> Timeout<AnyFuture<'a>> {
    timeout(limit, future)
}

/// Waits for a future for at most `limit`, counted from the first poll that is not ready.
/// Returns `None` after that time.
///
/// Works like [`tokio::time::timeout`], but a future that is ready at once, as most are on the
/// way of a call, pays neither for a timer nor for reading the clock.
pub(super) async fn lazy_timeout<F>(limit: Duration, future: F) -> Option<F::Output>
where
    F: Future<Output: Send> + Send,
{
    let mut future = pin!(future);
    if let Poll::Ready(output) = with_context(|cx| future.as_mut().poll(cx)).await {
        return Some(output);
    }
    let mut output = None;
    let _ = within(limit, pin!(async { output = Some(future.await) })).await;
    output
}

/// Lets the runtime look for what has arrived and which timers are due, and lets other tasks run.
pub(super) async fn yield_to_runtime() {
    // If this task has been woken meanwhile, as by a method within it, the first ends at once.
    yield_now().await;
    yield_now().await;
}

/// Lets every other task of this thread run that is ready to.
pub(super) async fn yield_to_ready_tasks() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        // A task that wakes itself while it runs goes to the end of the queue.
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
