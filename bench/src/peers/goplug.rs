//! goplug, by its public interface: a plugin that this program ships inside itself, and its
//! generated client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use goplug::Registry;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::{Callbacks, End, Link, Peer, SLOWNESS};
use crate::placement;

const NOT_STARTED: &str = "the plugin was not started";

/// Does what every peer's other process does.
#[goplug::plugin(namespace = "bench")]
pub(crate) struct Adder;

/// Adds two integers.
#[goplug::method(Adder)]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

/// Bytes there and back.
#[goplug::method(Adder)]
pub(crate) fn echo(bytes: Bytes) -> Bytes {
    bytes
}

/// Bytes there, and their number back.
#[goplug::method(Adder)]
pub(crate) fn take(bytes: Bytes) -> usize {
    bytes.len()
}

/// Takes its time.
#[goplug::method(Adder)]
pub(crate) async fn slow() {
    tokio::time::sleep(SLOWNESS).await;
}

/// A number.
#[goplug::callback(Adder)]
pub(crate) async fn tick(number: u64) -> goplug::Result<()>;

/// Calls back this many times.
#[goplug::method(Adder)]
pub(crate) async fn call_back(calls: Callbacks) -> goplug::Result<()> {
    for number in 0..calls.count {
        tick(number).await?;
        if !calls.joined {
            // Lets this one go before the next comes.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

/// With so many microseconds of busy polling.
pub(super) struct Goplug<const BUSY: u64> {
    registry: Registry,
    client: Option<AdderClient>,
    _folder: TempDir,
}

impl<const BUSY: u64> Peer for Goplug<BUSY> {
    type Link = AdderClient;

    async fn new(_: End) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        builder = builder.policy(|policy| policy.busy_poll(Duration::from_micros(BUSY)));
        if let Some((name, value)) = placement::seat_of_other() {
            builder = builder.env(name, value);
        }
        Ok(Self { registry: builder.start().await?, client: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.client = Some(self.registry.client().await?);
        Ok(())
    }

    async fn link(&self) -> Result<AdderClient> {
        self.client.clone().context(NOT_STARTED)
    }

    fn process(&self) -> Result<u32> {
        let client = self.client.as_ref().context(NOT_STARTED)?;
        client.plugin().process_id().context(NOT_STARTED)
    }

    async fn stop(&mut self) -> Result<()> {
        match self.client.take() {
            Some(client) => Ok(client.plugin().unload().await?),
            None => Ok(()),
        }
    }
}

impl Link for AdderClient {
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
            // They come in order: one that does not is never counted, and the sample fails.
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
