//! Processes that are started suspended, so that they are in their job before they run.

// The standard library keeps the handle of a process's first thread to itself.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows_sys::Win32::System::Threading::{OpenThread, ResumeThread, THREAD_SUSPEND_RESUME};

use super::handle::owned;

/// Lets a process run that was started suspended.
pub(super) fn resume(pid: u32) -> io::Result<()> {
    for thread in threads_of(pid)? {
        // SAFETY: the call has no preconditions, and its handle is ours.
        let thread = unsafe { owned(OpenThread(THREAD_SUSPEND_RESUME, 0, thread)) }?;
        // SAFETY: the thread is open.
        if unsafe { ResumeThread(thread.as_raw_handle()) } == u32::MAX {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// The threads of a process: of a suspended one, the first.
fn threads_of(pid: u32) -> io::Result<Vec<u32>> {
    // SAFETY: the call has no preconditions.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is ours.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    // SAFETY: zero is valid for it.
    let mut entry: THREADENTRY32 = unsafe { MaybeUninit::zeroed().assume_init() };
    entry.dwSize = u32::try_from(size_of_val(&entry)).map_err(io::Error::other)?;
    let mut threads = Vec::new();
    // SAFETY: the snapshot is open, and the entry says how large it is.
    let mut is_there = unsafe { Thread32First(snapshot.as_raw_handle(), &raw mut entry) } != 0;
    while is_there {
        if entry.th32OwnerProcessID == pid {
            threads.push(entry.th32ThreadID);
        }
        // SAFETY: as above.
        is_there = unsafe { Thread32Next(snapshot.as_raw_handle(), &raw mut entry) } != 0;
    }
    Ok(threads)
}
