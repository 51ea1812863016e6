//! 64 callers, each of which always has one call in flight.

use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::usage::ProcessorTime;
use crate::vocabulary::{Client, Peer, Scale};

const CALLERS: i64 = 64;

/// How many calls each caller makes before the clock starts.
const WARM_UP: i64 = 20;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut clients = Vec::new();
    for _ in 0..CALLERS {
        let mut client = peer.client().await?;
        for number in 0..WARM_UP {
            client.add(number, 1).await?;
        }
        clients.push(client);
    }
    let processor_time = ProcessorTime::start(peer)?;
    let (began, time) = (Instant::now(), scale.sample_time());
    let mut callers = JoinSet::new();
    for (caller, mut client) in (0..).zip(clients) {
        callers.spawn(async move {
            let mut calls = 0;
            while began.elapsed() < time {
                // Each caller expects other sums, so a result that reaches the wrong caller
                // is noticed.
                ensure!(client.add(calls, caller).await? == calls + caller, "a wrong sum");
                calls += 1;
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(caller) = callers.join_next().await {
        calls += caller??;
    }
    let rate = calls as f64 / began.elapsed().as_secs_f64() / 1e3;
    Ok(vec![rate, processor_time.micros_per_call(calls)?])
}
