//! Processes that keep processors awake or busy.

use std::process::{Child, Stdio};

use anyhow::Result;

use super::lifetime::die_with_parent;
use super::pinning::{CPU, available_cpus};
use super::role::Role;
use crate::vocabulary::Placement;

/// A process that computes on one processor. It ends when this is dropped.
pub(crate) struct Spinner(Child);

impl Spinner {
    fn start(cpu: usize, priority: Priority) -> Result<Self> {
        let mut command = Role::Spinner.command(&[priority.name()])?;
        command.env(CPU, cpu.to_string()).stdin(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

/// Whether a spinner yields to the other processes of its processor.
#[derive(Clone, Copy, Debug)]
enum Priority {
    /// It only keeps the processor from halting.
    Idle,
    /// It has its share, as any other process.
    Normal,
}

impl Priority {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Normal => "normal",
        }
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
        Placement::Apart => {
            let cpus = available_cpus()?.into_iter().take(2);
            cpus.map(|cpu| Spinner::start(cpu, Priority::Idle)).collect()
        }
        Placement::Loaded => {
            let cpus = available_cpus()?.into_iter();
            cpus.map(|cpu| Spinner::start(cpu, Priority::Normal)).collect()
        }
        Placement::OneCore | Placement::AsIs => Ok(Vec::new()),
    }
}

/// What a spinner does: it spins until its parent ends.
pub(crate) fn spin(priority: &str) -> Result<()> {
    die_with_parent()?;
    if priority == Priority::Idle.name() {
        use_idle_priority()?;
    }
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
