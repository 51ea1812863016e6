//! Groups of processes.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

/// What a group of processes is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GroupSignal {
    /// As Ctrl-C does it.
    Interrupt,
    /// They end at once.
    Kill,
}

/// Has a command run in a process group of its own, so that all that it starts can be ended. What is typed
/// at the terminal does not reach it.
pub(crate) fn of_own_group(command: &mut Command) {
    command.process_group(0);
}

/// Sends a signal to the group that this process leads. A group that is gone is no error.
pub(crate) fn signal_group(leader: u32, signal: GroupSignal) {
    let signal = match signal {
        GroupSignal::Interrupt => Signal::INT,
        GroupSignal::Kill => Signal::KILL,
    };
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
}
