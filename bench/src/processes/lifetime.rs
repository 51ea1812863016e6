//! No process of a run survives it.

use std::process::Child;

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};

/// Lets the system kill this process when its parent ends, however it ends.
pub(crate) fn die_with_parent() -> Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Kills a host and the processes that it has started. A peer's dedicated program, unlike the
/// benchmark's own, does not end when its host does.
pub(crate) fn kill_with_children(host: &mut Child) {
    let children = format!("/proc/{0}/task/{0}/children", host.id());
    let children = std::fs::read_to_string(children).unwrap_or_default();
    // A process that has already ended cannot be killed, and need not be.
    let _ = host.kill();
    for child in children.split_whitespace() {
        if let Some(pid) = child.parse().ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
