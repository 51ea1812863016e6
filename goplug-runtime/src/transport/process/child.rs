//! A running plugin's process, and its end.
//!
//! A process is watched through its pidfd, which cannot come to mean another
//! process, and reaped exactly once. Its group is named by a number, which is safe
//! only while the leader is not reaped; so whatever is left of the group is killed
//! at that moment, and not later.

// Only the runtime's unsafe way to watch a descriptor is not deprecated.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The process of a plugin that this host started.
///
/// Dropping it kills the process and its group at once with SIGKILL. The drop does
/// not wait: if the kernel needs a moment, a thread of goplug's reaps it.
#[derive(Debug)]
pub struct Child {
    process: AsyncFd<Process>,
    /// Closed with the child, or by the kernel when this host dies.
    lifeline: Mutex<Option<OwnedFd>>,
}

impl Child {
    pub(super) fn new(process: Process, lifeline: OwnedFd) -> io::Result<Self> {
        // SAFETY: the process owns its pidfd, which no method replaces or closes.
        let process = unsafe { AsyncFd::register_with_interest(process, Interest::READABLE) }?;
        Ok(Self { process, lifeline: Mutex::new(Some(lifeline)) })
    }

    /// The process id, also after its end. For people: to signal, use the methods.
    pub fn id(&self) -> u32 {
        self.process.get_ref().pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for the end of the process, and reaps it. What is left of its group is
    /// killed. Any number of callers may wait, at any time: all get the same status.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) if the process ended, and another part of
    /// this program took its status.
    pub async fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            let mut ready = self.process.readable().await?;
            if let Some(status) = self.process.get_ref().try_reap()? {
                return Ok(status);
            }
            ready.clear_ready();
        }
    }

    /// Sends a signal to the process, not to its group. No error if it has ended.
    ///
    /// # Errors
    /// What the system says, such as that the process runs as another user now.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match rustix::process::pidfd_send_signal(&*self.process.get_ref().pidfd, signal) {
            Err(Errno::SRCH) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Closes the lifeline: the process sees what it would see if this host were gone.
    /// The signal that goes with a host's death is not sent.
    pub fn close_lifeline(&self) {
        self.lifeline.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Kills the process and everything that it started in its group, with SIGKILL.
    /// No error if it has been reaped.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill_group(&self) -> io::Result<()> {
        self.process.get_ref().kill_group()
    }
}

/// A process that leads its own group.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    pidfd: Arc<OwnedFd>,
    end: Mutex<Option<End>>,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Reaped(ExitStatus),
    /// Somebody else reaped it.
    Lost,
}

impl Process {
    pub(super) fn new(pid: Pid, pidfd: OwnedFd) -> Self {
        Self { pid, pidfd: Arc::new(pidfd), end: Mutex::new(None) }
    }

    /// The status, once the process has ended.
    fn try_reap(&self) -> io::Result<Option<ExitStatus>> {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.is_none() {
            *end = self.look()?;
        }
        match *end {
            None => Ok(None),
            Some(End::Reaped(status)) => Ok(Some(status)),
            Some(End::Lost) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the process ended, and another part of this program took its exit status",
            )),
        }
    }

    fn look(&self) -> io::Result<Option<End>> {
        let id = || WaitId::PidFd(self.pidfd.as_fd());
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        match rustix::process::waitid(id(), ended | WaitIdOptions::NOWAIT) {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => {}
            Err(Errno::CHILD) => return Ok(Some(End::Lost)),
            Err(error) => return Err(error.into()),
        }
        // What may not be killed, because it runs as another user, stays.
        let _ = self.signal_group();
        match rustix::process::waitid(id(), ended) {
            Ok(status) => Ok(status.map(|status| End::Reaped(exit_status(&status)))),
            Err(Errno::CHILD) => Ok(Some(End::Lost)),
            Err(error) => Err(error.into()),
        }
    }

    fn kill_group(&self) -> io::Result<()> {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.is_some() { Ok(()) } else { self.signal_group() }
    }

    /// To be called while the process is not reaped.
    fn signal_group(&self) -> io::Result<()> {
        match rustix::process::kill_process_group(self.pid, Signal::KILL) {
            Err(Errno::SRCH) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsRawFd for Process {
    fn as_raw_fd(&self) -> RawFd {
        self.pidfd.as_raw_fd()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A drop has nobody to tell; what fails here fails because it is done.
        let _ = self.kill_group();
        if let Ok(None) = self.try_reap() {
            reap_later(Arc::clone(&self.pidfd));
        }
    }
}

/// Makes the status that the standard library knows how to print.
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    const CORE_DUMPED: i32 = 0x80;
    let raw = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (code & 0xff) << 8,
        (None, Some(signal)) if status.dumped() => signal | CORE_DUMPED,
        (None, signal) => signal.unwrap_or_default(),
    };
    ExitStatus::from_raw(raw)
}

/// Leaves a killed process to a thread that waits for its end. The queue holds at
/// most one entry for each process that this host has started and not reaped.
fn reap_later(pidfd: Arc<OwnedFd>) {
    static REAPER: OnceLock<Option<mpsc::Sender<Arc<OwnedFd>>>> = OnceLock::new();
    let reaper = REAPER.get_or_init(|| {
        let (sender, killed) = mpsc::channel::<Arc<OwnedFd>>();
        let reap_all = move || {
            for pidfd in killed {
                let id = || WaitId::PidFd(pidfd.as_fd());
                while let Err(Errno::INTR) = rustix::process::waitid(id(), WaitIdOptions::EXITED) {}
            }
        };
        let thread = std::thread::Builder::new().name("goplug-reaper".into());
        // Without threads the system has nothing left to reap with.
        thread.spawn(reap_all).ok().map(|_| sender)
    });
    if let Some(reaper) = reaper {
        // The thread never ends before the process does.
        let _ = reaper.send(pidfd);
    }
}
