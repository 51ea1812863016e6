//! The one thread that starts processes.
//!
//! A child asks the kernel for a signal when its parent dies, and by parent the
//! kernel means the thread that forked. A runtime's worker that ends would take the
//! plugins that it started with it; this thread lives as long as the process.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::child::Process;
use super::failure::Failure;
use super::fork::{self, Plan};

/// Starts that wait for the thread before `start` waits as well.
const QUEUE: usize = 16;

type Answer = (Box<Plan>, Result<Process, Failure>);

struct Job {
    plan: Box<Plan>,
    answer: oneshot::Sender<Answer>,
}

static SPAWNER: Mutex<Option<mpsc::Sender<Job>>> = Mutex::new(None);

/// Starts the plan's process on the permanent thread, and gives the plan back for
/// another attempt. If the future is dropped, the process is killed.
pub(super) async fn start(plan: Box<Plan>) -> Result<Answer, Failure> {
    let gone = |_| Failure::from(io::Error::other("the thread that starts plugins is gone"));
    let (answer, started) = oneshot::channel();
    let spawner = spawner()?;
    spawner.send(Job { plan, answer }).await.map_err(|error| gone(error.to_string()))?;
    started.await.map_err(|error| gone(error.to_string()))
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
    while let Some(Job { mut plan, answer }) = jobs.blocking_recv() {
        let result = fork::start(&mut plan);
        // Nobody waits any more: the process goes down with the answer.
        let _ = answer.send((plan, result));
    }
}
