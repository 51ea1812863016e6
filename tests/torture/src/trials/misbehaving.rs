//! Plugins that misbehave, each in its own way: every operation of the host returns within
//! its deadline, a stop within its timeout and a second, and no call of a neighbour fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use goplug::Registry;
use goplug_tests::fixtures::misbehaving::{CALLBACK, METHOD, Mode};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::report::Report;
use crate::roles::MISBEHAVING;
use crate::test_env::{TestEnv, this_program, wait_until};
use crate::victim::{Victim, VictimClient};

const CALL_TIMEOUT: Duration = Duration::from_millis(300);
const START_TIMEOUT: Duration = Duration::from_millis(600);
const STOP_TIMEOUT: Duration = Duration::from_millis(300);

/// How much longer than its timeout a stop may take, because it has to kill the process.
const KILL_MARGIN: Duration = Duration::from_secs(1);

/// How many modes run at the same time.
const CONCURRENT_MODES: usize = 4;

/// How long a process that was killed may take to be gone.
const END_MARGIN: Duration = Duration::from_secs(1);

/// How much longer than its deadline an operation may take.
const DEADLINE_MARGIN: Duration = Duration::from_millis(250);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let permits = Arc::new(Semaphore::new(CONCURRENT_MODES));
    let mut trials = JoinSet::new();
    for mode in Mode::ALL {
        let permits = Arc::clone(&permits);
        trials.spawn(async move {
            let _permit = permits.acquire().await?;
            exercise(mode).await
        });
    }
    let mut worst = Measurements::default();
    while let Some(measured) = trials.join_next().await {
        worst = worst.with(measured??);
    }
    report.note("modes", Mode::ALL.len());
    report.note("operations", worst.operations);
    report.time("an operation longer than its deadline", worst.late, DEADLINE_MARGIN);
    report.time("a stop longer than the grace period", worst.stop, KILL_MARGIN);
    report.note("calls of neighbours", worst.calls);
    report.at_most("calls of neighbours that failed", worst.failed, 0);
    report.at_most("processes that outlive their stop", worst.left, 0);
    Ok(())
}

/// The measurements of one mode, or the worst of several modes.
#[derive(Debug, Default)]
struct Measurements {
    operations: usize,
    /// How much longer than its deadline an operation took.
    late: Duration,
    /// How much longer than its timeout a stop took.
    stop: Duration,
    calls: usize,
    failed: usize,
    /// How many processes of plugins were left after a stop.
    left: usize,
}

impl Measurements {
    fn with(self, other: Self) -> Self {
        Self {
            operations: self.operations + other.operations,
            late: self.late.max(other.late),
            stop: self.stop.max(other.stop),
            calls: self.calls + other.calls,
            failed: self.failed + other.failed,
            left: self.left + other.left,
        }
    }

    /// Measures an operation that has to return by a deadline, whether it succeeds or fails.
    async fn within<T>(&mut self, deadline: Duration, operation: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let outcome = operation.await;
        self.operations += 1;
        self.late = self.late.max(began.elapsed().saturating_sub(deadline));
        outcome
    }

    /// Measures a stop.
    async fn stop<T>(&mut self, operation: impl Future<Output = T>) {
        let began = Instant::now();
        operation.await;
        self.operations += 1;
        self.stop = self.stop.max(began.elapsed().saturating_sub(STOP_TIMEOUT));
    }
}

/// Loads a plugin of this mode and runs every operation on it, twice. The first time it is
/// unloaded, the second time its registry stops.
async fn exercise(mode: Mode) -> Result<Measurements> {
    let env = TestEnv::new()?;
    env.put(
        "hard.pconf",
        json!({
            "Name": "Hard",
            "Protocol": 2,
            "LazyLoad": true,
            "Exec": [this_program()?, MISBEHAVING, mode.name()],
        })
        .to_string(),
    )?;
    let builder = env
        .registry()
        .call_timeout(CALL_TIMEOUT)
        .start_timeout(START_TIMEOUT)
        .stop_timeout(STOP_TIMEOUT);
    let registry = builder.body_limit(1 << 20).embed::<Victim>().start().await?;
    let neighbour = Neighbour::start(&registry).await?;
    let mut measured = Measurements::default();
    run_operations(&registry, &mut measured).await?;
    if let Some(plugin) = registry.get("Hard", "") {
        measured.stop(plugin.unload()).await;
        let victim = neighbour.process;
        measured.left += left(&env, mode, |process| process != victim).await;
    }
    run_operations(&registry, &mut measured).await?;
    (measured.calls, measured.failed) = neighbour.end().await?;
    measured.stop(registry.stop()).await;
    measured.left += left(&env, mode, |_| true).await;
    Ok(measured)
}

/// How many processes are left that should have ended.
async fn left(env: &TestEnv, mode: Mode, is_meant: impl Fn(u32) -> bool) -> usize {
    // Without a cgroup or a namespace, nothing holds a child that leaves the group of its parent.
    if mode == Mode::Escapes {
        return 0;
    }
    let count = || env.processes().into_iter().filter(|process| is_meant(*process)).count();
    wait_until(END_MARGIN, || count() == 0).await;
    count()
}

/// Loads the plugin, registers a callback, calls it and pings it.
async fn run_operations(registry: &Registry, measured: &mut Measurements) -> Result<()> {
    // A plugin that does not start in time is killed.
    drop(measured.within(START_TIMEOUT + KILL_MARGIN, registry.load("Hard", "")).await);
    let Some(plugin) = registry.get("Hard", "") else { return Ok(()) };
    let nothing = |_| std::future::ready(());
    if let Ok(subscription) =
        measured.within(CALL_TIMEOUT, plugin.register_callback(CALLBACK, nothing)).await
    {
        subscription.detach();
    }
    drop(measured.within(CALL_TIMEOUT, plugin.execute(METHOD, "input")).await);
    drop(measured.within(CALL_TIMEOUT, plugin.ping("there?")).await);
    Ok(())
}

/// Another plugin of the same registry, which is called all the time.
struct Neighbour {
    calling: JoinHandle<()>,
    calls: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
    process: u32,
}

impl Neighbour {
    async fn start(registry: &Registry) -> Result<Self> {
        let victim: VictimClient = registry.client().await?;
        let process = victim.process().await?;
        let (calls, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (made, wrong) = (Arc::clone(&calls), Arc::clone(&failed));
        let calling = tokio::spawn(async move {
            loop {
                let right = victim.add(2, 3).await.ok() == Some(5);
                wrong.fetch_add(usize::from(!right), Ordering::Relaxed);
                made.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Ok(Self { calling, calls, failed, process })
    }

    async fn end(self) -> Result<(usize, usize)> {
        self.calling.abort();
        // Its only outcome is that it was aborted.
        drop(self.calling.await);
        Ok((self.calls.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed)))
    }
}
