//! From the start of the plugin process to the result of the first typed call.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer, Scale, workload};

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..workload::starts(scale) {
        let began = Instant::now();
        peer.start().await?;
        ensure!(peer.client().await?.add(2, 3).await? == 5, "a wrong sum");
        times.push(began.elapsed().as_secs_f64() * 1e3);
        peer.stop().await?;
    }
    Ok(vec![median(&times)])
}
