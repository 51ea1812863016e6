//! goplug with a plugin that the host's program contains, and its async client.

use std::time::Duration;

use anyhow::{Context, Result};
use goplug::Registry;
use tempfile::TempDir;

use super::adder::{Adder, AdderClient};
use super::{NOT_STARTED, folder, process_id, stop};
use crate::processes::pinning;
use crate::vocabulary::{Peer, PluginProgram};

/// A host that busy-polls for `BUSY_MICROS` microseconds before it waits.
pub(crate) struct GoplugEmbedded<const BUSY_MICROS: u64> {
    registry: Registry,
    client: Option<AdderClient>,
    _folder: TempDir,
}

impl<const BUSY_MICROS: u64> Peer for GoplugEmbedded<BUSY_MICROS> {
    type Client = AdderClient;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = folder()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        builder = builder.policy(|policy| policy.busy_poll(Duration::from_micros(BUSY_MICROS)));
        if let Some((name, value)) = pinning::variable_for_plugin() {
            builder = builder.env(name, value);
        }
        Ok(Self { registry: builder.start().await?, client: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.client = Some(self.registry.client().await?);
        Ok(())
    }

    async fn client(&self) -> Result<AdderClient> {
        self.client.clone().context(NOT_STARTED)
    }

    fn process_id(&self) -> Result<u32> {
        process_id(self.client.as_ref().map(AdderClient::plugin))
    }

    async fn stop(&mut self) -> Result<()> {
        stop(self.client.take().as_ref().map(AdderClient::plugin)).await
    }
}
