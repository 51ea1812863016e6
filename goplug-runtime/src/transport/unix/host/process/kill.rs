//! Killing a process and its group.
//!
//! The group alone is not enough: a process may leave the group that it led, and join that of the host,
//! for example. Nor is the process, which may have started others. A control group has all of them.

use std::io;

use rustix::process::Signal;

use crate::transport::unix::system::{Cgroup, ProcessFd};

/// Kills a process, the group that it leads or led, and everything in its control group, with SIGKILL. It is
/// not an error if they have ended.
///
/// # Errors
/// The system's error, for example that the process runs as another user now.
pub(super) fn kill(process: &ProcessFd, cgroup: Option<&Cgroup>) -> io::Result<()> {
    #[cfg(test)]
    if unkillable::contains(process.pid()) {
        return Err(rustix::io::Errno::PERM.into());
    }
    // First and at once: nothing in it can start another process meanwhile. Old kernels cannot do that.
    let _ = cgroup.map(Cgroup::kill);
    let killed = process.signal(Signal::KILL);
    let group = process.kill_group();
    killed.and(group)
}

#[cfg(test)]
pub(crate) use unkillable::Unkillable;

/// Processes that the system does not let this one kill.
#[cfg(test)]
mod unkillable {
    use std::sync::{Mutex, PoisonError};

    use rustix::process::Pid;

    static PROCESSES: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

    pub(super) fn contains(process: Pid) -> bool {
        PROCESSES.lock().unwrap_or_else(PoisonError::into_inner).contains(&process)
    }

    /// A process that cannot be killed as long as this is there, as if it ran as another user.
    pub(crate) struct Unkillable(Pid);

    impl Unkillable {
        pub(crate) fn new(process: u32) -> Self {
            let process = Pid::from_raw(process.cast_signed()).unwrap();
            PROCESSES.lock().unwrap_or_else(PoisonError::into_inner).push(process);
            Self(process)
        }
    }

    impl Drop for Unkillable {
        fn drop(&mut self) {
            let mut processes = PROCESSES.lock().unwrap_or_else(PoisonError::into_inner);
            processes.retain(|process| *process != self.0);
        }
    }
}
