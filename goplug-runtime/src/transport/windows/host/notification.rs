//! Waiting for a change in a folder, or for an event that ends the wait.

// The calls of Windows that wait take handles, which are pointers.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::null;
use std::sync::Arc;
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    HANDLE, INVALID_HANDLE_VALUE, WAIT_EVENT, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_NOTIFY_CHANGE_ATTRIBUTES, FILE_NOTIFY_CHANGE_DIR_NAME, FILE_NOTIFY_CHANGE_FILE_NAME,
    FILE_NOTIFY_CHANGE_LAST_WRITE, FILE_NOTIFY_CHANGE_SECURITY, FILE_NOTIFY_CHANGE_SIZE,
    FindCloseChangeNotification, FindFirstChangeNotificationW, FindNextChangeNotification,
};
use windows_sys::Win32::System::Threading::{
    CreateEventW, INFINITE, SetEvent, WaitForMultipleObjects,
};

use crate::transport::windows::call_result::{owned, succeeded};
use crate::transport::windows::wide::wide;

/// What may change the result of reading the folder. Opening and reading a file does not: who looks
/// because of an event would wake himself.
const CHANGES: u32 = FILE_NOTIFY_CHANGE_FILE_NAME
    | FILE_NOTIFY_CHANGE_DIR_NAME
    | FILE_NOTIFY_CHANGE_ATTRIBUTES
    | FILE_NOTIFY_CHANGE_SIZE
    | FILE_NOTIFY_CHANGE_LAST_WRITE
    | FILE_NOTIFY_CHANGE_SECURITY;

/// An event that is set once and stays set.
#[derive(Clone, Debug)]
pub(super) struct EndEvent(Arc<OwnedHandle>);

impl EndEvent {
    /// # Errors
    /// The system has no more handles.
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: the event has no name, no attributes, and is nobody else's.
        let event = unsafe { owned(CreateEventW(null(), 1, 0, null())) }?;
        Ok(Self(Arc::new(event)))
    }

    /// Ends each wait with it, also later ones.
    pub(super) fn set(&self) {
        // SAFETY: the event is open. Setting an open event does not fail.
        unsafe { SetEvent(self.0.as_raw_handle()) };
    }
}

/// The changes in one folder, from when this was made on.
#[derive(Debug)]
pub(super) struct Notification(HANDLE);

// SAFETY: a handle may be used by any thread.
unsafe impl Send for Notification {}

impl Notification {
    /// Of the folder at this path.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        // In this form, a path may be long.
        let path = wide(folder.canonicalize()?);
        // SAFETY: the path ends with a NUL and lives during the call.
        let handle = unsafe { FindFirstChangeNotificationW(path.as_ptr(), 0, CHANGES) };
        if handle == INVALID_HANDLE_VALUE {
            Err(io::Error::last_os_error())
        } else {
            Ok(Self(handle))
        }
    }

    /// Waits from now on for the next change. A change since the last call is not lost.
    ///
    /// # Errors
    /// The folder is gone, for example.
    pub(super) fn next(&self) -> io::Result<()> {
        // SAFETY: the handle is open until this is dropped.
        succeeded(unsafe { FindNextChangeNotification(self.0) })
    }
}

impl Drop for Notification {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody has it but this. Closing it does not fail.
        unsafe { FindCloseChangeNotification(self.0) };
    }
}

/// How a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    /// The event is set.
    Ended,
    /// There was a change.
    Notified,
    /// The time is over.
    Nothing,
    /// The system has refused to wait.
    Refused,
}

/// Waits for the event, and for a change if there is a notification, for at most this long.
pub(super) fn wait(end: &EndEvent, changes: Option<&Notification>, timeout: Duration) -> Waited {
    const CHANGED: WAIT_EVENT = WAIT_OBJECT_0 + 1;
    let handles = [end.0.as_raw_handle(), changes.map_or(end.0.as_raw_handle(), |found| found.0)];
    let count = if changes.is_some() { 2 } else { 1 };
    let milliseconds = timeout.as_nanos().div_ceil(1_000_000);
    let milliseconds = u32::try_from(milliseconds).unwrap_or(INFINITE).min(INFINITE - 1);
    // SAFETY: the handles are open during the call, which reads `count` of them.
    match unsafe { WaitForMultipleObjects(count, handles.as_ptr(), 0, milliseconds) } {
        WAIT_OBJECT_0 => Waited::Ended,
        CHANGED => Waited::Notified,
        WAIT_TIMEOUT => Waited::Nothing,
        _ => Waited::Refused,
    }
}
