//! The typed call `add(i64, i64)`, one after the other.

use anyhow::{Result, ensure};

use super::{Figure, Scale};
use crate::peers::{Link, Peer};
use crate::stats::{Laps, median, quantile};

pub(super) const FIGURES: [Figure; 2] = [
    Figure { title: "Typed call `add(i64, i64)`, median", unit: "µs" },
    Figure { title: "Typed call `add(i64, i64)`, 99th percentile", unit: "µs" },
];

/// Calls before any is timed.
const WARM_UP: i64 = 500;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut link = peer.link().await?;
    for number in 0..WARM_UP {
        ensure!(link.add(number, 1).await? == number + 1, "a wrong sum");
    }
    let mut laps = Laps::begin(scale.time());
    while laps.go_on() {
        let number = laps.number();
        let sum = link.add(number, 1).await?;
        laps.lap();
        ensure!(sum == number + 1, "a wrong sum");
    }
    Ok(vec![median(laps.micros()), quantile(laps.micros(), 0.99)])
}
