//! What asks this process to end: a signal, or the end of its host.
//!
//! Both are waited for by a thread that blocks, and by no runtime: a handler that blocks may
//! hold the only thread of the plugin's.

// The handler of a signal runs in the middle of anything; no safe crate installs one.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::Lifeline;

/// Whether the system ends this process with whoever started it, by a signal that nobody has
/// to wait for.
pub fn ends_with_parent() -> bool {
    #[cfg(target_os = "linux")]
    let signal = rustix::process::parent_process_death_signal();
    #[cfg(not(target_os = "linux"))]
    let signal = Ok::<_, io::Error>(None::<Signal>);
    matches!(signal, Ok(Some(_)))
}

/// The signals that ask a process to end: `SIGTERM` and `SIGINT`.
///
/// From [`Termination::listen`] on they no longer end the process by themselves, and never
/// again do: what listens stays, as does every other handler of the program's.
#[derive(Debug)]
pub struct Termination {
    /// Can be read once a signal has come.
    came: Arc<OwnedFd>,
}

impl Termination {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen() -> io::Result<Self> {
        let came = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        for signal in [Signal::TERM, Signal::INT] {
            let came = Arc::clone(&came);
            // Fails only where nobody has read for 2^64 signals.
            let note = move || {
                let _ = rustix::io::write(&came, &1_u64.to_ne_bytes());
            };
            // SAFETY: the action makes one system call on a descriptor that it owns. It
            // allocates, locks and panics nowhere, and is never dropped.
            unsafe { signal_hook_registry::register(signal.as_raw(), note) }?;
        }
        Ok(Self { came })
    }

    /// Returns when such a signal has come, or when the host is gone whose lifeline this
    /// is. Blocks its thread until then.
    pub fn requested(&self, host: Option<&Lifeline>) {
        loop {
            let host_end = host.map_or(self.came.as_fd(), AsFd::as_fd);
            let mut watched = [self.came.as_fd(), host_end]
                .map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN));
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                // Nobody would be heard any more; to outlive the host is the worse mistake.
                Err(_) => return,
            }
            let [by_signal, by_host] = watched.map(|end| !end.revents().is_empty());
            if by_signal || (by_host && host.is_some_and(Lifeline::read_on)) {
                return;
            }
        }
    }
}
