//! Threads for work that blocks, in a process that may be short of threads.
//!
//! tokio's own threads for this cannot be used: `spawn_blocking` panics if the system has no thread
//! for the moment, and yet runs the work later, when nobody expects it any more.

use std::collections::VecDeque;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::per_process::PerProcess;
use super::start_thread::start_thread;
use crate::limits;
use crate::panic::{Caught, catch};

/// How long a thread waits for further work before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// The threads of this process.
static POOL: PerProcess<Pool> = PerProcess::new();

/// Runs the job on a thread where it may block, and waits for its result. The thread is within the
/// caller's runtime, if there is one. If the job panics, so does this future.
///
/// Dropping the future cancels a job that has not begun. One that has begun cannot be interrupted.
///
/// # Errors
/// The job was not begun: the system has no thread, or too many jobs wait. A later call may succeed.
pub async fn on_thread<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let runtime = Handle::try_current().ok();
    let (sender, result) = oneshot::channel();
    let work = Box::new(Work {
        job: move || {
            let _context = runtime.as_ref().map(Handle::enter);
            job()
        },
        result: sender,
    });
    POOL.get().submit(work, start_worker)?;
    match result.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(panic)) => panic.resume(),
        Err(_) => Err(io::Error::other("too much other work waits for a thread")),
    }
}

/// A job, without its types.
trait Job: Send {
    /// Whether nobody waits for the result any more.
    fn is_abandoned(&self) -> bool;

    fn run(self: Box<Self>);
}

struct Work<T, F> {
    job: F,
    result: oneshot::Sender<Result<T, Caught>>,
}

impl<T: Send, F: FnOnce() -> T + Send> Job for Work<T, F> {
    fn is_abandoned(&self) -> bool {
        self.result.is_closed()
    }

    fn run(self: Box<Self>) {
        if !self.is_abandoned() {
            let Self { job, result } = *self;
            // Whoever waits for the result gets the panic.
            let _ = result.send(Caught::catch(job));
        }
    }
}

/// Jobs that nobody waits for any more. Their drop does not panic, whatever they contain.
#[derive(Default)]
struct Abandoned(VecDeque<Box<dyn Job>>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        for job in self.0.drain(..) {
            drop(catch(|| drop(job)));
        }
    }
}

#[derive(Default)]
struct Pool {
    state: Mutex<State>,
    has_work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    threads: usize,
    /// The threads that wait, or were woken for a job that is still in the queue.
    idle: usize,
}

/// Starts a thread of the pool.
fn start_worker() -> io::Result<()> {
    start_thread("goplug-blocking", || POOL.get().work()).map(drop)
}

impl Pool {
    /// Queues a job, with a thread for it if there can be one. If the system has no further thread,
    /// one of those that are busy takes the job later.
    ///
    /// # Errors
    /// There is no thread at all, or the queue is full. The job is dropped.
    fn submit(&self, job: Box<dyn Job>, start: fn() -> io::Result<()>) -> io::Result<()> {
        // Dropped once the queue is unlocked: a drop of the user's may submit a job itself.
        let mut abandoned = Abandoned::default();
        let mut state = self.lock();
        if state.idle > state.jobs.len() {
            state.jobs.push_back(job);
            self.has_work.notify_one();
            return Ok(());
        }
        if state.jobs.len() >= limits::BLOCKING_QUEUE {
            let queued = std::mem::take(&mut state.jobs);
            (abandoned.0, state.jobs) = queued.into_iter().partition(|job| job.is_abandoned());
            if state.jobs.len() >= limits::BLOCKING_QUEUE {
                return Err(io::Error::other("too much other work waits for a thread"));
            }
        }
        if state.threads < limits::BLOCKING_THREADS {
            match start() {
                Ok(()) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(error),
                Err(_) => {}
            }
        }
        state.jobs.push_back(job);
        Ok(())
    }

    /// What each thread does, until there is no work for a while.
    fn work(&self) {
        while let Some(job) = self.next() {
            // A panic in it would end the thread, which would count as there for ever. The job
            // sends its own panic; this one comes from the drop of what nobody waits for.
            drop(catch(|| job.run()));
        }
    }

    fn next(&self) -> Option<Box<dyn Job>> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state.idle += 1;
            let waited = self.has_work.wait_timeout(state, IDLE);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.jobs.is_empty() {
                state.threads -= 1;
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::sync::{Arc, mpsc};

    use super::*;

    fn no_thread() -> io::Result<()> {
        Err(super::super::no_thread(io::ErrorKind::WouldBlock.into()))
    }

    type Receiver<T> = oneshot::Receiver<Result<T, Caught>>;

    fn job<T: Send + 'static>(
        job: impl FnOnce() -> T + Send + 'static,
    ) -> (Box<dyn Job>, Receiver<T>) {
        let (result, receiver) = oneshot::channel();
        (Box::new(Work { job, result }), receiver)
    }

