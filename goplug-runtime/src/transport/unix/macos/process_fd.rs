//! A process that this one has started, watched by a kqueue.

// The call that registers an event may in general be given dangling descriptors.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};

/// A process that this one has started. The descriptor becomes readable when the process has ended. Its
/// number is its own until it was reaped, which happens only here.
#[derive(Clone, Debug)]
pub(in crate::transport::unix) struct ProcessFd {
    pid: Pid,
    end: Arc<End>,
}

#[derive(Debug)]
struct End {
    descriptor: OwnedFd,
    /// Whether the end was seen: from then on the status is there, or comes at once.
    has_come: AtomicBool,
    was_reaped: AtomicBool,
}

impl ProcessFd {
    /// Watches a child of this process.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn watch(pid: Pid) -> io::Result<Self> {
        let queue = kqueue()?;
        fcntl_setfd(&queue, FdFlags::CLOEXEC)?;
        let filter = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
        let event = Event::new(filter, EventFlags::ADD, std::ptr::null_mut());
        // SAFETY: the filter names no descriptor.
        let registered = unsafe { kevent(&queue, &[event], &mut [] as &mut [Event], None) };
        let (descriptor, has_come) = match registered {
            Ok(_) => (queue, false),
            // It has ended already. The end of a pipe that nobody writes is readable as well.
            Err(Errno::SRCH) => (io::pipe()?.0.into(), true),
            Err(error) => return Err(error.into()),
        };
        let (has_come, was_reaped) = (AtomicBool::new(has_come), AtomicBool::new(false));
        Ok(Self { pid, end: Arc::new(End { descriptor, has_come, was_reaped }) })
    }

    /// The process id, which may be another process's once this one was reaped.
    pub(in crate::transport::unix) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a signal to the process. It is not an error if it was reaped.
    ///
    /// # Errors
    /// The system's error.
    pub(in crate::transport::unix) fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.end.was_reaped.load(Ordering::Acquire) {
            return Ok(());
        }
        match rustix::process::kill_process(self.pid, signal) {
            Err(Errno::SRCH) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// `waitid` for the process.
    ///
    /// # Errors
    /// The system's error; [`Errno::CHILD`] if somebody else has reaped it.
    pub(in crate::transport::unix) fn wait(
        &self,
        options: WaitIdOptions,
    ) -> rustix::io::Result<Option<WaitIdStatus>> {
        // The event comes a moment before the status, and only once.
        let options = if self.has_ended() { options - WaitIdOptions::NOHANG } else { options };
        let status = rustix::process::waitid(WaitId::Pid(self.pid), options)?;
        if status.is_some() && !options.contains(WaitIdOptions::NOWAIT) {
            self.end.was_reaped.store(true, Ordering::Release);
        }
        Ok(status)
    }

    fn has_ended(&self) -> bool {
        if self.end.has_come.load(Ordering::Acquire) {
            return true;
        }
        let filter = EventFilter::Proc { pid: self.pid, flags: ProcessEvents::EXIT };
        let mut events = [Event::new(filter, EventFlags::ADD, std::ptr::null_mut())];
        // SAFETY: no event is registered.
        let come = unsafe { kevent(&self.end.descriptor, &[], &mut events, Some(Duration::ZERO)) };
        let has_come = come.is_ok_and(|count| count > 0);
        if has_come {
            self.end.has_come.store(true, Ordering::Release);
        }
        has_come
    }

    /// Kills the group that the process leads, or led.
    ///
    /// # Errors
    /// The system's error. It is not an error if the group has ended.
    pub(in crate::transport::unix) fn kill_group(&self) -> io::Result<()> {
        let was_reaped = self.end.was_reaped.load(Ordering::Acquire);
        // The number stays the group's as long as it has members. If there is a process of this number,
        // that is another one.
        if was_reaped && rustix::process::test_kill_process(self.pid) != Err(Errno::SRCH) {
            return Ok(());
        }
        match rustix::process::kill_process_group(self.pid, Signal::KILL) {
            // A group of zombies alone cannot be signalled.
            Err(Errno::SRCH | Errno::PERM) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The kernel keeps no status of a process that somebody else has reaped.
    pub(in crate::transport::unix) fn status_after_reaping(&self) -> Option<ExitStatus> {
        None
    }
}

impl AsRawFd for ProcessFd {
    fn as_raw_fd(&self) -> RawFd {
        self.end.descriptor.as_fd().as_raw_fd()
    }
}
