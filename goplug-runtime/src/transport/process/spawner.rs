//! The one thread that starts processes.
//!
//! A child asks the kernel for a signal when its parent dies, and by parent the
//! kernel means the thread that forked. A runtime's worker that ends would take the
//! plugins that it started with it; this thread lives as long as the process.
//!
//! A start may hang, such as where a program lies on a disk that does not answer. Once nobody
//! waits for it any more, the thread is left behind, with what waits there, and another one
//! takes the next starts.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::fork;

/// Starts that wait for the thread before `run` waits as well.
const QUEUE: usize = 16;

/// How long a start may take before it is taken for one that hangs: a hundred times what it takes.
const HANGS: Duration = Duration::from_millis(100);

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: Mutex<Option<mpsc::Sender<Job>>> = Mutex::new(None);

/// Does this on the permanent thread, where all signals are blocked. It may block for a
/// moment, while others wait. If the future is dropped, what it comes to is dropped there.
///
/// # Errors
/// Where the system has no thread, or the job panics.
pub(super) async fn run<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move || {
        if !answer.is_closed() {
            // Nobody may wait any more: what has been started goes down with the answer.
            let _ = answer.send(job());
        }
    });
    let spawner = spawner()?;
    let waiting = Waiting { spawner: &spawner, since: Instant::now() };
    // A job that cannot be sent is dropped, and with it the answer.
    let _ = spawner.send(job).await;
    let answered = answered.await;
    std::mem::forget(waiting);
    answered.map_err(|_| io::Error::other("the thread that starts plugins gives no answer"))
}

/// Somebody who waits for the thread, and has given up when this is dropped.
struct Waiting<'a> {
    spawner: &'a mpsc::Sender<Job>,
    since: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.since.elapsed() < HANGS {
            return;
        }
        let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
        if spawner.as_ref().is_some_and(|current| current.same_channel(self.spawner)) {
            *spawner = None;
        }
    }
}

fn spawner() -> io::Result<mpsc::Sender<Job>> {
    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = &*spawner {
        return Ok(sender.clone());
    }
    let (sender, jobs) = mpsc::channel(QUEUE);
    std::thread::Builder::new().name("goplug-spawner".into()).spawn(|| work(jobs))?;
    Ok(spawner.insert(sender).clone())
}

fn work(mut jobs: mpsc::Receiver<Job>) {
    fork::block_signals();
    while let Some(job) = jobs.blocking_recv() {
        // A job that panics has dropped its answer, and nobody sees what it may have left half
        // done.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
    // With this thread the plugins would end that it has started.
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_hangs_holds_nobody_up_once_it_has_been_given_up() {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let hanging = run(move || released.recv());
        assert!(tokio::time::timeout(2 * HANGS, hanging).await.is_err());
        assert_eq!(run(|| 7).await.unwrap(), 7);
        drop(release);
    }

    #[tokio::test]
    async fn a_job_that_panics_has_no_answer_and_the_next_one_has() {
        let error = run(|| panic!("a test's own")).await.unwrap_err();
        assert_eq!(error.to_string(), "the thread that starts plugins gives no answer");
        assert_eq!(run(|| 7).await.unwrap(), 7);
    }
}