    #[tokio::test]
    async fn a_result_comes_back_from_within_the_runtime() {
        let runtime = Handle::current().id();
        let there = on_thread(|| Handle::current().id()).await.unwrap();
        assert_eq!(there, runtime);
    }

    #[tokio::test]
    async fn a_job_can_wait_for_a_task_of_the_runtime() {
        let there = on_thread(|| {
            let runtime = Handle::current();
            runtime.block_on(async { tokio::spawn(async { 7 }).await.unwrap() })
        });
        assert_eq!(there.await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_is_the_callers() {
        let panicking = tokio::spawn(on_thread(|| panic!("a test's own")));
        assert!(panicking.await.unwrap_err().is_panic());
        assert_eq!(on_thread(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn many_jobs_block_side_by_side() {
        let (begun, all) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = std::sync::Arc::new(Mutex::new(released));
        let jobs: Vec<_> = (0..8)
            .map(|_| {
                let (begun, released) = (begun.clone(), std::sync::Arc::clone(&released));
                tokio::spawn(on_thread(move || {
                    begun.send(()).unwrap();
                    let _ = released.lock().unwrap().recv();
                }))
            })
            .collect();
        // None ends before all have begun.
        on_thread(move || (0..8).for_each(|_| all.recv().unwrap())).await.unwrap();
        drop(release);
        for job in jobs {
            job.await.unwrap().unwrap();
        }
    }

    /// Panics when it is dropped.
    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("a test's own");
        }
    }

    #[test]
    fn a_thread_outlives_the_drop_of_a_result_that_nobody_waits_for() {
        let pool = Arc::new(Pool::default());
        let (begun, has_begun) = mpsc::channel();
        let (abandon, is_abandoned) = mpsc::channel();
        let (first, first_result) = job(move || {
            begun.send(()).unwrap();
            is_abandoned.recv().unwrap();
            Grenade
        });
        pool.submit(first, || Ok(())).unwrap();
        let working = Arc::clone(&pool);
        std::thread::spawn(move || working.work());
        has_begun.recv().unwrap();
        drop(first_result);
        // It waits for the same thread: there is no other.
        let (done, is_done) = mpsc::channel();
        let (second, _second_result) = job(move || done.send(()).unwrap());
        pool.submit(second, no_thread).unwrap();
        abandon.send(()).unwrap();
        is_done.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(pool.lock().threads, 1);
    }

    #[test]
    fn jobs_that_nobody_waits_for_make_room_even_if_their_drop_panics() {
        let pool = Pool::default();
        for _ in 0..limits::BLOCKING_QUEUE {
            let grenade = Grenade;
            let (abandoned, _) = job(move || std::mem::forget(grenade));
            pool.submit(abandoned, || Ok(())).unwrap();
        }
        let (wanted, mut result) = job(|| 7);
        pool.submit(wanted, || Ok(())).unwrap();
        pool.next().unwrap().run();
        assert_eq!(result.try_recv().unwrap().unwrap(), 7);
    }

    #[test]
    fn without_any_thread_a_job_is_refused_and_never_run() {
        let pool = Pool::default();
        let (first, mut result) = job(|| panic!("it runs"));
        let error = pool.submit(first, no_thread).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        assert!(error.to_string().starts_with("the system gives no thread: "), "{error}");
        assert!(error.get_ref().and_then(Error::source).is_some());
        assert!(result.try_recv().is_err());
        assert!(pool.lock().jobs.is_empty());
    }

    #[test]
    fn without_a_further_thread_a_job_waits_for_one_that_is_busy() {
        let pool = Pool::default();
        let (first, _first) = job(|| 1);
        pool.submit(first, || Ok(())).unwrap();
        let (second, mut second_result) = job(|| 2);
        pool.submit(second, no_thread).unwrap();
        // The only thread does one after the other.
        pool.next().unwrap().run();
        pool.next().unwrap().run();
        assert_eq!(second_result.try_recv().unwrap().unwrap(), 2);
    }

    #[test]
    fn a_job_that_nobody_waits_for_is_not_begun_and_makes_room() {
        let pool = Pool::default();
        for _ in 0..limits::BLOCKING_QUEUE {
            let (abandoned, _) = job(|| panic!("it runs"));
            pool.submit(abandoned, || Ok(())).unwrap();
        }
        let (wanted, mut result) = job(|| 7);
        pool.submit(wanted, || Ok(())).unwrap();
        assert_eq!(pool.lock().jobs.len(), 1);
        pool.next().unwrap().run();
        assert_eq!(result.try_recv().unwrap().unwrap(), 7);
    }
}
