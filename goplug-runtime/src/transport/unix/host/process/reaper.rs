//! Reaps killed processes that take a moment to end.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::WaitIdOptions;

use crate::transport::per_process::PerProcess;
use crate::transport::unix::system::ProcessFd;

/// The killed processes of which nobody has the status yet.
static REAPER: PerProcess<Mutex<Reaper>> = PerProcess::new();

#[derive(Default)]
struct Reaper {
    /// At most one entry for each process that this host has started and not reaped.
    killed: Vec<ProcessFd>,
    has_thread: bool,
}

/// Lets a thread wait for the exit of a killed process. If the system has no thread, the process
/// stays a zombie until [`retry`] finds one.
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
        if !self.has_thread && !self.killed.is_empty() {
            let thread = std::thread::Builder::new().name("goplug-reaper".into());
            self.has_thread = thread.spawn(reap_all).is_ok();
        }
    }
}

fn lock() -> MutexGuard<'static, Reaper> {
    REAPER.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for all of them. The thread then ends.
fn reap_all() {
    loop {
        let process = {
            let mut reaper = lock();
            let Some(process) = reaper.killed.pop() else {
                reaper.has_thread = false;
                return;
            };
            process
        };
        while let Err(Errno::INTR) = process.wait(WaitIdOptions::EXITED) {}
    }
}
