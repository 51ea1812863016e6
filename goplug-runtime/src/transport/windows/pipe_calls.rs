//! The calls of Windows about pipes that neither the standard library nor tokio has.

// Each of them takes a raw handle and writes to an address.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::path::Path;
use std::ptr::{null, null_mut};

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_CLOSING_STATE, FILE_PIPE_LOCAL_INFORMATION, FilePipeLocalInformation,
    NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_SEM_TIMEOUT, HANDLE};
use windows_sys::Win32::Storage::FileSystem::FlushFileBuffers;
use windows_sys::Win32::System::IO::{CancelIoEx, IO_STATUS_BLOCK};
#[cfg(feature = "host")]
use windows_sys::Win32::System::Pipes::GetNamedPipeServerProcessId;
use windows_sys::Win32::System::Pipes::{
    DisconnectNamedPipe, GetNamedPipeClientProcessId, PeekNamedPipe, WaitNamedPipeW,
};

use super::call_result::succeeded;
use super::wide::wide;

/// How many bytes have arrived that nobody has asked for.
///
/// # Errors
/// The system's error: the peer has closed its end, and all that it sent has been read.
pub(super) fn unread(pipe: BorrowedHandle<'_>) -> io::Result<usize> {
    let mut count = 0;
    // SAFETY: `count` lives during the call; the other addresses may be null.
    let peeked = unsafe {
        PeekNamedPipe(pipe.as_raw_handle(), null_mut(), 0, null_mut(), &raw mut count, null_mut())
    };
    succeeded(peeked).map(|()| count as usize)
}

/// Whether the peer has closed its end, though something that it sent may not have been read yet.
pub(super) fn is_closing(pipe: BorrowedHandle<'_>) -> bool {
    // A pipe that is disconnected has no state to tell.
    state(pipe).is_none_or(|state| state == FILE_PIPE_CLOSING_STATE)
}

/// The state of a pipe; `None` if it has none, or if this end may not ask for it.
pub(super) fn state(pipe: BorrowedHandle<'_>) -> Option<u32> {
    let mut status = MaybeUninit::<IO_STATUS_BLOCK>::zeroed();
    let mut information = FILE_PIPE_LOCAL_INFORMATION::default();
    #[expect(clippy::cast_possible_truncation, reason = "it is 40")]
    let size = size_of::<FILE_PIPE_LOCAL_INFORMATION>() as u32;
    // SAFETY: both addresses live during the call, and the second has this size.
    let answer = unsafe {
        NtQueryInformationFile(
            pipe.as_raw_handle(),
            status.as_mut_ptr(),
            (&raw mut information).cast(),
            size,
            FilePipeLocalInformation,
        )
    };
    (answer >= 0).then_some(information.NamedPipeState)
}

/// Whether there is a pipe of this name. Takes none of its instances, and waits for at most a
/// millisecond.
///
/// # Errors
/// The system's error, if it does not tell.
pub(super) fn exists(path: &Path) -> io::Result<bool> {
    /// The shortest time that can be asked for: zero stands for a default of the pipe's.
    const MILLISECOND: u32 = 1;
    // SAFETY: the name ends with a NUL and lives during the call.
    if unsafe { WaitNamedPipeW(wide(path).as_ptr(), MILLISECOND) } != 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error().map(i32::cast_unsigned) {
        Some(ERROR_FILE_NOT_FOUND) => Ok(false),
        // All of its instances are taken.
        Some(ERROR_SEM_TIMEOUT) => Ok(true),
        _ => Err(error),
    }
}

/// The process at the other end of a pipe that has been accepted.
///
/// # Errors
/// The system's error.
pub(super) fn client_process(pipe: BorrowedHandle<'_>) -> io::Result<u32> {
    process(pipe, GetNamedPipeClientProcessId)
}

/// The process at the other end of a pipe that has connected.
///
/// # Errors
/// The system's error.
#[cfg(feature = "host")]
pub(super) fn server_process(pipe: BorrowedHandle<'_>) -> io::Result<u32> {
    process(pipe, GetNamedPipeServerProcessId)
}

fn process(
    pipe: BorrowedHandle<'_>,
    ask: unsafe extern "system" fn(HANDLE, *mut u32) -> i32,
) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: `pid` lives during the call.
    succeeded(unsafe { ask(pipe.as_raw_handle(), &raw mut pid) })?;
    Ok(pid)
}

/// Ends what waits on the pipe for bytes or for room; it gets the error "operation aborted".
pub(super) fn cancel(pipe: BorrowedHandle<'_>) {
    // SAFETY: null stands for all operations. It fails only if none waits.
    unsafe { CancelIoEx(pipe.as_raw_handle(), null()) };
}

/// Waits until the peer has read everything, or has closed its end.
pub(super) fn flush(pipe: BorrowedHandle<'_>) {
    // SAFETY: the handle is open. It fails only if the pipe is not connected.
    unsafe { FlushFileBuffers(pipe.as_raw_handle()) };
}

/// Ends the connection of a pipe that was accepted. What the client has not read is lost, and it learns
/// that the pipe is not connected.
pub(super) fn disconnect(pipe: BorrowedHandle<'_>) {
    // SAFETY: the handle is open. It fails only if the pipe is not connected.
    unsafe { DisconnectNamedPipe(pipe.as_raw_handle()) };
}
