//! Which processor a process runs on. Wake-ups cost more than everything else here, so this
//! decides more than the peer does.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::roles;

/// The processor that a process pins itself to.
const SEAT: &str = "GOPLUG_BENCH_CPU";
/// The processor that a host assigns to the process that it starts.
const SEAT_OF_OTHER: &str = "GOPLUG_BENCH_OTHER_CPU";

/// Where host and plugin run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Both on the same processor: what a call costs in instructions and switches.
    OneCore,
    /// Each on its own, kept awake by a spinner of idle priority: what is left when no
    /// processor has to be woken.
    Apart,
    /// Wherever the scheduler puts them.
    AsIs,
}

impl Placement {
    pub(crate) const ALL: [Self; 3] = [Self::OneCore, Self::Apart, Self::AsIs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneCore => "one-core",
            Self::Apart => "apart",
            Self::AsIs => "as-is",
        }
    }

    /// How it is named in a table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::OneCore => "one core",
            Self::Apart => "apart, kept awake",
            Self::AsIs => "as the machine is",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|placement| placement.name() == name)
    }

    /// Assigns seats to a host that is about to be started, and to what it will start.
    ///
    /// # Errors
    /// Where the machine has too few processors.
    pub(crate) fn assign(self, host: &mut Command) -> Result<()> {
        let processors = processors()?;
        let seats = match (self, &processors[..]) {
            (Self::AsIs, _) => None,
            (Self::OneCore, [first, ..]) => Some((first, first)),
            (Self::Apart, [first, second, ..]) => Some((first, second)),
            _ => bail!("there are too few processors"),
        };
        if let Some((seat, other)) = seats {
            host.env(SEAT, seat.to_string()).env(SEAT_OF_OTHER, other.to_string());
        }
        Ok(())
    }

    /// What has to go on beside the samples of this placement.
    pub(crate) fn surroundings(self) -> Result<Vec<Spinner>> {
        match self {
            Self::Apart => processors()?.into_iter().take(2).map(Spinner::start).collect(),
            Self::OneCore | Self::AsIs => Ok(Vec::new()),
        }
    }
}

/// Pins this process, if it was told to. Has to come before any thread is started.
pub(crate) fn take_seat() -> Result<()> {
    match std::env::var(SEAT) {
        Ok(processor) => pin(processor.parse().context(SEAT)?),
        Err(_) => Ok(()),
    }
}

/// The variable and value that seats a process which this host starts.
pub(crate) fn seat_of_other() -> Option<(&'static str, String)> {
    Some((SEAT, std::env::var(SEAT_OF_OTHER).ok()?))
}

fn pin(processor: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(processor);
    Ok(sched_setaffinity(None, &set)?)
}

/// The processors that this process may use.
fn processors() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|processor| set.is_set(*processor)).collect())
}

/// A process that keeps a processor from halting, and yields to whatever else wants it.
pub(crate) struct Spinner(Child);

impl Spinner {
    fn start(processor: usize) -> Result<Self> {
        let mut command = roles::command(&[roles::SPINNER])?;
        command.env(SEAT, processor.to_string()).stdin(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        // It may be gone, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Spins until the director is gone.
pub(crate) fn spin() -> Result<()> {
    die_with_parent()?;
    be_idle()?;
    loop {
        std::hint::spin_loop();
    }
}

/// Nothing that was started stays behind, whatever happens to its host.
pub(crate) fn die_with_parent() -> Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Runs from now on only when nothing else does.
#[allow(unsafe_code, reason = "no safe crate sets a scheduling policy")]
fn be_idle() -> Result<()> {
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling process, and the parameter lives through the call.
    let set = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) };
    if set == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().into()) }
}
