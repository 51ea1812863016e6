//! A plugin dies again and again: every handle, client and subscription is usable again,
//! nothing piles up in the host, and it is back as soon as it can be.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use goplug::{CallbackStream, Error, Plugin, Registry, Restart};

use super::Scale;
use crate::report::Report;
use crate::scene::{Scene, kill, open_descriptors, percentile, resident_memory};
use crate::victim::{Victim, VictimClient};

/// How long anything may take before the trial is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Handles, clients and subscriptions to one plugin.
const HOLDERS: usize = 4;

/// How often a start is measured on its own.
const STARTS: usize = 20;

/// What the first wait, the notice of the crash and the callbacks may add to a start.
const ADDED: Duration = Duration::from_millis(50);

/// Beyond this the host's memory is not level: far less than a hundred bytes for a crash.
const LEVEL: i64 = 1024;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let scene = Scene::new()?;
    // Each crash counts as the first.
    let restart = Restart::permanent().reset_after(Duration::ZERO);
    let registry = scene.registry().embed::<Victim>().restart(restart).start().await?;
    let start = own_start(&registry).await?;
    let holders = Holders::new(&registry).await?;

    let crashes = scale.pick(10_000, 300);
    let mut recoveries = Vec::with_capacity(crashes);
    let (mut unusable, mut level) = (0, None);
    for crash in 0..crashes {
        let began = Instant::now();
        holders.crash(crash).await?;
        tokio::time::timeout(PATIENCE, holders.clients[0].add(1, 1)).await??;
        recoveries.push(began.elapsed());
        unusable += holders.unusable(crash as u64).await;
        // What is kept for later use has been made by then.
        if crash == crashes / 10 {
            level = Some((open_descriptors()?, resident_memory()?));
        }
    }
    let (descriptors, memory) = level.context("there were no crashes")?;
    let (descriptors, memory) =
        (open_descriptors()?.saturating_sub(descriptors), resident_memory()? - memory);
    registry.stop().await;

    report.note("crashes", crashes);
    report.at_most("handles, clients, subscriptions not usable after a crash", unusable, 0);
    report.at_most("descriptors of the host more than at the beginning", descriptors, 2);
    report.memory("memory of the host more than at the beginning", memory, LEVEL);
    report.note("start to first call, median", format!("{:.1} ms", start.as_secs_f64() * 1e3));
    let recovery = percentile(&mut recoveries, 0.99);
    report.time("recovery, 99th percentile", recovery, start + ADDED);
    Ok(())
}

/// The time from a load to the first answer.
async fn own_start(registry: &Registry) -> Result<Duration> {
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let began = Instant::now();
        let victim: VictimClient = registry.client().await?;
        victim.add(1, 1).await?;
        starts.push(began.elapsed());
        victim.plugin().unload().await?;
    }
    Ok(percentile(&mut starts, 0.5))
}

struct Holders {
    plugins: Vec<Plugin>,
    clients: Vec<VictimClient>,
    ticks: Vec<tokio::sync::Mutex<CallbackStream<u64>>>,
}

impl Holders {
    async fn new(registry: &Registry) -> Result<Self> {
        let (mut plugins, mut clients, mut ticks) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..HOLDERS {
            let client: VictimClient = registry.client().await?;
            ticks.push(tokio::sync::Mutex::new(client.tick_stream().await?));
            plugins.push(client.plugin().clone());
            clients.push(client);
        }
        Ok(Self { plugins, clients, ticks })
    }

    /// Has the plugin die, each time in another way.
    async fn crash(&self, number: usize) -> Result<()> {
        let victim = &self.clients[number % HOLDERS];
        let died = match number % 3 {
            0 => victim.exit(1).await,
            1 => victim.abort().await,
            _ => {
                kill(i32::try_from(victim.process().await?)?);
                return Ok(());
            }
        };
        match died {
            Err(Error::Crashed { .. }) => Ok(()),
            other => bail!("the plugin did not die: {other:?}"),
        }
    }

    /// How many of them cannot be used.
    async fn unusable(&self, number: u64) -> usize {
        let mut unusable = 0;
        for (plugin, client) in self.plugins.iter().zip(&self.clients) {
            unusable += usize::from(plugin.ping("?").await.is_err());
            unusable += usize::from(client.add(2, 3).await.ok() != Some(5));
        }
        if self.clients[0].call_back(number).await.is_err() {
            return unusable + self.ticks.len();
        }
        for ticks in &self.ticks {
            let mut ticks = ticks.lock().await;
            let tick = tokio::time::timeout(PATIENCE, ticks.next()).await;
            unusable += usize::from(tick.ok().flatten() != Some(number));
        }
        unusable
    }
}
