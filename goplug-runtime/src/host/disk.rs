//! Work on the file system, which may never end: a dead mount answers neither a read nor a signal.
//!
//! Such work runs on a thread of its own. A runtime's threads for blocking work will not do: there are
//! only so many, and the drop of the runtime waits for them.

use std::io;
use std::time::Duration;

use tokio::sync::oneshot;

use super::runtime;
use crate::panic::catch;
use crate::transport::start_thread;

/// Runs work that may block for any time, and does not wait for it.
///
/// # Errors
/// The system has no thread.
pub(super) fn begin(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    start_thread("goplug-disk", work).map(drop)
}

/// Runs work that may block for any time. If the future is dropped, the thread goes on until the
/// work is done, and its result is dropped. Whoever calls this has to make sure that not every
/// attempt leaves another stuck thread behind.
///
/// # Errors
/// The system has no thread, or the work panicked.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (result, received) = oneshot::channel();
    begin(move || {
        // A panic drops everything that the work held before its caller goes on.
        let outcome = catch(work);
        // The caller may have given up.
        let _ = result.send(outcome);
    })?;
    let outcome = received.await.map_err(io::Error::other)?;
    outcome
        .map_err(|panic| io::Error::other(format!("the work on the file system panicked: {panic}")))
}

/// As [`run`], but gives up after this time. Without a runtime that has timers it does not.
///
/// # Errors
/// As [`run`], and [`io::ErrorKind::TimedOut`].
pub(super) async fn run_within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    if runtime::check().is_err() {
        return run(work).await;
    }
    tokio::time::timeout(limit, run(work)).await.unwrap_or_else(|_| {
        let text = format!("the file system has not answered within {limit:?}");
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_result_of_the_work_comes_back() {
        assert_eq!(run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn work_that_panics_gives_an_error() {
        let error = run(|| -> u8 { panic!("a test's own") }).await.unwrap_err();
        assert_eq!(error.to_string(), "the work on the file system panicked: a test's own");
    }

    #[test]
    fn stuck_work_holds_up_neither_its_caller_nor_the_end_of_the_runtime() {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stuck = run_within(Duration::from_millis(1), move || released.recv());
        let error = runtime.block_on(stuck).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(runtime);
        // Only here is the work released.
        drop(release);
    }
}
