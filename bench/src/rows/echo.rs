//! 1 KiB of bytes to the other process and back, one call after the other.

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::{Figure, Scale};
use crate::peers::{Link, Peer};
use crate::stats::{Laps, median};

pub(super) const FIGURES: [Figure; 1] = [Figure { title: "Echo of 1 KiB, median", unit: "µs" }];

/// Calls before any is timed.
const WARM_UP: usize = 500;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut link = peer.link().await?;
    let bytes = Bytes::from(vec![b'x'; 1024]);
    for _ in 0..WARM_UP {
        ensure!(link.echo(bytes.clone()).await? == bytes, "a wrong echo");
    }
    let mut laps = Laps::begin(scale.time());
    while laps.go_on() {
        let echo = link.echo(bytes.clone()).await?;
        laps.lap();
        ensure!(echo.len() == bytes.len(), "a wrong echo");
    }
    Ok(vec![median(laps.micros())])
}
