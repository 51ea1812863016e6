//! The two ways in which a caller waits: in a task, or in a thread of its own.
//!
//! The requests are the same. A task has the timers of its runtime, a thread those of the system. What
//! they wait for is done by tasks of the registry's runtime, so a caller needs none.

use std::future::{Future, ready};

use tokio::time::{Instant, timeout_at};

use crate::typed::wait_until;

/// How a caller waits.
pub(super) trait Waiting: 'static {
    /// Waits for the future; `None` once this deadline has passed.
    fn until<F: Future<Output: Send> + Send>(
        deadline: Instant,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send;
}

/// The caller is a task.
pub(super) struct InTask;

impl Waiting for InTask {
    async fn until<F: Future<Output: Send> + Send>(
        deadline: Instant,
        future: F,
    ) -> Option<F::Output> {
        timeout_at(deadline, future).await.ok()
    }
}

/// The caller is a thread, which is blocked meanwhile. The futures of this way are ready when they are
/// first polled.
pub(super) struct InThread;

impl Waiting for InThread {
    fn until<F: Future<Output: Send> + Send>(
        deadline: Instant,
        future: F,
    ) -> impl Future<Output = Option<F::Output>> + Send {
        ready(wait_until(future, deadline.into()))
    }
}
