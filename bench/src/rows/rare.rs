//! The typed call `add(i64, i64)`, once each millisecond: both sides wait longer than they work.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::usage::ProcessorTime;
use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer, Scale};

/// How many calls are made before the clock starts.
const WARM_UP: i64 = 200;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    call(&mut client, WARM_UP).await?;
    let calls = scale.sample_time().as_millis().try_into()?;
    let processor_time = ProcessorTime::start(peer)?;
    let micros = call(&mut client, calls).await?;
    Ok(vec![median(&micros), processor_time.micros_per_call(calls)?])
}

/// Returns how long each call took, in microseconds.
async fn call(client: &mut impl Client, calls: i64) -> Result<Vec<f64>> {
    let mut micros = Vec::new();
    for number in 0..calls {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let began = Instant::now();
        ensure!(client.add(number, 1).await? == number + 1, "a wrong sum");
        micros.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(micros)
}
