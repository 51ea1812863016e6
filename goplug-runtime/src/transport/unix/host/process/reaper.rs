//! Reaps killed processes that take a moment to end.
//!
//! They are looked at one after the other, and none is waited for: a process that cannot be killed for
//! the moment holds up no other. It is killed again from time to time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::WaitIdOptions;

use super::kill::kill;
use super::orphans::Orphans;
use crate::limits;
use crate::transport::per_process::PerProcess;
use crate::transport::start_thread;
use crate::transport::unix::system::{Cgroup, ProcessFd};

/// How long to wait between two looks for what ends soon.
const PAUSE: Duration = Duration::from_millis(10);

/// The killed processes of which nobody has the status yet.
static REAPER: PerProcess<Mutex<Reaper>> = PerProcess::new();

#[derive(Default)]
struct Reaper {
    /// At most one entry for each process that this host has started and not reaped.
    killed: Vec<Killed>,
    /// The control groups of processes that were reaped.
    cgroups: Vec<Emptying>,
    thread: Option<Thread>,
}

/// Lets a thread wait for the exit of a killed process and its group, and remove its control group. The
/// process may have been reaped. If the system has no thread, they stay zombies until [`retry`] finds one.
pub(super) fn reap_later(process: ProcessFd, cgroup: Option<Arc<Cgroup>>) {
    let mut reaper = lock();
    reaper.killed.push(Killed::new(process, cgroup));
    reaper.ensure_thread();
}

/// Lets a thread remove the control group of a process that was reaped, once what is left in it has ended.
pub(super) fn remove_later(cgroup: Arc<Cgroup>) {
    let emptying = Emptying::new(cgroup);
    if emptying.remains() {
        let mut reaper = lock();
        reaper.cgroups.push(emptying);
        reaper.ensure_thread();
    }
}

/// Starts the thread, if processes wait and the system had none for them.
pub(super) fn retry() {
    lock().ensure_thread();
}

impl Reaper {
    fn ensure_thread(&mut self) {
        match &self.thread {
            Some(thread) => thread.unpark(),
            None if self.killed.is_empty() && self.cgroups.is_empty() => {}
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
    let (mut ending, mut groups, mut cgroups) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        {
            let mut reaper = lock();
            ending.append(&mut reaper.killed);
            cgroups.append(&mut reaper.cgroups);
            if ending.is_empty() && groups.is_empty() && cgroups.is_empty() {
                reaper.thread = None;
                return;
            }
        }
        for ended in ending.extract_if(.., Killed::has_ended) {
            groups.push(Orphans::of(ended.process.pid()));
            cgroups.extend(ended.cgroup.map(Emptying::new));
        }
        groups.retain(Orphans::remain);
        cgroups.retain(Emptying::remains);
        let is_soon = !(groups.is_empty() && cgroups.is_empty());
        let pauses = ending.iter().map(Killed::pause).chain(is_soon.then_some(PAUSE));
        if let Some(pause) = pauses.min() {
            thread::park_timeout(pause);
        }
    }
}

/// A process that was killed.
struct Killed {
    process: ProcessFd,
    cgroup: Option<Arc<Cgroup>>,
    killed: Instant,
    /// Whether it has not ended soon, and was killed again.
    is_late: bool,
}

impl Killed {
    fn new(process: ProcessFd, cgroup: Option<Arc<Cgroup>>) -> Self {
        Self { process, cgroup, killed: Instant::now(), is_late: false }
    }

    /// Reaps it if it has ended; kills it again from time to time if not.
    fn has_ended(&mut self) -> bool {
        match self.process.wait(WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
            Ok(None) | Err(Errno::INTR) => {}
            Ok(Some(_)) | Err(_) => return true,
        }
        if self.killed.elapsed() >= limits::KILL_INTERVAL {
            // If it still cannot be killed, perhaps it can the next time.
            let _ = kill(&self.process, self.cgroup.as_deref());
            (self.killed, self.is_late) = (Instant::now(), true);
        }
        false
    }

    /// How long to wait before the next look.
    fn pause(&self) -> Duration {
        if self.is_late { limits::KILL_INTERVAL } else { PAUSE }
    }
}

/// A control group whose processes are killed until it can be removed.
struct Emptying {
    cgroup: Arc<Cgroup>,
    /// After this, it is left to the next host that makes a group beside it.
    until: Instant,
}

impl Emptying {
    fn new(cgroup: Arc<Cgroup>) -> Self {
        Self { cgroup, until: Instant::now() + limits::KILL_TIMEOUT }
    }

    /// Removes it if it is empty. Whether to ask again, since it is not.
    fn remains(&self) -> bool {
        if self.cgroup.remove() {
            return false;
        }
        // It fails on kernels that cannot do that, and then there is nothing else to do.
        let _ = self.cgroup.kill();
        Instant::now() < self.until
    }
}
