//! 1 KiB of bytes to the plugin process and back, one call after the other.

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::stopwatch::Stopwatch;
use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer, Scale};

/// How many calls are made before the clock starts.
const WARM_UP: usize = 500;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    let bytes = Bytes::from(vec![b'x'; 1024]);
    for _ in 0..WARM_UP {
        ensure!(client.echo(bytes.clone()).await? == bytes, "a wrong echo");
    }
    let mut stopwatch = Stopwatch::start(scale.sample_time());
    while stopwatch.has_time() {
        let echo = client.echo(bytes.clone()).await?;
        stopwatch.lap();
        ensure!(echo.len() == bytes.len(), "a wrong echo");
    }
    Ok(vec![median(stopwatch.micros())])
}
