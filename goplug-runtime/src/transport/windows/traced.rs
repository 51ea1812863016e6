//! Whether a debugger is attached to a process.

// No safe crate asks for it.
#![allow(unsafe_code)]

use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::System::Diagnostics::Debug::CheckRemoteDebuggerPresent;
use windows_sys::Win32::System::Threading::PROCESS_QUERY_INFORMATION;

use super::call_result::succeeded;
use super::process_handle::open_process;

/// Whether a debugger is attached to the process of this id; not if the system does not say.
pub fn is_traced(process: u32) -> bool {
    let Ok(handle) = open_process(process, PROCESS_QUERY_INFORMATION) else { return false };
    let mut is_traced = 0;
    // SAFETY: the handle is open, and the pointer is to a number of ours.
    let asked = succeeded(unsafe {
        CheckRemoteDebuggerPresent(handle.as_raw_handle(), &raw mut is_traced)
    });
    asked.is_ok() && is_traced != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_nobody_traces_or_that_is_gone_is_not_traced() {
        assert!(!is_traced(std::process::id()));
        assert!(!is_traced(u32::MAX));
    }
}
