//! The resident memory of a process that has been called, and now waits.

use std::time::Duration;

use anyhow::{Context, Result};

use super::Figure;
use crate::peers::{Link, Peer};

pub(super) const FIGURES: [Figure; 1] =
    [Figure { title: "Resident memory of an idle plugin", unit: "MiB" }];

const CALLS: i64 = 1000;

pub(super) async fn sample<P: Peer>(peer: &mut P) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut link = peer.link().await?;
    for number in 0..CALLS {
        link.add(number, 1).await?;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", peer.process()?))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(vec![kib.parse::<f64>()? / 1024.0])
}
