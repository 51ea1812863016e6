//! Processes that keep processors awake.

use std::process::{Child, Stdio};

use anyhow::Result;

use super::lifetime::die_with_parent;
use super::pinning::{CPU, available_cpus};
use super::role::Role;
use crate::vocabulary::Placement;

/// A process that keeps one processor from halting, and yields to every other process there.
/// It ends when this is dropped.
pub(crate) struct Spinner(Child);

impl Spinner {
    fn start(cpu: usize) -> Result<Self> {
        let mut command = Role::Spinner.command(&[])?;
        command.env(CPU, cpu.to_string()).stdin(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        // Both fail only if the spinner has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the spinners that have to run during the samples of a placement.
pub(crate) fn start_for(placement: Placement) -> Result<Vec<Spinner>> {
    match placement {
        Placement::Apart => available_cpus()?.into_iter().take(2).map(Spinner::start).collect(),
        Placement::OneCore | Placement::AsIs => Ok(Vec::new()),
    }
}

/// What a spinner does: it spins until its parent ends.
pub(crate) fn spin() -> Result<()> {
    die_with_parent()?;
    use_idle_priority()?;
    loop {
        std::hint::spin_loop();
    }
}

/// From now on this process runs only when no other process wants its processor.
#[allow(unsafe_code, reason = "no safe crate sets a scheduling policy")]
fn use_idle_priority() -> Result<()> {
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling process, and the parameter lives through the call.
    let set = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) };
    if set == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().into()) }
}
