//! goplug with a plugin that the host's program contains, and its async client.

use std::time::Duration;

use anyhow::{Context, Result};
use goplug::Registry;
use tempfile::TempDir;

use super::adder::{Adder, AdderClient};
use super::{NOT_STARTED, folder, process_id, stop};
use crate::processes::pinning;
use crate::vocabulary::{Peer, PluginProgram};

/// A host with the settings that it has unless told otherwise.
pub(crate) type GoplugEmbedded = Embedded<true>;

/// A host that switches busy polling off.
pub(crate) type GoplugNoPolling = Embedded<false>;

pub(crate) struct Embedded<const POLLS_BUSILY: bool> {
    registry: Registry,
    client: Option<AdderClient>,
    _folder: TempDir,
}

impl<const POLLS_BUSILY: bool> Peer for Embedded<POLLS_BUSILY> {
    type Client = AdderClient;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = folder()?;
        let mut builder = Registry::builder(folder.path()).embed::<Adder>();
        if !POLLS_BUSILY {
            builder = builder.policy(|policy| policy.busy_poll(Duration::ZERO));
        }
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
