//! The typed call `add(i64, i64)`, one call after the other.

use anyhow::{Result, ensure};

use super::stopwatch::Stopwatch;
use super::usage::ProcessorTime;
use crate::vocabulary::stats::{median, quantile};
use crate::vocabulary::{Client, Peer, Scale};

/// How many calls are made before the clock starts.
const WARM_UP: i64 = 500;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    for number in 0..WARM_UP {
        ensure!(client.add(number, 1).await? == number + 1, "a wrong sum");
    }
    let processor_time = ProcessorTime::start(peer)?;
    let mut stopwatch = Stopwatch::start(scale.sample_time());
    while stopwatch.has_time() {
        let number = stopwatch.laps();
        let sum = client.add(number, 1).await?;
        stopwatch.lap();
        ensure!(sum == number + 1, "a wrong sum");
    }
    let used = processor_time.micros_per_call(stopwatch.laps())?;
    Ok(vec![median(stopwatch.micros()), quantile(stopwatch.micros(), 0.99), used])
}
