//! goplug for a host that is not async: the generated blocking client, which calls on a plain
//! socket in the thread that calls. The plugin is the same.
//!
//! Its futures never wait: they are ready when they are polled, and block until then.

use anyhow::{Context, Result};
use bytes::Bytes;
use goplug::{Registry, blocking};
use tempfile::TempDir;

use super::goplug::{Adder, AdderBlockingClient, AdderClient};
use super::{End, Link, Peer};
use crate::placement;

const NOT_STARTED: &str = "the plugin was not started";

pub(super) struct GoplugBlocking {
    registry: blocking::Registry,
    plugin: Option<blocking::Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugBlocking {
    type Link = AdderBlockingClient;

    async fn new(_: End) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        if let Some((name, value)) = placement::seat_of_other() {
            builder = builder.env(name, value);
        }
        Ok(Self { registry: builder.start_blocking()?, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load("Adder", "bench")?);
        Ok(())
    }

    async fn link(&self) -> Result<AdderBlockingClient> {
        Ok(AdderClient::blocking(self.plugin.clone().context(NOT_STARTED)?)?)
    }

    fn process(&self) -> Result<u32> {
        let plugin = self.plugin.as_ref().context(NOT_STARTED)?;
        plugin.as_async().process_id().context(NOT_STARTED)
    }

    async fn stop(&mut self) -> Result<()> {
        match self.plugin.take() {
            Some(plugin) => Ok(plugin.unload()?),
            None => Ok(()),
        }
    }
}

impl Link for AdderBlockingClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, bytes)?)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(Self::take(self, bytes)? as u64)
    }
}
