//! Requests to terminate this process: an event of its console, or the end of its host.
//!
//! A blocking thread waits for both, not the runtime: a method that blocks may occupy the plugin's
//! only thread.

// No safe crate that is a dependency already hears of a console's events.
#![allow(unsafe_code)]

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT};
use windows_sys::Win32::System::Console::{CTRL_LOGOFF_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::JobObjects::{
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, QueryInformationJobObject,
};
use windows_sys::core::BOOL;

use super::Lifeline;
use super::wake::Wake;
use crate::transport::EndCause;
use crate::transport::windows::call_result::succeeded;

/// Those who are to be woken by an event.
static LISTENING: Mutex<Vec<Wake>> = Mutex::new(Vec::new());

/// The events that ask a process to end: Ctrl-C, Ctrl-Break, the end of its console, and the end of
/// Windows.
///
/// After [`Termination::listen`] the first two no longer end the process by themselves, for as long as it
/// lives; the others end it a few seconds later. Handlers that the program has installed before hear no
/// more of them.
#[derive(Debug)]
pub struct Termination {
    arrived: Wake,
}

impl Termination {
    /// Installs the handler of a process that a host has started. Ctrl-C does not reach it: it leads a
    /// group of its own.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen() -> io::Result<Self> {
        let arrived = Wake::default();
        let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
        if listening.is_empty() {
            // SAFETY: the handler is a function, which is always there.
            succeeded(unsafe { SetConsoleCtrlHandler(Some(handle), 1) })?;
        }
        listening.push(arrived.clone());
        Ok(Self { arrived })
    }

    /// Installs the handler of a process that was started by hand: the same.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen_at_terminal() -> io::Result<Self> {
        Self::listen()
    }

    /// Ends a wait as an event does.
    pub fn waker(&self) -> TerminationWaker {
        TerminationWaker(self.arrived.clone())
    }

    /// Blocks the thread until an event arrives, or until the host of this lifeline has ended.
    pub fn requested(&self, host: Option<&Lifeline>) -> EndCause {
        if let Some(host) = host {
            host.wake_at_end(&self.arrived);
        }
        self.arrived.wait();
        cause(host)
    }

    /// Whether an event has arrived, or the host of this lifeline has ended. Does not wait.
    pub fn is_requested(&self, host: Option<&Lifeline>) -> Option<EndCause> {
        let has_ended = host.is_some_and(Lifeline::has_ended);
        (has_ended || self.arrived.is_woken()).then(|| cause(host))
    }
}

fn cause(host: Option<&Lifeline>) -> EndCause {
    if host.is_some_and(Lifeline::has_ended) { EndCause::HostGone } else { EndCause::Request }
}

/// Called by the system on a thread of its own.
unsafe extern "system" fn handle(event: u32) -> BOOL {
    // It comes to services, when somebody else has logged off.
    if event != CTRL_LOGOFF_EVENT {
        wake_all();
        if !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
            // The system ends the process as soon as this returns, else after a few seconds: so long the
            // process may clean up.
            loop {
                thread::park();
            }
        }
    }
    // No handler that was installed before gets the event, above all not the one that ends the process.
    1
}

fn wake_all() {
    let listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    listening.iter().for_each(Wake::wake);
}

/// Ends the wait of a [`Termination`].
#[derive(Clone, Debug)]
pub struct TerminationWaker(Wake);

impl TerminationWaker {
    /// Ends the wait.
    pub fn wake(&self) {
        self.0.wake();
    }
}

/// Whether the system ends this process when its parent ends, so that it need not wait for that end: it is
/// in a job that ends with its last handle, which a host has.
pub fn ends_with_parent() -> bool {
    let mut information = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    let Ok(length) = u32::try_from(size_of_val(&information)) else { return false };
    // SAFETY: null stands for the job of this process. The pointer is to a value of the type that the class
    // names, and of this length.
    let asked = succeeded(unsafe {
        QueryInformationJobObject(
            std::ptr::null_mut(),
            JobObjectExtendedLimitInformation,
            (&raw mut information).cast(),
            length,
            std::ptr::null_mut(),
        )
    });
    let flags = information.BasicLimitInformation.LimitFlags;
    asked.is_ok() && flags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_ends_every_wait_and_the_process_stays() {
        let (first, second) = (Termination::listen().unwrap(), Termination::listen().unwrap());
        let waiting = thread::spawn(move || first.requested(None));
        for event in [CTRL_LOGOFF_EVENT, CTRL_BREAK_EVENT] {
            assert_eq!(second.is_requested(None), None);
            // SAFETY: the system calls it in the same way.
            assert_eq!(unsafe { handle(event) }, 1);
        }
        assert_eq!(waiting.join().unwrap(), EndCause::Request);
        assert_eq!(second.is_requested(None), Some(EndCause::Request));
    }

    #[test]
    fn a_waker_ends_its_own_wait() {
        let termination = Termination::listen_at_terminal().unwrap();
        let waker = termination.waker();
        let waiting = thread::spawn(move || termination.requested(None));
        waker.wake();
        assert_eq!(waiting.join().unwrap(), EndCause::Request);
    }
}
