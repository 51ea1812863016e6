//! The one thread that starts processes.
//!
//! A child process asks the kernel for a signal when its parent dies, and the parent is the thread
//! that forked. If a worker thread of a runtime forked and then ended, its plugins would end as
//! well; this thread lives as long as the process.
//!
//! A start may hang, for example because the program lies on a disk that does not respond. Once
//! its caller has given up, the thread is abandoned together with its queue, and a new one takes
//! the next starts. If the system has no thread, that start fails, and the next one asks again.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::become_plugin::block_signals;
use crate::transport::per_process::PerProcess;
use crate::transport::start_thread;

/// How many starts wait for the thread before `run` itself waits.
const QUEUE: usize = 16;

/// After this time a start counts as hanging; it is a hundred times as long as a start takes.
const HANG_TIMEOUT: Duration = Duration::from_millis(100);

type Job = Box<dyn FnOnce() + Send>;

/// The queue of the thread; `None` before the first start.
static SPAWNER: PerProcess<Mutex<Option<mpsc::Sender<Job>>>> = PerProcess::new();

/// Runs the job on the permanent thread, in which all signals are blocked. The job may block for a
/// moment; others wait meanwhile. If the future is dropped, the job's result is dropped on that
/// thread.
///
/// # Errors
/// The job's error, or that the system has no thread or the job panicked.
pub(super) async fn run<T, E>(job: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<io::Error> + Send + 'static,
{
    let (result, received) = oneshot::channel();
    let job: Job = Box::new(move || {
        if !result.is_closed() {
            // If the caller has given up by now, a process that was started ends with the result.
            let _ = result.send(job());
        }
    });
    let spawner = spawner()?;
    let waiting = Waiting { spawner: &spawner, since: Instant::now() };
    // A job that cannot be sent is dropped, and with it the sender of its result.
    let _ = spawner.send(job).await;
    let received = received.await;
    std::mem::forget(waiting);
    match received {
        Ok(result) => result,
        Err(_) => Err(io::Error::other("the thread that starts plugins gives no answer").into()),
    }
}

/// A caller that waits for the thread. It is dropped when the caller gives up.
struct Waiting<'a> {
    spawner: &'a mpsc::Sender<Job>,
    since: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.since.elapsed() < HANG_TIMEOUT {
            return;
        }
        let mut spawner = SPAWNER.get().lock().unwrap_or_else(PoisonError::into_inner);
        if spawner.as_ref().is_some_and(|current| current.same_channel(self.spawner)) {
            *spawner = None;
        }
    }
}

fn spawner() -> io::Result<mpsc::Sender<Job>> {
    let mut spawner = SPAWNER.get().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = &*spawner {
        return Ok(sender.clone());
    }
    let (sender, jobs) = mpsc::channel(QUEUE);
    start_thread("goplug-spawner", || work(jobs))?;
    Ok(spawner.insert(sender).clone())
}

fn work(mut jobs: mpsc::Receiver<Job>) {
    block_signals();
    while let Some(job) = jobs.blocking_recv() {
        // A job that panics has dropped the sender of its result. Nothing else can see a state that
        // it may have left inconsistent.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
    // If this thread ended, so would the plugins that it has started.
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hanging_job_does_not_delay_others_after_it_was_given_up() {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let hanging = run(move || released.recv().map_err(io::Error::other));
        assert!(tokio::time::timeout(2 * HANG_TIMEOUT, hanging).await.is_err());
        assert_eq!(run(|| Ok::<_, io::Error>(7)).await.unwrap(), 7);
        drop(release);
    }

    #[tokio::test]
    async fn a_job_that_panics_gives_an_error_and_the_next_one_runs() {
        let error = run(|| -> io::Result<()> { panic!("a test's own") }).await.unwrap_err();
        assert_eq!(error.to_string(), "the thread that starts plugins gives no answer");
        assert_eq!(run(|| Ok::<_, io::Error>(7)).await.unwrap(), 7);
    }
}
