//! Reaps killed processes that take a moment to end.
//!
//! They are looked at one after the other, and none is waited for: a process that cannot be killed for
//! the moment holds up no other. It is killed again from time to time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::WaitIdOptions;

use super::kill::kill;
use super::orphans::Orphans;
use crate::limits;
use crate::transport::per_process::PerProcess;
use crate::transport::start_thread;
use crate::transport::unix::system::ProcessFd;

/// How long to wait between two looks for what ends soon.
const PAUSE: Duration = Duration::from_millis(10);

/// The killed processes of which nobody has the status yet.
static REAPER: PerProcess<Mutex<Reaper>> = PerProcess::new();

#[derive(Default)]
struct Reaper {
    /// At most one entry for each process that this host has started and not reaped.
    killed: Vec<ProcessFd>,
    thread: Option<Thread>,
}

/// Lets a thread wait for the exit of a killed process and its group. The process may have been reaped.
/// If the system has no thread, they stay zombies until [`retry`] finds one.
pub(super) fn reap_later(process: ProcessFd) {
    let mut reaper = lock();
    reaper.killed.push(process);
    reaper.ensure_thread();
}

/// Starts the thread, if processes wait and the system had none for them.
pub(super) fn retry() {
    lock().ensure_thread();
}

impl Reaper {
    fn ensure_thread(&mut self) {
        match &self.thread {
            Some(thread) => thread.unpark(),
            None if self.killed.is_empty() => {}
            None => {
                let started = start_thread("goplug-reaper", reap_all);
                self.thread = started.ok().map(|started| started.thread().clone());
            }
        }
    }
}

fn lock() -> MutexGuard<'static, Reaper> {
    REAPER.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for all of them. The thread then ends.
fn reap_all() {
    let (mut ending, mut groups) = (Vec::new(), Vec::new());
    loop {
        {
            let mut reaper = lock();
            if reaper.killed.is_empty() && ending.is_empty() && groups.is_empty() {
                reaper.thread = None;
                return;
            }
            ending.extend(std::mem::take(&mut reaper.killed).into_iter().map(Ending::new));
        }
        let ended = ending.extract_if(.., Ending::has_ended);
        groups.extend(ended.map(|ended| Orphans::of(ended.process.pid())));
        groups.retain(Orphans::remain);
        let pauses = ending.iter().map(Ending::pause).chain((!groups.is_empty()).then_some(PAUSE));
        if let Some(pause) = pauses.min() {
            thread::park_timeout(pause);
        }
    }
}

/// A process that was killed.
struct Ending {
    process: ProcessFd,
    killed: Instant,
    /// Whether it has not ended soon, and was killed again.
    is_late: bool,
}

impl Ending {
    fn new(process: ProcessFd) -> Self {
        Self { process, killed: Instant::now(), is_late: false }
    }

    /// Reaps it if it has ended; kills it again from time to time if not.
    fn has_ended(&mut self) -> bool {
        match self.process.wait(WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(None) | Err(Errno::INTR) => {}
            Ok(Some(_)) | Err(_) => return true,
        }
        if self.killed.elapsed() >= limits::KILL_INTERVAL {
            // If it still cannot be killed, perhaps it can the next time.
            let _ = kill(&self.process);
            (self.killed, self.is_late) = (Instant::now(), true);
        }
        false
    }

    /// How long to wait before the next look.
    fn pause(&self) -> Duration {
        if self.is_late { limits::KILL_INTERVAL } else { PAUSE }
    }
}
