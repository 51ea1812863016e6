//! A filter of system calls: what a sandbox refuses and Landlock does not know.
//!
//! It is made in the host; the child process only installs it. `denied` is the list of refused calls, and
//! `program` puts it in the form that the kernel takes. It is ours, because the crates for it know one error for
//! all refusals, and let calls of another ABI pass a list of refusals.

// Only a raw call installs a filter.
#![allow(unsafe_code)]

mod denied;
mod program;
#[cfg(test)]
mod tests;

use std::fs;
use std::sync::Arc;

use libc::{c_int, c_long, c_ulong, sock_filter, sock_fprog};

pub(super) use self::program::Answer;
use self::program::Rule;
use crate::transport::SandboxRules;

/// The architecture whose calls are filtered, as the kernel calls it.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// A filter in the form that the kernel takes.
#[derive(Clone, Debug)]
pub(super) struct Filter(Arc<[sock_filter]>);

impl Filter {
    /// The filter for these rules; `None` if the kernel takes none.
    pub(super) fn of(rules: &SandboxRules) -> Option<Self> {
        let program = || program::program(ARCHITECTURE, denied::LAST, denied::rules(rules));
        unsupported().is_none().then(|| Self(program().into()))
    }

    /// The filter for these rules that tells the host of these calls, and of the sockets that it refuses;
    /// `None` if the kernel takes none.
    pub(super) fn telling(rules: &SandboxRules, told: &[c_long]) -> Option<Self> {
        let program = || program::program(ARCHITECTURE, denied::LAST, denied::told(rules, told));
        unsupported().is_none().then(|| Self(program().into()))
    }

    /// As [`Filter::install`], for a filter that tells. Returns its listener, the descriptor that notifies of the
    /// calls, or -1.
    ///
    /// # Safety
    /// As for [`Filter::install`].
    pub(super) unsafe fn install_telling(&self) -> c_int {
        let filter = self.0.as_ptr().cast_mut();
        let program = sock_fprog { len: self.0.len() as u16, filter };
        let install = |flags: c_ulong| {
            let mode = c_ulong::from(libc::SECCOMP_SET_MODE_FILTER);
            // SAFETY: the kernel copies the program, whose length is that of the filter.
            unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) as c_int }
        };
        // A signal does not begin the call anew while the host looks at it (Linux 5.19).
        match install(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE_RECV) {
            -1 => install(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER),
            listener => listener,
        }
    }

    /// Filters the calls of this thread, and of the processes that it becomes and starts. Returns -1 if the
    /// kernel refuses that. It neither allocates nor locks.
    ///
    /// # Safety
    /// To be called in the new process, which needs none of the refused calls any more and has given up the
    /// privileges of setuid programs.
    pub(super) unsafe fn install(&self) -> c_int {
        let filter = self.0.as_ptr().cast_mut();
        // The longest filter has some hundred instructions.
        let program = sock_fprog { len: self.0.len() as u16, filter };
        // SAFETY: the kernel copies the program, whose length is that of the filter.
        unsafe { set_filter(&raw const program) }
    }
}

/// `SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV`.
const WAIT_KILLABLE_RECV: c_ulong = 1 << 5;

/// What a filter answers to calls, without the kernel.
#[derive(Debug)]
pub(super) struct Answers(Vec<Rule>);

impl Answers {
    /// Of the filter for these rules.
    pub(super) fn of(rules: &SandboxRules) -> Self {
        Self(denied::rules(rules))
    }

    /// The answer to a call.
    pub(super) fn to(&self, call: c_long, arguments: &[u64; 6]) -> Answer {
        let rule = self.0.iter().find(|rule| c_long::from(rule.call) == call);
        rule.map_or(Answer::Allow, |rule| rule.answer(arguments))
    }
}

/// Whether the running kernel's filters can tell of calls, leave them to the kernel (Linux 5.5), and tell that
/// no process is left (Linux 5.9).
pub(super) fn can_tell() -> bool {
    let mode = c_ulong::from(libc::SECCOMP_GET_ACTION_AVAIL);
    let action = libc::SECCOMP_RET_USER_NOTIF;
    // SAFETY: the kernel reads the number.
    let known =
        unsafe { libc::syscall(libc::SYS_seccomp, mode, 0 as c_ulong, &raw const action) == 0 };
    let release = fs::read_to_string("/proc/sys/kernel/osrelease");
    known && release.is_ok_and(|release| ends_waits(&release)) && unsupported().is_none()
}

/// Whether a kernel of this release ends the wait for the calls of a filter with the last process.
fn ends_waits(release: &str) -> bool {
    let mut numbers = release.split(|sign: char| !sign.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (5, 9),
        _ => false,
    }
}

/// Why the running kernel takes no filter, as a text for people; `None` if it takes one.
pub(super) fn unsupported() -> Option<&'static str> {
    // SAFETY: the kernel does not find a program there, and sets no filter.
    let outcome = unsafe { set_filter(std::ptr::null()) };
    let error = std::io::Error::last_os_error();
    // It is looked for only by a kernel that takes one.
    let is_supported = outcome == -1 && error.raw_os_error() == Some(libc::EFAULT);
    (!is_supported).then_some(
        "the kernel has no filters of system calls (seccomp), or another filter refuses it",
    )
}

/// # Safety
/// The program is one, or null.
unsafe fn set_filter(program: *const sock_fprog) -> c_int {
    let mode = c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: the caller passes a program that can be read.
    unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, program) }
}
