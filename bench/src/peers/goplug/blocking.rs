//! goplug for a host that is not async: the generated blocking client, which calls through a
//! plain socket in the calling thread. The plugin is that of the async host.
//!
//! Its futures are never pending: they block when they are polled, and are then ready.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use goplug::{Registry, blocking};
use tempfile::TempDir;

use super::adder::{Adder, AdderBlockingClient, AdderClient, all_chunks, check};
use super::{NOT_STARTED, folder};
use crate::processes::pinning;
use crate::vocabulary::{Client, Peer, PluginProgram};

pub(crate) struct GoplugBlocking {
    registry: blocking::Registry,
    plugin: Option<blocking::Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugBlocking {
    type Client = AdderBlockingClient;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = folder()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        if let Some((name, value)) = pinning::variable_for_plugin() {
            builder = builder.env(name, value);
        }
        Ok(Self { registry: builder.start_blocking()?, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load("Adder", "bench")?);
        Ok(())
    }

    async fn client(&self) -> Result<AdderBlockingClient> {
        Ok(AdderClient::blocking(self.plugin.clone().context(NOT_STARTED)?)?)
    }

    fn process_id(&self) -> Result<u32> {
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

impl Client for AdderBlockingClient {
    async fn receive_items(&mut self, count: u64) -> Result<()> {
        let mut expected = 0;
        for item in self.items(count)? {
            expected += u64::from(item? == expected);
        }
        ensure!(expected == count, "{expected} of {count} items have arrived");
        Ok(())
    }

    async fn send_items(&mut self, count: u64) -> Result<u64> {
        Ok(self.count(0..count)?)
    }

    async fn receive_chunks(&mut self, count: u64) -> Result<()> {
        let mut bytes = 0;
        for chunk in self.chunks(count)? {
            bytes += chunk?.len() as u64;
        }
        check(bytes, count)
    }

    async fn send_chunks(&mut self, count: u64) -> Result<()> {
        check(self.take_chunks(all_chunks(count))?, count)
    }

    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b)?)
    }

    async fn echo(&mut self, bytes: Bytes) -> Result<Bytes> {
        Ok(Self::echo(self, bytes)?)
    }

    async fn take(&mut self, bytes: Bytes) -> Result<u64> {
        Ok(Self::take(self, bytes)? as u64)
    }

    async fn echo_beside(&mut self, a: u32, b: u32, bytes: Bytes) -> Result<(u64, Bytes)> {
        Ok(Self::echo_beside(self, a, b, bytes)?)
    }

    async fn take_beside(&mut self, a: u32, b: u32, bytes: Bytes) -> Result<u64> {
        Ok(Self::take_beside(self, a, b, bytes)?)
    }
}
