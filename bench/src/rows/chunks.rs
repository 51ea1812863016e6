//! A stream of raw bytes in chunks of 64 KiB: as a result, and as an argument.

use std::time::Instant;

use anyhow::Result;

use crate::vocabulary::workload::{self, CHUNK};
use crate::vocabulary::{Client, Peer, Scale};

/// How many chunks are sent before the clock starts.
const WARM_UP: u64 = 100;

pub(super) async fn receive<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    client.receive_chunks(WARM_UP).await?;
    let count = workload::chunks(scale);
    let began = Instant::now();
    client.receive_chunks(count).await?;
    Ok(vec![rate(count, began)])
}

pub(super) async fn send<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    client.send_chunks(WARM_UP).await?;
    let count = workload::chunks(scale);
    let began = Instant::now();
    client.send_chunks(count).await?;
    Ok(vec![rate(count, began)])
}

/// In GB/s.
fn rate(count: u64, began: Instant) -> f64 {
    (count * CHUNK as u64) as f64 / began.elapsed().as_secs_f64() / 1e9
}
