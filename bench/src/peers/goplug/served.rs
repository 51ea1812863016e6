//! goplug with a plugin that the host does not start through its registry. The calls are the
//! same, without goplug's way of starting a process, which valgrind cannot follow.

use std::time::Duration;

use anyhow::{Context, Result};
use goplug::{PluginServer, Registry};

use super::NOT_STARTED;
use super::adder::{Adder, AdderClient};
use crate::peers::plugin_process::{self, PluginProcess};
use crate::vocabulary::{Peer, PeerName, PluginProgram};

/// How long to wait before looking again for the plugin's `.pconf` file.
const PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct GoplugServed {
    process: PluginProcess,
    registry: Registry,
    client: Option<AdderClient>,
}

impl Peer for GoplugServed {
    type Client = AdderClient;

    async fn new(program: PluginProgram) -> Result<Self> {
        let process = PluginProcess::new(PeerName::Goplug, program)?;
        // The load of the machine decides how often a busy poll helps, and so what it costs.
        let builder = Registry::builder(process.folder());
        let builder = builder.policy(|policy| policy.busy_poll(Duration::ZERO));
        let registry = builder.start().await?;
        Ok(Self { process, registry, client: None })
    }

    async fn start(&mut self) -> Result<()> {
        self.process.start()?;
        while !self.process.folder().join("bench.Adder.pconf").exists() {
            tokio::time::sleep(PAUSE).await;
        }
        self.client = Some(self.registry.client().await?);
        Ok(())
    }

    async fn client(&self) -> Result<AdderClient> {
        self.client.clone().context(NOT_STARTED)
    }

    fn process_id(&self) -> Result<u32> {
        self.process.id()
    }

    async fn stop(&mut self) -> Result<()> {
        self.client = None;
        self.registry.stop().await?;
        self.process.stop();
        Ok(())
    }
}

/// Is the plugin process. Serves in the folder of its host.
pub(crate) async fn serve() -> Result<()> {
    let folder = plugin_process::folder_of_host()?;
    let server = PluginServer::of::<Adder>()?.location(folder).build()?;
    server.start().await?;
    server.stopped().await;
    Ok(())
}
