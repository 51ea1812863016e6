//! 64 callers, each with a call of its own in flight all the time.

use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::{Figure, Scale};
use crate::peers::{Link, Peer};

pub(super) const FIGURES: [Figure; 1] =
    [Figure { title: "64 calls of `add` in flight", unit: "thousands/s" }];

const CALLERS: i64 = 64;

/// Calls of each caller before the clock runs.
const WARM_UP: i64 = 20;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let mut links = Vec::new();
    for _ in 0..CALLERS {
        let mut link = peer.link().await?;
        for number in 0..WARM_UP {
            link.add(number, 1).await?;
        }
        links.push(link);
    }
    let (began, time) = (Instant::now(), scale.time());
    let mut callers = JoinSet::new();
    for (caller, mut link) in (0..).zip(links) {
        callers.spawn(async move {
            let mut calls = 0;
            while began.elapsed() < time {
                // Sums that differ from caller to caller: none may get another's.
                ensure!(link.add(calls, caller).await? == calls + caller, "a wrong sum");
                calls += 1;
            }
            anyhow::Ok(calls)
        });
    }
    let mut calls = 0;
    while let Some(caller) = callers.join_next().await {
        calls += caller??;
    }
    Ok(vec![calls as f64 / began.elapsed().as_secs_f64() / 1e3])
}
