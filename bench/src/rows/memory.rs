//! The resident memory of a plugin process that has been called and now waits for calls.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::vocabulary::{Client, Peer};

/// How many calls the plugin has served before its memory is read.
const CALLS: i64 = 1000;

pub(super) async fn sample<P: Peer>(peer: &mut P) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut client = peer.client().await?;
    for number in 0..CALLS {
        client.add(number, 1).await?;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", peer.process_id()?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(vec![kib.parse::<f64>()? / 1024.0])
}
