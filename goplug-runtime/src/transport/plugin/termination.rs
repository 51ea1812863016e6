//! Requests to terminate this process: a signal, or the end of its host.
//!
//! A blocking thread waits for both, not the runtime: a method that blocks may occupy the plugin's
//! only thread.

// A signal handler interrupts arbitrary code; no safe crate installs one.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::Lifeline;

/// Whether the system sends this process a signal when its parent ends, so that it need not wait for
/// that end.
pub fn ends_with_parent() -> bool {
    #[cfg(target_os = "linux")]
    let signal = rustix::process::parent_process_death_signal();
    #[cfg(not(target_os = "linux"))]
    let signal = Ok::<_, io::Error>(None::<Signal>);
    matches!(signal, Ok(Some(_)))
}

/// The signals that ask a process to end: `SIGTERM` and `SIGINT`.
///
/// After [`Termination::listen`] they no longer end the process by themselves, for as long as it
/// lives. Other handlers of the program stay in effect.
#[derive(Debug)]
pub struct Termination {
    /// Readable once a signal has arrived.
    arrived: Arc<OwnedFd>,
}

impl Termination {
    /// Installs the handlers.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen() -> io::Result<Self> {
        let arrived = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        for signal in [Signal::TERM, Signal::INT] {
            let arrived = Arc::clone(&arrived);
            // It fails only after 2^64 signals that were not read.
            let note = move || {
                let _ = rustix::io::write(&arrived, &1_u64.to_ne_bytes());
            };
            // SAFETY: the action makes one system call on a descriptor that it owns. It
            // allocates, locks and panics nowhere, and is never dropped.
            unsafe { signal_hook_registry::register(signal.as_raw(), note) }?;
        }
        Ok(Self { arrived })
    }

    /// Blocks the thread until a signal arrives, or until the host of this lifeline has ended.
    pub fn requested(&self, host: Option<&Lifeline>) {
        while !self.poll(host, None) {}
    }

    /// Whether a signal has arrived, or the host of this lifeline has ended. Does not wait.
    pub fn is_requested(&self, host: Option<&Lifeline>) -> bool {
        self.poll(host, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))
    }

    /// Waits for something to happen, within the limit. Returns whether it was a request.
    fn poll(&self, host: Option<&Lifeline>, limit: Option<&Timespec>) -> bool {
        let host_end = host.map_or(self.arrived.as_fd(), AsFd::as_fd);
        let mut watched = [self.arrived.as_fd(), host_end]
            .map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN));
        match poll(&mut watched, limit) {
            Ok(0) | Err(Errno::INTR) => return false,
            Ok(_) => {}
            // A request could no longer be noticed, and to outlive the host would be worse than to
            // end too early.
            Err(_) => return true,
        }
        let [by_signal, by_host] = watched.map(|end| !end.revents().is_empty());
        by_signal || (by_host && host.is_some_and(Lifeline::has_ended))
    }
}
