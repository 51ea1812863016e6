//! A running plugin's process, and its exit.
//!
//! A process is watched through a descriptor that never refers to another process, and reaped exactly
//! once. The rest of its group is killed just before that. If another part of this program has reaped
//! it, the group is killed as soon as that is noticed, and recent kernels still tell the status.
//!
//! A forked copy of this process leaves its parent's processes alone.

// tokio's only way to watch a descriptor that is not deprecated is unsafe.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Signal, WaitIdOptions, WaitIdStatus};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::kill;
use super::orphans::Orphans;
use super::reaper;
use crate::transport::per_process::Owner;
use crate::transport::unix::refusal::name_refusal;
use crate::transport::unix::system::{Cgroup, ProcessFd};

/// How often to ask for the status of a process that somebody else is just reaping: the kernel has it
/// a few microseconds after the exit.
const REAPING_ATTEMPTS: u32 = 20;

/// How long to wait between two of these attempts.
const REAPING_PAUSE: Duration = Duration::from_millis(1);

/// The process of a plugin that this host started.
///
/// Dropping it kills the process and its group at once with SIGKILL. The drop does not wait: if the
/// kernel needs a moment, a thread reaps the process later.
#[derive(Debug)]
pub struct Child {
    process: AsyncFd<Process>,
    /// Closed when this is dropped, or by the kernel when this host dies.
    lifeline: Mutex<Option<OwnedFd>>,
}

impl Child {
    pub(super) fn new(process: Process, lifeline: OwnedFd) -> io::Result<Self> {
        // SAFETY: the process owns its descriptor, which no method replaces or closes.
        let process = unsafe { AsyncFd::register_with_interest(process, Interest::READABLE) }?;
        Ok(Self { process, lifeline: Mutex::new(Some(lifeline)) })
    }

    /// The process id, also after its exit. It is for people; to send a signal, use the methods.
    pub fn id(&self) -> u32 {
        self.process.get_ref().handle.pid().as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for the exit of the process, reaps it, and kills the rest of its group. Any number of
    /// callers may wait, also after the exit: all get the same status.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) if the process ended, another part of this program took
    /// its status, and the kernel has not kept it.
    pub async fn wait(&self) -> io::Result<ExitStatus> {
        let mut attempts = 0;
        loop {
            let mut ready = self.process.readable().await?;
            match self.process.get_ref().try_reap()? {
                Exit::Running => ready.clear_ready(),
                Exit::Reaped(status) => return Ok(status),
                Exit::ReapedElsewhere if attempts < REAPING_ATTEMPTS => {
                    attempts += 1;
                    tokio::time::sleep(REAPING_PAUSE).await;
                }
                Exit::ReapedElsewhere => return Err(unknown_status()),
            }
        }
    }

    /// Asks the process to end: sends SIGTERM to it, not to its group. It is not an error if the process
    /// has exited.
    ///
    /// # Errors
    /// The system's error, for example that the process runs as another user now.
    pub fn terminate(&self) -> io::Result<()> {
        let process = self.process.get_ref();
        if !process.owner.is_this_process() {
            return Ok(());
        }
        process.handle.signal(Signal::TERM)
    }

    /// Closes the lifeline, as the death of this host would. The signal that a host's death causes is
    /// not sent.
    pub fn close_lifeline(&self) {
        self.lifeline.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Kills the process with SIGKILL, whatever group it is in by now, and all others of the group that
    /// it has led. It is not an error if the process has been reaped.
    ///
    /// # Errors
    /// The system's error, for example that the process runs as another user now.
    pub fn kill(&self) -> io::Result<()> {
        self.process.get_ref().kill()
    }

    /// How many bytes of memory its control group may use, if the kernel has killed a process of it for using
    /// more.
    pub fn exceeded_memory(&self) -> Option<u64> {
        self.process.get_ref().cgroup.as_ref()?.exceeded_memory()
    }
}

/// How a process ended, for people: `exit status: 3`, `signal: 6 (SIGABRT)`.
pub fn exit_text(status: ExitStatus) -> String {
    status.to_string()
}

/// A process that leads its own group.
#[derive(Debug)]
pub(super) struct Process {
    handle: ProcessFd,
    exit: Mutex<Exit>,
    owner: Owner,
    cgroup: Option<Arc<Cgroup>>,
}

#[derive(Clone, Copy, Debug)]
enum Exit {
    Running,
    Reaped(ExitStatus),
    /// Another part of this program reaped the process, and the kernel does not tell its status, or
    /// not yet.
    ReapedElsewhere,
}

impl Process {
    pub(super) fn new(handle: ProcessFd, cgroup: Option<Arc<Cgroup>>) -> Self {
        Self { handle, exit: Mutex::new(Exit::Running), owner: Owner::this_process(), cgroup }
    }

    /// Reaps the process if it has exited.
    fn try_reap(&self) -> io::Result<Exit> {
        let mut exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        *exit = match *exit {
            Exit::Running => self.poll_exit()?,
            Exit::ReapedElsewhere => self.exit_after_reaping(),
            reaped @ Exit::Reaped(_) => reaped,
        };
        Ok(*exit)
    }

    fn poll_exit(&self) -> io::Result<Exit> {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        match self.handle.wait(ended | WaitIdOptions::NOWAIT) {
            Ok(None) => return Ok(Exit::Running),
            Ok(Some(_)) | Err(Errno::CHILD) => {}
            Err(error) => return Err(name_refusal("waitid", error.into())),
        }
        // A process that runs as another user cannot be killed, and stays.
        let _ = self.kill_now();
        match self.handle.wait(ended) {
            Ok(Some(status)) => {
                if Orphans::of(self.handle.pid()).remain() {
                    reaper::reap_later(self.handle.clone(), None);
                }
                Ok(Exit::Reaped(exit_status(&status)))
            }
            Ok(None) => Ok(Exit::Running),
            Err(Errno::CHILD) => Ok(self.exit_after_reaping()),
            Err(error) => Err(error.into()),
        }
    }

    fn exit_after_reaping(&self) -> Exit {
        self.handle.status_after_reaping().map_or(Exit::ReapedElsewhere, Exit::Reaped)
    }

    fn kill(&self) -> io::Result<()> {
        let exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*exit, Exit::Running) { self.kill_now() } else { Ok(()) }
    }

    fn kill_now(&self) -> io::Result<()> {
        if self.owner.is_this_process() {
            kill::kill(&self.handle, self.cgroup.as_deref())
        } else {
            Ok(())
        }
    }
}

fn unknown_status() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        "another part of this program took it; it ignores SIGCHLD, or waits for all children",
    )
}

impl AsRawFd for Process {
    fn as_raw_fd(&self) -> RawFd {
        self.handle.as_raw_fd()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A drop cannot report an error, and it fails only if the group has ended already.
        let _ = self.kill();
        if !self.owner.is_this_process() {
            return;
        }
        let cgroup = self.cgroup.take();
        if let Ok(Exit::Running) = self.try_reap() {
            reaper::reap_later(self.handle.clone(), cgroup);
        } else if let Some(cgroup) = cgroup {
            reaper::remove_later(cgroup);
        }
    }
}

/// The status as the standard library's type, which can be displayed.
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    const CORE_DUMPED: i32 = 0x80;
    let raw = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (code & 0xff) << 8,
        (None, Some(signal)) if status.dumped() => signal | CORE_DUMPED,
        (None, signal) => signal.unwrap_or_default(),
    };
    ExitStatus::from_raw(raw)
}
