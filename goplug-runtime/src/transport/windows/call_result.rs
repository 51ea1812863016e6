//! What a function of Windows has returned: a truth value or a handle.

// A handle that a call has returned has no owner in Rust's sense.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::HANDLE;

/// The error of a call that returned false.
pub(super) fn succeeded(returned: i32) -> io::Result<()> {
    if returned == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Takes a handle that a call returned; null is that call's error.
///
/// # Safety
/// The handle is null, or nobody else closes it.
pub(super) unsafe fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the caller says that the handle is nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
