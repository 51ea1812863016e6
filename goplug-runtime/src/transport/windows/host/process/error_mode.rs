//! What Windows does about a process that cannot be loaded: by default it opens a window and waits for a
//! click, and the process with it.
//!
//! A new process has the mode of the process that starts it. So this one changes its own for as long as it
//! starts another.

// No safe crate has these two calls.
#![allow(unsafe_code)]

use std::sync::{Mutex, MutexGuard, PoisonError};

use windows_sys::Win32::System::Diagnostics::Debug::{
    GetErrorMode, SEM_FAILCRITICALERRORS, SetErrorMode, THREAD_ERROR_MODE,
};

/// The starts of this moment.
static STARTS: Mutex<Starts> = Mutex::new(Starts { count: 0, before: 0 });

struct Starts {
    count: usize,
    /// The mode before the first of them.
    before: THREAD_ERROR_MODE,
}

/// As long as it is there, a process that is started reports by its exit code that it cannot be loaded.
#[derive(Debug)]
pub(super) struct WithoutWindows(());

impl WithoutWindows {
    pub(super) fn new() -> Self {
        let mut starts = lock();
        if starts.count == 0 {
            // SAFETY: the calls take and return numbers.
            unsafe {
                starts.before = GetErrorMode();
                SetErrorMode(starts.before | SEM_FAILCRITICALERRORS);
            }
        }
        starts.count += 1;
        Self(())
    }
}

impl Drop for WithoutWindows {
    fn drop(&mut self) {
        let mut starts = lock();
        starts.count -= 1;
        if starts.count == 0 {
            // SAFETY: the call takes and returns a number.
            unsafe { SetErrorMode(starts.before) };
        }
    }
}

fn lock() -> MutexGuard<'static, Starts> {
    STARTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_off_as_long_as_anybody_starts_a_process() {
        // SAFETY: the call returns a number.
        let is_off = || unsafe { GetErrorMode() } & SEM_FAILCRITICALERRORS != 0;
        let (first, second) = (WithoutWindows::new(), WithoutWindows::new());
        drop(first);
        assert!(is_off());
        drop(second);
    }
}
