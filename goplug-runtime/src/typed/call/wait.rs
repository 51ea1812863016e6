//! Waiting for a future on a thread that has no runtime.
//!
//! The thread is parked, and the future's waker wakes it. A future that is ready when it is
//! first polled, as a blocking caller's is, costs nothing beyond that poll.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// Blocks this thread until the future is ready. The future must not need a runtime: it cannot use
/// tokio's timers or sockets.
pub fn wait<F: Future>(future: F) -> F::Output {
    // The task that this thread may be running has a budget, and only a return to the runtime
    // would renew it.
    let mut future = pin!(tokio::task::unconstrained(future));
    if let Some(output) = poll_once(future.as_mut()) {
        return output;
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Blocks this thread until the future is ready, or until the deadline: then the result is `None`.
/// The future must not need a runtime, as for [`wait`].
pub fn wait_until<F: Future>(future: F, deadline: std::time::Instant) -> Option<F::Output> {
    let mut future = pin!(tokio::task::unconstrained(future));
    if let Some(output) = poll_once(future.as_mut()) {
        return Some(output);
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left);
    }
}

/// Polls a future once, with a waker that does nothing and costs nothing to make.
fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn a_thread_waits_for_a_value_of_another_thread() {
        let (sender, receiver) = oneshot::channel();
        let other = thread::spawn(move || sender.send(7));
        assert_eq!(wait(receiver), Ok(7));
        other.join().unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_task_with_a_spent_budget_waits_like_any_other() {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1000);
        for number in 0..1000 {
            sender.send(number).await.unwrap();
        }
        for number in 0..1000 {
            assert_eq!(wait(receiver.recv()), Some(number));
        }
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        use std::time::{Duration, Instant};
        let deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(wait_until(std::future::pending::<()>(), deadline), None);
        assert!(Instant::now() >= deadline);
        assert_eq!(wait_until(std::future::ready(7), deadline), Some(7));
    }
}
