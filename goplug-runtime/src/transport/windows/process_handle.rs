//! A handle of another process, by its id.

// No safe crate opens a process.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::OwnedHandle;

use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_ACCESS_RIGHTS};

use super::call_result::owned;

/// Opens a process. As long as the handle is open, no other process gets the id.
///
/// # Errors
/// The system's error.
pub(in crate::transport::windows) fn open_process(
    process: u32,
    rights: PROCESS_ACCESS_RIGHTS,
) -> io::Result<OwnedHandle> {
    // SAFETY: the call takes numbers only. The handle that it returns is ours.
    unsafe { owned(OpenProcess(rights, 0, process)) }
}
