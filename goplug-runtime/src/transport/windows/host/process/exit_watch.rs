//! Waiting for the end of a process, on a thread of the system's own that waits for many.

// No safe crate lets the system call when a handle is signalled.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr;
use std::sync::Arc;

use tokio::sync::watch;
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEINWAITTHREAD,
    WT_EXECUTEONLYONCE,
};

use crate::transport::windows::call_result::succeeded;

/// Becomes true once the process has ended. Dropping it ends the wait.
#[derive(Debug)]
pub(super) struct ExitWatch {
    has_ended: Arc<watch::Sender<bool>>,
    wait: HANDLE,
}

// SAFETY: the handle of the wait is a name for it, which is used once, by the drop.
unsafe impl Send for ExitWatch {}
// SAFETY: no method uses the handle through a shared reference.
unsafe impl Sync for ExitWatch {}

impl ExitWatch {
    /// Begins to wait. The process's handle has to stay open as long as the watch is there.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn new(process: BorrowedHandle<'_>) -> io::Result<Self> {
        let has_ended = Arc::new(watch::Sender::new(false));
        let mut wait = ptr::null_mut();
        // SAFETY: the sender stays where it is until the drop has ended the wait. The handle of the
        // process is open as long, as the caller promises.
        let outcome = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                process.as_raw_handle(),
                Some(note),
                Arc::as_ptr(&has_ended).cast(),
                INFINITE,
                // The callback only wakes tasks, which is quick.
                WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE,
            )
        };
        succeeded(outcome)?;
        Ok(Self { has_ended, wait })
    }

    /// Waits until the process has ended. Cancel safe.
    pub(super) async fn ended(&self) {
        // The sender is there as long as `self` is.
        drop(self.has_ended.subscribe().wait_for(|has_ended| *has_ended).await);
    }

    /// Whether the process has ended, as far as is known.
    pub(super) fn has_ended(&self) -> bool {
        *self.has_ended.borrow()
    }
}

/// Called by the system, once.
///
/// # Safety
/// The context is a sender that lives until this returns.
unsafe extern "system" fn note(context: *mut c_void, _: bool) {
    // SAFETY: the caller's promise.
    let has_ended = unsafe { &*context.cast::<watch::Sender<bool>>() };
    has_ended.send_replace(true);
}

impl Drop for ExitWatch {
    fn drop(&mut self) {
        // SAFETY: the wait is ended once, here. The call returns after the callback has.
        let outcome = unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
        if outcome == 0 {
            // The callback may still come.
            std::mem::forget(Arc::clone(&self.has_ended));
        }
    }
}
