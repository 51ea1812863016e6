//! The plugin with the methods that every peer has, and its generated client as a row calls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use futures_util::stream;
use goplug::{Incoming, Stream};
use tokio::sync::Notify;

use crate::vocabulary::workload::{CHUNK, SLOW_CALL};
use crate::vocabulary::{Callbacks, Client};

/// Has the methods that every peer's plugin has.
#[goplug::plugin(namespace = "bench")]
pub(crate) struct Adder;

/// Adds two integers.
#[goplug::method(Adder)]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

/// Returns the bytes that it receives.
#[goplug::method(Adder)]
pub(crate) fn echo(bytes: Bytes) -> Bytes {
    bytes
}

/// Returns how many bytes it receives.
#[goplug::method(Adder)]
pub(crate) fn take(bytes: Bytes) -> usize {
    bytes.len()
}

/// Returns the bytes that it receives, beside the sum of the numbers.
#[goplug::method(Adder)]
pub(crate) fn echo_beside(a: u32, b: u32, bytes: Bytes) -> (u64, Bytes) {
    (u64::from(a) + u64::from(b), bytes)
}

/// Returns how many bytes it receives, and adds the numbers.
#[goplug::method(Adder)]
pub(crate) fn take_beside(a: u32, b: u32, bytes: Bytes) -> u64 {
    u64::from(a) + u64::from(b) + bytes.len() as u64
}

/// Returns after a while.
#[goplug::method(Adder)]
pub(crate) async fn slow() {
    tokio::time::sleep(SLOW_CALL).await;
}

/// The number of a callback.
#[goplug::callback(Adder)]
pub(crate) async fn tick(number: u64) -> goplug::Result<()>;

/// Calls back as often as requested.
#[goplug::method(Adder)]
pub(crate) async fn call_back(calls: Callbacks) -> goplug::Result<()> {
    for number in 0..calls.count {
        tick(number).await?;
        if !calls.joined {
            // So that this callback is sent before the next one comes.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// The numbers below this one.
#[goplug::method(Adder)]
pub(crate) fn items(count: u64) -> impl Stream<Item = u64> {
    stream::iter(0..count)
}

/// How many numbers come.
#[goplug::method(Adder)]
pub(crate) async fn count(mut numbers: Incoming<u64>) -> Result<u64, String> {
    let mut count = 0;
    while let Some(number) = numbers.next().await {
        count += u64::from(number.map_err(|error| error.to_string())? == count);
    }
    Ok(count)
}

/// This many chunks.
#[goplug::method(Adder)]
pub(crate) fn chunks(count: u64) -> impl Stream<Item = Bytes> {
    stream::iter(all_chunks(count))
}

/// How many bytes come.
#[goplug::method(Adder)]
pub(crate) async fn take_chunks(mut chunks: Incoming<Bytes>) -> Result<u64, String> {
    let mut bytes = 0;
    while let Some(chunk) = chunks.next().await {
        bytes += chunk.map_err(|error| error.to_string())?.len() as u64;
    }
    Ok(bytes)
}

pub(super) fn all_chunks(count: u64) -> impl Iterator<Item = Bytes> + Send {
    let chunk = Bytes::from(vec![7; CHUNK]);
    (0..count).map(move |_| chunk.clone())
}

pub(super) fn check(bytes: u64, count: u64) -> anyhow::Result<()> {
    anyhow::ensure!(bytes == count * CHUNK as u64, "{bytes} bytes of {count} chunks have arrived");
    Ok(())
}

impl Client for AdderClient {
    async fn receive_items(&mut self, count: u64) -> anyhow::Result<()> {
        let (mut items, mut expected) = (self.items(count).await?, 0);
        while let Some(item) = items.next().await {
            expected += u64::from(item? == expected);
        }
        anyhow::ensure!(expected == count, "{expected} of {count} items have arrived");
        Ok(())
    }

    async fn send_items(&mut self, count: u64) -> anyhow::Result<u64> {
        Ok(self.count(stream::iter(0..count)).await?)
    }

    async fn receive_chunks(&mut self, count: u64) -> anyhow::Result<()> {
        let (mut chunks, mut bytes) = (self.chunks(count).await?, 0);
        while let Some(chunk) = chunks.next().await {
            bytes += chunk?.len() as u64;
        }
        check(bytes, count)
    }

    async fn send_chunks(&mut self, count: u64) -> anyhow::Result<()> {
        check(self.take_chunks(stream::iter(all_chunks(count))).await?, count)
    }

    async fn add(&mut self, a: i64, b: i64) -> anyhow::Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }

    async fn echo(&mut self, bytes: Bytes) -> anyhow::Result<Bytes> {
        Ok(Self::echo(self, bytes).await?)
    }

    async fn take(&mut self, bytes: Bytes) -> anyhow::Result<u64> {
        Ok(Self::take(self, bytes).await? as u64)
    }

    async fn echo_beside(&mut self, a: u32, b: u32, bytes: Bytes) -> anyhow::Result<(u64, Bytes)> {
        Ok(Self::echo_beside(self, a, b, bytes).await?)
    }

    async fn take_beside(&mut self, a: u32, b: u32, bytes: Bytes) -> anyhow::Result<u64> {
        Ok(Self::take_beside(self, a, b, bytes).await?)
    }

    async fn slow(&mut self) -> anyhow::Result<()> {
        Ok(Self::slow(self).await?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> anyhow::Result<()> {
        let (all, arrived) = (Arc::new(Notify::new()), AtomicU64::new(0));
        let arrival = Arc::clone(&all);
        let handler = move |number: u64| {
            // A callback out of order is not counted, so that the last one is never reached
            // and the sample fails.
            let expected = arrived.fetch_add(u64::from(arrived.load(Relaxed) == number), Relaxed);
            if expected == number && number + 1 == calls.count {
                arrival.notify_one();
            }
            std::future::ready(())
        };
        let _subscription = self.on_tick(handler).await?;
        Self::call_back(self, calls).await?;
        all.notified().await;
        Ok(())
    }
}
