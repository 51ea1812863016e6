//! goplug, by its public interface: a plugin that this program ships inside itself, and its
//! generated client.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use goplug::Registry;
use tempfile::TempDir;

use super::{Link, Peer};
use crate::placement;

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

pub(super) struct Goplug {
    registry: Registry,
    client: Option<AdderClient>,
    _folder: TempDir,
}

impl Peer for Goplug {
    type Link = AdderClient;

    async fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        // The director waits for less, and kills.
        builder = builder.call_timeout(Duration::from_secs(30));
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
        self.client.clone().context("the plugin was not started")
    }

    async fn stop(self) -> Result<()> {
        self.registry.stop().await;
        Ok(())
    }
}

impl Link for AdderClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, bytes).await?)
    }
}
