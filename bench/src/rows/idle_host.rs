//! A host with several plugins, each of which has been called, and with nothing to do: how much
//! processor time it uses and how often it wakes up.

use std::path::Path;

use anyhow::{Context, Result};

use crate::vocabulary::{Client, Peer, PluginProgram, Scale, workload};

pub(super) async fn sample<P: Peer>(program: PluginProgram, scale: Scale) -> Result<Vec<f64>> {
    let mut peers = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..workload::IDLE_PLUGINS / P::PROCESSES {
        let mut peer = P::new(program).await?;
        peer.start().await?;
        let mut client = peer.client().await?;
        client.add(2, 3).await?;
        peers.push(peer);
        clients.push(client);
    }
    tokio::time::sleep(workload::settle_time(P::PROCESSES)).await;
    let (before, time) = (Usage::now()?, workload::idle_time(scale));
    tokio::time::sleep(time).await;
    let (after, seconds) = (Usage::now()?, time.as_secs_f64());
    drop(clients);
    for mut peer in peers {
        peer.stop().await?;
    }
    let per_second = |before: f64, after: f64| (after - before) / seconds;
    Ok(vec![per_second(before.millis, after.millis), per_second(before.sleeps, after.sleeps)])
}

/// What all threads of this process have used since they started.
struct Usage {
    /// Processor time in milliseconds.
    millis: f64,
    /// How often a thread has gone to sleep voluntarily.
    sleeps: f64,
}

impl Usage {
    fn now() -> Result<Self> {
        let mut usage = Self { millis: 0.0, sleeps: 0.0 };
        for thread in std::fs::read_dir("/proc/self/task")? {
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
