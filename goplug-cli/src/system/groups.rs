//! Groups of processes.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

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

    /// The process that leads the group.
    pub(crate) fn leader(&self) -> Option<Pid> {
        self.0
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
