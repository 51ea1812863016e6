//! Standard output and standard error while the process ends.
//!
//! What a plugin does at its end, such as saving its data, often prints something, and a print that
//! fails panics. But whoever reads the output may be gone by then. So output that leads nowhere is
//! redirected to nowhere, again and again until the process ends. A print that waits for a reader that
//! reads no more cannot be helped: the process ends when the time for its stop is spent.
//!
//! The redirection is for what Rust prints, and for everything else that asks the system for its standard
//! output. A runtime of C has its own copy of the handle, and only gets an error.

// The standard library can ask for these handles, and not set them.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, IntoRawHandle};
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_CLOSING_STATE, FILE_PIPE_DISCONNECTED_STATE, FileFsSizeInformation,
    NtQueryVolumeInformationFile,
};
use windows_sys::Wdk::System::SystemServices::FILE_FS_SIZE_INFORMATION;
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_DISK, FILE_TYPE_PIPE, GetFileType};
use windows_sys::Win32::System::Console::{
    STD_ERROR_HANDLE, STD_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle,
};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;

use crate::transport::OutputReader;
use crate::transport::windows::pipe_calls::state;

/// How often the output is looked at.
const INTERVAL: Duration = Duration::from_millis(50);

/// Redirects what leads nowhere to nowhere: standard output or standard error whose reader is gone, or
/// whose disk is full.
pub fn mend_output() {
    for output in OUTPUTS {
        if output.leads_nowhere() {
            output.redirect_to_nowhere();
        }
    }
}

/// Makes sure that printing does not fail until the process ends, as far as the system allows. To be
/// called before the process cleans up; then [`drain_output`] has to run.
pub fn keep_output_working(reader: OutputReader) {
    mend_output();
    if reader == OutputReader::Gone {
        for output in OUTPUTS.into_iter().filter(|output| output.kind() == FILE_TYPE_PIPE) {
            output.redirect_to_nowhere();
        }
    }
}

/// Does so for this long for readers that end meanwhile. Blocks the thread.
pub fn drain_output(duration: Duration) {
    let end = Instant::now() + duration;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        mend_output();
        thread::sleep(INTERVAL.min(left));
    }
}

/// Standard output or standard error.
#[derive(Clone, Copy)]
enum Output {
    Stdout,
    Stderr,
}

const OUTPUTS: [Output; 2] = [Output::Stdout, Output::Stderr];

impl Output {
    /// The handle, which no code of ours closes; `None` if there is none.
    fn handle(self) -> Option<BorrowedHandle<'static>> {
        let handle = match self {
            Self::Stdout => io::stdout().as_raw_handle(),
            Self::Stderr => io::stderr().as_raw_handle(),
        };
        // SAFETY: the system has the handle as this process's output.
        (!handle.is_null()).then(|| unsafe { BorrowedHandle::borrow_raw(handle) })
    }

    /// What kind of file it is; 0 if there is none.
    fn kind(self) -> u32 {
        // SAFETY: the call only looks at the handle.
        self.handle().map_or(0, |handle| unsafe { GetFileType(handle.as_raw_handle()) })
    }

    fn leads_nowhere(self) -> bool {
        match (self.kind(), self.handle()) {
            (FILE_TYPE_PIPE, Some(pipe)) => state(pipe).is_some_and(|state| {
                matches!(state, FILE_PIPE_CLOSING_STATE | FILE_PIPE_DISCONNECTED_STATE)
            }),
            (FILE_TYPE_DISK, Some(file)) => is_disk_full(file),
            _ => false,
        }
    }

    /// The old handle stays open: a thread may be writing to it.
    fn redirect_to_nowhere(self) {
        // Without that device, the output stays as it is.
        let Ok(nowhere) = File::options().write(true).open("NUL") else { return };
        // SAFETY: the handle is open, and nobody closes it from here on.
        unsafe { SetStdHandle(self.number(), nowhere.into_raw_handle()) };
    }

    fn number(self) -> STD_HANDLE {
        match self {
            Self::Stdout => STD_OUTPUT_HANDLE,
            Self::Stderr => STD_ERROR_HANDLE,
        }
    }
}

/// Whether the disk of a file has no room left for this user.
fn is_disk_full(file: BorrowedHandle<'_>) -> bool {
    let mut status = IO_STATUS_BLOCK::default();
    let mut size = FILE_FS_SIZE_INFORMATION::default();
    let Ok(length) = u32::try_from(size_of_val(&size)) else { return false };
    // SAFETY: both addresses live during the call, and the second has this length.
    let answer = unsafe {
        NtQueryVolumeInformationFile(
            file.as_raw_handle(),
            &raw mut status,
            (&raw mut size).cast(),
            length,
            FileFsSizeInformation,
        )
    };
    answer >= 0 && size.AvailableAllocationUnits == 0
}

#[cfg(test)]
mod tests {
    use std::os::windows::io::AsHandle;

    use super::*;

    #[test]
    fn a_disk_with_room_is_not_full() {
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        assert!(!is_disk_full(file.as_handle()));
    }

    #[test]
    fn a_pipe_without_a_reader_is_known() {
        let (reader, writer) = io::pipe().unwrap();
        assert_ne!(state(writer.as_handle()), Some(FILE_PIPE_CLOSING_STATE));
        drop(reader);
        assert_eq!(state(writer.as_handle()), Some(FILE_PIPE_CLOSING_STATE));
    }
}
