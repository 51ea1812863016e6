//! Streams of small items, each with a number: as a result, and as an argument.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::vocabulary::{Client, Peer, Scale, workload};

/// How many items are sent before the clock starts.
const WARM_UP: u64 = 1000;

pub(super) async fn receive<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    client.receive_items(WARM_UP).await?;
    let count = workload::items(scale);
    let began = Instant::now();
    client.receive_items(count).await?;
    Ok(vec![count as f64 / began.elapsed().as_secs_f64() / 1e3])
}

pub(super) async fn send<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    client.send_items(WARM_UP).await?;
    let count = workload::items(scale);
    let began = Instant::now();
    ensure!(client.send_items(count).await? == count, "not all items have arrived");
    Ok(vec![count as f64 / began.elapsed().as_secs_f64() / 1e3])
}
