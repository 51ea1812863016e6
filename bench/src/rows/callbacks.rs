//! Callbacks from the other process, each with a number.
//!
//! One by one, something else runs in the other process between two of them, so each
//! travels on its own; joined, one follows upon the other, and a peer may put many into one
//! piece.

use std::time::Instant;

use anyhow::Result;

use super::{Figure, Scale};
use crate::peers::{Callbacks, Link, Peer};

pub(super) const ONE_BY_ONE: [Figure; 1] =
    [Figure { title: "Callbacks, one by one", unit: "thousands/s" }];
pub(super) const FLATTEN_LIMIT: [Figure; 1] =
    [Figure { title: "Callbacks, one upon the other", unit: "thousands/s" }];

/// How many there are in a sample.
pub(crate) fn count(scale: Scale) -> u64 {
    scale.pick(400_000, 100_000)
}

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale, joined: bool) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut link = peer.link().await?;
    link.call_back(Callbacks { count: 1000, joined }).await?;
    let count = count(scale);
    let began = Instant::now();
    link.call_back(Callbacks { count, joined }).await?;
    Ok(vec![count as f64 / began.elapsed().as_secs_f64() / 1e3])
}
