//! The lifeline: a pipe that ends with the host.
//!
//! The end of an anonymous pipe can only be waited for by a read that blocks. A thread does so from the
//! start, for all who wait.

// A handle's number in the environment has no owner in Rust's sense yet.
#![allow(unsafe_code)]

use std::io::{self, PipeReader, Read};
use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle,
};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::watch;
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, HANDLE_FLAG_INHERIT, SetHandleInformation,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_PIPE, FILE_TYPE_UNKNOWN, GetFileType};

use super::wake::Wake;
use crate::protocol::wire;
use crate::transport::windows::call_result::succeeded;
use crate::transport::windows::pipe_calls::unread;

/// A pipe from the host. Its end of file means that the host has ended, whatever the cause.
///
/// The thread that reads it ends with the host, or with this process.
#[derive(Debug)]
pub struct Lifeline(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    has_ended: watch::Sender<bool>,
    /// Those who wait on a thread.
    waiting: Mutex<Vec<Wake>>,
}

impl Lifeline {
    /// Takes the pipe whose handle `GOPLUG_LIFELINE` names; `None` if it names none. The processes that
    /// this one starts do not inherit it. To be called once.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the handle is not open or of the wrong kind; the text
    /// names the variable. Or the system has no thread.
    pub(super) fn from_environment() -> io::Result<Option<Self>> {
        let Ok(text) = std::env::var(wire::ENV_LIFELINE) else { return Ok(None) };
        let number = parse(&text)?;
        // SAFETY: the host passed the handle to this process, no other part of a Rust program gets an
        // owner for a handle that it did not open, and this is called once.
        let pipe = unsafe { adopt(ptr::without_provenance_mut(number)) }?;
        Self::watch(pipe.into()).map(Some)
    }

    /// Begins to read.
    fn watch(pipe: PipeReader) -> io::Result<Self> {
        let shared = Shared { has_ended: watch::Sender::new(false), waiting: Mutex::default() };
        let shared = Arc::new(shared);
        let thread = thread::Builder::new().name("goplug-lifeline".into());
        let ended = Arc::clone(&shared);
        thread.spawn(move || {
            read_to_end(pipe);
            ended.end();
        })?;
        Ok(Self(shared))
    }

    /// Waits until the host has ended. Cancel safe.
    ///
    /// # Errors
    /// None: a pipe that cannot be read has ended.
    pub async fn closed(&self) -> io::Result<()> {
        // The sender is there as long as `self` is.
        drop(self.0.has_ended.subscribe().wait_for(|has_ended| *has_ended).await);
        Ok(())
    }

    /// Whether the host has ended.
    pub(super) fn has_ended(&self) -> bool {
        *self.0.has_ended.borrow()
    }

    /// Gives this notice when the host has ended, at once if it has.
    pub(super) fn wake_at_end(&self, wake: &Wake) {
        let mut waiting = self.0.lock();
        if self.has_ended() {
            wake.wake();
        } else if !waiting.iter().any(|known| known.is(wake)) {
            waiting.push(wake.clone());
        }
    }
}

impl Shared {
    fn end(&self) {
        self.has_ended.send_replace(true);
        for wake in self.lock().drain(..) {
            wake.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Wake>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blocks until the pipe ends. Bytes in it mean nothing.
fn read_to_end(mut pipe: PipeReader) {
    loop {
        match pipe.read(&mut [0; 64]) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A pipe that cannot be read says nothing about the host, and to outlive it would be worse
            // than to end too early.
            Err(_) => return,
        }
    }
}

fn parse(text: &str) -> io::Result<usize> {
    text.parse().ok().filter(|number| *number != 0).ok_or_else(|| {
        let name = wire::ENV_LIFELINE;
        invalid(format!("{name} is {text:?}, which is no number of a handle"))
    })
}

/// Takes a handle that is the reading end of a pipe.
///
/// # Safety
/// If the handle is open, it has no owner.
unsafe fn adopt(handle: RawHandle) -> io::Result<OwnedHandle> {
    let number = handle.addr();
    let standard =
        [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()];
    if standard.contains(&handle) {
        let name = wire::ENV_LIFELINE;
        return Err(invalid(format!("{name} is {number}, which has another purpose")));
    }
    // SAFETY: no other code closes it. If it never was open, the calls below fail.
    let borrowed = unsafe { BorrowedHandle::borrow_raw(handle) };
    check(borrowed).map_err(|problem| {
        let name = wire::ENV_LIFELINE;
        invalid(format!("{name} announces handle {number}, which {problem}"))
    })?;
    // SAFETY: the handle is open, as was just seen.
    succeeded(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) })?;
    // SAFETY: it is open, and the caller promises that it is free.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn check(handle: BorrowedHandle<'_>) -> Result<(), &'static str> {
    // SAFETY: the call only looks at the handle, and fails if it is not open.
    match unsafe { GetFileType(handle.as_raw_handle()) } {
        FILE_TYPE_PIPE => {}
        FILE_TYPE_UNKNOWN => return Err("is not open"),
        _ => return Err("is not a pipe"),
    }
    match unread(handle.as_handle()) {
        Err(error) if error.raw_os_error() != Some(ERROR_BROKEN_PIPE.cast_signed()) => {
            Err("is not the reading end of a pipe")
        }
        _ => Ok(()),
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_lifeline_closes_with_its_last_writer() {
        let (reader, mut writer) = io::pipe().unwrap();
        let lifeline = Lifeline::watch(reader).unwrap();
        let wake = Wake::default();
        lifeline.wake_at_end(&wake);
        // Bytes in the pipe mean nothing; only its end does.
        writer.write_all(b"noise").unwrap();
        let early = tokio::time::timeout(Duration::from_millis(50), lifeline.closed()).await;
        assert!(early.is_err() && !wake.is_woken());
        drop(writer);
        lifeline.closed().await.unwrap();
        wake.wait();
        assert!(lifeline.has_ended());
        let late = Wake::default();
        lifeline.wake_at_end(&late);
        assert!(late.is_woken());
    }

    #[test]
    fn a_number_that_names_no_handle_is_reported() {
        for text in ["", "many", "0", "-4"] {
            let error = parse(text).unwrap_err();
            let expected = format!("GOPLUG_LIFELINE is {text:?}, which is no number of a handle");
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(parse("412").unwrap(), 412);
    }

    #[test]
    fn another_handle_is_refused_and_stays_open() {
        let adopt = |handle| {
            // SAFETY: the tests pass handles that are refused before they get an owner.
            unsafe { adopt(handle) }.unwrap_err().to_string()
        };
        let text = adopt(ptr::without_provenance_mut(0x00ff_fff0));
        assert!(text.ends_with("which is not open"), "{text}");
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        let text = adopt(file.as_raw_handle());
        assert!(text.ends_with("which is not a pipe"), "{text}");
        assert!(file.metadata().is_ok());
        let text = adopt(io::stderr().as_raw_handle());
        assert!(text.ends_with("which has another purpose"), "{text}");
    }

    #[test]
    fn a_pipe_is_taken_and_not_passed_on() {
        let (reader, _writer) = io::pipe().unwrap();
        let handle = std::os::windows::io::IntoRawHandle::into_raw_handle(reader);
        // SAFETY: the handle was just given up by its owner.
        let taken = unsafe { adopt(handle) }.unwrap();
        assert_eq!(taken.as_raw_handle(), handle);
    }
}
