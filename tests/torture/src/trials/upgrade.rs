//! A plugin is upgraded again and again while it is called without pause: no call fails, and
//! no call is executed twice.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;

use super::Scale;
use crate::report::Report;
use crate::test_env::TestEnv;
use crate::victim::{Victim, VictimClient};

const CALLERS: usize = 8;

/// The time between two upgrades.
const PAUSE: Duration = Duration::from_millis(20);

/// The smallest number of upgrades. A fast machine makes more calls until then.
const UPGRADES: usize = 20;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let registry = env.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let journals = env.path("journals");
    std::fs::create_dir(&journals)?;
    let calls: u64 = scale.pick(100_000, 10_000);
    let (next, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    let done = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (victim, journals) = (victim.clone(), journals.clone());
        let (next, failed) = (Arc::clone(&next), Arc::clone(&failed));
        let done = Arc::clone(&done);
        callers.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if let Err(error) = victim.note(journals.clone(), number).await {
                    println!("  call {number}: {error}");
                    failed.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    let (mut upgrades, mut not_made) = (0, 0);
    while next.load(Ordering::Relaxed) < calls || upgrades + not_made < UPGRADES {
        match registry.reload("Victim", "torture").await {
            Ok(_) => upgrades += 1,
            Err(_) => not_made += 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
    done.store(true, Ordering::Relaxed);
    callers.join_all().await;
    registry.stop().await?;

    let calls = next.load(Ordering::Relaxed);
    let runs = read(&journals)?;
    let twice = runs.values().filter(|count| **count > 1).count();
    report.note("calls", calls);
    report.at_least("upgrades meanwhile", upgrades, UPGRADES);
    report.at_most("upgrades that failed", not_made, 0);
    report.at_most("calls that failed", failed.load(Ordering::Relaxed), 0);
    report.at_most("calls that ran twice", twice, 0);
    report.at_most("calls that did not run", usize::try_from(calls)? - runs.len(), 0);
    Ok(())
}

/// How often each number is in the journals.
pub(super) fn read(journals: &Path) -> Result<HashMap<u64, usize>> {
    let mut runs = HashMap::new();
    for journal in std::fs::read_dir(journals)? {
        for number in std::fs::read(journal?.path())?.chunks_exact(8) {
            let number = u64::from_le_bytes(number.try_into()?);
            *runs.entry(number).or_default() += 1;
        }
    }
    Ok(runs)
}
