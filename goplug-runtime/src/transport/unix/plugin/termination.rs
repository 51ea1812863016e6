//! Requests to terminate this process: a signal, or the end of its host.
//!
//! A blocking thread waits for both, not the runtime: a method that blocks may occupy the plugin's
//! only thread.

// A signal handler interrupts arbitrary code; no safe crate installs one.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::Lifeline;
use crate::transport::EndCause;
use crate::transport::unix::system::{Wake, ignores};

/// The signals that ask a process to end: `SIGTERM` and `SIGINT`, and `SIGHUP`, which comes when the
/// terminal is closed.
///
/// After [`Termination::listen`] they no longer end the process by themselves, for as long as it
/// lives. Other handlers of the program stay in effect.
#[derive(Debug)]
pub struct Termination {
    /// Readable once a signal has arrived.
    arrived: Wake,
}

impl Termination {
    /// Installs the handlers of a process that a host has started: a terminal does not concern it.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen() -> io::Result<Self> {
        Self::listen_for([Signal::TERM, Signal::INT])
    }

    /// Installs the handlers of a process that was started by hand. Signals of the terminal that are
    /// ignored stay so: `nohup` ignores `SIGHUP`, and a shell `SIGINT` for a process in the
    /// background.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen_at_terminal() -> io::Result<Self> {
        let of_terminal = [Signal::INT, Signal::HUP].into_iter();
        let heeded = of_terminal.filter(|signal| !ignores(signal.as_raw()));
        Self::listen_for(heeded.chain([Signal::TERM]))
    }

    fn listen_for(signals: impl IntoIterator<Item = Signal>) -> io::Result<Self> {
        let arrived = Wake::new()?;
        for signal in signals {
            let waker = arrived.clone();
            let note = move || waker.wake();
            // SAFETY: the action makes one system call on a descriptor that it owns. It
            // allocates, locks and panics nowhere, and is never dropped.
            unsafe { signal_hook_registry::register(signal.as_raw(), note) }?;
        }
        Ok(Self { arrived })
    }

    /// Ends a wait as a signal does.
    pub fn waker(&self) -> TerminationWaker {
        TerminationWaker(self.arrived.clone())
    }

    /// Blocks the thread until a signal arrives, or until the host of this lifeline has ended.
    pub fn requested(&self, host: Option<&Lifeline>) -> EndCause {
        loop {
            if let Some(cause) = self.poll(host, None) {
                return cause;
            }
        }
    }

    /// Whether a signal has arrived, or the host of this lifeline has ended. Does not wait.
    pub fn is_requested(&self, host: Option<&Lifeline>) -> Option<EndCause> {
        self.poll(host, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    /// Waits for something to happen, within the limit. Returns whether it was a request.
    fn poll(&self, host: Option<&Lifeline>, limit: Option<&Timespec>) -> Option<EndCause> {
        let host_end = host.map_or(self.arrived.as_fd(), AsFd::as_fd);
        let mut watched = [self.arrived.as_fd(), host_end]
            .map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN));
        match poll(&mut watched, limit) {
            Ok(0) | Err(Errno::INTR) => return None,
            Ok(_) => {}
            // A request could no longer be noticed, and to outlive the host would be worse than to
            // end too early.
            Err(_) => return Some(EndCause::Request),
        }
        let [by_signal, by_host] = watched.map(|end| !end.revents().is_empty());
        if by_host && host.is_some_and(Lifeline::has_ended) {
            return Some(EndCause::HostGone);
        }
        by_signal.then_some(EndCause::Request)
    }
}

/// Ends the wait of a [`Termination`].
#[derive(Clone, Debug)]
pub struct TerminationWaker(Wake);

impl TerminationWaker {
    /// Ends the wait. Makes one system call, and neither allocates nor locks nor panics.
    pub fn wake(&self) {
        self.0.wake();
    }
}
