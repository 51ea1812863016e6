//! Pins processes to processors, as a placement demands.
//!
//! A process finds its processor in an environment variable and pins itself, before it starts
//! any thread.

use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::vocabulary::Placement;

/// The processor to which a process pins itself.
pub(super) const CPU: &str = "GOPLUG_BENCH_CPU";
/// The processor to which the processes that a host starts pin themselves.
const PLUGIN_CPU: &str = "GOPLUG_BENCH_OTHER_CPU";

/// Fails if this machine has too few processors for a placement.
pub(crate) fn check(placement: Placement) -> Result<()> {
    cpus_for(placement)?;
    Ok(())
}

/// Pins a host that is about to be started, and the plugin process that it will start.
///
/// # Errors
/// The machine has too few processors for the placement.
pub(crate) fn assign(placement: Placement, host: &mut Command) -> Result<()> {
    if let Some(Cpus { host: cpu, plugin }) = cpus_for(placement)? {
        host.env(CPU, cpu.to_string()).env(PLUGIN_CPU, plugin.to_string());
    }
    Ok(())
}

/// Pins this process, if the process that started it has assigned a processor. Must be called
/// before any thread is started.
pub(crate) fn pin_this_process() -> Result<()> {
    match std::env::var(CPU) {
        Ok(cpu) => pin(cpu.parse().context(CPU)?),
        Err(_) => Ok(()),
    }
}

/// The environment variable, name and value, that pins a plugin process which this host
/// starts.
pub(crate) fn variable_for_plugin() -> Option<(&'static str, String)> {
    Some((CPU, std::env::var(PLUGIN_CPU).ok()?))
}

/// The processors that this process may use.
pub(super) fn available_cpus() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
}

/// The processors of a host and of the plugin process that it starts.
struct Cpus {
    host: usize,
    plugin: usize,
}

/// `None` if the scheduler is to choose.
fn cpus_for(placement: Placement) -> Result<Option<Cpus>> {
    match (placement, &available_cpus()?[..]) {
        (Placement::AsIs | Placement::Loaded, _) => Ok(None),
        (Placement::OneCore, &[first, ..]) => Ok(Some(Cpus { host: first, plugin: first })),
        (Placement::Apart, &[first, second, ..]) => Ok(Some(Cpus { host: first, plugin: second })),
        _ => bail!("there are too few processors"),
    }
}

fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}
