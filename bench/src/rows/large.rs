//! 16 MiB of raw bytes in one call: to the other process, and there and back.

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::{Figure, Scale};
use crate::peers::{Link, Peer};
use crate::stats::{Laps, median};

pub(super) const TAKE: [Figure; 1] = [Figure { title: "16 MiB one way", unit: "GB/s" }];
pub(super) const ECHO: [Figure; 1] = [Figure { title: "16 MiB there and back", unit: "GB/s" }];

const SIZE: usize = 16 << 20;

pub(super) async fn take<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut link, bytes) = (peer.link().await?, bytes());
    ensure!(link.take(bytes.clone()).await? == SIZE as u64, "not all of it has arrived");
    let mut laps = Laps::begin(scale.time());
    while laps.go_on() {
        link.take(bytes.clone()).await?;
        laps.lap();
    }
    Ok(vec![rate(SIZE, &laps)])
}

/// Counts the bytes once, although they travel twice.
pub(super) async fn echo<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut link, bytes) = (peer.link().await?, bytes());
    ensure!(link.echo(bytes.clone()).await? == bytes, "a wrong echo");
    let mut laps = Laps::begin(scale.time());
    while laps.go_on() {
        link.echo(bytes.clone()).await?;
        laps.lap();
    }
    Ok(vec![rate(SIZE, &laps)])
}

fn bytes() -> Bytes {
    (0..SIZE).map(|index| (index % 251) as u8).collect::<Vec<_>>().into()
}

/// In GB/s, of a call in the middle.
fn rate(bytes: usize, laps: &Laps) -> f64 {
    bytes as f64 / median(laps.micros()) / 1e3
}
