//! 16 MiB of raw bytes in one call: to the plugin process, and there and back.

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::stopwatch::Stopwatch;
use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer, Scale};

/// The size of the body, in bytes.
const SIZE: usize = 16 << 20;

pub(super) async fn take<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut client, bytes) = (peer.client().await?, bytes());
    ensure!(client.take(bytes.clone()).await? == SIZE as u64, "not all of it has arrived");
    let mut stopwatch = Stopwatch::start(scale.sample_time());
    while stopwatch.has_time() {
        client.take(bytes.clone()).await?;
        stopwatch.lap();
    }
    Ok(vec![median_rate(SIZE, &stopwatch)])
}

/// Counts the bytes once, although they travel twice.
pub(super) async fn echo<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut client, bytes) = (peer.client().await?, bytes());
    ensure!(client.echo(bytes.clone()).await? == bytes, "a wrong echo");
    let mut stopwatch = Stopwatch::start(scale.sample_time());
    while stopwatch.has_time() {
        client.echo(bytes.clone()).await?;
        stopwatch.lap();
    }
    Ok(vec![median_rate(SIZE, &stopwatch)])
}

fn bytes() -> Bytes {
    (0..SIZE).map(|index| (index % 251) as u8).collect::<Vec<_>>().into()
}

/// The rate of the median call, in GB/s.
fn median_rate(bytes: usize, stopwatch: &Stopwatch) -> f64 {
    bytes as f64 / median(stopwatch.micros()) / 1e3
}
