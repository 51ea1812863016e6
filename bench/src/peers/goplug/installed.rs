//! goplug with a plugin that is installed as a program of its own, for an async host and for a
//! blocking one. The hosts know the plugin's methods by a trait. They watch their folder and
//! start the plugin when it is loaded, like the hosts in the README.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use goplug::{Plugin, Registry, Sandbox, blocking};
use tempfile::TempDir;

use super::{NOT_STARTED, folder, process_id, stop};
use crate::programs;
use crate::vocabulary::{Client, Peer, PeerName, PluginProgram};

/// The name of the plugin.
const NAME: &str = "Sum";
/// The namespace of the plugin.
const NAMESPACE: &str = "bench";

/// The methods of the plugin. The hosts use only the clients that are generated from them.
#[goplug::plugin]
#[allow(dead_code, reason = "nothing here implements it")]
pub(crate) trait Sum {
    /// Adds two integers.
    #[goplug::method]
    async fn add(&self, a: i64, b: i64) -> i64;
}

/// Installs the plugin's program in a new folder.
fn install() -> Result<TempDir> {
    let folder = folder()?;
    let mut command = Command::new(programs::path(PeerName::Goplug)?);
    command.arg("install").arg(folder.path()).stdout(Stdio::null());
    let status = command.status().context("installing the plugin")?;
    ensure!(status.success(), "installing the plugin: {status}");
    Ok(folder)
}

/// A host with the settings that it has unless told otherwise.
pub(crate) type GoplugInstalled = Installed<false>;

/// A host that confines its plugin to the files that every program needs.
pub(crate) type GoplugSandboxed = Installed<true>;

pub(crate) struct Installed<const IS_SANDBOXED: bool> {
    registry: Registry,
    plugin: Option<Plugin>,
    _folder: TempDir,
}

impl<const IS_SANDBOXED: bool> Peer for Installed<IS_SANDBOXED> {
    type Client = SumClient;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = install()?;
        let builder = Registry::builder(folder.path()).auto_discover(true);
        let builder = if IS_SANDBOXED { builder.sandbox(Sandbox::new()) } else { builder };
        Ok(Self { registry: builder.start().await?, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load(NAME, NAMESPACE).await?);
        Ok(())
    }

    async fn client(&self) -> Result<SumClient> {
        Ok(self.plugin.as_ref().context(NOT_STARTED)?.client()?)
    }

    fn process_id(&self) -> Result<u32> {
        process_id(self.plugin.as_ref())
    }

    async fn stop(&mut self) -> Result<()> {
        stop(self.plugin.take().as_ref()).await
    }
}

impl Client for SumClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b).await?)
    }
}

pub(crate) struct GoplugBlockingInstalled {
    registry: blocking::Registry,
    plugin: Option<blocking::Plugin>,
    _folder: TempDir,
}

impl Peer for GoplugBlockingInstalled {
    type Client = SumBlockingClient;

    async fn new(_: PluginProgram) -> Result<Self> {
        let folder = install()?;
        let registry = Registry::builder(folder.path()).auto_discover(true).start_blocking()?;
        Ok(Self { registry, plugin: None, _folder: folder })
    }

    async fn start(&mut self) -> Result<()> {
        self.plugin = Some(self.registry.load(NAME, NAMESPACE)?);
        Ok(())
    }

    async fn client(&self) -> Result<SumBlockingClient> {
        Ok(SumClient::blocking(self.plugin.clone().context(NOT_STARTED)?)?)
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

impl Client for SumBlockingClient {
    async fn add(&mut self, a: i64, b: i64) -> Result<i64> {
        Ok(Self::add(self, a, b)?)
    }
}
