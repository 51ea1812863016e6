//! Callbacks from the plugin process, each with a number.
//!
//! One by one, the plugin process yields to its runtime after each callback, so that each
//! callback travels alone. Joined, the callbacks follow one another directly, and a peer may
//! send many together.

use std::time::Instant;

use anyhow::Result;

use crate::vocabulary::{Callbacks, Client, Peer, Scale, workload};

/// How many callbacks are made before the clock starts.
const WARM_UP: u64 = 1000;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale, joined: bool) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    client.call_back(Callbacks { count: WARM_UP, joined }).await?;
    let count = workload::callbacks(scale);
    let began = Instant::now();
    client.call_back(Callbacks { count, joined }).await?;
    Ok(vec![count as f64 / began.elapsed().as_secs_f64() / 1e3])
}
