//! Groups of processes.

use std::io;
use std::path::Path;

use rustix::process::{Pid, Signal, getpgid, kill_process, kill_process_group};
use tokio::process::{Child, Command};

use super::files::real_path;
use super::system::{executable, process_ids};

/// The process group of a child, with everything that the child starts and that does not leave it. It is
/// killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// Starts a command in a group of its own. What is typed at the terminal does not reach it.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let leader = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok((child, Self(leader)))
    }

    /// Asks the process that leads the group to end.
    ///
    /// # Errors
    /// The system's error: it is gone.
    pub(super) fn terminate(&self) -> io::Result<()> {
        let leader = self.0.ok_or(io::ErrorKind::NotFound)?;
        Ok(kill_process(leader, Signal::TERM)?)
    }

    /// Whether a process of the group runs this program, or ran it before it was replaced.
    pub(crate) fn runs(&self, program: &Path) -> bool {
        let Ok(program) = real_path(program) else { return false };
        let Some(leader) = self.0 else { return false };
        let is_member = |pid: u32| {
            let pid = Pid::from_raw(pid.cast_signed());
            pid.is_some_and(|pid| getpgid(Some(pid)) == Ok(leader))
        };
        process_ids().any(|pid| executable(pid).as_ref() == Some(&program) && is_member(pid))
    }

    /// Tells the group what Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        // The number may soon be that of another group.
        self.0 = None;
    }

    /// Leaves the processes of the group alone.
    pub(crate) fn release(mut self) {
        self.0 = None;
    }

    /// A group that is gone is no error.
    fn signal(&self, signal: Signal) {
        let _ = self.0.map(|group| kill_process_group(group, signal));
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn a_group_runs_the_program_of_each_of_its_processes() {
        let folder = tempfile::tempdir().unwrap();
        let (program, other) = (folder.path().join("program"), folder.path().join("other"));
        for copy in [&program, &other] {
            fs::copy("/bin/sh", copy).unwrap();
        }
        let mut command = Command::new(&program);
        command.arg("-c").arg("read line").stdin(std::process::Stdio::piped());
        let (child, group) = Group::spawn(&mut command).unwrap();
        // Until it executes the program, it is a copy of this process.
        while !group.runs(&program) {}
        assert!(!group.runs(&other));
        fs::rename(&other, &program).unwrap();
        assert!(group.runs(&program), "the program was replaced, and is run from its old file");
        drop((child, group));
    }
}
