//! A process that this one has started, by a descriptor.
//!
//! The descriptor is a pidfd where the system has them. A container may have none, or refuse a call that
//! takes one: then a thread waits for the process, or the call takes the number. The number is the
//! process's own until it was reaped, and others may reap it only if this program ignores `SIGCHLD` or
//! waits for any child.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group,
    pidfd_open, pidfd_send_signal, test_kill_process, waitid,
};

use super::pidfd::{self, Reaped};
use crate::transport::start_thread;
use crate::transport::unix::refusal::{is_refusal, name_refusal};

/// A process that this one has started. The descriptor becomes readable when the process has ended.
#[derive(Clone, Debug)]
pub(in crate::transport::unix) struct ProcessFd {
    pid: Pid,
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    descriptor: OwnedFd,
    kind: Kind,
    /// Whether this has reaped the process. Locked while the number is used.
    was_reaped: Mutex<bool>,
}

/// What the descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pidfd,
    /// A pipe that a thread closes when the process has ended.
    Pipe,
}

impl ProcessFd {
    /// A child for which the system has given a pidfd.
    pub(super) fn new(pid: Pid, pidfd: OwnedFd) -> Self {
        Self::of(pid, pidfd, Kind::Pidfd)
    }

    /// A child for which there is no pidfd yet, and perhaps never.
    ///
    /// # Errors
    /// The system's error. The child goes on.
    pub(super) fn watch(pid: Pid) -> io::Result<Self> {
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Self::new(pid, pidfd)),
            // It may have ended already, and have been reaped by another part of this program.
            Err(errno) if is_refusal(errno) || errno == Errno::SRCH => Self::wait_in_thread(pid),
            Err(error) => Err(error.into()),
        }
    }

    fn wait_in_thread(pid: Pid) -> io::Result<Self> {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid), ended | WaitIdOptions::NOHANG) {
            Ok(_) | Err(Errno::CHILD) => {}
            Err(error) => return Err(name_refusal("waitid", error.into())),
        }
        let (is_ended, end) = io::pipe()?;
        start_thread("goplug-wait", move || {
            while let Err(Errno::INTR) = waitid(WaitId::Pid(pid), ended) {}
            drop(end);
        })?;
        Ok(Self::of(pid, is_ended.into(), Kind::Pipe))
    }

    fn of(pid: Pid, descriptor: OwnedFd, kind: Kind) -> Self {
        let was_reaped = Mutex::new(false);
        Self { pid, handle: Arc::new(Handle { descriptor, kind, was_reaped }) }
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
        let sent = self.by_pidfd(|pidfd| pidfd_send_signal(pidfd, signal)).unwrap_or_else(|| {
            let reaped = self.lock();
            if self.was_reaped(*reaped) { Ok(()) } else { kill_process(self.pid, signal) }
        });
        unless_gone(sent)
    }

    /// `waitid` for the process.
    ///
    /// # Errors
    /// The system's error; [`Errno::CHILD`] if somebody else has reaped it.
    pub(in crate::transport::unix) fn wait(
        &self,
        options: WaitIdOptions,
    ) -> rustix::io::Result<Option<WaitIdStatus>> {
        if options.contains(WaitIdOptions::NOWAIT) {
            return self.look(options);
        }
        if !options.contains(WaitIdOptions::NOHANG) {
            // Whoever signals meanwhile need not wait.
            self.look(options | WaitIdOptions::NOWAIT)?;
        }
        let mut reaped = self.lock();
        let status = self.look(options | WaitIdOptions::NOHANG)?;
        *reaped |= status.is_some();
        Ok(status)
    }

    fn look(&self, options: WaitIdOptions) -> rustix::io::Result<Option<WaitIdStatus>> {
        self.by_pidfd(|pidfd| waitid(WaitId::PidFd(pidfd.as_fd()), options))
            .unwrap_or_else(|| waitid(WaitId::Pid(self.pid), options))
    }

    /// Kills the group that the process leads, or led.
    ///
    /// # Errors
    /// The system's error. It is not an error if the group has ended.
    pub(in crate::transport::unix) fn kill_group(&self) -> io::Result<()> {
        let killed = self.by_pidfd(|pidfd| pidfd::kill_group(pidfd.as_fd()));
        unless_gone(killed.unwrap_or_else(|| self.kill_group_by_number()))
    }

    /// The number stays the group's as long as the leader was not reaped, or the group has members. If
    /// the leader was reaped and there is a process of its number, that is another one.
    fn kill_group_by_number(&self) -> rustix::io::Result<()> {
        let reaped = self.lock();
        if self.was_reaped(*reaped) && test_kill_process(self.pid) != Err(Errno::SRCH) {
            return Ok(());
        }
        kill_process_group(self.pid, Signal::KILL)
    }

    /// Asks the kernel for the status of a process that somebody else has reaped; `None` if it has not kept
    /// it, or does not have it yet.
    pub(in crate::transport::unix) fn status_after_reaping(&self) -> Option<ExitStatus> {
        if self.handle.kind != Kind::Pidfd {
            return None;
        }
        match pidfd::status_after_reaping(self.handle.descriptor.as_fd()) {
            Reaped::Status(status) => Some(status),
            Reaped::NotYet | Reaped::Unknown => None,
        }
    }

    /// What a call for the pidfd gives; `None` if there is none, or if the system refuses the call.
    fn by_pidfd<T>(
        &self,
        call: impl FnOnce(&OwnedFd) -> rustix::io::Result<T>,
    ) -> Option<rustix::io::Result<T>> {
        if self.handle.kind != Kind::Pidfd {
            return None;
        }
        let outcome = call(&self.handle.descriptor);
        Some(outcome).filter(|outcome| !outcome.as_ref().is_err_and(|errno| is_refusal(*errno)))
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.handle.was_reaped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the number may be another process's by now.
    fn was_reaped(&self, by_this: bool) -> bool {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        by_this || matches!(self.look(ended), Err(Errno::CHILD))
    }
}

