//! The end of a plugin's process group when its host is gone.
//!
//! A host kills what is left of a plugin's group when the plugin has ended. A host that was killed cannot do
//! that, so the plugin does: otherwise what it has started would outlive them both.

// No safe crate acts on a signal within its handler, where a process can still end its group although its
// only thread is blocked.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::process::{Signal, getpgrp, getpid, kill_current_process_group};
use signal_hook_registry::SigId;

use super::Lifeline;
use crate::transport::unix::system::is_alone_in_group;

/// Kills the process group of this process, and this process with it, if its host has ended or does within
/// the limit, and if this process leads the group as one that a host has started does. A process that is
/// alone in its group ends by itself, with its own exit status.
pub fn end_orphaned_group(lifeline: &Lifeline, limit: Duration) {
    let has_ended = lifeline.ends_within(Duration::ZERO);
    if (has_ended || !limit.is_zero()) && leads_group() && !is_alone_in_group() {
        end_group(lifeline, limit);
    }
}

fn leads_group() -> bool {
    getpgrp() == getpid()
}

/// Kills the process group if the host ends within the limit. Makes system calls alone.
fn end_group(lifeline: &Lifeline, limit: Duration) {
    if lifeline.ends_within(limit) {
        // There is nobody to tell if the system refuses.
        let _ = kill_current_process_group(Signal::KILL);
    }
}

/// What `SIGTERM` does until this is dropped: it ends the process as it does by default, and before that its
/// group, if its host has ended. Then something else has to listen to that signal: by itself it does nothing
/// any more.
#[derive(Debug)]
pub struct GroupGuard(Option<SigId>);

impl GroupGuard {
    /// Changes nothing if the program handles or ignores the signal itself. A host may take as long as the
    /// limit to end after the signal of its end has come.
    ///
    /// # Errors
    /// The system's error.
    pub fn new(lifeline: &Lifeline, limit: Duration) -> io::Result<Self> {
        if !ends_process(Signal::TERM)? {
            return Ok(Self(None));
        }
        let lifeline = lifeline.try_clone()?;
        let end = move || {
            if leads_group() {
                end_group(&lifeline, limit);
            }
            // SAFETY: both functions may be called within a handler. The signal comes once more when this
            // handler returns, and then ends the process.
            unsafe {
                libc::signal(libc::SIGTERM, libc::SIG_DFL);
                libc::raise(libc::SIGTERM);
            }
        };
        // SAFETY: the action makes system calls on what it owns. It allocates, locks and panics nowhere.
        let handler = unsafe { signal_hook_registry::register(libc::SIGTERM, end) }?;
        Ok(Self(Some(handler)))
    }
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        self.0.map(signal_hook_registry::unregister);
    }
}

/// Whether this signal has its default action in this process.
fn ends_process(signal: Signal) -> io::Result<bool> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set, the pointer is to a value of ours, and zero is valid for it.
    unsafe {
        if libc::sigaction(signal.as_raw(), std::ptr::null(), action.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(action.assume_init().sa_sigaction == libc::SIG_DFL)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
    use std::sync::mpsc;

    use rustix::process::{Pid, kill_process, kill_process_group};

    use super::*;

    const ROLE: &str = "GOPLUG_TEST_GROUP";
    const READY: &str = "the child runs";
    const SOON: Duration = Duration::from_secs(30);

    /// Is a process that leads a group and has started another, if the tests below run it; its input is the
    /// lifeline.
    #[test]
    fn leader() {
        if std::env::var_os(ROLE).is_none() {
            return;
        }
        let lifeline =
            Lifeline::new(std::io::stdin().as_fd().try_clone_to_owned().unwrap()).unwrap();
        let _guard = GroupGuard::new(&lifeline, Duration::ZERO).unwrap();
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        writeln!(std::io::stdout(), "{READY}").unwrap();
        child.wait().unwrap();
    }

    struct Group {
        leader: Child,
        /// Apart from the child, which closes its input when it is waited for.
        lifeline: Option<ChildStdin>,
        output: BufReader<ChildStdout>,
    }

    impl Group {
        fn start() -> Self {
            let mut leader = Command::new(std::env::current_exe().unwrap());
            let name = module_path!().split_once("::").unwrap().1;
            leader.args(["--exact", &format!("{name}::leader"), "--nocapture"]).env(ROLE, "");
            leader.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
            let mut leader = leader.spawn().unwrap();
            let mut output = BufReader::new(leader.stdout.take().unwrap());
            let mut line = String::new();
            while !line.contains(READY) {
                line.clear();
                assert_ne!(output.read_line(&mut line).unwrap(), 0, "it has not started its child");
            }
            Self { lifeline: leader.stdin.take(), leader, output }
        }

        /// Sends `SIGTERM` to the leader alone, and gives the signal that has ended it.
        fn terminate(&mut self) -> Option<Signal> {
            kill_process(self.id(), Signal::TERM).unwrap();
            self.leader.wait().unwrap().signal().and_then(Signal::from_named_raw)
        }

        fn id(&self) -> Pid {
            Pid::from_child(&self.leader)
        }
    }

    #[test]
    fn the_signal_of_the_hosts_end_ends_the_group_before_anything_listens() {
        let mut group = Group::start();
        drop(group.lifeline.take());
        assert_eq!(group.terminate(), Some(Signal::KILL));
        // The output ends with the last process that holds it.
        let leader = group.id();
        let (ended, ends) = mpsc::channel();
        std::thread::scope(|scope| {
            let output = &mut group.output;
            scope.spawn(move || ended.send(output.read_to_end(&mut Vec::new())));
            let has_ended = ends.recv_timeout(SOON).is_ok();
            let _ = kill_process_group(leader, Signal::KILL);
            assert!(has_ended, "the child lives on");
        });
    }

    #[test]
    fn while_the_host_lives_the_signal_ends_the_process_alone() {
        let mut group = Group::start();
        assert_eq!(group.terminate(), Some(Signal::TERM));
        assert!(group.lifeline.is_some());
        kill_process_group(group.id(), Signal::KILL).expect("the child lives on");
    }
}
