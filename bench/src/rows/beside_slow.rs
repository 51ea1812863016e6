//! 64 quick callers, by themselves and beside some that call a slow method all the time: how
//! much later the latest of the quick answers come for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::{Figure, Scale};
use crate::peers::{Link, Peer};
use crate::stats::{Laps, quantile};

pub(super) const FIGURES: [Figure; 3] = [
    Figure { title: "64 quick callers beside 4 slow ones, 99.9th percentile", unit: "ms" },
    Figure {
        title: "64 quick callers beside 4 slow ones, 99.9th percentile to that without them",
        unit: "times",
    },
    Figure {
        title: "64 quick callers beside 4 slow ones, the slowest to that without them",
        unit: "times",
    },
];

const QUICK: usize = 64;
const SLOW: usize = 4;

/// Calls of each caller that do not count, each time: where all begin at once, the first ones
/// are late in any case.
const WARM_UP: usize = 5;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut quick, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..QUICK {
        quick.push(peer.link().await?);
    }
    for _ in 0..SLOW {
        slow.push(peer.link().await?);
    }
    // Everybody warm; then the quick ones before and after, lest the hour makes the difference.
    let time = scale.time();
    call(&mut quick, time / 4).await?;
    let mut alone = call(&mut quick, time / 2).await?;
    let over = Arc::new(AtomicBool::new(false));
    let mut slow = call_slow(slow, &over);
    let beside = call(&mut quick, time).await?;
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = slow.join_next().await {
        ended??;
    }
    alone.extend(call(&mut quick, time / 2).await?);

    let late = quantile(&beside, 0.999);
    let to_alone = late / quantile(&alone, 0.999);
    Ok(vec![late / 1e3, to_alone, quantile(&beside, 1.0) / quantile(&alone, 1.0)])
}

/// Has all of them call for this long, one call each at a time; answers how long each call
/// took, in microseconds.
async fn call<L: Link>(links: &mut Vec<L>, time: Duration) -> Result<Vec<f64>> {
    let mut callers = JoinSet::new();
    for (caller, mut link) in (0..).zip(links.drain(..)) {
        callers.spawn(async move {
            let mut laps = Laps::begin(time);
            while laps.go_on() {
                let number = laps.number();
                let sum = link.add(number, caller).await?;
                laps.lap();
                ensure!(sum == number + caller, "a wrong sum");
            }
            anyhow::Ok((link, laps))
        });
    }
    let mut micros = Vec::new();
    while let Some(caller) = callers.join_next().await {
        let (link, laps) = caller??;
        micros.extend(laps.micros().iter().skip(WARM_UP));
        links.push(link);
    }
    Ok(micros)
}

/// Has each of them call the slow method again and again, until it is over.
fn call_slow<L: Link>(links: Vec<L>, over: &Arc<AtomicBool>) -> JoinSet<Result<()>> {
    let mut callers = JoinSet::new();
    for mut link in links {
        let over = Arc::clone(over);
        callers.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                link.slow().await?;
            }
            Ok(())
        });
    }
    callers
}
