//! A plugin crashes again and again: every handle, client and subscription is usable after
//! each restart, the host's memory and descriptors do not grow, and a restart takes little
//! longer than a start.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use goplug::{CallbackStream, Error, Plugin, Registry, Restart};
use goplug_tests::system::open_files;

use super::Scale;
use crate::report::Report;
use crate::test_env::{TestEnv, kill, percentile, resident_memory};
use crate::victim::{Victim, VictimClient};

/// The trial fails if a step takes longer than this.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// The number of handles, of clients and of subscriptions to one plugin.
const HOLDERS: usize = 4;

/// How many starts are measured for comparison.
const STARTS: usize = 20;

/// How much longer than a start a restart may take: it has to notice the crash, wait for the
/// first backoff, and register callbacks.
const RECOVERY_MARGIN: Duration = Duration::from_millis(50);

/// How much the host's memory may grow, in KiB: about a hundred bytes for each crash.
const GROWTH_BOUND: i64 = 1024;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    // Each crash counts as the first, so that the backoff does not grow.
    let restart = Restart::permanent().reset_after(Duration::ZERO);
    let registry = env.registry().embed::<Victim>().restart(restart).start().await?;
    let start = median_start(&registry).await?;
    let holders = Holders::new(&registry).await?;

    // A crash and a start take longer on Windows, and above all under wine.
    let crashes = scale.pick(10_000, if cfg!(windows) { 100 } else { 300 });
    let mut recoveries = Vec::with_capacity(crashes);
    let (mut unusable, mut baseline) = (0, None);
    for crash in 0..crashes {
        let began = Instant::now();
        holders.crash(crash).await?;
        tokio::time::timeout(STEP_TIMEOUT, holders.clients[0].add(1, 1)).await??;
        recoveries.push(began.elapsed());
        unusable += holders.unusable(crash as u64).await;
        // By now, buffers and connections that the host keeps for later use exist.
        if crash == crashes / 10 {
            baseline = Some((open_files(), resident_memory()?));
        }
    }
    let (files, memory) = baseline.context("there were no crashes")?;
    let files = files.zip(open_files()).map(|(before, after)| after.saturating_sub(before));
    let memory = resident_memory()? - memory;
    registry.stop().await?;

    report.note("crashes", crashes);
    report.at_most("handles, clients, subscriptions not usable after a crash", unusable, 0);
    match files {
        Some(more) => report.at_most("descriptors of the host more than at the beginning", more, 2),
        None => report.note("descriptors of the host", "not known here"),
    }
    report.memory("memory of the host more than at the beginning", memory, GROWTH_BOUND);
    report.note("start to first call, median", format!("{:.1} ms", start.as_secs_f64() * 1e3));
    let recovery = percentile(&mut recoveries, 0.99);
    report.time("recovery, 99th percentile", recovery, start + RECOVERY_MARGIN);
    Ok(())
}

/// The median time from a load to the first result.
async fn median_start(registry: &Registry) -> Result<Duration> {
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

/// Everything that holds on to the plugin, and has to be usable after a restart.
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

    /// Crashes the plugin by an exit, an abort or SIGKILL in turn.
    async fn crash(&self, number: usize) -> Result<()> {
        let victim = &self.clients[number % HOLDERS];
        let died = match number % 3 {
            0 => victim.exit(1).await,
            1 => victim.abort().await,
            _ => {
                kill(victim.process().await?);
                return Ok(());
            }
        };
        match died {
            Err(Error::Crashed { .. }) => Ok(()),
            other => bail!("the plugin did not die: {other:?}"),
        }
    }

    /// How many handles, clients and subscriptions cannot be used.
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
            let tick = tokio::time::timeout(STEP_TIMEOUT, ticks.next()).await;
            unusable += usize::from(tick.ok().flatten() != Some(number));
        }
        unusable
    }
}
