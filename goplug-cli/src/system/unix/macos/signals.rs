//! How this process is set up for signals.

// No safe crate reads the disposition of a signal.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

/// Whether this process ignores the signal of this number; not if the system does not say.
pub(in crate::system::unix) fn ignores(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, the pointer is to a value of ours, and zero is valid for it.
    unsafe {
        let known = libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0;
        known && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}
