//! Many callers for a long time: no wrong result, and the host's memory does not grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::Scale;
use crate::report::Report;
use crate::test_env::{TestEnv, resident_memory};
use crate::victim::{Victim, VictimClient};

const CALLERS: i64 = 64;

/// How much the host's memory may grow, in KiB.
const GROWTH_BOUND: i64 = 2048;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let env = TestEnv::new()?;
    let registry = env.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let duration = scale.pick(Duration::from_secs(300), Duration::from_secs(20));
    let (calls, wrong) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (victim, calls, wrong) = (victim.clone(), Arc::clone(&calls), Arc::clone(&wrong));
        callers.spawn(async move {
            let mut number = caller;
            while began.elapsed() < duration {
                let right = victim.add(number, caller).await.ok() == Some(number + caller);
                wrong.fetch_add(usize::from(!right), Ordering::Relaxed);
                calls.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
        });
    }
    tokio::time::sleep(duration / 4).await;
    let before = resident_memory()?;
    tokio::time::sleep(duration / 2).await;
    let growth = resident_memory()? - before;
    callers.join_all().await;
    registry.stop().await?;

    report.note("calls by 64 callers", calls.load(Ordering::Relaxed));
    report.at_most("wrong answers", wrong.load(Ordering::Relaxed), 0);
    report.memory(
        "memory of the host more after three quarters than after one",
        growth,
        GROWTH_BOUND,
    );
    Ok(())
}
