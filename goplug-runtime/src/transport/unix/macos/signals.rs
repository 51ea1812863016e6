//! How this process is set up for signals.

// No safe crate reads the disposition of a signal.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

/// Whether this process ignores a signal of this number; not if the system does not say.
pub(in crate::transport::unix) fn ignores(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, the pointer is to a value of ours, and zero is valid for it.
    unsafe {
        let known = libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0;
        known && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Whether the system sends this process a signal when its parent ends, so that it need not wait for
/// that end. macOS has no such signal.
pub fn ends_with_parent() -> bool {
    false
}
