//! A method that takes a processor's time, by as many callers as processors: what a second process of
//! the plugin is worth.

use std::time::Instant;

use anyhow::{Result, ensure};
use goplug::Registry;
use tokio::task::JoinSet;

use crate::vocabulary::Scale;

const CALLERS: u64 = 4;

/// Steps of one call: about a millisecond.
const STEPS: u64 = 1_000_000;

/// Computes.
#[goplug::plugin(namespace = "bench")]
pub(crate) struct Computing;

/// The last of this many numbers that look random.
#[goplug::method(Computing)]
pub(crate) fn compute(seed: u64, steps: u64) -> u64 {
    let next = |state: u64, _| state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    std::hint::black_box((0..steps).fold(seed, next))
}

/// Takes one sample. Only goplug has this row, so it calls goplug directly.
pub(crate) async fn sample(scale: Scale) -> Result<Vec<f64>> {
    let one = calls_per_second(1, scale).await?;
    let two = calls_per_second(2, scale).await?;
    Ok(vec![two / one, two])
}

async fn calls_per_second(instances: usize, scale: Scale) -> Result<f64> {
    let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
    let registry = Registry::builder(folder.path())
        .embed::<Computing>()
        .policy(|policy| policy.instances(instances))
        .start()
        .await?;
    let client: ComputingClient = registry.client().await?;
    let expected = compute(1, STEPS);
    ensure!(client.compute(1, STEPS).await? == expected, "another number");
    let (began, time) = (Instant::now(), scale.sample_time());
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let client = client.clone();
        callers.spawn(async move {
            let mut calls = 0_u64;
            while began.elapsed() < time {
                ensure!(client.compute(1, STEPS).await? == expected, "another number");
                calls += 1;
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(caller) = callers.join_next().await {
        calls += caller??;
    }
    let rate = calls as f64 / began.elapsed().as_secs_f64();
    registry.stop().await?;
    Ok(rate)
}
