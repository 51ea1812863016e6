//! The one thread that starts processes.
//!
//! A child asks the kernel for a signal when its parent dies, and by parent the
//! kernel means the thread that forked. A runtime's worker that ends would take the
//! plugins that it started with it; this thread lives as long as the process.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::fork;

/// Starts that wait for the thread before `run` waits as well.
const QUEUE: usize = 16;

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
    let gone = || io::Error::other("the thread that starts plugins gives no answer");
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move || {
        // Nobody waits any more: what has been started goes down with the answer.
        let _ = answer.send(job());
    });
    spawner()?.send(job).await.map_err(|_| gone())?;
    answered.await.map_err(|_| gone())
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
        // With this thread all plugins would end. A job that panics has dropped its answer,
        // and nobody sees what it may have left half done.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_has_no_answer_and_the_next_one_has() {
        let error = run(|| panic!("a test's own")).await.unwrap_err();
        assert_eq!(error.to_string(), "the thread that starts plugins gives no answer");
        assert_eq!(run(|| 7).await.unwrap(), 7);
    }
}
