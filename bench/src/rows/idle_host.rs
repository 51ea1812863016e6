//! A host with several plugins, each of which has been called, and with nothing to do: how much
//! processor time it uses and how often it wakes up.

use anyhow::Result;

use super::usage::Usage;
use crate::vocabulary::{Client, Peer, PluginProgram, Scale, workload};

pub(super) async fn sample<P: Peer>(program: PluginProgram, scale: Scale) -> Result<Vec<f64>> {
    let mut peers = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..workload::IDLE_PLUGINS / P::PROCESSES {
        let mut peer = P::new(program).await?;
        peer.start().await?;
        let mut client = peer.client().await?;
        client.add(2, 3).await?;
        peers.push(peer);
        clients.push(client);
    }
    tokio::time::sleep(workload::settle_time(P::PROCESSES)).await;
    let (before, time) = (Usage::of_this_process()?, workload::idle_time(scale));
    tokio::time::sleep(time).await;
    let (after, seconds) = (Usage::of_this_process()?, time.as_secs_f64());
    drop(clients);
    for mut peer in peers {
        peer.stop().await?;
    }
    let per_second = |before: f64, after: f64| (after - before) / seconds;
    Ok(vec![per_second(before.millis, after.millis), per_second(before.sleeps, after.sleeps)])
}
