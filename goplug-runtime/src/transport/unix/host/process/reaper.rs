//! Reaps killed processes that take a moment to end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::WaitIdOptions;

use super::orphans::Orphans;
use crate::transport::per_process::PerProcess;
use crate::transport::start_thread;
use crate::transport::unix::system::ProcessFd;

/// How long to wait between two looks for what is left of groups.
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
    let mut groups = Vec::new();
    loop {
        let killed = {
            let mut reaper = lock();
            if reaper.killed.is_empty() && groups.is_empty() {
                reaper.thread = None;
                return;
            }
            std::mem::take(&mut reaper.killed)
        };
        for process in killed {
            while let Err(Errno::INTR) = process.wait(WaitIdOptions::EXITED) {}
            groups.push(Orphans::of(process.pid()));
        }
        groups.retain(Orphans::remain);
        if !groups.is_empty() {
            thread::park_timeout(PAUSE);
        }
    }
}
