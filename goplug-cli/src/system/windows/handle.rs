//! Handles, and texts in the form that Windows takes.

// Windows hands out raw handles.
#![allow(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_ACCESS_RIGHTS};
use windows_sys::core::BOOL;

/// The error of a call that returns whether it has succeeded.
pub(super) fn check(succeeded: BOOL) -> io::Result<()> {
    if succeeded == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A handle of a call that returns none if it fails.
///
/// # Safety
/// The handle is the caller's, and nobody else closes it.
pub(super) unsafe fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// A process, with these rights to it.
///
/// # Errors
/// There is none of this id, or only others may have these rights.
pub(super) fn process(pid: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    // SAFETY: the call has no preconditions, and its handle is ours.
    unsafe { owned(OpenProcess(rights, 0, pid)) }
}

/// Passes this handle to processes that are started from now on, unless they are given a list.
pub(super) fn let_inherit(handle: &impl AsHandle) -> io::Result<()> {
    let handle = handle.as_handle().as_raw_handle();
    // SAFETY: the handle is open as long as it is borrowed.
    check(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })
}

/// A text with a zero behind it.
pub(super) fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

/// A text of Windows.
///
/// # Safety
/// The text ends in a zero.
pub(super) unsafe fn text_at(text: *const u16) -> OsString {
    let mut length = 0;
    // SAFETY: up to the zero, the letters belong to the text.
    unsafe {
        while *text.add(length) != 0 {
            length += 1;
        }
        OsString::from_wide(std::slice::from_raw_parts(text, length))
    }
}
