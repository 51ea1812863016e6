//! 64 quick callers, first alone and then beside 4 callers that keep calling a slow method:
//! how much the slow calls delay the latest of the quick responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::stopwatch::Stopwatch;
use crate::vocabulary::stats::quantile;
use crate::vocabulary::{Client, Peer, Scale};

const QUICK: usize = 64;
const SLOW: usize = 4;

/// How many calls of each caller are left out whenever all callers start at once: the first
/// calls are late in any case.
const WARM_UP: usize = 5;

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut quick, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..QUICK {
        quick.push(peer.client().await?);
    }
    for _ in 0..SLOW {
        slow.push(peer.client().await?);
    }
    // The quick callers are measured alone both before and after the slow ones run, so that a
    // slow drift of the machine does not look like an effect of the slow calls.
    let time = scale.sample_time();
    call(&mut quick, time / 4).await?;
    let mut alone = call(&mut quick, time / 2).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut slow = call_slow(slow, &stop);
    let beside = call(&mut quick, time).await?;
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = slow.join_next().await {
        ended??;
    }
    alone.extend(call(&mut quick, time / 2).await?);

    let late = quantile(&beside, 0.999);
    let to_alone = late / quantile(&alone, 0.999);
    Ok(vec![late / 1e3, to_alone, quantile(&beside, 1.0) / quantile(&alone, 1.0)])
}

/// Lets all clients call for this long, each with one call at a time. Returns how long each
/// call took, in microseconds.
async fn call<C: Client>(clients: &mut Vec<C>, time: Duration) -> Result<Vec<f64>> {
    let mut callers = JoinSet::new();
    for (caller, mut client) in (0..).zip(clients.drain(..)) {
        callers.spawn(async move {
            let mut stopwatch = Stopwatch::start(time);
            while stopwatch.has_time() {
                let number = stopwatch.laps();
                let sum = client.add(number, caller).await?;
                stopwatch.lap();
                ensure!(sum == number + caller, "a wrong sum");
            }
            anyhow::Ok((client, stopwatch))
        });
    }
    let mut micros = Vec::new();
    while let Some(caller) = callers.join_next().await {
        let (client, stopwatch) = caller??;
        micros.extend(stopwatch.micros().iter().skip(WARM_UP));
        clients.push(client);
    }
    Ok(micros)
}

/// Lets each client call the slow method again and again, until `stop` is true.
fn call_slow<C: Client>(clients: Vec<C>, stop: &Arc<AtomicBool>) -> JoinSet<Result<()>> {
    let mut callers = JoinSet::new();
    for mut client in clients {
        let stop = Arc::clone(stop);
        callers.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                client.slow().await?;
            }
            Ok(())
        });
    }
    callers
}
