//! A running plugin's process, and its exit.
//!
//! A process is watched through its handle, which never refers to another process. Everything that it has
//! started is in its job, and ends with it.

// No safe crate has these two calls.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, OwnedHandle};
use std::os::windows::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Mutex, PoisonError};

use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Threading::GetExitCodeProcess;

use super::create_process::{Created, has_console};
use super::exit_watch::ExitWatch;
use super::job::Job;
use crate::transport::windows::call_result::succeeded;

/// The process of a plugin that this host started.
///
/// Dropping it kills the process and its job at once.
#[derive(Debug)]
pub struct Child {
    id: u32,
    // Before the process: it has to be dropped while the handle is open.
    exit: ExitWatch,
    process: OwnedHandle,
    job: Job,
    /// Closed when this is dropped, or by the system when this host ends.
    lifeline: Mutex<Option<OwnedHandle>>,
}

impl Child {
    /// Watches a process. If that fails, it is killed.
    pub(super) fn new(created: Created, job: Job, lifeline: OwnedHandle) -> io::Result<Self> {
        let Created { id, process } = created;
        let exit = ExitWatch::new(process.as_handle())?;
        Ok(Self { id, exit, process, job, lifeline: Mutex::new(Some(lifeline)) })
    }

    /// The process id, also after its exit: no other process gets it as long as this is there.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Waits for the exit of the process, and kills the rest of its job. Any number of callers may wait,
    /// also after the exit: all get the same status.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// The system's error.
    pub async fn wait(&self) -> io::Result<ExitStatus> {
        self.exit.ended().await;
        // Those that it has started end with it; none may be left.
        let _ = self.job.kill();
        let mut code = 0;
        // SAFETY: the handle is open as long as `self` is there, and the pointer is to a number of ours.
        succeeded(unsafe { GetExitCodeProcess(self.process.as_raw_handle(), &raw mut code) })?;
        Ok(ExitStatus::from_raw(code))
    }

    /// Asks the process to end: by Ctrl-Break if it shares a console with this host, else not at all,
    /// since Windows has no other way. It is not an error if the process has exited.
    ///
    /// # Errors
    /// The system's error.
    pub fn terminate(&self) -> io::Result<()> {
        if self.exit.has_ended() || !has_console() {
            return Ok(());
        }
        // SAFETY: the call has two numbers, of which the second is that of a group of our own: the
        // process leads it, and no other gets the number as long as its handle is open.
        succeeded(unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.id) })
    }

    /// None: there are no control groups.
    pub fn exceeded_memory(&self) -> Option<u64> {
        None
    }

    /// Closes the lifeline, as the end of this host would. The job stays.
    pub fn close_lifeline(&self) {
        self.lifeline.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Kills the process and all others of its job. It is not an error if it has exited.
    ///
    /// # Errors
    /// The system's error.
    pub fn kill(&self) -> io::Result<()> {
        self.job.kill()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The last handle of the job does the same; this says in the exit code who it was.
        let _ = self.job.kill();
    }
}
