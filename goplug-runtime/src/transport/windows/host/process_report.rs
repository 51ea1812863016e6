//! What Windows reports of a process.

// No safe crate asks for these.
#![allow(unsafe_code)]

use std::os::windows::io::AsRawHandle;
use std::time::Duration;

use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, WAIT_OBJECT_0};
use windows_sys::Win32::System::ProcessStatus::{GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

use crate::transport::windows::call_result::succeeded;
use crate::transport::windows::process_handle::open_process;
use crate::transport::{ProcessState, ProcessUsage, is_traced};

impl ProcessState {
    /// The state of the process of this id; [`ProcessState::Exiting`] if there is none.
    pub fn of(process: u32) -> Self {
        let opened = open_process(process, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE);
        let handle = match opened {
            Ok(handle) => handle,
            Err(error) => {
                // This is how the system says that no process has the number.
                let is_none = error.raw_os_error() == Some(ERROR_INVALID_PARAMETER.cast_signed());
                return if is_none { Self::Exiting } else { Self::Normal };
            }
        };
        // SAFETY: the handle is open.
        if unsafe { WaitForSingleObject(handle.as_raw_handle(), 0) } == WAIT_OBJECT_0 {
            Self::Exiting
        } else if is_traced(process) {
            Self::Traced
        } else {
            Self::Normal
        }
    }

    /// What keeps the process of this id from answering, for people, with what helps; `None` if nothing
    /// does.
    pub fn explain(self, process: u32) -> Option<String> {
        Some(match self {
            Self::Traced => format!("a debugger is attached to its process {process}"),
            Self::Exiting => format!("its process {process} is ending"),
            Self::Normal | Self::Stopped | Self::Uninterruptible => return None,
        })
    }
}

impl ProcessUsage {
    /// The usage of the process of this id; `None` if there is none, or if the system does not say.
    pub fn of(process: u32) -> Option<Self> {
        let handle = open_process(process, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
        let mut memory = PROCESS_MEMORY_COUNTERS::default();
        let length = u32::try_from(size_of_val(&memory)).ok()?;
        // SAFETY: the handle is open, and the pointer is to a value of this length.
        succeeded(unsafe { GetProcessMemoryInfo(handle.as_raw_handle(), &raw mut memory, length) })
            .ok()?;
        let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
        // SAFETY: the handle is open, and each pointer is to a value of ours.
        succeeded(unsafe {
            GetProcessTimes(
                handle.as_raw_handle(),
                &raw mut created,
                &raw mut exited,
                &raw mut kernel,
                &raw mut user,
            )
        })
        .ok()?;
        Some(Self {
            resident_memory: memory.WorkingSetSize as u64,
            processor_time: duration(kernel).saturating_add(duration(user)),
        })
    }
}

/// A time in units of 100 ns.
fn duration(time: FILETIME) -> Duration {
    let units = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    Duration::from_micros(units / 10)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_is_seen_to_run_and_to_end() {
        // It reads its standard input.
        let mut child =
            Command::new("cmd").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        assert_eq!(ProcessState::of(child.id()), ProcessState::Normal);
        assert_eq!(ProcessState::of(std::process::id()), ProcessState::Normal);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(ProcessState::of(child.id()), ProcessState::Exiting);
    }

    #[test]
    fn a_process_that_computes_is_seen_to_use_memory_and_time() {
        let (process, began) = (std::process::id(), Instant::now());
        let first = ProcessUsage::of(process).unwrap();
        // No program of Rust fits into 100 kB.
        assert!(first.resident_memory > 100_000, "{first:?}");
        while ProcessUsage::of(process).unwrap().processor_time <= first.processor_time {
            assert!(began.elapsed() < Duration::from_secs(20), "{first:?}");
        }
    }

    #[test]
    fn a_process_that_is_not_there_uses_nothing() {
        assert_eq!(ProcessUsage::of(u32::MAX), None);
        assert_eq!(ProcessState::of(u32::MAX), ProcessState::Exiting);
    }
}
