//! A running plugin's process, and its exit.
//!
//! A process is watched through its pidfd, which never refers to another process, and reaped exactly
//! once. Its group is identified by a number, which is safe only while the leader has not been
//! reaped; so the rest of the group is killed just before that, and never later.

// tokio's only way to watch a descriptor that is not deprecated is unsafe.
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
        // SAFETY: the process owns its pidfd, which no method replaces or closes.
        let process = unsafe { AsyncFd::register_with_interest(process, Interest::READABLE) }?;
        Ok(Self { process, lifeline: Mutex::new(Some(lifeline)) })
    }

    /// The process id, also after its exit. It is for people; to send a signal, use the methods.
    pub fn id(&self) -> u32 {
        self.process.get_ref().pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for the exit of the process, reaps it, and kills the rest of its group. Any number of
    /// callers may wait, also after the exit: all get the same status.
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

    /// Sends a signal to the process, not to its group. It is not an error if the process has
    /// exited.
    ///
    /// # Errors
    /// The system's error, for example that the process runs as another user now.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match rustix::process::pidfd_send_signal(&*self.process.get_ref().pidfd, signal) {
            Err(Errno::SRCH) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Closes the lifeline, as the death of this host would. The signal that a host's death causes is
    /// not sent.
    pub fn close_lifeline(&self) {
        self.lifeline.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Kills the process and all others of its group with SIGKILL. It is not an error if the process
    /// has been reaped.
    ///
    /// # Errors
    /// The system's error.
    pub fn kill_group(&self) -> io::Result<()> {
        self.process.get_ref().kill_group()
    }
}

/// A process that leads its own group.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    pidfd: Arc<OwnedFd>,
    exit: Mutex<Option<Exit>>,
}

#[derive(Clone, Copy, Debug)]
enum Exit {
    Reaped(ExitStatus),
    /// Another part of this program reaped the process.
    ReapedElsewhere,
}

impl Process {
    pub(super) fn new(pid: Pid, pidfd: OwnedFd) -> Self {
        Self { pid, pidfd: Arc::new(pidfd), exit: Mutex::new(None) }
    }

    /// The status, if the process has exited.
    fn try_reap(&self) -> io::Result<Option<ExitStatus>> {
        let mut exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        if exit.is_none() {
            *exit = self.poll_exit()?;
        }
        match *exit {
            None => Ok(None),
            Some(Exit::Reaped(status)) => Ok(Some(status)),
            Some(Exit::ReapedElsewhere) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the process ended, and another part of this program took its exit status",
            )),
        }
    }

    fn poll_exit(&self) -> io::Result<Option<Exit>> {
        let id = || WaitId::PidFd(self.pidfd.as_fd());
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        match rustix::process::waitid(id(), ended | WaitIdOptions::NOWAIT) {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => {}
            Err(Errno::CHILD) => return Ok(Some(Exit::ReapedElsewhere)),
            Err(error) => return Err(error.into()),
        }
        // A process that runs as another user cannot be killed, and stays.
        let _ = self.signal_group();
        match rustix::process::waitid(id(), ended) {
            Ok(status) => Ok(status.map(|status| Exit::Reaped(exit_status(&status)))),
            Err(Errno::CHILD) => Ok(Some(Exit::ReapedElsewhere)),
            Err(error) => Err(error.into()),
        }
    }

    fn kill_group(&self) -> io::Result<()> {
        let exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        if exit.is_some() { Ok(()) } else { self.signal_group() }
    }

    /// To be called only while the process has not been reaped.
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
        // A drop cannot report an error, and it fails only if the group has ended already.
        let _ = self.kill_group();
        if let Ok(None) = self.try_reap() {
            reap_later(Arc::clone(&self.pidfd));
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

/// Lets a thread wait for the exit of a killed process. Its queue has at most one entry for each
/// process that this host has started and not reaped.
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
        // If the system has no thread, the process stays a zombie until this host ends.
        thread.spawn(reap_all).ok().map(|_| sender)
    });
    if let Some(reaper) = reaper {
        // The thread lives as long as this host, so the send does not fail.
        let _ = reaper.send(pidfd);
    }
}
