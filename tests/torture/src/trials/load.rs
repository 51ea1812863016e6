//! Many callers for a long time: no wrong answer, and the host's memory stays level.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::Scale;
use crate::report::Report;
use crate::scene::{Scene, resident_memory};
use crate::victim::{Victim, VictimClient};

const CALLERS: i64 = 64;

/// Beyond this the host's memory is not level.
const LEVEL: i64 = 2048;

pub(crate) async fn run(scale: Scale, report: &mut Report) -> Result<()> {
    let scene = Scene::new()?;
    let registry = scene.registry().embed::<Victim>().start().await?;
    let victim: VictimClient = registry.client().await?;
    let long = scale.pick(Duration::from_secs(300), Duration::from_secs(20));
    let (calls, wrong) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let (victim, calls, wrong) = (victim.clone(), Arc::clone(&calls), Arc::clone(&wrong));
        callers.spawn(async move {
            let mut number = caller;
            while began.elapsed() < long {
                let right = victim.add(number, caller).await.ok() == Some(number + caller);
                wrong.fetch_add(usize::from(!right), Ordering::Relaxed);
                calls.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
        });
    }
    tokio::time::sleep(long / 4).await;
    let before = resident_memory()?;
    tokio::time::sleep(long / 2).await;
    let more = resident_memory()? - before;
    callers.join_all().await;
    registry.stop().await;

    report.note("calls by 64 callers", calls.load(Ordering::Relaxed));
    report.at_most("wrong answers", wrong.load(Ordering::Relaxed), 0);
    report.memory("memory of the host more after three quarters than after one", more, LEVEL);
    Ok(())
}
