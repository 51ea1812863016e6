//! The instances of a plugin are killed one after another while it is called without pause: calls that
//! may be made again do not fail, the others end in one typed error each, and none runs twice.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use goplug::{CallError, Error, Plugin, Restart};
use tokio::task::JoinSet;

use super::{Scale, upgrade};
use crate::report::Report;
use crate::test_env::{TestEnv, kill};
use crate::victim::{Victim, VictimClient};

const INSTANCES: usize = 3;

/// Callers of each of the two methods.
const CALLERS: usize = 4;

/// How long a restart may take.
const RESTART: Duration = Duration::from_secs(20);

/// What has become of the calls.
#[derive(Default)]
struct Outcomes {
    calls: AtomicU64,
    idempotent_failed: AtomicUsize,
    crashed: AtomicUsize,
    other_errors: AtomicUsize,
    notes: AtomicU64,
    noted: AtomicUsize,
}

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let restart = Restart::permanent().intensity(10_000, Duration::from_secs(60));
    let restart = restart.backoff(Duration::from_millis(5), Duration::from_millis(50));
    let registry = env
        .registry()
        .embed::<Victim>()
        .restart(restart)
        .policy(|policy| policy.instances(INSTANCES))
        .start()
        .await?;
    let victim: VictimClient = registry.client().await?;
    let journals = env.path("journals");
    std::fs::create_dir(&journals)?;
    let (outcomes, done) = (Arc::new(Outcomes::default()), Arc::new(AtomicBool::new(false)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(add(victim.clone(), Arc::clone(&outcomes), Arc::clone(&done)));
        let (outcomes, done) = (Arc::clone(&outcomes), Arc::clone(&done));
        callers.spawn(note(victim.clone(), journals.clone(), outcomes, done));
    }
    let kills: usize = scale.pick(200, 20);
    let not_restarted = kill_in_turn(victim.plugin(), kills).await;
    let fewest = victim.plugin().stats().instances.iter().filter(|it| it.is_loaded).count();
    done.store(true, Ordering::Relaxed);
    callers.join_all().await;
    registry.stop().await?;

    report.note("processes that were killed", kills);
    report.at_most("instances that were not started again", not_restarted, 0);
    report.at_least("instances at the end", fewest, INSTANCES);
    judge(&outcomes, &upgrade::read(&journals)?, report);
    Ok(())
}

/// Judges what has become of the calls, and how often each was executed.
fn judge(outcomes: &Outcomes, runs: &HashMap<u64, usize>, report: &mut Report) {
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let twice = runs.values().filter(|count| **count > 1).count();
    let not_run = count(&outcomes.noted).saturating_sub(runs.len());
    report.note("calls", outcomes.calls.load(Ordering::Relaxed));
    report.at_most("idempotent calls that failed", count(&outcomes.idempotent_failed), 0);
    report.note("other calls that ended with `Crashed`", count(&outcomes.crashed));
    report.at_most("other calls with another error", count(&outcomes.other_errors), 0);
    report.at_most("calls that ran twice", twice, 0);
    report.at_most("answered calls that did not run", not_run, 0);
}

/// Kills the process of one instance after another, each once the one before is back. Returns how many
/// were not.
async fn kill_in_turn(plugin: &Plugin, kills: usize) -> usize {
    let mut not_restarted = 0;
    for number in 0..kills {
        let stats = plugin.stats();
        let Some(process) = stats.instances[number % INSTANCES].process_id else { continue };
        kill(process);
        let is_back = async {
            while plugin.stats().restarts == stats.restarts {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        not_restarted += usize::from(tokio::time::timeout(RESTART, is_back).await.is_err());
    }
    not_restarted
}

async fn add(victim: VictimClient, outcomes: Arc<Outcomes>, done: Arc<AtomicBool>) {
    while !done.load(Ordering::Relaxed) {
        outcomes.calls.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = victim.add(1, 2).await {
            println!("  an idempotent call: {error}");
            outcomes.idempotent_failed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn note(
    victim: VictimClient,
    journals: PathBuf,
    outcomes: Arc<Outcomes>,
    done: Arc<AtomicBool>,
) {
    while !done.load(Ordering::Relaxed) {
        outcomes.calls.fetch_add(1, Ordering::Relaxed);
        let number = outcomes.notes.fetch_add(1, Ordering::Relaxed);
        let outcome = match victim.note(journals.clone(), number).await {
            Ok(()) => &outcomes.noted,
            Err(CallError::Goplug(Error::Crashed { .. })) => &outcomes.crashed,
            Err(error) => {
                println!("  call {number}: {error}");
                &outcomes.other_errors
            }
        };
        outcome.fetch_add(1, Ordering::Relaxed);
    }
}
