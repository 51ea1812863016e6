//! Plugins that misbehave, each in its own way: every operation of the host returns within
//! its deadline, a stop within the grace period and a second, and a neighbour's calls do not
//! notice.

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
use crate::scene::{Scene, this_program};
use crate::victim::{Victim, VictimClient};

const CALL: Duration = Duration::from_millis(300);
const START: Duration = Duration::from_millis(600);
const GRACE: Duration = Duration::from_millis(300);

/// What force takes beyond the grace period.
const FORCE: Duration = Duration::from_secs(1);

/// Modes at a time.
const AT_A_TIME: usize = 4;

/// What the host itself may need after a deadline.
const REACTION: Duration = Duration::from_millis(250);

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    let mut trials = JoinSet::new();
    for mode in Mode::ALL {
        let places = Arc::clone(&places);
        trials.spawn(async move {
            let _place = places.acquire().await?;
            endure(mode).await
        });
    }
    let mut worst = Account::default();
    while let Some(account) = trials.join_next().await {
        worst = worst.with(account??);
    }
    report.note("modes", Mode::ALL.len());
    report.note("operations", worst.operations);
    report.time("an operation longer than its deadline", worst.late, REACTION);
    report.time("a stop longer than the grace period", worst.stop, FORCE);
    report.note("calls of neighbours", worst.calls);
    report.at_most("calls of neighbours that failed", worst.failed, 0);
    Ok(())
}

/// What came of one mode, or the worst of several.
#[derive(Debug, Default)]
struct Account {
    operations: usize,
    /// How much an operation took longer than it may.
    late: Duration,
    /// How much a stop took longer than the grace period.
    stop: Duration,
    calls: usize,
    failed: usize,
}

impl Account {
    fn with(self, other: Self) -> Self {
        Self {
            operations: self.operations + other.operations,
            late: self.late.max(other.late),
            stop: self.stop.max(other.stop),
            calls: self.calls + other.calls,
            failed: self.failed + other.failed,
        }
    }

    /// Does something that has to be done by a deadline. What it comes to does not matter.
    async fn within<T>(&mut self, deadline: Duration, operation: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let outcome = operation.await;
        self.operations += 1;
        self.late = self.late.max(began.elapsed().saturating_sub(deadline));
        outcome
    }

    async fn stop<T>(&mut self, operation: impl Future<Output = T>) {
        let began = Instant::now();
        operation.await;
        self.operations += 1;
        self.stop = self.stop.max(began.elapsed().saturating_sub(GRACE));
    }
}

/// Loads a plugin of this mode and does with it all that can be done, twice; the first time
/// it is unloaded, the second time its registry stops.
async fn endure(mode: Mode) -> Result<Account> {
    let scene = Scene::new()?;
    scene.put(
        "hard.pconf",
        json!({
            "Name": "Hard",
            "Protocol": 2,
            "LazyLoad": true,
            "Exec": [this_program()?, MISBEHAVING, mode.name()],
        })
        .to_string(),
    )?;
    let builder = scene.registry().call_timeout(CALL).start_timeout(START).stop_timeout(GRACE);
    let registry = builder.body_limit(1 << 20).embed::<Victim>().start().await?;
    let neighbour = Neighbour::start(&registry).await?;
    let mut account = Account::default();
    use_it(&registry, &mut account).await?;
    if let Some(plugin) = registry.get("Hard", "") {
        account.stop(plugin.unload()).await;
    }
    use_it(&registry, &mut account).await?;
    (account.calls, account.failed) = neighbour.end().await?;
    account.stop(registry.stop()).await;
    Ok(account)
}

async fn use_it(registry: &Registry, account: &mut Account) -> Result<()> {
    // One that does not come up in time is ended by force.
    drop(account.within(START + FORCE, registry.load("Hard", "")).await);
    let Some(plugin) = registry.get("Hard", "") else { return Ok(()) };
    let nothing = |_| std::future::ready(());
    if let Ok(subscription) =
        account.within(CALL, plugin.register_callback(CALLBACK, nothing)).await
    {
        subscription.detach();
    }
    drop(account.within(CALL, plugin.execute(METHOD, "input")).await);
    drop(account.within(CALL, plugin.ping("there?")).await);
    Ok(())
}

/// A plugin beside, whose calls go on.
struct Neighbour {
    calling: JoinHandle<()>,
    calls: Arc<AtomicUsize>,
    failed: Arc<AtomicUsize>,
}

impl Neighbour {
    async fn start(registry: &Registry) -> Result<Self> {
        let victim: VictimClient = registry.client().await?;
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
        Ok(Self { calling, calls, failed })
    }

    async fn end(self) -> Result<(usize, usize)> {
        self.calling.abort();
        // Aborted is how it ends.
        drop(self.calling.await);
        Ok((self.calls.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed)))
    }
}
