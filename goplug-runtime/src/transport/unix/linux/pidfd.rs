//! What a pidfd can do that the process id cannot: it never refers to another process, not even after
//! the process was reaped.
//!
//! Another part of this program may reap the processes that are started here: it ignores `SIGCHLD`,
//! or waits for any child. Recent kernels then still tell how a process ended, and reach its group.

// No safe crate has these two calls.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus};

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

/// A process that this one has started, by a descriptor that never refers to another. It becomes readable
/// when the process has ended.
#[derive(Clone, Debug)]
pub(in crate::transport::unix) struct ProcessFd {
    pid: Pid,
    pidfd: Arc<OwnedFd>,
}

impl ProcessFd {
    pub(super) fn new(pid: Pid, pidfd: OwnedFd) -> Self {
        Self { pid, pidfd: Arc::new(pidfd) }
    }

    /// The process id, which may be another process's once this one was reaped.
    pub(in crate::transport::unix) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a signal to the process. It is not an error if it was reaped.
    ///
    /// # Errors
    /// The system's error.
    pub(in crate::transport::unix) fn signal(&self, signal: Signal) -> io::Result<()> {
        match rustix::process::pidfd_send_signal(&*self.pidfd, signal) {
            Err(Errno::SRCH) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// `waitid` for the process.
    ///
    /// # Errors
    /// The system's error; [`Errno::CHILD`] if somebody else has reaped it.
    pub(in crate::transport::unix) fn wait(
        &self,
        options: WaitIdOptions,
    ) -> rustix::io::Result<Option<WaitIdStatus>> {
        rustix::process::waitid(WaitId::PidFd(self.pidfd.as_fd()), options)
    }

    /// Kills the group that the process leads, or led.
    ///
    /// # Errors
    /// The system's error. It is not an error if the group has ended.
    pub(in crate::transport::unix) fn kill_group(&self) -> io::Result<()> {
        kill_group(self.pidfd.as_fd(), self.pid)
    }

    /// Asks the kernel for the status of a process that somebody else has reaped; `None` if it has not kept
    /// it, or does not have it yet.
    pub(in crate::transport::unix) fn status_after_reaping(&self) -> Option<ExitStatus> {
        match status_after_reaping(self.pidfd.as_fd()) {
            Reaped::Status(status) => Some(status),
            Reaped::NotYet | Reaped::Unknown => None,
        }
    }
}

impl AsRawFd for ProcessFd {
    fn as_raw_fd(&self) -> RawFd {
        self.pidfd.as_raw_fd()
    }
}

fn kill_group(pidfd: BorrowedFd<'_>, leader: Pid) -> io::Result<()> {
    match signal_group(pidfd) {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        // An older kernel, or one that forbids the call.
        Err(Errno::INVAL | Errno::NOSYS | Errno::PERM) => kill_group_by_number(pidfd, leader),
        Err(error) => Err(error.into()),
    }
}

fn signal_group(pidfd: BorrowedFd<'_>) -> Result<(), Errno> {
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor is open, and the kernel allows a null pointer here.
    let result = unsafe {
        let number = libc::SYS_pidfd_send_signal;
        let signal = Signal::KILL.as_raw();
        libc::syscall(number, pidfd.as_raw_fd(), signal, no_info, SIGNAL_PROCESS_GROUP)
    };
    if result == 0 { Ok(()) } else { Err(last_error()) }
}

/// Kills the group whose number is the process id of its leader.
///
/// The number stays the group's as long as the leader was not reaped, or the group has members. If
/// the leader was reaped and there is a process of its id, that is another one.
fn kill_group_by_number(pidfd: BorrowedFd<'_>, leader: Pid) -> io::Result<()> {
    let was_reaped = rustix::process::pidfd_send_signal(pidfd, Signal::KILL) == Err(Errno::SRCH);
    if was_reaped && rustix::process::test_kill_process(leader) != Err(Errno::SRCH) {
        return Ok(());
    }
    match rustix::process::kill_process_group(leader, Signal::KILL) {
        Err(Errno::SRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How a process ended that somebody else has reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaped {
    /// The kernel has kept its status.
    Status(ExitStatus),
    /// It is just being reaped.
    NotYet,
    /// The kernel has not kept its status.
    Unknown,
}

fn status_after_reaping(pidfd: BorrowedFd<'_>) -> Reaped {
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
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use rustix::process::{PidfdFlags, pidfd_open};

    use super::*;

    /// A process that leads its group, and the other member of the group.
    fn group() -> (std::process::Child, Pid, OwnedFd, u32) {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "sleep 1000 & echo $!; read line"]).process_group(0);
        shell.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut line = String::new();
        let mut output = std::io::BufReader::new(shell.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        let leader = Pid::from_raw(shell.id().cast_signed()).unwrap();
        let pidfd = pidfd_open(leader, PidfdFlags::empty()).unwrap();
        (shell, leader, pidfd, line.trim().parse().unwrap())
    }

    fn wait_until_dead(process: u32) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        let is_dead = || {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
        };
        while !is_dead() {
            assert!(std::time::Instant::now() < deadline, "{process} lives");
            std::thread::yield_now();
        }
    }

    fn reap(shell: &mut std::process::Child) {
        drop(shell.stdin.take());
        shell.wait().unwrap();
    }

    #[test]
    fn the_group_of_a_reaped_leader_is_killed() {
        let (mut shell, leader, pidfd, member) = group();
        reap(&mut shell);
        kill_group(pidfd.as_fd(), leader).unwrap();
        wait_until_dead(member);
        kill_group(pidfd.as_fd(), leader).unwrap();
    }

    #[test]
    fn an_old_kernel_kills_it_by_its_number() {
        let (mut shell, leader, pidfd, member) = group();
        reap(&mut shell);
        kill_group_by_number(pidfd.as_fd(), leader).unwrap();
        wait_until_dead(member);
    }

    #[test]
    fn a_number_that_was_given_to_another_process_is_left_alone() {
        let (mut shell, _, pidfd, member) = group();
        let (mut other, another_leader, _, _) = group();
        reap(&mut shell);
        kill_group_by_number(pidfd.as_fd(), another_leader).unwrap();
        assert!(other.try_wait().unwrap().is_none());
        for leader in [another_leader, Pid::from_raw(member.cast_signed()).unwrap()] {
            let _ = rustix::process::kill_process_group(leader, Signal::KILL);
            let _ = rustix::process::kill_process(leader, Signal::KILL);
        }
        other.wait().unwrap();
    }

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
