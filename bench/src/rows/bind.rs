//! A client of a plugin that runs already: the first one, for which the types of both sides are
//! compared, and those after it.

use std::time::Instant;

use anyhow::{Result, ensure};

use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer};

/// How many clients are made after the first one.
const CLIENTS: usize = 1000;

pub(super) async fn sample<P: Peer>(peer: &mut P) -> Result<Vec<f64>> {
    peer.start().await?;
    let began = Instant::now();
    let mut client = peer.client().await?;
    let first = began.elapsed();
    ensure!(client.add(2, 3).await? == 5, "a wrong sum");
    let mut times = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        let began = Instant::now();
        let client = peer.client().await?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
        drop(client);
    }
    Ok(vec![first.as_secs_f64() * 1e3, median(&times)])
}
