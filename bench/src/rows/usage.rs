//! What processes have used: processor time, and how often they went to sleep.

use std::path::Path;

use anyhow::{Context, Result};

use crate::vocabulary::Peer;

/// What all threads of a process have used since they started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Processor time in milliseconds.
    pub(super) millis: f64,
    /// How often a thread has gone to sleep voluntarily.
    pub(super) sleeps: f64,
}

impl Usage {
    pub(super) fn of_this_process() -> Result<Self> {
        Self::of("self")
    }

    fn of(process: &str) -> Result<Self> {
        let mut usage = Self::default();
        for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
            usage.add(&thread?.path())?;
        }
        Ok(usage)
    }

    fn add(&mut self, thread: &Path) -> Result<()> {
        // The first of three numbers is the processor time in nanoseconds.
        let schedule = std::fs::read_to_string(thread.join("schedstat"))?;
        let nanos = schedule.split_whitespace().next().context("an empty schedstat")?;
        self.millis += nanos.parse::<f64>()? / 1e6;
        let status = std::fs::read_to_string(thread.join("status"))?;
        let switches =
            status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        self.sleeps += switches.context("no switches are counted")?.trim().parse::<f64>()?;
        Ok(())
    }
}

/// The processor time that this host and the plugin process of a peer use from now on.
pub(super) struct ProcessorTime {
    plugin: String,
    before: f64,
}

impl ProcessorTime {
    pub(super) fn start<P: Peer>(peer: &P) -> Result<Self> {
        let plugin = peer.process_id()?.to_string();
        let before = millis_of_both(&plugin)?;
        Ok(Self { plugin, before })
    }

    /// The processor time of each of this many calls, in microseconds.
    pub(super) fn micros_per_call(&self, calls: i64) -> Result<f64> {
        Ok((millis_of_both(&self.plugin)? - self.before) * 1e3 / calls as f64)
    }
}

fn millis_of_both(plugin: &str) -> Result<f64> {
    Ok(Usage::of_this_process()?.millis + Usage::of(plugin)?.millis)
}
