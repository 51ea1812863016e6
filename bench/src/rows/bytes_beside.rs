//! 5 MB of bytes beside two numbers, and the same bytes alone, in turn: to the plugin process,
//! and there and back.

use std::time::Instant;

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::stopwatch::Stopwatch;
use crate::vocabulary::stats::median;
use crate::vocabulary::{Client, Peer, Scale};

/// The size of the bytes.
const SIZE: usize = 5_000_000;

/// The numbers, and their sum.
const NUMBERS: (u32, u32) = (2, 3);
const SUM: u64 = 5;

/// Which of the calls have numbers. The memory that a call leaves behind speeds up or slows down the
/// next one, so each kind follows each kind.
const ORDER: [bool; 4] = [false, true, true, false];

pub(super) async fn sample<P: Peer>(peer: &mut P, scale: Scale) -> Result<Vec<f64>> {
    peer.start().await?;
    let (mut client, bytes) = (peer.client().await?, bytes());
    let (a, b) = NUMBERS;
    ensure!(client.echo(bytes.clone()).await? == bytes, "a wrong echo");
    let echo = client.echo_beside(a, b, bytes.clone()).await?;
    ensure!(echo == (SUM, bytes.clone()), "a wrong echo");
    ensure!(client.take(bytes.clone()).await? == SIZE as u64, "not all of it has arrived");
    let taken = client.take_beside(a, b, bytes.clone()).await?;
    ensure!(taken == SUM + SIZE as u64, "not all of it has arrived");

    // One direction after the other, for the same reason as the order.
    let (mut millis, mut both_ways, mut one_way) = (Vec::new(), Vec::new(), Vec::new());
    let mut stopwatch = Stopwatch::start(scale.sample_time() / 2);
    while stopwatch.has_time() {
        let (mut alone, mut beside) = (0.0, 0.0);
        for is_beside in ORDER {
            match is_beside {
                false => alone += timed(client.echo(bytes.clone())).await?,
                true => beside += timed(client.echo_beside(a, b, bytes.clone())).await?,
            }
        }
        millis.push(beside * 1e3 / 2.0);
        both_ways.push(beside / alone);
        stopwatch.lap();
    }
    let mut stopwatch = Stopwatch::start(scale.sample_time() / 2);
    while stopwatch.has_time() {
        let (mut alone, mut beside) = (0.0, 0.0);
        for is_beside in ORDER {
            match is_beside {
                false => alone += timed(client.take(bytes.clone())).await?,
                true => beside += timed(client.take_beside(a, b, bytes.clone())).await?,
            }
        }
        one_way.push(beside / alone);
        stopwatch.lap();
    }
    Ok(vec![median(&both_ways), median(&one_way), median(&millis)])
}

/// In seconds.
async fn timed<T>(call: impl Future<Output = Result<T>>) -> Result<f64> {
    let began = Instant::now();
    call.await?;
    Ok(began.elapsed().as_secs_f64())
}

fn bytes() -> Bytes {
    (0..SIZE).map(|index| (index % 251) as u8).collect::<Vec<_>>().into()
}
