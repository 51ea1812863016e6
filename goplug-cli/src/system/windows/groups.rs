//! Groups of processes: jobs.

// The console's event is sent by a call of Windows.
#![allow(unsafe_code)]

use std::io;
use std::path::Path;

use tokio::process::{Child, Command};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED};

use super::files::real_path;
use super::job::Job;
use super::processes::{executable, process_ids};
use super::suspended::resume;

/// A child, with everything that the child starts. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    job: Job,
    /// The process, whose id is that of its console group too.
    leader: u32,
}

impl Group {
    /// Starts a command in a group of its own. What is typed at the console does not reach it.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let job = Job::new()?;
        let child = command
            .creation_flags(CREATE_SUSPENDED | CREATE_NEW_PROCESS_GROUP)
            .kill_on_drop(true)
            .spawn()?;
        let leader = child.id().ok_or(io::ErrorKind::NotFound)?;
        job.assign(leader)?;
        resume(leader)?;
        Ok((child, Self { job, leader }))
    }

    /// Whether a process of the group runs this program, or ran it before it was replaced.
    pub(crate) fn runs(&self, program: &Path) -> bool {
        let Ok(program) = real_path(program) else { return false };
        // A process has the path by which somebody started it.
        let is_it =
            |path: &Path| path == program || real_path(path).is_ok_and(|path| path == program);
        let runs_it = |pid| executable(pid).is_some_and(|path| is_it(&path));
        process_ids().any(|pid| self.job.has(pid) && runs_it(pid))
    }

    /// Tells the group what Ctrl-Break does: Ctrl-C reaches no other group.
    pub(crate) fn interrupt(&self) {
        // SAFETY: the call has no preconditions. Without a console, nothing is told.
        unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, self.leader) };
    }

    pub(crate) fn kill(&mut self) {
        self.job.kill();
    }

    /// Leaves the processes of the group alone.
    pub(crate) fn release(self) {
        self.job.release();
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    fn waiting() -> Command {
        let mut command = Command::new("cmd.exe");
        command.args(["/C", "pause"]).stdin(Stdio::piped()).stdout(Stdio::null());
        command
    }

    #[tokio::test]
    async fn a_group_runs_the_program_of_each_of_its_processes_and_ends_with_its_owner() {
        let (mut child, group) = Group::spawn(&mut waiting()).unwrap();
        let program = executable(child.id().unwrap()).unwrap();
        assert!(group.runs(&program));
        assert!(!group.runs(&std::env::current_exe().unwrap()));
        // As long as its input is open, it ends only if it is killed: with the status 0, as the end of a job does it.
        let _input = child.stdin.take();
        drop(group);
        child.wait().await.unwrap();
    }

    #[tokio::test]
    async fn a_group_that_is_released_goes_on() {
        let (mut child, group) = Group::spawn(&mut waiting()).unwrap();
        group.release();
        drop(child.stdin.take());
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
    }
}
