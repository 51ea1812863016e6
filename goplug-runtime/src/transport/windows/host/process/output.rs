//! The pipes of a plugin's standard output and standard error.
//!
//! Only a named pipe can be read without a thread. Its name is random and taken by one end only, and the
//! other end is opened at once, so that nobody else gets it.

// No safe crate opens both ends of a named pipe without a runtime.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::windows::io::{FromRawHandle, IntoRawHandle, OwnedHandle};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::windows::named_pipe::NamedPipeServer;
use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_INBOUND,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT,
};

use crate::transport::windows::wide::wide;

/// How many bytes a plugin can print before its host reads them: as many as on Linux.
const BUFFER: u32 = 64 << 10;

/// The host's end of a plugin's standard output or standard error.
#[derive(Debug)]
pub struct Output(NamedPipeServer);

impl Output {
    /// The end that [`pipe`] made. Needs a runtime with I/O.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn new(end: OwnedHandle) -> io::Result<Self> {
        // SAFETY: the handle is of a named pipe's server end, which was opened for overlapped I/O.
        unsafe { NamedPipeServer::from_raw_handle(end.into_raw_handle()) }.map(Self)
    }
}

impl AsyncRead for Output {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.0).poll_read(cx, buf) {
            // This is how Windows says that all who could write have ended.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Poll::Ready(Ok(()))
            }
            other => other,
        }
    }
}

/// A pipe: the host's end, for [`Output::new`], and the plugin's, which is an ordinary file to it. No
/// process inherits either, unless it is made inheritable.
///
/// # Errors
/// The system's error.
pub(super) fn pipe() -> io::Result<(OwnedHandle, OwnedHandle)> {
    let name = name();
    // SAFETY: the name ends with a NUL and lives during the call; default security needs no pointer.
    let host = unsafe {
        CreateNamedPipeW(
            wide(&name).as_ptr(),
            PIPE_ACCESS_INBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED,
            PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
            1,
            BUFFER,
            BUFFER,
            0,
            std::ptr::null(),
        )
    };
    if host == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle was just made, and has no other owner.
    let host = unsafe { OwnedHandle::from_raw_handle(host) };
    let plugin = File::options().write(true).open(&name)?;
    Ok((host, plugin.into()))
}

/// A name that no other pipe has.
fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let (process, random) = (std::process::id(), std::hash::RandomState::new());
    let random = std::hash::BuildHasher::hash_one(&random, count);
    format!(r"\\.\pipe\goplug-output-{process}-{count}-{random:016x}")
}
