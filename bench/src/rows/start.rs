//! From the start of the other process to the answer of the first typed call.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{Figure, Scale};
use crate::peers::{Link, Peer};
use crate::stats::median;

pub(super) const FIGURES: [Figure; 1] =
    [Figure { title: "Start of the process to the first typed call", unit: "ms" }];

/// How often it is started for a sample.
pub(crate) fn count(scale: Scale) -> usize {
    scale.pick(20, 8)
}

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..count(scale) {
        let began = Instant::now();
        peer.start().await?;
        ensure!(peer.link().await?.add(2, 3).await? == 5, "a wrong sum");
        times.push(began.elapsed().as_secs_f64() * 1e3);
        peer.stop().await?;
    }
    Ok(vec![median(&times)])
}