/// It is no error that a process or its group has ended.
fn unless_gone(signalled: rustix::io::Result<()>) -> io::Result<()> {
    match signalled {
        Err(Errno::SRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl AsRawFd for ProcessFd {
    fn as_raw_fd(&self) -> RawFd {
        self.handle.descriptor.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    /// A process that leads its group and ends when its standard input does, and the other member.
    struct Group {
        shell: Child,
        member: u32,
    }

    impl Group {
        fn new() -> Self {
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", "sleep 1000 & echo $!; read line; exit 7"]).process_group(0);
            shell.stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut shell = shell.spawn().unwrap();
            let mut line = String::new();
            BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
            Self { shell, member: line.trim().parse().unwrap() }
        }

        fn leader(&self) -> Pid {
            Pid::from_child(&self.shell)
        }

        /// The two ways to watch the leader.
        fn watches(&self) -> [ProcessFd; 2] {
            let watch = ProcessFd::watch(self.leader()).unwrap();
            assert_eq!(watch.handle.kind, Kind::Pidfd);
            [watch, ProcessFd::wait_in_thread(self.leader()).unwrap()]
        }

        fn reap(&mut self) {
            drop(self.shell.stdin.take());
            self.shell.wait().unwrap();
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            let member = Pid::from_raw(self.member.cast_signed()).unwrap();
            let _ = kill_process(member, Signal::KILL);
            drop(self.shell.kill());
            drop(self.shell.wait());
        }
    }

    fn wait_until_dead(process: u32) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let is_dead = || {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
        };
        while !is_dead() {
            assert!(Instant::now() < deadline, "{process} lives");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_group_of_a_reaped_leader_is_killed() {
        for way in 0..2 {
            let mut group = Group::new();
            let watch = &group.watches()[way];
            group.reap();
            watch.kill_group().unwrap();
            wait_until_dead(group.member);
            watch.kill_group().unwrap();
        }
    }

    #[test]
    fn a_group_is_killed_by_its_number_if_the_call_for_its_pidfd_is_refused() {
        let mut group = Group::new();
        let watch = &group.watches()[0];
        group.reap();
        watch.kill_group_by_number().unwrap();
        wait_until_dead(group.member);
    }

    #[test]
    fn a_number_that_was_given_to_another_process_is_left_alone() {
        for way in 0..2 {
            let (mut group, mut other) = (Group::new(), Group::new());
            let [by_pidfd, by_thread] = group.watches();
            group.reap();
            let given = match way {
                0 => ProcessFd { pid: other.leader(), ..by_pidfd },
                _ => ProcessFd { pid: other.leader(), ..by_thread },
            };
            *given.lock() = true;
            given.kill_group_by_number().unwrap();
            if way == 1 {
                given.signal(Signal::KILL).unwrap();
            }
            assert!(other.shell.try_wait().unwrap().is_none());
        }
    }

    #[test]
    fn a_thread_tells_of_the_end_and_leaves_the_status() {
        let mut group = Group::new();
        let watch = ProcessFd::wait_in_thread(group.leader()).unwrap();
        let at_once = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        assert!(watch.wait(at_once).unwrap().is_none());
        drop(group.shell.stdin.take());
        let descriptor = watch.handle.descriptor.try_clone().unwrap();
        assert_eq!(std::fs::File::from(descriptor).read(&mut [0]).unwrap(), 0);
        let status = watch.wait(WaitIdOptions::EXITED).unwrap().unwrap();
        assert_eq!(status.exit_status(), Some(7));
        assert!(*watch.lock());
        watch.kill_group().unwrap();
        wait_until_dead(group.member);
        watch.signal(Signal::KILL).unwrap();
        assert_eq!(watch.wait(at_once).unwrap_err(), Errno::CHILD);
    }
}
