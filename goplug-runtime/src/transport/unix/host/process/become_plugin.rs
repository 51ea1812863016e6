//! What a new process does on every Unix before it runs the plugin's program.
//!
//! It must not allocate, lock or panic, since the other threads of the host are not there to let go of
//! what they hold. Every call is async-signal-safe.

// No safe crate offers these calls between fork and exec.
#![allow(unsafe_code)]

use std::os::fd::AsRawFd;

use super::failure::{Reason, Step, check};
use super::plan::Plan;

/// The exit code of a child that cannot become the plugin.
pub(in crate::transport::unix) const EXIT_FAILED: i32 = 127;

/// Puts the descriptors in their places, enters the plugin's folder, and says in the environment which
/// process this is.
///
/// # Safety
/// To be called in the new process, once.
pub(in crate::transport::unix) unsafe fn take_places(plan: &mut Plan) -> Result<(), Reason> {
    // SAFETY: system calls on descriptors and memory that the plan holds.
    unsafe {
        for (number, fd) in (0..).zip(&plan.passed) {
            check(Step::Prepare, libc::dup2(fd.as_raw_fd(), number))?;
        }
        check(Step::Folder, libc::chdir(plan.folder.as_ptr()))?;
        if let Some(entry) = plan.envp.pointers.first_mut() {
            *entry = plan.listen_pid.set(libc::getpid().unsigned_abs());
        }
    }
    Ok(())
}

/// Gives every signal its default effect, then lets them through.
///
/// # Safety
/// As for [`take_places`].
pub(in crate::transport::unix) unsafe fn default_signals() {
    // SAFETY: both values are plain data for which zero is valid. A signal that can have no
    // handler is refused without effect.
    unsafe {
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=64 {
            libc::sigaction(signal, &raw const default, std::ptr::null_mut());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Blocks every signal in the calling thread, as a start needs it.
pub(in crate::transport::unix) fn block_signals() {
    // SAFETY: the set is plain data, filled before it is used; both calls touch
    // nothing but it and the thread's mask.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}
