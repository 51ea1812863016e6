//! What a pidfd can do that the process id cannot: it never refers to another process, not even after
//! the process was reaped.
//!
//! Another part of this program may reap the processes that are started here: it ignores `SIGCHLD`,
//! or waits for any child. Recent kernels then still tell how a process ended, and reach its group.

// No safe crate has these two calls.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::io::Errno;
use rustix::process::Signal;

/// `PIDFD_SIGNAL_PROCESS_GROUP`, since Linux 6.9.
const SIGNAL_PROCESS_GROUP: libc::c_uint = 1 << 2;

/// `PIDFD_GET_INFO`, since Linux 6.13: the group 0xff, the number 11, and the size of [`Info`].
const GET_INFO: libc::Ioctl = 0xc040_ff0b_u32 as libc::Ioctl;

/// `PIDFD_INFO_EXIT`, since Linux 6.15.
const INFO_EXIT: u64 = 1 << 3;

/// `struct pidfd_info`, in its first version.
#[repr(C)]
#[derive(Default)]
struct Info {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

/// Kills the group that the process leads, or led.
///
/// # Errors
/// The system's error; [`Errno::SRCH`] if the group has ended.
pub(super) fn kill_group(pidfd: BorrowedFd<'_>) -> Result<(), Errno> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, and the kernel allows a null pointer here.
    let result = unsafe {
        let number = libc::SYS_pidfd_send_signal;
        let signal = Signal::KILL.as_raw();
        libc::syscall(number, pidfd.as_raw_fd(), signal, no_info, SIGNAL_PROCESS_GROUP)
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// How a process ended that somebody else has reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaped {
    /// The kernel has kept its status.
    Status(ExitStatus),
    /// It is just being reaped.
    NotYet,
    /// The kernel has not kept its status.
    Unknown,
}

/// Asks the kernel how a process ended that somebody else has reaped.
pub(super) fn status_after_reaping(pidfd: BorrowedFd<'_>) -> Reaped {
    let mut info = Info { mask: INFO_EXIT, ..Info::default() };
    // SAFETY: the descriptor is open, and the number of the call has the size of this struct.
    let result = unsafe { libc::ioctl(pidfd.as_raw_fd(), GET_INFO, &raw mut info) };
    if result != 0 {
        Reaped::Unknown
    } else if info.mask & INFO_EXIT != 0 {
        Reaped::Status(ExitStatus::from_raw(info.exit_code))
    } else {
        Reaped::NotYet
    }
}

fn last_error() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::process::Command;

    use rustix::process::{Pid, PidfdFlags, WaitIdOptions, pidfd_open};

    use super::*;

    #[test]
    fn the_status_of_a_reaped_process_is_known_if_the_kernel_keeps_it() {
        let mut shell = Command::new("/bin/sh").args(["-c", "exit 78"]).spawn().unwrap();
        let pid = Pid::from_raw(shell.id().cast_signed()).unwrap();
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        let ended = rustix::process::WaitId::PidFd(pidfd.as_fd());
        rustix::process::waitid(ended, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        assert_ne!(status_after_reaping(pidfd.as_fd()), Reaped::Status(ExitStatus::from_raw(0)));
        shell.wait().unwrap();
        match status_after_reaping(pidfd.as_fd()) {
            Reaped::Status(status) => assert_eq!(status.to_string(), "exit status: 78"),
            Reaped::Unknown => {
                use std::io::Write;
                drop(writeln!(io::stderr(), "skipped: this kernel keeps no exit status"));
            }
            Reaped::NotYet => panic!("it was reaped"),
        }
    }
}
