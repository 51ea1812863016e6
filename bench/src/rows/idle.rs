//! A host with several plugins, each of which has been called, that has nothing to do: the
//! processor time that it takes all the same, and how often it wakes up.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::{Figure, Scale};
use crate::peers::{End, Link, Peer};

pub(super) const FIGURES: [Figure; 2] = [
    Figure { title: "Processor time of an idle host with 4 plugins", unit: "ms per s" },
    Figure { title: "Wake-ups of an idle host with 4 plugins", unit: "1/s" },
];

pub(crate) const PLUGINS: usize = 4;

/// How long a host is watched.
pub(crate) fn watched(scale: Scale) -> Duration {
    scale.pick(Duration::from_secs(10), Duration::from_secs(2))
}

/// When a host is at rest, by how many plugins one start of it brings. A registry, which has
/// them all, looks twice at a folder that has just changed.
pub(crate) fn settle(processes: usize) -> Duration {
    if processes > 1 { Duration::from_secs(4) } else { Duration::from_millis(500) }
}

pub(super) async fn sample<P: Peer>(end: End, scale: Scale) -> Result<Vec<f64>> {
    let mut peers = Vec::new();
    let mut links = Vec::new();
    for _ in 0..PLUGINS / P::PROCESSES {
        let mut peer = P::new(end).await?;
        peer.start().await?;
        let mut link = peer.link().await?;
        link.add(2, 3).await?;
        peers.push(peer);
        links.push(link);
    }
    tokio::time::sleep(settle(P::PROCESSES)).await;
    let (before, time) = (Spent::now()?, watched(scale));
    tokio::time::sleep(time).await;
    let (after, seconds) = (Spent::now()?, time.as_secs_f64());
    drop(links);
    for mut peer in peers {
        peer.stop().await?;
    }
    let share = |before: f64, after: f64| (after - before) / seconds;
    Ok(vec![share(before.millis, after.millis), share(before.sleeps, after.sleeps)])
}

/// What all threads of this process have spent.
struct Spent {
    millis: f64,
    /// How often one has gone to sleep by itself.
    sleeps: f64,
}

impl Spent {
    fn now() -> Result<Self> {
        let mut spent = Self { millis: 0.0, sleeps: 0.0 };
        for thread in std::fs::read_dir("/proc/self/task")? {
            spent.add(&thread?.path())?;
        }
        Ok(spent)
    }

    fn add(&mut self, thread: &Path) -> Result<()> {
        // The first of three numbers: for how many nanoseconds it has run.
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
