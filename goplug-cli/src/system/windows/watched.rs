//! Processes whose end can be waited for.

// The function that Windows calls at the end of a process takes a raw pointer.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr::{from_ref, null_mut};

use tokio_util::sync::CancellationToken;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, PROCESS_SYNCHRONIZE, RegisterWaitForSingleObject, UnregisterWaitEx,
    WT_EXECUTEONLYONCE,
};

use super::handle::{check, process};

/// A process whose end can be waited for, whoever has started it.
#[derive(Debug)]
pub(crate) struct Watched {
    /// Cancelled at the end of the process. On the heap, where it stays when this is moved.
    end: Box<CancellationToken>,
    wait: HANDLE,
    _process: OwnedHandle,
}

// SAFETY: the handle of the wait may be used by every thread.
unsafe impl Send for Watched {}
// SAFETY: it is used only at the drop.
unsafe impl Sync for Watched {}

impl Watched {
    /// `None` if there is no such process.
    pub(crate) fn new(pid: u32) -> io::Result<Option<Self>> {
        let process = match process(pid, PROCESS_SYNCHRONIZE) {
            Err(error) if is_gone(&error) => return Ok(None),
            process => process?,
        };
        let end = Box::new(CancellationToken::new());
        let mut wait = null_mut();
        // SAFETY: the process is open, and the token is there, until the wait has ended at the drop.
        check(unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                process.as_raw_handle(),
                Some(note_end),
                from_ref(&*end).cast(),
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        })?;
        Ok(Some(Self { end, wait, _process: process }))
    }

    /// Waits until the process has ended. Cancel safe.
    pub(crate) async fn ended(&self) -> io::Result<()> {
        self.end.cancelled().await;
        Ok(())
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_cancelled()
    }
}

/// Whether there is no process of an id.
fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(ERROR_INVALID_PARAMETER.cast_signed())
}

/// # Safety
/// The pointer is to the token of a wait.
unsafe extern "system" fn note_end(token: *mut c_void, _has_timed_out: bool) {
    // SAFETY: the caller's promise.
    unsafe { &*token.cast::<CancellationToken>() }.cancel();
}

impl Drop for Watched {
    fn drop(&mut self) {
        // SAFETY: the wait is this one's. The call returns when the function has, or will not be called.
        unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn the_end_of_a_process_is_seen() {
        let mut command = Command::new("cmd.exe");
        let mut child = command.args(["/C", "pause"]).stdin(Stdio::piped()).spawn().unwrap();
        let watched = Watched::new(child.id()).unwrap().unwrap();
        assert!(!watched.has_ended());
        drop(child.stdin.take());
        watched.ended().await.unwrap();
        assert!(watched.has_ended());
        child.wait().unwrap();
        assert!(Watched::new(u32::MAX).unwrap().is_none());
    }
}
