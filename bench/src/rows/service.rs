//! A plugin asks its host: calls of a service, one after the other, made within one call.
//!
//! Batches of calls of `add` alternate with batches of services, so that a slow moment of the
//! machine is in both.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::stopwatch::Stopwatch;
use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer, Scale};

/// How many calls and how many services a batch has. The call that asks is then a hundredth of
/// the time of a service.
const BATCH: i64 = 100;

/// How many batches are made before the clock starts.
const WARM_UP: usize = 5;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    for _ in 0..WARM_UP {
        call(&mut client).await?;
        client.ask(BATCH as u64).await?;
    }
    let (mut micros, mut ratios) = (Vec::new(), Vec::new());
    let mut stopwatch = Stopwatch::start(scale.sample_time());
    while stopwatch.has_time() {
        let began = Instant::now();
        call(&mut client).await?;
        let calls = began.elapsed().as_secs_f64();
        let began = Instant::now();
        client.ask(BATCH as u64).await?;
        let services = began.elapsed().as_secs_f64();
        micros.push(services * 1e6 / BATCH as f64);
        ratios.push(services / calls);
        stopwatch.lap();
    }
    Ok(vec![median(&micros), median(&ratios)])
}

async fn call<C: Client>(client: &mut C) -> Result<()> {
    for number in 0..BATCH {
        ensure!(client.add(number, 1).await? == number + 1, "a wrong sum");
    }
    Ok(())
}
