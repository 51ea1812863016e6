//! The plugin with the methods that every peer has, and its generated client as a row calls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::Result;
use bytes::Bytes;
use tokio::sync::Notify;

use crate::vocabulary::workload::SLOW_CALL;
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

impl Client for AdderClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, bytes).await?)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(Self::take(self, bytes).await? as u64)
    }

    async fn slow(&mut self) -> Result<()> {
        Ok(Self::slow(self).await?)
    }

    async fn call_back(&mut self, calls: Callbacks) -> Result<()> {
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
