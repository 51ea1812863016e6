//! goplug with a plugin that was started by somebody else: the same calls, without the start
//! that valgrind cannot follow.

use std::time::Duration;

use anyhow::{Context, Result};
use goplug::{PluginServer, Registry};

use super::goplug::{Adder, AdderClient};
use super::process::Process;
use super::{End, Peer, PeerName};

/// The plugin is there when its `.pconf` is.
const GLANCE: Duration = Duration::from_millis(5);

pub(super) struct GoplugServed {
    process: Process,
    registry: Registry,
    client: Option<AdderClient>,
}

impl Peer for GoplugServed {
    type Link = AdderClient;

    async fn new(end: End) -> Result<Self> {
        let process = Process::of(PeerName::Goplug, end)?;
        let registry = Registry::builder(process.folder()).start().await?;
        Ok(Self { process, registry, client: None })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        while !self.process.folder().join("bench.Adder.pconf").exists() {
            tokio::time::sleep(GLANCE).await;
        }
        self.client = Some(self.registry.client().await?);
        Ok(())
    }

    async fn link(&self) -> Result<AdderClient> {
        self.client.clone().context("the plugin was not started")
    }

    fn process(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.client = None;
        self.registry.stop().await;
        self.process.stop();
        Ok(())
    }
}

/// Serves in the folder that the host names.
pub(super) async fn serve() -> Result<()> {
    let folder = super::process::folder_of_host()?;
    let server = PluginServer::of::<Adder>()?.location(folder).build()?;
    server.start().await?;
    server.stopped().await;
    Ok(())
}
